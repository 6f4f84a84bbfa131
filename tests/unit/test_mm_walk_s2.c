/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The software walk of a guest hypervisor's stage 2: what VTCR_EL2 may say, every granule and
 * level, every fault, rights and attributes cell by cell, flags that the CPU would set.
 *
 * links: mm/walk_s2.c mm/walk_table.c tests/unit/walk_model.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/walk_s2.h"
#include "tests/unit/walk_model.h"

#define T0   UINT64_C(0x40000000) /* the start table */
#define T1   UINT64_C(0x50000000)
#define T2   UINT64_C(0x60000000)
#define T3   UINT64_C(0x70000000)
#define RW   (3UL << 6)
#define S2_R BIT(6)
#define S2_W BIT(7)
#define DBM  BIT(51)
#define HA   BIT(21)
#define HD   BIT(22)
#define DS   BIT(32)
#define SL2  BIT(33)
#define ALL  (REGIME_4K | REGIME_16K | REGIME_64K)
#define MEM  (15UL << 2)

static struct s2_regime regime;
static struct s2_setup setup;
static struct s2_result result;
static unsigned access_flags;

/* 4 KiB unless said otherwise, 48 bits of output, cacheable tables. */
static void set(unsigned t0sz, unsigned sl0, unsigned tg0)
{
	model_reset();
	access_flags = 0;
	regime = (struct s2_regime){
		.vttbr = T0 | UINT64_C(0x1234) << 48 | 1,
		.vtcr = t0sz | (uint64_t)sl0 << 6 | 1 << 8 | 1 << 10 | 3 << 12 |
			(uint64_t)tg0 << 14 | 5 << 16 | BIT(31),
		.pa_bits = 48,
		.granules = ALL,
		.features = REGIME_HA | REGIME_HD | REGIME_XNX,
	};
}

static enum status walk(uint64_t ipa)
{
	walk_s2_prepare(&regime, &setup);
	return walk_s2(&setup, &model_memory, IPA(ipa), access_flags, &result);
}

static void check_fault(uint64_t ipa, unsigned fst)
{
	assert_int_equal(walk(ipa), ERR_FAULT);
	assert_int_equal(result.fst, fst);
}

static void check_output(uint64_t ipa, uint64_t output)
{
	assert_int_equal(walk(ipa), OK);
	assert_int_equal(result.fst, 0);
	assert_int_equal(result.output.ipa, output);
}

static void levels_4k(void **state)
{
	uint64_t ipa = UINT64_C(0x0000a1b2c3d4e5f6);

	(void)state;
	set(16, 2, 0);
	model_put(T0 + (ipa >> 39) * 8, T1 | TABLE);
	model_put(T1 + (ipa >> 30 & 511) * 8, T2 | TABLE);
	model_put(T2 + (ipa >> 21 & 511) * 8, T3 | TABLE);
	model_put(T3 + (ipa >> 12 & 511) * 8, 0x80033000 | AF | RW | MEM | PAGE);
	check_output(ipa, 0x80033000 | (ipa & 0xfff));
	assert_int_equal(result.level, 3);
	assert_int_equal(result.page_shift, 12);
	assert_int_equal(result.span, 0x1000);
	assert_int_equal(result.desc, 0x80033000 | AF | RW | MEM | PAGE);
	assert_int_equal(result.desc_ipa.ipa, T3 + (ipa >> 12 & 511) * 8);
	assert_int_equal(s2_contiguous(&result), 1);
	model_put(T3 + (ipa >> 12 & 511) * 8, 0x80033000 | AF | BIT(52) | PAGE);
	check_output(ipa, 0x80033000 | (ipa & 0xfff));
	assert_int_equal(s2_contiguous(&result), 16);
	/* Blocks. */
	model_put(T2 + (ipa >> 21 & 511) * 8, 0x80400000 | AF | BLOCK);
	check_output(ipa, 0x80400000 | (ipa & 0x1fffff));
	assert_int_equal(result.level, 2);
	model_put(T1 + (ipa >> 30 & 511) * 8, GIB(3) | AF | BLOCK);
	check_output(ipa, GIB(3) | (ipa & 0x3fffffff));
	assert_int_equal(result.level, 1);
	assert_int_equal(result.span, GIB(1));
	model_put(T0 + (ipa >> 39) * 8, AF | BLOCK);
	check_fault(ipa, 0x04);
	/* Nothing, at each level; and an odd level 3. */
	model_put(T0 + (ipa >> 39) * 8, T1 | TABLE);
	model_put(T1 + (ipa >> 30 & 511) * 8, T2 | TABLE);
	model_put(T2 + (ipa >> 21 & 511) * 8, T3 | TABLE);
	model_put(T3 + (ipa >> 12 & 511) * 8, 0x80033000 | AF | BLOCK);
	check_fault(ipa, 0x07);
	model_put(T3 + (ipa >> 12 & 511) * 8, 0x80033000 | AF | 2);
	check_fault(ipa, 0x07);
	model_put(T2 + (ipa >> 21 & 511) * 8, 0);
	check_fault(ipa, 0x06);
	model_put(T1 + (ipa >> 30 & 511) * 8, 0);
	check_fault(ipa, 0x05);
	model_put(T0 + (ipa >> 39) * 8, 0);
	check_fault(ipa, 0x04);
}

