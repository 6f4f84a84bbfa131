/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/idreg.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/string.h"
#include "hyp/vm/vm.h"
#include "mm/regime.h"
#include "mm/stage2_regs.h"

/* The space: CRm 1..7 and op2 of 3, 0, c0. Its registers' place in the tables is CRm << 3 | op2. */
#define SPACE_FIRST     SYSREG_ENC(3, 0, 0, 1, 0)
#define SPACE_LAST      SYSREG_ENC(3, 0, 0, 7, 7)
#define PLACES          64
#define PLACE(encoding) ((encoding) & (PLACES - 1))

/* For a VM without a virtual EL2, and with one of each form (enum virtual_el2). */
#define FORMS           (VIRTUAL_EL2_NON_VHE + 1)

static uint64_t shown[FORMS][PLACES];
static uint64_t revidr, aidr;

enum rule {
	RULE_AT_MOST, /* unsigned: the CPU's value, but no more than the limit */
	RULE_SIGNED, /* the same, where 8..15 are negative and mean "not there" (Arm ARM D24.1.3) */
	RULE_FIXED,  /* the limit itself, whatever the CPU has */
};

struct field {
	uint8_t place;
	uint8_t shift;
	uint8_t rule;
	uint8_t limit;
};

#define FIELD(reg, shift, rule, limit)               \
	{                                            \
		PLACE(SYS_##reg), shift, rule, limit \
	}
/* A register's field, its lowest bit, and the highest value that Lintel supports. */
#define AT_MOST(reg, field, shift, limit) FIELD(reg, shift, RULE_AT_MOST, limit)
#define SIGNED(reg, field, shift, limit)  FIELD(reg, shift, RULE_SIGNED, limit)
#define FIXED(reg, field, shift, value)   FIELD(reg, shift, RULE_FIXED, value)

/* Every field a guest may see something in; Arm ARM D24.2. */
static const struct field fields64[] = {
	AT_MOST(ID_AA64PFR0_EL1, EL0, 0, 2),
	FIXED(ID_AA64PFR0_EL1, EL1, 4, 1), /* no AArch32 there */
	SIGNED(ID_AA64PFR0_EL1, FP, 16, 1),
	SIGNED(ID_AA64PFR0_EL1, AdvSIMD, 20, 1),
	FIXED(ID_AA64PFR0_EL1, GIC, 24, 1),   /* the virtual interface */
	AT_MOST(ID_AA64PFR0_EL1, RAS, 28, 1), /* with no error records */
	AT_MOST(ID_AA64PFR0_EL1, DIT, 48, 1),
	AT_MOST(ID_AA64PFR0_EL1, CSV2, 56, 1), /* 2: SCXTNUM_ELx, which aren't switched */
	AT_MOST(ID_AA64PFR0_EL1, CSV3, 60, 1),

	AT_MOST(ID_AA64PFR1_EL1, BT, 0, 1),
	AT_MOST(ID_AA64PFR1_EL1, SSBS, 4, 2),

	AT_MOST(ID_AA64DFR0_EL1, DebugVer, 0, 9), /* 10, 11: MDSELR_EL1, more breakpoints */
	AT_MOST(ID_AA64DFR0_EL1, BRPs, 12, 15),
	AT_MOST(ID_AA64DFR0_EL1, WRPs, 20, 15),
	AT_MOST(ID_AA64DFR0_EL1, CTX_CMPs, 28, 15),
	FIXED(ID_AA64DFR0_EL1, DoubleLock, 36, 15), /* none: OSDLR_EL1 is RAZ/WI */

	AT_MOST(ID_AA64ISAR0_EL1, AES, 4, 2),
	AT_MOST(ID_AA64ISAR0_EL1, SHA1, 8, 1),
	AT_MOST(ID_AA64ISAR0_EL1, SHA2, 12, 2),
	AT_MOST(ID_AA64ISAR0_EL1, CRC32, 16, 1),
	AT_MOST(ID_AA64ISAR0_EL1, Atomic, 20, 3),
	AT_MOST(ID_AA64ISAR0_EL1, RDM, 28, 1),
	AT_MOST(ID_AA64ISAR0_EL1, SHA3, 32, 1),
	AT_MOST(ID_AA64ISAR0_EL1, SM3, 36, 1),
	AT_MOST(ID_AA64ISAR0_EL1, SM4, 40, 1),
	AT_MOST(ID_AA64ISAR0_EL1, DP, 44, 1),
	AT_MOST(ID_AA64ISAR0_EL1, FHM, 48, 1),
	AT_MOST(ID_AA64ISAR0_EL1, TS, 52, 2),
	AT_MOST(ID_AA64ISAR0_EL1, TLB, 56, 2),
	AT_MOST(ID_AA64ISAR0_EL1, RNDR, 60, 1),

	AT_MOST(ID_AA64ISAR1_EL1, DPB, 0, 2),
	AT_MOST(ID_AA64ISAR1_EL1, APA, 4, 5),
	AT_MOST(ID_AA64ISAR1_EL1, API, 8, 5),
	AT_MOST(ID_AA64ISAR1_EL1, JSCVT, 12, 1),
	AT_MOST(ID_AA64ISAR1_EL1, FCMA, 16, 1),
	AT_MOST(ID_AA64ISAR1_EL1, LRCPC, 20, 3),
	AT_MOST(ID_AA64ISAR1_EL1, GPA, 24, 1),
	AT_MOST(ID_AA64ISAR1_EL1, GPI, 28, 1),
	AT_MOST(ID_AA64ISAR1_EL1, FRINTTS, 32, 1),
	AT_MOST(ID_AA64ISAR1_EL1, SB, 36, 1),
	AT_MOST(ID_AA64ISAR1_EL1, SPECRES, 40, 2),
	AT_MOST(ID_AA64ISAR1_EL1, BF16, 44, 2),
	AT_MOST(ID_AA64ISAR1_EL1, DGH, 48, 1),
	AT_MOST(ID_AA64ISAR1_EL1, I8MM, 52, 1),
	AT_MOST(ID_AA64ISAR1_EL1, XS, 56, 1),

	AT_MOST(ID_AA64ISAR2_EL1, RPRES, 4, 1),
	AT_MOST(ID_AA64ISAR2_EL1, GPA3, 8, 1),
	AT_MOST(ID_AA64ISAR2_EL1, APA3, 12, 5),
	AT_MOST(ID_AA64ISAR2_EL1, MOPS, 16, 1), /* but see hide_what_is_off() */
	AT_MOST(ID_AA64ISAR2_EL1, BC, 20, 1),
	AT_MOST(ID_AA64ISAR2_EL1, PAC_frac, 24, 1),
	AT_MOST(ID_AA64ISAR2_EL1, CLRBHB, 28, 1),
	AT_MOST(ID_AA64ISAR2_EL1, PRFMSLC, 40, 1),
	AT_MOST(ID_AA64ISAR2_EL1, RPRFM, 48, 1),
	AT_MOST(ID_AA64ISAR2_EL1, CSSC, 52, 1),
	AT_MOST(ID_AA64ISAR2_EL1, LUT, 56, 1),

	AT_MOST(ID_AA64ISAR3_EL1, FAMINMAX, 4, 1),

	/* PARange: idreg_read(). TGranN_2 are 0, "as TGranN", as without EL2. */
	AT_MOST(ID_AA64MMFR0_EL1, ASIDBits, 4, 2),
	AT_MOST(ID_AA64MMFR0_EL1, BigEnd, 8, 1),
	AT_MOST(ID_AA64MMFR0_EL1, BigEndEL0, 16, 1),
	AT_MOST(ID_AA64MMFR0_EL1, TGran16, 20, 1), /* 2: LPA2 */
	SIGNED(ID_AA64MMFR0_EL1, TGran64, 24, 0),
	SIGNED(ID_AA64MMFR0_EL1, TGran4, 28, 0), /* 1: LPA2 */
	AT_MOST(ID_AA64MMFR0_EL1, ExS, 44, 1),
	AT_MOST(ID_AA64MMFR0_EL1, ECV, 60, 1), /* 2: CNTPOFF_EL2 */

	AT_MOST(ID_AA64MMFR1_EL1, HAFDBS, 0, 2), /* 3: by TCR2_EL1 */
	AT_MOST(ID_AA64MMFR1_EL1, HPDS, 12, 2),
	AT_MOST(ID_AA64MMFR1_EL1, PAN, 20, 3),
	AT_MOST(ID_AA64MMFR1_EL1, SpecSEI, 24, 1),
	AT_MOST(ID_AA64MMFR1_EL1, ETS, 36, 2),
	AT_MOST(ID_AA64MMFR1_EL1, AFP, 44, 1),
	AT_MOST(ID_AA64MMFR1_EL1, nTLBPA, 48, 1),
	AT_MOST(ID_AA64MMFR1_EL1, ECBHB, 60, 1),

	AT_MOST(ID_AA64MMFR2_EL1, CnP, 0, 1),
	AT_MOST(ID_AA64MMFR2_EL1, UAO, 4, 1),
	AT_MOST(ID_AA64MMFR2_EL1, LSM, 8, 1),
	AT_MOST(ID_AA64MMFR2_EL1, IESB, 12, 1),
	AT_MOST(ID_AA64MMFR2_EL1, VARange, 16, 1),
	AT_MOST(ID_AA64MMFR2_EL1, CCIDX, 20, 1),
	/* ST is hidden */
	AT_MOST(ID_AA64MMFR2_EL1, AT, 32, 1),
	AT_MOST(ID_AA64MMFR2_EL1, IDS, 36, 1),
	AT_MOST(ID_AA64MMFR2_EL1, TTL, 48, 1),
	AT_MOST(ID_AA64MMFR2_EL1, BBM, 52, 2),
	AT_MOST(ID_AA64MMFR2_EL1, E0PD, 60, 1),

	AT_MOST(ID_AA64MMFR3_EL1, Spec_FPACC, 60, 1),
};

/* AArch32 at EL0, where the CPU has it; what is about EL1 and above is 0 (Arm ARM G8.2, ID_PFR1:
 * EL1 can't use AArch32). */
static const struct field fields32[] = {
	AT_MOST(ID_PFR0_EL1, State0, 0, 15),
	AT_MOST(ID_PFR0_EL1, State1, 4, 15),
	AT_MOST(ID_PFR0_EL1, State2, 8, 15),
	AT_MOST(ID_PFR0_EL1, State3, 12, 15),
	AT_MOST(ID_PFR0_EL1, CSV2, 16, 1),
	AT_MOST(ID_PFR0_EL1, DIT, 24, 1),
	AT_MOST(ID_PFR0_EL1, RAS, 28, 1),
	AT_MOST(ID_PFR1_EL1, GenTimer, 16, 1),
	FIXED(ID_PFR1_EL1, GIC, 28, 1),
	AT_MOST(ID_PFR2_EL1, CSV3, 0, 1),
	AT_MOST(ID_PFR2_EL1, SSBS, 4, 1),
	AT_MOST(ID_DFR0_EL1, CopDbg, 0, 9),
	AT_MOST(ID_MMFR4_EL1, SpecSEI, 0, 1),
	AT_MOST(ID_MMFR4_EL1, AC2, 4, 1),
	AT_MOST(ID_MMFR4_EL1, CnP, 12, 1),
	AT_MOST(ID_MMFR4_EL1, HPDS, 16, 2),
	AT_MOST(ID_MMFR4_EL1, LSM, 20, 1),
	AT_MOST(ID_MMFR4_EL1, CCIDX, 24, 1),
	AT_MOST(ID_MMFR5_EL1, ETS, 0, 2),
	AT_MOST(ID_MMFR5_EL1, nTLBPA, 4, 1),
	AT_MOST(ID_ISAR5_EL1, SEVL, 0, 1),
	AT_MOST(ID_ISAR5_EL1, AES, 4, 2),
	AT_MOST(ID_ISAR5_EL1, SHA1, 8, 1),
	AT_MOST(ID_ISAR5_EL1, SHA2, 12, 1),
	AT_MOST(ID_ISAR5_EL1, CRC32, 16, 1),
	AT_MOST(ID_ISAR5_EL1, RDM, 24, 1),
	AT_MOST(ID_ISAR5_EL1, VCMA, 28, 1),
	AT_MOST(ID_ISAR6_EL1, JSCVT, 0, 1),
	AT_MOST(ID_ISAR6_EL1, DP, 4, 1),
	AT_MOST(ID_ISAR6_EL1, FHM, 8, 1),
	AT_MOST(ID_ISAR6_EL1, SB, 12, 1),
	AT_MOST(ID_ISAR6_EL1, SPECRES, 16, 2),
	AT_MOST(ID_ISAR6_EL1, BF16, 20, 1),
	AT_MOST(ID_ISAR6_EL1, I8MM, 24, 1),
	AT_MOST(ID_ISAR6_EL1, CLRBHB, 28, 1),
};

/* The 32-bit registers whose every field is about instructions and memory as EL0 and its kernel
 * find them: as they are. */
static const uint8_t whole32[] = {
	PLACE(SYS_ID_MMFR0_EL1),
	PLACE(SYS_ID_MMFR1_EL1),
	PLACE(SYS_ID_MMFR2_EL1),
	PLACE(SYS_ID_MMFR3_EL1),
	PLACE(SYS_ID_ISAR0_EL1),
	PLACE(SYS_ID_ISAR1_EL1),
	PLACE(SYS_ID_ISAR2_EL1),
	PLACE(SYS_ID_ISAR3_EL1),
	PLACE(SYS_ID_ISAR4_EL1),
	PLACE(SYS_MVFR0_EL1),
	PLACE(SYS_MVFR1_EL1),
	PLACE(SYS_MVFR2_EL1),
};

/*
 * What a guest hypervisor sees instead. Stage 2 is walked in software, so that it may have what the
 * walkers know (mm/walk_s2.h) and the shadows can express: XNX only where the CPU has it. No
 * FEAT_NV, no LORegions, no PMU, SVE, MTE ... as for all guests.
 */
static const struct field fields_el2[] = {
	FIXED(ID_AA64PFR0_EL1, EL2, 8, 1),       /* AArch64 alone */
	FIXED(ID_AA64ISAR1_EL1, SPECRES, 40, 0), /* trapped at virtual EL2 */
	FIXED(ID_AA64MMFR0_EL1, ExS, 44, 0),     /* SCTLR_EL2 without VHE has none */
	AT_MOST(ID_AA64MMFR0_EL1, FGT, 56, 1),   /* hyp/nested/forward.h */
	AT_MOST(ID_AA64MMFR1_EL1, VMIDBits, 4, 2),
	AT_MOST(ID_AA64MMFR1_EL1, XNX, 28, 1),
	FIXED(ID_AA64MMFR1_EL1, ETS, 36, 0), /* nor nTLBPA: not for what shadows have */
	AT_MOST(ID_AA64MMFR1_EL1, HCX, 40, 1),
	FIXED(ID_AA64MMFR1_EL1, nTLBPA, 48, 0),
	AT_MOST(ID_AA64MMFR2_EL1, FWB, 40, 1), /* hyp/nested/shadow_fill.c */
	FIXED(ID_AA64MMFR2_EL1, BBM, 52, 0),   /* mm/walk_s2.h knows no nT bit */
	AT_MOST(ID_AA64MMFR2_EL1, EVT, 56, 2),
};

static const struct field fields_vhe[] = {
	FIXED(ID_AA64MMFR1_EL1, VH, 8, 1),
	FIXED(ID_AA64MMFR4_EL1, E2H0, 24, 14), /* HCR_EL2.E2H is RES1, there is no NV1 */
};

/* TGranN_2: of stage 2, said in so many words. */
#define GRANULE_2_NONE 1
#define GRANULE_2      2

static const struct {
	uint8_t granule, shift;
} granules_s2[] = {
	{ REGIME_16K, 32 },
	{ REGIME_64K, 36 },
	{ REGIME_4K, 40 },
};

/* All modes of AArch32: EL1 can use it. */
#define ID_PFR1_EL1_PROGMOD BIT(0)

#define FIELD_MASK          15u
#define NEGATIVE            8u

/* The rows of sysreg.def with trap class ID, as the CPU has them. */
static void read_all(uint64_t real[PLACES])
{
#define READ_ID(name) real[PLACE(SYS_##name)] = read_sysreg(name);
#define READ_NEVER(name)
#define READ_UNDEF(name)
#define READ_RAZWI(name)
#define READ_DEBUG(name)
#define READ_SGI(name)
#define READ_ICC(name)
#define READ_SETWAY(name)
#define READ_CMO(name)
#define READ_VM(name)
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) READ_##trap(name)
#include "hyp/arch/sysreg.def"
#undef SYSREG
}

