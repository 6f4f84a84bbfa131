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
 * Reads look at the generation before the first load, and again after the last: what was read while
 * a page went away is thrown away, and all that was read by it. A load itself survives an external
 * abort.
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
	uint64_t guard;             /* load_guard() */
	uint64_t ipa, mask, offset; /* of the window that the last read was through */
};

static __always_inline struct guest_windows guest_windows_of(const uint64_t *generation)
{
	return (struct guest_windows){
		.window = this_cpu()->windows,
		.generation = generation,
		.begun = READ_ONCE(*generation),
		.guard = load_guard(),
		.ipa = 1, /* no aligned value is there */
	};
}

/*
 * The 64-bit value at ipa, aligned. False: there is no such window (any more), or no such memory;
 * guest_read_u64() says why. What it says is only worth something if guest_windows_held() after it
 * and after what follows from it: until then it may be of a page that went away.
 */
static __always_inline bool guest_window_look(
	struct guest_windows *windows, uint64_t ipa, uint64_t *value)
{
	if ((ipa & ~windows->mask) != windows->ipa) {
		const struct guest_window *window = &windows->window[guest_window_index(ipa)];
		uint64_t mask = window->mask;

		if (unlikely(((ipa & ~mask) != window->ipa) |
			    (window->generation != windows->begun)))
			return false;
		windows->ipa = window->ipa;
		windows->mask = mask;
		windows->offset = window->offset;
	}
	return likely(load_fault_safe(windows->guard, ipa + windows->offset, value));
}

/* Has all been there that was read so far? */
static __always_inline bool guest_windows_held(const struct guest_windows *windows)
{
	return likely(READ_ONCE(*windows->generation) == windows->begun);
}

/* One value that is good at once. */
static __always_inline bool guest_window_read(
	struct guest_windows *windows, uint64_t ipa, uint64_t *value)
{
	return guest_window_look(windows, ipa, value) && guest_windows_held(windows);
}

#endif
