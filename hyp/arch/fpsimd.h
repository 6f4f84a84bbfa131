/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's FP/SIMD registers. Lintel uses none itself but where it borrows them (hyp/arch/simd.h),
 * so they stay where they are until another vCPU is loaded.
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

/*
 * One V register (n: 0 to 31) of the guest whose vCPU is loaded on this CPU: value[0] is bits 63:0.
 * `value` is aligned to eight bytes.
 */
void fpsimd_read(unsigned n, uint64_t value[2]);
void fpsimd_write(unsigned n, const uint64_t value[2]);

#endif
