/* SPDX-License-Identifier: BSD-3-Clause */
#include "registers.h"
#include "regs.h"

#define NONE         UINT64_C(0)
/* MAIR_EL1's first three attributes and the fields that this payload's own mappings use. */
#define MAIR_USED    GENMASK(23, 0)
/* TTBR0_EL1 but for its ASID; TCR_EL1 but for TBI0 and A1's neighbours HD, HA. */
#define TTBR0_USED   GENMASK(47, 0)
#define TCR_USED     (~(BIT(37) | BIT(38)))
/* SCTLR_EL1 but for what EL0 may do: UCI, UCT, DZE, nTWI, nTWE, UMA. */
#define SCTLR_USED   (~(BIT(26) | BIT(15) | BIT(14) | BIT(16) | BIT(18) | BIT(9)))
#define CPACR_USED   (~(BIT(16) | BIT(17)))
/* Of breakpoint and watchpoint controls everything but the enable. */
#define DBGCR_USED   (~(GENMASK(8, 5) | GENMASK(2, 1)))
#define MDSCR_USED   (~(BIT(12)))
/* The timers may run: their comparators are far off, and IRQs are masked. */
#define CTL_USED     (~(BIT(0) | BIT(1)))
#define CNTKCTL_USED (~(GENMASK(9, 8) | GENMASK(1, 0)))
/* Out of reset they are the least that is implemented, and nothing below that may be written. */
#define BPR_USED     (~BIT(2))
#define CSSELR_USED  (~GENMASK(3, 1))
#define PMR_USED     NONE

#define ACCESS(name, reg)                   \
	static u64 read_##name(void)        \
	{                                   \
		return mrs(reg);            \
	}                                   \
	static void write_##name(u64 value) \
	{                                   \
		msr(reg, value);            \
		isb();                      \
	}

/* X(name, register, bits kept) */
#define ALWAYS(X)                                   \
	X(tpidr_el0, tpidr_el0, NONE)               \
	X(tpidrro_el0, tpidrro_el0, NONE)           \
	X(tpidr_el1, tpidr_el1, NONE)               \
	X(sp_el0, sp_el0, NONE)                     \
	X(elr_el1, elr_el1, NONE)                   \
	X(spsr_el1, spsr_el1, NONE)                 \
	X(esr_el1, esr_el1, NONE)                   \
	X(far_el1, far_el1, NONE)                   \
	X(par_el1, par_el1, NONE)                   \
	X(afsr0_el1, afsr0_el1, NONE)               \
	X(afsr1_el1, afsr1_el1, NONE)               \
	X(amair_el1, amair_el1, NONE)               \
	X(mair_el1, mair_el1, MAIR_USED)            \
	X(contextidr_el1, contextidr_el1, NONE)     \
	X(ttbr1_el1, ttbr1_el1, NONE)               \
	X(ttbr0_el1, ttbr0_el1, TTBR0_USED)         \
	X(tcr_el1, tcr_el1, TCR_USED)               \
	X(sctlr_el1, sctlr_el1, SCTLR_USED)         \
	X(cpacr_el1, cpacr_el1, CPACR_USED)         \
	X(csselr_el1, csselr_el1, CSSELR_USED)      \
	X(cntkctl_el1, cntkctl_el1, CNTKCTL_USED)   \
	X(cntv_cval_el0, cntv_cval_el0, NONE)       \
	X(cntp_cval_el0, cntp_cval_el0, NONE)       \
	X(icc_pmr_el1, ICC_PMR_EL1, PMR_USED)       \
	X(icc_bpr0_el1, ICC_BPR0_EL1, BPR_USED)     \
	X(icc_bpr1_el1, ICC_BPR1_EL1, BPR_USED)     \
	X(icc_ctlr_el1, ICC_CTLR_EL1, ~UINT64_C(3)) \
	X(icc_igrpen0_el1, ICC_IGRPEN0_EL1, NONE)   \
	X(icc_igrpen1_el1, ICC_IGRPEN1_EL1, NONE)   \
	X(cntv_ctl_el0, cntv_ctl_el0, CTL_USED)     \
	X(cntp_ctl_el0, cntp_ctl_el0, CTL_USED)     \
	X(mdscr_el1, mdscr_el1, MDSCR_USED)

