/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A real SMC to the firmware at EL3.
 */
#ifndef HYP_ARCH_SMC_H
#define HYP_ARCH_SMC_H

#include "hyp/base/types.h"

/* x0-x17 in and out (SMC Calling Convention, DEN0028, 2.6). On the build machine a test's hook
 * answers. */
struct smc_regs {
	uint64_t x[18];
};

void smc_call(struct smc_regs *regs);

/* The common case: function and three arguments, result in x0. */
static inline uint64_t smc_call4(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct smc_regs regs = { .x = { function, a1, a2, a3 } };

	smc_call(&regs);
	return regs.x[0];
}

#endif
