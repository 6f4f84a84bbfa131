/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events and the interrupts that signal them: those of the bundle, who is told, and how an
 * interrupt comes back to the guest.
 *
 * An interrupt is bound in the vGIC (hyp/vdev/vgic.h) from its event's registration until that is
 * gone, of private events on each vCPU by itself. The vGIC tells by WORK_PARTS that one is pending:
 * a PPI its own vCPU, an SPI the one that sdei_choose() says.
 */
#include "drivers/gic/gicv3_cpu.h"
#include "hyp/base/string.h"
#include "hyp/smccc/sdei.h"
#include "hyp/vdev/vtimer.h"
#include "mm/page.h"

/* All of the bundle's, until Lintel ends: VMs are made from them. */
struct configured {
	struct configured *next;
	struct sdei_event_config config;
};
static struct configured *first;

#define NUMBER_RESERVED BIT(31)
#define NUMBER_VENDOR   BIT(30)

static bool is_number(uint32_t number)
{
	return !(number & NUMBER_RESERVED) && (number & NUMBER_VENDOR);
}

/* The timers' PPIs are physical interrupts. */
static bool is_intid(unsigned intid)
{
	return intid >= GIC_PPI_FIRST && intid < VGIC_NR_INTIDS && intid != VTIMER_PPI_VIRTUAL &&
		intid != VTIMER_PPI_PHYSICAL;
}

enum status sdei_event_add(const struct sdei_event_config *config)
{
	struct configured **last = &first, *added;
	unsigned of_vm = 0;

	if (!is_number(config->number) || !is_intid(config->intid))
		return ERR_INVALID;
	if ((config->number & SDEI_BOUND_MASK) == SDEI_BOUND_NUMBER)
		return ERR_EXISTS;
	for (; *last; last = &(*last)->next) {
		const struct sdei_event_config *other = &(*last)->config;

		if (strcmp(other->vm, config->vm) != 0)
			continue;
		if (other->number == config->number || other->intid == config->intid)
			return ERR_EXISTS;
		of_vm++;
	}
	added = of_vm < SDEI_EVENTS_MAX ? mm_zalloc(sizeof(*added)) : NULL;
	if (!added)
		return ERR_NO_MEMORY;
	added->config = *config;
	*last = added;
	return OK;
}

enum status sdei_configure_vm(struct sdei_vm *sdei, struct vm *vm)
{
	enum status status = OK;

	for (const struct configured *it = first; it && status == OK; it = it->next) {
		if (strcmp(it->config.vm, vm->name) != 0)
			continue;
		status = vgic_can_bind(vm, it->config.intid)
			? sdei_state_configure(sdei, &it->config)
			: ERR_INVALID;
	}
	return status;
}

static void tell(struct sdei_vm *sdei, struct vm *vm, unsigned place, unsigned to)
{
	sdei->told[place] = (uint8_t)to;
	vgic_bound_tell(vm, sdei->events[place].intid, to == SDEI_NOTHING ? NULL : vm->vcpus[to]);
}

void sdei_retarget(struct sdei_vm *sdei, struct vm *vm, unsigned place)
{
	unsigned to = sdei_choose(sdei, place);

	if (to != sdei->told[place])
		tell(sdei, vm, place, to);
}

/* One that was told before, and could not begin it then, does not look again by itself. */
void sdei_hand_over(struct sdei_vm *sdei, struct vm *vm, unsigned place)
{
	unsigned to = sdei_choose(sdei, place);

	if (to == SDEI_NOTHING || sdei_may_begin(sdei, to, place)) {
		tell(sdei, vm, place, to);
		return;
	}
	sdei_retarget(sdei, vm, place);
	sdei->waits = true;
}

void sdei_retarget_all(struct sdei_vm *sdei, struct vm *vm)
{
	for (unsigned place = SDEI_CONFIGURED; place < SDEI_EVENTS; place++) {
		if (sdei->events[place].shared)
			sdei_retarget(sdei, vm, place);
	}
}

void sdei_forget(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place)
{
	if (sdei->events[place].shared)
		sdei_retarget(sdei, vcpu->vm, place);
	if (place == SDEI_EVENT_0)
		sdei->cpus[vcpu->id].signalled = false;
	else
		vgic_unbind(vcpu, sdei->events[place].intid);
}
