/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 1 through stage 2: whose fault it is and what is said of it, at each level of both; flags
 * in descriptors that stage 2 lets nobody write; attributes of both in one, cell by cell.
 *
 * links: mm/walk_s12.c mm/walk_s1.c mm/walk_s2.c mm/walk_table.c mm/walk_attr.c
 * tests/unit/walk_model.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/guest_mem.h"
#include "mm/walk_attr.h"
#include "mm/walk_s12.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/walk_model.h"

/* Not used here: walk_s1.c reads a VM's memory by them, too. */
enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value)
{
	return model_memory.read(s2, ipa, value);
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	(void)s2;
	(void)ipa;
	(void)size;
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size)
{
	(void)s2;
	(void)ipa;
	(void)destination;
	(void)size;
	return ERR_FAULT;
}

/* Stage 1's tables as its guest knows them; stage 2 adds OFFSET to what it maps. */
#define S1_0         UINT64_C(0x80000000)
#define S1_1         UINT64_C(0x80001000)
#define S1_2         UINT64_C(0x80002000)
#define S1_3         UINT64_C(0x80003000)
#define TARGET       UINT64_C(0x80008000)
#define OFFSET       UINT64_C(0x10000000)
#define VA           UINT64_C(0x0000123456789abc)

#define S2_0         UINT64_C(0x40000000)
#define S2_1         UINT64_C(0x40001000)
#define S2_2         UINT64_C(0x40002000)
#define S2_3         UINT64_C(0x40003000)

#define S2_RW        (3UL << 6)
#define S2_WB        (15UL << 2)
#define ISH          (3UL << 8)
#define S2_PAGE(ipa) (((ipa) + OFFSET) | AF | S2_RW | S2_WB | ISH | PAGE)

static struct regime regime;
static struct s2_regime s2_regime;
static struct s2_setup s2;
static struct s12_result result;

/* Of level 3 of stage 2, for an IPA. */
static uint64_t s2_entry(uint64_t ipa)
{
	return S2_3 + (ipa >> 12 & 511) * 8;
}

/* Of stage 1, by level, where they really are. */
static uint64_t s1_entry(unsigned level)
{
	static const uint64_t tables[] = { S1_0, S1_1, S1_2, S1_3 };

	return tables[level] + OFFSET + (VA >> (39 - 9 * level) & 511) * 8;
}

static void set(void)
{
	static const uint64_t pages[] = { S1_0, S1_1, S1_2, S1_3, TARGET };

	model_reset();
	fake_cpu_reset();
	regime = (struct regime){
		.kind = REGIME_EL10,
		.pa_bits = 48,
		.granules = REGIME_4K,
		.features = REGIME_HA | REGIME_HD | REGIME_PAN3,
		.ttbr0 = S1_0,
		.tcr = 16 | 16 << 16 | 1 << 8 | 1 << 10 | UINT64_C(2) << 30 | UINT64_C(5) << 32,
		.sctlr = SCTLR_M | SCTLR_C,
		.mair = 0xff,
	};
	s2_regime = (struct s2_regime){
		.vttbr = S2_0,
		.vtcr = 16 | 2 << 6 | 1 << 8 | 1 << 10 | 5 << 16,
		.pa_bits = 48,
		.granules = REGIME_4K,
		.features = REGIME_HA | REGIME_HD | REGIME_XNX,
	};
	model_put(S2_0, S2_1 | TABLE);
	model_put(S2_1 + 2 * 8, S2_2 | TABLE);
	model_put(S2_2, S2_3 | TABLE);
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		model_put(s2_entry(pages[i]), S2_PAGE(pages[i]));
	model_put(s1_entry(0), S1_1 | TABLE);
	model_put(s1_entry(1), S1_2 | TABLE);
	model_put(s1_entry(2), S1_3 | TABLE);
	model_put(s1_entry(3), TARGET | AF | ISH | PAGE);
}

static enum status walk(unsigned access)
{
	walk_s2_prepare(&s2_regime, &s2);
	return walk_s12(&regime, &s2, &model_memory, GVA(VA), access, &result);
}

