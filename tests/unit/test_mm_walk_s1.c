/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The software walk of a guest's stage 1: every granule and level, every fault, rights cell by
 * cell; instruction fetch.
 *
 * links: mm/walk_s1.c mm/walk_table.c mm/guest_mem.c mm/stage2.c mm/stage2_end.c mm/stage2_regs.c
 * mm/vmid.c mm/pgtable.c mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c
 * hyp/base/bitmap.c hyp/base/panic.c hyp/base/log.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/guest_mem.h"
#include "mm/phys.h"
#include "mm/walk_s1.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define VALID 1UL
#define TABLE 3UL
#define PAGE  3UL
#define BLOCK 1UL
#define AF    BIT(10)
#define AP(n) ((uint64_t)(n) << 6)
#define PXN   BIT(53)
#define UXN   BIT(54)

#define T0    UINT64_C(0x100000) /* where the tables of the lower range begin; of the upper one */
#define T1    UINT64_C(0x500000)

/* The guest's memory: a few descriptors at a few addresses. */
static struct {
	uint64_t ipa, value;
} cells[64];
static unsigned cell_count;
static uint64_t unreadable;
static enum status unreadable_status;

static unsigned syncs, reads_synced;
static uint64_t synced;

static enum status read_cell(void *context, ipa_t ipa, uint64_t *value)
{
	(void)context;
	*value = 0;
	reads_synced += synced == ipa.ipa;
	if (ipa.ipa == unreadable)
		return unreadable_status;
	for (unsigned i = 0; i < cell_count; i++)
		if (cells[i].ipa == ipa.ipa)
			*value = cells[i].value;
	return OK;
}

static void sync_cell(void *context, ipa_t ipa)
{
	(void)context;
	syncs++;
	synced = ipa.ipa;
}

static void forget_syncs(void)
{
	syncs = reads_synced = 0;
	synced = UINT64_MAX;
}

static const struct walk_memory memory = { .read = read_cell, .sync = sync_cell };

static void put(uint64_t ipa, uint64_t value)
{
	for (unsigned i = 0; i < cell_count; i++)
		if (cells[i].ipa == ipa) {
			cells[i].value = value;
			return;
		}
	assert_true(cell_count < ARRAY_SIZE(cells));
	cells[cell_count].ipa = ipa;
	cells[cell_count++].value = value;
}

static struct s1_result result;

static enum status walk(const struct regime *regime, uint64_t va)
{
	return walk_s1(regime, &memory, GVA(va), false, false, &result);
}

static void check_fault(const struct regime *regime, uint64_t va, unsigned fst)
{
	assert_int_equal(walk(regime, va), ERR_FAULT);
	assert_int_equal(result.fst, fst);
}

static void check_ipa(const struct regime *regime, uint64_t va, uint64_t ipa)
{
	assert_int_equal(walk(regime, va), OK);
	assert_int_equal(result.ipa.ipa, ipa);
}

/* EL1&0, both ranges of 2^(64-txsz) bytes, granules by their TG0 and TG1, 40 bits of output. */
static struct regime el1(unsigned txsz, unsigned tg0, unsigned tg1)
{
	cell_count = 0;
	unreadable = UINT64_MAX;
	return (struct regime){
		.kind = REGIME_EL10,
		.pa_bits = 48,
		.granules = REGIME_4K | REGIME_16K | REGIME_64K,
		.features = REGIME_HA | REGIME_HD | REGIME_HPD | REGIME_E0PD | REGIME_PAN3,
		.ttbr0 = T0,
		.ttbr1 = T1,
		.tcr = txsz | txsz << 16 | (uint64_t)tg0 << 14 | (uint64_t)tg1 << 30 |
			UINT64_C(2) << 32,
		.sctlr = SCTLR_M | SCTLR_C,
		.mair = UINT64_C(0x00bb44ff0400cc0c),
	};
}

