/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring in which each CPU keeps what happened on it last, always on: an exit of a guest costs
 * eleven instructions, any other event ten.
 *
 * Times are CNTPCT_EL0's. The counter is read without a barrier, so that a time may be early by as
 * much as the CPU runs ahead of itself: a few dozen instructions. Only the ring's own CPU writes to
 * it (hyp/arch/cpu.h: trace_record()); others may read it, and may find the entry that is being
 * written half done.
 */
#ifndef HYP_BASE_TRACE_H
#define HYP_BASE_TRACE_H

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

#define TRACE_ENTRIES 2048 /* 64 KiB a CPU; the ring is aligned to its own size */
#define TRACE_SIZE    (TRACE_ENTRIES * sizeof(struct trace_entry))

/* What an entry is: bits 63:56 of `what`, which are RES0 in ESR_EL2. */
enum trace_kind {
	/* Exits. The argument is the guest's PC; out and in are when it came and when it went on.
	 */
	TRACE_SYNC = 0, /* low bits: ESR_EL2 */
	TRACE_IRQ = 1,  /* low bits: INTID (1023: there was none); from the idle loop: PC 0 */
	TRACE_FIQ = 2,
	TRACE_SERROR = 3, /* low bits: ESR_EL2 */
	/* Low bits: TRACE_VCPU(); the argument is */
	TRACE_BLOCK = 5,   /* it waits: pc */
	TRACE_WAKE = 6,    /* it was woken by this CPU: number of the CPU whose queue it goes to */
	TRACE_MIGRATE = 7, /* this CPU took it, or gave it away: number of its new CPU */
	TRACE_INJECT = 8,  /* an exception is given to it: ESR_EL1 */
	TRACE_VM = 9,      /* vCPU 0 of a VM whose state changes: enum vm_state */
	TRACE_IDLE = 10, /* low bits 0: this CPU waits for an interrupt, or (argument 1) got one */
	/* Its turn on this CPU, with its state here, in place of any other: pc; `in` is when it was
	 * entered first. */
	TRACE_RUN = 11,
	TRACE_PUT = 12, /* its state leaves this CPU, and no other comes: pc */
	/* One with a virtual EL2 goes on there (0) or in its inner guest (1), or is loaded so: its
	 * exits from now on are of that level. */
	TRACE_LEVEL = 13,
	NR_TRACE_KINDS,
};
#define TRACE_VCPU(vm, vcpu) ((uint32_t)(vm) << 16 | (uint32_t)(vcpu))
#define TRACE_KIND_SHIFT     56
#define TRACE_WHAT(kind)     ((uint64_t)(kind) << TRACE_KIND_SHIFT)

struct trace_entry {
	uint64_t what;
	uint64_t argument;
	uint64_t out; /* when it happened: never 0 in an entry that was used */
	uint64_t in;  /* of an exit, and TRACE_RUN: when the guest was entered after it, or 0 */
};

struct trace_ring {
	struct trace_entry *next; /* the oldest, overwritten next. NULL until there is a ring */
	struct trace_entry *kept; /* while nothing is recorded: what `next` was; else NULL */
};

/* Records an event that happened at `now`. The entry stays this one's for TRACE_ENTRIES events. */
static __always_inline struct trace_entry *trace_add(
	struct trace_ring *ring, uint64_t what, uint64_t argument, uint64_t now)
{
	struct trace_entry *entry = ring->next;
	uintptr_t at = (uintptr_t)entry, mask = TRACE_SIZE - 1;
	/* Past the end is the start: the ring's address has zeros where the index is. */
	uintptr_t next = (at & ~mask) | ((at + sizeof(*entry)) & mask);

	entry->what = what;
	entry->argument = argument;
	entry->out = now;
	entry->in = 0;
	ring->next = (struct trace_entry *)next;
	return entry;
}

static inline enum trace_kind trace_kind(const struct trace_entry *entry)
{
	return (enum trace_kind)(entry->what >> TRACE_KIND_SHIFT);
}

/* What is below the kind: ESR, INTID or TRACE_VCPU(). */
static inline uint64_t trace_low(const struct trace_entry *entry)
{
	return entry->what & (((uint64_t)1 << TRACE_KIND_SHIFT) - 1);
}

/* How many entries are used, and the n-th of them (0: the oldest), also of a ring that is kept. */
unsigned trace_count(const struct trace_ring *ring);
const struct trace_entry *trace_at(const struct trace_ring *ring, unsigned n);

/*
 * By the ring's own CPU: from now on events go to `scratch` (TRACE_SIZE bytes, aligned to as much,
 * which CPUs may share), and the ring stays as it is; and back. Twice is once.
 */
void trace_keep(struct trace_ring *ring, struct trace_entry *scratch);
void trace_go_on(struct trace_ring *ring);

#endif
