/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every AT instruction in every {E2H,TGE}, over a page or block of every kind: PAR_EL1 bit for bit.
 *
 * EL1's tables and EL2's have the same kinds at the same addresses (CELL_BASE ...), with outputs
 * that are not the same, so that it can be seen whose were walked; stage 2 gives EL1's outputs
 * yet other addresses.
 */
#include "at.h"
#include "mmu.h"

#define CELL_BASE     UINT64_C(0x1400000000) /* a 1 GiB entry of its own */
#define IPA_BASE      UINT64_C(0x0200000000)
#define PA_BASE       UINT64_C(0x0300000000)
#define EL2_BASE      UINT64_C(0x0400000000)
/* Above the 36 bits that IPS and PS are set to. */
#define BEYOND        UINT64_C(0x2000000000)
#define IPS_36_BITS   1
#define VA_BITS       39
#define TCR_IPS       GENMASK(34, 32)
#define TCR_PS        GENMASK(18, 16)
#define SCTLR_EPAN    BIT(57)
#define MMFR1_PAN     GENMASK(23, 20)
#define MAIR_OF_CELLS UINT64_C(0x44ff04)

const struct at_op at_ops[NR_AT_OPS] = {
	{ "S1E1R", at_s1e1r, AS_EL1, false, false },
	{ "S1E1W", at_s1e1w, AS_EL1 + 1, false, false },
	{ "S1E0R", at_s1e0r, AS_EL0, false, false },
	{ "S1E0W", at_s1e0w, AS_EL0 + 1, false, false },
	{ "S1E1RP", at_s1e1rp, AS_PAN, false, false },
	{ "S1E1WP", at_s1e1wp, AS_PAN + 1, false, false },
	{ "S1E2R", at_s1e2r, AS_EL1, false, true },
	{ "S1E2W", at_s1e2w, AS_EL1 + 1, false, true },
	{ "S12E1R", at_s12e1r, AS_EL1, true, false },
	{ "S12E1W", at_s12e1w, AS_EL1 + 1, true, false },
	{ "S12E0R", at_s12e0r, AS_EL0, true, false },
	{ "S12E0W", at_s12e0w, AS_EL0 + 1, true, false },
};

#define P3 FSC_PERMISSION(3)
#define P2 FSC_PERMISSION(2)
#define ALL(f)                   \
	{                        \
		f, f, f, f, f, f \
	}
#define WB      (MAP_NORMAL | MAP_AF)
#define AF_USER (MAP_NORMAL | MAP_AF | MAP_USER)
/* A 2 MiB block, or a table with one page; an address of its own, where nothing is mapped; PAN
 * matters with EPAN alone; only in EL1&0 and EL2&0, which have two privileges. */
#define BLOCK   BIT(0)
#define FAR_VA  BIT(1)
#define EPAN    BIT(2)
#define TWO     BIT(3)

