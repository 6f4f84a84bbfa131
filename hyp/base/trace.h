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
	/* low bits: TRACE_VCPU(); the argument is */
	TRACE_LOAD = 4,    /* its state comes into this CPU: pc */
	TRACE_BLOCK = 5,   /* it waits: pc */
	TRACE_WAKE = 6,    /* it was woken by this CPU: number of the CPU whose queue it goes to */
	TRACE_MIGRATE = 7, /* this CPU took it, or gave it away: number of its new CPU */
	TRACE_INJECT = 8,  /* an exception is given to it: ESR_EL1 */
	TRACE_VM = 9,      /* vCPU 0 of a VM whose state changes: enum vm_state */
	TRACE_IDLE = 10, /* low bits 0: this CPU waits for an interrupt, or (argument 1) got one */
};
#define TRACE_VCPU(vm, vcpu) ((uint32_t)(vm) << 16 | (uint32_t)(vcpu))
#define TRACE_KIND_SHIFT     56

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
