/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EL1 bank of a vCPU: the EL1, PAUTH and RAS rows of hyp/arch/sysreg.def, saved and loaded when
 * vCPUs change.
 */
#ifndef HYP_VM_BANK_H
#define HYP_VM_BANK_H

#include "hyp/vm/vcpu.h"

/* The architecture's reset values where it has any, zero elsewhere (Arm ARM D24, SCTLR_EL1: RES1
 * bits, MMU off). */
void bank_reset(uint64_t bank[NR_BANK_SLOTS]);

void bank_save(uint64_t bank[NR_BANK_SLOTS]);
void bank_load(const uint64_t bank[NR_BANK_SLOTS]);

#endif
