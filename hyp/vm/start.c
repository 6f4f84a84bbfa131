/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a VM starts, what it may wait for before, and the job that loads it and that gives its memory
 * back; the picture is in vm.h.
 */
#include "drivers/pmu/pmu.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/cache.h"
#include "hyp/base/panic.h"
#include "hyp/vm/lifecycle.h"
#include "hyp/vm/sched.h"
#include "mm/phys.h"

void (*vm_all_stopped)(void);

/* A step of cleaning: so much memory, or so many windows that were never touched. */
#define CLEAN_BYTES KIB(512)
#define CLEAN_HOLES 128

/* Of two VMs that stop at the same time one is the last. */
static struct spinlock stop_lock;

/* ---- the end of the last ---- */

bool lifecycle_set_stopped(struct vm *vm)
{
	bool last = true;

	spin_lock(&stop_lock);
	lifecycle_set_state(vm, VM_STOPPED);
	for (unsigned i = 0; last && i < nr_vms; i++)
		last = READ_ONCE(vms[i]->state) == VM_STOPPED;
	spin_unlock(&stop_lock);
	return last;
}

void lifecycle_all_stopped(void)
{
	if (vm_all_stopped)
		vm_all_stopped();
}

/* ---- VMs that wait for another one ---- */

enum event { HAS_STARTED, HAS_ENDED };

/* `event` has come for one VM; does it start this one, which waits for it? */
static void tell(struct vm *waiting, const struct vm *other, enum event event)
{
	bool when_running = waiting->policy.start_when_running;
	enum status status;
	bool mine;

	spin_lock(&waiting->lock);
	mine = waiting->start_after == other && (event == HAS_ENDED || when_running);
	if (mine)
		waiting->start_after = NULL;
	spin_unlock(&waiting->lock);
	if (!mine)
		return;
	if (event == HAS_ENDED && when_running) {
		log_error("VM %s is not started: VM %s, for whose start it waits, has ended "
			  "without one",
			waiting->name, other->name);
		return;
	}
	status = vm_autostart(waiting);
	if (status != OK)
		log_error("VM %s is not started: %s", waiting->name, status_name(status));
}

static void tell_all(const struct vm *other, enum event event)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		if (READ_ONCE(vms[i]->start_after) == other)
			tell(vms[i], other, event);
	}
}

/* ---- the job ---- */

/* Everything is in place: vCPU 0 begins. False: it was stopped meanwhile. */
static bool run(struct vm *vm)
{
	enum status status;

	if (vm_count_instructions && !pmu_count_start())
		log_warn("no performance monitors to count instructions with");
	spin_lock(&vm->lock);
	if (vm->state != VM_LOADING || vm->memory_step != MEMORY_READY) {
		spin_unlock(&vm->lock);
		return false;
	}
	vm->started_at = timer_now();
	/* From its first start: over a restart its counter runs on, as a machine's does. A guest
	 * hypervisor gives its own guests offsets from the physical counter (hyp/nested/timer.h).
	 */
	if (vm->boots == 0 && !vm->policy.virtual_el2)
		vm->cntvoff = vm->started_at;
	vm->boots++;
	vm->end = VM_END_NONE;
	lifecycle_set_state(vm, VM_RUNNING);
	status = vcpu_boot_locked(vm->vcpus[0]);
	spin_unlock(&vm->lock);
	if (status != OK)
		panic("vCPU 0 of VM %s is not off", vm->name);
	tell_all(vm, HAS_STARTED);
	return true;
}

/* A step of LOADING. False: it runs, the job is done. */
static bool load(struct vm *vm)
{
	uint64_t begin = timer_now();
	bool done = false;
	enum status status = vm->load_step(vm, &vm->load_position, &done);

	vm->load_ticks += timer_now() - begin;
	if (status == OK)
		return !done || !run(vm);
	log_error("VM %s: its images can't be loaded: %s", vm->name, status_name(status));
	spin_lock(&vm->lock);
	if (vm->state == VM_LOADING) {
		vm->end = VM_END_FAULT;
		vm->memory_step = MEMORY_EMPTY;
		lifecycle_set_state(vm, VM_STOPPING);
	}
	spin_unlock(&vm->lock);
	return true;
}

/* The last step of STOPPING. False: it has stopped, the job is done. */
static bool stop(struct vm *vm)
{
	bool stopped, last = false;

	/* Before it has stopped, so that it isn't the last one while another is about to start. */
	tell_all(vm, HAS_ENDED);
	spin_lock(&vm->lock);
	stopped = vm->state == VM_STOPPING;
	if (stopped)
		last = lifecycle_set_stopped(vm);
	spin_unlock(&vm->lock);
	if (last)
		lifecycle_all_stopped();
	return !stopped;
}

