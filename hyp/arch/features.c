/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"

struct cpu_features cpu_features;

#define HAS(reg, field) (FIELD_GET(reg##_##field, reg##_value) != 0)

static void read_pfr(struct cpu_features *f)
{
	uint64_t ID_AA64PFR0_EL1_value = read_sysreg(ID_AA64PFR0_EL1);
	uint64_t ID_AA64PFR1_EL1_value = read_sysreg(ID_AA64PFR1_EL1);

	f->aarch32_el0 = FIELD_GET(ID_AA64PFR0_EL1_EL0, ID_AA64PFR0_EL1_value) == 2;
	f->aarch32_el1 = FIELD_GET(ID_AA64PFR0_EL1_EL1, ID_AA64PFR0_EL1_value) == 2;
	f->ras = HAS(ID_AA64PFR0_EL1, RAS);
	f->sve = HAS(ID_AA64PFR0_EL1, SVE);
	f->amu = HAS(ID_AA64PFR0_EL1, AMU);
	f->mpam = HAS(ID_AA64PFR0_EL1, MPAM) || HAS(ID_AA64PFR1_EL1, MPAM_FRAC);
	f->bti = HAS(ID_AA64PFR1_EL1, BT);
	f->ssbs = HAS(ID_AA64PFR1_EL1, SSBS);
	f->mte = HAS(ID_AA64PFR1_EL1, MTE);
	f->sme = HAS(ID_AA64PFR1_EL1, SME);
	f->nmi = HAS(ID_AA64PFR1_EL1, NMI);
	f->gcs = HAS(ID_AA64PFR1_EL1, GCS);
}

static void read_isar(struct cpu_features *f)
{
	uint64_t ID_AA64ISAR1_EL1_value = read_sysreg(ID_AA64ISAR1_EL1);
	uint64_t ID_AA64ISAR2_EL1_value = read_sysreg(ID_AA64ISAR2_EL1);

	f->pauth = HAS(ID_AA64ISAR1_EL1, APA) || HAS(ID_AA64ISAR1_EL1, API) ||
		HAS(ID_AA64ISAR2_EL1, APA3);
	f->mops = HAS(ID_AA64ISAR2_EL1, MOPS);
}

/*
 * Bits of physical address by PARange; 52-bit addresses (6) need LPA2 tables, which Lintel doesn't
 * use.
 */
static uint8_t pa_bits_of(uint64_t mmfr0)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t range = FIELD_GET(ID_AA64MMFR0_EL1_PARANGE, mmfr0);

	return range < ARRAY_SIZE(bits) ? bits[range] : 48;
}

/* FEAT_NV2, by whichever field says so; and HCR_EL2.NV1, which it need not have. */
static void read_nesting(struct cpu_features *f)
{
	uint64_t mmfr4 = read_sysreg(ID_AA64MMFR4_EL1);

	f->nv2 = FIELD_GET(ID_AA64MMFR2_EL1_NV, read_sysreg(ID_AA64MMFR2_EL1)) >=
			ID_AA64MMFR2_NV_NV2 ||
		FIELD_GET(ID_AA64MMFR4_EL1_NV_FRAC, mmfr4) != 0;
	f->nv1 = f->nv2 && FIELD_GET(ID_AA64MMFR4_EL1_E2H0, mmfr4) != ID_AA64MMFR4_E2H0_NI_NV1;
}

static void read_mmfr(struct cpu_features *f)
{
	uint64_t ID_AA64MMFR0_EL1_value = read_sysreg(ID_AA64MMFR0_EL1);
	uint64_t ID_AA64MMFR1_EL1_value = read_sysreg(ID_AA64MMFR1_EL1);
	uint64_t ID_AA64MMFR2_EL1_value = read_sysreg(ID_AA64MMFR2_EL1);
	uint64_t ID_AA64MMFR3_EL1_value = read_sysreg(ID_AA64MMFR3_EL1);

	f->pa_bits = pa_bits_of(ID_AA64MMFR0_EL1_value);
	f->fgt = HAS(ID_AA64MMFR0_EL1, FGT);
	f->fgt2 = FIELD_GET(ID_AA64MMFR0_EL1_FGT, ID_AA64MMFR0_EL1_value) >= 2;
	f->ecv = HAS(ID_AA64MMFR0_EL1, ECV);
	f->vmid_bits = FIELD_GET(ID_AA64MMFR1_EL1_VMIDBITS, ID_AA64MMFR1_EL1_value) ==
			ID_AA64MMFR1_VMIDBITS_16BIT
		? 16
		: 8;
	f->pan = HAS(ID_AA64MMFR1_EL1, PAN);
	f->lor = HAS(ID_AA64MMFR1_EL1, LO);
	f->hcrx = HAS(ID_AA64MMFR1_EL1, HCX);
	f->fwb = HAS(ID_AA64MMFR2_EL1, FWB);
	f->tcr2 = HAS(ID_AA64MMFR3_EL1, TCRX);
	f->sctlr2 = HAS(ID_AA64MMFR3_EL1, SCTLRX);
}

static void read_dfr(struct cpu_features *f)
{
	uint64_t ID_AA64DFR0_EL1_value = read_sysreg(ID_AA64DFR0_EL1);
	uint64_t pmu = FIELD_GET(ID_AA64DFR0_EL1_PMUVER, ID_AA64DFR0_EL1_value);

	f->pmu = pmu != 0 && pmu != ID_AA64DFR0_PMUVER_IMPDEF;
	f->trace = HAS(ID_AA64DFR0_EL1, TRACEVER);
	f->trace_filter = HAS(ID_AA64DFR0_EL1, TRACEFILT);
	f->trbe = HAS(ID_AA64DFR0_EL1, TRACEBUFFER);
	f->spe = HAS(ID_AA64DFR0_EL1, PMSVER);
	f->brbe = HAS(ID_AA64DFR0_EL1, BRBE);
	f->double_lock = !HAS(ID_AA64DFR0_EL1, DOUBLELOCK);
	f->breakpoints = (uint8_t)FIELD_GET(ID_AA64DFR0_EL1_BRPS, ID_AA64DFR0_EL1_value) + 1;
	f->watchpoints = (uint8_t)FIELD_GET(ID_AA64DFR0_EL1_WRPS, ID_AA64DFR0_EL1_value) + 1;
}

void cpu_features_init(void)
{
	cpu_features = (struct cpu_features){ 0 };
	read_pfr(&cpu_features);
	read_isar(&cpu_features);
	read_mmfr(&cpu_features);
	read_nesting(&cpu_features);
	read_dfr(&cpu_features);
}

void cpu_features_limit(void)
{
	struct cpu_features here;

	read_nesting(&here);
	cpu_features.nv2 = cpu_features.nv2 && here.nv2;
	cpu_features.nv1 = cpu_features.nv1 && here.nv1;
	if (FIELD_GET(ID_AA64PFR0_EL1_EL1, read_sysreg(ID_AA64PFR0_EL1)) != 2)
		cpu_features.aarch32_el1 = false;
}

bool cpu_features_suffice(void)
{
	return !cpu_features.fwb || FIELD_GET(ID_AA64MMFR2_EL1_FWB, read_sysreg(ID_AA64MMFR2_EL1));
}
