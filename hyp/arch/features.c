/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/features.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"

struct cpu_features cpu_features;

#define PA_BITS_MAX 48

/* A field of an ID register that says nothing when it is zero or all ones. */
static bool has_signed(uint64_t field)
{
	return field != 0 && field != 0xf;
}

static unsigned pa_bits_of(uint64_t mmfr0)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	uint64_t range = FIELD_GET(ID_AA64MMFR0_EL1_PARANGE, mmfr0);
	unsigned n = bits[MIN(range, ARRAY_SIZE(bits) - 1)];

	return MIN(n, PA_BITS_MAX);
}

static void read_processor_features(struct cpu_features *f)
{
	uint64_t pfr0 = read_sysreg(ID_AA64PFR0_EL1), pfr1 = read_sysreg(ID_AA64PFR1_EL1);
	uint64_t isar1 = read_sysreg(ID_AA64ISAR1_EL1), isar2 = read_sysreg(ID_AA64ISAR2_EL1);

	f->ras = FIELD_GET(ID_AA64PFR0_EL1_RAS, pfr0) != 0;
	f->sve = FIELD_GET(ID_AA64PFR0_EL1_SVE, pfr0) != 0;
	f->mpam = FIELD_GET(ID_AA64PFR0_EL1_MPAM, pfr0) != 0;
	f->amu = FIELD_GET(ID_AA64PFR0_EL1_AMU, pfr0) != 0;
	f->csv2_2 = FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0) >= 2 ||
		    FIELD_GET(ID_AA64PFR1_EL1_CSV2_FRAC, pfr1) >= 2;
	f->aarch32_el0 = FIELD_GET(ID_AA64PFR0_EL1_EL0, pfr0) == 2;
	f->bti = FIELD_GET(ID_AA64PFR1_EL1_BT, pfr1) != 0;
	f->ssbs = FIELD_GET(ID_AA64PFR1_EL1_SSBS, pfr1) != 0;
	f->mte = FIELD_GET(ID_AA64PFR1_EL1_MTE, pfr1) != 0;
	f->sme = FIELD_GET(ID_AA64PFR1_EL1_SME, pfr1) != 0;
	f->rndr = FIELD_GET(ID_AA64ISAR0_EL1_RNDR, read_sysreg(ID_AA64ISAR0_EL1)) != 0;
	f->pauth = (isar1 & (ID_AA64ISAR1_EL1_APA | ID_AA64ISAR1_EL1_API)) ||
		   (isar2 & ID_AA64ISAR2_EL1_APA3);
	f->mops = FIELD_GET(ID_AA64ISAR2_EL1_MOPS, isar2) != 0;
}

static void read_memory_features(struct cpu_features *f)
{
	uint64_t mmfr0 = read_sysreg(ID_AA64MMFR0_EL1), mmfr1 = read_sysreg(ID_AA64MMFR1_EL1);
	uint64_t mmfr2 = read_sysreg(ID_AA64MMFR2_EL1);

	f->pa_bits = pa_bits_of(mmfr0);
	f->fgt = FIELD_GET(ID_AA64MMFR0_EL1_FGT, mmfr0) != 0;
	f->fgt2 = FIELD_GET(ID_AA64MMFR0_EL1_FGT, mmfr0) >= 2;
	f->ecv_poff = FIELD_GET(ID_AA64MMFR0_EL1_ECV, mmfr0) >= 2;
	f->vmid_bits = FIELD_GET(ID_AA64MMFR1_EL1_VMIDBITS, mmfr1) == 2 ? 16 : 8;
	f->pan = FIELD_GET(ID_AA64MMFR1_EL1_PAN, mmfr1) != 0;
	f->lor = FIELD_GET(ID_AA64MMFR1_EL1_LO, mmfr1) != 0;
	f->hcx = FIELD_GET(ID_AA64MMFR1_EL1_HCX, mmfr1) != 0;
	f->nv2 = FIELD_GET(ID_AA64MMFR2_EL1_NV, mmfr2) >= 2;
}

static void read_debug_features(struct cpu_features *f)
{
	uint64_t dfr0 = read_sysreg(ID_AA64DFR0_EL1);

	f->pmu = has_signed(FIELD_GET(ID_AA64DFR0_EL1_PMUVER, dfr0));
	f->spe = FIELD_GET(ID_AA64DFR0_EL1_PMSVER, dfr0) != 0;
	f->trace = FIELD_GET(ID_AA64DFR0_EL1_TRACEVER, dfr0) != 0;
	f->trf = FIELD_GET(ID_AA64DFR0_EL1_TRACEFILT, dfr0) != 0;
	f->trbe = FIELD_GET(ID_AA64DFR0_EL1_TRACEBUFFER, dfr0) != 0;
	if (f->pmu)
		f->pmu_counters = (unsigned)FIELD_GET(PMCR_EL0_N, read_sysreg(PMCR_EL0));
}

