/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT and stage 2: its faults on an address and on a table of stage 1, its attributes over those of
 * stage 1, stage 1 or stage 2 off, and default cacheability.
 */
#include "at.h"
#include "mmu.h"

#define VA          UINT64_C(0x123456789000)
#define PAGE_IPA    UINT64_C(0x0211234000)
#define PAGE_PA     UINT64_C(0x0311567000)
#define VA_OFFSET   0x5c8
#define IPA_BITS    39
#define BEYOND_IPA  BIT(IPA_BITS)
#define VTCR_PS     GENMASK(18, 16)
#define VTCR_PS_36  (UINT64_C(1) << 16)
#define BEYOND_PS   UINT64_C(0x2000000000)
#define S2_ATTR(n)  ((u64)(n) << 2)
#define S2_ACCESS   (S2_READ | S2_WRITE | S2_AF)
#define S2_ISH      (UINT64_C(3) << 8)
#define ATTR_WT     0xbb
#define LEAF_ATTRS  (MAP_NORMAL | MAP_AF | MAP_USER)
#define UNMAPPED_1G UINT64_C(0x1fc0000000)

static struct tables el1, stage2;

/* Stage 1 of 48 bits, four levels, one page; stage 2 with RAM by pages where tables may be. */
static void build(u64 leaf)
{
	u64 ram = machine.memory_size < MIB(64) ? machine.memory_size : MIB(64);
	u64 pool;

	msr(HCR_EL2, el2_hcr());
	isb();
	pool_reset();
	tables_init(&stage2, 12, IPA_BITS, true);
	pool = ALIGN_DOWN((u64)stage2.root, MIB(2));
	for (u64 at = RAM_BASE; at < RAM_BASE + ram; at += MIB(2))
		tables_map(&stage2, at, at, MIB(2), at - pool < MIB(4) ? 3 : 2, S2_RW);
	tables_map(&stage2, PAGE_IPA, PAGE_PA, KIB(4), 3, S2_RW);
	tables_init(&el1, 12, 48, false);
	tables_map(&el1, VA, PAGE_IPA, KIB(4), 3, leaf);
	el1_set_mair(UINT64_C(0x44ff04));
	el1_set_tcr(tables_tcr(&el1));
	el1_set_ttbr0((u64)el1.root);
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I);
	stage2_on(&stage2, 9);
	stage2_tlbi();
}

/* A descriptor of stage 2, changed for one test. */
static void set_stage2(u64 ipa, u32 level, u64 descriptor)
{
	write_descriptor(tables_at(&stage2, ipa, level), descriptor);
	stage2_tlbi();
}

/* All that go through stage 1 and 2 of EL1&0; QEMU's own end QEMU on a permission of stage 2. */
static void all_both(u64 read, u64 write, const char *what)
{
	static const u64 ends_qemu = PAR_FAULT(FSC_PERMISSION(3)) | PAR_STAGE2;

	for (u32 i = 0; i < NR_AT_OPS; i++) {
		u64 want = at_ops[i].as & 1 ? write : read;

		if (!at_ops[i].both)
			continue;
		if (want == ends_qemu && !under_lintel())
			tap_skip(what, "QEMU's own AT S12 ends it");
		else
			par_row(at_ops[i].run(VA + VA_OFFSET), want, "AT %s: %s", at_ops[i].name,
				what);
	}
}

/* `level` of stage 1 is where `what` is. */
static void all_first(u64 want, bool both_too, u32 level, const char *what)
{
	for (u32 i = 0; i < NR_AT_OPS; i++) {
		if (!at_ops[i].el2 && (both_too || !at_ops[i].both))
			par_row(at_ops[i].run(VA + VA_OFFSET), want, "AT %s: %s (level %u)",
				at_ops[i].name, what, level);
	}
}

