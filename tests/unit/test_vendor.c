/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who Lintel is.
 *
 * links: hyp/smccc/vendor.c hyp/smccc/dispatch.c tests/unit/smccc_stubs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/smccc/vendor.h"

#define NOT_SUPPORTED ~UINT64_C(0)

static struct vcpu vcpu;

static int setup(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	return 0;
}

static uint64_t call(uint32_t function, uint64_t a1)
{
	vcpu.regs.x[0] = function;
	vcpu.regs.x[1] = a1;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_HVC, 0), EXIT_RESUME);
	return vcpu.regs.x[0];
}

static void test_vendor(void **state)
{
	(void)state;
	vcpu.regs.x[4] = 4;
	call(0x8600ff01, 0);
	/* Four words of 32 bits; the first must not look like an error. */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(vcpu.regs.x[i] >> 32, 0);
	assert_int_not_equal(vcpu.regs.x[0], 0xffffffff);
	assert_int_equal(vcpu.regs.x[3], 0x6c65746e);
	assert_int_equal(vcpu.regs.x[4], 4);
	call(0x8600ff03, 0);
	assert_int_equal(vcpu.regs.x[0], 0);
	assert_int_equal(vcpu.regs.x[1], 1);
	assert_int_equal(call(0x8600ff00, 0), NOT_SUPPORTED);
	assert_int_equal(call(0x8600ff02, 0), NOT_SUPPORTED);
	assert_int_equal(call(0xc600ff01, 0), NOT_SUPPORTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_vendor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
