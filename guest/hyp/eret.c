/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exception returns at EL2: to every mode, illegal ones, ERETAA and ERETAB with good and bad
 * addresses.
 */
#include "hyp.h"

#define SVC_TARGET   0x600
#define SPSR_MODE    GENMASK(4, 0)
#define SPSR_NZCV    GENMASK(31, 28)
#define SCTLR_ENIA   BIT(31)
#define SCTLR_ENIB   BIT(30)
#define ISAR1_API    GENMASK(11, 8)
#define ISAR1_APA    GENMASK(7, 4)
#define ISAR2_APA3   GENMASK(15, 12)
#define ID_AA64ISAR2 S3_0_C0_C6_2
#define FPAC         4
#define FPACCOMBINE  5
#define APIAKEYLO    S3_0_C2_C1_0
#define APIAKEYHI    S3_0_C2_C1_1
#define APIBKEYLO    S3_0_C2_C1_2
#define APIBKEYHI    S3_0_C2_C1_3

/* eret.S */
void eret_plain(u64 *x);
void eret_aa(u64 *x);
void eret_ab(u64 *x);
void eret_signed_aa(u64 *x);
void eret_signed_ab(u64 *x);
void eret_target(void);

static void legal(void)
{
	static const struct {
		const char *what;
		u64 mode;
		u64 vector;
	} rows[] = {
		{ "ERET to EL2h", SPSR_EL2H, 4 },
		{ "ERET to EL2t", SPSR_EL2T, 0 },
	};
	struct inner inner = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { .x = { rows[i].mode | SPSR_DAIF | BIT(30), (u64)eret_target } };

		probe_call(&p, eret_plain);
		tap_is(p.esr, ESR_SVC(SVC_TARGET), "%s", rows[i].what);
		tap_is(p.vector, rows[i].vector, "%s: the vector after it", rows[i].what);
		tap_is(p.spsr, rows[i].mode | SPSR_DAIF | BIT(30), "%s: PSTATE", rows[i].what);
	}
	for (u64 flags = 0; flags < 16; flags += 5) {
		u64 pstate = INNER_EL1 | flags << 28;

		INNER_RUN(&inner, pstate, INSN_NOP);
		tap_is(inner.pstate, pstate, "ERET to EL1h with NZCV %lx, and its PSTATE", flags);
	}
	INNER_RUN(&inner, SPSR_EL1T | SPSR_DAIF, INSN_NOP);
	tap_is(inner.pstate & SPSR_MODE, SPSR_EL1T, "ERET to EL1t");
	INNER_RUN(&inner, SPSR_EL1H, INSN_NOP);
	tap_is(inner.pstate, SPSR_EL1H, "ERET to EL1h, nothing masked");
	INNER_RUN(&inner, INNER_EL0, INSN_NOP);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), "ERET to EL0");
	tap_is(el1_spsr(), INNER_EL0, "ERET to EL0: PSTATE");
	INNER_RUN(&inner, INNER_EL1 | SPSR_IL, INSN_NOP);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "SPSR_EL2.IL is taken along to EL1");
	tap_is(el1_esr(), ESR_OF(EC_ILLEGAL, 0),
		"and ends in an Illegal Execution state exception");
}

static void illegal_one(u64 mode, const char *why)
{
	u64 spsr = mode | SPSR_DAIF | BIT(29);
	struct probe p = { .x = { spsr, (u64)eret_target } };

	probe_call(&p, eret_plain);
	if (!tap_ok(p.esr == ESR_OF(EC_ILLEGAL, 0) && p.vector == 4 && p.count == 1 &&
			    p.elr == (u64)eret_target &&
			    p.spsr == (SPSR_EL2H | SPSR_DAIF | SPSR_IL | BIT(29)),
		    "illegal ERET: M = %lx%s", mode, why))
		tap_note("count %u vector %lu ESR %lx ELR %lx (target %lx) SPSR %lx", p.count,
			p.vector, p.esr, p.elr, (u64)eret_target, p.spsr);
}

