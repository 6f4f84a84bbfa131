/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every trap that a hypervisor can set for its guest, one bit at a time: MDCR_EL2, CNTHCTL_EL2,
 * ICH_HCR_EL2, the fine-grained traps, and of HCR_EL2 and HCRX_EL2 what exits.c hasn't got. And the
 * bits that do nothing: HCR_EL2.{NV,NV1,NV2}, where FEAT_NV isn't shown.
 */
#include "hyp.h"

#define ICH_HCR_EL2 S3_4_C12_C11_0
#define HCRX_EL2    S3_4_C1_C2_2
#define HFGRTR_EL2  S3_4_C1_C1_4
#define HFGWTR_EL2  S3_4_C1_C1_5
#define HFGITR_EL2  S3_4_C1_C1_6
#define HDFGRTR_EL2 S3_4_C3_C1_4
#define HDFGWTR_EL2 S3_4_C3_C1_5

#define HCR_TID4    BIT(49)
#define HCR_TICAB   BIT(50)
#define HCR_TOCU    BIT(52)
#define HCR_TTLBIS  BIT(54)
#define HCR_TTLBOS  BIT(55)
#define MDCR_TDE    BIT(8)
#define MDCR_TDA    BIT(9)
#define MDCR_TDOSA  BIT(10)
#define MDCR_TDRA   BIT(11)
#define HCRX_MSCEN  BIT(11)

#define INSN_PACGA  0x9ac23020u /* pacga x0, x1, x2 */
#define INSN_CPYFP  0x19010440u /* cpyfp [x0]!, [x1]!, x2! and the two that follow it */
#define INSN_CPYFM  0x19410440u
#define INSN_CPYFE  0x19810440u
#define EC_PAUTH    0x09
#define EC_BRK      0x3c

/* One access: read, written, or a SYS instruction. */
#define R           1
#define W           2
#define RW          3

enum needs { ALWAYS, PAUTH, RAS, EVT1, EVT2, ECV, TLB_OS, TLB_RANGE, DPB, DPB2, PAN2, NR_NEEDS };

struct row {
	u8 bit;
	u8 ways;
	u8 needs;
	u8 op0, op1, crn, crm, op2;
};

/* Fields of ID registers, four bits each. */
static u32 feature(enum needs needs)
{
	u64 isar0 = mrs(id_aa64isar0_el1), isar1 = mrs(id_aa64isar1_el1);
	u64 mmfr0 = mrs(id_aa64mmfr0_el1), mmfr1 = mrs(id_aa64mmfr1_el1), mmfr2 = mrs(S3_0_C0_C7_2);
	u64 isar2 = mrs(S3_0_C0_C6_2);

	switch (needs) {
	case PAUTH:
		return (isar1 & (GENMASK(11, 4) | GENMASK(31, 24))) || (isar2 & GENMASK(15, 8));
	case RAS:
		return FIELD_GET(GENMASK(31, 28), mrs(id_aa64pfr0_el1)) >= 1;
	case EVT1:
		return FIELD_GET(GENMASK(59, 56), mmfr2) >= 1;
	case EVT2:
		return FIELD_GET(GENMASK(59, 56), mmfr2) >= 2;
	case ECV:
		return FIELD_GET(GENMASK(63, 60), mmfr0) >= 1;
	case TLB_OS:
		return FIELD_GET(GENMASK(59, 56), isar0) >= 1;
	case TLB_RANGE:
		return FIELD_GET(GENMASK(59, 56), isar0) >= 2;
	case DPB:
		return FIELD_GET(GENMASK(3, 0), isar1) >= 1;
	case DPB2:
		return FIELD_GET(GENMASK(3, 0), isar1) >= 2;
	case PAN2:
		return FIELD_GET(GENMASK(23, 20), mmfr1) >= 2;
	default:
		return 1;
	}
}

