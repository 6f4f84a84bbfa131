/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run queues. Only hyp/vm/sched*.c include this; the rules are in sched.h.
 */
#ifndef HYP_VM_SCHED_STATE_H
#define HYP_VM_SCHED_STATE_H

#include "drivers/timer/timer.h"
#include "hyp/arch/lock.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"

#define NO_DEADLINE UINT64_MAX

/* All under the lock, but: the CPU itself alone changes what is in its second half; and the fields
 * marked "hint" are read by others without it. */
struct cpu_queue {
	struct spinlock lock;
	unsigned nr_ready; /* hint */
	struct list ready; /* vCPUs that are READY, the one furthest behind first */
	struct list jobs;
	struct vcpu *running; /* hint: whose turn it is; NULL: nobody's */
	struct vcpu *next;    /* of the READY ones: to run before those furthest behind */
	uint64_t reference;   /* hint: virtual runtime of the one furthest behind */
	uint64_t turn_end;    /* the counter when the running one must give up the CPU */
	bool exclusive;       /* the running one's WFI isn't trapped */
	unsigned members;     /* hint: live vCPUs that belong to this CPU */
	unsigned placed;      /* vCPUs that begin on this CPU; under the placement lock */

	uint64_t charged_at;  /* hint: the counter when time was charged to somebody last */
	uint64_t turn_vtime;  /* hint: the running one's virtual runtime then */
	uint64_t turn_rate;   /* hint: the running one's vcpu->vtime_rate */
	uint64_t balanced_at; /* when it was looked last whether another CPU is further */
	uint64_t armed;       /* what `slice` is set to */
	struct soft_timer slice;
} __aligned(64);

extern struct cpu_queue sched_queues[MAX_CPUS];

/* Bit n: CPU n waits for an interrupt, and nobody has given it a vCPU since. Atomic. */
extern uint64_t sched_idle_cpus;

/* Bit n: CPU n belongs to a pinned vCPU. */
extern uint64_t sched_pinned_cpus;

/* Ticks, and virtual time (a tick of weight 100 is VTIME_TICK). */
struct sched_times {
	uint64_t slice, take;
	uint64_t charge_max; /* more than that at once is not charged: no product overflows */
	uint64_t v_slice, v_granularity;
};
extern struct sched_times sched_times;

#define VTIME_TICK UINT64_C(1024)

static inline struct cpu_queue *sched_queue_of(const struct cpu *cpu)
{
	return &sched_queues[cpu->index];
}

static inline unsigned sched_index(const struct cpu_queue *queue)
{
	return (unsigned)(queue - sched_queues);
}

/* Virtual times wrap. */
static inline bool vtime_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static inline uint64_t sched_vtime(uint64_t ticks, uint64_t rate)
{
	return MIN(ticks, sched_times.charge_max) * rate;
}

/* The CPUs that a vCPU may use. */
static inline uint64_t sched_allowed(const struct vcpu *vcpu)
{
	return vcpu->vm->sched.pinned ? vcpu->cpus : vcpu->cpus & ~READ_ONCE(sched_pinned_cpus);
}

/* What a vCPU had loaded is in memory when this is false. */
static inline bool sched_is_loaded(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->loaded, __ATOMIC_ACQUIRE);
}

static inline bool sched_is_free(const struct cpu_queue *queue)
{
	return !queue->running && queue->nr_ready == 0;
}

/* ---- sched_queue.c: one queue; its lock is held ---- */

void sched_queue_init(struct cpu_queue *queue);

/* The running one's virtual runtime at `now`. */
static inline uint64_t sched_running_vtime(const struct cpu_queue *queue, uint64_t now)
{
	return queue->turn_vtime + sched_vtime(now - queue->charged_at, queue->turn_rate);
}

static inline uint64_t sched_first_vtime(const struct cpu_queue *queue)
{
	return container_of(queue->ready.next, struct vcpu, run_link)->vruntime;
}

/* `least`: the furthest behind of those that can run. */
static __always_inline void sched_advance_to(struct cpu_queue *queue, uint64_t least)
{
	if (vtime_before(queue->reference, least))
		WRITE_ONCE(queue->reference, least);
}

/* The same of the list and one that isn't in it, whose virtual runtime that is. */
static __always_inline uint64_t sched_least_of(const struct cpu_queue *queue, uint64_t vtime)
{
	if (queue->nr_ready != 0 && vtime_before(sched_first_vtime(queue), vtime))
		return sched_first_vtime(queue);
	return vtime;
}