static void levels_4k(void **state)
{
	struct regime regime = el1(16, 0, 2);
	uint64_t va = UINT64_C(0x0000a1b2c3d4e5f6);

	(void)state;
	put(T0 + (va >> 39) * 8, 0x200000 | TABLE);
	put(0x200000 + (va >> 30 & 511) * 8, 0x201000 | TABLE);
	put(0x201000 + (va >> 21 & 511) * 8, 0x202000 | TABLE);
	put(0x202000 + (va >> 12 & 511) * 8, 0x80033000 | AF | PAGE);
	check_ipa(&regime, va, 0x80033000 | (va & 0xfff));
	assert_int_equal(result.level, 3);
	assert_int_equal(result.span, 0x1000);
	assert_int_equal(result.page_shift, 12);
	assert_int_equal(result.desc, 0x80033000 | AF | PAGE);
	/* Blocks of 2 MiB and 1 GiB; the low bits of their address count for nothing. */
	put(0x201000 + (va >> 21 & 511) * 8, 0x80400000 | AF | BLOCK);
	check_ipa(&regime, va, 0x80400000 | (va & 0x1fffff));
	assert_int_equal(result.level, 2);
	put(0x200000 + (va >> 30 & 511) * 8, 0x7fff000 | GIB(3) | AF | BLOCK);
	check_ipa(&regime, va, GIB(3) | (va & 0x3fffffff));
	assert_int_equal(result.span, GIB(1));
	/* None at level 0. */
	put(T0 + (va >> 39) * 8, 0x200000 | AF | BLOCK);
	check_fault(&regime, va, 0x04);
	/* Level 3 with bit 1 clear. */
	put(T0 + (va >> 39) * 8, 0x200000 | TABLE);
	put(0x200000 + (va >> 30 & 511) * 8, 0x201000 | TABLE);
	put(0x201000 + (va >> 21 & 511) * 8, 0x202000 | TABLE);
	put(0x202000 + (va >> 12 & 511) * 8, 0x80033000 | AF | BLOCK);
	check_fault(&regime, va, 0x07);
	/* Nothing there, at each level. */
	put(0x202000 + (va >> 12 & 511) * 8, 0x80033000 | AF | 2);
	check_fault(&regime, va, 0x07);
	put(0x201000 + (va >> 21 & 511) * 8, 0);
	check_fault(&regime, va, 0x06);
	put(0x200000 + (va >> 30 & 511) * 8, 0);
	check_fault(&regime, va, 0x05);
	put(T0 + (va >> 39) * 8, 0);
	check_fault(&regime, va, 0x04);
}

static void levels_16k(void **state)
{
	struct regime regime = el1(16, 2, 1); /* 48 bits: a level-0 table of two entries */
	uint64_t va = UINT64_C(0x0000812345678abc);

	(void)state;
	put(T0 + (va >> 47) * 8, 0x200000 | TABLE);
	put(0x200000 + (va >> 36 & 2047) * 8, 0x204000 | TABLE);
	put(0x204000 + (va >> 25 & 2047) * 8, 0x208000 | TABLE);
	put(0x208000 + (va >> 14 & 2047) * 8, 0x80030000 | AF | PAGE);
	check_ipa(&regime, va, 0x80030000 | (va & 0x3fff));
	assert_int_equal(result.span, 0x4000);
	assert_int_equal(result.page_shift, 14);
	put(0x204000 + (va >> 25 & 2047) * 8, MIB(64) | AF | BLOCK);
	check_ipa(&regime, va, MIB(64) | (va & 0x1ffffff));
	put(0x200000 + (va >> 36 & 2047) * 8, 0 | AF | BLOCK);
	check_fault(&regime, va, 0x05);
	/* 36 bits: from level 2. */
	regime = el1(28, 2, 1);
	va = UINT64_C(0xfffffff812345678);
	put(T1 + (va >> 25 & 2047) * 8, 0x208000 | TABLE);
	put(0x208000 + (va >> 14 & 2047) * 8, 0x80030000 | AF | PAGE);
	check_ipa(&regime, va, 0x80030000 | (va & 0x3fff));
}

