/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a VM's images go in its memory.
 *
 * An arm64 Image (Linux Documentation/arch/arm64/booting.rst) goes to the start of RAM (2
 * MiB-aligned) + text_offset, with all of image_size; a flat binary to its load-address. The
 * devicetree is put behind it, on a 2 MiB boundary, the ramdisk where there is room behind either.
 */
#ifndef HYP_BUNDLE_PLACE_H
#define HYP_BUNDLE_PLACE_H

#include "hyp/bundle/manifest.h"

#define GUEST_RAM_BASE UINT64_C(0x40000000) /* as QEMU's virt */
#define GUEST_DTB_MAX  MIB(2)               /* what Linux maps of it */

/* The header of an arm64 Image; all fields little-endian. */
struct arm64_image {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size; /* 0 before Linux 3.17 */
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe_offset;
};
_Static_assert(sizeof(struct arm64_image) == 64, "arm64 Image header");
_Static_assert(offsetof(struct arm64_image, magic) == 0x38, "arm64 Image header");

#define ARM64_IMAGE_MAGIC           UINT32_C(0x644d5241) /* "ARM\x64" */
#define ARM64_IMAGE_OLD_TEXT_OFFSET UINT64_C(0x80000)    /* where image_size is 0 */

struct image_place {
	uint64_t address, size; /* size: what is copied there */
};

struct vm_layout {
	struct image_place kernel, ramdisk, dtb; /* size 0: none */
	uint64_t kernel_end;                     /* with BSS */
	uint64_t entry;
};

/*
 * Places kernel, ramdisk and a devicetree of dtb_size bytes. ERR_INVALID: the kernel is no arm64
 * Image and has no load-address; ERR_RANGE: something doesn't fit or overlaps. The log names the
 * VM, the property and the numbers.
 */
enum status place_images(
	const struct vm_config *config, uint64_t dtb_size, struct vm_layout *layout) __must_check;

#endif
