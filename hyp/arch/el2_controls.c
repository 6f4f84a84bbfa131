/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every control of EL2's, by feature. Hidden features are trapped here; hyp/trap/sysreg.c then
 * gives the guest what the architecture gives for a feature that isn't there.
 */
#include "hyp/arch/barrier.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"

/*
 * For every guest. PTW: a guest's table walk that ends in device memory is a fault, not an access.
 * FB, BSU: maintenance and barriers reach the inner shareable domain, so that a vCPU could be moved
 * to another CPU. The rest are traps, and interrupts to EL2.
 */
#define HCR_ALWAYS                                                                           \
	(HCR_EL2_VM | HCR_EL2_SWIO | HCR_EL2_PTW | HCR_EL2_FMO | HCR_EL2_IMO | HCR_EL2_AMO | \
		HCR_EL2_FB | FIELD_PREP(HCR_EL2_BSU, HCR_EL2_BSU_ISH) | HCR_EL2_TID1 |       \
		HCR_EL2_TID3 | HCR_EL2_TSC | HCR_EL2_TIDCP | HCR_EL2_TACR | HCR_EL2_TSW |    \
		HCR_EL2_RW)

/*
 * ICC_SRE_EL2.Enable and the like are drivers/gic's; PMBIDR_EL1.P and TRBIDR_EL1.P: EL3 keeps the
 * buffer to itself.
 */
#define BUFFER_IDR_P    BIT(4)

/* ID_AA64PFR0_EL1.EL1 */
#define EL1_HAS_AARCH32 2

uint64_t guest_hcr(void)
{
	uint64_t hcr = HCR_ALWAYS;

	if (cpu_features.pauth)
		hcr |= HCR_EL2_APK | HCR_EL2_API;
	if (cpu_features.fwb)
		hcr |= HCR_EL2_FWB;
	if (cpu_features.lor)
		hcr |= HCR_EL2_TLOR;
	if (cpu_features.ras)
		hcr |= HCR_EL2_TERR | HCR_EL2_TEA;
	if (cpu_features.mte)
		hcr |= HCR_EL2_TID5;
	return hcr;
}

uint64_t guest_cptr(void)
{
	uint64_t cptr = CPTR_EL2_RES1 | CPTR_EL2_TZ | CPTR_EL2_TSM;

	if (cpu_features.trace)
		cptr |= CPTR_EL2_TTA;
	if (cpu_features.amu)
		cptr |= CPTR_EL2_TAM;
	if (cpu_features.sve || cpu_features.sme)
		cptr |= CPTR_EL2_TCPAC;
	return cptr;
}

uint64_t guest_mdcr(void)
{
	uint64_t mdcr = MDCR_EL2_TDA | MDCR_EL2_TDOSA | MDCR_EL2_TDRA;

	/* HPMN = N keeps no counter for EL2 alone; other values split them, or are reserved. */
	if (cpu_features.pmu)
		mdcr |= MDCR_EL2_TPM | MDCR_EL2_TPMCR |
			FIELD_PREP(MDCR_EL2_HPMN, FIELD_GET(PMCR_EL0_N, read_sysreg(PMCR_EL0)));
	/* E2PB = 0, E2TB = 0: the buffers are EL2's, and their registers are trapped. */
	if (cpu_features.spe)
		mdcr |= MDCR_EL2_TPMS;
	if (cpu_features.trace_filter)
		mdcr |= MDCR_EL2_TTRF;
	if (cpu_features.fgt)
		mdcr |= MDCR_EL2_TDCC;
	return mdcr;
}

uint64_t guest_hcrx(void)
{
	uint64_t value = 0;

	if (cpu_features.mops)
		value |= HCRX_EL2_MSCEN;
	if (cpu_features.nmi)
		value |= HCRX_EL2_TALLINT;
	return value;
}

/*
 * Bits named n... trap when they are zero: newer features whose registers have no other control
 * (GCS, permission indirection, TPIDR2_EL0, branch records ...). The others have one in HCR_EL2,
 * MDCR_EL2 or CPTR_EL2, but for two.
 */
uint64_t guest_hdfgrtr(void)
{
	uint64_t hdfgrtr = 0;

	if (cpu_features.spe)
		hdfgrtr |= HDFGRTR_EL2_PMBIDR;
	if (cpu_features.trbe)
		hdfgrtr |= HDFGRTR_EL2_TRBIDR;
	return hdfgrtr;
}

static void setup_fine_grained_traps(void)
{
	write_sysreg(0, HFGRTR_EL2);
	write_sysreg(0, HFGWTR_EL2);
	write_sysreg(0, HFGITR_EL2);
	write_sysreg(guest_hdfgrtr(), HDFGRTR_EL2);
	write_sysreg(0, HDFGWTR_EL2);
	if (cpu_features.amu)
		write_sysreg(0, HAFGRTR_EL2);
	if (cpu_features.fgt2) {
		write_sysreg(0, HFGRTR2_EL2);
		write_sysreg(0, HFGWTR2_EL2);
		write_sysreg(0, HFGITR2_EL2);
		write_sysreg(0, HDFGRTR2_EL2);
		write_sysreg(0, HDFGWTR2_EL2);
	}
}

