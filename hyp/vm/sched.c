/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a vCPU's state becomes. Queues: sched_queue.c; from one to another: sched_balance.c; a CPU's
 * loop: sched_turn.c.
 */
#include "drivers/gic/gicv3_cpu.h"
#include "drivers/gic/irq.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/panic.h"
#include "hyp/vm/sched_state.h"

/*
 * The interrupt itself is the message: what is to be done is in vcpu->work or in the queue, where
 * the end of the turn may have been brought forward.
 */
static void kicked(void *context, uint32_t intid)
{
	(void)context;
	(void)intid;
	sched_program(sched_queue_of(this_cpu()));
}

void sched_init_cpu(void)
{
	sched_queue_init(sched_queue_of(this_cpu()));
	if (this_cpu()->index == 0 && irq_register(SGI_KICK, kicked, NULL, IRQ_NORMAL) != OK)
		panic("the SGI for kicks is taken");
}

void sched_kick(struct cpu *cpu)
{
	gicv3_send_sgi(cpu->kick);
}

/* ---- states ---- */

/* A paused one leaves for nothing but its end; what else is asked of it waits in vcpu->work. */
static bool wakes_for(enum vcpu_state state, uint64_t work)
{
	return state == VCPU_BLOCKED || (state == VCPU_PAUSED && (work & WORK_STOP));
}

static void wake(struct vcpu *vcpu)
{
	struct cpu_queue *home = sched_lock_home(vcpu);

	if (!wakes_for(vcpu->state, READ_ONCE(vcpu->work))) {
		spin_unlock(&home->lock);
		return;
	}
	/*
	 * What this one is woken for may be done already: it blocked once more since that was asked
	 * of it. That doesn't matter to a WFI, but who waits for more must look.
	 */
	if (unlikely(vcpu->wait_over))
		__atomic_fetch_or(&vcpu->work, WORK_WAKE, __ATOMIC_SEQ_CST);
	sched_make_ready(home, vcpu);
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	enum vcpu_state state;

	__atomic_fetch_or(&vcpu->work, work, __ATOMIC_SEQ_CST);
	dmb_ish();
	state = READ_ONCE(vcpu->state);
	if (state == VCPU_RUNNING) {
		struct cpu *cpu = READ_ONCE(vcpu->cpu);

		if (cpu != this_cpu())
			sched_kick(cpu);
	} else if (wakes_for(state, work)) {
		wake(vcpu);
	}
}

void vcpu_wake(struct vcpu *vcpu)
{
	vcpu_request(vcpu, WORK_WAKE);
}

/* It waits, and belongs to this CPU, whose lock is held, or not: then it may change. */
static bool is_blocked_here(const struct cpu_queue *queue, const struct vcpu *vcpu)
{
	return READ_ONCE(vcpu->state) == VCPU_BLOCKED &&
		sched_queue_of(READ_ONCE(vcpu->cpu)) == queue && !queue->exclusive;
}

/* As sched_make_ready(), but nobody looks for another CPU, nor whose turn it should be now. */
void vcpu_hand_over(struct vcpu *vcpu)
{
	struct cpu_queue *queue = sched_own_queue();
	bool here = false;

	if (likely(is_blocked_here(queue, vcpu))) {
		__atomic_fetch_or(&vcpu->work, WORK_WAKE, __ATOMIC_SEQ_CST);
		spin_lock(&queue->lock);
		here = is_blocked_here(queue, vcpu);
		if (likely(here)) {
			WRITE_ONCE(vcpu->state, VCPU_READY);
			vcpu->displaced = false;
			vcpu->wakes++;
			trace_vcpu(vcpu, TRACE_WAKE, vcpu->cpu->index);
			sched_enqueue_next(queue, vcpu, SCHED_CREDIT_WAKE * sched_times.v_slice);
		}
		spin_unlock(&queue->lock);
	}
	if (unlikely(!here))
		vcpu_wake(vcpu);
}