static void check_output(unsigned access, uint64_t output)
{
	assert_int_equal(walk(access), OK);
	assert_int_equal(result.output.ipa, output);
	assert_false(result.stage2 || result.on_walk);
	assert_int_equal(result.fst, 0);
}

static void check_s1(unsigned access, unsigned fst)
{
	assert_int_equal(walk(access), ERR_FAULT);
	assert_int_equal(result.fst, fst);
	assert_false(result.stage2 || result.on_walk);
}

static void check_s2(unsigned access, bool on_walk, unsigned fst, uint64_t ipa)
{
	assert_int_equal(walk(access), ERR_FAULT);
	assert_true(result.stage2);
	assert_int_equal(result.on_walk, on_walk);
	assert_int_equal(result.fst, fst);
	assert_int_equal(result.fault_ipa.ipa, ipa);
}

static void both(void **state)
{
	(void)state;
	set();
	check_output(0, TARGET | (VA & 0xfff));
	assert_int_equal(model_reads, 20);
	assert_int_equal(result.attr, 0xff);
	assert_int_equal(result.sh, 3);
	check_output(WALK_FINAL, (TARGET + OFFSET) | (VA & 0xfff));
	assert_int_equal(model_reads, 44);
	assert_int_equal(result.s1.ipa.ipa, TARGET | (VA & 0xfff));
	assert_int_equal(result.s1.level, 3);
	assert_int_equal(result.s2.level, 3);
	assert_int_equal(result.s2.desc, S2_PAGE(TARGET));
	/* Without a stage 2 the same tables are where stage 1 says: nothing is there. */
	assert_int_equal(
		walk_s12(&regime, NULL, &model_memory, GVA(VA), WALK_FINAL, &result), ERR_FAULT);
	assert_int_equal(result.fst, 0x04);
	assert_false(result.stage2);
	regime.ttbr0 += OFFSET;
	model_put(s1_entry(0), (S1_1 + OFFSET) | TABLE);
	model_put(s1_entry(1), TARGET | AF | BLOCK);
	assert_int_equal(walk_s12(&regime, NULL, &model_memory, GVA(VA), WALK_FINAL, &result), OK);
	assert_int_equal(result.output.ipa, (TARGET & ~(GIB(1) - 1)) | (VA & (GIB(1) - 1)));
}

/* Whatever stage 2 has against the page of one level of stage 1's tables, or the last one. */
static void faults_of_stage2(void **state)
{
	static const uint64_t pages[] = { S1_0, S1_1, S1_2, S1_3, TARGET };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		bool on_walk = i < 4;
		uint64_t ipa = on_walk ? s1_entry(i) - OFFSET : TARGET | (VA & 0xfff);
		uint64_t entry = s2_entry(pages[i]), good = S2_PAGE(pages[i]);

		set();
		model_put(entry, 0);
		check_s2(WALK_JUDGE | WALK_FINAL, on_walk, 0x07, ipa);
		model_put(entry, good & ~AF);
		check_s2(WALK_JUDGE | WALK_FINAL, on_walk, 0x0b, ipa);
		model_put(entry, good & ~BIT(6));
		check_s2(WALK_JUDGE | WALK_FINAL, on_walk, 0x0f, ipa);
		/* A write by the guest is none on the walk. */
		model_put(entry, good & ~BIT(7));
		if (on_walk)
			check_output(WALK_JUDGE | WALK_FINAL | WALK_WRITE,
				(TARGET + OFFSET) | (VA & 0xfff));
		else
			check_s2(WALK_JUDGE | WALK_FINAL | WALK_WRITE, false, 0x0f, ipa);
		/* Nor is an instruction fetch. */
		model_put(entry, good | BIT(54));
		if (on_walk)
			check_output(WALK_JUDGE | WALK_FINAL | WALK_FETCH,
				(TARGET + OFFSET) | (VA & 0xfff));
		else
			check_s2(WALK_JUDGE | WALK_FINAL | WALK_FETCH, false, 0x0f, ipa);
		s2_regime.vtcr &= ~(UINT64_C(7) << 16);
		model_put(entry, good | BIT(40));
		check_s2(WALK_JUDGE | WALK_FINAL, on_walk, 0x03, ipa);
		s2_regime.vtcr |= UINT64_C(5) << 16;
		model_put(entry, good);
		model_unreadable = entry;
		model_status = ERR_IO;
		check_s2(WALK_JUDGE | WALK_FINAL, on_walk, 0x17, ipa);
		model_status = ERR_BUSY;
		assert_int_equal(walk(WALK_JUDGE | WALK_FINAL), ERR_BUSY);
	}
}