static void levels_64k(void **state)
{
	struct regime regime = el1(16, 1, 3);
	uint64_t va = UINT64_C(0x0000812345678abc);

	(void)state;
	put(T0 + (va >> 42) * 8, 0x210000 | TABLE);
	put(0x210000 + (va >> 29 & 8191) * 8, 0x230000 | TABLE);
	put(0x230000 + (va >> 16 & 8191) * 8, 0x80030000 | AF | PAGE);
	check_ipa(&regime, va, 0x80030000 | (va & 0xffff));
	assert_int_equal(result.page_shift, 16);
	put(0x210000 + (va >> 29 & 8191) * 8, MIB(512) | AF | BLOCK);
	check_ipa(&regime, va, MIB(512) | (va & 0x1fffffff));
	put(T0 + (va >> 42) * 8, 0 | AF | BLOCK);
	check_fault(&regime, va, 0x05);
	/* 42 bits: from level 2, upper range. */
	regime = el1(22, 1, 3);
	va = UINT64_C(0xfffffff812345678);
	put(T1 + (va >> 29 & 8191) * 8, 0x230000 | TABLE);
	put(0x230000 + (va >> 16 & 8191) * 8, 0x80030000 | AF | PAGE);
	check_ipa(&regime, va, 0x80030000 | (va & 0xffff));
}

/* Where the walk starts and how its table is aligned, for every size. */
/* FEAT_LVA: 52 bits from level 1, in both ranges; beyond them nothing is canonical. */
static void levels_lva(void **state)
{
	struct regime regime = el1(12, 1, 3);
	uint64_t low = UINT64_C(0x000e812345678abc), high = UINT64_C(0xfff2812345678abc);

	(void)state;
	check_fault(&regime, low, 0x04);
	check_fault(&regime, high, 0x04);
	regime.features |= REGIME_LVA;
	/* Tables of 1024 entries, only as aligned as they must be; bit 12 is none of the address.
	 */
	regime.ttbr0 = T0 | 0x3000;
	regime.ttbr1 = T1 | 0x2000;
	put((T0 | 0x2000) + (low >> 42 & 1023) * 8, 0x210000 | TABLE);
	put((T1 | 0x2000) + (high >> 42 & 1023) * 8, 0x210000 | TABLE);
	put(0x210000 + (low >> 29 & 8191) * 8, 0x230000 | TABLE);
	put(0x230000 + (low >> 16 & 8191) * 8, 0x80030000 | AF | PAGE);
	check_ipa(&regime, low, 0x80030000 | (low & 0xffff));
	assert_int_equal(result.level, 3);
	check_ipa(&regime, high, 0x80030000 | (high & 0xffff));
	check_fault(&regime, low ^ BIT(48), 0x05);
	check_fault(&regime, low | BIT(52), 0x04);
	check_fault(&regime, high & ~BIT(54), 0x04);
	/* Only 64 KiB granules, and no more than 52 bits. */
	regime = el1(12, 0, 2);
	regime.features |= REGIME_LVA;
	check_fault(&regime, 0, 0x04);
	regime = el1(11, 1, 3);
	regime.features |= REGIME_LVA;
	check_fault(&regime, 0, 0x04);
}

static void start_levels(void **state)
{
	static const unsigned shifts[] = { 12, 16, 14 };

	(void)state;
	for (unsigned tg0 = 0; tg0 < 3; tg0++)
		for (unsigned txsz = tg0 == 1 ? 12 : 16; txsz <= 39; txsz++) {
			struct regime regime = el1(txsz, tg0, 2);
			unsigned shift = shifts[tg0], stride = shift - 3, bits = 64 - txsz;
			unsigned levels = (bits - shift + stride - 1) / stride;
			unsigned top = bits - shift - (levels - 1) * stride; /* index bits */
			uint64_t last = BIT(top) - 1;

			regime.features |= REGIME_LVA;
			/* The last entry, of a table that is only as aligned as it must be. */
			regime.ttbr0 = T0 | BIT(3 + top) | 1;
			put((T0 | BIT(3 + top)) + last * 8, 0);
			check_fault(&regime, BIT(bits) - 1, 4 | (4 - levels));
			put((T0 | BIT(3 + top)) + last * 8, TABLE | 0x200000);
			if (levels > 1)
				check_fault(&regime, BIT(bits) - 1, 4 | (5 - levels));
			if (bits < 48)
				check_fault(&regime, BIT(bits), 0x04);
		}
}

