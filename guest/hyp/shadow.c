/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of stage 2 that an inner guest must see: after each form of TLBI, or with none where
 * none is needed; VMIDs; blocks and pages. Where there is a virtual EL2, what the CPU walks is a
 * shadow of these tables.
 */
#include "hyp.h"
#include "mmu.h"

#define IPA             UINT64_C(0x0211200000)
#define VALUE(n)        (UINT64_C(0x1000) + (n))
#define MANY            300
#define ISAR0_TLB       GENMASK(59, 56)
#define ESR_LOAD(f)     ESR_OF(EC_DABORT_EL0, 0x1c08000 | (f))
#define ESR_STORE(f)    ESR_OF(EC_DABORT_EL0, 0x1c08000 | ESR_WNR | (f))
/* Operands of TLBI IPAS2E1 and RIPAS2E1 (4 KiB, NUM = 0, SCALE = 0: two pages). */
#define TLBI_IPA(ipa)   ((ipa) >> 12)
#define TLBI_RANGE(ipa) ((ipa) >> 12 | UINT64_C(1) << 46)
#define TLBI_TTL(level) ((UINT64_C(4) | (level)) << 44)

static struct tables stage2, other, el1;

static u64 page(u32 n)
{
	return test_block(0) + n * KIB(4);
}

static void fill(void)
{
	for (u32 n = 0; n < 512; n++)
		*(volatile u64 *)page(n) = VALUE(n);
}

static void build(void)
{
	pool_reset();
	fill();
	stage2_build(&stage2);
	tables_map(&stage2, IPA, page(0), KIB(4), 3, S2_RW);
	stage2_on(&stage2, 1);
	stage2_tlbi();
}

static void set(u64 ipa, u32 level, u64 descriptor)
{
	write_descriptor(tables_at(&stage2, ipa, level), descriptor);
	dsb(ish);
	isb();
}

/* What an inner guest reads there; its exit is in *inner. */
static u64 load(struct inner *inner, u64 ipa)
{
	inner->x[0] = 0;
	inner->x[1] = ipa;
	INNER_RUN(inner, INNER_EL1, INSN_LDR_X0_X1);
	return inner->x[0];
}

#define TLBI_FORM(name, text)                                           \
	static void name(u64 ipa)                                       \
	{                                                               \
		(void)ipa;                                              \
		dsb(ishst);                                             \
		__asm__ volatile(text ::"r"(TLBI_IPA(ipa)) : "memory"); \
		dsb(ish);                                               \
		isb();                                                  \
	}
/* Behind one by IPA goes one of stage 1, which may have cached both. */
#define BY_IPA(insn) insn ", %0\n\tdsb ish\n\ttlbi vmalle1is"

TLBI_FORM(ipas2e1is, BY_IPA("tlbi ipas2e1is"))
TLBI_FORM(ipas2le1is, BY_IPA("tlbi ipas2le1is"))
TLBI_FORM(ipas2e1, BY_IPA("tlbi ipas2e1"))
TLBI_FORM(ipas2le1, BY_IPA("tlbi ipas2le1"))
TLBI_FORM(ipas2e1os, BY_IPA("sys #4, c8, c4, #0"))
TLBI_FORM(ipas2le1os, BY_IPA("sys #4, c8, c4, #4"))
TLBI_FORM(vmalls12e1is, "tlbi vmalls12e1is // %0")
TLBI_FORM(vmalls12e1, "tlbi vmalls12e1 // %0")
TLBI_FORM(vmalls12e1os, "sys #4, c8, c1, #6 // %0")
TLBI_FORM(alle1is, "tlbi alle1is // %0")
TLBI_FORM(alle1, "tlbi alle1 // %0")
TLBI_FORM(alle1os, "sys #4, c8, c1, #4 // %0")

#define TLBI_RANGE_FORM(name, text)                                              \
	static void name(u64 ipa)                                                \
	{                                                                        \
		dsb(ishst);                                                      \
		__asm__ volatile(BY_IPA(text)::"r"(TLBI_RANGE(ipa)) : "memory"); \
		dsb(ish);                                                        \
		isb();                                                           \
	}
TLBI_RANGE_FORM(ripas2e1is, "sys #4, c8, c0, #2")
TLBI_RANGE_FORM(ripas2le1is, "sys #4, c8, c0, #6")
TLBI_RANGE_FORM(ripas2e1, "sys #4, c8, c4, #2")
TLBI_RANGE_FORM(ripas2le1, "sys #4, c8, c4, #6")
TLBI_RANGE_FORM(ripas2e1os, "sys #4, c8, c4, #3")
TLBI_RANGE_FORM(ripas2le1os, "sys #4, c8, c4, #7")

