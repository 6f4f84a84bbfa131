/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vrtc.h"
#include "drivers/rtc/rtc.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"

/* Registers (DDI 0224C 3.2). */
#define RTCDR    0x00
#define RTCMR    0x04
#define RTCLR    0x08
#define RTCCR    0x0c
#define RTCIMSC  0x10
#define RTCRIS   0x14
#define RTCMIS   0x18
#define RTCICR   0x1c
#define ID_FIRST 0xfe0

#define CR_START 1
#define INT_BIT  BIT(0)

/* DDI 0224C 3.3.9 and 3.3.10; part 0x031, the revision as QEMU's. */
static const uint8_t id_bytes[] = { 0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

struct vrtc {
	struct spinlock lock;
	struct vm *vm;
	uint32_t offset; /* the guest's time less the machine's, modulo 2^32 */
	uint32_t match, load;
	uint64_t match_time;  /* the machine's time when they are equal next */
	bool enabled, raised; /* IMSC, RIS */
	bool line;            /* of the interrupt, as the vGIC was told */
	bool paused;
	struct soft_timer alarm;
};

static struct vrtc *vrtc_of(const struct vm *vm)
{
	return vm->part[PART_VRTC];
}

/* --- what follows from the state; the lock is held --- */

/* When the guest's time equals RTCMR, from the machine's time `from` on: within 2^32 seconds. */
static void set_match_time(struct vrtc *rtc, uint64_t from)
{
	rtc->match_time = from + (uint32_t)(rtc->match - rtc->offset - (uint32_t)from);
}

/* A match is an event, which RTCICR clears although the times may still be equal. */
static void look_for_match(struct vrtc *rtc)
{
	uint64_t now = rtc_now();

	if (now >= rtc->match_time) {
		rtc->raised = true;
		set_match_time(rtc, now + 1);
	}
}

static void update(struct vrtc *rtc)
{
	bool level = rtc->raised && rtc->enabled;

	if (rtc->line != level) {
		rtc->line = level;
		vgic_set_spi(rtc->vm, VRTC_INTID, level);
	}
	if (rtc->enabled && !rtc->raised && !rtc->paused)
		timer_arm(&rtc->alarm, rtc_counter_at(rtc->match_time));
	else
		timer_disarm(&rtc->alarm);
}

static void alarm_fired(struct soft_timer *timer)
{
	struct vrtc *rtc = container_of(timer, struct vrtc, alarm);

	spin_lock(&rtc->lock);
	/* Unless the VM was paused meanwhile: then resume() looks. */
	if (!rtc->paused) {
		look_for_match(rtc);
		update(rtc);
	}
	spin_unlock(&rtc->lock);
}

/* --- the guest's accesses --- */

static bool raised(struct vrtc *rtc)
{
	look_for_match(rtc);
	update(rtc);
	return rtc->raised;
}

static uint32_t read_register(struct vrtc *rtc, uint64_t offset)
{
	switch (offset) {
	case RTCDR:
		return (uint32_t)rtc_now() + rtc->offset;
	case RTCMR:
		return rtc->match;
	case RTCLR:
		return rtc->load;
	case RTCCR:
		return CR_START;
	case RTCIMSC:
		return rtc->enabled;
	case RTCRIS:
		return raised(rtc);
	case RTCMIS:
		return raised(rtc) && rtc->enabled;
	default: /* RTCICR is for writing only; nothing is behind it up to the identification */
		return offset % 4 == 0 && offset >= ID_FIRST ? id_bytes[(offset - ID_FIRST) / 4]
							     : 0;
	}
}

static enum mmio_result vrtc_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	struct vrtc *rtc = device;

	(void)vcpu;
	spin_lock(&rtc->lock);
	*value = read_register(rtc, offset) & GENMASK(8 * width - 1, 0);
	spin_unlock(&rtc->lock);
	return MMIO_DONE;
}

static void write_register(struct vrtc *rtc, uint64_t offset, uint32_t value)
{
	/* What has happened up to now happened by the old values. */
	look_for_match(rtc);
	switch (offset) {
	case RTCMR:
		rtc->match = value;
		set_match_time(rtc, rtc_now());
		break;
	case RTCLR:
		rtc->load = value;
		rtc->offset = value - (uint32_t)rtc_now();
		set_match_time(rtc, rtc_now());
		break;
	case RTCIMSC:
		rtc->enabled = value & INT_BIT;
		break;
	case RTCICR:
		if (value & INT_BIT)
			rtc->raised = false;
		break;
	default: /* a clock that was started stays so until it loses its power (3.3.4) */
		break;
	}
	look_for_match(rtc);
	update(rtc);
}

static enum mmio_result vrtc_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	struct vrtc *rtc = device;

	(void)vcpu;
	(void)width;
	spin_lock(&rtc->lock);
	write_register(rtc, offset, (uint32_t)value);
	spin_unlock(&rtc->lock);
	return MMIO_DONE;
}

static const struct device_ops vrtc_ops = {
	.name = "clock",
	.read = vrtc_read,
	.write = vrtc_write,
};

/* --- the part --- */

/* The time stays; what the guest had told the clock besides is gone. */
static void vrtc_reset(struct vm *vm)
{
	struct vrtc *rtc = vrtc_of(vm);

	spin_lock(&rtc->lock);
	rtc->match = rtc->load = 0;
	rtc->enabled = rtc->raised = rtc->paused = false;
	set_match_time(rtc, rtc_now() + 1);
	update(rtc);
	spin_unlock(&rtc->lock);
}

static void vrtc_pause(struct vm *vm)
{
	struct vrtc *rtc = vrtc_of(vm);

	spin_lock(&rtc->lock);
	rtc->paused = true;
	timer_disarm(&rtc->alarm);
	spin_unlock(&rtc->lock);
}

static void vrtc_resume(struct vm *vm)
{
	struct vrtc *rtc = vrtc_of(vm);

	spin_lock(&rtc->lock);
	rtc->paused = false;
	look_for_match(rtc);
	update(rtc);
	spin_unlock(&rtc->lock);
}

static enum status vrtc_create(struct vm *vm)
{
	struct vrtc *rtc = mm_zalloc(sizeof(*rtc));
	enum status status;

	if (!rtc)
		return ERR_NO_MEMORY;
	rtc->vm = vm;
	soft_timer_init(&rtc->alarm, alarm_fired);
	vm->part[PART_VRTC] = rtc;
	status = device_add(vm, VRTC_IPA, VRTC_SIZE, rtc, &vrtc_ops, BIT(1) | BIT(2) | BIT(4));
	if (status) {
		vm->part[PART_VRTC] = NULL;
		mm_free(rtc, sizeof(*rtc));
		return status;
	}
	vrtc_reset(vm);
	return OK;
}

static void vrtc_destroy(struct vm *vm)
{
	struct vrtc *rtc = vrtc_of(vm);

	timer_disarm(&rtc->alarm);
	mm_free(rtc, sizeof(*rtc));
	vm->part[PART_VRTC] = NULL;
}

const struct vm_part vrtc_part = {
	.name = "clock",
	.create = vrtc_create,
	.reset = vrtc_reset,
	.destroy = vrtc_destroy,
	.pause = vrtc_pause,
	.resume = vrtc_resume,
};
