/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads of a VM's memory without its stage-2 lock: for the walkers of its tables.
 *
 * Each CPU keeps a few windows (struct guest_window, hyp/arch/cpu.h): stretches of IPA space, 2 MiB
 * where they are mapped so, else a page, of which it knows where EL2 has them. guest_read_u64()
 * makes one, with the lock held, of memory that is mapped as readable Normal memory and belongs to
 * the VM as a whole: no device, nobody else's. It holds while the stage 2 has the same generation,
 * a number that no two states of any stage 2 have in common: whoever takes something out of a
 * table, or changes it, raises it (stage2_changed()) before the TLBs are flushed of the old, and so
 * before the page can become anybody else's.
 *
 * A read looks at the generation before the load, and again after it: what was read while the page
 * went away is thrown away. The load itself survives an external abort.
 */
#ifndef MM_GUEST_WINDOW_H
#define MM_GUEST_WINDOW_H

#include "hyp/arch/barrier.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/uaccess.h"

/* Which of them may hold ipa. */
static __always_inline unsigned guest_window_index(uint64_t ipa)
{
	return (unsigned)((ipa ^ ipa >> 5) >> 21) % GUEST_WINDOWS;
}

/*
 * The 64-bit value at ipa, aligned, of the VM whose stage 2 has this generation; cpu is this CPU.
 * False: there is no such window (any more), or no such memory; guest_read_u64() says why.
 */
static __always_inline bool guest_window_read(
	const struct cpu *cpu, const uint64_t *generation, uint64_t ipa, uint64_t *value)
{
	const struct guest_window *window = &cpu->windows[guest_window_index(ipa)];
	uint64_t made = window->generation;

	if (unlikely((ipa & ~window->mask) != window->ipa || READ_ONCE(*generation) != made))
		return false;
	if (unlikely(!load_fault_safe(ipa + window->offset, value)))
		return false;
	dmb_ishld();
	return likely(READ_ONCE(*generation) == made);
}

#endif
