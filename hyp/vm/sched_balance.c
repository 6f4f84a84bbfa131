/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between run queues: where a vCPU wakes, and who moves when a CPU has too much or nothing to do.
 */
#include "hyp/arch/cpu.h"
#include "hyp/vm/sched_state.h"

uint64_t sched_idle_cpus;

static struct vcpu *vcpu_at(struct list *link)
{
	return container_of(link, struct vcpu, run_link);
}

struct cpu_queue *sched_lock_home(struct vcpu *vcpu)
{
	struct cpu_queue *queue = sched_queue_of(READ_ONCE(vcpu->cpu));

	spin_lock(&queue->lock);
	while (unlikely(sched_queue_of(READ_ONCE(vcpu->cpu)) != queue)) {
		spin_unlock(&queue->lock);
		queue = sched_queue_of(READ_ONCE(vcpu->cpu));
		spin_lock(&queue->lock);
	}
	return queue;
}

/* Whoever takes the mark away gives the idle CPU something to do. */
static bool claim(unsigned index)
{
	return __atomic_fetch_and(&sched_idle_cpus, ~BIT(index), __ATOMIC_SEQ_CST) & BIT(index);
}

/* An idle CPU of those, claimed, or NULL. */
static struct cpu *claim_idle(uint64_t wanted)
{
	uint64_t idle = READ_ONCE(sched_idle_cpus) & wanted;

	for (; idle != 0; idle &= idle - 1) {
		unsigned index = (unsigned)__builtin_ctzll(idle);

		if (claim(index))
			return &cpus[index];
	}
	return NULL;
}

struct cpu *sched_choose_start(const struct vcpu *vcpu)
{
	uint64_t allowed = sched_allowed(vcpu);
	struct cpu *best = vcpu->cpu;
	unsigned least = allowed & BIT(best->index) ? sched_queue_of(best)->members : UINT32_MAX;

	for (; allowed != 0; allowed &= allowed - 1) {
		struct cpu *cpu = &cpus[__builtin_ctzll(allowed)];
		unsigned members = READ_ONCE(sched_queue_of(cpu)->members);

		if (members < least) {
			best = cpu;
			least = members;
		}
	}
	return best;
}

/* Where the vCPU that wakes runs soonest. Its home's lock is held. */
static struct cpu *choose_wake(const struct vcpu *vcpu, const struct cpu_queue *home)
{
	struct cpu *here = vcpu->cpu, *idle;
	uint64_t allowed;

	if (sched_is_loaded(vcpu))
		return here;
	allowed = sched_allowed(vcpu);
	if (likely(allowed & BIT(here->index))) {
		if (!sched_is_free(home))
			idle = claim_idle(allowed);
		else
			idle = here;
		if (idle == here && (READ_ONCE(sched_idle_cpus) & BIT(here->index)))
			claim(here->index);
		return idle ? idle : here;
	}
	idle = claim_idle(allowed);
	return idle ? idle : sched_choose_start(vcpu);
}

/* Out of its queue, whose lock is held, to be delivered to another. */
static void leave(struct cpu_queue *queue, struct vcpu *vcpu, struct cpu *to)
{
	sched_part(queue);
	WRITE_ONCE(vcpu->cpu, to);
	vcpu->migrations++;
	trace_vcpu(vcpu, TRACE_MIGRATE, to->index);
}

void sched_deliver(struct vcpu *vcpu, uint64_t credit)
{
	struct cpu *cpu = vcpu->cpu;
	struct cpu_queue *queue = sched_queue_of(cpu);
	bool kick;

	spin_lock(&queue->lock);
	sched_join(queue);
	kick = sched_enqueue(queue, vcpu, credit);
	spin_unlock(&queue->lock);
	if (kick && cpu != this_cpu())
		sched_kick(cpu);
	sched_end_exclusive();
}

void sched_make_ready(struct cpu_queue *home, struct vcpu *vcpu)
{
	struct cpu *here = vcpu->cpu, *to = choose_wake(vcpu, home);
	uint64_t credit = SCHED_CREDIT_WAKE * sched_times.v_slice;
	bool kick;

	WRITE_ONCE(vcpu->state, VCPU_READY);
	vcpu->displaced = false;
	vcpu->ready_since = 0;
	vcpu->wakes++;
	trace_vcpu(vcpu, TRACE_WAKE, to->index);
	if (unlikely(to != here)) {
		leave(home, vcpu, to);
		spin_unlock(&home->lock);
		sched_deliver(vcpu, credit);
		return;
	}
	kick = sched_enqueue(home, vcpu, credit);
	spin_unlock(&home->lock);
	if (kick && here != this_cpu())
		sched_kick(here);
}