static const struct cell {
	const char *name;
	u64 attributes;    /* of a page, number of the row; 0: nothing is mapped */
	u32 flags;         /* BLOCK: a 2 MiB block */
	u64 table;         /* BLOCK: attributes of a table there instead, with a page in it */
	u64 va;            /* FAR_VA */
	u8 fault[NR_AS];   /* EL1 R, W, EL0 R, W, EL1 with PAN R, W; 0: none */
	u8 attr, sh, sh12; /* where none: sh12 by both stages */
} cells[] = {
	{ "a page of EL1's", WB | MAP_UXN, 0, 0, 0, { 0, 0, P3, P3, 0, 0 }, ATTR_WB, SH_INNER,
		SH_INNER },
	{ "EL1's, read-only", WB | MAP_UXN | MAP_RO, 0, 0, 0, { 0, P3, P3, P3, 0, P3 }, ATTR_WB,
		SH_INNER, SH_INNER },
	{ "EL0's", AF_USER, 0, 0, 0, { 0, 0, 0, 0, P3, P3 }, ATTR_WB, SH_INNER, SH_INNER },
	{ "EL0's, read-only", AF_USER | MAP_RO, 0, 0, 0, { 0, P3, 0, P3, P3, P3 }, ATTR_WB,
		SH_INNER, SH_INNER },
	{ "EL0 executes, EL1 writes", WB | MAP_PXN, EPAN, 0, 0, { 0, 0, P3, P3, P3, P3 }, ATTR_WB,
		SH_INNER, SH_INNER },
	{ "EL0 executes, EL1 reads", WB | MAP_RO, EPAN, 0, 0, { 0, P3, P3, P3, P3, P3 }, ATTR_WB,
		SH_INNER, SH_INNER },
	{ "nobody executes", WB | MAP_PXN | MAP_UXN, 0, 0, 0, { 0, 0, P3, P3, 0, 0 }, ATTR_WB,
		SH_INNER, SH_INNER },
	{ "device", MAP_DEVICE | MAP_AF | MAP_UXN, 0, 0, 0, { 0, 0, P3, P3, 0, 0 }, ATTR_NGNRE,
		SH_OUTER, SH_OUTER },
	{ "device, inner shareable", MAP_DEVICE | MAP_AF | MAP_UXN | UINT64_C(3) << 8, 0, 0, 0,
		{ 0, 0, P3, P3, 0, 0 }, ATTR_NGNRE, SH_OUTER, SH_OUTER },
	{ "device nGnRnE", UINT64_C(3) << 2 | MAP_AF | MAP_UXN, 0, 0, 0, { 0, 0, P3, P3, 0, 0 },
		ATTR_NGNRNE, SH_OUTER, SH_OUTER },
	{ "not cacheable", MAP_NC | MAP_AF | MAP_UXN, 0, 0, 0, { 0, 0, P3, P3, 0, 0 }, ATTR_NC,
		SH_OUTER, SH_OUTER },
	{ "not shareable", UINT64_C(1) << 2 | MAP_AF | MAP_UXN, 0, 0, 0, { 0, 0, P3, P3, 0, 0 },
		ATTR_WB, SH_NONE, SH_INNER },
	{ "outer shareable", UINT64_C(1) << 2 | UINT64_C(2) << 8 | MAP_AF | MAP_UXN, 0, 0, 0,
		{ 0, 0, P3, P3, 0, 0 }, ATTR_WB, SH_OUTER, SH_OUTER },
	{ "no access flag", MAP_NORMAL | MAP_USER, 0, 0, 0, ALL(FSC_ACCESS(3)), 0, 0, 0 },
	{ "not global", AF_USER | BIT(11), 0, 0, 0, { 0, 0, 0, 0, P3, P3 }, ATTR_WB, SH_INNER,
		SH_INNER },
	{ "invalid page", 0, 0, 0, 0, ALL(FSC_TRANSLATION(3)), 0, 0, 0 },
	{ "output above IPS", AF_USER | BEYOND, 0, 0, 0, ALL(3), 0, 0, 0 },
	{ "a block of EL1's", WB | MAP_UXN, BLOCK, 0, 0, { 0, 0, P2, P2, 0, 0 }, ATTR_WB, SH_INNER,
		SH_INNER },
	{ "a block of EL0's, read-only", AF_USER | MAP_RO, BLOCK, 0, 0, { 0, P2, 0, P2, P2, P2 },
		ATTR_WB, SH_INNER, SH_INNER },
	{ "a block, no access flag", MAP_NORMAL, BLOCK, 0, 0, ALL(FSC_ACCESS(2)), 0, 0, 0 },
	{ "a block, output above IPS", WB | BEYOND, BLOCK, 0, 0, ALL(2), 0, 0, 0 },
	{ "invalid block", 0, BLOCK, 0, 0, ALL(FSC_TRANSLATION(2)), 0, 0, 0 },
	{ "a table above IPS", 0, BLOCK, DESC_TABLE | BEYOND, 0, ALL(2), 0, 0, 0 },
	{ "APTable: read-only", AF_USER, BLOCK, DESC_RO_TABLE, 0, { 0, P3, 0, P3, P3, P3 }, ATTR_WB,
		SH_INNER, SH_INNER },
	{ "APTable: not EL0's", AF_USER | MAP_UXN, BLOCK | TWO, DESC_NO_EL0_TABLE, 0,
		{ 0, 0, P3, P3, 0, 0 }, ATTR_WB, SH_INNER, SH_INNER },
	{ "APTable: neither", AF_USER | MAP_UXN, BLOCK | TWO, DESC_NO_EL0_TABLE | DESC_RO_TABLE, 0,
		{ 0, P3, P3, P3, 0, P3 }, ATTR_WB, SH_INNER, SH_INNER },
	{ "a 1 GiB entry that is invalid", 0, FAR_VA, 0, CELL_BASE + GIB(1),
		ALL(FSC_TRANSLATION(1)), 0, 0, 0 },
	{ "beyond TxSZ", 0, FAR_VA, 0, BIT(VA_BITS), ALL(FSC_TRANSLATION(0)), 0, 0, 0 },
	{ "beyond TxSZ, bit 47", 0, FAR_VA, 0, CELL_BASE | BIT(47), ALL(FSC_TRANSLATION(0)), 0, 0,
		0 },
	{ "not canonical", 0, FAR_VA, 0, BIT(63), ALL(FSC_TRANSLATION(0)), 0, 0, 0 },
	{ "a top byte without TBI", 0, FAR_VA, 0, CELL_BASE | UINT64_C(0x5a) << 56,
		ALL(FSC_TRANSLATION(0)), 0, 0, 0 },
	{ "TTBR1's, which is off", 0, FAR_VA, 0, ~UINT64_C(0) << VA_BITS, ALL(FSC_TRANSLATION(0)),
		0, 0, 0 },
	{ "the last of TTBR1's", 0, FAR_VA, 0, ~UINT64_C(0xfff), ALL(FSC_TRANSLATION(0)), 0, 0, 0 },
};