/*
 * Vector lengths and streaming mode: the registers can only be written while CPTR_EL2 doesn't trap
 * them.
 */
static void setup_vectors(void)
{
	write_sysreg(CPTR_EL2_RES1, CPTR_EL2);
	isb();
	if (cpu_features.sve)
		write_sysreg(0, ZCR_EL2);
	if (cpu_features.sme) {
		write_sysreg(0, SVCR);
		write_sysreg(0, SMCR_EL2);
	}
	isb();
	write_sysreg(guest_cptr(), CPTR_EL2);
}

static void stop_counters(void)
{
	if (!cpu_features.pmu)
		return;
	write_sysreg(0, PMCR_EL0);
	write_sysreg(0, PMUSERENR_EL0);
	write_sysreg(GENMASK(31, 0), PMCNTENCLR_EL0);
	write_sysreg(GENMASK(31, 0), PMINTENCLR_EL1);
	write_sysreg(GENMASK(31, 0), PMOVSCLR_EL0);
}

static void stop_profiling(void)
{
	if (cpu_features.spe && !(read_sysreg(PMBIDR_EL1) & BUFFER_IDR_P)) {
		write_sysreg(0, PMSCR_EL2);
		write_sysreg(0, PMBLIMITR_EL1);
	}
	if (cpu_features.trace_filter)
		write_sysreg(0, TRFCR_EL2);
	if (cpu_features.trbe && !(read_sysreg(TRBIDR_EL1) & BUFFER_IDR_P))
		write_sysreg(0, TRBLIMITR_EL1);
	if (cpu_features.brbe)
		write_sysreg(0, BRBCR_EL2);
}

/* Guests and Lintel run in the default partition, and guests can't see that there are others. */
static void setup_mpam(void)
{
	uint64_t id, traps = MPAM2_EL2_TRAPMPAM0EL1 | MPAM2_EL2_TRAPMPAM1EL1;

	if (!cpu_features.mpam)
		return;
	id = read_sysreg(MPAMIDR_EL1);
	if (id & MPAMIDR_EL1_HAS_TIDR)
		traps |= MPAM2_EL2_TIDR;
	if (id & MPAMIDR_EL1_HAS_HCR)
		write_sysreg(MPAMHCR_EL2_TRAP_MPAMIDR_EL1, MPAMHCR_EL2);
	write_sysreg(traps, MPAM2_EL2);
	write_sysreg(0, MPAM1_EL1);
	write_sysreg(0, MPAM0_EL1);
}

/*
 * The locks would keep a guest's own breakpoints from working; while no guest uses them they are
 * off. So are an AArch32 guest's vector catches, which no reset does.
 */
static void setup_debug(void)
{
	write_sysreg(0, MDSCR_EL1);
	write_sysreg(0, OSLAR_EL1);
	if (cpu_features.double_lock)
		write_sysreg(0, OSDLR_EL1);
	if (FIELD_GET(ID_AA64PFR0_EL1_EL1, read_sysreg(ID_AA64PFR0_EL1)) == EL1_HAS_AARCH32)
		write_sysreg(0, DBGVCR32_EL2);
	write_sysreg(guest_mdcr(), MDCR_EL2);
}

/*
 * Both timers of EL1 are the guest's; no event stream, no traps, no offset for the physical
 * counter.
 */
static void setup_timers(void)
{
	write_sysreg(CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN, CNTHCTL_EL2);
	write_sysreg(0, CNTVOFF_EL2);
}

void el2_setup_controls(void)
{
	/* With no stage 2 yet: VM is set with the first VTTBR (hyp/vm/vcpu.c). */
	write_sysreg(guest_hcr() & ~HCR_EL2_VM, HCR_EL2);
	write_sysreg(0, VTTBR_EL2);
	write_sysreg(0, HSTR_EL2);
	write_sysreg(0, HACR_EL2);
	write_sysreg(0, ACTLR_EL2);
	write_sysreg(read_sysreg(MIDR_EL1), VPIDR_EL2);
	if (cpu_features.hcrx)
		write_sysreg(guest_hcrx(), HCRX_EL2);
	if (cpu_features.fgt)
		setup_fine_grained_traps();
	if (cpu_features.tcr2)
		write_sysreg(0, TCR2_EL2);
	if (cpu_features.sctlr2)
		write_sysreg(0, SCTLR2_EL2);
	if (cpu_features.gcs)
		write_sysreg(0, GCSCR_EL2);
	setup_vectors();
	stop_counters();
	stop_profiling();
	setup_mpam();
	setup_debug();
	setup_timers();
	isb();
}
