/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole space of system registers, read; what belongs to higher levels, written too.
 */
#include "parts.h"

#define MRS_X0(op0, op1, crn, crm, op2) \
	(0xd5200000u | (op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define MSR_X0(op0, op1, crn, crm, op2) (MRS_X0(op0, op1, crn, crm, op2) & ~0x00200000u)
#define EC_SVE                          0x19
#define EC_SME                          0x1d

struct tally {
	u32 readable;
	u32 undefined;
	u32 trapped; /* by CPACR_EL1 and the like: not under Lintel */
	u32 wrong;
};

/* FEAT_IDST: reads in the space of ID registers (3, {0, 1, 3}, 0) that fail are reported as trapped
 * accesses. */
static bool is_idst(const struct probe *p, u32 insn)
{
	u32 op1 = insn >> 16 & 7;

	return p->count == 1 && p->esr >> 26 == EC_SYSREG && (insn >> 19 & 7) == 7 &&
		(insn >> 12 & 15) == 0 && (op1 == 0 || op1 == 1 || op1 == 3) &&
		(mrs(s3_0_c0_c7_2) >> 36 & 15) != 0;
}

static void count(struct tally *tally, const struct probe *p, u32 insn)
{
	u64 ec = p->esr >> 26;

	if (!p->taken)
		tally->readable++;
	else if (is_undef(p) || is_idst(p, insn))
		tally->undefined++;
	else if (!under_lintel() && p->count == 1 &&
		(ec == EC_SYSREG || ec == EC_SVE || ec == EC_SME))
		tally->trapped++;
	else if (!tally->wrong++)
		tap_note("instruction %x: exceptions %u ESR %lx ELR %lx", insn, p->count, p->esr,
			p->elr);
}

static void read_space(u32 op0, u32 op1)
{
	struct tally tally = { 0 };

	for (u32 index = 0; index < 16 * 16 * 8; index++) {
		u32 insn = MRS_X0(op0, op1, index >> 7, index >> 3 & 15, index & 7);
		struct probe p = { 0 };

		probe_insn(&p, insn);
		count(&tally, &p, insn);
	}
	tap_ok(!tally.wrong,
		"MRS of all op0=%u op1=%u: %u readable, %u undefined, %u trapped, %u wrong", op0,
		op1, tally.readable, tally.undefined, tally.trapped, tally.wrong);
}

/* op1 4 to 6 are EL2's and EL3's: nothing there may be read or written. */
static void higher_levels(u32 op1)
{
	struct tally tally = { 0 };

	for (u32 index = 0; index < 16 * 16 * 8; index++) {
		u32 read = MRS_X0(3u, op1, index >> 7, index >> 3 & 15, index & 7);
		struct probe p = { 0 };

		probe_insn(&p, read);
		count(&tally, &p, read);
		p = (struct probe){ 0 };
		probe_insn(&p, read & ~0x00200000u);
		count(&tally, &p, read & ~0x00200000u);
	}
	tap_ok(!tally.wrong && !tally.readable && !tally.trapped,
		"op1=%u: all %u accesses are undefined (%u went through)", op1, tally.undefined,
		tally.readable);
}

static const struct {
	const char *what;
	u32 insn;
} instructions[] = {
	{ "MRS HCR_EL2", MRS_X0(3u, 4u, 1u, 1u, 0u) },
	{ "MSR HCR_EL2", MSR_X0(3u, 4u, 1u, 1u, 0u) },
	{ "MRS VTTBR_EL2", MRS_X0(3u, 4u, 2u, 1u, 0u) },
	{ "MSR VTTBR_EL2", MSR_X0(3u, 4u, 2u, 1u, 0u) },
	{ "MSR CNTHCTL_EL2", MSR_X0(3u, 4u, 14u, 1u, 0u) },
	{ "MSR CNTVOFF_EL2", MSR_X0(3u, 4u, 14u, 0u, 3u) },
	{ "MSR ICH_LR0_EL2", MSR_X0(3u, 4u, 12u, 12u, 0u) },
	{ "MSR ICC_SRE_EL2", MSR_X0(3u, 4u, 12u, 9u, 5u) },
	{ "MRS SCR_EL3", MRS_X0(3u, 6u, 1u, 1u, 0u) },
	{ "MRS SCTLR_EL12", MRS_X0(3u, 5u, 1u, 0u, 0u) },
	{ "MSR of an ID register", MSR_X0(3u, 0u, 0u, 4u, 0u) },
	{ "MSR MIDR_EL1", MSR_X0(3u, 0u, 0u, 0u, 0u) },
	{ "MSR MPIDR_EL1", MSR_X0(3u, 0u, 0u, 0u, 5u) },
	{ "MSR CNTVCT_EL0", MSR_X0(3u, 3u, 14u, 0u, 2u) },
	{ "MSR ISR_EL1", MSR_X0(3u, 0u, 12u, 1u, 0u) },
	{ "MRS ICC_SGI1R_EL1", MRS_X0(3u, 0u, 12u, 11u, 5u) },
	{ "MSR ICC_IAR1_EL1", MSR_X0(3u, 0u, 12u, 12u, 0u) },
	{ "MRS ICC_EOIR1_EL1", MRS_X0(3u, 0u, 12u, 12u, 1u) },
	{ "UDF #7", 0x00000007 },
	{ "HLT", 0xd4400000 },
	{ "DCPS2", 0xd4a00002 },
	{ "DCPS3", 0xd4a00003 },
	{ "an unallocated instruction", 0x02000000 },
	{ "another", 0xffffffff },
};

void test_registers(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(instructions); i++) {
		struct probe p = { 0 };

		probe_insn(&p, instructions[i].insn);
		tap_ok(explain(is_undef(&p), instructions[i].what, &p), "%s is undefined",
			instructions[i].what);
	}
	for (u32 op1 = 0; op1 < 8; op1++)
		read_space(2, op1);
	for (u32 op1 = 0; op1 < 8; op1++) {
		if (op1 < 4 || op1 > 6)
			read_space(3, op1);
		else
			higher_levels(op1);
	}
}