static void ranges(void **state)
{
	struct regime regime = el1(25, 0, 2);
	uint64_t low = 0x1234, high = UINT64_C(0xffffff8000001234);

	(void)state;
	put(T0, GIB(1) | AF | BLOCK);
	put(T1, GIB(2) | AF | BLOCK);
	check_ipa(&regime, low, GIB(1) | 0x1234);
	check_ipa(&regime, high, GIB(2) | 0x1234);
	check_fault(&regime, low | BIT(39), 0x04);
	check_fault(&regime, low | BIT(63), 0x04);
	check_fault(&regime, high ^ BIT(39), 0x04);
	check_fault(&regime, high ^ BIT(63), 0x04);
	/* Top byte ignored: bit 55 still selects. */
	regime.tcr |= TCR_TBI0;
	check_ipa(&regime, low | BIT(63), GIB(1) | 0x1234);
	check_fault(&regime, low | BIT(54), 0x04);
	check_fault(&regime, high ^ BIT(63), 0x04);
	regime.tcr |= TCR_TBI1;
	check_ipa(&regime, high ^ BIT(63), GIB(2) | 0x1234);
	/* Not for instructions with TBID. */
	regime.tcr |= TCR_TBID0;
	assert_int_equal(
		walk_s1(&regime, &memory, GVA(low | BIT(63)), true, false, &result), ERR_FAULT);
	assert_int_equal(walk_s1(&regime, &memory, GVA(high ^ BIT(63)), true, false, &result), OK);
	regime.tcr |= TCR_TBID1;
	assert_int_equal(
		walk_s1(&regime, &memory, GVA(high ^ BIT(63)), true, false, &result), ERR_FAULT);
	/* Ranges that are off. */
	regime.tcr |= TCR_EPD0;
	check_fault(&regime, low, 0x04);
	check_ipa(&regime, high, GIB(2) | 0x1234);
	regime.tcr = (regime.tcr & ~TCR_EPD0) | TCR_EPD1;
	check_ipa(&regime, low, GIB(1) | 0x1234);
	check_fault(&regime, high, 0x04);
	/* Off for EL0 only. */
	regime.tcr = (regime.tcr & ~TCR_EPD1) | TCR_E0PD1;
	check_ipa(&regime, high, GIB(2) | 0x1234);
	assert_int_equal(walk_s1(&regime, &memory, GVA(high), false, true, &result), ERR_FAULT);
	assert_int_equal(result.fst, 0x04);
	assert_int_equal(walk_s1(&regime, &memory, GVA(low), false, true, &result), OK);
	regime.tcr |= TCR_E0PD0;
	assert_int_equal(walk_s1(&regime, &memory, GVA(low), false, true, &result), ERR_FAULT);
}

static void output_size(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	put(T0, BIT(40) | AF | BLOCK);
	check_fault(&regime, 0, 0x01);
	put(T0, BIT(40) | TABLE);
	check_fault(&regime, 0, 0x01);
	put(T0, 0x200000 | TABLE);
	put(0x200000, BIT(40) | AF | BLOCK);
	check_fault(&regime, 0, 0x02);
	regime.tcr |= UINT64_C(5) << 32; /* 2 | 5 = 7: clamped */
	check_ipa(&regime, 0, BIT(40));
	regime.pa_bits = 40;
	check_fault(&regime, 0, 0x02);
	regime.ttbr0 = BIT(40);
	check_fault(&regime, 0, 0x00);
	regime.tcr &= ~TCR_IPS;
	regime.ttbr0 = T0 | BIT(32);
	check_fault(&regime, 0, 0x00);
}