static struct tables el1, el2, stage2;

bool par_row(u64 par, u64 expected, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	if (tap_ok(par_is(par, expected), "%s", text))
		return true;
	tap_note("PAR_EL1 %lx, expected %lx", par, expected);
	return false;
}

static u64 cell_offset(u32 n)
{
	return cells[n].flags & BLOCK ? (n + 1) * MIB(2) : n * KIB(4);
}

static u64 cell_va(u32 n)
{
	return cells[n].flags & FAR_VA ? cells[n].va : CELL_BASE + cell_offset(n) + 0x128;
}

/* One kind; `own`: EL2's regime, whose attributes may differ. */
static void build_cell(struct tables *tables, u32 n, u64 outputs, bool own)
{
	u64 va = CELL_BASE + cell_offset(n);
	u64 attributes = own ? el2_attributes(cells[n].attributes) : cells[n].attributes;
	u64 output = outputs + cell_offset(n);
	u32 level = cells[n].flags & BLOCK && !cells[n].table ? 2 : 3;
	u64 *at;

	if (cells[n].flags & FAR_VA)
		return;
	if (cells[n].table & DESC_TABLE) {
		write_descriptor(tables_at(tables, va, 2), cells[n].table);
		return;
	}
	at = tables_at(tables, va, level);
	write_descriptor(at,
		cells[n].attributes ? attributes | output | (level == 3 ? DESC_PAGE : DESC_BLOCK)
				    : 0);
	if (cells[n].table) {
		at = tables_at(tables, va, 2);
		write_descriptor(at, *at | cells[n].table);
	}
}

static void build_cells(struct tables *tables, u64 outputs, bool own)
{
	tables_init(tables, 12, VA_BITS, false);
	for (u32 n = 0; n < ARRAY_SIZE(cells); n++)
		build_cell(tables, n, outputs, own);
}

