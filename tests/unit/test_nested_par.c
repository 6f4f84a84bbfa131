/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PAR_EL1's bits.
 *
 * links: hyp/nested/par.c mm/walk_attr.c
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