/* What stage 2 does to the address that stage 1 gave. */
static void on_address(void)
{
	static const struct {
		const char *what;
		u32 level;
		u64 descriptor;
		u64 read;
		u64 write; /* 0: the same */
	} rows[] = {
		{ "stage 2 read/write", 3, PAGE_PA | S2_RW | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_WB, SH_INNER), 0 },
		{ "stage 2 unmapped, level 3", 3, 0, PAR_FAULT(FSC_TRANSLATION(3)) | PAR_STAGE2,
			0 },
		{ "stage 2 no access flag", 3, PAGE_PA | (S2_RW & ~S2_AF) | DESC_PAGE,
			PAR_FAULT(FSC_ACCESS(3)) | PAR_STAGE2, 0 },
		{ "stage 2 output above PS", 3, BEYOND_PS | S2_RW | DESC_PAGE,
			PAR_FAULT(3) | PAR_STAGE2, 0 },
		{ "stage 2 read-only", 3, PAGE_PA | (S2_RW & ~S2_WRITE) | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_WB, SH_INNER),
			PAR_FAULT(FSC_PERMISSION(3)) | PAR_STAGE2 },
		{ "stage 2 write-only", 3, PAGE_PA | (S2_RW & ~S2_READ) | DESC_PAGE,
			PAR_FAULT(FSC_PERMISSION(3)) | PAR_STAGE2,
			PAR_OK(PAGE_PA, ATTR_WB, SH_INNER) },
		{ "stage 2 no access", 3, PAGE_PA | (S2_RW & ~(S2_READ | S2_WRITE)) | DESC_PAGE,
			PAR_FAULT(FSC_PERMISSION(3)) | PAR_STAGE2, 0 },
		{ "stage 2 not executable", 3, PAGE_PA | S2_RW | S2_XN | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_WB, SH_INNER), 0 },
		{ "stage 2 device nGnRnE", 3, PAGE_PA | S2_ACCESS | S2_ATTR(0) | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_NGNRNE, SH_OUTER), 0 },
		{ "stage 2 device nGnRE", 3, PAGE_PA | S2_ACCESS | S2_ATTR(1) | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_NGNRE, SH_OUTER), 0 },
		{ "stage 2 not cacheable", 3, PAGE_PA | S2_ACCESS | S2_ATTR(5) | S2_ISH | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_NC, SH_OUTER), 0 },
		{ "stage 2 write-through", 3,
			PAGE_PA | S2_ACCESS | S2_ATTR(0xa) | S2_ISH | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_WT, SH_INNER), 0 },
		{ "stage 2 not shareable", 3, PAGE_PA | S2_ACCESS | S2_ATTR(0xf) | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_WB, SH_INNER), 0 },
		{ "stage 2 outer shareable", 3,
			PAGE_PA | S2_ACCESS | S2_ATTR(0xf) | UINT64_C(2) << 8 | DESC_PAGE,
			PAR_OK(PAGE_PA, ATTR_WB, SH_OUTER), 0 },
		{ "stage 2 unmapped, level 2", 2, 0, PAR_FAULT(FSC_TRANSLATION(2)) | PAR_STAGE2,
			0 },
		{ "a stage 2 block, no access flag", 2,
			ALIGN_DOWN(PAGE_PA, MIB(2)) | (S2_RW & ~S2_AF) | DESC_BLOCK,
			PAR_FAULT(FSC_ACCESS(2)) | PAR_STAGE2, 0 },
		{ "a stage 2 block", 2, ALIGN_DOWN(PAGE_PA, MIB(2)) | S2_RW | DESC_BLOCK,
			PAR_OK(ALIGN_DOWN(PAGE_PA, MIB(2)) + (PAGE_IPA & (MIB(2) - 1)), ATTR_WB,
				SH_INNER),
			0 },
		{ "stage 2 unmapped, level 1", 1, 0, PAR_FAULT(FSC_TRANSLATION(1)) | PAR_STAGE2,
			0 },
	};

	build(LEAF_ATTRS);
	msr(VTCR_EL2, (mrs(VTCR_EL2) & ~VTCR_PS) | VTCR_PS_36);
	isb();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		set_stage2(PAGE_IPA, rows[i].level, rows[i].descriptor);
		all_both(rows[i].read, rows[i].write ? rows[i].write : rows[i].read, rows[i].what);
	}
	par_row(at_s1e1r(VA), PAR_OK(PAGE_IPA, ATTR_WB, SH_INNER),
		"AT S1E1R does not translate by stage 2");
	par_row(at_s1e0w(VA), PAR_OK(PAGE_IPA, ATTR_WB, SH_INNER),
		"AT S1E0W does not translate by stage 2");
	write_descriptor(tables_at(&el1, VA, 3), BEYOND_IPA | LEAF_ATTRS | DESC_PAGE);
	stage2_tlbi();
	all_both(PAR_FAULT(FSC_TRANSLATION(0)) | PAR_STAGE2,
		PAR_FAULT(FSC_TRANSLATION(0)) | PAR_STAGE2, "an address beyond VTCR_EL2.T0SZ");
}

