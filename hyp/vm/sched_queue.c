/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run queue: whose turn it is, and until when.
 */
#include "hyp/arch/cpu.h"
#include "hyp/vm/sched_state.h"

struct cpu_queue sched_queues[MAX_CPUS];
struct sched_times sched_times;

/* Queues with more than one live vCPU, when there was one last, and the CPUs whose vCPU's WFI isn't
 * trapped because there is none (bit n: CPU n). */
static unsigned crowded;
static uint64_t crowded_at;
static uint64_t exclusive_cpus;

/* After a crowd WFI stays trapped so long: who comes and goes all the time costs others little. */
#define LONELY_MS 20

/*
 * On the queue's own CPU: no lock, for whose turn it is changes only here. Who brings the end of
 * the turn forward at this moment sees to it that this CPU looks at it again.
 */
static void slice_over(struct soft_timer *timer)
{
	struct cpu_queue *queue = container_of(timer, struct cpu_queue, slice);
	uint64_t reached = queue->armed;

	queue->armed = NO_DEADLINE;
	/* If it is nobody's turn, the next one sets its own end. */
	if (unlikely(!queue->running))
		return;
	if (likely(READ_ONCE(queue->turn_end) <= reached))
		vcpu_request_local(queue->running, WORK_RESCHED);
	else
		sched_program(queue);
}

void sched_queue_init(struct cpu_queue *queue)
{
	if (queue->members > 1)
		crowded--;
	exclusive_cpus &= ~BIT(sched_index(queue));
	*queue = (struct cpu_queue){ .turn_end = NO_DEADLINE,
		.armed = NO_DEADLINE,
		.charged_at = timer_now(),
		.placed = queue->placed };
	list_init(&queue->ready);
	list_init(&queue->jobs);
	soft_timer_init(&queue->slice, slice_over);
	sched_times.slice = timer_ms_to_ticks(SCHED_SLICE_MS);
	sched_times.take = timer_us_to_ticks(SCHED_TAKE_US);
	sched_times.charge_max = timer_hz();
	sched_times.v_slice = sched_times.slice * VTIME_TICK;
	sched_times.v_granularity = timer_us_to_ticks(SCHED_GRANULARITY_US) * VTIME_TICK;
}

/* ---- virtual time ---- */

/* The furthest reference of all queues: from there an idle CPU goes on. */
static uint64_t furthest(void)
{
	uint64_t reference = READ_ONCE(sched_queues[0].reference);

	for (unsigned i = 1; i < nr_cpus; i++) {
		uint64_t other = READ_ONCE(sched_queues[i].reference);

		if (vtime_before(reference, other))
			reference = other;
	}
	return reference;
}

static void advance(struct cpu_queue *queue, uint64_t now)
{
	uint64_t least;

	if (queue->running)
		least = sched_least_of(queue, sched_running_vtime(queue, now));
	else if (queue->nr_ready != 0)
		least = sched_first_vtime(queue);
	else
		least = furthest();
	sched_advance_to(queue, least);
}

void sched_end_turn(struct cpu_queue *queue, struct vcpu *vcpu, enum vcpu_state state)
{
	sched_charge(queue, vcpu, state);
}

/* ---- the list ---- */

void sched_insert_between(struct cpu_queue *queue, struct vcpu *vcpu)
{
	struct list *position = queue->ready.next;

	while (!vtime_before(
		vcpu->vruntime, container_of(position, struct vcpu, run_link)->vruntime))
		position = position->next;
	list_insert_before(position, &vcpu->run_link);
}

static __always_inline void take(struct cpu_queue *queue, struct vcpu *vcpu)
{
	list_remove(&vcpu->run_link);
	WRITE_ONCE(queue->nr_ready, queue->nr_ready - 1);
	if (unlikely(queue->next == vcpu))
		queue->next = NULL;
}

void sched_take(struct cpu_queue *queue, struct vcpu *vcpu)
{
	take(queue, vcpu);
}

static void limit_lag(const struct cpu_queue *queue, struct vcpu *vcpu, uint64_t credit)
{
	uint64_t rate = MAX(vcpu->vtime_rate, VTIME_TICK);
	uint64_t least = queue->reference - credit;
	uint64_t most = queue->reference + SCHED_CREDIT_MOVE * sched_times.slice * rate;

	if (vtime_before(vcpu->vruntime, least))
		vcpu->vruntime = least;
	else if (vtime_before(most, vcpu->vruntime))
		vcpu->vruntime = most;
}