static void illegal(void)
{
	static const u8 modes[] = { 0x1, 0x2, 0x3, 0x6, 0x7, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x11,
		0x12, 0x13, 0x16, 0x17, 0x1a, 0x1b, 0x1f };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++)
		illegal_one(modes[i], "");
	msr(HCR_EL2, el2_hcr() | HCR_TGE);
	isb();
	illegal_one(SPSR_EL1H, " (EL1h) with TGE");
	illegal_one(SPSR_EL1T, " (EL1t) with TGE");
	msr(HCR_EL2, el2_hcr());
	isb();
}

static u64 pauth(void)
{
	u64 isar1 = mrs(id_aa64isar1_el1);
	u64 best = FIELD_GET(ISAR1_API, isar1);

	if (FIELD_GET(ISAR1_APA, isar1) > best)
		best = FIELD_GET(ISAR1_APA, isar1);
	if (FIELD_GET(ISAR2_APA3, mrs(ID_AA64ISAR2)) > best)
		best = FIELD_GET(ISAR2_APA3, mrs(ID_AA64ISAR2));
	return best;
}

static void authenticated(void (*run)(u64 *x), u64 flip, u64 mode, u64 esr, const char *what)
{
	struct probe p = { .x = { mode | SPSR_DAIF, (u64)eret_target, flip } };

	probe_call(&p, run);
	if (!tap_is(p.esr, esr, "%s", what))
		tap_note("vector %lu ELR %lx SPSR %lx FAR %lx", p.vector, p.elr, p.spsr, p.far);
	tap_is(p.spsr & SPSR_MODE, esr == ESR_SVC(SVC_TARGET) ? mode : SPSR_EL2H, "%s: the mode",
		what);
}

static void eret_pauth(void)
{
	u64 sctlr = mrs(SCTLR_EL2);
	u64 bad =
		pauth() >= FPACCOMBINE ? ESR_OF(EC_FPAC, 0) : ESR_OF(EC_IABORT, FSC_TRANSLATION(0));

	if (!pauth()) {
		tap_skip("ERETAA and ERETAB", "no pointer authentication");
		return;
	}
	msr(APIAKEYLO, UINT64_C(0x123456789abcdef0));
	msr(APIAKEYHI, UINT64_C(0x0fedcba987654321));
	msr(APIBKEYLO, UINT64_C(0x1122334455667788));
	msr(APIBKEYHI, UINT64_C(0x99aabbccddeeff00));
	isb();
	authenticated(eret_aa, 0, SPSR_EL2H, ESR_SVC(SVC_TARGET), "ERETAA while EnIA is 0");
	authenticated(eret_ab, 0, SPSR_EL2T, ESR_SVC(SVC_TARGET), "ERETAB while EnIB is 0");
	msr(SCTLR_EL2, sctlr | SCTLR_ENIA | SCTLR_ENIB);
	isb();
	authenticated(eret_signed_aa, 0, SPSR_EL2H, ESR_SVC(SVC_TARGET), "ERETAA, signed well");
	authenticated(eret_signed_ab, 0, SPSR_EL2T, ESR_SVC(SVC_TARGET), "ERETAB, signed well");
	authenticated(eret_signed_aa, 4, SPSR_EL2H, bad, "ERETAA, another address");
	authenticated(eret_signed_aa, BIT(50), SPSR_EL2T, bad, "ERETAA, another signature");
	authenticated(eret_aa, 0, SPSR_EL2H, bad, "ERETAA, not signed");
	authenticated(eret_signed_ab, BIT(51), SPSR_EL2H,
		bad | (FIELD_GET(ESR_EC, bad) == EC_FPAC ? 1 : 0), "ERETAB, another signature");
	msr(SCTLR_EL2, sctlr);
	isb();
}

void test_eret(void)
{
	legal();
	illegal();
	eret_pauth();
}