/* The running one's time until now is charged to it, and its turn is over. */
static __always_inline void sched_charge(
	struct cpu_queue *queue, struct vcpu *vcpu, enum vcpu_state state)
{
	uint64_t now = timer_now(), vtime = sched_running_vtime(queue, now);

	sched_advance_to(queue, sched_least_of(queue, vtime));
	vcpu->run_ticks += now - queue->charged_at;
	vcpu->ready_since = now; /* if that is what it is; in one store with run_ticks */
	vcpu->vruntime = vtime;
	WRITE_ONCE(vcpu->state, state);
	queue->charged_at = now;
	queue->running = NULL;
}

/* The same, for those who are not in a hurry. */
void sched_end_turn(struct cpu_queue *queue, struct vcpu *vcpu, enum vcpu_state state);

/* In front of the first one, from the start, that is further; there is one. */
void sched_insert_between(struct cpu_queue *queue, struct vcpu *vcpu);

/* Into the list, which is empty or not, but for the count of those in it. Most have just run, and
 * go to the back; who has slept goes to the front. */
static __always_inline void sched_link_in(struct cpu_queue *queue, struct vcpu *vcpu, bool empty)
{
	if (!empty &&
		vtime_before(vcpu->vruntime,
			container_of(queue->ready.prev, struct vcpu, run_link)->vruntime))
		sched_insert_between(queue, vcpu);
	else
		list_push_back(&queue->ready, &vcpu->run_link);
}

static inline void sched_insert(struct cpu_queue *queue, struct vcpu *vcpu)
{
	sched_link_in(queue, vcpu, queue->nr_ready == 0);
	WRITE_ONCE(queue->nr_ready, queue->nr_ready + 1);
}

/* Out of the list. */
void sched_take(struct cpu_queue *queue, struct vcpu *vcpu);

/*
 * A vCPU that is READY comes to the queue, as one that was away, with that much virtual time of
 * credit at most. True: the CPU must be kicked, if it isn't this one.
 */
bool sched_enqueue(struct cpu_queue *queue, struct vcpu *vcpu, uint64_t credit) __must_check;

/*
 * The same on the queue's own CPU, where the running one is about to block: the CPU need not look
 * at anything then, and if it doesn't block after all, this one waits for the end of its turn.
 */
void sched_enqueue_next(struct cpu_queue *queue, struct vcpu *vcpu, uint64_t credit);

/* A live vCPU belongs to the queue from now on, or not any more. */
void sched_join(struct cpu_queue *queue);
void sched_part(struct cpu_queue *queue);

/* After something was put into a queue, without its lock: ends what has become wrong. */
void sched_end_exclusive(void);

/* May the vCPU that gets this CPU now have it to itself? From then on it does. */
bool sched_may_be_exclusive(struct cpu_queue *queue, const struct vcpu *vcpu) __must_check;

/* On the queue's own CPU, lock or not: sets the timer for the end of the turn. A timer that is set
 * for an earlier time may stay: when it fires, it is set anew. */
static inline void sched_program(struct cpu_queue *queue)
{
	uint64_t end = READ_ONCE(queue->turn_end);

	if (end >= queue->armed)
		return;
	queue->armed = end;
	timer_arm_own(&queue->slice, end);
}

/* ---- sched_balance.c: between queues; no queue's lock is held but where it says so ---- */

/* Locks the queue to which the vCPU belongs. */
struct cpu_queue *sched_lock_home(struct vcpu *vcpu);

/* A BLOCKED or PAUSED vCPU becomes READY, on the best CPU. Its home's lock is held, and given back.
 */
void sched_make_ready(struct cpu_queue *home, struct vcpu *vcpu);

/* A vCPU that is READY, in no list and whose vcpu->cpu was set, comes to that CPU. */
void sched_deliver(struct vcpu *vcpu, uint64_t credit);

/* The CPU, of those it may use, on which a vCPU that was OFF begins. */
struct cpu *sched_choose_start(const struct vcpu *vcpu);

/* This CPU is idle: takes one that waits elsewhere. */
bool sched_steal(struct cpu_queue *queue);

/* This CPU has waiters, and its next vCPU is loaded: gives away what others should run. */
void sched_give(struct cpu_queue *queue);

static inline void sched_balance(struct cpu_queue *queue)
{
	if (nr_cpus > 1 && queue->nr_ready != 0)
		sched_give(queue);
}

#endif