#define POINTS(X)                               \
	X(dbgbvr0_el1, dbgbvr0_el1, NONE)       \
	X(dbgbcr0_el1, dbgbcr0_el1, DBGCR_USED) \
	X(dbgbvr1_el1, dbgbvr1_el1, NONE)       \
	X(dbgbcr1_el1, dbgbcr1_el1, DBGCR_USED) \
	X(dbgwvr0_el1, dbgwvr0_el1, NONE)       \
	X(dbgwcr0_el1, dbgwcr0_el1, DBGCR_USED) \
	X(dbgwvr1_el1, dbgwvr1_el1, NONE)       \
	X(dbgwcr1_el1, dbgwcr1_el1, DBGCR_USED)

#define PAUTH(X)                             \
	X(apiakeylo_el1, S3_0_C2_C1_0, NONE) \
	X(apiakeyhi_el1, S3_0_C2_C1_1, NONE) \
	X(apibkeylo_el1, S3_0_C2_C1_2, NONE) \
	X(apibkeyhi_el1, S3_0_C2_C1_3, NONE) \
	X(apdakeylo_el1, S3_0_C2_C2_0, NONE) \
	X(apdakeyhi_el1, S3_0_C2_C2_1, NONE) \
	X(apdbkeylo_el1, S3_0_C2_C2_2, NONE) \
	X(apdbkeyhi_el1, S3_0_C2_C2_3, NONE) \
	X(apgakeylo_el1, S3_0_C2_C3_0, NONE) \
	X(apgakeyhi_el1, S3_0_C2_C3_1, NONE)

/* Announced by one field each. */
#define OPTIONAL(X)                         \
	X(scxtnum_el1, S3_0_C13_C0_7, NONE) \
	X(scxtnum_el0, S3_3_C13_C0_7, NONE) \
	X(disr_el1, S3_0_C12_C1_1, NONE)    \
	X(gcr_el1, S3_0_C1_C0_6, NONE)      \
	X(rgsr_el1, S3_0_C1_C0_5, NONE)     \
	X(tpidr2_el0, S3_3_C13_C0_5, NONE)  \
	X(pir_el1, S3_0_C10_C2_3, NONE)     \
	X(pire0_el1, S3_0_C10_C2_2, NONE)   \
	X(por_el0, S3_3_C10_C2_4, NONE)     \
	X(accdata_el1, S3_0_C13_C0_5, NONE) \
	X(ssbs, S3_3_C4_C2_6, ~BIT(12))     \
	X(dit, S3_3_C4_C2_5, ~BIT(24))

#define DEFINE(name, reg, keep) ACCESS(name, reg)
ALWAYS(DEFINE)
POINTS(DEFINE)
PAUTH(DEFINE)
OPTIONAL(DEFINE)

#define ROW(name, reg, kept) { #name, read_##name, write_##name, kept, 0 },
static const struct leak_register always[] = { ALWAYS(ROW) };
static const struct leak_register points[] = { POINTS(ROW) };
static const struct leak_register pauth[] = { PAUTH(ROW) };
static const struct leak_register optional[] = { OPTIONAL(ROW) };

static u64 field(u64 id, u32 shift)
{
	return id >> shift & 0xf;
}

static bool have_pauth(void)
{
	return (mrs(id_aa64isar1_el1) & 0xff000ff0) || (mrs(S3_0_C0_C6_2) & 0xff00);
}

/* In the order of OPTIONAL. */
static bool have_optional(u32 i)
{
	u64 pfr0 = mrs(id_aa64pfr0_el1);
	u64 pfr1 = mrs(id_aa64pfr1_el1);
	u64 mmfr3 = mrs(S3_0_C0_C7_3);

	switch (i) {
	case 0:
	case 1:
		return field(pfr0, 56) >= 2 || field(pfr1, 32) >= 2;
	case 2:
		return field(pfr0, 28) >= 1;
	case 3:
	case 4:
		return field(pfr1, 8) >= 2;
	case 5:
		return field(pfr1, 24) >= 1;
	case 6:
	case 7:
		return field(mmfr3, 8) >= 1;
	case 8:
		return field(mmfr3, 16) >= 1;
	case 9:
		return field(mrs(id_aa64isar1_el1), 60) >= 3;
	case 10:
		return field(pfr1, 4) >= 2;
	default:
		return field(pfr0, 48) >= 1;
	}
}

u32 leak_registers(struct leak_register *table)
{
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(always); i++)
		table[count++] = always[i];
	for (u32 i = 0; i < ARRAY_SIZE(points); i++)
		table[count++] = points[i];
	for (u32 i = 0; have_pauth() && i < ARRAY_SIZE(pauth); i++)
		table[count++] = pauth[i];
	for (u32 i = 0; i < ARRAY_SIZE(optional); i++) {
		if (have_optional(i))
			table[count++] = optional[i];
	}
	return count;
}