/* A reserved granule, or one that the CPU lacks, is its smallest. */
static void granules(void **state)
{
	static const struct {
		unsigned granules, tg0, tg1, shift;
	} cases[] = {
		{ REGIME_4K | REGIME_16K | REGIME_64K, 3, 0, 12 },
		{ REGIME_16K | REGIME_64K, 3, 0, 14 },
		{ REGIME_64K, 3, 0, 16 },
		{ REGIME_16K | REGIME_64K, 0, 2, 14 },
		{ REGIME_4K | REGIME_64K, 2, 1, 12 },
		{ REGIME_4K | REGIME_16K, 1, 3, 12 },
		{ REGIME_64K, 1, 3, 16 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct regime regime = el1(37, cases[i].tg0, cases[i].tg1); /* 27 bits */

		regime.granules = (uint8_t)cases[i].granules;
		for (unsigned upper = 0; upper < 2; upper++) {
			uint64_t va = upper ? UINT64_MAX << 27 : 0, first = upper ? T1 : T0;

			/* One level with 64 KiB granules, else two. */
			put(first, cases[i].shift == 16 ? 0x240000 | AF | PAGE : 0x200000 | TABLE);
			put(0x200000, 0x240000 | AF | PAGE);
			check_ipa(&regime, va, 0x240000);
			assert_int_equal(result.page_shift, cases[i].shift);
			assert_int_equal(result.level, 3);
		}
		regime.granules = 0;
		assert_int_equal(walk(&regime, 0), ERR_NOT_SUPPORTED);
	}
}

/* Sizes of the input that there are, by granule and what the CPU has. */
static void input_sizes(void **state)
{
	static const unsigned shifts[] = { 12, 16, 14 };

	(void)state;
	for (unsigned bits = 0; bits < 3 * 64 * 4; bits++) {
		unsigned tg0 = bits % 3, txsz = bits / 3 % 64, shift = shifts[tg0];
		bool small = bits / 192 & 1, large = bits / 384 & 1;
		struct regime regime = el1(txsz, tg0, 2);
		unsigned least = shift == 16 && large ? 12 : 16;
		unsigned most = !small ? 39 : shift == 16 ? 47 : 48;

		regime.features |= (small ? REGIME_TTST : 0) | (large ? REGIME_LVA : 0);
		if (txsz < least || txsz > most)
			check_fault(&regime, 0, 0x04);
		else
			check_fault(&regime, 0, 0x04 | (3 - (63 - txsz - shift) / (shift - 3)));
	}
}

static void unreadable_tables(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	put(T0, 0x200000 | TABLE);
	put(0x200000, 0x201000 | TABLE);
	unreadable = 0x201000;
	for (unsigned i = 0; i < 3; i++) {
		unreadable_status = i == 0 ? ERR_FAULT : i == 1 ? ERR_RANGE : ERR_IO;
		check_fault(&regime, 0, 0x17);
		assert_int_equal(result.fault_ipa.ipa, 0x201000);
	}
	unreadable = T0;
	check_fault(&regime, 0, 0x15);
	unreadable_status = ERR_NO_MEMORY;
	assert_int_equal(walk(&regime, 0), ERR_NO_MEMORY);
	unreadable_status = ERR_BUSY;
	assert_int_equal(walk(&regime, 0), ERR_BUSY);
	assert_int_equal(result.fst, 0);
}

static void big_endian(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	regime.sctlr |= SCTLR_EE;
	put(T0, __builtin_bswap64(GIB(1) | AF | BLOCK));
	check_ipa(&regime, 5, GIB(1) | 5);
}

static void access_flag(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	put(T0, GIB(1) | BLOCK);
	check_fault(&regime, 0, 0x09);
	regime.tcr |= TCR_HA;
	check_ipa(&regime, 0, GIB(1));
}

/* Rights by the architecture's table, for every AP, PXN, UXN, WXN and table attribute. */
static void rights(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1 << 9; bits++) {
		struct regime regime = el1(25, 0, 2);
		unsigned ap = bits & 3, ap_table = bits >> 2 & 3;
		bool pxn = bits & 16, uxn = bits & 32, pxn_table = bits & 64,
		     uxn_table = bits & 128;
		bool wxn = bits & 256;
		bool write = !(ap & 2) && !(ap_table & 2), el0 = (ap & 1) && !(ap_table & 1);
		uint64_t priv = MEM_R | (write ? MEM_W : 0);
		uint64_t user = el0 ? priv : 0;

		if (!pxn && !pxn_table && !(el0 && write) && !(wxn && write))
			priv |= MEM_X;
		if (!uxn && !uxn_table && !(wxn && el0 && write))
			user |= MEM_X;
		regime.sctlr |= wxn ? SCTLR_WXN : 0;
		put(T0,
			0x200000 | TABLE | (uint64_t)ap_table << 61 | (uint64_t)uxn_table << 60 |
				(uint64_t)pxn_table << 59);
		put(0x200000, MIB(2) | AF | BLOCK | AP(ap) | (pxn ? PXN : 0) | (uxn ? UXN : 0));
		check_ipa(&regime, 0, MIB(2));
		assert_int_equal(result.priv, priv);
		assert_int_equal(result.user, user);
		/* Without hierarchical attributes the table's bits are nothing. */
		if (wxn || pxn_table || uxn_table || !ap_table)
			continue;
		regime.tcr |= TCR_HPD0;
		check_ipa(&regime, 0, MIB(2));
		assert_int_equal(!(result.priv & MEM_W), ap >> 1);
		assert_int_equal(!!(result.user & MEM_R), ap & 1);
	}
}