void cpu_features_init(void)
{
	read_processor_features(&cpu_features);
	read_memory_features(&cpu_features);
	read_debug_features(&cpu_features);
}

uint64_t guest_hcr(void)
{
	uint64_t hcr = HCR_EL2_VM | HCR_EL2_SWIO | HCR_EL2_FMO | HCR_EL2_IMO | HCR_EL2_AMO |
		       HCR_EL2_FB | HCR_EL2_BSU_IS | HCR_EL2_TID1 | HCR_EL2_TID3 | HCR_EL2_TSC |
		       HCR_EL2_TIDCP | HCR_EL2_TACR | HCR_EL2_TSW | HCR_EL2_TWI | HCR_EL2_RW;

	if (cpu_features.lor)
		hcr |= HCR_EL2_TLOR;
	if (cpu_features.ras)
		hcr |= HCR_EL2_TERR | HCR_EL2_TEA;
	if (cpu_features.pauth)
		hcr |= HCR_EL2_API | HCR_EL2_APK;
	if (cpu_features.mte)
		hcr |= HCR_EL2_TID5; /* and ATA stays 0 */
	return hcr;
}

uint64_t guest_mdcr(void)
{
	uint64_t mdcr = MDCR_EL2_TDA | MDCR_EL2_TDOSA | MDCR_EL2_TDRA;

	if (cpu_features.pmu)
		mdcr |= MDCR_EL2_TPM | MDCR_EL2_TPMCR |
			FIELD_PREP(MDCR_EL2_HPMN, cpu_features.pmu_counters);
	if (cpu_features.spe)
		mdcr |= MDCR_EL2_TPMS; /* E2PB = 0: the buffer is EL2's */
	if (cpu_features.trf)
		mdcr |= MDCR_EL2_TTRF; /* E2TB = 0 likewise */
	return mdcr;
}

uint64_t guest_cptr(void)
{
	uint64_t cptr = CPTR_EL2_RES1 | CPTR_EL2_TZ | CPTR_EL2_TSM;

	if (cpu_features.trace)
		cptr |= CPTR_EL2_TTA;
	if (cpu_features.amu)
		cptr |= CPTR_EL2_TAM;
	return cptr;
}

uint64_t guest_hcrx(void)
{
	/* Everything else is off: what HCRX enables is not shown to guests. */
	return cpu_features.hcx && cpu_features.mops ? HCRX_EL2_MSCEN : 0;
}

/*
 * Fine-grained traps: zero is right. The bits whose names begin with n trap when 0: registers of features that are newer
 * than Lintel (TPIDR2, POR, PIR, GCS, ACCDATA ...). What the other bits could trap, coarser controls do already.
 */
static void setup_fine_grained_traps(void)
{
	if (!cpu_features.fgt)
		return;
	write_sysreg(0, HFGRTR_EL2);
	write_sysreg(0, HFGWTR_EL2);
	write_sysreg(0, HFGITR_EL2);
	write_sysreg(0, HDFGRTR_EL2);
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

void el2_setup_controls(void)
{
	write_sysreg(guest_hcr(), HCR_EL2);
	write_sysreg(guest_mdcr(), MDCR_EL2);
	write_sysreg(guest_cptr(), CPTR_EL2);
	write_sysreg(0, HSTR_EL2);
	write_sysreg(0, HACR_EL2);
	write_sysreg(CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN, CNTHCTL_EL2);
	write_sysreg(0, CNTVOFF_EL2);
	write_sysreg(read_sysreg(MIDR_EL1), VPIDR_EL2);
	if (cpu_features.hcx)
		write_sysreg(guest_hcrx(), HCRX_EL2);
	setup_fine_grained_traps();
	if (cpu_features.mpam)
		write_sysreg(MPAM2_EL2_TRAPMPAM0EL1 | MPAM2_EL2_TRAPMPAM1EL1, MPAM2_EL2);
	if (cpu_features.trf)
		write_sysreg(0, TRFCR_EL2);
	/* The real debug registers are quiet until a guest uses its own (hyp/trap/debug.c). */
	write_sysreg(0, MDSCR_EL1);
	if (cpu_features.ras) {
		write_sysreg(0, VSESR_EL2);
		write_sysreg(0, VDISR_EL2);
	}
	isb();
}
