/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/load.h"
#include "hyp/base/string.h"
#include "mm/guest_mem.h"
#include "mm/phys.h"

/* Copied and cleaned in less than 100,000 instructions. */
#define CHUNK_SIZE KIB(64)

/*
 * Memory is given (and wiped) in a step of its own; then it is filled chunk by chunk. None of the
 * VM's vCPUs is on: nobody else touches its memory, so it can be written directly.
 */
static enum status load_chunk(
	struct vm *vm, const struct load_piece *piece, uint64_t offset, uint64_t *position)
{
	ipa_t address = IPA(piece->place.address + offset);
	struct stage2_page page;

	if (!stage2_lookup(&vm->stage2, address, &page)) {
		enum status status = stage2_fault_in(&vm->stage2, address);

		/* Busy: being wiped on another CPU. */
		return status == ERR_BUSY ? OK : status;
	}

	struct vm_images *images = vm->config;
	uint64_t size = MIN(MIN(piece->place.size - offset, page.left), CHUNK_SIZE);

	if (piece == &images->pieces[PIECE_DTB] && offset == 0)
		guest_dt_new_seeds(&images->dt);

	memcpy(pa_to_ptr(page.pa), piece->data + offset, size);
	guest_sync(&vm->stage2, address, size);
	*position += size;
	return OK;
}

/* One more window of `memory-populate`. */
static enum status populate(struct vm *vm, uint64_t offset, uint64_t *position)
{
	enum status status = stage2_fault_in(&vm->stage2, IPA(vm->ram_base.ipa + offset));

	if (status == OK)
		*position += BLOCK_SIZE;
	return status == ERR_BUSY ? OK : status;
}

/*
 * The devicetree is in x0; for AArch32 in r2, with r0 = 0 and a machine number that isn't one in r1
 * (Linux Documentation/arch/arm64/booting.rst, Documentation/arch/arm/booting.rst).
 */
static struct vm_entry entry_of(const struct vm *vm, uint64_t pc, uint64_t dtb)
{
	if (vm->policy.aarch32)
		return (struct vm_entry){ .pc = pc, .x1 = UINT32_MAX, .x2 = dtb };
	return (struct vm_entry){ .pc = pc, .x0 = dtb };
}

enum status load_step(struct vm *vm, uint64_t *position, bool *done)
{
	struct vm_images *images = vm->config;
	uint64_t offset = *position;

	*done = false;
	for (unsigned i = 0; i < NR_PIECES; i++) {
		const struct load_piece *piece = &images->pieces[i];

		if (offset < piece->place.size)
			return load_chunk(vm, piece, offset, position);
		offset -= piece->place.size;
	}
	if (images->populate && offset < vm->ram_size)
		return populate(vm, offset, position);
	vm->entry = entry_of(vm, images->entry, images->pieces[PIECE_DTB].place.address);
	*done = true;
	return OK;
}