/* Runs the access in an inner guest; is it trapped, as it is? x3 is what is written. */
static bool is_trapped(const struct row *row, bool read)
{
	struct inner inner = { 0 };
	u32 reg = SYSREG(row->op0, row->op1, row->crn, row->crm, row->op2);
	u32 insn = read ? INSN_MRS(reg, 3) : INSN_MSR(reg, 3);
	u64 esr = ESR_SYSREG(row->op0, row->op1, row->crn, row->crm, row->op2, 3, read);

	inner.x[3] = test_block(0);
	INNER_RUN(&inner, INNER_EL1, insn);
	if (inner.vector == INNER_SYNC && inner.esr == esr && inner.pc == inner_code_page())
		return true;
	tap_note("bit %u, %s of %u,%u,%u,%u,%u: vector %lu ESR %lx (not %lx) PC %lx", row->bit,
		read ? "read" : "write", row->op0, row->op1, row->crn, row->crm, row->op2,
		inner.vector, inner.esr, esr, inner.pc);
	return false;
}

/* The rows one after the other, each with its bit alone. */
#define TRAPS(rows, set, clear, what)                                                        \
	do {                                                                                 \
		for (u32 i_ = 0; i_ < ARRAY_SIZE(rows); i_++) {                              \
			if (!feature((enum needs)(rows)[i_].needs))                          \
				continue;                                                    \
			set;                                                                 \
			isb();                                                               \
			if ((rows)[i_].ways & R)                                             \
				tap_ok(is_trapped(&(rows)[i_], true), what, (rows)[i_].bit,  \
					"read");                                             \
			if ((rows)[i_].ways & W)                                             \
				tap_ok(is_trapped(&(rows)[i_], false), what, (rows)[i_].bit, \
					"write");                                            \
			clear;                                                               \
			isb();                                                               \
		}                                                                            \
	} while (0)
#define BIT_OF(rows) BIT((rows)[i_].bit)

/* --- HCR_EL2 --- */

static const struct row hcr_rows[] = {
	{ 44, W, ALWAYS, 1, 0, 7, 8, 0 },    /* AT S1E1R */
	{ 44, W, ALWAYS, 1, 0, 7, 8, 3 },    /* AT S1E0W */
	{ 44, W, PAN2, 1, 0, 7, 9, 0 },      /* AT S1E1RP */
	{ 49, R, EVT1, 3, 1, 0, 0, 0 },      /* TID4: CCSIDR_EL1 */
	{ 49, R, EVT1, 3, 1, 0, 0, 1 },      /* CLIDR_EL1 */
	{ 49, RW, EVT1, 3, 2, 0, 0, 0 },     /* CSSELR_EL1 */
	{ 50, W, EVT1, 1, 0, 7, 1, 0 },      /* TICAB: IC IALLUIS */
	{ 52, W, EVT1, 1, 3, 7, 5, 1 },      /* TOCU: IC IVAU */
	{ 52, W, EVT1, 1, 0, 7, 5, 0 },      /* IC IALLU */
	{ 52, W, EVT1, 1, 3, 7, 11, 1 },     /* DC CVAU */
	{ 54, W, EVT2, 1, 0, 8, 3, 0 },      /* TTLBIS: TLBI VMALLE1IS */
	{ 54, W, EVT2, 1, 0, 8, 3, 7 },      /* TLBI VAALE1IS */
	{ 55, W, EVT2, 1, 0, 8, 1, 0 },      /* TTLBOS: TLBI VMALLE1OS */
	{ 25, W, TLB_RANGE, 1, 0, 8, 6, 1 }, /* TTLB: TLBI RVAE1 */
	{ 36, R, RAS, 3, 0, 5, 3, 0 },       /* TERR: ERRIDR_EL1 */
};

