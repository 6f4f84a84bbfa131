/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guests' watchdog: registers, both stages, what is a refresh and what isn't, pauses.
 *
 * links: hyp/vdev/vwatchdog.c hyp/base/format.c drivers/timer/timer.c
 */
#include "hyp/vdev/vwatchdog.h"
#include "tests/unit/clock_model.h"

#define WRR     0x000
#define WCS     0x000
#define WOR     0x008
#define WOR_H   0x00c
#define WCV     0x010
#define WCV_H   0x014
#define IIDR    0xfcc

#define EN      1
#define WS0     2
#define WS1     4

#define PERIOD  1000

#define CONTROL (&model_devices[0])
#define REFRESH (&model_devices[1])

static unsigned restarts;

void vm_watchdog_expired(struct vm *vm)
{
	assert_ptr_equal(vm, &model_vm);
	/* It takes the VM's lock, which comes before the watchdog's. */
	assert_false(spin_is_locked(vm->part[PART_VWATCHDOG]));
	restarts++;
}

static uint64_t rd(uint64_t offset)
{
	return model_read(CONTROL, offset, 4);
}

static void wr(uint64_t offset, uint32_t value)
{
	model_write(CONTROL, offset, 4, value);
}

static void kick(void)
{
	model_write(REFRESH, WRR, 4, 0);
}

static uint64_t virtual_now(void)
{
	return model_counter - model_vm.cntvoff;
}

static uint64_t compare(void)
{
	return rd(WCV) | rd(WCV_H) << 32;
}

static int start(void **state)
{
	(void)state;
	model_start(&vwatchdog_part, VWATCHDOG_INTID);
	restarts = 0;
	model_vm.cntvoff = MODEL_BEGIN - 500;
	strcpy(model_vm.name, "it");
	vwatchdog_ask("it");
	assert_int_equal(vwatchdog_part.create(&model_vm), OK);
	assert_int_equal(model_device_count, 2);
	assert_int_equal(CONTROL->first, 0x09100000);
	assert_int_equal(REFRESH->first, 0x09110000);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(model_devices[i].size, 0x1000);
		assert_int_equal(model_devices[i].widths, BIT(4));
	}
	vwatchdog_part.reset(&model_vm);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	vwatchdog_part.destroy(&model_vm);
	assert_null(model_vm.part[PART_VWATCHDOG]);
	assert_null(model_timer);
	return 0;
}

static void enable(uint32_t period)
{
	wr(WOR, period);
	wr(WCS, EN);
}

static void has_its_registers(void **state)
{
	(void)state;
	for (unsigned offset = 0; offset < 0x1000 - 3; offset++) {
		uint64_t id = offset == IIDR ? 0x1043b : 0;

		assert_int_equal(rd(offset), id);
		assert_int_equal(model_read(REFRESH, offset, 4), id);
	}
	wr(WOR, 0x12345678);
	wr(WOR_H, 0xffffabcd);
	assert_int_equal(rd(WOR), 0x12345678);
	assert_int_equal(rd(WOR_H), 0xabcd);
	wr(WOR, 0xffffffff);
	assert_int_equal(rd(WOR_H), 0xabcd);
	wr(WCV, 0x11111111);
	wr(WCV_H, 0x22222222);
	assert_int_equal(compare(), 0x2222222211111111);
	wr(IIDR, 0);
	wr(0x004, 0xff);
	wr(0x018, 0xff);
	model_write(REFRESH, 4, 4, 1);
	model_write(REFRESH, IIDR, 4, 1);
	assert_int_equal(rd(IIDR), 0x1043b);
	assert_int_equal(rd(WCS), 0);
	assert_int_equal(compare(), 0x2222222211111111);
	/* Only EN can be written. */
	wr(WCS, 0xfffffffe);
	assert_int_equal(rd(WCS), 0);
	wr(WCS, 0xffffffff);
	assert_int_equal(rd(WCS), EN);
}

/* Its frames are: by the VM that was named, once. */
static void is_there_only_when_asked_for(void **state)
{
	(void)state;
	model_start(&vwatchdog_part, VWATCHDOG_INTID);
	assert_int_equal(vwatchdog_part.create(&model_vm), OK);
	vwatchdog_part.destroy(&model_vm);
	vwatchdog_ask("other");
	strcpy(model_vm.name, "it");
	model_allocations_left = 3;
	assert_int_equal(vwatchdog_part.create(&model_vm), OK);
	vwatchdog_part.reset(&model_vm);
	vwatchdog_part.destroy(&model_vm);
	assert_int_equal(model_device_count, 0);
	strcpy(model_vm.name, "other");
	assert_int_equal(vwatchdog_part.create(&model_vm), OK);
	assert_int_equal(model_device_count, 2);
	vwatchdog_part.destroy(&model_vm);
	assert_int_equal(vwatchdog_part.create(&model_vm), OK);
	assert_int_equal(model_device_count, 2);
	assert_int_equal(model_armings, 0);
	vwatchdog_part.destroy(&model_vm);
}