static void levels_16k(void **state)
{
	uint64_t ipa = UINT64_C(0x0000012345678abc);

	(void)state;
	set(24, 2, 2); /* 40 bits from level 1: 16 entries */
	regime.pa_bits = 42;
	model_put(T0 + (ipa >> 36) * 8, T1 | TABLE);
	model_put(T1 + (ipa >> 25 & 2047) * 8, T2 | TABLE);
	model_put(T2 + (ipa >> 14 & 2047) * 8, 0x80030000 | AF | BIT(52) | PAGE);
	check_fault(ipa | BIT(40), 0x04);
	check_fault(ipa, 0x04 | 0);
	ipa &= BIT(40) - 1;
	model_put(T0 + (ipa >> 36) * 8, T1 | TABLE);
	check_output(ipa, 0x80030000 | (ipa & 0x3fff));
	assert_int_equal(result.page_shift, 14);
	assert_int_equal(s2_contiguous(&result), 128);
	model_put(T1 + (ipa >> 25 & 2047) * 8, MIB(64) | AF | BIT(52) | BLOCK);
	check_output(ipa, MIB(64) | (ipa & 0x1ffffff));
	assert_int_equal(s2_contiguous(&result), 32);
	model_put(T0 + (ipa >> 36) * 8, AF | BLOCK);
	check_fault(ipa, 0x05);
}

static void levels_64k(void **state)
{
	uint64_t ipa = UINT64_C(0x0000812345678abc);

	(void)state;
	set(16, 2, 1);
	model_put(T0 + (ipa >> 42) * 8, T1 | TABLE);
	model_put(T1 + (ipa >> 29 & 8191) * 8, T2 | TABLE);
	model_put(T2 + (ipa >> 16 & 8191) * 8, 0x80030000 | AF | BIT(52) | PAGE);
	check_output(ipa, 0x80030000 | (ipa & 0xffff));
	assert_int_equal(result.page_shift, 16);
	assert_int_equal(s2_contiguous(&result), 32);
	model_put(T1 + (ipa >> 29 & 8191) * 8, MIB(512) | AF | BLOCK);
	check_output(ipa, MIB(512) | (ipa & 0x1fffffff));
	model_put(T0 + (ipa >> 42) * 8, AF | BIT(52) | BLOCK);
	check_fault(ipa, 0x05);
}