static void hcr(void)
{
	struct inner inner = { 0 };

	TRAPS(hcr_rows, msr(HCR_EL2, el2_hcr() | BIT_OF(hcr_rows)), msr(HCR_EL2, el2_hcr()),
		"HCR_EL2 bit %u: %s");
	if (!feature(PAUTH)) {
		tap_skip("HCR_EL2.API and APK", "no pointer authentication");
		return;
	}
	msr(HCR_EL2, el2_hcr() & ~HCR_APK);
	isb();
	tap_ok(is_trapped(&(const struct row){ 40, RW, 0, 3, 0, 2, 1, 0 }, true),
		"HCR_EL2.APK = 0: a key read");
	tap_ok(is_trapped(&(const struct row){ 40, RW, 0, 3, 0, 2, 3, 1 }, false),
		"HCR_EL2.APK = 0: a key written");
	msr(HCR_EL2, el2_hcr() & ~HCR_API);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_PACGA);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_PAUTH, 0), "HCR_EL2.API = 0: PACGA");
	msr(HCR_EL2, el2_hcr());
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_PACGA, INSN_MRS(SYSREG(3, 0, 2, 1, 0), 4));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "with both neither traps");
}

/* FEAT_NV isn't shown by Lintel: its bits do nothing to the inner guest. */
static void no_nv(void)
{
	struct inner inner = { 0 };

	if (!under_lintel()) {
		tap_skip("HCR_EL2.{NV,NV1,NV2}", "this machine has them");
		return;
	}
	tap_is(FIELD_GET(GENMASK(27, 24), mrs(S3_0_C0_C7_2)), 0, "ID_AA64MMFR2_EL1.NV");
	msr(HCR_EL2, el2_hcr() | HCR_NV | HCR_NV1 | HCR_NV2);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 0, 4, 2, 2), 0));
	tap_is(inner.x[0], CURRENT_EL1, "with HCR_EL2.NV* CurrentEL is EL1 there");
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 4, 1, 1, 0), 0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "HCR_EL2 is its EL1's to complain of");
	tap_is(el1_esr(), ESR_UNDEF, "undefined");
	msr(HCR_EL2, el2_hcr());
	isb();
	inner_plain();
}

/* --- MDCR_EL2 --- */

static const struct row mdcr_rows[] = {
	{ 9, RW, ALWAYS, 2, 0, 0, 2, 2 }, /* TDA: MDSCR_EL1 */
	{ 9, RW, ALWAYS, 2, 0, 0, 0, 4 }, /* DBGBVR0_EL1 */
	{ 9, RW, ALWAYS, 2, 0, 0, 1, 7 }, /* DBGWCR1_EL1 */
	{ 9, R, ALWAYS, 2, 3, 0, 1, 0 },  /* MDCCSR_EL0 */
	{ 9, RW, ALWAYS, 2, 0, 7, 8, 6 }, /* DBGCLAIMSET_EL1 */
	{ 10, W, ALWAYS, 2, 0, 1, 0, 4 }, /* TDOSA: OSLAR_EL1 */
	{ 10, R, ALWAYS, 2, 0, 1, 1, 4 }, /* OSLSR_EL1 */
	{ 11, R, ALWAYS, 2, 0, 1, 0, 0 }, /* TDRA: MDRAR_EL1 */
	{ 8, RW, ALWAYS, 2, 0, 0, 2, 2 }, /* TDE: MDSCR_EL1 */
	{ 8, R, ALWAYS, 2, 0, 1, 1, 4 },  /* OSLSR_EL1 */
	{ 8, R, ALWAYS, 2, 0, 1, 0, 0 },  /* MDRAR_EL1 */
};

static void mdcr(void)
{
	u64 plain = mrs(MDCR_EL2);
	struct inner inner = { 0 };

	TRAPS(mdcr_rows, msr(MDCR_EL2, plain | BIT_OF(mdcr_rows)), msr(MDCR_EL2, plain),
		"MDCR_EL2 bit %u: %s");
	msr(MDCR_EL2, plain | MDCR_TDE);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_BRK(5));
	left_by(&inner, INNER_SYNC, ESR_OF(EC_BRK, 5), "MDCR_EL2.TDE: BRK at EL1");
	INNER_RUN(&inner, INNER_EL0, INSN_BRK(6));
	left_by(&inner, INNER_SYNC, ESR_OF(EC_BRK, 6), "MDCR_EL2.TDE: BRK at EL0");
	msr(MDCR_EL2, plain);
	isb();
	INNER_RUN(&inner, INNER_EL0, INSN_BRK(7));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), "without it BRK is its EL1's");
	tap_is(el1_esr(), ESR_OF(EC_BRK, 7), "with its syndrome");
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(2, 0, 0, 2, 2), 0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "without TDA it reads MDSCR_EL1");
}

