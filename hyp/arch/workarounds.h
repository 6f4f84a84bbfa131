/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls that vectors.S answers itself, for the vCPU that made them: SMCCC_ARCH_WORKAROUND_1, 2
 * and 3, which guests make on every entry from user space. In struct vcpu.
 */
#ifndef HYP_ARCH_WORKAROUNDS_H
#define HYP_ARCH_WORKAROUNDS_H

#include "hyp/base/types.h"

/* A function as the vector looks for it: over ESR_EL2 of HVC #0 from AArch64. 0: none. */
#define WORKAROUND_KEY(function) ((uint64_t)(function) << 32 | UINT64_C(0x5a000000))

struct workarounds {
	uint64_t answered[3]; /* x0 = 0, and that is all */
	uint64_t passed[2];   /* the same, after the firmware was called */
	uint64_t count;       /* calls that the vector has answered */
};

#endif