static void does_nothing_while_it_is_off(void **state)
{
	(void)state;
	wr(WOR, PERIOD);
	kick();
	model_pass(10 * PERIOD);
	assert_int_equal(rd(WCS), 0);
	assert_int_equal(model_armings, 0);
	enable(PERIOD);
	model_pass(PERIOD);
	wr(WCS, 0);
	assert_null(model_timer);
	model_pass(10 * PERIOD);
	assert_int_equal(rd(WCS), 0);
	assert_int_equal(restarts, 0);
}

static void expires_in_two_stages(void **state)
{
	(void)state;
	enable(PERIOD);
	assert_int_equal(compare(), 500 + PERIOD);
	model_pass(PERIOD);
	/* Equal is not above. */
	assert_int_equal(rd(WCS), EN);
	assert_false(model_line);
	model_pass(1);
	assert_true(model_line);
	assert_int_equal(rd(WCS), EN | WS0);
	assert_int_equal(compare(), 500 + 2 * PERIOD + 1);
	model_pass(PERIOD);
	assert_int_equal(restarts, 0);
	model_pass(1);
	assert_int_equal(restarts, 1);
	assert_int_equal(rd(WCS), EN | WS0 | WS1);
	assert_null(model_timer);
	/* WCV says how long ago it was. */
	model_pass(100 * PERIOD);
	assert_int_equal(compare(), 500 + 2 * PERIOD + 1);
	assert_int_equal(restarts, 1);
	assert_int_equal(model_firings, 2);
	vwatchdog_part.reset(&model_vm);
	assert_false(model_line);
	assert_int_equal(rd(WCS), 0);
	assert_int_equal(rd(WOR), 0);
	assert_int_equal(compare(), 0);
}

static void lives_while_it_is_refreshed(void **state)
{
	(void)state;
	enable(PERIOD);
	for (unsigned i = 0; i < 20; i++) {
		model_pass(PERIOD);
		kick();
		assert_int_equal(rd(WCS), EN);
		assert_int_equal(compare(), virtual_now() + PERIOD);
	}
	/* Its timer was not moved each time. */
	assert_true(model_firings <= 20);
	assert_true(model_armings <= 21);
	model_firings = model_armings = 0;
	for (unsigned i = 0; i < 10000; i++)
		kick();
	assert_int_equal(model_armings, 0);
	assert_int_equal(restarts, 0);
	assert_false(model_line);
}

/* Every refresh, after the first stage and (before the VM is restarted) after the second. */
static void a_refresh_takes_signals_back(void **state)
{
	static const struct {
		unsigned frame;
		uint64_t offset;
		uint32_t value;
		bool refreshes;
	} writes[] = {
		{ 1, WRR, 0, true },
		{ 1, WRR, 0x55, true },
		{ 0, WCS, EN, true },
		{ 0, WOR, PERIOD, true },
		{ 0, WOR_H, 0, true },
		{ 0, WCV_H, 1, false },
		{ 0, IIDR, 0, false },
		{ 1, 4, 0, false },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(writes); i++) {
		bool second = i % 2, refreshes = writes[i / 2].refreshes;

		vwatchdog_part.reset(&model_vm);
		restarts = 0;
		enable(PERIOD);
		model_pass(second ? 2 * PERIOD + 2 : PERIOD + 1);
		assert_int_equal(restarts, second);
		model_write(&model_devices[writes[i / 2].frame], writes[i / 2].offset, 4,
			writes[i / 2].value);
		assert_int_equal(model_line, !refreshes);
		if (refreshes) {
			assert_int_equal(rd(WCS), EN);
			assert_int_equal(compare(), virtual_now() + PERIOD);
			assert_non_null(model_timer);
		} else {
			assert_int_equal(rd(WCS), EN | WS0 | (second ? WS1 : 0));
		}
	}
}

/* The guest looks before the timer has fired, which is on another CPU. */
static void time_passes_between_looks(void **state)
{
	(void)state;
	enable(PERIOD);
	model_counter += PERIOD + 1;
	assert_int_equal(rd(WCS), EN | WS0);
	assert_true(model_line);
	model_counter += PERIOD + 1;
	assert_int_equal(rd(WCS), EN | WS0 | WS1);
	assert_int_equal(restarts, 1);
	vwatchdog_part.reset(&model_vm);
	enable(PERIOD);
	model_counter += PERIOD + 1;
	wr(WCV, (uint32_t)virtual_now());
	assert_int_equal(rd(WCS), EN | WS0);
	model_counter += 1;
	/* Too late. */
	kick();
	assert_int_equal(restarts, 2);
}

