/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes become accesses to a guest's clock and watchdog, time that passes, pauses and resets; after
 * each one both are compared with a model that knows no timers.
 *
 * links: hyp/vdev/vrtc.c hyp/vdev/vwatchdog.c drivers/rtc/rtc.c drivers/timer/timer.c
 * hyp/base/format.c
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vrtc.h"
#include "hyp/vdev/vwatchdog.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define HZ         UINT64_C(1000000)
#define FIRINGS    64
#define STEP_BYTES 6
#define now        fake_reg(CNTPCT_EL0)

enum { CLOCK, CONTROL, REFRESH, DEVICES };

static struct vm vm;
static struct device_region devices[DEVICES];
static unsigned rows;
static struct soft_timer *timers[2]; /* armed */
static bool rtc_line, dog_line, paused;
static unsigned restarts;

static struct {
	bool enabled, ws0, ws1;
	uint64_t offset, compare, paused_at;
	unsigned restarts;
} dog;

static struct {
	uint32_t offset, match;
	bool enabled;
} rtc;

/* --- the rooms around them --- */

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

enum status device_add(struct vm *for_vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths)
{
	(void)for_vm;
	devices[rows++] = (struct device_region){
		.first = first, .size = size, .device = device, .ops = ops, .widths = widths
	};
	return OK;
}

void vgic_set_spi(struct vm *for_vm, unsigned intid, bool level)
{
	bool *line = intid == VRTC_INTID ? &rtc_line : &dog_line;

	MUST(for_vm == &vm && (intid == VRTC_INTID || intid == VWATCHDOG_INTID));
	MUST(*line != level);
	*line = level;
}

void vm_watchdog_expired(struct vm *for_vm)
{
	MUST(for_vm == &vm && !spin_is_locked(vm.part[PART_VWATCHDOG]));
	restarts++;
}

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	unsigned slot = timers[0] == timer || (!timers[0] && timers[1] != timer) ? 0 : 1;

	MUST(!timers[slot] || timers[slot] == timer);
	timer->deadline = deadline;
	timer->queue = (struct timer_queue *)timer;
	timers[slot] = timer;
}

void timer_disarm(struct soft_timer *timer)
{
	for (unsigned i = 0; i < 2; i++) {
		if (timers[i] == timer)
			timers[i] = NULL;
	}
	timer->queue = NULL;
}

/* --- the model --- */

static uint64_t virtual_now(void)
{
	return now - vm.cntvoff;
}

static void model_advance(void)
{
	if (!dog.enabled || dog.ws1 || paused || virtual_now() <= dog.compare)
		return;
	if (dog.ws0) {
		dog.ws1 = true;
		dog.restarts++;
		return;
	}
	dog.ws0 = true;
	dog.compare = virtual_now() + dog.offset;
}

static void model_refresh(void)
{
	dog.ws0 = dog.ws1 = false;
	dog.compare = virtual_now() + dog.offset;
}

static void model_half(uint64_t *value, bool high, uint32_t part)
{
	unsigned shift = high ? 32 : 0;

	*value = (*value & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)part << shift;
}

static void model_write(unsigned device, uint64_t offset, uint32_t value)
{
	model_advance();
	if (device == REFRESH) {
		if (offset == 0)
			model_refresh();
	} else if (offset == 0) {
		dog.enabled = value & 1;
		model_refresh();
	} else if (offset == 0x8 || offset == 0xc) {
		model_half(&dog.offset, offset == 0xc, value);
		dog.offset &= (UINT64_C(1) << 48) - 1;
		model_refresh();
	} else if (offset == 0x10 || offset == 0x14) {
		model_half(&dog.compare, offset == 0x14, value);
	}
}

static void model_rtc_write(uint64_t offset, uint32_t value)
{
	if (offset == 0x04)
		rtc.match = value;
	else if (offset == 0x08)
		rtc.offset = value - (uint32_t)rtc_now();
	else if (offset == 0x10)
		rtc.enabled = value & 1;
}

/* --- accesses, and what must hold after each --- */

static uint64_t get(unsigned device, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	MUST(devices[device].ops->read(NULL, devices[device].device, offset, width, &value) ==
		MMIO_DONE);
	MUST(value <= GENMASK(8 * width - 1, 0));
	return value;
}

static void set(unsigned device, uint64_t offset, unsigned width, uint32_t value)
{
	MUST(devices[device].ops->write(NULL, devices[device].device, offset, width, value) ==
		MMIO_DONE);
}

