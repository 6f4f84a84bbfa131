/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/simd.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"

void simd_borrow(struct simd_loan *loan)
{
	loan->cptr = read_sysreg(CPTR_EL2);
	if (loan->cptr & CPTR_EL2_TFP) {
		write_sysreg(loan->cptr & ~CPTR_EL2_TFP, CPTR_EL2);
		isb();
	}
	fpsimd_save(&loan->guest);
}

void simd_return(const struct simd_loan *loan)
{
	fpsimd_restore(&loan->guest);
	if (loan->cptr & CPTR_EL2_TFP) {
		write_sysreg(loan->cptr, CPTR_EL2);
		isb();
	}
}