static void registers_of_stage2(void **state)
{
	uint64_t first = S1_0 + (VA >> 39 & 511) * 8;

	(void)state;
	set();
	s2_regime.vtcr |= 60;
	check_s2(0, true, 0x04, first);
	set();
	s2_regime.vttbr = BIT(47);
	s2_regime.vtcr &= ~(UINT64_C(7) << 16);
	check_s2(0, true, 0x00, first);
	set();
	s2_regime.vtcr = (s2_regime.vtcr & ~UINT64_C(0xff)) | 33 | 1 << 6; /* 31 bits */
	check_s2(0, true, 0x04, first);
	/* Each of the upper levels of stage 2. */
	set();
	model_put(S2_2, 0);
	check_s2(0, true, 0x06, first);
	model_put(S2_1 + 2 * 8, 0);
	check_s2(0, true, 0x05, first);
	model_put(S2_0, 0);
	check_s2(0, true, 0x04, first);
	/* And a block. */
	set();
	model_put(S2_2, ((S1_0 + OFFSET) & ~(MIB(2) - 1)) | AF | S2_RW | BLOCK);
	check_output(0, TARGET | (VA & 0xfff));
}

static void faults_of_stage1(void **state)
{
	(void)state;
	for (unsigned level = 0; level < 4; level++) {
		set();
		model_unreadable = s1_entry(level);
		model_status = ERR_FAULT;
		check_s1(0, 0x14 | level);
		assert_int_equal(result.fault_ipa.ipa, s1_entry(level) - OFFSET);
		model_status = ERR_BUSY;
		assert_int_equal(walk(0), ERR_BUSY);
		set();
		model_put(s1_entry(level), 0);
		check_s1(0, 0x04 | level);
	}
	set();
	model_put(s1_entry(3), TARGET | PAGE);
	check_s1(0, 0x0b);
	model_put(s1_entry(3), TARGET | AF | 2 << 6 | PAGE);
	check_s1(WALK_JUDGE | WALK_WRITE, 0x0f);
	/* Stage 1 comes first. */
	model_put(s2_entry(TARGET), 0);
	check_s1(WALK_JUDGE | WALK_WRITE | WALK_FINAL, 0x0f);
	regime.tcr |= TCR_EPD0;
	check_s1(0, 0x04);
	regime.granules = 0;
	assert_int_equal(walk(0), ERR_NOT_SUPPORTED);
}

static void stage1_off(void **state)
{
	(void)state;
	set();
	regime.hcr = HCR_DC;
	model_put(S2_1 + (VA >> 30 & 511) * 8, GIB(7) | AF | S2_RW | S2_WB | ISH | BLOCK);
	model_put(S2_0 + (VA >> 39) * 8, S2_1 | TABLE);
	check_output(WALK_JUDGE, VA);
	assert_int_equal(result.sh, 0);
	assert_int_equal(model_reads, 0);
	check_output(WALK_JUDGE | WALK_FINAL | WALK_WRITE, GIB(7) | (VA & (GIB(1) - 1)));
	assert_int_equal(result.attr, 0xff);
	assert_int_equal(result.sh, 3);
	regime.pa_bits = 40;
	check_s1(0, 0x00);
}

