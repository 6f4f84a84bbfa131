/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FP/SIMD as a part of a vCPU: Lintel itself uses none, so the registers change hands only when
 * vCPUs do.
 */
#ifndef HYP_VM_FPSIMD_PART_H
#define HYP_VM_FPSIMD_PART_H

#include "hyp/vm/part.h"

extern const struct vm_part fpsimd_part;

#endif
