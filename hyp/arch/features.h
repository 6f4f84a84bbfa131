/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this CPU has, and how EL2 must be set up so that a guest can use no more of it than it is
 * shown (hyp/trap/idreg.c says what that is; everything else is UNDEFINED for it).
 */
#ifndef HYP_ARCH_FEATURES_H
#define HYP_ARCH_FEATURES_H

#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/types.h"

struct cpu_features {
	uint8_t pa_bits;   /* bits of physical address, 48 at most */
	uint8_t vmid_bits; /* 8 or 16 */

	/* used by guests, or by Lintel itself */
	bool aarch32_el0;
	bool aarch32_el1; /* EL1 can be AArch32, on every CPU */
	bool pauth;       /* address authentication, by any of the three algorithms */
	bool bti;
	bool pan;
	bool ssbs;
	bool ras;
	bool mops;
	bool nv2; /* FEAT_NV2, on every CPU */
	bool nv1; /* HCR_EL2.NV1, too */

	/* controls of EL2 that exist */
	bool fgt, fgt2;
	bool ecv; /* CNTHCTL_EL2 traps the virtual timer, and what FEAT_NV2 has in memory */
	bool hcrx;
	bool fwb; /* guests run with HCR_EL2.FWB: their memory is cacheable, whatever they say */

	/* hidden from guests */
	bool sve, sme, mte, mpam, amu, nmi, lor;
	bool pmu, spe, trbe, brbe, trace, trace_filter, double_lock;
	bool tcr2, sctlr2, gcs;

	uint8_t breakpoints; /* DBGBVR<n>_EL1, DBGBCR<n>_EL1: 2..16 */
	uint8_t watchpoints; /* 2..16 */
};

extern struct cpu_features cpu_features;

/* Reads the ID registers; once, on the boot CPU. Needs neither MMU nor memory. */
void cpu_features_init(void);

/*
 * This CPU has what the tables of guests rely on, of what the boot CPU has. One that hasn't can't
 * be used.
 */
bool cpu_features_suffice(void);

/* What this CPU hasn't got no VM can use: before the first VM is made. */
void cpu_features_limit(void);

/*
 * Puts every control of EL2's, and what a boot loader may have left in the registers behind them,
 * into a known state on this CPU: traps for what is hidden, physical interrupts to EL2, trace,
 * profiling and counters off. After cpu_features_init(); with no vCPU loaded. Linux
 * Documentation/arch/arm64/booting.rst says what EL3 has enabled before.
 */
void el2_setup_controls(void);

/*
 * HCR_EL2, MDCR_EL2 and CPTR_EL2 for a vCPU out of reset. WFI isn't trapped (the scheduler sets TWI
 * where a CPU is shared); MDCR has the debug registers trapped until the guest uses them
 * (hyp/trap/debug.c).
 */
uint64_t guest_hcr(void);
uint64_t guest_mdcr(void);
uint64_t guest_cptr(void);

/* HCRX_EL2 and HDFGRTR_EL2, where the CPU has them; the other fine-grained trap registers are 0. */
uint64_t guest_hcrx(void);
uint64_t guest_hdfgrtr(void);

/*
 * CPACR_EL1 in the CPU for what a guest has written into it, out of a reset 0. Hidden vectors
 * aren't trapped to EL1, so that EL2 sees them (as SVE, SME) and can make them UNDEFINED; the guest
 * reads CPACR_EL1_FPEN only.
 */
static inline uint64_t guest_cpacr(uint64_t written)
{
	uint64_t cpacr = written & CPACR_EL1_FPEN;

	if (cpu_features.sve)
		cpacr |= FIELD_PREP(CPACR_EL1_ZEN, CPACR_EL1_TRAPNONE);
	if (cpu_features.sme)
		cpacr |= FIELD_PREP(CPACR_EL1_SMEN, CPACR_EL1_TRAPNONE);
	return cpacr;
}

#endif
