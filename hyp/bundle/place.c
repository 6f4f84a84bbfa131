/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/place.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

#define SIZE_LIMIT           BIT(40) /* beyond what any VM's memory reaches: sums can't wrap */
#define RAMDISK_WINDOW       GIB(32)
#define RAMDISK_WINDOW_ALIGN GIB(1)

/* A piece of the VM's memory that is in use. */
struct taken {
	const char *name;
	uint64_t start, end;
};

struct placer {
	const struct vm_config *config;
	uint64_t ram_end;
	unsigned count;
	struct taken taken[3];
};

static enum status too_large(const struct placer *placer, const char *property, const char *file,
	uint64_t start, uint64_t end)
{
	log_error("vm %s: %s \"%s\" needs 0x%llx to 0x%llx, but its memory ends at 0x%llx",
		placer->config->name, property, file, (unsigned long long)start,
		(unsigned long long)end, (unsigned long long)placer->ram_end);
	return ERR_RANGE;
}

static const struct taken *find_overlap(const struct placer *placer, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < placer->count; i++)
		if (start < placer->taken[i].end && placer->taken[i].start < end)
			return &placer->taken[i];
	return NULL;
}

static void take(struct placer *placer, const char *name, uint64_t start, uint64_t end)
{
	placer->taken[placer->count++] = (struct taken){ name, start, end };
}

/* The first free place of that size behind something that is taken, else at the start of memory. */
static bool find_free(const struct placer *placer, uint64_t size, uint64_t align, uint64_t *address)
{
	for (unsigned i = 0; i <= placer->count; i++) {
		uint64_t start =
			ALIGN_UP(i < placer->count ? placer->taken[i].end : GUEST_RAM_BASE, align);

		if (start < placer->ram_end && size <= placer->ram_end - start &&
			!find_overlap(placer, start, start + size)) {
			*address = start;
			return true;
		}
	}
	return false;
}

