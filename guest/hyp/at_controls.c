/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT and the controls of a regime: granules, levels, TTBR1, TBI, EPD, E0PD, HPD, contiguous
 * pages, hardware's access flag and dirty state, bases out of range; and AT of an inner guest.
 */
#include "at.h"
#include "mmu.h"

#define OUT             UINT64_C(0x0240000000)
#define VA48            UINT64_C(0x0000123412340000)
#define LEAF            (MAP_NORMAL | MAP_AF | MAP_USER)
#define TCR_EPD0        BIT(7)
#define TCR_EPD1        BIT(23)
#define TCR_TBI0        BIT(37)
#define TCR_HA          BIT(39)
#define TCR_HD          BIT(40)
#define TCR_HPD0        BIT(41)
#define TCR_E0PD0       BIT(55)
#define TCR_IPS         GENMASK(34, 32)
#define TCR_T1SZ_SHIFT  16
#define TCR_TG1_4K      (UINT64_C(2) << 30)
#define MMFR1_HAFDBS    GENMASK(3, 0)
#define MMFR1_HPDS      GENMASK(15, 12)
#define MMFR2_E0PD      GENMASK(63, 60)
#define MMFR0_TGRAN16   GENMASK(23, 20)
#define MMFR0_TGRAN64   GENMASK(27, 24)
#define DESC_CONTIGUOUS BIT(52)
#define EE              BIT(25)
#define SCTLR_ON        (SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I)
#define ID_AA64MMFR2    S3_0_C0_C7_2

static struct tables el1;

static void load(u64 more_tcr)
{
	el1_set_mair(UINT64_C(0x44ff04));
	el1_set_tcr(tables_tcr(&el1) | more_tcr);
	el1_set_ttbr0((u64)el1.root);
	el1_set_sctlr(SCTLR_ON);
	isb();
	stage2_tlbi();
}

static void build(u32 shift, u32 bits, u64 va, u32 level, u64 leaf)
{
	pool_reset();
	tables_init(&el1, shift, bits, false);
	tables_map(&el1, va & ~(tables_size(&el1, level) - 1), OUT, tables_size(&el1, level), level,
		leaf);
	load(0);
}

/* Pages and blocks of a granule, and what is invalid at each level. */
static void granule(u32 shift, u32 bits)
{
	u64 va = VA48 & (BIT(bits) - 1);
	u64 page = va & (BIT(shift) - 1) & ~UINT64_C(0xfff);
	u32 kib = 1u << (shift - 10);
	u64 block;

	build(shift, bits, va, 3, LEAF);
	par_row(at_s1e1r(va), PAR_OK(OUT + page, ATTR_WB, SH_INNER), "%u KiB, %u bits: a page", kib,
		bits);
	par_row(at_s1e0w(va), PAR_OK(OUT + page, ATTR_WB, SH_INNER),
		"%u KiB, %u bits: a page, EL0 writes", kib, bits);
	par_row(at_s1e1r(va ^ BIT(shift)), PAR_FAULT(FSC_TRANSLATION(3)),
		"%u KiB, %u bits: the page beside it", kib, bits);
	for (u32 level = el1.start; level < 3; level++)
		par_row(at_s1e1r(va ^ tables_size(&el1, level)), PAR_FAULT(FSC_TRANSLATION(level)),
			"%u KiB, %u bits: invalid at level %u", kib, bits, level);
	write_descriptor(tables_at(&el1, va, 3), OUT | LEAF | MAP_RO | DESC_PAGE);
	stage2_tlbi();
	par_row(at_s1e1w(va), PAR_FAULT(FSC_PERMISSION(3)), "%u KiB, %u bits: read-only", kib,
		bits);
	write_descriptor(tables_at(&el1, va, 3), OUT | LEAF | DESC_BLOCK);
	stage2_tlbi();
	par_row(at_s1e1r(va), PAR_FAULT(FSC_TRANSLATION(3)), "%u KiB, %u bits: no block at level 3",
		kib, bits);
	build(shift, bits, va, 2, LEAF);
	block = va & (tables_size(&el1, 2) - 1) & ~UINT64_C(0xfff);
	par_row(at_s1e1r(va), PAR_OK(OUT + block, ATTR_WB, SH_INNER), "%u KiB, %u bits: a block",
		kib, bits);
	/* With 52 bits of address 64 KiB has one. */
	if (shift != 12 && el1.start <= 1 && tables_pa_bits() <= 48) {
		write_descriptor(tables_at(&el1, va, 1), LEAF | DESC_BLOCK);
		stage2_tlbi();
		par_row(at_s1e1r(va), PAR_FAULT(FSC_TRANSLATION(1)),
			"%u KiB, %u bits: no block at level 1", kib, bits);
	}
}