/* Stage 1's flags are written through stage 2. */
static void flags(void **state)
{
	uint64_t leaf = TARGET | ISH | 2 << 6 | BIT(51) | PAGE;
	uint64_t ipa = s1_entry(3) - OFFSET;

	(void)state;
	set();
	regime.tcr |= TCR_HA | TCR_HD;
	model_put(s1_entry(3), leaf);
	check_output(
		WALK_JUDGE | WALK_WRITE, TARGET | (VA & 0xfff)); /* AT: the flag, but not dirty */
	assert_int_equal(model_get(s1_entry(3)), leaf | AF);
	assert_true(result.s1.clean);
	check_output(WALK_JUDGE | WALK_WRITE | WALK_DIRTY, TARGET | (VA & 0xfff));
	assert_int_equal(model_get(s1_entry(3)), (leaf | AF) & ~BIT(7));
	assert_int_equal(result.s1.desc, (leaf | AF) & ~BIT(7));
	assert_false(result.s1.clean);
	/* Where stage 2 lets nobody write, but only where there is something to be written. */
	model_put(s2_entry(S1_3), S2_PAGE(S1_3) & ~BIT(7));
	check_output(WALK_JUDGE | WALK_WRITE | WALK_DIRTY, TARGET | (VA & 0xfff));
	model_put(s1_entry(3), leaf);
	check_s2(WALK_JUDGE | WALK_WRITE, true, 0x0f, ipa);
	assert_int_equal(model_get(s1_entry(3)), leaf);
	/* Stage 2's own dirty state is set for that. */
	s2_regime.vtcr |= BIT(21) | BIT(22);
	model_put(s2_entry(S1_3), (S2_PAGE(S1_3) & ~BIT(7)) | BIT(51));
	check_output(WALK_JUDGE | WALK_WRITE, TARGET | (VA & 0xfff));
	assert_int_equal(model_get(s2_entry(S1_3)), S2_PAGE(S1_3) | BIT(51));
	assert_int_equal(model_get(s1_entry(3)), leaf | AF);
	/* Memory that can't be written. */
	model_put(s1_entry(3), leaf);
	model_update_status = ERR_RANGE;
	check_s1(0, 0x17);
	assert_int_equal(result.fault_ipa.ipa, ipa);
	/* Nobody asked for flags. */
	assert_int_equal(walk_s12(&regime, &s2, &model_readonly, GVA(VA), 0, &result), OK);
	assert_int_equal(model_get(s1_entry(3)), leaf);
	/* A race that never ends. */
	model_update_status = ERR_EXISTS;
	assert_int_equal(walk(0), ERR_BUSY);
	assert_int_equal(walk_s12(&regime, NULL, &model_memory, GVA(VA), 0, &result), ERR_FAULT);
}

static void protected_walk(void **state)
{
	(void)state;
	for (unsigned attr = 0; attr < 16; attr++)
		for (unsigned fwb = 0; fwb < 2; fwb++) {
			bool device = fwb ? !(attr & 4) : attr < 4;

			set();
			s2_regime.hcr = fwb ? HCR_FWB : 0;
			model_put(s2_entry(S1_2), (S2_PAGE(S1_2) & ~S2_WB) | attr << 2);
			check_output(0, TARGET | (VA & 0xfff));
			s2_regime.hcr |= HCR_PTW;
			if (device)
				check_s2(0, true, 0x0f, s1_entry(2) - OFFSET);
			else
				check_output(0, TARGET | (VA & 0xfff));
		}
}

/* --- attributes --- */

static void s2_attributes(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x04, 0x08, 0x0c, 0x44, 0x44, 0x4b, 0x4f, 0xb4, 0xb4,
		0xbb, 0xbf, 0xf4, 0xf4, 0xfb, 0xff };

	(void)state;
	for (unsigned attr = 0; attr < 16; attr++)
		assert_int_equal(attr_of_s2(attr), bytes[attr]);
}

