/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults of the stage 2 that this hypervisor gives its guest: each kind at each level, on loads,
 * stores, fetches and walks of the guest's own tables; and devices by stage 2.
 */
#include "at.h"
#include "hyp.h"
#include "mmio.h"
#include "mmu.h"

#define IPA          UINT64_C(0x0211234000)
#define OFFSET       0x358
#define UARTFR       0x18
#define NOWHERE      UINT64_C(0x0300000000)
#define INSN_LDR_W0  0xb9400020u
#define GICD_IPA     UINT64_C(0x0230000000)
#define GICD_TYPER   4
/* LDR x0 and STR x0: a valid syndrome. */
#define ESR_LOAD(f)  ESR_OF(EC_DABORT_EL0, 0x1c08000 | (f))
#define ESR_STORE(f) ESR_OF(EC_DABORT_EL0, 0x1c08000 | ESR_WNR | (f))
#define ESR_FETCH(f) ESR_OF(EC_IABORT_EL0, f)
/* Fetches of what can't be read: CPUs differ. */
#define NOT_TRIED    1
#define ESR_WALK(f)  ESR_OF(EC_DABORT_EL0, ESR_S1PTW | (f))

static struct tables stage2, el1;

static u64 hpfar(u64 ipa)
{
	return ipa >> 12 << 4;
}

static void build(void)
{
	pool_reset();
	stage2_build(&stage2);
	tables_map(&stage2, IPA, test_block(0), KIB(4), 3, S2_RW);
	stage2_on(&stage2, 3);
	stage2_tlbi();
}

static void set(u32 level, u64 descriptor)
{
	write_descriptor(tables_at(&stage2, IPA, level), descriptor);
	stage2_tlbi();
}

/* One instruction with x1 = va: `esr` is what it leaves with, at `ipa`; 0: it does not. */
static void access(u64 pstate, u32 insn, u64 va, u64 ipa, u64 esr, const char *what)
{
	struct inner inner = { .x = { 0x55, va } };
	bool fetch = insn == INSN_BR_X1;
	u64 fsc = esr & 0x3c;
	u64 want_pc;

	INNER_RUN(&inner, pstate, insn);
	if (!esr) {
		tap_ok(inner_done(&inner, pstate), "%s", what);
		return;
	}
	want_pc = fetch ? va : inner_code_page();
	if (!left_by(&inner, INNER_SYNC, esr, what))
		return;
	tap_is(inner.far, va, "%s: FAR_EL2", what);
	/* Of a permission fault on an address it means nothing. */
	if (fsc != FSC_PERMISSION(0) || esr & ESR_S1PTW)
		tap_is(inner.hpfar, hpfar(ipa), "%s: HPFAR_EL2", what);
	tap_is(inner.pc, want_pc, "%s: the return address", what);
}

