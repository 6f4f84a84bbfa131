/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's registers: what was written is read, under the names that each form has; reset values; ID
 * registers, and HCR_EL2.NV*, which a hypervisor that is shown no nested virtualisation may set
 * without any effect.
 */
#include "hyp.h"

#define BOTH           3
#define VHE_ONLY       1
#define MMFR2_NV       GENMASK(27, 24)
#define MMFR4_NV_FRAC  GENMASK(23, 20)
#define MMFR4_E2H0     GENMASK(27, 24)
#define MMFR1_VH       GENMASK(11, 8)
#define PFR0_EL2       GENMASK(11, 8)
#define MMFR0_TGRAN4_2 GENMASK(43, 40)
#define ID_AA64MMFR2   S3_0_C0_C7_2

struct el2_register {
	const char *name;
	u32 encoding;
	u64 mask; /* bits that can be written without harm to us, and read back */
	u32 form; /* BOTH or VHE_ONLY */
};

#define HALF UINT64_C(0xffffffff)

static const struct el2_register rows[] = {
	{ "VPIDR_EL2", SYSREG(3, 4, 0, 0, 0), HALF, BOTH },
	{ "VMPIDR_EL2", SYSREG(3, 4, 0, 0, 5), UINT64_C(0xff40ffffff), BOTH },
	{ "VBAR_EL2", SYSREG(3, 4, 12, 0, 0), UINT64_C(0x0000fffffffff800), BOTH },
	{ "TPIDR_EL2", SYSREG(3, 4, 13, 0, 2), ~UINT64_C(0), BOTH },
	{ "VTTBR_EL2", SYSREG(3, 4, 2, 1, 0), UINT64_C(0x00fffffffffff000), BOTH },
	{ "VTCR_EL2", SYSREG(3, 4, 2, 1, 2), UINT64_C(0x0007ffff), BOTH },
	{ "HSTR_EL2", SYSREG(3, 4, 1, 1, 3), UINT64_C(0x10ef), BOTH },
	{ "MDCR_EL2", SYSREG(3, 4, 1, 1, 1), UINT64_C(0xf00), BOTH },
	{ "ESR_EL2", SYSREG(3, 4, 5, 2, 0), HALF, BOTH },
	{ "FAR_EL2", SYSREG(3, 4, 6, 0, 0), ~UINT64_C(0), BOTH },
	{ "HPFAR_EL2", SYSREG(3, 4, 6, 0, 4), UINT64_C(0xffffffff0), BOTH },
	{ "SPSR_EL2", SYSREG(3, 4, 4, 0, 0), UINT64_C(0xf03003df), BOTH },
	{ "ELR_EL2", SYSREG(3, 4, 4, 0, 1), ~UINT64_C(3), BOTH },
	{ "SP_EL1", SYSREG(3, 4, 4, 1, 0), ~UINT64_C(15), BOTH },
	{ "CNTVOFF_EL2", SYSREG(3, 4, 14, 0, 3), ~UINT64_C(0), BOTH },
	{ "CNTHP_CVAL_EL2", SYSREG(3, 4, 14, 2, 2), ~UINT64_C(0), BOTH },
	{ "CNTHP_CTL_EL2", SYSREG(3, 4, 14, 2, 1), 2, BOTH },
	{ "CNTHV_CVAL_EL2", SYSREG(3, 4, 14, 3, 2), ~UINT64_C(0), VHE_ONLY },
	{ "CNTHV_CTL_EL2", SYSREG(3, 4, 14, 3, 1), 2, VHE_ONLY },
	{ "TTBR1_EL2", SYSREG(3, 4, 2, 0, 1), UINT64_C(0xfffffffff000), VHE_ONLY },
	{ "CONTEXTIDR_EL2", SYSREG(3, 4, 13, 0, 1), HALF, VHE_ONLY },
	{ "PAR_EL1", SYSREG(3, 0, 7, 4, 0), UINT64_C(0xff00fffffffff000), BOTH },
	{ "TPIDR_EL1", SYSREG(3, 0, 13, 0, 4), ~UINT64_C(0), BOTH },
	{ "TPIDR_EL0", SYSREG(3, 3, 13, 0, 2), ~UINT64_C(0), BOTH },
	{ "SP_EL0", SYSREG(3, 0, 4, 1, 0), ~UINT64_C(15), BOTH },
	{ "MAIR_EL2", SYSREG(3, 4, 10, 2, 0), UINT64_C(0xffff) << 48, BOTH },
};

/* Reads or writes by a word of code; the CPU's own vectors are in force while it is done. */
static u64 read_it(const struct el2_register *row, bool *undefined)
{
	struct probe p = { 0 };

	probe_insn(&p, INSN_MRS(row->encoding, 0));
	*undefined |= p.taken;
	return p.x[0];
}

static bool write_it(const struct el2_register *row, u64 value)
{
	struct probe p = { .x = { value } };

	probe_insn(&p, INSN_MSR(row->encoding, 0));
	return p.taken;
}

