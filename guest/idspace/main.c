/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ID registers: all can be read, all vCPUs say the same, and what they say is what there is.
 */
#include "exception.h"
#include "features.h"
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"

#define ID_COUNT  64
#define CRM_FIRST 1
#define JOIN_MS   10000
#define OP2_MPIDR 5
/* CPACR_EL1: SVE, FP and SME on, trace and POE accesses not trapped. */
#define CPACR_ALL (3 << 16 | 3 << 20 | 3 << 24 | UINT64_C(1) << 29)

static u64 ids[ID_COUNT]; /* by CRm << 3 | op2 */
static u32 differences;

static u64 field(u32 id, u32 shift)
{
	return ids[id] >> shift & 0xf;
}

static void read_ids(void)
{
	bool good = true;

	for (u32 i = CRM_FIRST << 3; i < ID_COUNT; i++) {
		struct probe p = { 0 };

		probe_insn(&p, MRS_X0(3u, 0u, 0u, i >> 3, i & 7));
		if (p.taken) {
			tap_note("S3_0_C0_C%u_%u: ESR %lx", i >> 3, i & 7, p.esr);
			good = false;
		}
		ids[i] = p.x[0];
		if (p.x[0])
			tap_note("S3_0_C0_C%u_%u %lx", i >> 3, i & 7, p.x[0]);
	}
	tap_ok(good, "the whole ID space can be read");
}

static void test_others(void)
{
	static const struct {
		const char *name;
		u32 insn;
	} rows[] = { { "MIDR_EL1", MRS_X0(3u, 0u, 0u, 0u, 0u) },
		{ "MPIDR_EL1", MRS_X0(3u, 0u, 0u, 0u, 5u) },
		{ "REVIDR_EL1", MRS_X0(3u, 0u, 0u, 0u, 6u) },
		{ "AIDR_EL1", MRS_X0(3u, 1u, 0u, 0u, 7u) },
		{ "CLIDR_EL1", MRS_X0(3u, 1u, 0u, 0u, 1u) },
		{ "CCSIDR_EL1", MRS_X0(3u, 1u, 0u, 0u, 0u) },
		{ "CSSELR_EL1", MRS_X0(3u, 2u, 0u, 0u, 0u) },
		{ "CTR_EL0", MRS_X0(3u, 3u, 0u, 0u, 1u) },
		{ "DCZID_EL0", MRS_X0(3u, 3u, 0u, 0u, 7u) },
		{ "CNTFRQ_EL0", MRS_X0(3u, 3u, 14u, 0u, 0u) } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { 0 };

		probe_insn(&p, rows[i].insn);
		tap_ok(!p.taken, "%s can be read: %lx", rows[i].name, p.x[0]);
	}
}

static bool pauth(void)
{
	return (ids[ID_ISAR1] & 0xff000ff0) || (ids[ID_ISAR2] & 0xff00);
}

static bool present(const struct feature *feature)
{
	u64 value = field(feature->id, feature->shift);

	switch (feature->kind) {
	case FIELD_EXCEPT_F:
		return value >= feature->least && value != 0xf;
	case FIELD_CSV2:
		return value >= feature->least || field(ID_PFR1, 32) >= feature->least;
	case FIELD_MPAM:
		return value || field(ID_PFR1, 16);
	case FIELD_PAUTH:
		return pauth();
	default:
		return value >= feature->least;
	}
}

static u64 scratch[16] __attribute__((aligned(64)));

/*
 * An undefined instruction; or, with FEAT_IDST, a trapped access for reads in the space of ID
 * registers (3, {0, 1, 3}, 0).
 */
static bool is_refused(const struct feature *feature, const struct probe *p)
{
	bool id_space = (feature->insn & 0xfff8f000) == 0xd5380000 ||
		(feature->insn & 0xfffff000) == 0xd5390000;

	if (p->esr == ESR_UNDEF || !under_lintel())
		return true;
	return id_space && (mrs(S3_0_C0_C7_2) >> 36 & 0xf) && p->esr >> 26 == 0x18;
}