static void granules(void)
{
	u64 mmfr0 = mrs(id_aa64mmfr0_el1);

	granule(12, 48);
	granule(12, 39);
	granule(12, 30);
	granule(12, 25);
	if (mmfr0 & MMFR0_TGRAN16) {
		granule(14, 47);
		granule(14, 36);
	} else {
		tap_skip("16 KiB", "not there");
	}
	if (FIELD_GET(MMFR0_TGRAN64, mmfr0) != 0xf) {
		granule(16, 48);
		granule(16, 42);
	} else {
		tap_skip("64 KiB", "not there");
	}
	build(12, 48, VA48, 1, LEAF);
	par_row(at_s1e1r(VA48), PAR_OK(OUT + (VA48 & (GIB(1) - 1)), ATTR_WB, SH_INNER),
		"a block of 1 GiB");
	write_descriptor(tables_at(&el1, VA48, 0), OUT | LEAF | DESC_BLOCK);
	stage2_tlbi();
	par_row(at_s1e1r(VA48), PAR_FAULT(FSC_TRANSLATION(0)), "no block at level 0");
}

static void tcr_bits(void)
{
	u64 ok = PAR_OK(OUT, ATTR_WB, SH_INNER);
	u64 top = VA48 | UINT64_C(0xa5) << 56;

	build(12, 48, VA48, 3, LEAF);
	load(TCR_TBI0);
	par_row(at_s1e1r(top), ok, "TBI0: the top byte is ignored");
	par_row(at_s1e1r(VA48 | BIT(55)), PAR_FAULT(FSC_TRANSLATION(0)), "TBI0: bit 55 is not");
	load(0);
	par_row(at_s1e1r(top), PAR_FAULT(FSC_TRANSLATION(0)), "without TBI0 it is not");
	load(TCR_EPD0);
	par_row(at_s1e1r(VA48), PAR_FAULT(FSC_TRANSLATION(0)), "EPD0");
	par_row(at_s1e0w(VA48), PAR_FAULT(FSC_TRANSLATION(0)), "EPD0, EL0 writes");
	if (mrs(ID_AA64MMFR2) & MMFR2_E0PD) {
		load(TCR_E0PD0);
		par_row(at_s1e1r(VA48), ok, "E0PD0 is not for EL1");
		par_row(at_s1e0r(VA48), PAR_FAULT(FSC_TRANSLATION(0)), "E0PD0 is for EL0");
		par_row(at_s12e0r(VA48), PAR_FAULT(FSC_TRANSLATION(0)), "E0PD0, both stages");
	}
	if (mrs(id_aa64mmfr1_el1) & MMFR1_HPDS) {
		u64 *table = tables_at(&el1, VA48, 2);

		write_descriptor(table, *table | DESC_RO_TABLE | DESC_NO_EL0_TABLE);
		load(0);
		par_row(at_s1e0r(VA48), PAR_FAULT(FSC_PERMISSION(3)), "APTable without HPD0");
		load(TCR_HPD0);
		par_row(at_s1e0r(VA48), ok, "HPD0: APTable is ignored");
		par_row(at_s1e1w(VA48), ok, "HPD0: APTable is ignored, EL1 writes");
	}
	build(12, 48, VA48, 3, LEAF | DESC_CONTIGUOUS);
	par_row(at_s1e1r(VA48), ok, "a page with the contiguous bit");
}

static void ttbr1(void)
{
	u64 va = ~UINT64_C(0) << 39 | UINT64_C(0x1412340000);
	u64 tcr;

	build(12, 39, va, 3, LEAF);
	tcr = (tables_tcr(&el1) & ~TCR_EPD1) | (u64)(64 - 39) << TCR_T1SZ_SHIFT | TCR_TG1_4K |
		TCR_EPD0;
	el1_set_tcr(tcr);
	el1_set_ttbr1((u64)el1.root);
	isb();
	stage2_tlbi();
	par_row(at_s1e1r(va), PAR_OK(OUT, ATTR_WB, SH_INNER), "TTBR1's half");
	par_row(at_s12e0w(va), PAR_OK(OUT, ATTR_WB, SH_INNER), "TTBR1's half, both stages");
	par_row(at_s1e1r(va & ~BIT(50)), PAR_FAULT(FSC_TRANSLATION(0)), "TTBR1's: not canonical");
	par_row(at_s1e1r(va & (BIT(39) - 1)), PAR_FAULT(FSC_TRANSLATION(0)),
		"TTBR0's, which is off");
	el1_set_ttbr1(0);
}

