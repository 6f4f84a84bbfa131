/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address and by set and way, TLB maintenance, address translation.
 */
#include "gic.h"
#include "parts.h"

#define PAR_F     BIT(0)
#define PAR_PA    GENMASK(47, 12)
#define ISAR1_DPB GENMASK(3, 0)
#define DCZID_DZP BIT(4)

static u64 line[64] __attribute__((aligned(4096)));

/* SYS #op1, Cn, Cm, #op2, x0 */
#define SYS(op1, crn, crm, op2) (0xd5080000u | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)

static const struct {
	const char *what;
	u32 insn;
	bool dpb;
} by_address[] = {
	{ "DC IVAC", SYS(0, 7, 6, 1), false },
	{ "DC CVAC", SYS(3, 7, 10, 1), false },
	{ "DC CVAU", SYS(3, 7, 11, 1), false },
	{ "DC CIVAC", SYS(3, 7, 14, 1), false },
	{ "IC IVAU", SYS(3, 7, 5, 1), false },
	{ "DC CVAP", SYS(3, 7, 12, 1), true },
};

/* No exception at EL1, wherever stage 1 maps the address. */
static void test_by_address(u64 va, const char *where)
{
	for (u32 i = 0; i < ARRAY_SIZE(by_address); i++) {
		struct probe p = { .x = { va } };

		if (by_address[i].dpb && !(mrs(id_aa64isar1_el1) & ISAR1_DPB))
			continue;
		probe_insn(&p, by_address[i].insn);
		tap_ok(explain(!p.taken, by_address[i].what, &p), "%s %s", by_address[i].what,
			where);
	}
}

static void test_zva(void)
{
	u64 dczid = mrs(dczid_el0);
	u64 words = UINT64_C(1) << (dczid & 0xf);
	struct probe p = { .x = { (u64)line } };
	bool zero = true;

	if (dczid & DCZID_DZP)
		return tap_skip("DC ZVA", "DCZID_EL0 says no");
	for (u32 i = 0; i < ARRAY_SIZE(line); i++)
		line[i] = ~UINT64_C(0);
	probe_insn(&p, SYS(3, 7, 4, 1));
	for (u64 i = 0; i < words / 2; i++)
		zero &= ((volatile u64 *)line)[i] == 0;
	tap_ok(!p.taken && zero && line[words / 2] == ~UINT64_C(0),
		"DC ZVA zeroes its block of RAM, and no more");
	p.x[0] = mmu_window(SLOT, HOLE, MAP_HOLE_NORMAL);
	probe_insn(&p, SYS(3, 7, 4, 1));
	tap_ok(explain(is_data_sea(&p), "DC ZVA", &p), "DC ZVA at a hole");
}

static void test_whole(void)
{
	static const struct {
		const char *what;
		u32 insn;
	} rows[] = { { "DC ISW", SYS(0, 7, 6, 2) }, { "DC CSW", SYS(0, 7, 10, 2) },
		{ "DC CISW", SYS(0, 7, 14, 2) }, { "IC IALLU", SYS(0, 7, 5, 0) },
		{ "IC IALLUIS", SYS(0, 7, 1, 0) }, { "TLBI VMALLE1", SYS(0, 8, 7, 0) },
		{ "TLBI VMALLE1IS", SYS(0, 8, 3, 0) }, { "TLBI VAE1", SYS(0, 8, 7, 1) },
		{ "TLBI ASIDE1", SYS(0, 8, 7, 2) }, { "TLBI VAALE1IS", SYS(0, 8, 3, 7) } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { .x = { 0 } };

		/* These take no register: Rt is 31. */
		probe_insn(&p, rows[i].insn);
		tap_ok(explain(!p.taken, rows[i].what, &p), "%s", rows[i].what);
	}
}

static void check_at(u32 insn, u64 va, bool ok, u64 pa, const char *what)
{
	struct probe p = { .x = { va } };
	u64 par;

	probe_insn(&p, insn);
	isb();
	par = mrs(par_el1);
	if (!tap_ok(!p.taken && !(par & PAR_F) == ok && (!ok || (par & PAR_PA) == (pa & PAR_PA)),
		    "%s", what))
		tap_note("PAR_EL1 %lx, exceptions %u ESR %lx", par, p.count, p.esr);
}

static void test_translation(void)
{
	u32 read = SYS(0, 7, 8, 0);
	u32 write = SYS(0, 7, 8, 1);
	u32 user = SYS(0, 7, 8, 2);
	u64 hole = mmu_window(SLOT, HOLE, MAP_HOLE_DEVICE);

	check_at(read, (u64)line, true, (u64)line, "AT S1E1R of RAM");
	check_at(write, (u64)line, true, (u64)line, "AT S1E1W of RAM");
	check_at(user, (u64)line, false, 0, "AT S1E0R of what EL0 may not read");
	check_at(read, hole, true, HOLE, "AT S1E1R of an unmapped IPA: stage 1 alone");
	check_at(read, mmu_unmap(SLOT), false, 0, "AT S1E1R of an unmapped VA");
	check_at(read, UART_BASE, true, UART_BASE, "AT S1E1R of a device");
}

/* EL2's own: undefined at EL1. */
static void test_el2_operations(void)
{
	static const struct {
		const char *what;
		u32 insn;
	} rows[] = { { "AT S1E2R", SYS(4, 7, 8, 0) }, { "AT S1E2W", SYS(4, 7, 8, 1) },
		{ "AT S12E1R", SYS(4, 7, 8, 4) }, { "AT S12E0W", SYS(4, 7, 8, 7) },
		{ "AT S1E3R", SYS(6, 7, 8, 0) }, { "TLBI ALLE2", SYS(4, 8, 7, 0) },
		{ "TLBI ALLE1", SYS(4, 8, 7, 4) }, { "TLBI ALLE1IS", SYS(4, 8, 3, 4) },
		{ "TLBI VMALLS12E1", SYS(4, 8, 7, 6) }, { "TLBI VAE2IS", SYS(4, 8, 3, 1) },
		{ "TLBI IPAS2E1", SYS(4, 8, 4, 1) }, { "TLBI IPAS2LE1IS", SYS(4, 8, 0, 5) },
		{ "TLBI ALLE3", SYS(6, 8, 7, 0) }, { "SYS of nothing", SYS(7, 15, 15, 7) },
		{ "SYS op1 5", SYS(5, 7, 1, 0) } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { .x = { 0 } };

		probe_insn(&p, rows[i].insn);
		tap_ok(explain(is_undef(&p), rows[i].what, &p), "%s is undefined", rows[i].what);
	}
}

void test_maintenance(void)
{
	test_by_address((u64)line, "on RAM");
	test_by_address(mmu_window(SLOT, HOLE, MAP_HOLE_NORMAL), "on a hole");
	test_by_address(mmu_window(SLOT, GICD_BASE, MAP_HOLE_NORMAL), "on a device");
	test_by_address(
		mmu_window(SLOT, machine.memory_base + machine.memory_size, MAP_HOLE_NORMAL),
		"behind RAM");
	test_zva();
	test_whole();
	test_translation();
	test_el2_operations();
}
