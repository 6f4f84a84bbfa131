/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI: what the vCPUs of a VM are in and were in, and the part that keeps it.
 */
#include "drivers/timer/timer.h"
#include "hyp/base/string.h"
#include "hyp/smccc/psci.h"
#include "hyp/smccc/psci_state.h"
#include "mm/page.h"

/* NODE_HW_STATE (DEN0022 5.18) */
#define HW_ON      0
#define HW_OFF     1
#define HW_STANDBY 2

#define NS_PER_US  1000

/* Doesn't go on while the VM is paused, unless its counter does. */
static uint64_t vm_time(const struct vm *vm)
{
	return timer_now() - READ_ONCE(vm->cntvoff);
}

void psci_stat_begin(struct vcpu *vcpu, struct power_state state)
{
	struct vpsci_cpu *cpu = vpsci_cpu_of(vcpu);

	cpu->suspended = state.down ? PSCI_DOWN : PSCI_STANDBY;
	cpu->state = state;
	cpu->since = vm_time(vcpu->vm);
	cpu->stats[power_state_index(state)].count++;
}

static uint64_t stay(const struct vm *vm, const struct vpsci_cpu *cpu)
{
	return vm_time(vm) - cpu->since;
}

void psci_stat_end(struct vcpu *vcpu)
{
	struct vpsci_cpu *cpu = vpsci_cpu_of(vcpu);

	if (cpu->suspended == PSCI_RUNNING)
		return;
	cpu->stats[power_state_index(cpu->state)].ticks += stay(vcpu->vm, cpu);
	cpu->suspended = PSCI_RUNNING;
}

/* ---- the calls ---- */

struct statistics {
	uint64_t count, microseconds;
};

/* Of arguments that name nothing: none. A stay that has not ended yet is in it. */
static struct statistics statistics_of(const struct vcpu *vcpu, struct psci_args args)
{
	struct vm *vm = vcpu->vm;
	const struct vcpu *target = psci_find_target(vm, args.a1);
	const struct vpsci_cpu *cpu;
	struct power_state state;
	uint64_t count, ticks;
	unsigned i;

	if (!target || !psci_read_power_state(vm, (uint32_t)args.a2, &state))
		return (struct statistics){ 0, 0 };
	i = power_state_index(state);
	cpu = vpsci_cpu_of(target);
	spin_lock(&vm->lock);
	count = cpu->stats[i].count;
	ticks = cpu->stats[i].ticks;
	if (cpu->suspended != PSCI_RUNNING && power_state_index(cpu->state) == i)
		ticks += stay(vm, cpu);
	spin_unlock(&vm->lock);
	return (struct statistics){ count, timer_ticks_to_ns(ticks) / NS_PER_US };
}

/* A number as wide as the call. */
static enum exit_result number(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function, uint64_t value)
{
	return smccc_return(vcpu, conduit, function & SMCCC_64 ? value : (uint32_t)value);
}

enum exit_result psci_stat_residency(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct statistics found = statistics_of(vcpu, psci_args_of(vcpu, function));

	return number(vcpu, conduit, function, found.microseconds);
}

enum exit_result psci_stat_count(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct statistics found = statistics_of(vcpu, psci_args_of(vcpu, function));

	return number(vcpu, conduit, function, found.count);
}

static int hw_state(struct vcpu *target)
{
	struct vm *vm = target->vm;
	int state = HW_ON;

	spin_lock(&vm->lock);
	if (READ_ONCE(target->state) == VCPU_OFF || vpsci_cpu_of(target)->suspended == PSCI_DOWN)
		state = HW_OFF;
	else if (vpsci_cpu_of(target)->suspended == PSCI_STANDBY)
		state = HW_STANDBY;
	spin_unlock(&vm->lock);
	return state;
}

enum exit_result psci_node_hw_state(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	struct vcpu *target = psci_find_target(vcpu->vm, args.a1);
	uint32_t level = (uint32_t)args.a2;

	if (!target || level >= PSCI_LEVELS)
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	/* Above a vCPU there are only nodes that the caller belongs to, too. */
	return psci_return(vcpu, conduit, level == 0 ? hw_state(target) : HW_ON);
}

/* ---- the part ---- */

static enum status create(struct vm *vm)
{
	vm->part[PART_PSCI] = mm_zalloc(sizeof(struct vpsci));
	return vm->part[PART_PSCI] ? OK : ERR_NO_MEMORY;
}

static void reset(struct vm *vm)
{
	memset(vpsci_of(vm), 0, sizeof(struct vpsci));
}

static void destroy(struct vm *vm)
{
	mm_free(vm->part[PART_PSCI], sizeof(struct vpsci));
	vm->part[PART_PSCI] = NULL;
}

const struct vm_part psci_part = {
	.name = "PSCI",
	.create = create,
	.reset = reset,
	.destroy = destroy,
};