/* Stage 1 off: addresses are IPAs. */
static void by_level(void)
{
	static const struct {
		const char *what;
		u32 level;
		u64 descriptor; /* without its output: bit 0 set */
		u64 load, store, fetch;
	} rows[] = {
		{ "read/write", 3, S2_RW | DESC_PAGE, 0, 0, 0 },
		{ "unmapped, level 3", 3, 0, ESR_LOAD(FSC_TRANSLATION(3)),
			ESR_STORE(FSC_TRANSLATION(3)), ESR_FETCH(FSC_TRANSLATION(3)) },
		{ "no access flag, level 3", 3, (S2_RW & ~S2_AF) | DESC_PAGE,
			ESR_LOAD(FSC_ACCESS(3)), ESR_STORE(FSC_ACCESS(3)),
			ESR_FETCH(FSC_ACCESS(3)) },
		{ "read-only, level 3", 3, (S2_RW & ~S2_WRITE) | DESC_PAGE, 0,
			ESR_STORE(FSC_PERMISSION(3)), 0 },
		{ "write-only, level 3", 3, (S2_RW & ~S2_READ) | DESC_PAGE,
			ESR_LOAD(FSC_PERMISSION(3)), 0, NOT_TRIED },
		{ "not executable, level 3", 3, S2_RW | S2_XN | DESC_PAGE, 0, 0,
			ESR_FETCH(FSC_PERMISSION(3)) },
		{ "no access at all, level 3", 3, (S2_RW & ~(S2_READ | S2_WRITE)) | DESC_PAGE,
			ESR_LOAD(FSC_PERMISSION(3)), ESR_STORE(FSC_PERMISSION(3)), NOT_TRIED },
		{ "a block", 2, S2_RW | DESC_BLOCK, 0, 0, 0 },
		{ "no access flag, level 2", 2, (S2_RW & ~S2_AF) | DESC_BLOCK,
			ESR_LOAD(FSC_ACCESS(2)), ESR_STORE(FSC_ACCESS(2)),
			ESR_FETCH(FSC_ACCESS(2)) },
		{ "read-only, level 2", 2, (S2_RW & ~S2_WRITE) | DESC_BLOCK, 0,
			ESR_STORE(FSC_PERMISSION(2)), 0 },
		{ "not executable, level 2", 2, S2_RW | S2_XN | DESC_BLOCK, 0, 0,
			ESR_FETCH(FSC_PERMISSION(2)) },
		{ "unmapped, level 2", 2, 0, ESR_LOAD(FSC_TRANSLATION(2)),
			ESR_STORE(FSC_TRANSLATION(2)), ESR_FETCH(FSC_TRANSLATION(2)) },
		{ "unmapped, level 1", 1, 0, ESR_LOAD(FSC_TRANSLATION(1)),
			ESR_STORE(FSC_TRANSLATION(1)), ESR_FETCH(FSC_TRANSLATION(1)) },
	};
	static const u64 levels[] = { 0, INNER_EL0, INNER_EL1 };

	build();
	/* What a fetch finds at the beginning of the block and of the page. */
	for (u64 offset = 0; offset < MIB(2); offset += KIB(4))
		*(volatile u32 *)(test_block(0) + offset) = INSN_HVC(HVC_DONE);
	sync_code((const void *)test_block(0), MIB(2));
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		set(rows[i].level,
			rows[i].descriptor & 1 ? test_block(0) | rows[i].descriptor
					       : rows[i].descriptor);
		for (u32 el = 1; el < 3; el++) {
			access(levels[el], INSN_LDR_X0_X1, IPA + OFFSET, IPA, rows[i].load,
				rows[i].what);
			access(levels[el], INSN_STR_X0_X1, IPA + OFFSET, IPA, rows[i].store,
				rows[i].what);
		}
		if (rows[i].fetch != NOT_TRIED)
			access(INNER_EL1, INSN_BR_X1, IPA, IPA, rows[i].fetch, rows[i].what);
	}
	access(INNER_EL1, INSN_LDR_X0_X1, BIT(39) + OFFSET, BIT(39), ESR_LOAD(FSC_TRANSLATION(0)),
		"beyond the size of addresses");
}

/* Stage 1 on: its tables are where stage 2 does not let them be read. */
static void on_walks(void)
{
	u64 va = UINT64_C(0x1412345000);
	u64 table;

	build();
	stage1_build(&el1);
	tables_map(&el1, va, IPA, KIB(4), 3, MAP_NORMAL | MAP_AF | MAP_UXN);
	stage1_on(&el1);
	access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, 0, "both stages");
	set(3, 0);
	access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, ESR_LOAD(FSC_TRANSLATION(3)),
		"both stages, stage 2 unmapped");
	set(3, test_block(0) | S2_RW | DESC_PAGE);
	for (u32 level = 2; level < 4; level++) {
		u64 *at = tables_at(&el1, va, level - 1);
		u64 old = *at;

		/* The table is copied to the page that stage 2 will take away. */
		table = old & DESC_OUTPUT;
		memcpy((void *)test_block(0), (const void *)table, KIB(4));
		write_descriptor(at, IPA | DESC_TABLE);
		stage2_tlbi();
		access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, 0, "a table by stage 2");
		set(3, 0);
		access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, ESR_WALK(FSC_TRANSLATION(3)),
			"a load, its table unmapped");
		access(INNER_EL1, INSN_BR_X1, va, IPA, ESR_FETCH(ESR_S1PTW | FSC_TRANSLATION(3)),
			"a fetch, its table unmapped");
		set(3, test_block(0) | (S2_RW & ~S2_AF) | DESC_PAGE);
		access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, ESR_WALK(FSC_ACCESS(3)),
			"a load, its table without access flag");
		set(3, test_block(0) | (S2_RW & ~S2_READ) | DESC_PAGE);
		access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, ESR_WALK(FSC_PERMISSION(3)),
			"a load, its table not readable");
		set(3, test_block(0) | (S2_RW & ~S2_WRITE) | DESC_PAGE);
		access(INNER_EL1, INSN_LDR_X0_X1, va + OFFSET, IPA, 0,
			"a load, its table read-only");
		set(3, test_block(0) | S2_RW | DESC_PAGE);
		write_descriptor(at, old);
		stage2_tlbi();
	}
	inner_plain();
}

