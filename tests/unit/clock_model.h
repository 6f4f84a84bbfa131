/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of the guests' clock and watchdog: a counter that a test moves, one soft timer that
 * fires as it moves, the wire of one interrupt, and the rows that a part adds.
 */
#ifndef TESTS_UNIT_CLOCK_MODEL_H
#define TESTS_UNIT_CLOCK_MODEL_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define MODEL_HZ          UINT64_C(62500000)
#define MODEL_BEGIN       UINT64_C(123456789)
#define MODEL_DEVICES_MAX 2
#define model_counter     fake_reg(CNTPCT_EL0)

static struct vm model_vm;
static struct device_region model_devices[MODEL_DEVICES_MAX];
static unsigned model_device_count, model_devices_left, model_allocations_left;
static unsigned model_intid;
static bool model_line;
static struct soft_timer *model_timer; /* the one that is armed */
static unsigned model_armings, model_firings;

void *mm_zalloc(size_t size)
{
	return model_allocations_left-- ? calloc(1, size) : NULL;
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths)
{
	assert_ptr_equal(vm, &model_vm);
	if (!model_devices_left--)
		return ERR_EXISTS;
	model_devices[model_device_count++] = (struct device_region){
		.first = first, .size = size, .device = device, .ops = ops, .widths = widths
	};
	return OK;
}

void vgic_set_spi(struct vm *vm, unsigned intid, bool level)
{
	assert_ptr_equal(vm, &model_vm);
	assert_int_equal(intid, model_intid);
	/* Told of changes only. */
	assert_int_not_equal(level, model_line);
	model_line = level;
}

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	assert_true(!model_timer || model_timer == timer);
	timer->deadline = deadline;
	timer->queue = (struct timer_queue *)timer;
	model_timer = timer;
	model_armings++;
}

void timer_disarm(struct soft_timer *timer)
{
	timer->queue = NULL;
	model_timer = NULL;
}

/* The time goes on, and the timer fires on the way. */
static inline void model_pass(uint64_t ticks)
{
	uint64_t end = model_counter + ticks;

	while (model_timer && model_timer->deadline <= end) {
		struct soft_timer *timer = model_timer;

		assert_true(++model_firings < 100);
		if (timer->deadline > model_counter)
			model_counter = timer->deadline;
		timer_disarm(timer);
		timer->fn(timer);
	}
	model_counter = end;
}

static inline uint64_t model_read(
	const struct device_region *device, uint64_t offset, unsigned width)
{
	uint64_t value = ~UINT64_C(0);

	assert_int_equal(device->ops->read(NULL, device->device, offset, width, &value), MMIO_DONE);
	return value;
}

static inline void model_write(
	const struct device_region *device, uint64_t offset, unsigned width, uint64_t value)
{
	assert_int_equal(device->ops->write(NULL, device->device, offset, width, value), MMIO_DONE);
}

static inline void model_start(const struct vm_part *part, unsigned intid)
{
	static const struct machine_timer from = { 0 };

	assert_non_null(part->name);
	fake_cpu_reset();
	fake_reg(CNTFRQ_EL0) = MODEL_HZ;
	assert_int_equal(timer_init(&from), OK);
	model_counter = MODEL_BEGIN;
	memset(&model_vm, 0, sizeof(model_vm));
	model_device_count = 0;
	model_devices_left = MODEL_DEVICES_MAX;
	model_allocations_left = 1;
	model_intid = intid;
	model_line = false;
	model_timer = NULL;
	model_armings = model_firings = 0;
}

#endif