/* T0SZ, SL0, granule and the size of physical addresses: the table of D8.2, written out anew. */
static bool makes_sense(
	unsigned t0sz, unsigned sl0, unsigned shift, unsigned pa_bits, bool small, int *level)
{
	static const int levels[3][4] = { { 2, 1, 0, 3 }, { 3, 2, 1, -2 }, { 3, 2, 1, -2 } };
	int row = (int)(shift - 12) / 2, below, index_bits;

	*level = levels[row][sl0];
	if (*level == -2 || (shift == 12 && *level == 3 && !small))
		return false;
	if ((shift == 12 && *level == 0 && pa_bits <= 42) ||
		(shift == 14 && *level == 1 && pa_bits <= 40) ||
		(shift == 16 && *level == 1 && pa_bits <= 42))
		return false;
	if (64 - t0sz > pa_bits || t0sz > (small ? shift == 16 ? 47U : 48U : 39U))
		return false;
	below = (int)shift + (3 - *level) * ((int)shift - 3);
	index_bits = 64 - (int)t0sz - below;
	return index_bits >= 1 && index_bits <= (int)shift - 3 + 4;
}

static void setups(void **state)
{
	static const unsigned tg0[] = { 0, 2, 1 }, sizes[] = { 32, 36, 40, 42, 44, 48 };
	unsigned good = 0;

	(void)state;
	for (unsigned n = 0; n < 64 * 4 * 3 * 6 * 2; n++) {
		unsigned t0sz = n % 64, sl0 = n / 64 % 4, granule = n / 256 % 3;
		unsigned pa_bits = sizes[n / 768 % 6];
		bool small = n / 4608;
		int level;

		set(t0sz, sl0, tg0[granule]);
		regime.pa_bits = (uint8_t)pa_bits;
		regime.vttbr = 0;
		regime.features |= small ? REGIME_TTST : 0;
		if (!makes_sense(t0sz, sl0, 12 + 2 * granule, pa_bits, small, &level)) {
			check_fault(0, 0x04);
			assert_int_equal(model_reads, 0);
			continue;
		}
		good++;
		check_fault(0, 0x04 | (unsigned)level);
		assert_int_equal(model_reads, 1);
		check_fault(BIT(64 - t0sz) - 1, 0x04 | (unsigned)level);
		assert_int_equal(model_reads, 2);
		/* Beyond 2^(64-T0SZ) no table is read. */
		check_fault(BIT(64 - t0sz), 0x04);
		assert_int_equal(model_reads, 2);
	}
	assert_true(good > 300);
}

/* Sixteen tables side by side, aligned as one. */
static void concatenated(void **state)
{
	uint64_t last = BIT(43) - 1;

	(void)state;
	set(21, 1, 0); /* 43 bits from level 1 */
	regime.vttbr = T0 | 0xf000 | 1;
	model_put(T0 + (last >> 30) * 8, GIB(5) | AF | BLOCK);
	check_output(last, GIB(5) | (last & (GIB(1) - 1)));
	set(20, 1, 0);
	check_fault(0, 0x04);
	assert_int_equal(model_reads, 0);
	/* A table of two entries. */
	set(32 + 1, 1, 0); /* 31 bits from level 1 */
	regime.vttbr = T0 | 0x38;
	model_put(T0 + 0x38, GIB(6) | AF | BLOCK);
	check_output(GIB(1), GIB(6));
}

static void granules(void **state)
{
	(void)state;
	for (unsigned tg0 = 0; tg0 < 4; tg0++)
		for (unsigned has = 0; has < 8; has++) {
			static const unsigned shifts[] = { 12, 16, 14, 0 };
			unsigned wanted = shifts[tg0],
				 bit = wanted == 12 ? 1
				: wanted == 14      ? 2
						    : 4;
			unsigned smallest = has & 1 ? 12 : has & 2 ? 14 : 16;
			unsigned shift = tg0 < 3 && (has & bit) ? wanted : smallest;
			unsigned below = shift == 12 ? 21 : shift; /* SL0 = 0: level 2, 3, 3 */

			set(64 - (below + 9), 0, tg0);
			regime.features |= REGIME_TTST;
			regime.granules = (uint8_t)has;
			model_put(T0, T1 | AF | (shift == 12 ? BLOCK : PAGE));
			if (has == 0) {
				check_fault(0, 0x04);
				continue;
			}
			check_output(5, T1 | 5);
			assert_int_equal(result.page_shift, shift);
		}
}