bool vcpu_signal(struct vcpu *vcpu)
{
	struct cpu_queue *home = sched_lock_home(vcpu);
	enum vcpu_state state = vcpu->state;
	bool exclusive = vcpu->exclusive;

	if (state == VCPU_BLOCKED && !vcpu->wait_over) {
		sched_make_ready(home, vcpu);
		return true;
	}
	/* One that waits for more than an interrupt finds out by itself what it is to it. A paused
	 * one may have been between its look at memory and its WFI. */
	if (state != VCPU_OFF)
		WRITE_ONCE(vcpu->signalled, true);
	spin_unlock(&home->lock);
	if (state != VCPU_RUNNING && state != VCPU_BLOCKED)
		return state != VCPU_OFF;
	/* Out of an untrapped WFI; or, if it isn't in one yet, its WFI is to be trapped:
	 * trap_waits(). */
	vcpu_request(vcpu, exclusive ? WORK_WAKE | WORK_RESCHED : WORK_WAKE);
	return true;
}

/* The state becomes that, unless one of `against` is asked of the vCPU. */
static bool leave_for(struct vcpu *vcpu, enum vcpu_state state, uint64_t against)
{
	struct cpu_queue *queue = sched_queue_of(vcpu->cpu);
	bool leaves;

	spin_lock(&queue->lock);
	WRITE_ONCE(vcpu->state, state);
	dmb_ish();
	leaves = !(READ_ONCE(vcpu->work) & against);
	if (leaves)
		sched_end_turn(queue, vcpu, state);
	else
		WRITE_ONCE(vcpu->state, VCPU_RUNNING);
	spin_unlock(&queue->lock);
	return leaves;
}

bool sched_block(struct vcpu *vcpu)
{
	/* What was written before the signal is seen by the guest that it wakes; and one that comes
	 * meanwhile is not overwritten. */
	if (unlikely(READ_ONCE(vcpu->signalled)) && !vcpu->wait_over &&
		__atomic_exchange_n(&vcpu->signalled, false, __ATOMIC_ACQUIRE))
		return false;
	if (!leave_for(vcpu, VCPU_BLOCKED, ~(uint64_t)WORK_RESCHED))
		return false;
	trace_vcpu(vcpu, TRACE_BLOCK, vcpu->regs.pc);
	return true;
}

bool sched_pause(struct vcpu *vcpu)
{
	vcpu_put(vcpu);
	return leave_for(vcpu, VCPU_PAUSED, WORK_STOP);
}

void sched_unpause(struct vcpu *vcpu)
{
	struct cpu_queue *home = sched_lock_home(vcpu);

	if (vcpu->state == VCPU_PAUSED)
		sched_make_ready(home, vcpu);
	else
		spin_unlock(&home->lock);
}

void sched_power_on(struct vcpu *vcpu)
{
	vcpu->cpu = sched_choose_start(vcpu);
	vcpu->displaced = false;
	vcpu->ready_since = 0;
	WRITE_ONCE(vcpu->state, VCPU_READY);
	sched_deliver(vcpu, SCHED_CREDIT_WAKE * sched_times.v_slice);
}

void sched_power_off(struct vcpu *vcpu)
{
	struct cpu_queue *queue = sched_queue_of(vcpu->cpu);

	vcpu_put(vcpu);
	spin_lock(&queue->lock);
	sched_part(queue);
	sched_end_turn(queue, vcpu, VCPU_OFF);
	spin_unlock(&queue->lock);
}

bool sched_yield_to_sibling(struct vcpu *vcpu)
{
	struct cpu_queue *queue = sched_queue_of(vcpu->cpu);
	struct vcpu *sibling = NULL;

	if (queue->nr_ready == 0)
		return false;
	spin_lock(&queue->lock);
	list_for_each (link, &queue->ready) {
		struct vcpu *other = container_of(link, struct vcpu, run_link);

		if (other->vm == vcpu->vm && other->displaced) {
			sibling = other;
			break;
		}
	}
	if (sibling) {
		queue->next = sibling;
		vcpu_request_local(vcpu, WORK_RESCHED);
	}
	spin_unlock(&queue->lock);
	return sibling != NULL;
}

/* ---- jobs ---- */

void sched_add_job(struct cpu *cpu, struct sched_job *job)
{
	struct cpu_queue *queue = sched_queue_of(cpu);

	spin_lock(&queue->lock);
	list_push_back(&queue->jobs, &job->link);
	if (queue->running)
		vcpu_request_local(queue->running, WORK_RESCHED);
	spin_unlock(&queue->lock);
	if (cpu != this_cpu())
		sched_kick(cpu);
}