/* --- CNTHCTL_EL2 --- */

/* With E2H = 0; the first two are ten bits higher with it, and trap when they are clear. */
static const struct row clear_rows[] = {
	{ 0, R, ALWAYS, 3, 3, 14, 0, 1 },  /* EL1PCTEN: CNTPCT_EL0 */
	{ 1, RW, ALWAYS, 3, 3, 14, 2, 1 }, /* EL1PCEN: CNTP_CTL_EL0 */
	{ 1, RW, ALWAYS, 3, 3, 14, 2, 2 }, /* CNTP_CVAL_EL0 */
	{ 1, RW, ALWAYS, 3, 3, 14, 2, 0 }, /* CNTP_TVAL_EL0 */
};
static const struct row set_rows[] = {
	{ 13, RW, ECV, 3, 3, 14, 3, 1 }, /* EL1TVT: CNTV_CTL_EL0 */
	{ 13, RW, ECV, 3, 3, 14, 3, 2 }, /* CNTV_CVAL_EL0 */
	{ 13, RW, ECV, 3, 3, 14, 3, 0 }, /* CNTV_TVAL_EL0 */
	{ 14, R, ECV, 3, 3, 14, 0, 2 },  /* EL1TVCT: CNTVCT_EL0 */
};

static void cnthctl(void)
{
	u64 plain = mrs(CNTHCTL_EL2);
	u32 shift = vhe() ? 10 : 0;

	TRAPS(clear_rows, msr(CNTHCTL_EL2, plain & ~(BIT_OF(clear_rows) << shift)),
		msr(CNTHCTL_EL2, plain), "CNTHCTL_EL2 bit %u (E2H = 0) clear: %s");
	TRAPS(set_rows, msr(CNTHCTL_EL2, plain | BIT_OF(set_rows)), msr(CNTHCTL_EL2, plain),
		"CNTHCTL_EL2 bit %u: %s");
}

/* --- ICH_HCR_EL2 --- */

static const struct row ich_rows[] = {
	{ 10, RW, ALWAYS, 3, 0, 4, 6, 0 },   /* TC: ICC_PMR_EL1 */
	{ 10, RW, ALWAYS, 3, 0, 12, 12, 4 }, /* ICC_CTLR_EL1 */
	{ 10, R, ALWAYS, 3, 0, 12, 11, 3 },  /* ICC_RPR_EL1 */
	{ 10, W, ALWAYS, 3, 0, 12, 11, 1 },  /* ICC_DIR_EL1 */
	{ 11, R, ALWAYS, 3, 0, 12, 8, 0 },   /* TALL0: ICC_IAR0_EL1 */
	{ 11, RW, ALWAYS, 3, 0, 12, 12, 6 }, /* ICC_IGRPEN0_EL1 */
	{ 11, RW, ALWAYS, 3, 0, 12, 8, 4 },  /* ICC_AP0R0_EL1 */
	{ 12, R, ALWAYS, 3, 0, 12, 12, 0 },  /* TALL1: ICC_IAR1_EL1 */
	{ 12, W, ALWAYS, 3, 0, 12, 12, 1 },  /* ICC_EOIR1_EL1 */
	{ 12, RW, ALWAYS, 3, 0, 12, 12, 3 }, /* ICC_BPR1_EL1 */
	{ 14, W, ALWAYS, 3, 0, 12, 11, 1 },  /* TDIR: ICC_DIR_EL1 */
};

static void ich(void)
{
	TRAPS(ich_rows, msr(ICH_HCR_EL2, BIT_OF(ich_rows)), msr(ICH_HCR_EL2, 0),
		"ICH_HCR_EL2 bit %u: %s");
}

/* --- fine-grained traps --- */

