/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FP/SIMD registers for Lintel's own use: for what hyp/crypto calls of BearSSL's, and nobody else
 * (tools/check-image sees to it). They are the guest's whose vCPU was loaded last, so that they are
 * borrowed from it and given back; whoever doesn't borrow pays nothing.
 *
 *	struct simd_loan loan;
 *
 *	simd_borrow(&loan);
 *	... BearSSL ...
 *	simd_return(&loan);
 *
 * No vCPU is loaded or put in between, and what the guest had is read nowhere but in the loan.
 *About 150 instructions both together, so not for an exit that is frequent.
 */
#ifndef HYP_ARCH_SIMD_H
#define HYP_ARCH_SIMD_H

#include "hyp/arch/fpsimd.h"

/* Whoever borrows has it on the stack. */
struct simd_loan {
	struct fpsimd_state guest;
	uint64_t cptr; /* CPTR_EL2 */
};

/*
 * Puts the registers of this CPU into the loan and opens the trap of EL2 that may be set for the
 * guest's sake (CPTR_EL2.TFP). FPCR stays: BearSSL does no floating-point arithmetic.
 *
 * A guest sees neither SVE nor SME (hyp/arch/features.h), so 128 bits of each register are all
 * there is, and streaming mode is off.
 */
void simd_borrow(struct simd_loan *loan);

/* Everything as it was; nothing of what was computed stays in a register. */
void simd_return(const struct simd_loan *loan);

#endif
