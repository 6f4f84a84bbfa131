/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace ring: recording, its order past the end, keeping it while events go elsewhere.
 *
 * links: hyp/base/trace.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vm/vcpu.h"
#include "tests/unit/fake/cpu.h"

static struct trace_entry scratch[TRACE_ENTRIES] __aligned(TRACE_SIZE);

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(scratch, 0, sizeof(scratch));
	return 0;
}

static struct trace_ring *ring(void)
{
	return &cpus[0].trace;
}

static void test_fields(void **state)
{
	struct trace_entry *first = ring()->next;
	struct vcpu vcpu = { .trace_id = TRACE_VCPU(5, 15) };

	(void)state;
	assert_int_equal(trace_count(ring()), 0);
	first->in = 7;
	fake_reg(CNTPCT_EL0) = 1234;
	trace_vcpu(&vcpu, TRACE_INJECT, 0x96000010);
	assert_int_equal(trace_count(ring()), 1);
	assert_ptr_equal(trace_at(ring(), 0), first);
	assert_int_equal(first->what, UINT64_C(0x080000000005000f));
	assert_int_equal(trace_kind(first), TRACE_INJECT);
	assert_int_equal(trace_low(first), 0x5000f);
	assert_int_equal(first->argument, 0x96000010);
	assert_int_equal(first->out, 1234);
	assert_int_equal(first->in, 0);
}

static void test_wraps(void **state)
{
	struct trace_entry *base = ring()->next;

	(void)state;
	for (uint64_t i = 1; i < TRACE_ENTRIES; i++)
		assert_ptr_equal(trace_add(ring(), i, i, i), base + i - 1);
	assert_int_equal(trace_count(ring()), TRACE_ENTRIES - 1);
	assert_int_equal(trace_at(ring(), 0)->out, 1);
	trace_add(ring(), 0, 0, TRACE_ENTRIES);
	assert_ptr_equal(ring()->next, base);
	assert_int_equal(trace_count(ring()), TRACE_ENTRIES);
	assert_int_equal(trace_at(ring(), 0)->out, 1);
	for (uint64_t i = 1; i <= 10; i++)
		trace_add(ring(), 0, 0, TRACE_ENTRIES + i);
	assert_int_equal(trace_count(ring()), TRACE_ENTRIES);
	for (unsigned n = 0; n < TRACE_ENTRIES; n++)
		assert_int_equal(trace_at(ring(), n)->out, 11 + n);
}

static void test_keep(void **state)
{
	struct trace_entry *base = ring()->next;

	(void)state;
	trace_add(ring(), 1, 1, 1);
	trace_go_on(ring());
	assert_ptr_equal(ring()->next, base + 1);
	trace_keep(ring(), scratch);
	trace_add(ring(), 2, 2, 2);
	trace_keep(ring(), scratch);
	trace_add(ring(), 3, 3, 3);
	assert_int_equal(scratch[1].out, 3);
	assert_int_equal(trace_count(ring()), 1);
	assert_ptr_equal(trace_at(ring(), 0), base);
	trace_go_on(ring());
	trace_add(ring(), 4, 4, 4);
	assert_int_equal(trace_count(ring()), 2);
	assert_int_equal(trace_at(ring(), 1)->out, 4);
}

static void test_no_ring(void **state)
{
	struct trace_ring none = { NULL, NULL };

	(void)state;
	assert_int_equal(trace_count(&none), 0);
}

static void test_idle(void **state)
{
	(void)state;
	fake_reg(CNTPCT_EL0) = 100;
	cpu_idle_begin(&cpus[0]);
	assert_int_equal(cpus[0].idle_since, 100);
	fake_reg(CNTPCT_EL0) = 150;
	cpu_idle_end(&cpus[0]);
	assert_int_equal(cpus[0].idle_ticks, 50);
	assert_int_equal(cpus[0].idle_since, 0);
	assert_int_equal(trace_count(ring()), 2);
	assert_int_equal(trace_at(ring(), 0)->what, TRACE_WHAT(TRACE_IDLE));
	assert_int_equal(trace_at(ring(), 0)->argument, 0);
	assert_int_equal(trace_at(ring(), 1)->argument, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_fields), TEST(test_wraps), TEST(test_keep),
		TEST(test_no_ring), TEST(test_idle) };

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
