/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one state of a VM to the next, for what guests and the person at the console ask for; the
 * picture is in vm.h. Starting and the job that loads are in start.c.
 */
#include "hyp/vm/lifecycle.h"
#include "drivers/pmu/pmu.h"
#include "drivers/timer/timer.h"
#include "hyp/vm/sched.h"

bool vm_count_instructions;

/* A VM that crashes as soon as it is started, so often in a row, is not restarted any more. */
#define CRASHES_MAX   5
#define CRASH_SOON_MS 1000

void lifecycle_set_state(struct vm *vm, enum vm_state state)
{
	WRITE_ONCE(vm->state, state);
	trace_vcpu(vm->vcpus[0], TRACE_VM, state);
}

static bool is_live(const struct vm *vm)
{
	return vm->state == VM_RUNNING || vm->state == VM_PAUSING || vm->state == VM_PAUSED;
}

/* Live, but to be looked at only. */
static bool has_crashed(const struct vm *vm)
{
	return is_live(vm) && vm->end == VM_END_FAULT;
}

/* ---- pausing; the VM's lock is held ---- */

/* From now on the pause has not been. */
static void make_up_for_pause(struct vm *vm)
{
	if (vm->state == VM_PAUSED && !vm->policy.counter_runs_on && !vm->policy.virtual_el2)
		vm->cntvoff += timer_now() - vm->paused_at;
}

static void begin_pause(struct vm *vm)
{
	if (vm->state != VM_RUNNING)
		return;
	lifecycle_set_state(vm, VM_PAUSING);
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vcpu_request(vm->vcpus[i], WORK_PAUSE);
}

/* One more vCPU is PAUSED, or OFF. */
static void check_paused(struct vm *vm)
{
	if (vm->state != VM_PAUSING || vm->paused_vcpus != vm->live_vcpus)
		return;
	lifecycle_set_state(vm, VM_PAUSED);
	vm->paused_at = timer_now();
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].pause)
			vm_parts[i].pause(vm);
	}
}

static void resume(struct vm *vm)
{
	if (vm->state == VM_PAUSED) {
		make_up_for_pause(vm);
		for (unsigned i = 0; i < NR_PARTS; i++) {
			if (vm_parts[i].resume)
				vm_parts[i].resume(vm);
		}
	}
	lifecycle_set_state(vm, VM_RUNNING);
	vm->paused_vcpus = 0;
	/* One that has not seen WORK_PAUSE yet finds that it is over. */
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i]->state == VCPU_PAUSED)
			sched_unpause(vm->vcpus[i]);
	}
}

void vm_vcpu_paused(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;

	spin_lock(&vm->lock);
	if (vm->state == VM_PAUSING && sched_pause(vcpu)) {
		vm->paused_vcpus++;
		check_paused(vm);
	}
	spin_unlock(&vm->lock);
}

enum status vm_pause(struct vm *vm)
{
	enum status status = OK;

	spin_lock(&vm->lock);
	if (is_live(vm))
		begin_pause(vm);
	else
		status = ERR_BUSY;
	spin_unlock(&vm->lock);
	return status;
}

enum status vm_resume(struct vm *vm)
{
	enum status status = OK;

	spin_lock(&vm->lock);
	if (has_crashed(vm))
		status = ERR_FAULT;
	else if (!is_live(vm))
		status = ERR_BUSY;
	else if (vm->state != VM_RUNNING)
		resume(vm);
	spin_unlock(&vm->lock);
	if (status == ERR_FAULT)
		log_warn(
			"VM %s has crashed: it can be stopped or restarted, not resumed", vm->name);
	return status;
}

/* ---- the end ---- */

/* The VM is live and its lock is held: all vCPUs leave. */
static void leave(struct vm *vm, enum vm_state next, enum vm_end end)
{
	if (vm_count_instructions && !pmu_count_read(&vm->instructions))
		vm->instructions = 0;
	make_up_for_pause(vm);
	lifecycle_set_state(vm, next);
	vm->end = end;
	vm->paused_vcpus = 0;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vcpu_request(vm->vcpus[i], WORK_STOP);
}

static void act(struct vm *vm, enum vm_end end, enum vm_action action)
{
	switch (action) {
	case VM_ACTION_RESTART:
		leave(vm, VM_RESETTING, end);
		break;
	case VM_ACTION_PAUSE:
		begin_pause(vm);
		vm->end = end;
		break;
	default:
		leave(vm, VM_STOPPING, end);
		break;
	}
}

/* What the guest has brought about. False: it is too late for that. */
static bool guest_ends(struct vm *vm, enum vm_end end, enum vm_action action)
{
	bool good;

	spin_lock(&vm->lock);
	good = is_live(vm) && !has_crashed(vm);
	if (good)
		act(vm, end, action);
	spin_unlock(&vm->lock);
	return good;
}

void vm_power_off(struct vm *vm)
{
	guest_ends(vm, VM_END_POWER_OFF, vm->policy.on_off);
}

void vm_reset(struct vm *vm)
{
	guest_ends(vm, VM_END_RESET, VM_ACTION_RESTART);
}

