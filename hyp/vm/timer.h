/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Soft timers: any number of deadlines on each CPU's one alarm (EL2's physical timer, CNTHP).
 *
 * A timer belongs to the CPU that armed it, and its function runs there, from the interrupt
 * handler, with interrupts masked and no lock held. Deadlines are ticks of the physical counter.
 */
#ifndef HYP_VM_TIMER_H
#define HYP_VM_TIMER_H

#include "hyp/arch/lock.h"
#include "hyp/base/list.h"
#include "hyp/base/status.h"

struct timer_queue;

struct soft_timer {
	struct list link;
	struct timer_queue *queue; /* NULL: not armed */
	uint64_t deadline;
	void (*fn)(struct soft_timer *timer);
};

/* A timer that isn't armed, and what it will do. */
static inline void soft_timer_init(struct soft_timer *timer, void (*fn)(struct soft_timer *timer))
{
	*timer = (struct soft_timer){ .fn = fn };
}

/*
 * Calls timer->fn on this CPU when the counter reaches `deadline`; from the next interrupt when it
 * has. One that is armed already, here or on another CPU, is moved. The timer must stay where it is
 * until it fired or is disarmed; fn may arm it again. Two CPUs must not arm one timer at the same
 * time.
 */
void timer_arm(struct soft_timer *timer, uint64_t deadline);

/*
 * The same for a timer that only one CPU ever arms, and nobody disarms (the end of a turn): one for
 * each CPU, without list and lock. Moved to a later time, it fires then.
 */
void timer_arm_own(struct soft_timer *timer, uint64_t deadline);

/* Not any more. Nothing for one that isn't armed. From another CPU than its own: fn may be running
 * there right now. */
void timer_disarm(struct soft_timer *timer);

static inline bool timer_armed(const struct soft_timer *timer)
{
	return READ_ONCE(timer->queue) != NULL;
}

/*
 * Boot CPU, once, after timer_init() and gic_init(): registers the interrupt of CNTHP;
 * ERR_NOT_FOUND when the devicetree has none. Then on each CPU, after gic_cpu_init() and
 * timer_cpu_init(): enables it.
 */
enum status timer_queue_init(void) __must_check;
void timer_queue_init_cpu(void);

#endif