/* Our own map besides, since we run on it. */
static void build_own(void)
{
	u64 ram = MAP_NORMAL | MAP_AF | MAP_UXN;
	u64 devices = MAP_DEVICE | MAP_AF | MAP_UXN | MAP_PXN;

	build_cells(&el2, EL2_BASE, true);
	tables_map(&el2, 0, 0, GIB(1), 1, el2_attributes(devices));
	for (u64 at = 0; at < MIB(64) && at < machine.memory_size; at += MIB(2))
		tables_map(&el2, RAM_BASE + at, RAM_BASE + at, MIB(2), 2, el2_attributes(ram));
}

static void build_stage2(void)
{
	tables_init(&stage2, 12, VA_BITS, true);
	for (u64 at = 0; at < MIB(64) && at < machine.memory_size; at += MIB(2))
		tables_map(&stage2, RAM_BASE + at, RAM_BASE + at, MIB(2), 2, S2_RW);
	for (u32 n = 0; n < ARRAY_SIZE(cells); n++) {
		u64 offset = cell_offset(n);

		if (cells[n].flags & BLOCK)
			tables_map(&stage2, IPA_BASE + offset, PA_BASE + offset, MIB(2), 2, S2_RW);
		else
			tables_map(&stage2, IPA_BASE + offset, PA_BASE + offset, KIB(4), 3, S2_RW);
	}
}

/* The payload's own registers, for the end. */
static u64 old_ttbr, old_tcr, old_sctlr;

static void switch_on(void)
{
	u64 tcr = old_tcr = mrs(TCR_EL2);

	old_ttbr = mrs(TTBR0_EL2);
	old_sctlr = mrs(SCTLR_EL2);
	tcr = vhe() ? (tcr & ~TCR_IPS) | (u64)IPS_36_BITS << 32
		    : (tcr & ~TCR_PS) | (u64)IPS_36_BITS << 16;
	msr(TCR_EL2, tcr);
	msr(TTBR0_EL2, el2.root);
	isb();
	el2_tlbi();
	el1_set_mair(MAIR_OF_CELLS);
	el1_set_tcr((tables_tcr(&el1) & ~TCR_IPS) | (u64)IPS_36_BITS << 32);
	el1_set_ttbr0((u64)el1.root);
	el1_set_ttbr1(0);
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I);
	stage2_on(&stage2, 7);
	stage2_tlbi();
}

static void switch_off(void)
{
	PAN_CLEAR();
	msr(HCR_EL2, el2_hcr());
	msr(SCTLR_EL2, old_sctlr);
	msr(TCR_EL2, old_tcr);
	msr(TTBR0_EL2, old_ttbr);
	isb();
	el2_tlbi();
	stage2_off();
	inner_plain();
	stage2_tlbi();
}

struct state {
	bool tge, pan, epan;
};

/* {1,1}, and S1E2 always: EL2's tables. */
static bool own_regime(const struct at_op *op, const struct state *state)
{
	return op->el2 || (vhe() && state->tge);
}

/* What the row says for the instruction. */
static u64 expected(u32 n, const struct at_op *op, const struct state *state)
{
	const struct cell *cell = &cells[n];
	bool own = own_regime(op, state);
	bool both = op->both && !own;
	u32 as = op->as;
	u8 fault;

	if (as >= AS_PAN && !state->pan)
		as -= AS_PAN;
	fault = cell->fault[as];
	if (as >= AS_PAN && cell->flags & EPAN && !state->epan)
		fault = cell->fault[as - AS_PAN];
	if (fault)
		return PAR_FAULT(fault);
	return PAR_OK((own                   ? EL2_BASE
				      : both ? PA_BASE
					     : IPA_BASE) +
			cell_offset(n),
		cell->attr, both ? cell->sh12 : cell->sh);
}