/* The first in the list that may go to one of these CPUs now. The lock is held. */
static struct vcpu *find_movable(struct cpu_queue *queue, uint64_t to)
{
	list_for_each (link, &queue->ready) {
		struct vcpu *vcpu = vcpu_at(link);

		if ((sched_allowed(vcpu) & to) && !sched_is_loaded(vcpu))
			return vcpu;
	}
	return NULL;
}

/* What a CPU is about to run itself it keeps. The lock is held. */
static bool has_waiters(const struct cpu_queue *queue)
{
	return queue->nr_ready > (queue->running ? 0 : 1);
}

static bool steal_from(struct cpu_queue *queue, struct cpu *cpu)
{
	struct vcpu *vcpu = NULL;

	spin_lock(&queue->lock);
	if (has_waiters(queue))
		vcpu = find_movable(queue, BIT(cpu->index));
	if (vcpu) {
		sched_take(queue, vcpu);
		leave(queue, vcpu, cpu);
	}
	spin_unlock(&queue->lock);
	if (vcpu)
		sched_deliver(vcpu, SCHED_CREDIT_MOVE * sched_times.v_slice);
	return vcpu != NULL;
}

bool sched_steal(struct cpu_queue *queue)
{
	unsigned index = sched_index(queue);

	if (READ_ONCE(sched_pinned_cpus) & BIT(index))
		return false;
	for (unsigned i = 0; i < nr_cpus; i++) {
		if (i != index && unlikely(READ_ONCE(sched_queues[i].nr_ready) != 0) &&
			steal_from(&sched_queues[i], &cpus[index]))
			return true;
	}
	return false;
}

/* Gives one that waits here to an idle CPU. */
static bool give_to_idle(struct cpu_queue *queue)
{
	struct cpu *to = NULL;
	struct vcpu *vcpu;

	spin_lock(&queue->lock);
	vcpu = find_movable(queue, READ_ONCE(sched_idle_cpus));
	if (vcpu)
		to = claim_idle(sched_allowed(vcpu));
	if (to) {
		sched_take(queue, vcpu);
		leave(queue, vcpu, to);
	}
	spin_unlock(&queue->lock);
	if (to)
		sched_deliver(vcpu, SCHED_CREDIT_MOVE * sched_times.v_slice);
	return to != NULL;
}

/* How far all is that is in another queue: hints, so this may be wrong now and then. */
static uint64_t least_vtime(const struct cpu_queue *queue, uint64_t now)
{
	uint64_t since = READ_ONCE(queue->charged_at);

	if (READ_ONCE(queue->nr_ready) != 0)
		return READ_ONCE(queue->reference);
	return READ_ONCE(queue->turn_vtime) +
		sched_vtime(now > since ? now - since : 0, READ_ONCE(queue->turn_rate));
}

/* The CPU, of those, on which all are further than `vtime`, and furthest; NULL: there is none. */
static struct cpu *find_further(uint64_t allowed, uint64_t vtime, uint64_t now)
{
	struct cpu *best = NULL;

	for (; allowed != 0; allowed &= allowed - 1) {
		struct cpu *cpu = &cpus[__builtin_ctzll(allowed)];
		uint64_t least;

		if (cpu == this_cpu() || !READ_ONCE(sched_queue_of(cpu)->running))
			continue;
		least = least_vtime(sched_queue_of(cpu), now);
		if (vtime_before(vtime, least)) {
			vtime = least;
			best = cpu;
		}
	}
	return best;
}

/* Gives the one furthest behind to a CPU on which all have had much more. */
static void give_to_further(struct cpu_queue *queue)
{
	struct cpu *to = NULL;
	struct vcpu *vcpu;

	spin_lock(&queue->lock);
	vcpu = find_movable(queue, ~BIT(this_cpu()->index));
	if (vcpu)
		to = find_further(sched_allowed(vcpu),
			vcpu->vruntime + SCHED_LEAD * sched_times.v_slice, queue->charged_at);
	if (to) {
		sched_take(queue, vcpu);
		leave(queue, vcpu, to);
	}
	spin_unlock(&queue->lock);
	if (to)
		sched_deliver(vcpu, SCHED_CREDIT_MOVE * sched_times.v_slice);
}

void sched_give(struct cpu_queue *queue)
{
	dmb_ish();
	if (unlikely(READ_ONCE(sched_idle_cpus) != 0)) {
		while (queue->nr_ready != 0 && give_to_idle(queue))
			;
	}
	if (queue->charged_at - queue->balanced_at < sched_times.slice)
		return;
	queue->balanced_at = queue->charged_at;
	if (queue->nr_ready != 0)
		give_to_further(queue);
}