static void check(void)
{
	uint64_t wcs = get(CONTROL, 0, 4);

	model_advance();
	MUST(wcs == (dog.enabled | dog.ws0 * 2u | dog.ws1 * 4u));
	MUST(dog_line == dog.ws0);
	MUST(restarts == dog.restarts);
	MUST((get(CONTROL, 0x10, 4) | get(CONTROL, 0x14, 4) << 32) == dog.compare);
	MUST((get(CONTROL, 0x8, 4) | get(CONTROL, 0xc, 4) << 32) == dog.offset);
	MUST(get(CLOCK, 0x00, 4) == (uint32_t)(rtc_now() + rtc.offset));
	MUST(get(CLOCK, 0x04, 4) == rtc.match);
	MUST(get(CLOCK, 0x10, 4) == rtc.enabled);
	MUST(get(CLOCK, 0x18, 4) == (get(CLOCK, 0x14, 4) && rtc.enabled));
	MUST(rtc_line == get(CLOCK, 0x18, 4));
	MUST(!paused || (!timers[0] && !timers[1]));
}

/* Time passes, and what is armed fires on its way; never without end. */
static void pass(uint64_t ticks)
{
	uint64_t end = now + ticks;
	unsigned firings = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct soft_timer *timer = timers[i];

		if (!timer || timer->deadline > end)
			continue;
		MUST(++firings < FIRINGS);
		if (timer->deadline > now)
			now = timer->deadline;
		timer_disarm(timer);
		timer->fn(timer);
		model_advance();
		i = UINT32_MAX; /* from the first again */
	}
	now = end;
}

static void pause_or_resume(bool runs_on)
{
	if (!paused) {
		vrtc_part.pause(&vm);
		vwatchdog_part.pause(&vm);
		vm.policy.counter_runs_on = runs_on;
		dog.paused_at = now;
	} else {
		if (vm.policy.counter_runs_on)
			dog.compare += now - dog.paused_at;
		else
			vm.cntvoff += now - dog.paused_at;
		vrtc_part.resume(&vm);
		vwatchdog_part.resume(&vm);
	}
	paused = !paused;
}

static void reset(void)
{
	vrtc_part.reset(&vm);
	vwatchdog_part.reset(&vm);
	memset(&dog, 0, sizeof(dog));
	dog.restarts = restarts;
	rtc.match = 0;
	rtc.enabled = paused = false;
}

static void access(const uint8_t *op, uint32_t value)
{
	static const uint64_t near[] = { 0, 0x20, 0x8, 0xc, 0x10, 0x14, 0x18, 0x1c, 0x4, 0xfcc,
		0xfe0 };
	unsigned device = op[0] / 8 % DEVICES, width = device == CLOCK ? 1u << op[0] / 32 % 3 : 4;
	uint64_t offset = op[1] < 240 ? near[op[1] % ARRAY_SIZE(near)] : value % (0x1000 - 3);

	if (op[0] % 8 < 2 || paused) {
		get(device, offset, width);
		return;
	}
	value &= (uint32_t)GENMASK(8 * width - 1, 0);
	set(device, offset, width, value);
	if (device == CLOCK)
		model_rtc_write(offset, value);
	else
		model_write(device, offset, value);
}

static void step(const uint8_t *op)
{
	uint32_t value = op[2] | op[3] << 8 | op[4] << 16 | (uint32_t)op[5] << 24;

	switch (op[0] % 8) {
	default:
		access(op, op[1] & 1 ? value & 0xff : value);
		break;
	case 5:
		pass((uint64_t)value << op[1] % 16);
		break;
	case 6:
		pause_or_resume(op[1] & 1);
		break;
	case 7:
		if (op[1] < 64)
			reset();
		else
			set(CLOCK, 0x04, 4, rtc.match = (uint32_t)get(CLOCK, 0, 4) + op[2] % 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct machine_timer from = { 0 };

	fake_cpu_reset();
	fake_reg(CNTFRQ_EL0) = HZ;
	MUST(timer_init(&from) == OK);
	now = 12345;
	rtc_init(NULL, 1700000000);
	memset(&vm, 0, sizeof(vm));
	memset(&rtc, 0, sizeof(rtc));
	vm.cntvoff = 10000;
	rows = restarts = 0;
	rtc_line = dog_line = false;
	vm.name[0] = 'x';
	vwatchdog_ask(vm.name);
	MUST(vrtc_part.create(&vm) == OK && vwatchdog_part.create(&vm) == OK);
	reset();
	for (; size >= STEP_BYTES && now < BIT(62); data += STEP_BYTES, size -= STEP_BYTES) {
		step(data);
		if (!paused)
			check();
	}
	vrtc_part.destroy(&vm);
	vwatchdog_part.destroy(&vm);
	MUST(!timers[0] && !timers[1]);
	return 0;
}
