/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Putting a VM's images into its memory, before each start, in steps.
 */
#ifndef HYP_BUNDLE_LOAD_H
#define HYP_BUNDLE_LOAD_H

#include "hyp/bundle/guest_dt.h"
#include "hyp/bundle/place.h"

enum { PIECE_KERNEL, PIECE_DTB, PIECE_RAMDISK, NR_PIECES };

/* Something to be copied into the VM's memory. */
struct load_piece {
	const uint8_t *data;
	struct image_place place;
};

/* What hyp/bundle keeps of a VM: vm->config. */
struct vm_images {
	struct load_piece pieces[NR_PIECES];
	uint64_t entry;
	struct guest_dt dt; /* pieces[PIECE_DTB]: its seeds are renewed */
	size_t dt_room;     /* of its memory */
	bool populate;      /* memory-populate */
	bool autostart;
	char start_after[VM_NAME_MAX + 1]; /* "": for none */
};

/* vm->load_step of a VM whose config is a struct vm_images. */
enum status load_step(struct vm *vm, uint64_t *position, bool *done) __must_check;

#endif
