/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock for CPUs with the MMU on (exclusives want Normal memory), and the atomics payloads use.
 */
#ifndef GUEST_LIB_SPINLOCK_H
#define GUEST_LIB_SPINLOCK_H

#include "regs.h"

struct spinlock {
	u32 held;
};

static inline void spin_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

/* Ordered loads and stores, and a counter that several CPUs add to. */
#define load_acquire(p)         __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)
#define atomic_add(p, value)    __atomic_add_fetch(p, value, __ATOMIC_SEQ_CST)

#endif
