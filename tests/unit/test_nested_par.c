/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PAR_EL1's bits, and the attributes of two stages in one.
 *
 * links: hyp/nested/par.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/nested/par.h"

/* As a CPU has left them. */
static void test_faults(void **state)
{
	(void)state;
	assert_int_equal(par_fault(0x04, false, false), 0x809);
	assert_int_equal(par_fault(0x0f, false, false), 0x81f);
	assert_int_equal(par_fault(0x00, false, false), 0x801);
	assert_int_equal(par_fault(0x07, true, false), 0xa0f);
	assert_int_equal(par_fault(0x0b, true, false), 0xa17);
	assert_int_equal(par_fault(0x04, true, false), 0xa09);
	assert_int_equal(par_fault(0x07, true, true), 0xb0f);
	assert_int_equal(par_fault(0x0f, true, true), 0xb1f);
	/* Stage 1 has no faults of its own with PTW. */
	assert_int_equal(par_fault(0x17, false, true), 0x82f);
	/* Not more than the six bits. */
	assert_int_equal(par_fault(0xc7, false, false), 0x80f);
}

static void test_addresses(void **state)
{
	static const struct {
		uint64_t pa;
		uint8_t attr, sh;
		uint64_t par;
	} rows[] = {
		{ 0x80001000, 0xff, 3, 0xff00000080001980 },
		{ 0x80001fff, 0xff, 3, 0xff00000080001980 }, /* nothing of the offset */
		{ 0x80001000, 0xff, 0, 0xff00000080001800 },
		{ 0x80001000, 0xff, 2, 0xff00000080001900 },
		{ 0x80001000, 0x00, 3, 0x0000000080001900 }, /* Device: outer */
		{ 0x80001000, 0x0c, 0, 0x0c00000080001900 },
		{ 0x80001000, 0x44, 0, 0x4400000080001900 }, /* and so is non-cacheable */
		{ 0x80001000, 0x4f, 0, 0x4f00000080001800 }, /* inner is cacheable */
		{ 0xfffffffff000, 0xbb, 3, 0xbb00fffffffff980 },
		{ 0xffffffffffffffff, 0xbb, 3, 0xbb0ffffffffff980 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(par_address(rows[i].pa, rows[i].attr, rows[i].sh), rows[i].par);
	/* With NS as the CPU has it. */
	par_bits |= PAR_EL1_NS;
	assert_int_equal(par_address(0x80001000, 0xff, 3), 0xff00000080001b80);
	assert_int_equal(par_fault(0x07, false, false), 0x80f);
	par_bits &= ~PAR_EL1_NS;
}

static uint8_t plain(uint8_t attr, uint8_t mem_attr)
{
	return par_combine(
		(struct par_memory){ .attr = attr }, (struct par_stage2){ .mem_attr = mem_attr })
		.attr;
}

static uint8_t fwb(uint8_t attr, uint8_t mem_attr)
{
	return par_combine((struct par_memory){ .attr = attr },
		(struct par_stage2){ .mem_attr = mem_attr, .fwb = true })
		.attr;
}

static void test_device_wins(void **state)
{
	static const uint8_t devices[] = { 0x00, 0x04, 0x08, 0x0c };

	(void)state;
	for (unsigned one = 0; one < 4; one++) {
		for (uint8_t two = 0; two < 4; two++) {
			uint8_t both = devices[MIN(one, two)];

			assert_int_equal(plain(devices[one], two), both);
			assert_int_equal(fwb(devices[one], two), both);
		}
		/* over any Normal memory */
		assert_int_equal(plain(0xff, (uint8_t)one), devices[one]);
		assert_int_equal(plain(0x44, (uint8_t)one), devices[one]);
		assert_int_equal(fwb(0xff, (uint8_t)one), devices[one]);
		assert_int_equal(plain(devices[one], 0xf), devices[one]);
		assert_int_equal(plain(devices[one], 0x5), devices[one]);
	}
}

/* Inner and outer each for themselves. */
static void test_normal(void **state)
{
	static const struct {
		uint8_t attr, mem_attr, both;
	} rows[] = {
		{ 0xff, 0xf, 0xff },
		{ 0xff, 0x5, 0x44 },
		{ 0xff, 0xa, 0xbb }, /* write-through; the hints are of stage 1 */
		{ 0xec, 0xa, 0xa8 },
		{ 0xff, 0x7, 0x4f },
		{ 0xff, 0xd, 0xf4 },
		{ 0xff, 0xb, 0xbf },
		{ 0xff, 0xe, 0xfb },
		{ 0x44, 0xf, 0x44 },
		{ 0x44, 0xa, 0x44 },
		{ 0xbb, 0xf, 0xbb },
		{ 0xbb, 0xa, 0xbb },
		{ 0xbb, 0x5, 0x44 },
		{ 0x77, 0xf, 0x77 }, /* transient */
		{ 0x77, 0xa, 0xbb },
		{ 0x33, 0xf, 0x33 },
		{ 0x33, 0xa, 0x33 },
		{ 0x33, 0x5, 0x44 },
		{ 0x4f, 0xf, 0x4f },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(plain(rows[i].attr, rows[i].mem_attr), rows[i].both);
}

static void test_forced(void **state)
{
	static const struct {
		uint8_t attr, mem_attr, both;
	} rows[] = {
		{ 0xff, 7, 0xff },
		{ 0x44, 7, 0x44 },
		{ 0x08, 7, 0x08 },
		{ 0xff, 6, 0xff },
		{ 0x44, 6, 0xff },
		{ 0x08, 6, 0xff },
		{ 0xbb, 6, 0xff },
		{ 0xaa, 6, 0xee },
		{ 0x4a, 6, 0xfe },
		{ 0xff, 5, 0x44 },
		{ 0x0c, 5, 0x0c },
		{ 0xff, 4, 0x00 },   /* reserved */
		{ 0xff, 0xf, 0xff }, /* bit 3 is nothing here */
		{ 0x44, 0xe, 0xff },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(fwb(rows[i].attr, rows[i].mem_attr), rows[i].both);
}

static void test_cache_disable(void **state)
{
	struct par_stage2 stage2 = { .mem_attr = 0xf, .cd = true };

	(void)state;
	assert_int_equal(par_combine((struct par_memory){ .attr = 0xff }, stage2).attr, 0x44);
	assert_int_equal(par_combine((struct par_memory){ .attr = 0x04 }, stage2).attr, 0x04);
}

static void test_shareability(void **state)
{
	static const uint8_t both[4][4] = {
		[0] = { [0] = 0, [2] = 2, [3] = 3 },
		[2] = { [0] = 2, [2] = 2, [3] = 2 },
		[3] = { [0] = 3, [2] = 2, [3] = 3 },
	};

	(void)state;
	for (uint8_t one = 0; one < 4; one++)
		for (uint8_t two = 0; two < 4; two++) {
			struct par_memory stage1 = { .attr = 0xff, .sh = one };
			struct par_stage2 stage2 = { .mem_attr = 0xf, .sh = two };

			if (one != 1 && two != 1)
				assert_int_equal(par_combine(stage1, stage2).sh, both[one][two]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_device_wins),
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_cache_disable),
		cmocka_unit_test(test_shareability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
