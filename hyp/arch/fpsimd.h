/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's FP/SIMD registers. Lintel uses none itself, so they stay where they are until another
 * vCPU is loaded.
 */
#ifndef HYP_ARCH_FPSIMD_H
#define HYP_ARCH_FPSIMD_H

#include "hyp/base/types.h"

struct fpsimd_state {
	_Alignas(16) uint64_t v[32][2];
	uint64_t fpcr;
	uint64_t fpsr;
};

void fpsimd_save(struct fpsimd_state *state);
void fpsimd_restore(const struct fpsimd_state *state);

#endif