static const struct row fine_rows[] = {
	{ 0, RW, ALWAYS, 3, 0, 5, 1, 0 },
	{ 1, RW, ALWAYS, 3, 0, 5, 1, 1 },
	{ 2, R, ALWAYS, 3, 1, 0, 0, 7 },
	{ 3, RW, ALWAYS, 3, 0, 10, 3, 0 },
	{ 4, RW, PAUTH, 3, 0, 2, 2, 0 },
	{ 5, RW, PAUTH, 3, 0, 2, 2, 3 },
	{ 6, RW, PAUTH, 3, 0, 2, 3, 0 },
	{ 7, RW, PAUTH, 3, 0, 2, 1, 1 },
	{ 8, RW, PAUTH, 3, 0, 2, 1, 2 },
	{ 9, R, ALWAYS, 3, 1, 0, 0, 0 },
	{ 10, R, ALWAYS, 3, 1, 0, 0, 1 },
	{ 11, RW, ALWAYS, 3, 0, 13, 0, 1 },
	{ 12, RW, ALWAYS, 3, 0, 1, 0, 2 },
	{ 13, RW, ALWAYS, 3, 2, 0, 0, 0 },
	{ 14, R, ALWAYS, 3, 3, 0, 0, 1 },
	{ 15, R, ALWAYS, 3, 3, 0, 0, 7 },
	{ 16, RW, ALWAYS, 3, 0, 5, 2, 0 },
	{ 17, RW, ALWAYS, 3, 0, 6, 0, 0 },
	{ 18, R, ALWAYS, 3, 0, 12, 1, 0 },
	{ 24, RW, ALWAYS, 3, 0, 10, 2, 0 },
	{ 25, R, ALWAYS, 3, 0, 0, 0, 0 },
	{ 26, R, ALWAYS, 3, 0, 0, 0, 5 },
	{ 27, RW, ALWAYS, 3, 0, 7, 4, 0 },
	{ 28, R, ALWAYS, 3, 0, 0, 0, 6 },
	{ 29, RW, ALWAYS, 3, 0, 1, 0, 0 },
	{ 32, RW, ALWAYS, 3, 0, 2, 0, 2 },
	{ 33, RW, ALWAYS, 3, 0, 13, 0, 4 },
	{ 34, RW, ALWAYS, 3, 3, 13, 0, 3 },
	{ 35, RW, ALWAYS, 3, 3, 13, 0, 2 },
	{ 36, RW, ALWAYS, 3, 0, 2, 0, 0 },
	{ 37, RW, ALWAYS, 3, 0, 2, 0, 1 },
	{ 38, RW, ALWAYS, 3, 0, 12, 0, 0 },
	{ 39, RW, ALWAYS, 3, 0, 12, 12, 6 },
	{ 39, RW, ALWAYS, 3, 0, 12, 12, 7 },
	{ 40, R, RAS, 3, 0, 5, 3, 0 },
};
static const struct row insn_rows[] = {
	{ 0, W, ALWAYS, 1, 0, 7, 1, 0 },
	{ 1, W, ALWAYS, 1, 0, 7, 5, 0 },
	{ 2, W, ALWAYS, 1, 3, 7, 5, 1 },
	{ 3, W, ALWAYS, 1, 0, 7, 6, 1 },
	{ 4, W, ALWAYS, 1, 0, 7, 6, 2 },
	{ 5, W, ALWAYS, 1, 0, 7, 10, 2 },
	{ 6, W, ALWAYS, 1, 0, 7, 14, 2 },
	{ 7, W, ALWAYS, 1, 3, 7, 11, 1 },
	{ 8, W, DPB, 1, 3, 7, 12, 1 },
	{ 9, W, DPB2, 1, 3, 7, 13, 1 },
	{ 10, W, ALWAYS, 1, 3, 7, 14, 1 },
	{ 11, W, ALWAYS, 1, 3, 7, 4, 1 },
	{ 12, W, ALWAYS, 1, 0, 7, 8, 0 },
	{ 13, W, ALWAYS, 1, 0, 7, 8, 1 },
	{ 14, W, ALWAYS, 1, 0, 7, 8, 2 },
	{ 15, W, ALWAYS, 1, 0, 7, 8, 3 },
	{ 16, W, PAN2, 1, 0, 7, 9, 0 },
	{ 17, W, PAN2, 1, 0, 7, 9, 1 },
	{ 18, W, TLB_OS, 1, 0, 8, 1, 0 },
	{ 19, W, TLB_OS, 1, 0, 8, 1, 1 },
	{ 20, W, TLB_OS, 1, 0, 8, 1, 2 },
	{ 21, W, TLB_OS, 1, 0, 8, 1, 3 },
	{ 22, W, TLB_OS, 1, 0, 8, 1, 5 },
	{ 23, W, TLB_OS, 1, 0, 8, 1, 7 },
	{ 24, W, TLB_RANGE, 1, 0, 8, 5, 1 },
	{ 25, W, TLB_RANGE, 1, 0, 8, 5, 3 },
	{ 26, W, TLB_RANGE, 1, 0, 8, 5, 5 },
	{ 27, W, TLB_RANGE, 1, 0, 8, 5, 7 },
	{ 28, W, ALWAYS, 1, 0, 8, 3, 0 },
	{ 29, W, ALWAYS, 1, 0, 8, 3, 1 },
	{ 30, W, ALWAYS, 1, 0, 8, 3, 2 },
	{ 31, W, ALWAYS, 1, 0, 8, 3, 3 },
	{ 32, W, ALWAYS, 1, 0, 8, 3, 5 },
	{ 33, W, ALWAYS, 1, 0, 8, 3, 7 },
	{ 34, W, TLB_RANGE, 1, 0, 8, 2, 1 },
	{ 35, W, TLB_RANGE, 1, 0, 8, 2, 3 },
	{ 36, W, TLB_RANGE, 1, 0, 8, 2, 5 },
	{ 37, W, TLB_RANGE, 1, 0, 8, 2, 7 },
	{ 38, W, TLB_RANGE, 1, 0, 8, 6, 1 },
	{ 39, W, TLB_RANGE, 1, 0, 8, 6, 3 },
	{ 40, W, TLB_RANGE, 1, 0, 8, 6, 5 },
	{ 41, W, TLB_RANGE, 1, 0, 8, 6, 7 },
	{ 42, W, ALWAYS, 1, 0, 8, 7, 0 },
	{ 43, W, ALWAYS, 1, 0, 8, 7, 1 },
	{ 44, W, ALWAYS, 1, 0, 8, 7, 2 },
	{ 45, W, ALWAYS, 1, 0, 8, 7, 3 },
	{ 46, W, ALWAYS, 1, 0, 8, 7, 5 },
	{ 47, W, ALWAYS, 1, 0, 8, 7, 7 },
	{ 54, W, ALWAYS, 1, 3, 7, 10, 1 },
};
static const struct row debug_rows[] = {
	{ 0, RW, ALWAYS, 2, 0, 0, 0, 5 },
	{ 1, RW, ALWAYS, 2, 0, 0, 1, 4 },
	{ 2, RW, ALWAYS, 2, 0, 0, 0, 7 },
	{ 3, RW, ALWAYS, 2, 0, 0, 1, 6 },
	{ 4, RW, ALWAYS, 2, 0, 0, 2, 2 },
	{ 5, RW, ALWAYS, 2, 0, 7, 8, 6 },
	{ 5, RW, ALWAYS, 2, 0, 7, 9, 6 },
	{ 8, W, ALWAYS, 2, 0, 1, 0, 4 },
	{ 9, R, ALWAYS, 2, 0, 1, 1, 4 },
};

