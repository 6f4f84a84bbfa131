/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of a CPU: whose turn is next, jobs, and waiting when there is nothing to do.
 */
#include "drivers/gic/irq.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/sched_state.h"

/* ---- the next turn ---- */

static __always_inline void begin_turn(struct cpu_queue *queue, struct vcpu *vcpu)
{
	uint64_t end = NO_DEADLINE;

	WRITE_ONCE(vcpu->state, VCPU_RUNNING);
	if (unlikely(READ_ONCE(vcpu->work) & WORK_RESCHED))
		__atomic_fetch_and(&vcpu->work, ~(uint64_t)WORK_RESCHED, __ATOMIC_RELAXED);
	/* Not where there are others; nor need anything be said about that, most of the time. */
	vcpu->exclusive = false;
	if (unlikely(queue->members == 1) || unlikely(queue->exclusive))
		vcpu->exclusive = sched_may_be_exclusive(queue, vcpu);
	vcpu->turns++;
	queue->running = vcpu;
	queue->turn_vtime = vcpu->vruntime;
	queue->turn_rate = vcpu->vtime_rate;
	if (likely(queue->nr_ready != 0) || !list_empty(&queue->jobs))
		end = queue->charged_at + sched_times.slice;
	queue->turn_end = end;
}

/* The lock is held. */
static __always_inline void displace(struct cpu_queue *queue, struct vcpu *vcpu)
{
	sched_charge(queue, vcpu, VCPU_READY);
	vcpu->displaced = true;
	vcpu->preempted++;
}

/* The vCPU that was running, if it still is, goes back into the list. */
static void requeue(struct cpu_queue *queue)
{
	struct vcpu *vcpu;

	spin_lock(&queue->lock);
	vcpu = queue->running;
	if (vcpu) {
		displace(queue, vcpu);
		sched_insert(queue, vcpu);
	}
	spin_unlock(&queue->lock);
}

/* Of the list, and the one that just ran (or NULL), the one whose turn it is; the others are in the
 * list. */
static __always_inline struct vcpu *choose(struct cpu_queue *queue, struct vcpu *ran)
{
	struct vcpu *vcpu = queue->next;
	unsigned nr_ready = queue->nr_ready;

	if (unlikely(nr_ready == 0))
		return ran;
	if (likely(!vcpu)) {
		vcpu = container_of(queue->ready.next, struct vcpu, run_link);
		if (ran && vtime_before(ran->vruntime, vcpu->vruntime))
			return ran;
	} else {
		queue->next = NULL;
	}
	list_remove(&vcpu->run_link);
	if (ran)
		sched_link_in(queue, ran, nr_ready == 1);
	else
		WRITE_ONCE(queue->nr_ready, nr_ready - 1);
	return vcpu;
}

/* Whose turn it is now: it is RUNNING. NULL: nobody's. The one that was running, if it still is, is
 * in the list. */
static __always_inline struct vcpu *next_turn(struct cpu_queue *queue)
{
	struct vcpu *vcpu;

	spin_lock(&queue->lock);
	vcpu = queue->running;
	if (vcpu)
		displace(queue, vcpu);
	vcpu = choose(queue, vcpu);
	if (likely(vcpu))
		begin_turn(queue, vcpu);
	spin_unlock(&queue->lock);
	return vcpu;
}

/* ---- jobs ---- */

static bool has_job(struct cpu_queue *queue)
{
	return unlikely(READ_ONCE(queue->jobs.next) != &queue->jobs);
}

/* One step of the first job, which then goes to the back. */
static void do_job(struct cpu_queue *queue)
{
	struct vcpu *current = this_cpu()->current;
	struct sched_job *job;

	/* What counts how long it waits does so when it is loaded. */
	if (current && current->on_demand)
		vcpu_put(current);
	requeue(queue);
	spin_lock(&queue->lock);
	job = container_of(queue->jobs.next, struct sched_job, link);
	list_remove(&job->link);
	spin_unlock(&queue->lock);
	if (job->step(job)) {
		spin_lock(&queue->lock);
		list_push_back(&queue->jobs, &job->link);
		spin_unlock(&queue->lock);
	}
	queue->charged_at = timer_now();
}

/* ---- the loop ---- */

/* WFE is trapped only where somebody waits who could use the time. */
static void trap_waits(const struct cpu_queue *queue, struct vcpu *vcpu)
{
	uint64_t hcr = (vcpu->hcr & ~(HCR_EL2_TWI | HCR_EL2_TWE)) | vcpu->waits;

	/* One that was signalled has its next WFI trapped, so that it ends. */
	if (!vcpu->exclusive || READ_ONCE(vcpu->signalled))
		hcr |= queue->nr_ready != 0 ? HCR_EL2_TWI | HCR_EL2_TWE : HCR_EL2_TWI;
	if (unlikely(hcr != vcpu->hcr)) {
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
static void wait_for_interrupt(struct cpu_queue *queue)
{
	struct cpu *cpu = this_cpu();

	end_masked_stretch(cpu, false);
	dsb_sy();
	cpu_idle_begin(cpu);
	wfi();
	cpu_idle_end(cpu);
	end_masked_stretch(cpu, true);
	queue->charged_at = timer_now();
}

/* Who gives an idle CPU a vCPU takes the mark away, so that no other does. */
static void idle(struct cpu_queue *queue)
{
	uint64_t bit = BIT(sched_index(queue));

	__atomic_fetch_or(&sched_idle_cpus, bit, __ATOMIC_SEQ_CST);
	dmb_ish();
	if (!sched_steal(queue))
		wait_for_interrupt(queue);
	if (READ_ONCE(sched_idle_cpus) & bit)
		__atomic_fetch_and(&sched_idle_cpus, ~bit, __ATOMIC_SEQ_CST);
	while (irq_take())
		;
}

uint64_t sched_take_wait(struct vcpu *vcpu)
{
	uint64_t began = sched_queue_of(vcpu->cpu)->charged_at, since = vcpu->ready_since;

	/* A CPU that wakes for this vCPU charges it from before it is READY. */
	if (since >= began)
		return 0;
	vcpu->ready_since = began;
	return began - since;
}

struct cpu_queue *sched_own_queue(void)
{
	return sched_queue_of(this_cpu());
}

struct vcpu *sched_turn(struct cpu_queue *queue)
{
	for (;;) {
		bool busy = has_job(queue);
		struct vcpu *vcpu;

		if (busy)
			do_job(queue);
		vcpu = next_turn(queue);
		if (likely(vcpu)) {
			vcpu_load(vcpu);
			trap_waits(queue, vcpu);
			sched_program(queue);
			sched_balance(queue);
			return vcpu;
		}
		if (busy) {
			end_masked_stretch(this_cpu(), false);
			irq_take();
		} else {
			idle(queue);
		}
	}
}