static void with_ttl(u64 ipa)
{
	u64 operand = TLBI_IPA(ipa) | TLBI_TTL(3);

	dsb(ishst);
	__asm__ volatile(BY_IPA("tlbi ipas2e1is")::"r"(operand) : "memory");
	dsb(ish);
	isb();
}

static const struct form {
	const char *name;
	void (*run)(u64 ipa);
	u32 needs; /* ID_AA64ISAR0_EL1.TLB: 1 outer shareable, 2 ranges */
} forms[] = {
	{ "IPAS2E1IS", ipas2e1is, 0 },
	{ "IPAS2LE1IS", ipas2le1is, 0 },
	{ "IPAS2E1", ipas2e1, 0 },
	{ "IPAS2LE1", ipas2le1, 0 },
	{ "IPAS2E1IS with TTL", with_ttl, 0 },
	{ "IPAS2E1OS", ipas2e1os, 1 },
	{ "IPAS2LE1OS", ipas2le1os, 1 },
	{ "VMALLS12E1IS", vmalls12e1is, 0 },
	{ "VMALLS12E1", vmalls12e1, 0 },
	{ "VMALLS12E1OS", vmalls12e1os, 1 },
	{ "ALLE1IS", alle1is, 0 },
	{ "ALLE1", alle1, 0 },
	{ "ALLE1OS", alle1os, 1 },
	{ "RIPAS2E1IS", ripas2e1is, 2 },
	{ "RIPAS2LE1IS", ripas2le1is, 2 },
	{ "RIPAS2E1", ripas2e1, 2 },
	{ "RIPAS2LE1", ripas2le1, 2 },
	{ "RIPAS2E1OS", ripas2e1os, 2 },
	{ "RIPAS2LE1OS", ripas2le1os, 2 },
};

/* Another page, and no page, after each form. */
static void each_form(void)
{
	u64 have = FIELD_GET(ISAR0_TLB, mrs(id_aa64isar0_el1));
	struct inner inner = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		if (form->needs > have) {
			tap_skip(form->name, "not there");
			continue;
		}
		build();
		tap_is(load(&inner, IPA), VALUE(0), "TLBI %s: before", form->name);
		set(IPA, 3, page(1) | S2_RW | DESC_PAGE);
		form->run(IPA);
		tap_is(load(&inner, IPA), VALUE(1), "TLBI %s: another page", form->name);
		set(IPA, 3, 0);
		form->run(IPA);
		load(&inner, IPA);
		left_by(&inner, INNER_SYNC, ESR_LOAD(FSC_TRANSLATION(3)), "unmapped");
		set(IPA, 3, page(2) | S2_RW | DESC_PAGE);
		tap_is(load(&inner, IPA), VALUE(2), "TLBI %s: mapped again, which needs none",
			form->name);
	}
}

static void store(struct inner *inner, u64 ipa, u64 value)
{
	inner->x[0] = value;
	inner->x[1] = ipa;
	INNER_RUN(inner, INNER_EL1, INSN_STR_X0_X1);
}

/* What a guest hypervisor does on faults: it makes the descriptor better and goes on. */
static void upgrades(void)
{
	struct inner inner = { 0 };

	build();
	set(IPA, 3, page(0) | (S2_RW & ~S2_WRITE) | DESC_PAGE);
	stage2_tlbi();
	tap_is(load(&inner, IPA), VALUE(0), "read-only");
	store(&inner, IPA, 1);
	left_by(&inner, INNER_SYNC, ESR_STORE(FSC_PERMISSION(3)), "a store to it");
	set(IPA, 3, page(0) | S2_RW | DESC_PAGE);
	inner_run(&inner);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "the same again, read/write now, no TLBI");
	tap_is(*(volatile u64 *)page(0), 1, "it was stored");
	set(IPA, 3, page(0) | (S2_RW & ~S2_AF) | DESC_PAGE);
	stage2_tlbi();
	store(&inner, IPA, 2);
	left_by(&inner, INNER_SYNC, ESR_STORE(FSC_ACCESS(3)), "no access flag");
	set(IPA, 3, page(0) | S2_RW | DESC_PAGE);
	inner_run(&inner);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "the same again, set now, no TLBI");
	tap_is(*(volatile u64 *)page(0), 2, "it was stored");
	/* And worse: write-protected, as one does to find out what is written. */
	set(IPA, 3, page(0) | (S2_RW & ~S2_WRITE) | DESC_PAGE);
	ipas2e1is(IPA);
	store(&inner, IPA, 3);
	left_by(&inner, INNER_SYNC, ESR_STORE(FSC_PERMISSION(3)), "write-protected");
	tap_is(*(volatile u64 *)page(0), 2, "nothing was stored");
}

