/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped accesses at vEL2 (EC 0x18): EL2's registers that NV2 leaves to L0, the EL12 and EL02
 * names, AT, TLBI, ICH_*, timers; by the column vel2 of hyp/arch/sysreg.def.
 *
 * What is not there is UNDEFINED, and left to hyp/trap/sysreg.c to say so: registers of features
 * that L1 isn't shown (ZCR_EL2, SMCR_EL2, SCXTNUM_EL2 ...), those for AArch32 at EL1, which it
 * hasn't (DACR32_EL2, IFSR32_EL2, FPEXC32_EL2, SPSR_irq ...), RMR_EL2, EL12 and EL02 names without
 * VHE.
 */
#ifndef HYP_NESTED_SYSREG_H
#define HYP_NESTED_SYSREG_H

#include "hyp/nested/nested.h"

/* Boot CPU, once. otherwise: who answers what is no business of the virtual EL2's. */
void nested_sysreg_init(enum exit_result (*otherwise)(struct vcpu *vcpu, uint64_t esr));

/*
 * EC 0x18 at vEL2. What is not the virtual EL2's business (an ID register, ICC_*, debug registers,
 * what is UNDEFINED ...) is answered as any guest's.
 */
enum exit_result nested_sysreg(struct vcpu *vcpu, uint64_t esr);

/*
 * vEL2's registers as a reset leaves them, and vEL1's, in the page and in values[]. The vCPU is
 * OFF; it begins as hyp.
 */
void nested_sysreg_reset(struct nested *nested);

#endif