static void hardware_dirty(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	put(T0, GIB(1) | AF | BLOCK | AP(2) | BIT(51));
	check_ipa(&regime, 0, GIB(1));
	assert_int_equal(result.priv & MEM_W, 0);
	regime.tcr |= TCR_HD;
	check_ipa(&regime, 0, GIB(1));
	assert_int_equal(result.priv & MEM_W, 0);
	regime.tcr |= TCR_HA;
	check_ipa(&regime, 0, GIB(1));
	assert_int_equal(result.priv & MEM_W, MEM_W);
	put(T0, 0x200000 | TABLE | BIT(62));
	put(0x200000, MIB(2) | AF | BLOCK | AP(2) | BIT(51));
	check_ipa(&regime, 0, MIB(2));
	assert_int_equal(result.priv & MEM_W, 0);
}

static void one_range(void **state)
{
	struct regime regime = el1(25, 0, 0);

	(void)state;
	regime.kind = REGIME_EL2;
	regime.tcr = 25 | 2 << 16;
	for (unsigned bits = 0; bits < 32; bits++) {
		bool ro = bits & 1, xn = bits & 2, ro_table = bits & 4, xn_table = bits & 8;
		bool wxn = bits & 16, write = !ro && !ro_table;

		regime.sctlr = SCTLR_M | SCTLR_C | (wxn ? SCTLR_WXN : 0);
		put(T0, 0x200000 | TABLE | (ro_table ? BIT(62) : 0) | (xn_table ? BIT(60) : 0));
		put(0x200000, MIB(2) | AF | BLOCK | AP(ro ? 3 : 1) | (xn ? UXN : 0) | PXN);
		check_ipa(&regime, 0, MIB(2));
		assert_int_equal(result.user, 0);
		assert_int_equal(result.priv,
			MEM_R | (write ? MEM_W : 0) |
				(xn || xn_table || (wxn && write) ? 0 : MEM_X));
	}
	check_fault(&regime, BIT(55), 0x04);
	check_fault(&regime, BIT(63), 0x04);
	regime.tcr |= TCR_EL2_TBI;
	check_ipa(&regime, BIT(63), MIB(2));
	check_fault(&regime, UINT64_C(0xffffffffffffffff), 0x04);
	regime.tcr |= TCR_EL2_TBID;
	assert_int_equal(walk_s1(&regime, &memory, GVA(BIT(63)), true, false, &result), ERR_FAULT);
	/* HPD, HA, HD and PS are elsewhere. */
	regime.sctlr = SCTLR_M;
	put(T0, 0x200000 | TABLE | BIT(62));
	put(0x200000, MIB(2) | BLOCK | AP(3) | BIT(51));
	check_fault(&regime, 0, 0x0a);
	regime.tcr |= TCR_EL2_HA | TCR_EL2_HD | TCR_EL2_HPD;
	check_ipa(&regime, 0, MIB(2));
	assert_int_equal(result.priv, MEM_RWX);
	regime.tcr &= ~(UINT64_C(7) << 16);
	put(0x200000, BIT(32) | AF | BLOCK);
	check_fault(&regime, 0, 0x02);
}

static void memory_attributes(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	for (unsigned index = 0; index < 8; index++)
		for (unsigned sh = 0; sh < 4; sh++) {
			uint8_t byte = (uint8_t)(regime.mair >> (8 * index));

			put(T0, GIB(1) | AF | BLOCK | index << 2 | sh << 8);
			regime.sctlr = SCTLR_M | SCTLR_C;
			check_ipa(&regime, 0, GIB(1));
			assert_int_equal(result.attr, byte);
			assert_int_equal(result.sh, sh);
			/* With the cache off all that is not a device is not cacheable. */
			regime.sctlr = SCTLR_M;
			check_ipa(&regime, 0, GIB(1));
			assert_int_equal(result.attr, byte & 0xf0 ? 0x44 : byte);
		}
}