/* What a file that is no arm64 Image may be instead. */
static const char *what_it_is(const struct cpio_file *kernel)
{
	static const struct {
		uint8_t offset, length;
		char bytes[4];
		const char *text;
	} known[] = {
		{ 0, 2, "\x1f\x8b", " (it is compressed with gzip: unpack it first)" },
		{ 4, 4, "zimg", " (it is an EFI zboot image: give the Image inside it)" },
		{ 0, 4,
			"\x7f"
			"ELF",
			" (it is an ELF file: make a flat binary of it)" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (kernel->size >= (uint64_t)known[i].offset + known[i].length &&
			memcmp(kernel->data + known[i].offset, known[i].bytes, known[i].length) ==
				0)
			return known[i].text;
	return "";
}

/* An arm64 Image says itself how far from a multiple of 2 MiB it belongs, and how much it needs
 * with its BSS. */
static enum status place_image(const struct vm_config *config, struct vm_layout *layout)
{
	struct arm64_image header = { 0 };

	if (config->kernel->size >= sizeof(header))
		memcpy(&header, config->kernel->data, sizeof(header));
	if (header.magic != ARM64_IMAGE_MAGIC) {
		log_error("vm %s: kernel \"%s\" is no arm64 Image (no 0x%08x at 0x38)%s, expected "
			  "one, or load-address for a flat binary",
			config->name, config->kernel->name, ARM64_IMAGE_MAGIC,
			what_it_is(config->kernel));
		return ERR_INVALID;
	}
	if (!header.image_size) {
		header.text_offset = ARM64_IMAGE_OLD_TEXT_OFFSET;
		header.image_size = config->kernel->size;
	}
	if (header.text_offset >= SIZE_LIMIT || header.image_size >= SIZE_LIMIT) {
		log_error("vm %s: kernel \"%s\" has text_offset 0x%llx and image_size 0x%llx, "
			  "expected both below 2^40",
			config->name, config->kernel->name, (unsigned long long)header.text_offset,
			(unsigned long long)header.image_size);
		return ERR_RANGE;
	}
	layout->kernel.address = GUEST_RAM_BASE + header.text_offset;
	layout->kernel_end = layout->kernel.address + MAX(header.image_size, config->kernel->size);
	return OK;
}

static enum status place_kernel(struct placer *placer, struct vm_layout *layout)
{
	const struct vm_config *config = placer->config;

	layout->kernel.size = config->kernel->size;
	if (vm_config_has(config, SCHEMA_VM_load_address)) {
		layout->kernel.address = config->load_address;
		layout->kernel_end = config->load_address + config->kernel->size;
	} else {
		enum status status = place_image(config, layout);

		if (status)
			return status;
	}
	if (layout->kernel_end > placer->ram_end)
		return too_large(placer, "kernel", config->kernel->name, layout->kernel.address,
			layout->kernel_end);
	take(placer, "the kernel", layout->kernel.address, layout->kernel_end);
	layout->entry =
		vm_config_has(config, SCHEMA_VM_entry) ? config->entry : layout->kernel.address;
	if (layout->entry >= placer->ram_end) {
		log_error("vm %s: entry 0x%llx, but its memory ends at 0x%llx", config->name,
			(unsigned long long)layout->entry, (unsigned long long)placer->ram_end);
		return ERR_RANGE;
	}
	return OK;
}

/* Where the manifest wants it. */
static enum status place_dtb_there(struct placer *placer, struct vm_layout *layout)
{
	uint64_t start = placer->config->dtb_address, end = start + layout->dtb.size;
	const struct taken *other = find_overlap(placer, start, end);

	if (end > placer->ram_end)
		return too_large(placer, "dtb-address:", "devicetree", start, end);
	if (other) {
		log_error("vm %s: dtb-address: the devicetree at 0x%llx to 0x%llx overlaps %s at "
			  "0x%llx to 0x%llx",
			placer->config->name, (unsigned long long)start, (unsigned long long)end,
			other->name, (unsigned long long)other->start,
			(unsigned long long)other->end);
		return ERR_RANGE;
	}
	layout->dtb.address = start;
	return OK;
}

static enum status place_dtb(struct placer *placer, uint64_t dtb_size, struct vm_layout *layout)
{
	layout->dtb.size = dtb_size;
	if (dtb_size > GUEST_DTB_MAX) {
		log_error("vm %s: a devicetree of 0x%llx bytes, expected at most 0x%llx",
			placer->config->name, (unsigned long long)dtb_size,
			(unsigned long long)GUEST_DTB_MAX);
		return ERR_RANGE;
	}
	if (vm_config_has(placer->config, SCHEMA_VM_dtb_address)) {
		enum status status = place_dtb_there(placer, layout);

		if (status)
			return status;
	} else if (!find_free(placer, dtb_size, BLOCK_SIZE, &layout->dtb.address) &&
		!find_free(placer, dtb_size, PAGE_SIZE, &layout->dtb.address)) {
		return too_large(placer, "dtb", "devicetree", layout->kernel_end,
			layout->kernel_end + dtb_size);
	}
	take(placer, "the devicetree", layout->dtb.address, layout->dtb.address + dtb_size);
	return OK;
}

static enum status place_ramdisk(struct placer *placer, struct vm_layout *layout)
{
	const struct vm_config *config = placer->config;
	uint64_t window = ALIGN_DOWN(layout->kernel.address, RAMDISK_WINDOW_ALIGN);

	if (!config->ramdisk)
		return OK;
	layout->ramdisk.size = config->ramdisk->size;
	if (!find_free(placer, layout->ramdisk.size, PAGE_SIZE, &layout->ramdisk.address))
		return too_large(placer, "ramdisk", config->ramdisk->name, layout->kernel_end,
			layout->kernel_end + layout->ramdisk.size);
	if (layout->ramdisk.address + layout->ramdisk.size > window + RAMDISK_WINDOW) {
		log_error("vm %s: ramdisk \"%s\" ends at 0x%llx, expected within 32 GiB of the "
			  "kernel, below 0x%llx",
			config->name, config->ramdisk->name,
			(unsigned long long)(layout->ramdisk.address + layout->ramdisk.size),
			(unsigned long long)(window + RAMDISK_WINDOW));
		return ERR_RANGE;
	}
	return OK;
}

enum status place_images(
	const struct vm_config *config, uint64_t dtb_size, struct vm_layout *layout)
{
	struct placer placer = {
		.config = config,
		.ram_end = GUEST_RAM_BASE + config->memory,
	};
	enum status status;

	*layout = (struct vm_layout){ 0 };
	status = place_kernel(&placer, layout);
	if (!status)
		status = place_dtb(&placer, dtb_size, layout);
	if (!status)
		status = place_ramdisk(&placer, layout);
	return status;
}