/* What stage 2 does to the tables of stage 1: to each of the four. */
static void on_tables(void)
{
	static const struct {
		const char *what;
		u64 clear;
		bool all;
		u8 fault;
	} rows[] = {
		{ "a table that stage 2 does not map", 0, true, FSC_TRANSLATION(3) },
		{ "a table without access flag in stage 2", S2_AF, false, FSC_ACCESS(3) },
		{ "a table that stage 2 does not let read", S2_READ, false, FSC_PERMISSION(3) },
		{ "a table that stage 2 does not let write", S2_WRITE, false, 0 },
		{ "a table again", 0, false, 0 },
	};

	for (u32 level = 0; level < 4; level++) {
		u64 table, page;

		build(LEAF_ATTRS);
		table = ALIGN_DOWN((u64)tables_at(&el1, VA, level), KIB(4));
		page = table | S2_RW | DESC_PAGE;
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			u64 fault = PAR_FAULT(rows[i].fault) | PAR_STAGE2 | PAR_PTW;

			set_stage2(table, 3, rows[i].all ? 0 : page & ~rows[i].clear);
			if (rows[i].fault)
				all_first(fault, true, level, rows[i].what);
			else
				all_first(PAR_OK(PAGE_IPA, ATTR_WB, SH_INNER), false, level,
					rows[i].what);
		}
	}
	build(LEAF_ATTRS);
	write_descriptor(tables_at(&el1, VA, 2), UNMAPPED_1G | DESC_TABLE);
	stage2_tlbi();
	all_first(PAR_FAULT(FSC_TRANSLATION(1)) | PAR_STAGE2 | PAR_PTW, true, 2,
		"a table where stage 2 ends at level 1");
	el1_set_ttbr0(UNMAPPED_1G);
	isb();
	stage2_tlbi();
	all_first(PAR_FAULT(FSC_TRANSLATION(1)) | PAR_STAGE2 | PAR_PTW, true, 0,
		"a root that stage 2 does not map");
}