/* All kinds by one instruction in one state: how many are right. */
static u32 run_cells(const struct at_op *op, const struct state *state)
{
	u32 wrong = 0;

	for (u32 n = 0; n < ARRAY_SIZE(cells); n++) {
		u64 want = expected(n, op, state);
		u64 par;

		if (cells[n].flags & TWO && op->el2 && !vhe())
			continue;
		if (state->pan)
			PAN_SET();
		par = op->run(cell_va(n));
		PAN_CLEAR();
		if (par_is(par, want))
			continue;
		wrong++;
		tap_note("AT %s, TGE=%u PAN=%u EPAN=%u, %s: PAR_EL1 %lx, expected %lx", op->name,
			state->tge, state->pan, state->epan, cells[n].name, par, want);
	}
	return wrong;
}

static void set_state(const struct state *state)
{
	u64 epan = state->epan ? SCTLR_EPAN : 0;

	msr(HCR_EL2, el2_hcr() | HCR_VM | (state->tge ? HCR_TGE : 0));
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | epan);
	if (vhe())
		msr(SCTLR_EL2, old_sctlr | SCTLR_SPAN | epan);
	isb();
}

/* {0,1}: stage 1 is off for EL1's instructions. QEMU's own EL2 walks it nevertheless. */
static bool is_flat(const struct at_op *op, const struct state *state)
{
	return !vhe() && state->tge && !op->el2;
}

static void flat(const struct at_op *op)
{
	/* Of the output of a cell's stage 1: stage 2 has it, EL1's stage 1 has nothing there. */
	u64 ipa = IPA_BASE + 0x128;
	u64 pa = (op->both ? PA_BASE : IPA_BASE);
	u32 pa_bits = tables_pa_bits();

	if (!under_lintel()) {
		tap_skip("AT while stage 1 is off by TGE", "QEMU walks EL1's tables");
		return;
	}
	par_row(op->run(ipa), PAR_OK(pa, ATTR_NGNRNE, SH_OUTER), "AT %s, TGE=1: stage 1 is off",
		op->name);
	par_row(op->run(BIT(pa_bits)), PAR_FAULT(0), "AT %s, TGE=1: above the size of addresses",
		op->name);
}

static void one_state(bool tge)
{
	bool pan3 = FIELD_GET(MMFR1_PAN, mrs(id_aa64mmfr1_el1)) >= 3;

	for (u32 i = 0; i < NR_AT_OPS; i++) {
		const struct at_op *op = &at_ops[i];
		u32 wrong = 0;

		for (u32 mode = 0; mode < (pan3 ? 4 : 2); mode++) {
			struct state state = { tge, mode & 1, mode & 2 };

			set_state(&state);
			if (is_flat(op, &state)) {
				if (!mode)
					flat(op);
				continue;
			}
			wrong += run_cells(op, &state);
		}
		if (vhe() || !tge || op->el2)
			tap_is(wrong, 0, "AT %s with E2H=%u TGE=%u: %u kinds of pages", op->name,
				vhe(), tge, (u32)ARRAY_SIZE(cells));
	}
}

/* FEAT_ATS1A is not everywhere. */
static void absent(void)
{
	bool ats1a = mrs(S3_0_C0_C6_2) >> 60 & 0xf;
	struct probe p = { .x = { CELL_BASE } };

	probe_insn(&p, INSN_SYS(0, 7, 9, 2, 0));
	tap_is(p.esr, ats1a ? 0 : ESR_UNDEF, "AT S1E1A is there as ID_AA64ISAR2_EL1 says");
	p = (struct probe){ .x = { CELL_BASE } };
	probe_insn(&p, INSN_SYS(4, 7, 9, 2, 0));
	tap_is(p.esr, ats1a ? 0 : ESR_UNDEF, "AT S1E2A is there as ID_AA64ISAR2_EL1 says");
}

void test_at(void)
{
	build_cells(&el1, IPA_BASE, false);
	build_own();
	build_stage2();
	absent();
	switch_on();
	one_state(false);
	one_state(true);
	switch_off();
}