/* The fields into a table, over what is there of them. */
static void show(uint64_t table[PLACES], const struct field *fields, unsigned count,
	const uint64_t real[PLACES])
{
	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		unsigned value = (unsigned)(real[f->place] >> f->shift) & FIELD_MASK;

		if (f->rule == RULE_FIXED)
			value = f->limit;
		else if (f->rule == RULE_AT_MOST || value < NEGATIVE)
			value = MIN(value, f->limit);
		table[f->place] &= ~((uint64_t)FIELD_MASK << f->shift);
		table[f->place] |= (uint64_t)value << f->shift;
	}
}

/* Features of which EL2 has a switch that isn't on for guests. */
static void hide_what_is_off(uint64_t table[PLACES])
{
	if (!cpu_features.hcrx)
		table[PLACE(SYS_ID_AA64ISAR2_EL1)] &= ~ID_AA64ISAR2_EL1_MOPS;
}

static void show_aarch32(uint64_t table[PLACES], const uint64_t real[PLACES])
{
	show(table, fields32, ARRAY_SIZE(fields32), real);
	for (unsigned i = 0; i < ARRAY_SIZE(whole32); i++)
		table[whole32[i]] = (uint32_t)real[whole32[i]];
}

static void show_el2(uint64_t table[PLACES], const uint64_t real[PLACES])
{
	unsigned mmfr0 = PLACE(SYS_ID_AA64MMFR0_EL1);
	unsigned granules = regime_granules_s2(real[mmfr0]);

	memcpy(table, shown[VIRTUAL_EL2_NONE], sizeof(shown[VIRTUAL_EL2_NONE]));
	show(table, fields_el2, ARRAY_SIZE(fields_el2), real);
	for (unsigned i = 0; i < ARRAY_SIZE(granules_s2); i++) {
		bool has = granules & granules_s2[i].granule;

		table[mmfr0] |= (uint64_t)(has ? GRANULE_2 : GRANULE_2_NONE)
			<< granules_s2[i].shift;
	}
}