#define FINE_SET(read, write, rows)       \
	do {                              \
		msr(read, BIT_OF(rows));  \
		msr(write, BIT_OF(rows)); \
	} while (0)
#define FINE_CLEAR(read, write) \
	do {                    \
		msr(read, 0);   \
		msr(write, 0);  \
	} while (0)

/* ERET and SVC have no system register. */
static void fine_exceptions(void)
{
	struct inner inner = { 0 };

	msr(HFGITR_EL2, BIT(51));
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_ERET);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_ERET, 0), "HFGITR_EL2.ERET");
	msr(HFGITR_EL2, BIT(52));
	isb();
	INNER_RUN(&inner, INNER_EL0, INSN_SVC(3));
	left_by(&inner, INNER_SYNC, ESR_SVC(3), "HFGITR_EL2.SVC_EL0");
	tap_is(inner.pc, inner_code_page(), "returns to the SVC");
	msr(HFGITR_EL2, BIT(53));
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_SVC(4));
	left_by(&inner, INNER_SYNC, ESR_SVC(4), "HFGITR_EL2.SVC_EL1");
	msr(HFGITR_EL2, 0);
	isb();
}

/* None of them is for EL2 itself. */
static void fine_not_our_own(void)
{
	msr(HFGRTR_EL2, GENMASK(49, 0));
	msr(HFGWTR_EL2, GENMASK(49, 0));
	msr(HDFGRTR_EL2, GENMASK(11, 0));
	msr(HDFGWTR_EL2, GENMASK(11, 0));
	isb();
	msr(tpidr_el1, mrs(tpidr_el1));
	msr(contextidr_el1, mrs(contextidr_el1));
	msr(S2_0_C0_C2_2, mrs(S2_0_C0_C2_2));
	tap_ok(mrs(midr_el1) != 0, "fine-grained traps are not for EL2");
	FINE_CLEAR(HFGRTR_EL2, HFGWTR_EL2);
	FINE_CLEAR(HDFGRTR_EL2, HDFGWTR_EL2);
	isb();
}

