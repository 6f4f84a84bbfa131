/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The attributes of two stages in one.
 *
 * links: mm/walk_attr.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/regime.h"
#include "mm/walk_attr.h"

static uint8_t plain(uint8_t attr, uint8_t mem_attr)
{
	return attr_combine(attr, mem_attr, 0);
}

static uint8_t fwb(uint8_t attr, uint8_t mem_attr)
{
	return attr_combine(attr, mem_attr, HCR_FWB);
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
		{ 0x74, 6, 0x7f }, /* transient stays */
		{ 0x33, 6, 0x77 },
		{ 0x4a, 6, 0xfe },
		{ 0xff, 5, 0x44 },
		{ 0x0c, 5, 0x0c },
		{ 0xff, 4, 0x44 },   /* reserved */
		{ 0xff, 0xf, 0xff }, /* bit 3 is nothing here */
		{ 0x44, 0xe, 0xff },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(fwb(rows[i].attr, rows[i].mem_attr), rows[i].both);
}

static void test_cache_disable(void **state)
{
	(void)state;
	assert_int_equal(attr_combine(0xff, 0xf, HCR_CD), 0x44);
	assert_int_equal(attr_combine(0x04, 0xf, HCR_CD), 0x04);
	assert_int_equal(attr_combine(0xbb, 6, HCR_CD | HCR_FWB), 0x44);
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
		for (uint8_t two = 0; two < 4; two++)
			if (one != 1 && two != 1)
				assert_int_equal(attr_combine_sh(one, two), both[one][two]);
}

/* As PAR_EL1 has it. */
static void test_par(void **state)
{
	(void)state;
	for (unsigned sh = 0; sh < 4; sh++) {
		assert_int_equal(attr_par_sh(0x00, sh), 2);
		assert_int_equal(attr_par_sh(0x0c, sh), 2);
		assert_int_equal(attr_par_sh(0x44, sh), 2);
		assert_int_equal(attr_par_sh(0x4f, sh), sh == 1 ? 0 : sh);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_wins),
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_cache_disable),
		cmocka_unit_test(test_shareability),
		cmocka_unit_test(test_par),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
