/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/sched.h"
#include "drivers/gic/gicv3_cpu.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/lock.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/panic.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"

struct cpu_queue {
	struct spinlock lock;
	struct list ready; /* vCPUs that are READY, the next one first */
	struct list jobs;
	struct vcpu *running; /* whose turn it is; NULL: idle */
	unsigned placed;      /* vCPUs that belong to this CPU */
	unsigned live;        /* of them, those that are not OFF */
	struct soft_timer slice;
	bool slice_armed;
};

static struct cpu_queue queues[MAX_CPUS];
static struct spinlock placement_lock;

static struct cpu_queue *queue_of(const struct cpu *cpu)
{
	return &queues[cpu->index];
}

static void slice_over(struct soft_timer *timer)
{
	struct cpu_queue *queue = container_of(timer, struct cpu_queue, slice);

	queue->slice_armed = false;
	if (queue->running)
		vcpu_request_local(queue->running, WORK_RESCHED);
}

/* The interrupt itself is the message: what is to be done is in vcpu->work or in the queue. */
static void kicked(void *context, uint32_t intid)
{
	(void)context;
	(void)intid;
}

void sched_init_cpu(void)
{
	struct cpu_queue *queue = queue_of(this_cpu());

	list_init(&queue->ready);
	list_init(&queue->jobs);
	soft_timer_init(&queue->slice, slice_over);
	if (this_cpu()->index == 0 && irq_register(SGI_KICK, kicked, NULL, IRQ_NORMAL) != OK)
		panic("the SGI for kicks is taken");
}

void sched_kick(struct cpu *cpu)
{
	gicv3_send_sgi(cpu->kick);
}

void sched_place(struct vm *vm)
{
	spin_lock(&placement_lock);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		unsigned best = 0;

		for (unsigned c = 1; c < nr_cpus; c++) {
			if (cpus[c].online && queues[c].placed < queues[best].placed)
				best = c;
		}
		queues[best].placed++;
		vm->vcpus[i]->cpu = &cpus[best];
	}
	spin_unlock(&placement_lock);
}

void sched_unplace(struct vm *vm)
{
	spin_lock(&placement_lock);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i] && vm->vcpus[i]->cpu)
			queue_of(vm->vcpus[i]->cpu)->placed--;
	}
	spin_unlock(&placement_lock);
}

/* Puts a vCPU at the front, and lets the CPU know. The queue's lock is held. */
static void make_ready(struct cpu_queue *queue, struct vcpu *vcpu)
{
	struct vcpu *running = queue->running;

	vcpu->state = VCPU_READY;
	list_insert_before(queue->ready.next, &vcpu->run_link);
	if (running)
		vcpu_request_local(running, WORK_RESCHED);
}

/* A paused one leaves for nothing but its end; what else is asked of it waits in vcpu->work. */
static bool wakes_for(enum vcpu_state state, uint64_t work)
{
	return state == VCPU_BLOCKED || (state == VCPU_PAUSED && (work & WORK_STOP));
}

static void wake(struct vcpu *vcpu)
{
	struct cpu_queue *queue = queue_of(vcpu->cpu);
	bool woken = false;

	spin_lock(&queue->lock);
	if (wakes_for(vcpu->state, READ_ONCE(vcpu->work))) {
		make_ready(queue, vcpu);
		woken = true;
	}
	spin_unlock(&queue->lock);
	if (woken && vcpu->cpu != this_cpu())
		sched_kick(vcpu->cpu);
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	enum vcpu_state state;

	__atomic_fetch_or(&vcpu->work, work, __ATOMIC_SEQ_CST);
	dmb_ish();
	state = READ_ONCE(vcpu->state);
	if (state == VCPU_RUNNING) {
		if (vcpu->cpu != this_cpu())
			sched_kick(vcpu->cpu);
	} else if (wakes_for(state, work)) {
		wake(vcpu);
	}
}

void vcpu_wake(struct vcpu *vcpu)
{
	vcpu_request(vcpu, WORK_WAKE);
}

bool sched_block(struct vcpu *vcpu)
{
	struct cpu_queue *queue = queue_of(vcpu->cpu);
	bool blocked = false;

	spin_lock(&queue->lock);
	WRITE_ONCE(vcpu->state, VCPU_BLOCKED);
	dmb_ish();
	if (READ_ONCE(vcpu->work) & ~(uint64_t)WORK_RESCHED)
		WRITE_ONCE(vcpu->state, VCPU_RUNNING);
	else
		blocked = true;
	spin_unlock(&queue->lock);
	return blocked;
}

/* The one that has the CPU alone notices when that is over: its WFI must be trapped from now on. */
void sched_power_on(struct vcpu *vcpu)
{
	struct cpu_queue *queue = queue_of(vcpu->cpu);

	spin_lock(&queue->lock);
	queue->live++;
	make_ready(queue, vcpu);
	spin_unlock(&queue->lock);
	if (vcpu->cpu != this_cpu())
		sched_kick(vcpu->cpu);
}

void sched_power_off(struct vcpu *vcpu)
{
	struct cpu_queue *queue = queue_of(vcpu->cpu);

	vcpu_put(vcpu);
	spin_lock(&queue->lock);
	queue->live--;
	WRITE_ONCE(vcpu->state, VCPU_OFF);
	spin_unlock(&queue->lock);
}