/* Break-before-make of a block: to pages, in another order, and back. */
static void blocks(void)
{
	struct inner inner = { 0 };
	u64 *table;
	u64 old;

	build();
	set(IPA, 2, 0);
	stage2_tlbi();
	set(IPA, 2, test_block(0) | S2_RW | DESC_BLOCK);
	for (u32 n = 0; n < 512; n += 73)
		tap_is(load(&inner, IPA + n * KIB(4)), VALUE(n), "a block, page %u", n);
	table = pool_take(KIB(4));
	for (u32 n = 0; n < 512; n++)
		write_descriptor(&table[n], page(511 - n) | S2_RW | DESC_PAGE);
	old = *tables_at(&stage2, IPA, 2);
	set(IPA, 2, 0);
	ipas2e1is(IPA);
	load(&inner, IPA + KIB(4));
	left_by(&inner, INNER_SYNC, ESR_LOAD(FSC_TRANSLATION(2)), "broken");
	set(IPA, 2, (u64)table | DESC_TABLE);
	for (u32 n = 0; n < 512; n += 73)
		tap_is(load(&inner, IPA + n * KIB(4)), VALUE(511 - n), "made of pages, page %u", n);
	/* One of them goes; its neighbours stay. */
	write_descriptor(&table[73], 0);
	ipas2e1is(IPA + 73 * KIB(4));
	load(&inner, IPA + 73 * KIB(4));
	left_by(&inner, INNER_SYNC, ESR_LOAD(FSC_TRANSLATION(3)), "one page of it unmapped");
	tap_is(load(&inner, IPA + 74 * KIB(4)), VALUE(511 - 74), "the one beside it");
	set(IPA, 2, 0);
	vmalls12e1is(IPA);
	set(IPA, 2, old);
	tap_is(load(&inner, IPA + 73 * KIB(4)), VALUE(73), "a block again");
	/* An address inside of a block takes all of the block away. */
	set(IPA, 2, 0);
	ipas2e1is(IPA + 300 * KIB(4));
	load(&inner, IPA);
	left_by(&inner, INNER_SYNC, ESR_LOAD(FSC_TRANSLATION(2)), "TLBI by one of its pages");
}

/* Two guests with an address each that is not the same page, by turns. */
static void vmids(void)
{
	struct inner inner = { 0 };

	build();
	stage2_build(&other);
	tables_map(&other, IPA, page(7), KIB(4), 3, S2_RW);
	for (u32 i = 0; i < 3; i++) {
		stage2_on(&stage2, 1);
		tap_is(load(&inner, IPA), VALUE(0), "VMID 1");
		stage2_on(&other, 2);
		tap_is(load(&inner, IPA), VALUE(7), "VMID 2, no TLBI between");
	}
	set(IPA, 3, page(3) | S2_RW | DESC_PAGE);
	stage2_on(&stage2, 1);
	ipas2e1is(IPA);
	tap_is(load(&inner, IPA), VALUE(3), "VMID 1 has another page");
	stage2_on(&other, 2);
	tap_is(load(&inner, IPA), VALUE(7), "VMID 2 has the same");
	/* ALLE1 from the one is for the other too. */
	write_descriptor(tables_at(&other, IPA, 3), page(8) | S2_RW | DESC_PAGE);
	stage2_on(&stage2, 1);
	alle1is(IPA);
	stage2_on(&other, 2);
	tap_is(load(&inner, IPA), VALUE(8), "TLBI ALLE1IS of VMID 1 is for VMID 2, too");
	/* No stage 2 at all, under either VMID. */
	msr(HCR_EL2, el2_hcr());
	isb();
	tap_is(load(&inner, page(5)), VALUE(5), "without stage 2");
	msr(HCR_EL2, el2_hcr() | HCR_VM);
	isb();
	tap_is(load(&inner, IPA), VALUE(8), "and with it again");
}

/* More guests than anyone keeps tables for: each has its own page. */
static void many_vmids(void)
{
	struct inner inner = { 0 };
	u32 right = 0;

	build();
	for (u32 n = 1; n <= MANY; n++) {
		/* Eight-bit VMIDs come round: what was under one of them goes. */
		set(IPA, 3, page(n) | S2_RW | DESC_PAGE);
		stage2_on(&stage2, n & 0xff);
		stage2_tlbi();
		right += load(&inner, IPA) == VALUE(n);
	}
	tap_is(right, MANY, "%u guests by turns", MANY);
	/* Roots of their own, kept for some rounds. */
	right = 0;
	for (u32 round = 0; round < 3; round++) {
		for (u32 n = 0; n < 8; n++) {
			static struct tables each[8];

			if (!round) {
				stage2_build(&each[n]);
				tables_map(&each[n], IPA, page(100 + n), KIB(4), 3, S2_RW);
			}
			stage2_on(&each[n], 0x20 + n);
			if (!round)
				stage2_tlbi();
			right += load(&inner, IPA) == VALUE(100 + n);
		}
	}
	tap_is(right, 24, "eight guests with tables of their own, three rounds");
}