void idreg_init(void)
{
	uint64_t real[PLACES] = { 0 };

	read_all(real);
	/* Not of the space: their places are those of CRm 0. */
	revidr = real[PLACE(SYS_REVIDR_EL1)];
	aidr = real[PLACE(SYS_AIDR_EL1)];
	memset(shown, 0, sizeof(shown));
	show(shown[VIRTUAL_EL2_NONE], fields64, ARRAY_SIZE(fields64), real);
	hide_what_is_off(shown[VIRTUAL_EL2_NONE]);
	if (cpu_features.aarch32_el0)
		show_aarch32(shown[VIRTUAL_EL2_NONE], real);
	show_el2(shown[VIRTUAL_EL2_VHE], real);
	show_el2(shown[VIRTUAL_EL2_NON_VHE], real);
	show(shown[VIRTUAL_EL2_VHE], fields_vhe, ARRAY_SIZE(fields_vhe), real);
}

bool idreg_read(const struct vcpu *vcpu, unsigned encoding, uint64_t *value)
{
	if (encoding == SYS_REVIDR_EL1) {
		*value = revidr;
		return true;
	}
	if (encoding == SYS_AIDR_EL1) {
		*value = aidr;
		return true;
	}
	if (encoding < SPACE_FIRST || encoding > SPACE_LAST)
		return false;
	*value = shown[vcpu->vm->policy.virtual_el2][PLACE(encoding)];
	if (encoding == SYS_ID_PFR1_EL1 && vcpu->aarch32)
		*value |= ID_PFR1_EL1_PROGMOD;
	if (encoding == SYS_ID_AA64MMFR0_EL1)
		*value |= FIELD_PREP(
			ID_AA64MMFR0_EL1_PARANGE, pa_bits_field(vcpu->vm->stage2.ipa_bits));
	return true;
}