/* on-reset = "keep": a guest that begins with its caches off finds what it had in them. */
static bool clean_step(struct vm *vm)
{
	for (unsigned i = 0; i < CLEAN_HOLES && vm->load_position < vm->ram_size; i++) {
		uint64_t at = vm->load_position;
		struct stage2_page page;

		if (!stage2_lookup(&vm->stage2, IPA(vm->ram_base.ipa + at), &page)) {
			vm->load_position = at - at % BLOCK_SIZE + BLOCK_SIZE;
			continue;
		}
		page.left = MIN(page.left, CLEAN_BYTES);
		cache_clean_invalidate(pa_to_ptr(page.pa), page.left);
		vm->load_position += page.left;
		break;
	}
	return vm->load_position >= vm->ram_size;
}

/* What comes before the images, or before the end. */
static void memory_step(struct vm *vm, enum vm_memory_step step)
{
	bool done = step == MEMORY_EMPTY ? stage2_empty_step(&vm->stage2) : clean_step(vm);

	if (!done)
		return;
	vm->load_position = 0;
	spin_lock(&vm->lock);
	/* Unless it was told to stop, and all of it is to go. */
	if (vm->memory_step == step)
		vm->memory_step = MEMORY_READY;
	spin_unlock(&vm->lock);
}

static bool job_step(struct sched_job *job)
{
	struct vm *vm = container_of(job, struct vm, load_job);
	enum vm_memory_step step;
	enum vm_state state;

	/* First of all the parts, one at a time. */
	if (vm->parts_reset < NR_PARTS) {
		const struct vm_part *part = &vm_parts[vm->parts_reset++];

		if (part->reset)
			part->reset(vm);
		return true;
	}
	spin_lock(&vm->lock);
	step = vm->memory_step;
	state = vm->state;
	spin_unlock(&vm->lock);
	if (step != MEMORY_READY) {
		memory_step(vm, step);
		return true;
	}
	return state == VM_LOADING ? load(vm) : stop(vm);
}

void lifecycle_start_job(struct vm *vm)
{
	vm->parts_reset = 0;
	vm->load_ticks = 0;
	vm->load_job.step = job_step;
	list_init(&vm->load_job.link);
	sched_add_job(vm->vcpus[0]->cpu, &vm->load_job);
}

/* ---- starting ---- */

void lifecycle_begin_loading(struct vm *vm)
{
	if (vm->state == VM_WAITING)
		timer_disarm(&vm->start_timer);
	vm->start_after = NULL;
	/* It has given all back when it stopped. */
	vm->memory_step = MEMORY_READY;
	vm->load_position = 0;
	lifecycle_set_state(vm, VM_LOADING);
}

enum status vm_start(struct vm *vm)
{
	spin_lock(&vm->lock);
	if (vm->state != VM_STOPPED && vm->state != VM_WAITING) {
		spin_unlock(&vm->lock);
		return ERR_BUSY;
	}
	vm->crashes = 0;
	lifecycle_begin_loading(vm);
	spin_unlock(&vm->lock);
	lifecycle_start_job(vm);
	return OK;
}

/* The delay is over: unless somebody was faster. */
static bool start_step(struct sched_job *job)
{
	struct vm *vm = container_of(job, struct vm, start_job);
	bool mine;

	spin_lock(&vm->lock);
	mine = vm->state == VM_WAITING;
	if (mine)
		lifecycle_begin_loading(vm);
	spin_unlock(&vm->lock);
	if (mine)
		lifecycle_start_job(vm);
	return false;
}

static void delay_over(struct soft_timer *timer)
{
	struct vm *vm = container_of(timer, struct vm, start_timer);

	vm->start_job.step = start_step;
	list_init(&vm->start_job.link);
	sched_add_job(this_cpu(), &vm->start_job);
}

enum status vm_autostart(struct vm *vm)
{
	uint64_t delay = vm->policy.start_delay_ms;
	bool stopped;

	if (delay == 0)
		return vm_start(vm);
	spin_lock(&vm->lock);
	stopped = vm->state == VM_STOPPED;
	if (stopped) {
		vm->start_after = NULL;
		lifecycle_set_state(vm, VM_WAITING);
		soft_timer_init(&vm->start_timer, delay_over);
		timer_arm(&vm->start_timer, timer_now() + timer_ms_to_ticks(delay));
	}
	spin_unlock(&vm->lock);
	return stopped ? OK : ERR_BUSY;
}