/* IPS 36 bits: a root beyond it. */
static void bases(void)
{
	build(12, 48, VA48, 3, LEAF);
	el1_set_tcr((tables_tcr(&el1) & ~TCR_IPS) | UINT64_C(1) << 32);
	el1_set_ttbr0((u64)el1.root | BIT(40));
	isb();
	stage2_tlbi();
	par_row(at_s1e1r(VA48), PAR_FAULT(0), "TTBR0_EL1 beyond IPS");
	par_row(at_s12e0r(VA48), PAR_FAULT(0), "TTBR0_EL1 beyond IPS, both stages");
}

/* The access flag, and dirty state, by hardware. */
static void hardware_flags(void)
{
	u64 hafdbs = FIELD_GET(MMFR1_HAFDBS, mrs(id_aa64mmfr1_el1));
	u64 ok = PAR_OK(OUT, ATTR_WB, SH_INNER);
	u64 *leaf;
	u64 par;

	build(12, 48, VA48, 3, LEAF & ~MAP_AF);
	leaf = tables_at(&el1, VA48, 3);
	par_row(at_s1e1r(VA48), PAR_FAULT(FSC_ACCESS(3)), "no access flag, without HA");
	tap_is(*(volatile u64 *)leaf & MAP_AF, 0, "it stays 0");
	load(TCR_HA);
	par = at_s1e1r(VA48);
	if (!hafdbs) {
		par_row(par, PAR_FAULT(FSC_ACCESS(3)), "HA, which is not there");
		return;
	}
	par_row(par, ok, "HA: no access flag, but it is set");
	if (hafdbs < 2)
		return;
	write_descriptor(leaf, OUT | LEAF | MAP_RO | DESC_DBM | DESC_PAGE);
	load(TCR_HA);
	par_row(at_s1e1w(VA48), PAR_FAULT(FSC_PERMISSION(3)), "DBM without HD is read-only");
	load(TCR_HA | TCR_HD);
	par_row(at_s1e1w(VA48), ok, "HD: a clean page can be written");
	if (under_lintel())
		tap_is(*(volatile u64 *)leaf & MAP_RO, MAP_RO, "AT does not make it dirty");
	else
		tap_skip("AT does not make it dirty", "QEMU's own does");
}

static void swap_tables(u64 *table, u32 level)
{
	for (u32 i = 0; i < 512; i++) {
		if (level < 3 && (table[i] & 3) == DESC_TABLE)
			swap_tables((u64 *)(table[i] & DESC_OUTPUT), level + 1);
		write_descriptor(&table[i], __builtin_bswap64(table[i]));
	}
}

static void big_endian(void)
{
	build(12, 48, VA48, 3, LEAF);
	swap_tables(el1.root, el1.start);
	el1_set_sctlr(SCTLR_ON | EE);
	isb();
	stage2_tlbi();
	par_row(at_s1e1r(VA48), PAR_OK(OUT, ATTR_WB, SH_INNER), "tables of the other endianness");
	par_row(at_s12e1w(VA48), PAR_OK(OUT, ATTR_WB, SH_INNER),
		"tables of the other endianness, both stages");
	el1_set_sctlr(SCTLR_ON);
	isb();
}

/* What no table can be walked by, and tables where no memory is. */
static void bad_controls(void)
{
	u64 nowhere = UINT64_C(0x0300000000);
	struct probe p = { .x = { VA48 } };
	u64 tcr, par;

	build(12, 48, VA48, 3, LEAF);
	tcr = tables_tcr(&el1) & ~UINT64_C(0x3f);
	el1_set_tcr(tcr | 12);
	isb();
	stage2_tlbi();
	par_row(at_s1e1r(VA48), PAR_FAULT(FSC_TRANSLATION(0)), "T0SZ below what there is");
	el1_set_tcr(tcr | 63);
	isb();
	stage2_tlbi();
	par_row(at_s1e1r(0), PAR_FAULT(FSC_TRANSLATION(0)), "T0SZ above what there is");
	load(0);
	el1_set_sctlr(SCTLR_ON & ~SCTLR_C);
	isb();
	stage2_tlbi();
	par = at_s1e1r(VA48);
	/* QEMU does not look at it. */
	tap_ok(par_is(par, PAR_OK(OUT, ATTR_NC, SH_OUTER)) ||
			par_is(par, PAR_OK(OUT, ATTR_WB, SH_INNER)),
		"SCTLR_EL1.C = 0: not cacheable, or as the table says");
	load(0);
	if (!under_lintel()) {
		tap_skip("tables where nothing is", "QEMU's own EL2 takes an abort");
		return;
	}
	write_descriptor(tables_at(&el1, VA48, 1), nowhere | DESC_TABLE);
	stage2_tlbi();
	probe_insn(&p, INSN_SYS(0, 7, 8, 0, 0));
	tap_ok(!p.taken, "a table where nothing is: no exception");
	par_row(mrs(par_el1), PAR_FAULT(FSC_SEA_WALK(2)), "a table where nothing is");
	el1_set_ttbr0(nowhere);
	isb();
	stage2_tlbi();
	par_row(at_s1e1r(VA48), PAR_FAULT(FSC_SEA_WALK(0)), "a root where nothing is");
	par_row(at_s12e0w(VA48), PAR_FAULT(FSC_SEA_WALK(0)), "a root where nothing is, both");
	par_row(at_s1e2r(UINT64_C(0x7f00000000)), PAR_FAULT(FSC_TRANSLATION(1)),
		"EL2's own are where they were");
}

