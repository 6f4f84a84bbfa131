/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time of day: from a PL031, as given, or from nothing; and where the counter will be at a time.
 *
 * links: drivers/rtc/rtc.c drivers/timer/timer.c hyp/base/log.c hyp/base/format.c
 */
#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/test_bundle.h"

#define HZ UINT64_C(62500000)

static struct {
	uint32_t dr, cr;
	unsigned writes;
} clock_registers;
static uint8_t registers[0x1000];

static uint64_t device_read(const volatile void *address, unsigned width)
{
	assert_int_equal(width, 4);
	switch ((const volatile uint8_t *)address - registers) {
	case 0x00:
		return clock_registers.cr & 1 ? clock_registers.dr : 0;
	case 0x0c:
		return clock_registers.cr;
	default:
		fail();
		return 0;
	}
}

static void device_write(volatile void *address, unsigned width, uint64_t value)
{
	assert_int_equal(width, 4);
	assert_int_equal((volatile uint8_t *)address - registers, 0x0c);
	assert_int_equal(value, 1);
	clock_registers.cr = (uint32_t)value;
	clock_registers.writes++;
}

static int start(void **state)
{
	static const struct machine_timer from = { 0 };

	fake_cpu_reset();
	fake_mmio_read_hook = device_read;
	fake_mmio_write_hook = device_write;
	memset(&clock_registers, 0, sizeof(clock_registers));
	fake_reg(CNTFRQ_EL0) = HZ;
	assert_int_equal(timer_init(&from), OK);
	fake_reg(CNTPCT_EL0) = 1000;
	return start_logging(state);
}

static void reads_the_clock_once(void **state)
{
	(void)state;
	clock_registers.dr = 1700000000;
	clock_registers.cr = 1;
	rtc_init(registers, 0);
	assert_logged("1700000000 s since 1970, by the machine's clock");
	assert_int_equal(clock_registers.writes, 0);
	clock_registers.dr = 5;
	assert_int_equal(rtc_now(), 1700000000);
	fake_reg(CNTPCT_EL0) = 1000 + HZ - 1;
	assert_int_equal(rtc_now(), 1700000000);
	fake_reg(CNTPCT_EL0) = 1000 + HZ;
	assert_int_equal(rtc_now(), 1700000001);
}

static void starts_a_clock_that_stands(void **state)
{
	(void)state;
	clock_registers.dr = 17;
	rtc_init(registers, 0);
	assert_int_equal(clock_registers.writes, 1);
	assert_int_equal(rtc_now(), 17);
}

static void believes_what_it_is_told(void **state)
{
	(void)state;
	clock_registers.dr = 17;
	rtc_init(registers, 1800000000);
	assert_int_equal(rtc_now(), 1800000000);
	assert_int_equal(clock_registers.writes, 0);
	assert_logged("1800000000 s since 1970, by lintel.time");
	rtc_init(NULL, 4);
	assert_int_equal(rtc_now(), 4);
}

static void begins_in_1970(void **state)
{
	(void)state;
	rtc_init(NULL, 0);
	assert_logged("the machine has no clock");
	assert_logged("lintel.time=SECONDS");
	assert_int_equal(rtc_now(), 0);
	fake_reg(CNTPCT_EL0) += 60 * HZ;
	assert_int_equal(rtc_now(), 60);
}

static void says_when_it_will_be(void **state)
{
	(void)state;
	rtc_init(NULL, 100);
	for (uint64_t seconds = 101; seconds < 5000000000; seconds = seconds * 3 / 2) {
		fake_reg(CNTPCT_EL0) = rtc_counter_at(seconds);
		assert_int_equal(rtc_now(), seconds);
		fake_reg(CNTPCT_EL0)--;
		assert_int_equal(rtc_now(), seconds - 1);
	}
	/* Before it began: it is past. */
	assert_int_equal(rtc_counter_at(100), 1000);
	assert_int_equal(rtc_counter_at(3), 1000);
	assert_int_equal(rtc_counter_at(UINT64_MAX), UINT64_MAX);
	assert_int_equal(rtc_counter_at(UINT64_MAX / HZ + 200), UINT64_MAX);
}

/* To the tick, rounded down; monotone; the same second as rtc_now()'s. */
static void nanoseconds(void **state)
{
	uint64_t before = 0;

	(void)state;
	rtc_init(NULL, 1700000000);
	assert_int_equal(rtc_ns_at(1000), UINT64_C(1700000000000000000));
	assert_int_equal(rtc_ns_at(1001), UINT64_C(1700000000000000016));
	assert_int_equal(rtc_ns_at(1000 + HZ - 1), UINT64_C(1700000000999999984));
	assert_int_equal(rtc_ns_at(1000 + 3 * HZ + 1), UINT64_C(1700000003000000016));
	/* Ten years on. */
	assert_int_equal(rtc_ns_at(1000 + 315360000 * HZ + HZ / 2), UINT64_C(2015360000500000000));
	for (uint64_t counter = 1000; counter < 1000 + 4 * HZ; counter += HZ / 1000 - 7) {
		uint64_t ns = rtc_ns_at(counter);

		assert_true(ns > before);
		fake_reg(CNTPCT_EL0) = counter;
		assert_int_equal(ns / 1000000000, rtc_now());
		before = ns;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_the_clock_once, start),
		cmocka_unit_test_setup(starts_a_clock_that_stands, start),
		cmocka_unit_test_setup(believes_what_it_is_told, start),
		cmocka_unit_test_setup(begins_in_1970, start),
		cmocka_unit_test_setup(says_when_it_will_be, start),
		cmocka_unit_test_setup(nanoseconds, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
