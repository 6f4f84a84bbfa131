/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which exits of the inner guest are the guest hypervisor's: every trap that L1 configured in
 * vHCR_EL2, vCPTR_EL2, vMDCR_EL2, vCNTHCTL_EL2, vHSTR_EL2, vHCRX_EL2 and its fine-grained trap
 * registers, by a table keyed by register (the columns gate and fine of hyp/arch/sysreg.def).
 *
 * The order, for each exit of the inner guest:
 *
 *   1. has L1 asked for it?          it is L1's, as it is (EXIT_REFLECT)
 *   2. else L0 has asked for it      it is answered as any guest's: ID registers, UNDEF for what is
 *                                    hidden, SMC ...
 *
 * What L1 isn't shown has no trap: SVE, SME, trace, PMU, AMU, LORegions, MTE, MPAM, SPE, GCS ...
 * are UNDEFINED for its guest whatever L1 writes into bits that are RES0 or RES1 for it. The same
 * goes for HCR_EL2.{NV,NV1,NV2}, which do nothing.
 *
 * So that a trap comes at all, the CPU has L0's own controls and L1's while inner (forward_hcr()
 * ...). Bits that trap when they are zero (API, APK, MSCEn, EL1PCTEN, EL1PCEN) are set where both
 * have set them. CNTHCTL_EL2 is hyp/nested/timer.h's; which of its traps are L1's is said here.
 */
#ifndef HYP_NESTED_FORWARD_H
#define HYP_NESTED_FORWARD_H

#include "hyp/arch/features.h"
#include "hyp/nested/nested.h"

/* Boot CPU, once, after cpu_features_init(). */
void forward_init(void);

/*
 * The CPU's controls while inner: L0's own (base_hcr, base_cptr), and all of L1's that trap; of
 * MDCR_EL2 only what L1 adds. HCR_EL2: without NV*, E2H, TGE, VSE. AT and TLBI trap when L1 wants
 * them: the CPU's own are right for an inner guest.
 */
uint64_t forward_hcr(const struct nested *nested);
uint64_t forward_cptr(const struct nested *nested);
uint64_t forward_mdcr(const struct nested *nested);
/* 0 without FEAT_HCX. */
uint64_t forward_hcrx(const struct nested *nested);

/*
 * The others (fine-grained traps, HCRX_EL2, HSTR_EL2; a virtual SError that L1 has pending) into
 * the CPU when inner begins, and L0's own when it ends, as a context or because the vCPU leaves the
 * CPU. Nothing is written where L1 uses none of them.
 */
void forward_enter(struct nested *nested);
void forward_leave(struct nested *nested);

/* Of nested->forwarded: forward_leave() looks what has become of a virtual SError. */
#define FORWARDED_SERROR BIT(2)

/* Lintel makes an SError pending for the inner guest itself. */
static inline void forward_serror(struct nested *nested)
{
	nested->forwarded |= FORWARDED_SERROR;
}

/* L1's vHCR_EL2 alone asks for forward_enter(). */
bool forward_always(const struct nested *nested);

static __always_inline uint64_t forward_disr(void)
{
	return cpu_features.ras ? read_sysreg(VDISR_EL2) : 0;
}

/* Is there something for forward_enter() to do? `always`: what forward_always() said of the values
 * as they are. */
static __always_inline bool forward_needed(const struct nested *nested, bool always)
{
	uint64_t fine = VNCR_REG(nested, HFGRTR_EL2) | VNCR_REG(nested, HFGWTR_EL2) |
		VNCR_REG(nested, HFGITR_EL2) | VNCR_REG(nested, HDFGRTR_EL2) |
		VNCR_REG(nested, HDFGWTR_EL2);

	return (fine | VNCR_REG(nested, HSTR_EL2) | VNCR_REG(nested, VDISR_EL2) | forward_disr() |
		       always) != 0;
}

/* An HVC of the inner guest's is L1's, unless that has switched HVC off. */
static __always_inline bool forward_hvc(const struct nested *nested)
{
	return !(VNCR_REG(nested, HCR_EL2) & HCR_EL2_HCD);
}

/* A trapped MSR, MRS or SYS of the inner guest (EC 0x18): is it L1's? */
bool forward_sysreg(const struct nested *nested, uint64_t esr);

/*
 * Any other class but aborts: WFx, HVC, SMC, FP, PAuth, ERET, SVC, debug exceptions, coprocessor
 * accesses of AArch32 at EL0 ... HVC is L1's unless vHCR_EL2.HCD is set: then it is UNDEFINED, and
 * never L0's.
 */
bool forward_class(const struct nested *nested, uint64_t esr);

#endif
