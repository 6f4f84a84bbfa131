/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this machine's CPUs can do, and the values of EL2's controls that follow from it.
 *
 * A guest can use what its ID registers show (hyp/trap/idreg.c) and nothing else: whatever is hidden there and can be
 * switched off or trapped by EL2 is, here. All CPUs are taken to be alike; each sets its own controls.
 */
#ifndef HYP_ARCH_FEATURES_H
#define HYP_ARCH_FEATURES_H

#include "hyp/base/types.h"

struct cpu_features {
	bool pauth;    /* FEAT_PAuth, any algorithm */
	bool bti;
	bool ras;
	bool pan;
	bool ssbs;
	bool rndr;
	bool sve, sme, mte;
	bool amu, mpam;
	bool fgt;      /* FEAT_FGT */
	bool fgt2;     /* FEAT_FGT2 */
	bool hcx;      /* FEAT_HCX */
	bool mops;
	bool csv2_2;   /* SCXTNUM_ELx exist */
	bool ecv_poff; /* FEAT_ECV with CNTPOFF_EL2 */
	bool spe, trace, trf, trbe;
	bool pmu;
	bool lor;
	bool aarch32_el0;
	bool nv2;
	unsigned pmu_counters; /* PMCR_EL0.N */
	unsigned pa_bits;      /* of PARange, at most 48 */
	unsigned vmid_bits;    /* 8 or 16 */
};

extern struct cpu_features cpu_features;

/* Boot CPU, once, before anything else looks: fills cpu_features from the ID registers. Works with the MMU off. */
void cpu_features_init(void);

/* Each CPU: every control of EL2's that does not move with a vCPU gets its value. */
void el2_setup_controls(void);

/* HCR_EL2, MDCR_EL2 and CPTR_EL2 with which a vCPU starts. */
uint64_t guest_hcr(void);
uint64_t guest_mdcr(void);
uint64_t guest_cptr(void);

/* HCRX_EL2 for all guests: what it says of them (MOPS) the ID registers must agree with. */
uint64_t guest_hcrx(void);

#endif
