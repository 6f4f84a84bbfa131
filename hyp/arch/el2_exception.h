/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions taken from EL2 itself: an abort in a fault-safe copy continues at its fix-up, all else
 * is Lintel's end.
 */
#ifndef HYP_ARCH_EL2_EXCEPTION_H
#define HYP_ARCH_EL2_EXCEPTION_H

#include "hyp/base/types.h"

/* Which vector; the names are in el2_exception.c. */
enum el2_vector {
	EL2_SP0_SYNC,
	EL2_SP0_IRQ,
	EL2_SP0_FIQ,
	EL2_SP0_SERROR,
	EL2_SYNC,
	EL2_IRQ,
	EL2_FIQ,
	EL2_SERROR,
};

/* What vectors.S puts on the emergency stack. */
struct el2_frame {
	uint64_t x[31];
	uint64_t sp;
	uint64_t pc;
	uint64_t pstate;
};

/* Returns when frame->pc was moved to a fix-up; else panics. */
void el2_exception(struct el2_frame *frame, enum el2_vector vector);

/* The frame of the exception that led to a panic on this CPU, or NULL when panic() was called. */
const struct el2_frame *el2_exception_frame(void);

#endif