/* The guest's own stage 1 over it: its TLBI is its own business. */
static void own_tlbi(void)
{
	static const struct {
		const char *what;
		u32 insn;
		u64 operand;
	} rows[] = {
		{ "TLBI VMALLE1", INSN_SYS(0, 8, 7, 0, 31), 0 },
		{ "TLBI VMALLE1IS", INSN_SYS(0, 8, 3, 0, 31), 0 },
		{ "TLBI VAE1", INSN_SYS(0, 8, 7, 1, 2), 1 },
		{ "TLBI VAE1IS", INSN_SYS(0, 8, 3, 1, 2), 1 },
		{ "TLBI VAAE1", INSN_SYS(0, 8, 7, 3, 2), 1 },
		{ "TLBI VALE1IS", INSN_SYS(0, 8, 3, 5, 2), 1 },
		{ "TLBI ASIDE1", INSN_SYS(0, 8, 7, 2, 2), 0 },
	};
	u64 va = UINT64_C(0x1412345000);
	struct inner inner = { 0 };
	u64 *leaf;

	build();
	tables_map(&stage2, IPA, test_block(0), MIB(2), 3, S2_RW);
	stage1_build(&el1);
	leaf = tables_at(&el1, va, 3);
	write_descriptor(leaf, IPA | MAP_NORMAL | MAP_AF | MAP_UXN | DESC_PAGE);
	stage1_on(&el1);
	tap_is(load(&inner, va), VALUE(0), "both stages");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 n = i + 1;

		/* Its EL1 changes its table (one to one in its map), then TLBI, then looks. */
		inner.x[0] = (IPA + n * KIB(4)) | MAP_NORMAL | MAP_AF | MAP_UXN | DESC_PAGE;
		inner.x[1] = (u64)leaf;
		inner.x[2] = rows[i].operand ? va >> 12 : 0;
		inner.x[3] = va;
		INNER_RUN(&inner, INNER_EL1, INSN_STR_X0_X1, 0xd5033f9fu /* dsb sy */, rows[i].insn,
			0xd5033f9fu, INSN_ISB, 0xf9400064u /* ldr x4, [x3] */);
		left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), rows[i].what);
		tap_is(inner.x[4], VALUE(n), "%s of an inner guest: another page", rows[i].what);
	}
	/* And from here, under its VMID. */
	write_descriptor(leaf, (IPA + 40 * KIB(4)) | MAP_NORMAL | MAP_AF | MAP_UXN | DESC_PAGE);
	dsb(ishst);
	__asm__ volatile("tlbi vaae1is, %0" ::"r"(va >> 12) : "memory");
	dsb(ish);
	isb();
	tap_is(load(&inner, va), VALUE(40), "TLBI VAAE1IS at EL2");
	write_descriptor(leaf, (IPA + 41 * KIB(4)) | MAP_NORMAL | MAP_AF | MAP_UXN | DESC_PAGE);
	dsb(ishst);
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	dsb(ish);
	isb();
	tap_is(load(&inner, va), VALUE(41), "TLBI VMALLE1IS at EL2");
	inner_plain();
}

/* EL2's own translations, by its own TLBI. */
static void el2_own(void)
{
	u64 va = mmu_window_page(20, page(0), MAP_NORMAL | MAP_AF | MAP_UXN | MAP_PXN);
	struct probe p = { 0 };

	tap_is(*(volatile u64 *)va, VALUE(0), "a page of EL2's map");
	(void)mmu_window_page(20, page(1), MAP_NORMAL | MAP_AF | MAP_UXN | MAP_PXN);
	tap_is(*(volatile u64 *)va, VALUE(1), "TLBI ALLE2IS: another page");
	(void)mmu_unmap_page(20);
	probe_load(&p, va, 8);
	tap_is(p.esr, ESR_OF(EC_DABORT, FSC_TRANSLATION(3)), "TLBI ALLE2IS: unmapped");
}

void test_shadow(void)
{
	each_form();
	upgrades();
	blocks();
	vmids();
	many_vmids();
	own_tlbi();
	el2_own();
	stage2_off();
	stage2_tlbi();
}