static void read_back(void)
{
	static const u64 patterns[] = { 0, UINT64_C(0x5555555555555555),
		UINT64_C(0xaaaaaaaaaaaaaaaa), ~UINT64_C(0), UINT64_C(0x0123456789abcdef) };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct el2_register *row = &rows[i];
		bool undefined = false;
		u64 wrong = 0;
		u64 old;

		if (row->form == VHE_ONLY && !vhe())
			continue;
		old = read_it(row, &undefined);
		for (u32 n = 0; n < ARRAY_SIZE(patterns); n++) {
			u64 value = (old & ~row->mask) | (patterns[n] & row->mask);

			undefined |= write_it(row, value);
			wrong |= (read_it(row, &undefined) ^ value) & row->mask;
		}
		write_it(row, old);
		tap_ok(!undefined, "%s is there", row->name);
		/* A probe's own exceptions change ESR_EL2 and its kin only where one is taken. */
		tap_is(wrong, 0, "%s has what was written", row->name);
	}
}

/* *_EL12 and *_EL02: EL1's in VHE form, where the plain names are EL2's; else undefined. */
static void names_of_el1(void)
{
	static const struct {
		const char *name;
		u8 crn, crm, op2;
		u64 mask;
	} names[] = {
		{ "SCTLR", 1, 0, 0, 0x1000 },
		{ "CPACR", 1, 0, 2, 0x300000 },
		{ "TTBR0", 2, 0, 0, UINT64_C(0xffffffffffff0000) },
		{ "TTBR1", 2, 0, 1, UINT64_C(0xffffffffffff0000) },
		{ "TCR", 2, 0, 2, UINT64_C(0x3f003f) },
		{ "SPSR", 4, 0, 0, UINT64_C(0xf00003df) },
		{ "ELR", 4, 0, 1, ~UINT64_C(3) },
		{ "ESR", 5, 2, 0, HALF },
		{ "FAR", 6, 0, 0, ~UINT64_C(0) },
		{ "MAIR", 10, 2, 0, ~UINT64_C(0) },
		{ "VBAR", 12, 0, 0, UINT64_C(0x0000fffffffff800) },
		{ "CONTEXTIDR", 13, 0, 1, HALF },
		{ "CNTKCTL", 14, 1, 0, 0x3 },
		{ "CNTP_CTL", 14, 2, 1, 2 },
		{ "CNTP_CVAL", 14, 2, 2, ~UINT64_C(0) },
		{ "CNTV_CTL", 14, 3, 1, 2 },
		{ "CNTV_CVAL", 14, 3, 2, ~UINT64_C(0) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		u32 encoding = SYSREG(3, 5, names[i].crn, names[i].crm, names[i].op2);
		u64 value = UINT64_C(0x5a3c96a5c369b4d2) & names[i].mask;
		struct probe p = { .x = { value } };

		probe_insn(&p, INSN_MSR(encoding, 0));
		if (!vhe()) {
			tap_is(p.esr, p.taken ? ESR_UNDEF : 1, "%s_EL12 is undefined",
				names[i].name);
			probe_insn(&p, INSN_MRS(encoding, 0));
			tap_is(p.esr, p.taken ? ESR_UNDEF : 1, "%s_EL12 is undefined, read",
				names[i].name);
			continue;
		}
		tap_ok(!p.taken, "%s_EL12 is there", names[i].name);
		p.x[0] = 0;
		probe_insn(&p, INSN_MRS(encoding, 0));
		tap_is(p.x[0] & names[i].mask, value, "%s_EL12 has what was written",
			names[i].name);
	}
	msr(HCR_EL2, el2_hcr());
	inner_plain();
	if (vhe()) {
		el1_set_cntp_ctl(0);
		el1_set_cntv_ctl(0);
	}
}

/* EL1's registers and EL2's are not the same, in VHE form by the same names. */
static void two_sets(void)
{
	struct inner inner = { 0 };
	u64 vbar = mrs(VBAR_EL2);

	el1_set_far(0x1111);
	msr(FAR_EL2, 0x2222);
	el1_set_elr(0x3330);
	msr(ELR_EL2, 0x4440);
	tap_is(el1_far(), 0x1111, "FAR of EL1");
	tap_is(mrs(FAR_EL2), 0x2222, "FAR_EL2");
	tap_is(el1_elr(), 0x3330, "ELR of EL1");
	tap_is(mrs(ELR_EL2), 0x4440, "ELR_EL2");
	tap_is(mrs(far_el1), vhe() ? 0x2222 : 0x1111, "FAR_EL1's name is EL2's in VHE form");
	tap_is(mrs(vbar_el1), vhe() ? vbar : el1_vbar(), "VBAR_EL1's name is EL2's in VHE form");
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 0, 6, 0, 0), 0),
		INSN_MRS(SYSREG(3, 0, 4, 0, 1), 1), INSN_MRS(SYSREG(3, 0, 12, 0, 0), 2));
	tap_is(inner.x[0], 0x1111, "the inner guest has FAR of EL1");
	tap_is(inner.x[1], 0x3330, "and ELR");
	tap_is(inner.x[2], (u64)inner_vectors, "and VBAR");
	tap_is(mrs(VBAR_EL2), vbar, "EL2 has its own");
}