static void fine(void)
{
	if (FIELD_GET(GENMASK(59, 56), mrs(id_aa64mmfr0_el1)) == 0) {
		tap_skip("fine-grained traps", "no FEAT_FGT");
		return;
	}
	FINE_CLEAR(HFGRTR_EL2, HFGWTR_EL2);
	FINE_CLEAR(HDFGRTR_EL2, HDFGWTR_EL2);
	msr(HFGITR_EL2, 0);
	TRAPS(fine_rows, FINE_SET(HFGRTR_EL2, HFGWTR_EL2, fine_rows),
		FINE_CLEAR(HFGRTR_EL2, HFGWTR_EL2), "HFGRTR_EL2, HFGWTR_EL2 bit %u: %s");
	TRAPS(insn_rows, msr(HFGITR_EL2, BIT_OF(insn_rows)), msr(HFGITR_EL2, 0),
		"HFGITR_EL2 bit %u: %s");
	TRAPS(debug_rows, FINE_SET(HDFGRTR_EL2, HDFGWTR_EL2, debug_rows),
		FINE_CLEAR(HDFGRTR_EL2, HDFGWTR_EL2), "HDFGRTR_EL2, HDFGWTR_EL2 bit %u: %s");
	fine_exceptions();
	fine_not_our_own();
}

/* --- HCRX_EL2 --- */

static void hcrx(void)
{
	struct inner inner = { 0 };
	u64 plain;

	if (FIELD_GET(GENMASK(43, 40), mrs(id_aa64mmfr1_el1)) == 0 ||
		FIELD_GET(GENMASK(19, 16), mrs(S3_0_C0_C6_2)) == 0) {
		tap_skip("HCRX_EL2.MSCEn", "no FEAT_HCX and FEAT_MOPS");
		return;
	}
	plain = mrs(HCRX_EL2);
	inner.x[0] = test_block(0);
	inner.x[1] = test_block(0) + 64;
	msr(HCRX_EL2, plain | HCRX_MSCEN);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_CPYFP, INSN_CPYFM, INSN_CPYFE);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "HCRX_EL2.MSCEn: it may copy memory");
	msr(HCRX_EL2, plain & ~HCRX_MSCEN);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_CPYFP, INSN_CPYFM, INSN_CPYFE);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "without it that is undefined");
	tap_is(el1_esr(), ESR_UNDEF, "to its EL1");
	msr(HCRX_EL2, plain);
	isb();
}

void test_traps(void)
{
	hcr();
	no_nv();
	mdcr();
	cnthctl();
	ich();
	fine();
	hcrx();
}