void vm_watchdog_expired(struct vm *vm)
{
	if (!guest_ends(vm, VM_END_WATCHDOG, VM_ACTION_RESTART))
		return;
	vm->watchdog_restarts++;
	log_warn("VM %s: its watchdog has expired; the VM is restarted", vm->name);
}

/* As the policy says, but for a VM that does nothing but crash. */
static enum vm_action crash_action(struct vm *vm)
{
	uint64_t soon = timer_ms_to_ticks(CRASH_SOON_MS);

	if (vm->policy.on_crash != VM_ACTION_RESTART)
		return vm->policy.on_crash;
	vm->crashes = timer_now() - vm->started_at < soon ? vm->crashes + 1 : 0;
	return vm->crashes < CRASHES_MAX ? VM_ACTION_RESTART : VM_ACTION_STOP;
}

enum vm_action vm_fault(struct vm *vm)
{
	enum vm_action action;

	spin_lock(&vm->lock);
	if (has_crashed(vm)) {
		action = VM_ACTION_PAUSE;
	} else if (is_live(vm)) {
		action = crash_action(vm);
		act(vm, VM_END_FAULT, action);
	} else {
		action = vm->state == VM_RESETTING ? VM_ACTION_RESTART : VM_ACTION_STOP;
	}
	spin_unlock(&vm->lock);
	return action;
}

/* ---- the console ---- */

enum status vm_stop(struct vm *vm)
{
	enum status status = OK;
	bool last = false;

	spin_lock(&vm->lock);
	if (is_live(vm)) {
		leave(vm, VM_STOPPING, VM_END_STOPPED);
	} else if (vm->state == VM_LOADING || vm->state == VM_RESETTING) {
		/* The job, when it is there, gives back what it has filled. */
		vm->memory_step = MEMORY_EMPTY;
		vm->end = VM_END_STOPPED;
		lifecycle_set_state(vm, VM_STOPPING);
	} else if (vm->state == VM_WAITING) {
		timer_disarm(&vm->start_timer);
		last = lifecycle_set_stopped(vm);
	} else if (vm->state == VM_STOPPED && vm->start_after) {
		vm->start_after = NULL;
	} else {
		status = ERR_BUSY;
	}
	spin_unlock(&vm->lock);
	if (last)
		lifecycle_all_stopped();
	return status;
}

/* STOPPING, but on second thoughts. */
static void turn_round(struct vm *vm)
{
	lifecycle_set_state(vm, vm->live_vcpus ? VM_RESETTING : VM_LOADING);
}

enum status vm_restart(struct vm *vm)
{
	enum status status = OK;
	bool load = false;

	spin_lock(&vm->lock);
	vm->crashes = 0;
	if (is_live(vm)) {
		leave(vm, VM_RESETTING, VM_END_RESET);
	} else if (vm->state == VM_STOPPED || vm->state == VM_WAITING) {
		lifecycle_begin_loading(vm);
		load = true;
	} else if (vm->state == VM_STOPPING) {
		turn_round(vm);
	} else {
		status = ERR_BUSY;
	}
	spin_unlock(&vm->lock);
	if (load)
		lifecycle_start_job(vm);
	return status;
}

/* ---- vCPUs that leave ---- */

/* Every vCPU has called CPU_OFF: nobody is left who could switch one on. */
static void all_are_off(struct vm *vm)
{
	bool restart = vm->policy.on_off == VM_ACTION_RESTART && !has_crashed(vm);

	log_info("VM %s: all its vCPUs are off", vm->name);
	if (vm->end == VM_END_NONE)
		vm->end = VM_END_POWER_OFF;
	lifecycle_set_state(vm, restart ? VM_RESETTING : VM_STOPPING);
}

/* A VM that was switched off has no memory any more; one that protects it must not keep it. */
static bool keeps_memory(const struct vm *vm)
{
	if (READ_ONCE(vm->memory_protected))
		return false;
	return vm->policy.keep_memory && vm->end != VM_END_POWER_OFF && vm->end != VM_END_STOPPED;
}

/* The last vCPU is OFF: what comes next is the job's. */
static void last_has_left(struct vm *vm)
{
	if (is_live(vm))
		all_are_off(vm);
	vm->memory_step = MEMORY_EMPTY;
	if (vm->state == VM_STOPPING)
		return;
	if (keeps_memory(vm))
		vm->memory_step = MEMORY_CLEAN;
	vm->load_position = 0;
	lifecycle_set_state(vm, VM_LOADING);
}

static void vcpu_leaves(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	bool last;

	sched_power_off(vcpu);
	spin_lock(&vm->lock);
	last = --vm->live_vcpus == 0;
	if (last)
		last_has_left(vm);
	else
		check_paused(vm);
	spin_unlock(&vm->lock);
	if (last)
		lifecycle_start_job(vm);
}

void vm_vcpu_stopped(struct vcpu *vcpu)
{
	vcpu_leaves(vcpu);
}

void vm_vcpu_off(struct vcpu *vcpu)
{
	vcpu_leaves(vcpu);
}
