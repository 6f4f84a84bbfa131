/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What vectors.S fills when a guest comes back, and enter.S loads: first in struct vcpu.
 *
 * While the guest runs SP_EL2 points here, so that the vector can store registers at once.
 */
#ifndef HYP_ARCH_GUEST_REGS_H
#define HYP_ARCH_GUEST_REGS_H

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

struct guest_regs {
	uint64_t x[31];
	uint64_t host_sp; /* Lintel's stack pointer while the guest runs */
	uint64_t pc;      /* ELR_EL2 */
	uint64_t pstate;  /* SPSR_EL2 */
	uint64_t apia_lo; /* the guest's APIAKey: Lintel signs its own return addresses with another
			   */
	uint64_t apia_hi;
};

/* Why vcpu_enter() returned: which of the four vectors. */
enum exit_kind { EXIT_SYNC, EXIT_IRQ, EXIT_FIQ, EXIT_SERROR };

/* The same, and ESR_EL2 of EXIT_SYNC: the vector has read it already. Returned in x0 and x1. */
struct guest_exit {
	uint64_t kind; /* enum exit_kind */
	uint64_t esr;  /* of other kinds: anything */
};

/* ESR_EL2 of EXIT_SYNC, moved to where it is kept only here, not on the way of all exits. */
static __always_inline uint64_t guest_exit_esr(struct guest_exit came)
{
#ifndef LINTEL_HOST
	__asm__ volatile("" : "+r"(came.esr));
#endif
	return came.esr;
}

/*
 * Runs the guest until an exception is taken to EL2; returns which. Two forms: for CPUs with and
 * without pointer authentication. The vectors that belong to each are in vectors.S. Of the
 * registers that a C function keeps they keep x19 to x24 and x29 alone, so call them by
 * vcpu_enter().
 */
struct guest_exit vcpu_enter_pauth(struct guest_regs *regs);
struct guest_exit vcpu_enter_plain(struct guest_regs *regs);

/* Calls one of them, or a C function that stands in for one. */
static __always_inline struct guest_exit vcpu_enter(
	struct guest_exit (*enter)(struct guest_regs *regs), struct guest_regs *regs)
{
#ifdef LINTEL_HOST
	return enter(regs);
#else
	register uint64_t x0 __asm__("x0") = (uintptr_t)regs;
	register uint64_t x1 __asm__("x1");

	__asm__ volatile("blr %2"
			 : "+r"(x0), "=r"(x1)
			 : "r"(enter)
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			 "x13", "x14", "x15", "x16", "x17", "x18", "x25", "x26", "x27", "x28",
			 "x30", "cc", "memory");
	return (struct guest_exit){ x0, x1 };
#endif
}

#endif