static void combined(void **state)
{
	static const struct {
		uint8_t s1, mem_attr, plain, fwb;
	} rows[] = {
		/* Devices: the stricter. */
		{ 0x00, 0, 0x00, 0x00 },
		{ 0x00, 3, 0x00, 0x00 },
		{ 0x04, 0, 0x00, 0x00 },
		{ 0x04, 1, 0x04, 0x04 },
		{ 0x04, 2, 0x04, 0x04 },
		{ 0x08, 1, 0x04, 0x04 },
		{ 0x0c, 2, 0x08, 0x08 },
		{ 0x0c, 3, 0x0c, 0x0c },
		{ 0xff, 0, 0x00, 0x00 },
		{ 0xff, 1, 0x04, 0x04 },
		{ 0x44, 2, 0x08, 0x08 },
		{ 0xff, 3, 0x0c, 0x0c },
		/* A device of stage 1, normal memory of stage 2; FWB's 101, 110, 111. */
		{ 0x04, 5, 0x04, 0x04 },
		{ 0x04, 15, 0x04, 0x04 },
		{ 0x0c, 14, 0x0c, 0xff },
		{ 0x00, 6, 0x00, 0xff },
		{ 0x08, 7, 0x08, 0x08 },
		{ 0x0c, 5, 0x0c, 0x0c },
		/* Normal and normal. */
		{ 0xff, 15, 0xff, 0xff },
		{ 0xff, 5, 0x44, 0x44 },
		{ 0x44, 15, 0x44, 0x44 },
		{ 0xff, 10, 0xbb, 0x0c },
		{ 0xbb, 15, 0xbb, 0xbb },
		{ 0xff, 7, 0x4f, 0xff },
		{ 0xff, 13, 0xf4, 0x44 },
		{ 0xff, 11, 0xbf, 0x0c },
		{ 0xff, 14, 0xfb, 0xff },
		{ 0xee, 10, 0xaa, 0x08 },
		{ 0xdd, 15, 0xdd, 0xdd },
		{ 0x44, 6, 0x44, 0xff },
		{ 0x4f, 15, 0x4f, 0x4f },
		{ 0xf4, 7, 0x44, 0xf4 },
		{ 0xbb, 10, 0xbb, 0x08 },
		/* Reserved: not cacheable. */
		{ 0xff, 4, 0x44, 0x44 },
		{ 0xff, 12, 0xf4, 0x44 },
		{ 0x04, 4, 0x04, 0x04 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t plain = rows[i].plain, fwb = rows[i].fwb;

		/* With FWB MemAttr[3] means nothing: 0b1010 is 0b010, a device nGRE. */
		if ((rows[i].mem_attr & 7) < 4)
			fwb = attr_combine(rows[i].s1, rows[i].mem_attr & 3, 0);
		assert_int_equal(attr_combine(rows[i].s1, rows[i].mem_attr, 0), plain);
		assert_int_equal(attr_combine(rows[i].s1, rows[i].mem_attr, HCR_FWB), fwb);
		assert_int_equal(attr_combine(rows[i].s1, rows[i].mem_attr, HCR_CD),
			plain < 0x10 ? plain : 0x44);
		assert_int_equal(attr_combine(rows[i].s1, rows[i].mem_attr, HCR_CD | HCR_FWB),
			fwb < 0x10 ? fwb : 0x44);
	}
}

static void shareability(void **state)
{
	static const uint8_t both_of[4][4] = { { 0, 0, 2, 3 }, { 0, 0, 2, 3 }, { 2, 2, 2, 2 },
		{ 3, 3, 2, 3 } };
	static const uint8_t par[4] = { 0, 0, 2, 3 };

	(void)state;
	for (unsigned s1 = 0; s1 < 4; s1++) {
		for (unsigned stage2 = 0; stage2 < 4; stage2++)
			assert_int_equal(attr_combine_sh(s1, stage2), both_of[s1][stage2]);
		assert_int_equal(attr_par_sh(0xff, s1), par[s1]);
		assert_int_equal(attr_par_sh(0x4f, s1), par[s1]);
		assert_int_equal(attr_par_sh(0x44, s1), 2);
		assert_int_equal(attr_par_sh(0x00, s1), 2);
		assert_int_equal(attr_par_sh(0x0c, s1), 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both),
		cmocka_unit_test(faults_of_stage2),
		cmocka_unit_test(registers_of_stage2),
		cmocka_unit_test(faults_of_stage1),
		cmocka_unit_test(stage1_off),
		cmocka_unit_test(flags),
		cmocka_unit_test(protected_walk),
		cmocka_unit_test(s2_attributes),
		cmocka_unit_test(combined),
		cmocka_unit_test(shareability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