bool sched_pause(struct vcpu *vcpu)
{
	struct cpu_queue *queue = queue_of(vcpu->cpu);
	bool paused;

	vcpu_put(vcpu);
	spin_lock(&queue->lock);
	WRITE_ONCE(vcpu->state, VCPU_PAUSED);
	dmb_ish();
	paused = !(READ_ONCE(vcpu->work) & WORK_STOP);
	if (!paused)
		WRITE_ONCE(vcpu->state, VCPU_RUNNING);
	spin_unlock(&queue->lock);
	return paused;
}

void sched_unpause(struct vcpu *vcpu)
{
	struct cpu_queue *queue = queue_of(vcpu->cpu);
	bool ready = false;

	spin_lock(&queue->lock);
	if (vcpu->state == VCPU_PAUSED) {
		make_ready(queue, vcpu);
		ready = true;
	}
	spin_unlock(&queue->lock);
	if (ready && vcpu->cpu != this_cpu())
		sched_kick(vcpu->cpu);
}

void sched_add_job(struct cpu *cpu, struct sched_job *job)
{
	struct cpu_queue *queue = queue_of(cpu);

	spin_lock(&queue->lock);
	list_push_back(&queue->jobs, &job->link);
	if (queue->running)
		vcpu_request_local(queue->running, WORK_RESCHED);
	spin_unlock(&queue->lock);
	if (cpu != this_cpu())
		sched_kick(cpu);
}

/* One step of the first job, which then goes to the back. False: there was none. */
static bool do_job(struct cpu_queue *queue)
{
	struct sched_job *job;

	spin_lock(&queue->lock);
	if (list_empty(&queue->jobs)) {
		spin_unlock(&queue->lock);
		return false;
	}
	job = container_of(queue->jobs.next, struct sched_job, link);
	list_remove(&job->link);
	spin_unlock(&queue->lock);
	if (job->step(job)) {
		spin_lock(&queue->lock);
		list_push_back(&queue->jobs, &job->link);
		spin_unlock(&queue->lock);
	}
	return true;
}

static struct vcpu *pick(struct cpu_queue *queue)
{
	struct vcpu *vcpu = NULL;

	spin_lock(&queue->lock);
	if (!list_empty(&queue->ready)) {
		vcpu = container_of(queue->ready.next, struct vcpu, run_link);
		list_remove(&vcpu->run_link);
		WRITE_ONCE(vcpu->state, VCPU_RUNNING);
		__atomic_fetch_and(&vcpu->work, ~(uint64_t)WORK_RESCHED, __ATOMIC_RELAXED);
		vcpu->exclusive = queue->live == 1 && list_empty(&queue->jobs);
	}
	queue->running = vcpu;
	spin_unlock(&queue->lock);
	return vcpu;
}

static void arm_slice(struct cpu_queue *queue, const struct vcpu *vcpu)
{
	if (vcpu->exclusive) {
		if (queue->slice_armed)
			timer_disarm(&queue->slice);
		queue->slice_armed = false;
		return;
	}
	timer_arm(&queue->slice, timer_now() + timer_ms_to_ticks(SCHED_SLICE_MS));
	queue->slice_armed = true;
}

/* Its turn is over: to the back if it is still able to run. */
static void unpick(struct cpu_queue *queue, struct vcpu *vcpu)
{
	spin_lock(&queue->lock);
	if (vcpu->state == VCPU_RUNNING) {
		WRITE_ONCE(vcpu->state, VCPU_READY);
		list_push_back(&queue->ready, &vcpu->run_link);
	}
	queue->running = NULL;
	spin_unlock(&queue->lock);
}

static void trap_wfi(struct vcpu *vcpu, bool trap)
{
	uint64_t hcr = trap ? vcpu->hcr | HCR_EL2_TWI : vcpu->hcr & ~HCR_EL2_TWI;

	if (hcr != vcpu->hcr) {
		/* A virtual SError that the guest has taken must not become pending again. */
		hcr &= ~HCR_EL2_VSE | read_sysreg(HCR_EL2);
		vcpu->hcr = hcr;
		write_sysreg(hcr, HCR_EL2);
	}
}

/*
 * lintel.measure=masked: pending interrupts are looked at here, so a stretch without them ends.
 * exit_time is 0 when nobody measures.
 */
static void end_masked_stretch(struct cpu *cpu, bool waited)
{
	uint64_t now;

	if (likely(cpu->exit_time == 0))
		return;
	now = timer_now();
	if (!waited)
		cpu->longest_masked = MAX(cpu->longest_masked, now - cpu->exit_time);
	cpu->exit_time = now;
}

/* Nothing to run: waits for an interrupt and takes it. WFI wakes for one that is masked, so none is
 * missed. */
static void idle(void)
{
	end_masked_stretch(this_cpu(), false);
	dsb_sy();
	wfi();
	end_masked_stretch(this_cpu(), true);
	while (irq_take())
		;
}

__noreturn void sched_loop(void (*run)(struct vcpu *vcpu))
{
	struct cpu_queue *queue = queue_of(this_cpu());

	for (;;) {
		bool busy = do_job(queue);
		struct vcpu *vcpu = pick(queue);

		if (!vcpu) {
			if (busy) {
				end_masked_stretch(this_cpu(), false);
				irq_take();
			} else {
				idle();
			}
			continue;
		}
		vcpu_load(vcpu);
		trap_wfi(vcpu, !vcpu->exclusive);
		arm_slice(queue, vcpu);
		run(vcpu);
		unpick(queue, vcpu);
	}
}