static void wcv_moves_the_end(void **state)
{
	(void)state;
	enable(PERIOD);
	wr(WCV, 500 + 10 * PERIOD);
	model_pass(10 * PERIOD);
	assert_int_equal(rd(WCS), EN);
	model_pass(1);
	assert_int_equal(rd(WCS), EN | WS0);
	/* Into the past. */
	wr(WCV, 0);
	model_pass(1);
	assert_int_equal(restarts, 1);
	/* Where no counter gets. */
	vwatchdog_part.reset(&model_vm);
	enable(PERIOD);
	wr(WCV_H, 0xffffffff);
	wr(WCV, 0xffffffff);
	model_firings = 0;
	model_pass(UINT64_C(1) << 60);
	assert_int_equal(rd(WCS), EN);
}

static void largest_and_smallest_period(void **state)
{
	(void)state;
	wr(WOR, 0xffffffff);
	wr(WOR_H, 0xffff);
	wr(WCS, EN);
	model_pass((UINT64_C(1) << 48) - 1);
	assert_int_equal(rd(WCS), EN);
	model_pass(1);
	assert_int_equal(rd(WCS), EN | WS0);
	wr(WOR_H, 0);
	wr(WOR, 0);
	assert_int_equal(restarts, 0);
	assert_int_equal(rd(WCS), EN);
	model_pass(1);
	assert_int_equal(rd(WCS), EN | WS0);
	model_pass(1);
	assert_int_equal(restarts, 1);
}

static void stands_still_while_paused(void **state)
{
	(void)state;
	for (unsigned runs_on = 0; runs_on < 2; runs_on++) {
		uint64_t before;

		model_vm.policy.counter_runs_on = runs_on;
		vwatchdog_part.reset(&model_vm);
		enable(PERIOD);
		model_pass(300);
		before = compare();
		vwatchdog_part.pause(&model_vm);
		assert_null(model_timer);
		model_pass(100 * PERIOD);
		if (!runs_on)
			model_vm.cntvoff += 100 * PERIOD;
		vwatchdog_part.resume(&model_vm);
		assert_int_equal(compare(), before + (runs_on ? 100 * PERIOD : 0));
		model_pass(PERIOD - 300);
		assert_int_equal(rd(WCS), EN);
		model_pass(1);
		assert_int_equal(rd(WCS), EN | WS0);
	}
	/* One that is off, and one that was late already. */
	vwatchdog_part.reset(&model_vm);
	vwatchdog_part.pause(&model_vm);
	vwatchdog_part.resume(&model_vm);
	assert_null(model_timer);
	enable(PERIOD);
	model_counter += PERIOD + 7;
	vwatchdog_part.pause(&model_vm);
	model_pass(100 * PERIOD);
	vwatchdog_part.resume(&model_vm);
	assert_false(model_line);
	model_pass(0);
	assert_true(model_line);
	assert_int_equal(restarts, 0);
}

/* The timer was on its way when the VM was paused, reset, or refreshed on another CPU. */
static void timer_too_late(void **state)
{
	struct soft_timer *late;

	(void)state;
	enable(PERIOD);
	late = model_timer;
	vwatchdog_part.pause(&model_vm);
	model_counter += PERIOD + 1;
	late->fn(late);
	assert_false(model_line);
	assert_null(model_timer);
	vwatchdog_part.reset(&model_vm);
	late->fn(late);
	assert_int_equal(rd(WCS), 0);
	enable(PERIOD);
	model_counter += PERIOD;
	kick();
	late->fn(late);
	assert_int_equal(rd(WCS), EN);
	assert_non_null(model_timer);
}

static void cleans_up(void **state)
{
	(void)state;
	model_start(&vwatchdog_part, VWATCHDOG_INTID);
	model_allocations_left = 0;
	assert_int_equal(vwatchdog_part.create(&model_vm), ERR_NO_MEMORY);
	for (unsigned rows = 0; rows < 2; rows++) {
		model_start(&vwatchdog_part, VWATCHDOG_INTID);
		model_devices_left = rows;
		strcpy(model_vm.name, "it");
		vwatchdog_ask("it");
		assert_int_equal(vwatchdog_part.create(&model_vm), ERR_EXISTS);
		assert_null(model_vm.part[PART_VWATCHDOG]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_its_registers, start, stop),
		cmocka_unit_test(is_there_only_when_asked_for),
		cmocka_unit_test_setup_teardown(does_nothing_while_it_is_off, start, stop),
		cmocka_unit_test_setup_teardown(expires_in_two_stages, start, stop),
		cmocka_unit_test_setup_teardown(lives_while_it_is_refreshed, start, stop),
		cmocka_unit_test_setup_teardown(a_refresh_takes_signals_back, start, stop),
		cmocka_unit_test_setup_teardown(time_passes_between_looks, start, stop),
		cmocka_unit_test_setup_teardown(wcv_moves_the_end, start, stop),
		cmocka_unit_test_setup_teardown(largest_and_smallest_period, start, stop),
		cmocka_unit_test_setup_teardown(stands_still_while_paused, start, stop),
		cmocka_unit_test_setup_teardown(timer_too_late, start, stop),
		cmocka_unit_test(cleans_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
