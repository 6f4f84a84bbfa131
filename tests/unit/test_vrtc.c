/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guests' PL031: every register at every width, the time over resets and pauses, the alarm.
 *
 * links: hyp/vdev/vrtc.c drivers/rtc/rtc.c drivers/timer/timer.c
 */
#include "hyp/vdev/vrtc.h"
#include "drivers/rtc/rtc.h"
#include "tests/unit/clock_model.h"

#define DR     0x00
#define MR     0x04
#define LR     0x08
#define CR     0x0c
#define IMSC   0x10
#define RIS    0x14
#define MIS    0x18
#define ICR    0x1c

/* What time it is when a test begins. */
#define BEGIN  1700000000

#define MATCH  (vm_now() + 3)
#define DEVICE (&model_devices[0])

static uint32_t vm_now(void)
{
	return (uint32_t)model_read(DEVICE, DR, 4);
}

static void pass(uint64_t seconds)
{
	model_pass(seconds * MODEL_HZ);
}

static int start(void **state)
{
	(void)state;
	model_start(&vrtc_part, VRTC_INTID);
	rtc_init(NULL, BEGIN);
	assert_int_equal(vrtc_part.create(&model_vm), OK);
	assert_int_equal(model_device_count, 1);
	assert_int_equal(DEVICE->first, 0x09010000);
	assert_int_equal(DEVICE->size, 0x1000);
	assert_int_equal(DEVICE->widths, BIT(1) | BIT(2) | BIT(4));
	vrtc_part.reset(&model_vm);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	vrtc_part.destroy(&model_vm);
	assert_null(model_vm.part[PART_VRTC]);
	assert_null(model_timer);
	return 0;
}

static uint64_t rd(uint64_t offset)
{
	return model_read(DEVICE, offset, 4);
}

static void wr(uint64_t offset, uint32_t value)
{
	model_write(DEVICE, offset, 4, value);
}

static void has_its_registers(void **state)
{
	static const uint8_t id[] = { 0x31, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)state;
	assert_int_equal(rd(DR), BEGIN);
	assert_int_equal(rd(CR), 1);
	for (unsigned offset = MR; offset < 0x1000; offset++) {
		unsigned index = (offset - 0xfe0) / 4;
		uint64_t expected = offset == CR ? 1 : 0;

		if (offset % 4 == 0 && offset >= 0xfe0)
			expected = id[index];
		for (unsigned width = 1; width <= 4 && offset + width <= 0x1000; width *= 2)
			assert_int_equal(model_read(DEVICE, offset, width), expected);
	}
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(model_read(DEVICE, 0xfe0 + 4 * i, 1), id[i]);
	assert_int_equal(model_read(DEVICE, DR, 1), BEGIN & 0xff);
	assert_int_equal(model_read(DEVICE, DR, 2), BEGIN & 0xffff);
	/* What can't be written, or isn't there. */
	wr(DR, 5);
	wr(CR, 0);
	wr(RIS, 1);
	wr(MIS, 1);
	wr(0x20, ~0u);
	wr(0xfe0, 0);
	wr(MR + 1, 7);
	assert_int_equal(rd(DR), BEGIN);
	assert_int_equal(rd(CR), 1);
	assert_int_equal(rd(RIS), 0);
	assert_int_equal(rd(MR), 0);
	assert_int_equal(rd(0xfe0), 0x31);
	assert_int_equal(model_armings, 0);
}

static void counts_seconds(void **state)
{
	(void)state;
	model_pass(MODEL_HZ - 1);
	assert_int_equal(rd(DR), BEGIN);
	model_pass(1);
	assert_int_equal(rd(DR), BEGIN + 1);
	pass(1000000);
	assert_int_equal(rd(DR), BEGIN + 1000001);
	/* To 2106, and it begins anew. */
	pass(UINT32_MAX - rd(DR));
	assert_int_equal(rd(DR), UINT32_MAX);
	pass(1);
	assert_int_equal(rd(DR), 0);
	assert_int_equal(model_armings, 0);
}

static void can_be_set(void **state)
{
	(void)state;
	wr(LR, 1000);
	assert_int_equal(rd(DR), 1000);
	assert_int_equal(rd(LR), 1000);
	pass(5);
	assert_int_equal(rd(DR), 1005);
	assert_int_equal(rd(LR), 1000);
	wr(LR, 0xfffffffe);
	pass(3);
	assert_int_equal(rd(DR), 1);
}

static void keeps_its_time_over_a_reset(void **state)
{
	(void)state;
	wr(LR, 1000);
	wr(MR, 2000);
	wr(IMSC, 1);
	pass(999);
	assert_non_null(model_timer);
	pass(1);
	assert_true(model_line);
	vrtc_part.reset(&model_vm);
	assert_false(model_line);
	assert_null(model_timer);
	assert_int_equal(rd(DR), 2000);
	assert_int_equal(rd(MR), 0);
	assert_int_equal(rd(LR), 0);
	assert_int_equal(rd(IMSC), 0);
	assert_int_equal(rd(RIS), 0);
	pass(1);
	assert_int_equal(rd(DR), 2001);
}

static void has_nothing_raised_after_a_reset_at_0(void **state)
{
	(void)state;
	wr(LR, 0);
	vrtc_part.reset(&model_vm);
	assert_int_equal(rd(DR), 0);
	assert_int_equal(rd(RIS), 0);
}

