/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped accesses to CP15, CP14 and VMRS of an AArch32 EL1.
 *
 * What hyp/arch/sysreg32.def has a row for is answered as the AArch64 register that it is mapped
 * to (hyp/trap/sysreg.h); everything else, LDC and STC included, is UNDEFINED and logged, as is
 * all of an AArch32 EL0 below an AArch64 EL1. Registers have 32 bits here: the upper halves of x
 * registers count for nothing.
 */
#ifndef HYP_TRAP_SYSREG32_H
#define HYP_TRAP_SYSREG32_H

#include "hyp/vm/vcpu.h"

/* MCR and MRC (EC 0x03 CP15, 0x05 CP14). The condition holds. */
enum exit_result sysreg32_handle(struct vcpu *vcpu, uint64_t esr);

/* MCRR and MRRC (EC 0x04 CP15, 0x0c CP14). */
enum exit_result sysreg32_handle_pair(struct vcpu *vcpu, uint64_t esr);

/* LDC and STC to CP14 (EC 0x06): the debug communications channel, by memory. */
enum exit_result sysreg32_handle_memory(struct vcpu *vcpu, uint64_t esr);

/* VMRS of MVFR0, MVFR1 and MVFR2 (EC 0x08). */
enum exit_result sysreg32_handle_vmrs(struct vcpu *vcpu, uint64_t esr);

#endif
