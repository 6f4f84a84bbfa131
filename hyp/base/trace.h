/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring in which each CPU keeps its last exits: two words an exit, five instructions to record.
 *
 * An entry is {ESR_EL2, PC} of an exit; ESR's upper half (bits 63:56, RES0 in the register) says
 * what else it may be.
 */
#ifndef HYP_BASE_TRACE_H
#define HYP_BASE_TRACE_H

#include "hyp/base/types.h"

#define TRACE_ENTRIES 256 /* 4 KiB a CPU; the ring is aligned to its own size */

enum trace_kind {
	TRACE_SYNC = 0, /* esr, pc */
	TRACE_IRQ = 1,  /* low bits: INTID; pc */
	TRACE_FIQ = 2,
	TRACE_SERROR = 3, /* esr, pc */
	TRACE_LOAD = 4,   /* low bits: VM id << 16 | vCPU; pc */
};
#define TRACE_KIND_SHIFT 56

struct trace_entry {
	uint64_t what;
	uint64_t pc;
};

struct trace_ring {
	struct trace_entry *next; /* NULL until there is a ring */
};

static inline void trace_record(struct trace_ring *ring, uint64_t what, uint64_t pc)
{
	struct trace_entry *entry = ring->next;
	uintptr_t at = (uintptr_t)entry, mask = TRACE_ENTRIES * sizeof(*entry) - 1;
	/* Past the end is the start: the ring's address has zeros where the index is. */
	uintptr_t next = (at & ~mask) | ((at + sizeof(*entry)) & mask);

	entry->what = what;
	entry->pc = pc;
	ring->next = (struct trace_entry *)next;
}

#endif
