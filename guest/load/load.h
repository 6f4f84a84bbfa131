/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the load share.
 */
#ifndef GUEST_LOAD_LOAD_H
#define GUEST_LOAD_LOAD_H

#include "gic.h"
#include "machine.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

/* Without any progress for so long, a CPU gives up: its partner is stuck. */
#define STALL_MS 20000

/* Interrupts of one sort from one CPU to one. One more is sent only when the last was taken. */
struct ticket {
	u32 sent;
	u32 taken;
};

static inline bool ticket_free(const struct ticket *ticket)
{
	return load_acquire(&ticket->taken) == ticket->sent;
}

/* A counter that every CPU adds to under one lock. */
struct shared {
	struct spinlock lock;
	u32 in_it; /* how many hold the lock */
	u32 two;   /* how often it was more than one */
	u64 sum;
};

extern struct shared shared;

/* One turn under the lock; false when the lock did not come free for STALL_MS. */
bool shared_turn(void);

#endif