static void stages_off(void)
{
	u64 above = BIT(tables_pa_bits());

	build(LEAF_ATTRS);
	msr(HCR_EL2, el2_hcr());
	isb();
	all_first(PAR_OK(PAGE_IPA, ATTR_WB, SH_INNER), true, 3, "without stage 2");
	el1_set_sctlr(SCTLR_RES1);
	isb();
	par_row(at_s1e1r(PAGE_IPA + 8), PAR_OK(PAGE_IPA, ATTR_NGNRNE, SH_OUTER),
		"AT S1E1R: both stages off");
	par_row(at_s12e1w(PAGE_IPA + 8), PAR_OK(PAGE_IPA, ATTR_NGNRNE, SH_OUTER),
		"AT S12E1W: both stages off");
	par_row(at_s1e0r(above), PAR_FAULT(0), "AT S1E0R: off, above the size of addresses");
	par_row(at_s12e0r(above), PAR_FAULT(0), "AT S12E0R: off, above the size of addresses");
	msr(HCR_EL2, el2_hcr() | HCR_VM);
	isb();
	par_row(at_s1e1w(PAGE_IPA), PAR_OK(PAGE_IPA, ATTR_NGNRNE, SH_OUTER),
		"AT S1E1W: stage 1 off, stage 2 on");
	par_row(at_s12e1r(PAGE_IPA), PAR_OK(PAGE_PA, ATTR_NGNRNE, SH_OUTER),
		"AT S12E1R: stage 1 off, stage 2 on");
	par_row(at_s12e0w(PAGE_IPA), PAR_OK(PAGE_PA, ATTR_NGNRNE, SH_OUTER),
		"AT S12E0W: stage 1 off, stage 2 on");
	par_row(at_s12e1r(PAGE_IPA + KIB(4)), PAR_FAULT(FSC_TRANSLATION(3)) | PAR_STAGE2,
		"AT S12E1R: stage 1 off, stage 2 unmapped");
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M);
	msr(HCR_EL2, el2_hcr() | HCR_DC);
	isb();
	par_row(at_s1e1r(PAGE_IPA), PAR_OK(PAGE_IPA, ATTR_WB, SH_NONE), "AT S1E1R with HCR_EL2.DC");
	par_row(at_s1e0w(PAGE_IPA), PAR_OK(PAGE_IPA, ATTR_WB, SH_NONE), "AT S1E0W with HCR_EL2.DC");
	par_row(at_s12e1r(PAGE_IPA), PAR_OK(PAGE_PA, ATTR_WB, SH_INNER),
		"AT S12E1R with HCR_EL2.DC alone: stage 2 is on");
	msr(HCR_EL2, el2_hcr() | HCR_DC | HCR_VM);
	isb();
	par_row(at_s12e1r(PAGE_IPA), PAR_OK(PAGE_PA, ATTR_WB, SH_INNER),
		"AT S12E1R with HCR_EL2.DC and VM");
	par_row(at_s12e0r(PAGE_IPA + KIB(4)), PAR_FAULT(FSC_TRANSLATION(3)) | PAR_STAGE2,
		"AT S12E0R with HCR_EL2.DC, stage 2 unmapped");
}

/* VTCR_EL2 and VTTBR_EL2 by which nothing can be walked. */
static void bad_stage2(void)
{
	static const struct {
		const char *what;
		u64 vtcr, root;
		u8 fault;
	} rows[] = {
		{ "a start level that is too deep for T0SZ", 0, 0, FSC_TRANSLATION(0) },
		{ "a start level that is too high for T0SZ", UINT64_C(2) << 6 | 30, 0,
			FSC_TRANSLATION(0) },
		{ "a root above PS", UINT64_C(1) << 6 | 25, BEYOND_PS, 0 },
	};

	build(LEAF_ATTRS);
	el1_set_sctlr(SCTLR_RES1);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 vtcr = tables_vtcr(&stage2) & ~(VTCR_PS | UINT64_C(0xff));

		vtcr |= rows[i].vtcr ? rows[i].vtcr : UINT64_C(0) << 6 | 25;
		msr(VTCR_EL2, vtcr | VTCR_PS_36);
		msr(VTTBR_EL2, (u64)stage2.root | rows[i].root);
		isb();
		stage2_tlbi();
		par_row(at_s12e1r(PAGE_IPA), PAR_FAULT(rows[i].fault) | PAR_STAGE2, "AT S12E1R: %s",
			rows[i].what);
	}
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M);
	isb();
	par_row(at_s1e1r(VA), PAR_FAULT(0) | PAR_STAGE2 | PAR_PTW,
		"AT S1E1R: a root of stage 2 above PS");
}

void test_at_stages(void)
{
	on_address();
	on_tables();
	stages_off();
	bad_stage2();
	stage2_off();
	inner_plain();
	stage2_tlbi();
}