static void stage1_off(void **state)
{
	struct regime regime = el1(25, 0, 2);

	(void)state;
	regime.sctlr = 0;
	check_ipa(&regime, UINT64_C(0x123456789abc), UINT64_C(0x123456789abc));
	assert_int_equal(result.attr, 0);
	assert_int_equal(result.sh, 2);
	assert_int_equal(result.level, 0);
	assert_int_equal(result.priv, MEM_RWX);
	assert_int_equal(result.user, MEM_RWX);
	check_fault(&regime, BIT(48), 0x00);
	check_fault(&regime, UINT64_MAX, 0x00);
	check_fault(&regime, BIT(56), 0x00);
	regime.tcr |= TCR_TBI0;
	check_ipa(&regime, BIT(56) | 7, 7);
	regime.sctlr = SCTLR_M;
	regime.hcr = HCR_DC;
	check_ipa(&regime, 7, 7);
	assert_int_equal(result.attr, 0xff);
	assert_int_equal(result.sh, 0);
	regime.hcr = HCR_TGE;
	check_ipa(&regime, 7, 7);
	/* Neither matters at EL2. */
	regime.kind = REGIME_EL20;
	check_fault(&regime, 7, 0x05);
	regime.sctlr = 0;
	check_ipa(&regime, 7, 7);
	regime.kind = REGIME_EL2;
	check_ipa(&regime, 7, 7);
	assert_int_equal(result.user, 0);
}

static void granules_of_the_cpu(void **state)
{
	(void)state;
	assert_int_equal(regime_granules(0), REGIME_4K | REGIME_64K);
	assert_int_equal(regime_granules(0x00100000), REGIME_4K | REGIME_16K | REGIME_64K);
	assert_int_equal(regime_granules(0xff000000), 0);
	assert_int_equal(regime_granules(0xf0200000), REGIME_16K | REGIME_64K);
}

/* --- with a real stage 2 beneath --- */

#define BASE UINT64_C(0x40000000)

static void fetch(void **state)
{
	static struct stage2 s2;
	struct page_range ram = { GIB(2), MIB(32), 0 };
	struct regime regime = el1(25, 0, 2);
	uint64_t entry = BASE | AF | BLOCK | AP(1) | PXN;
	uint32_t insn = 0xd503201f, got = 0;

	(void)state;
	fake_memory_reset();
	fake_memory_add(GIB(2), MIB(32));
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 8);
	assert_int_equal(stage2_create(&s2, OWNER_FIRST_VM, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(BASE), MIB(4), MEM_RWX), OK);
	regime.ttbr0 = BASE + MIB(2);
	assert_int_equal(guest_load(&s2, IPA(BASE + 0x100), &insn, 4), OK);
	/* The tables' page has never been touched: all invalid, when it has been given. */
	for (unsigned i = 0; i < MIB(2) / STAGE2_FILL_STEP; i++)
		assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), true, &got), ERR_BUSY);
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), true, &got), ERR_FAULT);
	assert_int_equal(guest_load(&s2, IPA(BASE + MIB(2)), &entry, 8), OK);
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), true, &got), OK);
	assert_int_equal(got, insn);
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), false, &got), ERR_FAULT);
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x102), true, &got), ERR_INVALID);
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(MIB(8)), true, &got), ERR_FAULT);
	/* Tables where Lintel reads nothing stay there. */
	regime.ttbr0 = BASE + MIB(4);
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), true, &got), ERR_IO);
	regime.ttbr0 = BASE + MIB(2);
	regime.sctlr = 0;
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(BASE + 0x100), false, &got), OK);
	regime.sctlr = SCTLR_M;
	regime.granules = 0;
	assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), true, &got), ERR_NOT_SUPPORTED);
}

/* Tables that aren't cacheable, or caches that are off: each descriptor is synced before it is
 * read. */
