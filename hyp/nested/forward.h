/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which exits of the inner guest are the guest hypervisor's: every trap that L1 configured in
 * vHCR_EL2, vCPTR_EL2, vMDCR_EL2, vCNTHCTL_EL2, vHSTR_EL2, vHCRX_EL2 and its fine-grained trap
 * registers, by a table keyed by register (the last columns of hyp/arch/sysreg.def).
 */
#ifndef HYP_NESTED_FORWARD_H
#define HYP_NESTED_FORWARD_H

#include "hyp/nested/nested.h"

/*
 * The CPU's controls while inner: L0's own (guest_hcr() ...), and all of L1's that trap. HCR_EL2:
 * without NV*, E2H, TGE; with what L0 adds to see AT and TLBI where it must.
 */
uint64_t forward_hcr(const struct nested *nested);
uint64_t forward_cptr(const struct nested *nested);
uint64_t forward_mdcr(const struct nested *nested);

/* The others (fine-grained traps, HCRX_EL2, HSTR_EL2, CNTHCTL_EL2's traps) into the CPU when inner
 * begins, and L0's own when it ends. Nothing is written where L1 uses none of them. */
void forward_enter(struct nested *nested);
void forward_leave(struct nested *nested);

/* A trapped MSR, MRS or SYS of the inner guest (EC 0x18): is it L1's? */
bool forward_sysreg(const struct nested *nested, uint64_t esr);

/* Any other class but aborts: WFx, HVC, SMC, FP, PAuth, debug exceptions ... */
bool forward_class(const struct nested *nested, uint64_t esr);

#endif