static void output_size(void **state)
{
	(void)state;
	set(25, 1, 0);
	regime.vtcr &= ~(UINT64_C(7) << 16);
	regime.vtcr |= UINT64_C(2) << 16; /* 40 bits */
	model_put(T0, BIT(40) | AF | BLOCK);
	check_fault(0, 0x01);
	model_put(T0, BIT(40) | TABLE);
	check_fault(0, 0x01);
	model_put(T0, T1 | TABLE);
	model_put(T1, BIT(47) | AF | BLOCK);
	check_fault(0, 0x02);
	regime.vtcr |= UINT64_C(7) << 16;
	check_output(0, BIT(47));
	regime.pa_bits = 44;
	check_fault(0, 0x02);
	/* The base; but a translation fault comes first. */
	regime.vttbr = BIT(44);
	check_fault(0, 0x00);
	check_fault(BIT(39), 0x04);
}

static void unreadable(void **state)
{
	static const enum status statuses[] = { ERR_FAULT, ERR_RANGE, ERR_IO };

	(void)state;
	set(16, 2, 0);
	model_put(T0, T1 | TABLE);
	model_put(T1, T2 | TABLE);
	for (unsigned i = 0; i < 3; i++) {
		model_status = statuses[i];
		model_unreadable = T2;
		check_fault(0, 0x16);
		assert_int_equal(result.fault_ipa.ipa, T2);
		model_unreadable = T0;
		check_fault(0, 0x14);
	}
	model_status = ERR_BUSY;
	assert_int_equal(walk(0), ERR_BUSY);
}

static void big_endian_uncached(void **state)
{
	(void)state;
	set(25, 1, 0);
	model_put(T0, __builtin_bswap64(GIB(1) | BLOCK));
	check_fault(0, 0x05);
	regime.sctlr = SCTLR_EE;
	check_fault(0, 0x09);
	regime.vtcr |= HA;
	check_output(7, GIB(1) | 7);
	assert_int_equal(model_get(T0), __builtin_bswap64(GIB(1) | AF | BLOCK));
	assert_int_equal(model_syncs, 0);
	regime.vtcr &= ~UINT64_C(0x300);
	check_output(7, GIB(1) | 7);
	assert_int_equal(model_syncs, 1);
	regime.vtcr |= 0x100;
	regime.vtcr &= ~UINT64_C(0xc00);
	check_output(7, GIB(1) | 7);
	assert_int_equal(model_syncs, 2);
	regime.vtcr |= 0x400;
	regime.hcr = HCR_CD;
	check_output(7, GIB(1) | 7);
	assert_int_equal(model_syncs, 3);
}

/* S2AP, XN with and without XNX, DBM: every cell; and every access to it. */
static void rights(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1 << 7; bits++) {
		unsigned s2ap = bits & 3, xn = bits >> 2 & 3;
		bool dbm = bits & 16, hd = bits & 32, xnx = bits & 64;
		bool write = (s2ap & 2) || (dbm && hd);
		bool user_x = xnx ? xn < 2 : !(xn & 2),
		     priv_x = xnx ? xn == 0 || xn == 3 : !(xn & 2);
		uint64_t data = (s2ap & 1 ? MEM_R : 0) | (write ? MEM_W : 0);
		bool allowed[6] = { s2ap & 1, write, priv_x, s2ap & 1, write, user_x };
		uint64_t desc = GIB(1) | AF | BLOCK | (uint64_t)s2ap << 6 | (uint64_t)xn << 53 |
			(dbm ? DBM : 0);

		set(25, 1, 0);
		regime.vtcr |= HA | (hd ? HD : 0);
		regime.features = (uint16_t)(REGIME_HA | REGIME_HD | (xnx ? REGIME_XNX : 0));
		model_put(T0, desc);
		check_output(0, GIB(1));
		assert_int_equal(result.priv, data | (priv_x ? MEM_X : 0));
		assert_int_equal(result.user, data | (user_x ? MEM_X : 0));
		assert_int_equal(result.clean, dbm && hd && !(s2ap & 2));
		for (unsigned i = 0; i < 6; i++) {
			access_flags = WALK_JUDGE | (i % 3 == 1 ? WALK_WRITE : 0) |
				(i % 3 == 2 ? WALK_FETCH : 0) | (i > 2 ? WALK_USER : 0);
			if (allowed[i])
				check_output(0, GIB(1));
			else
				check_fault(0, 0x0d);
			assert_int_equal(result.level, 1);
		}
		assert_int_equal(model_get(T0), desc);
		assert_int_equal(model_updates, 0);
	}
}

