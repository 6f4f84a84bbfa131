/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock that all CPUs want: its holder may lose the CPU, and those that spin must not keep it from
 * coming back.
 */
#include "load.h"

#define HELD_LOOPS 20

struct shared shared;

static bool take(struct spinlock *lock)
{
	u64 start = 0;

	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
		if (!start)
			start = counter();
		else if (counter() - start > ms_ticks(STALL_MS))
			return false;
		cpu_relax();
	}
	return true;
}

bool shared_turn(void)
{
	if (!take(&shared.lock))
		return false;
	if (shared.in_it++)
		shared.two++;
	for (u32 i = 0; i < HELD_LOOPS; i++)
		__asm__ volatile("" ::: "memory");
	shared.sum++;
	shared.in_it--;
	spin_unlock(&shared.lock);
	return true;
}
