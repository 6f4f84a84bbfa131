/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vwatchdog.h"
#include "drivers/timer/timer.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"

/* The refresh frame. */
#define WRR           0x000
/* The control frame. */
#define WCS           0x000
#define WOR_LOW       0x008
#define WOR_HIGH      0x00c
#define WCV_LOW       0x010
#define WCV_HIGH      0x014
/* Both. */
#define W_IIDR        0xfcc

#define WCS_EN        BIT(0)
#define WCS_WS0       BIT(1)
#define WCS_WS1       BIT(2)

#define LOW_HALF      GENMASK(31, 0)
#define HIGH_HALF     GENMASK(63, 32)
#define WOR_HIGH_MASK GENMASK(47, 32)

/* Architecture version 1 (WOR has 48 bits); implementer Arm, as QEMU's. */
#define IIDR          (1 << 16 | 0x43b)

struct vwatchdog {
	struct spinlock lock;
	struct vm *vm;
	bool enabled, ws0, ws1;
	bool line; /* of the interrupt, as the vGIC was told */
	bool paused;
	uint64_t offset;  /* WOR */
	uint64_t compare; /* WCV, in the VM's virtual time */
	uint64_t left;    /* while it is paused: what was left of it */
	struct soft_timer timer;
};

static struct vwatchdog *vwatchdog_of(const struct vm *vm)
{
	return vm->part[PART_VWATCHDOG];
}

/* --- what follows from the state; the lock is held --- */

static uint64_t virtual_now(const struct vwatchdog *dog)
{
	return timer_now() - dog->vm->cntvoff;
}

/* What time has done since it was looked at last. True: the second period is over, just now. */
static bool advance(struct vwatchdog *dog)
{
	uint64_t now = virtual_now(dog);

	if (!dog->enabled || dog->ws1 || dog->paused || now <= dog->compare)
		return false;
	if (dog->ws0) {
		dog->ws1 = true;
		return true;
	}
	dog->ws0 = true;
	dog->compare = now + dog->offset;
	return false;
}

/*
 * The timer may be earlier than it need be, and is then armed again when it fires: so a guest that
 * refreshes often costs nobody anything.
 */
static void arm(struct vwatchdog *dog)
{
	uint64_t deadline;

	/* At the first count above WCV. */
	if (!dog->enabled || dog->ws1 || dog->paused ||
		__builtin_add_overflow(dog->compare, 1 + dog->vm->cntvoff, &deadline))
		timer_disarm(&dog->timer);
	else if (!timer_armed(&dog->timer) || dog->timer.deadline > deadline)
		timer_arm(&dog->timer, deadline);
}

static void update(struct vwatchdog *dog)
{
	if (dog->line != dog->ws0) {
		dog->line = dog->ws0;
		vgic_set_spi(dog->vm, VWATCHDOG_INTID, dog->line);
	}
	arm(dog);
}

static void refresh(struct vwatchdog *dog)
{
	dog->ws0 = dog->ws1 = false;
	dog->compare = virtual_now(dog) + dog->offset;
}

static void fired(struct soft_timer *timer)
{
	struct vwatchdog *dog = container_of(timer, struct vwatchdog, timer);
	bool expired;

	spin_lock(&dog->lock);
	expired = advance(dog);
	update(dog);
	spin_unlock(&dog->lock);
	if (expired)
		vm_watchdog_expired(dog->vm);
}

/* --- the guest's accesses --- */

static uint64_t half(uint64_t value, uint64_t offset)
{
	return offset % 8 ? value >> 32 : value & LOW_HALF;
}

static uint64_t with_half(uint64_t value, uint64_t offset, uint64_t part)
{
	return offset % 8 ? (value & LOW_HALF) | part << 32 : (value & HIGH_HALF) | part;
}

static uint64_t read_control(const struct vwatchdog *dog, uint64_t offset)
{
	switch (offset) {
	case WCS:
		return (dog->enabled ? WCS_EN : 0) | (dog->ws0 ? WCS_WS0 : 0) |
			(dog->ws1 ? WCS_WS1 : 0);
	case WOR_LOW:
	case WOR_HIGH:
		return half(dog->offset, offset);
	case WCV_LOW:
	case WCV_HIGH:
		return half(dog->compare, offset);
	case W_IIDR:
		return IIDR;
	default:
		return 0;
	}
}

static void write_control(struct vwatchdog *dog, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case WCS:
		dog->enabled = value & WCS_EN;
		refresh(dog);
		break;
	case WOR_LOW:
	case WOR_HIGH:
		dog->offset = with_half(dog->offset, offset, value) & (WOR_HIGH_MASK | LOW_HALF);
		refresh(dog);
		break;
	case WCV_LOW:
	case WCV_HIGH:
		dog->compare = with_half(dog->compare, offset, value);
		break;
	default:
		break;
	}
}