static void attributes(void **state)
{
	(void)state;
	for (unsigned attr = 0; attr < 16; attr++)
		for (unsigned sh = 0; sh < 4; sh++) {
			set(25, 1, 0);
			model_put(T0, GIB(1) | AF | BLOCK | attr << 2 | sh << 8);
			check_output(0, GIB(1));
			assert_int_equal(result.mem_attr, attr);
			assert_int_equal(result.sh, sh);
		}
}

static void access_flag(void **state)
{
	(void)state;
	set(25, 1, 0);
	model_put(T0, GIB(1) | RW | BLOCK);
	check_fault(0, 0x09);
	assert_int_equal(result.level, 1);
	assert_int_equal(result.output.ipa, GIB(1));
	regime.vtcr |= HA;
	regime.features = REGIME_XNX; /* the CPU has none of it */
	check_fault(0, 0x09);
	regime.features = REGIME_HA;
	/* To look only. */
	walk_s2_prepare(&regime, &setup);
	assert_int_equal(walk_s2(&setup, &model_readonly, IPA(0), 0, &result), OK);
	assert_int_equal(result.desc, GIB(1) | RW | BLOCK);
	assert_int_equal(model_get(T0), GIB(1) | RW | BLOCK);
	check_output(0, GIB(1));
	assert_int_equal(model_get(T0), GIB(1) | AF | RW | BLOCK);
	assert_int_equal(result.desc, GIB(1) | AF | RW | BLOCK);
	assert_int_equal(model_updates, 1);
	/* Not set by an access that is refused. */
	model_put(T0, GIB(1) | S2_R | BLOCK);
	access_flags = WALK_JUDGE | WALK_WRITE;
	check_fault(0, 0x0d);
	assert_int_equal(model_get(T0), GIB(1) | S2_R | BLOCK);
	/* Where it can't be written. */
	access_flags = 0;
	model_update_status = ERR_FAULT;
	check_fault(0, 0x15);
	assert_int_equal(result.fault_ipa.ipa, T0);
	model_update_status = ERR_NO_MEMORY;
	assert_int_equal(walk(0), ERR_NO_MEMORY);
}

static void dirty(void **state)
{
	uint64_t desc = GIB(1) | S2_R | DBM | BLOCK;

	(void)state;
	set(25, 1, 0);
	regime.vtcr |= HA | HD;
	for (unsigned i = 0; i < 8; i++) {
		bool write = i & 1, made = i & 2, hd = i & 4;

		regime.features = (uint16_t)(REGIME_HA | (hd ? REGIME_HD : 0));
		access_flags = (write ? WALK_WRITE : 0) | (made ? WALK_DIRTY : 0);
		model_put(T0, desc);
		check_output(0, GIB(1));
		assert_int_equal(model_get(T0), desc | AF | (write && made && hd ? S2_W : 0));
		assert_int_equal(result.desc, model_get(T0));
		assert_int_equal(result.clean, hd && !(write && made));
	}
	/* DBM says nothing without HD. */
	regime.vtcr &= ~HD;
	model_put(T0, desc);
	access_flags = WALK_JUDGE | WALK_WRITE | WALK_DIRTY;
	check_fault(0, 0x0d);
}

/* Another CPU is there first: the walk looks again, and sees what that has left. */
static unsigned races;
static uint64_t race_value;

static void race(uint64_t ipa)
{
	if (races != 0) {
		races--;
		model_put(ipa, race_value + (races << 12));
	}
}