static void wakes_at_the_match(void **state)
{
	(void)state;
	wr(MR, MATCH);
	wr(IMSC, 1);
	assert_non_null(model_timer);
	assert_false(model_line);
	model_pass(3 * MODEL_HZ - 1);
	assert_false(model_line);
	assert_int_equal(rd(RIS), 0);
	model_pass(1);
	assert_true(model_line);
	assert_int_equal(rd(DR), BEGIN + 3);
	assert_int_equal(rd(RIS), 1);
	assert_int_equal(rd(MIS), 1);
	assert_null(model_timer);
	wr(ICR, 0);
	assert_true(model_line);
	/* Once for each match, though the second is not over. */
	wr(ICR, 1);
	assert_false(model_line);
	assert_int_equal(rd(RIS), 0);
	/* The next one is in 136 years. */
	assert_int_equal(model_timer->deadline, rtc_counter_at(BEGIN + 3 + (UINT64_C(1) << 32)));
	assert_int_equal(model_firings, 1);
}

static void matches_unseen(void **state)
{
	(void)state;
	wr(MR, MATCH);
	pass(3);
	assert_int_equal(model_armings, 0);
	assert_int_equal(rd(RIS), 1);
	assert_int_equal(rd(MIS), 0);
	assert_false(model_line);
	wr(IMSC, 1);
	assert_true(model_line);
	assert_int_equal(rd(MIS), 1);
	wr(IMSC, 0);
	assert_false(model_line);
	wr(ICR, 1);
	pass(2);
	/* By what was in force when it passed. */
	wr(MR, MATCH);
	pass(4);
	wr(MR, MATCH);
	assert_int_equal(rd(RIS), 1);
}

static void matches_at_once(void **state)
{
	(void)state;
	wr(IMSC, 1);
	wr(MR, vm_now());
	assert_true(model_line);
	wr(ICR, 1);
	assert_false(model_line);
	wr(MR, 5000);
	wr(LR, 5000);
	assert_true(model_line);
	/* Past: after 2^32 seconds, less one. */
	wr(ICR, 1);
	wr(MR, 4999);
	assert_false(model_line);
	pass(UINT32_MAX - 1);
	assert_false(model_line);
	pass(1);
	assert_true(model_line);
}

static void follows_the_time_that_is_set(void **state)
{
	(void)state;
	wr(IMSC, 1);
	wr(MR, 5000);
	wr(LR, 4990);
	pass(9);
	assert_false(model_line);
	wr(LR, 4990);
	pass(9);
	assert_false(model_line);
	pass(1);
	assert_true(model_line);
}

static void goes_on_while_paused(void **state)
{
	(void)state;
	wr(IMSC, 1);
	wr(MR, MATCH);
	vrtc_part.pause(&model_vm);
	assert_null(model_timer);
	pass(10);
	assert_false(model_line);
	vrtc_part.resume(&model_vm);
	assert_true(model_line);
	assert_int_equal(rd(DR), BEGIN + 10);
	wr(ICR, 1);
	wr(MR, MATCH);
	vrtc_part.pause(&model_vm);
	pass(1);
	vrtc_part.resume(&model_vm);
	assert_false(model_line);
	pass(2);
	assert_true(model_line);
}

/* It was taken off its queue when the VM was paused on another CPU, or the guest took it back. */
static void alarm_too_late(void **state)
{
	struct soft_timer *late;

	(void)state;
	wr(IMSC, 1);
	wr(MR, MATCH);
	late = model_timer;
	vrtc_part.pause(&model_vm);
	model_counter += 5 * MODEL_HZ;
	late->fn(late);
	assert_false(model_line);
	vrtc_part.resume(&model_vm);
	assert_true(model_line);
	wr(ICR, 1);
	wr(MR, MATCH);
	late->fn(late);
	assert_false(model_line);
	assert_non_null(model_timer);
}

static void cleans_up(void **state)
{
	struct vm *vm = &model_vm;

	(void)state;
	model_start(&vrtc_part, VRTC_INTID);
	model_allocations_left = 0;
	assert_int_equal(vrtc_part.create(vm), ERR_NO_MEMORY);
	assert_null(vm->part[PART_VRTC]);
	model_start(&vrtc_part, VRTC_INTID);
	model_devices_left = 0;
	assert_int_equal(vrtc_part.create(vm), ERR_EXISTS);
	assert_null(vm->part[PART_VRTC]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_its_registers, start, stop),
		cmocka_unit_test_setup_teardown(counts_seconds, start, stop),
		cmocka_unit_test_setup_teardown(can_be_set, start, stop),
		cmocka_unit_test_setup_teardown(keeps_its_time_over_a_reset, start, stop),
		cmocka_unit_test_setup_teardown(has_nothing_raised_after_a_reset_at_0, start, stop),
		cmocka_unit_test_setup_teardown(wakes_at_the_match, start, stop),
		cmocka_unit_test_setup_teardown(matches_unseen, start, stop),
		cmocka_unit_test_setup_teardown(matches_at_once, start, stop),
		cmocka_unit_test_setup_teardown(follows_the_time_that_is_set, start, stop),
		cmocka_unit_test_setup_teardown(goes_on_while_paused, start, stop),
		cmocka_unit_test_setup_teardown(alarm_too_late, start, stop),
		cmocka_unit_test(cleans_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