static void test_feature(const struct feature *feature)
{
	struct probe p = { .x = { (u64)scratch, (u64)scratch } };
	bool there = present(feature);

	if (!there && !feature->can_hide)
		return;
	/* Registers that are written get what they have. */
	if (!(feature->insn & 0x00200000) && feature->insn >> 24 == 0xd5)
		p.x[0] = 0;
	/* SETP [x0]!, x1!, x2: nothing to set; WFIT: a time that is over. */
	if (feature->insn == 0x19c20420)
		p.x[1] = 0;
	if (feature->insn == 0xd5031020)
		p.x[0] = 0;
	probe_insn(&p, feature->insn);
	if (there) {
		if (!tap_ok(!p.taken || p.esr != ESR_UNDEF, "%s: announced, and there",
			    feature->name))
			tap_note("ESR %lx", p.esr);
	} else if (!tap_ok(p.count == 1 && is_refused(feature, &p) && p.elr == p.pc,
			   "%s: not announced, undefined", feature->name)) {
		tap_note("exceptions %u ESR %lx x0 %lx", p.count, p.esr, p.x[0]);
	}
}

/* What no guest of Lintel is to see yet. */
static void test_hidden(void)
{
	static const struct {
		const char *name;
		u8 id;
		u8 shift;
	} rows[] = { { "EL2", ID_PFR0, 8 }, { "EL3", ID_PFR0, 12 }, { "SVE", ID_PFR0, 32 },
		{ "MPAM", ID_PFR0, 40 }, { "AMU", ID_PFR0, 44 }, { "RME", ID_PFR0, 52 },
		{ "SME", ID_PFR1, 24 }, { "NMI", ID_PFR1, 36 }, { "GCS", ID_PFR1, 44 },
		{ "THE", ID_PFR1, 48 }, { "trace", ID_DFR0, 4 }, { "SPE", ID_DFR0, 32 },
		{ "trace filter", ID_DFR0, 40 }, { "TRBE", ID_DFR0, 44 }, { "BRBE", ID_DFR0, 52 },
		{ "LS64", ID_ISAR1, 60 }, { "TME", ID_ISAR0, 24 }, { "NV", ID_MMFR2, 24 },
		{ "VHE", ID_MMFR1, 8 }, { "LOR", ID_MMFR1, 16 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		tap_is(field(rows[i].id, rows[i].shift), 0, "%s is hidden", rows[i].name);
	tap_ok(field(ID_PFR1, 8) < 2, "MTE is hidden");
	tap_ok(field(ID_DFR0, 8) == 0 || field(ID_DFR0, 8) == 0xf, "PMU is hidden");
}

static void test_announced(void)
{
	tap_ok(field(ID_PFR0, 16) != 0xf && field(ID_PFR0, 20) != 0xf, "FP and SIMD are announced");
	tap_ok(field(ID_PFR0, 24) >= 1, "the GIC's system registers are announced");
	tap_ok(field(ID_PFR0, 4) >= 1, "EL1 is AArch64");
	tap_ok(field(ID_MMFR0, 28) <= 1, "4 KiB granule is announced");
}

static void compare_ids(void *arg)
{
	(void)arg;
	msr(cpacr_el1, CPACR_ALL);
	isb();
	for (u32 i = CRM_FIRST << 3; i < ID_COUNT; i++) {
		struct probe p = { 0 };

		probe_insn(&p, MRS_X0(3u, 0u, 0u, i >> 3, i & 7));
		if (p.taken || p.x[0] != ids[i])
			atomic_add(&differences, 1);
	}
}

void test_debug(u64 dfr0);

void payload_main(void)
{
	msr(cpacr_el1, CPACR_ALL);
	isb();
	read_ids();
	test_others();
	test_announced();
	if (under_lintel())
		test_hidden();
	for (u32 i = 0; i < feature_count; i++)
		test_feature(&features[i]);
	test_debug(ids[ID_DFR0]);
	tap_ok(smp_run(compare_ids, NULL, JOIN_MS), "all CPUs read their ID registers");
	tap_is(differences, 0, "and they are the same");
}