static void racing(void **state)
{
	(void)state;
	set(25, 1, 0);
	regime.vtcr |= HA;
	model_put(T0, GIB(1) | BLOCK);
	model_before_update = race;
	races = 1;
	race_value = GIB(2) | BLOCK;
	check_output(0, GIB(2));
	assert_int_equal(model_get(T0), GIB(2) | AF | BLOCK);
	races = 1;
	race_value = 0;
	model_put(T0, GIB(1) | BLOCK);
	check_fault(0, 0x05);
	/* One that goes on and on. */
	races = 1000;
	race_value = GIB(2) | BLOCK;
	model_put(T0, GIB(1) | BLOCK);
	assert_int_equal(walk(0), ERR_BUSY);
	assert_int_equal(races, 1000 - WALK_TRIES);
}

static void lpa2(void **state)
{
	uint64_t ipa = UINT64_C(0x000a1b2c3d4e5f60);

	(void)state;
	/* 52 bits with 4 KiB granules: from level -1; blocks at level 0. */
	set(12, 0, 0);
	regime.vtcr |= DS | SL2 | UINT64_C(7) << 16;
	regime.features |= REGIME_LPA2_4K_S2;
	regime.pa_bits = 52;
	regime.vttbr = T0 | 0xb << 2; /* bits 51:48 */
	model_put(UINT64_C(0xb) << 48 | T0 | (ipa >> 48) * 8, T1 | 1 << 8 | TABLE);
	model_put(BIT(50) | T1 | (ipa >> 39 & 511) * 8, BIT(48) | 3 << 8 | AF | BLOCK);
	check_output(ipa, UINT64_C(0xd) << 48 | (ipa & (BIT(39) - 1)));
	assert_int_equal(result.level, 0);
	assert_int_equal(result.sh, 3); /* VTCR's */
	model_put(BIT(50) | T1 | (ipa >> 39 & 511) * 8, 0);
	check_fault(ipa, 0x04);
	model_put(UINT64_C(0xb) << 48 | T0 | (ipa >> 48) * 8, AF | BLOCK);
	check_fault(ipa, 0x2b);
	model_put(UINT64_C(0xb) << 48 | T0 | (ipa >> 48) * 8, 0);
	check_fault(ipa, 0x2b);
	model_unreadable = UINT64_C(0xb) << 48 | T0 | (ipa >> 48) * 8;
	model_status = ERR_FAULT;
	check_fault(ipa, 0x13);
	model_unreadable = UINT64_MAX;
	regime.vttbr = T0;
	regime.pa_bits = 50; /* the input too large */
	check_fault(0, 0x04);
	regime.pa_bits = 52;
	regime.vtcr &= ~(UINT64_C(7) << 16);
	regime.vtcr |= UINT64_C(5) << 16; /* 48 bits of output */
	model_put(T0, T1 | 1 << 8 | TABLE);
	check_fault(0, 0x29);
	/* SL2 with another SL0 is nothing; without DS neither is there. */
	regime.vtcr |= BIT(6);
	check_fault(0, 0x04);
	regime.vtcr &= ~BIT(6);
	regime.features &= (uint16_t)~REGIME_LPA2_4K_S2;
	check_fault(0, 0x04);
	/* 16 KiB: level 0 by SL0 = 3, blocks at level 1. */
	set(12, 3, 2);
	regime.vtcr |= DS | UINT64_C(7) << 16;
	regime.pa_bits = 52;
	check_fault(0, 0x04);
	assert_int_equal(model_reads, 0);
	regime.features |= REGIME_LPA2_16K_S2;
	model_put(T0, T1 | TABLE);
	model_put(T1, BIT(50) | AF | BLOCK); /* bits 51:50 are not there */
	check_output(1, 1);
	assert_int_equal(result.level, 1);
	model_put(T1, BIT(49) | 2 << 8 | AF | BLOCK);
	check_output(1, BIT(51) | BIT(49) | 1);
}

