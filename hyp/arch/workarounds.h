/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls that vectors.S answers itself, for the vCPU that made them: SMCCC_ARCH_WORKAROUND_1, 2
 * and 3, which guests make on every entry from user space. In struct vcpu.
 */
#ifndef HYP_ARCH_WORKAROUNDS_H
#define HYP_ARCH_WORKAROUNDS_H

#include "hyp/base/types.h"

/*
 * A function as the vector looks for it: over ESR_EL2 of HVC #0 from AArch64, with one bit changed
 * if it comes to x0 = 0 and that is all. The bit is set in the syndromes of all that come that far,
 * so that neither key can be taken for the other. Without that change the firmware is called
 * before. A key of 0 is none.
 */
#define WORKAROUND_LOCAL_BIT     27
#define WORKAROUND_KEY(function) ((uint64_t)(function) << 32 | UINT64_C(0x5a000000))
#define WORKAROUND_LOCAL_KEY(function) \
	(WORKAROUND_KEY(function) ^ UINT64_C(1) << WORKAROUND_LOCAL_BIT)

/* Where its key stands: two bits of the function, different in 0x80008000, 0x80007fff, 0x80003fff.
 */
#define WORKAROUND_INDEX_SHIFT     14
#define WORKAROUND_INDEX(function) ((function) >> WORKAROUND_INDEX_SHIFT & 3)

struct workarounds {
	uint64_t keys[4]; /* by WORKAROUND_INDEX() */
	uint64_t count;   /* calls that the vector has answered */
};

#endif