/* Is it so far behind the running one that it takes the CPU from it? */
static bool takes_turn(const struct cpu_queue *queue, const struct vcpu *vcpu, uint64_t now)
{
	return queue->running &&
		vtime_before(vcpu->vruntime + sched_times.v_granularity,
			sched_running_vtime(queue, now));
}

bool sched_enqueue(struct cpu_queue *queue, struct vcpu *vcpu, uint64_t credit)
{
	uint64_t now = timer_now(), end = queue->charged_at + sched_times.slice;

	if (vcpu->ready_since == 0)
		vcpu->ready_since = now;
	advance(queue, now);
	limit_lag(queue, vcpu, credit);
	if (takes_turn(queue, vcpu, now)) {
		vcpu->vruntime += sched_vtime(sched_times.take, vcpu->vtime_rate);
		end = now;
	}
	sched_insert(queue, vcpu);
	if (!queue->running)
		return true;
	/* Its WFI isn't trapped: it may sleep now. */
	if (queue->exclusive)
		end = now;
	if (end >= queue->turn_end)
		return false;
	WRITE_ONCE(queue->turn_end, end);
	if (end <= now)
		vcpu_request_local(queue->running, WORK_RESCHED);
	else if (queue == sched_queue_of(this_cpu()))
		sched_program(queue);
	return true;
}

void sched_enqueue_next(struct cpu_queue *queue, struct vcpu *vcpu, uint64_t credit)
{
	uint64_t end = queue->charged_at + sched_times.slice;

	vcpu->ready_since = timer_now();
	limit_lag(queue, vcpu, credit);
	sched_insert(queue, vcpu);
	if (end < queue->turn_end) {
		WRITE_ONCE(queue->turn_end, end);
		sched_program(queue);
	}
}

/* ---- alone or not ---- */

void sched_join(struct cpu_queue *queue)
{
	if (++queue->members == 2)
		__atomic_fetch_add(&crowded, 1, __ATOMIC_SEQ_CST);
}

void sched_part(struct cpu_queue *queue)
{
	if (--queue->members != 1)
		return;
	WRITE_ONCE(crowded_at, timer_now());
	__atomic_fetch_sub(&crowded, 1, __ATOMIC_SEQ_CST);
}

static bool is_lonely(const struct cpu_queue *queue)
{
	return queue->members == 1 && READ_ONCE(crowded) == 0 &&
		(READ_ONCE(crowded_at) == 0 ||
			queue->charged_at - READ_ONCE(crowded_at) > timer_ms_to_ticks(LONELY_MS));
}

/* The mark is set before `crowded` is looked at; who crowds a queue counts it before it looks at
 * the marks. */
static __noinline bool change_exclusive(struct cpu_queue *queue, const struct vcpu *vcpu, bool may)
{
	uint64_t bit = BIT(sched_index(queue));

	queue->exclusive = may;
	if (may && !vcpu->vm->sched.pinned) {
		__atomic_fetch_or(&exclusive_cpus, bit, __ATOMIC_SEQ_CST);
		dmb_ish();
		if (READ_ONCE(crowded) != 0)
			may = queue->exclusive = false;
	}
	if (!may)
		__atomic_fetch_and(&exclusive_cpus, ~bit, __ATOMIC_SEQ_CST);
	return may;
}

bool sched_may_be_exclusive(struct cpu_queue *queue, const struct vcpu *vcpu)
{
	bool may = (vcpu->vm->sched.pinned || is_lonely(queue)) && list_empty(&queue->jobs);

	return may == queue->exclusive ? may : change_exclusive(queue, vcpu, may);
}

static void end_exclusive_on(struct cpu_queue *queue)
{
	bool was;

	spin_lock(&queue->lock);
	was = queue->exclusive && queue->running;
	if (was)
		vcpu_request_local(queue->running, WORK_RESCHED);
	__atomic_fetch_and(&exclusive_cpus, ~BIT(sched_index(queue)), __ATOMIC_SEQ_CST);
	queue->exclusive = false;
	spin_unlock(&queue->lock);
	if (was && sched_index(queue) != this_cpu()->index)
		sched_kick(&cpus[sched_index(queue)]);
}

void sched_end_exclusive(void)
{
	uint64_t left;

	dmb_ish();
	if (likely(READ_ONCE(crowded) == 0))
		return;
	left = READ_ONCE(exclusive_cpus);
	for (; left != 0; left &= left - 1)
		end_exclusive_on(&sched_queues[__builtin_ctzll(left)]);
}
