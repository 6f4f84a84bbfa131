/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one state of a VM to the next; the picture is in vm.h.
 */
#include "drivers/pmu/pmu.h"
#include "drivers/timer/timer.h"
#include "hyp/base/panic.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/vm.h"

void (*vm_all_stopped)(void);
bool vm_count_instructions;

/* A VM has stopped: others may have waited for that. */
static void start_waiting(const struct vm *stopped)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		enum status status;

		if (vms[i]->start_after != stopped)
			continue;
		vms[i]->start_after = NULL;
		status = vm_start(vms[i]);
		if (status != OK)
			log_error("VM %s is not started: %s", vms[i]->name, status_name(status));
	}
}

static void after_stop(const struct vm *stopped)
{
	start_waiting(stopped);
	for (unsigned i = 0; i < nr_vms; i++) {
		if (READ_ONCE(vms[i]->state) != VM_STOPPED)
			return;
	}
	if (vm_all_stopped)
		vm_all_stopped();
}

/* Everything is in place: vCPU 0 begins. */
static void run(struct vm *vm)
{
	enum status status;

	/* From its first start: over a restart its counter runs on, as a machine's does. */
	if (vm->boots == 0)
		vm->cntvoff = timer_now();
	vm->boots++;
	if (vm_count_instructions && !pmu_count_start())
		log_warn("no performance monitors to count instructions with");
	spin_lock(&vm->lock);
	vm->state = VM_RUNNING;
	vm->end = VM_END_NONE;
	status = vcpu_power_on_locked(vm->vcpus[0], vm->entry.pc, vm->entry.x0);
	spin_unlock(&vm->lock);
	if (status != OK)
		panic("vCPU 0 of VM %s is not off", vm->name);
}

/* One step: first the memory of the time before is given back, then the images are loaded. */
static bool load_step(struct sched_job *job)
{
	struct vm *vm = container_of(job, struct vm, load_job);
	uint64_t begin = timer_now();
	bool done = false;
	enum status status;

	if (!vm->emptied) {
		vm->emptied = stage2_empty_step(&vm->stage2);
		return true;
	}
	status = vm->load_step(vm, &vm->load_position, &done);
	vm->load_ticks += timer_now() - begin;
	if (status != OK) {
		log_error("VM %s: its images can't be loaded: %s", vm->name, status_name(status));
		vm->end = VM_END_FAULT;
		WRITE_ONCE(vm->state, VM_STOPPED);
		after_stop(vm);
		return false;
	}
	if (done)
		run(vm);
	return !done;
}

/* The VM's state is LOADING: no vCPU of it exists for anybody. */
static void load(struct vm *vm)
{
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].reset)
			vm_parts[i].reset(vm);
	}
	/* The first time there is nothing to be given back. */
	vm->emptied = vm->boots == 0;
	vm->load_position = 0;
	vm->load_ticks = 0;
	vm->load_job.step = load_step;
	list_init(&vm->load_job.link);
	sched_add_job(vm->vcpus[0]->cpu, &vm->load_job);
}

enum status vm_start(struct vm *vm)
{
	spin_lock(&vm->lock);
	if (vm->state != VM_STOPPED) {
		spin_unlock(&vm->lock);
		return ERR_BUSY;
	}
	vm->state = VM_LOADING;
	spin_unlock(&vm->lock);
	load(vm);
	return OK;
}

static void leave(struct vm *vm, enum vm_state next, enum vm_end end)
{
	if (vm_count_instructions && !pmu_count_read(&vm->instructions))
		vm->instructions = 0;
	spin_lock(&vm->lock);
	if (vm->state == VM_RUNNING) {
		vm->state = next;
		vm->end = end;
		for (unsigned i = 0; i < vm->nr_vcpus; i++)
			vcpu_request(vm->vcpus[i], WORK_STOP);
	}
	spin_unlock(&vm->lock);
}

void vm_power_off(struct vm *vm)
{
	leave(vm, VM_STOPPING, VM_END_POWER_OFF);
}

void vm_reset(struct vm *vm)
{
	leave(vm, VM_RESETTING, VM_END_RESET);
}

void vm_fault(struct vm *vm)
{
	leave(vm, VM_STOPPING, VM_END_FAULT);
}

/* The last vCPU is off: what comes next. */
static void settle(struct vm *vm, enum vm_state state)
{
	if (state == VM_RESETTING) {
		load(vm);
		return;
	}
	after_stop(vm);
}

static void vcpu_leaves(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	enum vm_state state;
	bool last;

	sched_power_off(vcpu);
	spin_lock(&vm->lock);
	state = vm->state;
	last = --vm->live_vcpus == 0;
	if (last && state == VM_RUNNING) {
		/* Every vCPU has called CPU_OFF: nobody is left who could switch one on. */
		log_info("VM %s: all its vCPUs are off", vm->name);
		vm->end = VM_END_POWER_OFF;
	}
	if (last)
		vm->state = state == VM_RESETTING ? VM_LOADING : VM_STOPPED;
	spin_unlock(&vm->lock);
	if (last)
		settle(vm, state);
}

void vm_vcpu_stopped(struct vcpu *vcpu)
{
	vcpu_leaves(vcpu);
}

void vm_vcpu_paused(struct vcpu *vcpu)
{
	sched_pause(vcpu);
}

void vm_vcpu_off(struct vcpu *vcpu)
{
	vcpu_leaves(vcpu);
}