static void large_64k(void **state)
{
	(void)state;
	set(12, 2, 1); /* 52 bits from level 1 */
	check_fault(0, 0x04);
	regime.pa_bits = 52;
	regime.vtcr |= UINT64_C(7) << 16;
	regime.vttbr = T0 | 3 << 2;
	model_put(UINT64_C(3) << 48 | T0, UINT64_C(0xa000) | AF | BLOCK);
	check_output(9, UINT64_C(0xa) << 48 | 9);
	assert_int_equal(result.span, BIT(42));
	assert_int_equal(result.level, 1);
	/* With 48 bits of output these bits mean nothing; the block is there as long as the CPU has
	 * such addresses. */
	regime.vtcr &= ~(UINT64_C(3) << 16);
	regime.vtcr |= UINT64_C(5) << 16;
	regime.vttbr = T0;
	model_put(T0, T1 | 0xa000 | TABLE);
	regime.vtcr &= ~UINT64_C(0x70000);
	regime.vtcr |= UINT64_C(5) << 16;
	check_fault(0, 0x06);
	model_put(T0, 0xa000 | AF | BLOCK);
	check_output(3, 3);
	assert_int_equal(result.level, 1);
	regime.pa_bits = 48;
	regime.vtcr = (regime.vtcr & ~UINT64_C(0x3f)) | 16;
	check_fault(0, 0x05);
}

static void features(void **state)
{
	(void)state;
	assert_int_equal(regime_features(0, 0, 0), 0);
	assert_int_equal(regime_features(0, 1, 0), REGIME_HA);
	assert_int_equal(regime_features(0, 2, 0), REGIME_HA | REGIME_HD);
	assert_int_equal(regime_features(0, 0x1000, 0), REGIME_HPD);
	assert_int_equal(regime_features(0, 0x200000, 0), 0);
	assert_int_equal(regime_features(0, 0x300000, 0), REGIME_PAN3);
	assert_int_equal(regime_features(0, 0x10000000, 0), REGIME_XNX);
	assert_int_equal(regime_features(0, 0, 0x10000), REGIME_LVA);
	assert_int_equal(regime_features(0, 0, 0x10000000), REGIME_TTST);
	assert_int_equal(regime_features(0, 0, UINT64_C(1) << 60), REGIME_E0PD);
	assert_int_equal(regime_features(0x10000000, 0, 0), REGIME_LPA2_4K | REGIME_LPA2_4K_S2);
	assert_int_equal(regime_features(0x10000000 | UINT64_C(2) << 40, 0, 0), REGIME_LPA2_4K);
	assert_int_equal(regime_features(UINT64_C(3) << 40, 0, 0), REGIME_LPA2_4K_S2);
	assert_int_equal(regime_features(0x200000, 0, 0), REGIME_LPA2_16K | REGIME_LPA2_16K_S2);
	assert_int_equal(regime_features(UINT64_C(3) << 32, 0, 0), REGIME_LPA2_16K_S2);
	/* TGRANn_2: 0 as TGRANn, 1 none, 2 there. */
	assert_int_equal(regime_granules_s2(0x00100000), ALL);
	assert_int_equal(regime_granules_s2(0), REGIME_4K | REGIME_64K);
	assert_int_equal(regime_granules_s2(0xff000000), 0);
	assert_int_equal(regime_granules_s2(UINT64_C(0x111) << 32 | 0x00100000), 0);
	assert_int_equal(regime_granules_s2(UINT64_C(0x222) << 32 | 0xff000000), ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_4k),
		cmocka_unit_test(levels_16k),
		cmocka_unit_test(levels_64k),
		cmocka_unit_test(setups),
		cmocka_unit_test(concatenated),
		cmocka_unit_test(granules),
		cmocka_unit_test(output_size),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(big_endian_uncached),
		cmocka_unit_test(rights),
		cmocka_unit_test(attributes),
		cmocka_unit_test(access_flag),
		cmocka_unit_test(dirty),
		cmocka_unit_test(racing),
		cmocka_unit_test(lpa2),
		cmocka_unit_test(large_64k),
		cmocka_unit_test(features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
