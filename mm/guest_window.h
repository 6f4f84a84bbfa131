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

/* One CPU's way into a VM's memory, for some reads in a row. */
struct guest_windows {
	const struct guest_window *window;
	const uint64_t *generation; /* of its stage 2, and what that was at the beginning */
	uint64_t begun;
	uint64_t guard; /* load_guard() */
};

static __always_inline struct guest_windows guest_windows_of(const uint64_t *generation)
{
	return (struct guest_windows){ this_cpu()->windows, generation, READ_ONCE(*generation),
		load_guard() };
}

/*
 * The 64-bit value at ipa, aligned. False: there is no such window (any more), or no such memory;
 * guest_read_u64() says why.
 */
static __always_inline bool guest_window_read(
	const struct guest_windows *windows, uint64_t ipa, uint64_t *value)
{
	const struct guest_window *window = &windows->window[guest_window_index(ipa)];

	if (unlikely(((ipa & ~window->mask) != window->ipa) |
		    (window->generation != windows->begun)))
		return false;
	if (unlikely(!load_fault_safe(windows->guard, ipa + window->offset, value)))
		return false;
	return likely(READ_ONCE(*windows->generation) == windows->begun);
}

#endif