static void write_refresh(struct vwatchdog *dog, uint64_t offset, uint64_t value)
{
	(void)value;
	if (offset == WRR)
		refresh(dog);
}

/* A write to either frame: first what time has done, then what the guest does. */
static enum mmio_result write_frame(struct vwatchdog *dog, uint64_t offset, uint64_t value,
	void (*write)(struct vwatchdog *dog, uint64_t offset, uint64_t value))
{
	bool expired;

	spin_lock(&dog->lock);
	expired = advance(dog);
	write(dog, offset, value);
	update(dog);
	spin_unlock(&dog->lock);
	if (expired)
		vm_watchdog_expired(dog->vm);
	return MMIO_DONE;
}

static enum mmio_result control_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	struct vwatchdog *dog = device;
	bool expired;

	(void)vcpu;
	(void)width;
	spin_lock(&dog->lock);
	expired = advance(dog);
	*value = read_control(dog, offset);
	update(dog);
	spin_unlock(&dog->lock);
	if (expired)
		vm_watchdog_expired(dog->vm);
	return MMIO_DONE;
}

static enum mmio_result control_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	(void)vcpu;
	(void)width;
	return write_frame(device, offset, value, write_control);
}

static enum mmio_result refresh_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)vcpu;
	(void)device;
	(void)width;
	*value = offset == W_IIDR ? IIDR : 0;
	return MMIO_DONE;
}

static enum mmio_result refresh_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	(void)vcpu;
	(void)width;
	return write_frame(device, offset, value, write_refresh);
}

static const struct device_ops control_ops = {
	.name = "watchdog",
	.read = control_read,
	.write = control_write,
};

static const struct device_ops refresh_ops = {
	.name = "watchdog refresh",
	.read = refresh_read,
	.write = refresh_write,
};

/* The VM that is to have one, until it is made. */
static char asked[VM_NAME_MAX + 1];

void vwatchdog_ask(const char *vm)
{
	format(asked, sizeof(asked), "%s", vm);
}

/* --- the part --- */

static void vwatchdog_reset(struct vm *vm)
{
	struct vwatchdog *dog = vwatchdog_of(vm);

	spin_lock(&dog->lock);
	dog->enabled = dog->ws0 = dog->ws1 = dog->paused = false;
	dog->offset = dog->compare = 0;
	update(dog);
	spin_unlock(&dog->lock);
}

static void vwatchdog_pause(struct vm *vm)
{
	struct vwatchdog *dog = vwatchdog_of(vm);

	spin_lock(&dog->lock);
	dog->left = dog->compare - virtual_now(dog);
	dog->paused = true;
	arm(dog);
	spin_unlock(&dog->lock);
}

/*
 * As much is left as was. Where virtual time has stood still too, WCV is what the guest knows; one
 * that was late already is not judged here, where the VM is on its way, but by its timer.
 */
static void vwatchdog_resume(struct vm *vm)
{
	struct vwatchdog *dog = vwatchdog_of(vm);

	spin_lock(&dog->lock);
	if (vm->policy.counter_runs_on)
		dog->compare = virtual_now(dog) + dog->left;
	dog->paused = false;
	arm(dog);
	spin_unlock(&dog->lock);
}

static void vwatchdog_destroy(struct vm *vm)
{
	struct vwatchdog *dog = vwatchdog_of(vm);

	timer_disarm(&dog->timer);
	mm_free(dog, sizeof(*dog));
	vm->part[PART_VWATCHDOG] = NULL;
}

static enum status add_frames(struct vm *vm, struct vwatchdog *dog)
{
	enum status status = device_add(
		vm, VWATCHDOG_CONTROL_IPA, VWATCHDOG_FRAME_SIZE, dog, &control_ops, BIT(4));

	if (status)
		return status;
	return device_add(
		vm, VWATCHDOG_REFRESH_IPA, VWATCHDOG_FRAME_SIZE, dog, &refresh_ops, BIT(4));
}

static enum status vwatchdog_create(struct vm *vm)
{
	struct vwatchdog *dog = mm_zalloc(sizeof(*dog));
	enum status status = OK;

	if (!dog)
		return ERR_NO_MEMORY;
	dog->vm = vm;
	soft_timer_init(&dog->timer, fired);
	vm->part[PART_VWATCHDOG] = dog;
	if (asked[0] && strcmp(asked, vm->name) == 0) {
		asked[0] = '\0';
		status = add_frames(vm, dog);
	}
	if (status)
		vwatchdog_destroy(vm);
	return status;
}

const struct vm_part vwatchdog_part = {
	.name = "watchdog",
	.create = vwatchdog_create,
	.reset = vwatchdog_reset,
	.destroy = vwatchdog_destroy,
	.pause = vwatchdog_pause,
	.resume = vwatchdog_resume,
};