#define AT_S1E1R_X1 INSN_SYS(0, 7, 8, 0, 1)
#define AT_S1E0W_X1 INSN_SYS(0, 7, 8, 3, 1)
#define AT_S12E1R   INSN_SYS(4, 7, 8, 4, 1)
#define AT_S1E2R    INSN_SYS(4, 7, 8, 0, 1)
#define PAR_EL1     SYSREG(3, 0, 7, 4, 0)

/* An inner guest's own. */
static void inner_at(void)
{
	struct inner inner = { .x = { 0, inner_code_page() } };
	u64 *leaf;

	pool_reset();
	stage1_build(&el1);
	stage1_on(&el1);
	INNER_RUN(&inner, INNER_EL1, AT_S1E1R_X1, INSN_ISB, INSN_MRS(PAR_EL1, 0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "AT S1E1R of an inner guest");
	par_row(inner.x[0], PAR_OK(inner_code_page(), ATTR_WB, SH_INNER), "PAR_EL1 of it");
	INNER_RUN(&inner, INNER_EL1, AT_S1E0W_X1, INSN_ISB, INSN_MRS(PAR_EL1, 0));
	par_row(inner.x[0], PAR_FAULT(FSC_PERMISSION(3)), "AT S1E0W of an inner guest");
	leaf = tables_at(&el1, VA48 & (BIT(39) - 1), 3);
	write_descriptor(leaf, OUT | LEAF | DESC_PAGE);
	stage2_tlbi();
	inner.x[1] = VA48 & (BIT(39) - 1);
	INNER_RUN(&inner, INNER_EL1, AT_S1E0W_X1, INSN_ISB, INSN_MRS(PAR_EL1, 0));
	par_row(inner.x[0], PAR_OK(OUT, ATTR_WB, SH_INNER), "AT S1E0W of an inner guest, its page");
	INNER_RUN(&inner, INNER_EL1, AT_S12E1R);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "AT S12E1R of an inner guest");
	tap_is(el1_esr(), ESR_UNDEF, "is undefined to its EL1");
	INNER_RUN(&inner, INNER_EL1, AT_S1E2R);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "AT S1E2R of an inner guest");
	tap_is(el1_esr(), ESR_UNDEF, "is undefined to its EL1");
	INNER_RUN(&inner, INNER_EL0, AT_S1E1R_X1);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), "AT S1E1R of an inner guest's EL0");
	tap_is(el1_esr(), ESR_UNDEF, "is undefined to its EL1");
	msr(HCR_EL2, el2_hcr() | HCR_AT);
	isb();
	INNER_RUN(&inner, INNER_EL1, AT_S1E1R_X1);
	left_by(&inner, INNER_SYNC, ESR_SYSREG(1, 0, 7, 8, 0, 1, 0), "HCR_EL2.AT: AT S1E1R exits");
	tap_is(inner.pc, inner_code_page(), "at the instruction");
	INNER_RUN(&inner, INNER_EL1, AT_S1E0W_X1);
	left_by(&inner, INNER_SYNC, ESR_SYSREG(1, 0, 7, 8, 3, 1, 0), "HCR_EL2.AT: AT S1E0W exits");
	par_row(at_s1e0w(VA48 & (BIT(39) - 1)), PAR_OK(OUT, ATTR_WB, SH_INNER),
		"HCR_EL2.AT is not for EL2");
	msr(HCR_EL2, el2_hcr());
	isb();
}

void test_at_controls(void)
{
	granules();
	tcr_bits();
	ttbr1();
	bases();
	hardware_flags();
	big_endian();
	bad_controls();
	inner_plain();
	inner_at();
	inner_plain();
	stage2_tlbi();
}