static void uncached_tables(void **state)
{
	static const uint64_t fields[] = { GENMASK(9, 8), GENMASK(11, 10), GENMASK(25, 24),
		GENMASK(27, 26) };
	const struct walk_memory plain = { .read = read_cell };
	struct regime regime = el1(25, 0, 2);
	uint64_t high = UINT64_MAX << 39;

	(void)state;
	put(T0, 0x200000 | TABLE);
	put(T1, 0x200000 | TABLE);
	put(0x200000, AF | BLOCK);
	for (unsigned i = 0; i < 6; i++) {
		regime.tcr |= fields[0] | fields[1] | fields[2] | fields[3];
		regime.sctlr = SCTLR_M | (i == 5 ? 0 : SCTLR_C);
		if (i < 4)
			regime.tcr &= ~fields[i];
		forget_syncs();
		check_ipa(&regime, 0, 0);
		assert_int_equal(syncs, i < 2 || i == 5 ? 2 : 0);
		assert_int_equal(reads_synced, syncs);
		forget_syncs();
		check_ipa(&regime, high, 0);
		assert_int_equal(syncs, (i >= 2 && i < 4) || i == 5 ? 2 : 0);
		assert_int_equal(reads_synced, syncs);
	}
	syncs = 0;
	assert_int_equal(walk_s1(&regime, &plain, GVA(0), false, false, &result), OK);
	assert_int_equal(syncs, 0);
}

/* What the guest has written past the caches is not read from a stale line. */
static void fetch_uncached(void **state)
{
	static const struct {
		unsigned index; /* of MAIR */
		bool caches, synced;
	} cases[] = { { 4, true, false }, { 1, true, false }, { 6, true, false }, { 0, true, true },
		{ 3, true, true }, { 5, true, true }, { 4, false, true } };
	static struct stage2 s2;
	struct page_range ram = { GIB(2), MIB(32), 0 };
	struct regime regime = el1(25, 0, 2);
	uint32_t insn = 0xd503201f, got;
	struct stage2_page page, tables;

	(void)state;
	fake_memory_reset();
	fake_memory_add(GIB(2), MIB(32));
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 8);
	assert_int_equal(stage2_create(&s2, OWNER_FIRST_VM, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(BASE), MIB(4), MEM_RWX), OK);
	assert_int_equal(guest_load(&s2, IPA(BASE + 0x100), &insn, 4), OK);
	assert_true(stage2_lookup(&s2, IPA(BASE + 0x100), &page));
	assert_true(stage2_lookup(&s2, IPA(BASE + 0x1000), &tables));
	regime.ttbr0 = BASE + 0x1000;
	regime.tcr |= TCR_IRGN0 | TCR_ORGN0;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t entry = BASE | AF | BLOCK | cases[i].index << 2;

		assert_int_equal(guest_load(&s2, IPA(BASE + 0x1000), &entry, 8), OK);
		regime.sctlr = SCTLR_M | (cases[i].caches ? SCTLR_C : 0);
		fake_cpu_reset();
		got = 0;
		assert_int_equal(walk_s1_fetch(&regime, &s2, GVA(0x100), false, &got), OK);
		assert_int_equal(got, insn);
		assert_int_equal(fake_op_count != 0, cases[i].synced);
		if (!cases[i].synced)
			continue;
		/* The tables too, where all is off. */
		if (!cases[i].caches) {
			assert_int_equal(fake_ops[0].kind, FAKE_CACHE_CLEAN_INVALIDATE);
			assert_int_equal(fake_ops[0].address, (uintptr_t)pa_to_ptr(tables.pa));
			assert_int_equal(fake_ops[0].extra, 8);
		}
		assert_true(fake_op_count >= 2);
		assert_int_equal(fake_ops[fake_op_count - 2].kind, FAKE_CACHE_CLEAN_INVALIDATE);
		assert_int_equal(
			fake_ops[fake_op_count - 2].address, (uintptr_t)pa_to_ptr(page.pa));
		assert_int_equal(fake_ops[fake_op_count - 2].extra, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_4k),
		cmocka_unit_test(levels_16k),
		cmocka_unit_test(levels_64k),
		cmocka_unit_test(levels_lva),
		cmocka_unit_test(start_levels),
		cmocka_unit_test(ranges),
		cmocka_unit_test(output_size),
		cmocka_unit_test(granules),
		cmocka_unit_test(input_sizes),
		cmocka_unit_test(unreadable_tables),
		cmocka_unit_test(big_endian),
		cmocka_unit_test(access_flag),
		cmocka_unit_test(rights),
		cmocka_unit_test(hardware_dirty),
		cmocka_unit_test(one_range),
		cmocka_unit_test(memory_attributes),
		cmocka_unit_test(stage1_off),
		cmocka_unit_test(granules_of_the_cpu),
		cmocka_unit_test(uncached_tables),
		cmocka_unit_test(fetch),
		cmocka_unit_test(fetch_uncached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