static void id_registers(void)
{
	u64 mmfr4 = mrs(ID_AA64MMFR4_EL1);

	tap_ok(mrs(id_aa64pfr0_el1) & PFR0_EL2, "ID_AA64PFR0_EL1: there is an EL2");
	if (!under_lintel()) {
		tap_skip("ID registers of a guest hypervisor", "a real EL2");
		return;
	}
	tap_is(FIELD_GET(MMFR2_NV, mrs(ID_AA64MMFR2)), 0, "ID_AA64MMFR2_EL1.NV is 0");
	tap_is(FIELD_GET(MMFR4_NV_FRAC, mmfr4), 0, "ID_AA64MMFR4_EL1.NV_frac is 0");
	tap_is(FIELD_GET(MMFR1_VH, mrs(id_aa64mmfr1_el1)), vhe() ? 1 : 0,
		"ID_AA64MMFR1_EL1.VH is the form");
	tap_ok(vhe() ? FIELD_GET(MMFR4_E2H0, mmfr4) >= 8 : !FIELD_GET(MMFR4_E2H0, mmfr4),
		"ID_AA64MMFR4_EL1.E2H0 is the form");
	tap_is(FIELD_GET(MMFR0_TGRAN4_2, mrs(id_aa64mmfr0_el1)), 2,
		"ID_AA64MMFR0_EL1.TGRAN4_2: 4 KiB at stage 2");
	tap_is(mrs(HCR_EL2) & HCR_E2H, vhe() ? HCR_E2H : 0, "HCR_EL2.E2H is the form");
}

/* Neither for the inner guest nor for us. */
static void nested_bits(void)
{
	static const u32 words[] = { INSN_MRS(SYSREG(3, 4, 1, 1, 0), 0),
		INSN_MRS(SYSREG(3, 4, 4, 0, 0), 0), INSN_MRS(SYSREG(3, 5, 1, 0, 0), 0),
		INSN_MSR(SYSREG(3, 4, 2, 1, 0), 0) };
	struct inner inner = { 0 };
	u32 undefined = 0;

	if (!under_lintel()) {
		tap_skip("HCR_EL2.NV* have no effect", "a real EL2 that has them");
		return;
	}
	for (u64 n = 0; n < 8; n++) {
		u64 bits = (n & 1 ? HCR_NV : 0) | (n & 2 ? HCR_NV1 : 0) | (n & 4 ? HCR_NV2 : 0);

		msr(HCR_EL2, el2_hcr() | bits);
		isb();
		INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 0, 4, 2, 2), 0),
			INSN_MRS(SYSREG(3, 0, 12, 0, 0), 1));
		tap_is(inner.x[0], CURRENT_EL1, "HCR_EL2.NV* = %lu: the inner guest is at EL1", n);
		tap_is(inner.x[1], (u64)inner_vectors, "HCR_EL2.NV* = %lu: VBAR_EL1 is its own", n);
		for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
			inner_words(&inner, INNER_EL1, &words[i], 1);
			undefined += inner.esr == ESR_HVC(HVC_VECTOR + 4) && el1_esr() == ESR_UNDEF;
		}
		tap_is(mrs(CurrentEL), CURRENT_EL2, "HCR_EL2.NV* = %lu: we are at EL2", n);
	}
	tap_is(undefined, 8 * ARRAY_SIZE(words), "EL2's registers stay undefined to it");
	msr(HCR_EL2, el2_hcr());
	isb();
}

static void reset_values(void)
{
	if (!under_lintel()) {
		tap_skip("reset values", "a real EL2, after firmware");
		return;
	}
	/* RW may be fixed, where EL1 has AArch64 alone. */
	tap_is(el2_reset[EL2_RESET_HCR] & ~HCR_RW, vhe() ? HCR_E2H : 0, "HCR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_SCTLR] & (SCTLR_M | SCTLR_C | SCTLR_I), 0,
		"SCTLR_EL2 at reset: all off");
	tap_is(el2_reset[EL2_RESET_CPTR], vhe() ? 0 : CPTR_EL2_RES1, "CPTR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_VTTBR], 0, "VTTBR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_VTCR] & ~BIT(31), 0, "VTCR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_HSTR], 0, "HSTR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_VPIDR], mrs(midr_el1), "VPIDR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_VMPIDR], mrs(mpidr_el1), "VMPIDR_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_CNTHP_CTL], 0, "CNTHP_CTL_EL2 at reset");
	tap_is(el2_reset[EL2_RESET_PSTATE], SPSR_DAIF, "all masked at reset");
	tap_is(el2_reset[EL2_RESET_SPSEL], 1, "EL2h at reset");
}

void test_registers(void)
{
	reset_values();
	id_registers();
	read_back();
	inner_plain();
	names_of_el1();
	inner_plain();
	two_sets();
	nested_bits();
}
