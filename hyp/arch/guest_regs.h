/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What vectors.S fills when a guest comes back, and enter.S loads: first in struct vcpu.
 *
 * While the guest runs SP_EL2 points here, so that the vector can store registers at once.
 */
#ifndef HYP_ARCH_GUEST_REGS_H
#define HYP_ARCH_GUEST_REGS_H

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

/*
 * Runs the guest until an exception is taken to EL2; returns which. Two forms: for CPUs with and
 * without pointer authentication. The vectors that belong to each are in vectors.S.
 */
enum exit_kind vcpu_enter_pauth(struct guest_regs *regs);
enum exit_kind vcpu_enter_plain(struct guest_regs *regs);

#endif