/* Faults of its own stage 1 are its own. */
static void own_faults(void)
{
	struct inner inner = { .x = { 0, UINT64_C(0x1512345678) } };

	build();
	stage1_build(&el1);
	stage1_on(&el1);
	INNER_RUN(&inner, INNER_EL1, INSN_LDR_X0_X1);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "a fault of stage 1 is EL1's");
	tap_is(el1_esr(), ESR_OF(EC_DABORT, FSC_TRANSLATION(1)), "ESR_EL1 of it");
	tap_is(el1_far(), UINT64_C(0x1512345678), "FAR_EL1 of it");
	inner.x[1] = inner_code_page();
	INNER_RUN(&inner, INNER_EL0, INSN_STR_X0_X1);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), "a permission of stage 1, EL0's");
	tap_is(el1_esr(), ESR_OF(EC_DABORT_EL0, ESR_WNR | FSC_PERMISSION(3)), "ESR_EL1 of it");
	inner_plain();
}

/* Stage 2 leads to devices, and to where nothing is. */
static void devices(void)
{
	struct inner inner = { .x = { 0, UART_BASE + UARTFR } };

	build();
	INNER_RUN(&inner, INNER_EL1, INSN_LDR_W0);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "the UART by stage 2");
	tap_is(inner.x[0], mmio_read32(UART_BASE + UARTFR), "what it reads there");
	tables_map(&stage2, GICD_IPA, GICD_BASE, KIB(4), 3, S2_RW_DEVICE);
	inner.x[1] = GICD_IPA + GICD_TYPER;
	INNER_RUN(&inner, INNER_EL1, INSN_LDR_W0);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "GICD by stage 2, at another address");
	tap_is(inner.x[0], mmio_read32(GICD_BASE + GICD_TYPER), "what it reads there");
	inner.x[1] = GICD_BASE + GICD_TYPER;
	INNER_RUN(&inner, INNER_EL1, INSN_LDR_W0);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_DABORT_EL0, 0x1800000 | FSC_TRANSLATION(2)),
		"GICD at its own address, which stage 2 does not map");
	tap_is(inner.hpfar, hpfar(GICD_BASE), "HPFAR_EL2 of it");
	set(3, NOWHERE | S2_RW | DESC_PAGE);
	inner.x[1] = IPA;
	INNER_RUN(&inner, INNER_EL1, INSN_LDR_W0);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "stage 2 leads to where nothing is");
	tap_is(el1_esr(), ESR_DATA_SEA, "an external abort");
	tap_is(el1_far(), IPA, "FAR_EL1 of it");
	if (!under_lintel()) {
		tap_skip("HCR_EL2.TEA", "QEMU's own EL2 has none");
		return;
	}
	msr(HCR_EL2, mrs(HCR_EL2) | HCR_TEA);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_LDR_W0);
	tap_is(inner.esr & (ESR_EC | ESR_FSC), (u64)EC_DABORT_EL0 << 26 | FSC_SEA,
		"HCR_EL2.TEA: it is EL2's");
	msr(HCR_EL2, mrs(HCR_EL2) & ~HCR_TEA);
	isb();
}

/* MemAttr[2:0] with HCR_EL2.FWB, over a stage 1 that is off (Device-nGnRnE): what memory it is. */
static void forced_write_back(void)
{
	static const struct {
		const char *what;
		u64 mem_attr;
		u32 attr;
	} rows[] = {
		{ "FWB: write-back, whatever stage 1 says", 6, 0xff },
		{ "FWB: as stage 1 says", 7, 0x00 },
		{ "FWB: Device-nGnRnE", 0, 0x00 },
	};
	struct inner inner = { 0 };

	if (FIELD_GET(GENMASK(43, 40), mrs(S3_0_C0_C7_2)) == 0) {
		tap_skip("HCR_EL2.FWB", "no FEAT_S2FWB");
		return;
	}
	msr(HCR_EL2, mrs(HCR_EL2) | HCR_FWB);
	isb();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		set(3, test_block(0) | (S2_RW & ~S2_NORMAL) | rows[i].mem_attr << 2 | DESC_PAGE);
		inner.x[1] = IPA;
		INNER_RUN(&inner, INNER_EL1, INSN_LDR_W0);
		left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), rows[i].what);
		tap_is(at_s12e1r(IPA) >> 56, rows[i].attr, "%s: AT S12E1R", rows[i].what);
	}
	msr(HCR_EL2, mrs(HCR_EL2) & ~HCR_FWB);
	isb();
	stage2_tlbi();
}

void test_stage2(void)
{
	by_level();
	on_walks();
	own_faults();
	devices();
	build();
	forced_write_back();
	stage2_off();
	stage2_tlbi();
}
