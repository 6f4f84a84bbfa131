/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/timer.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/cpu.h"

/*
 * The timers armed on one CPU, the earliest first. The lock is there for timer_disarm() by other
 * CPUs; all but the list is the CPU's own.
 */
struct timer_queue {
	struct spinlock lock;
	struct list timers;
	uint64_t first;         /* no timer in the list is earlier; TIMER_NEVER: there is none */
	struct soft_timer *own; /* timer_arm_own() */
	uint64_t own_deadline;
	/* What CNTHP is set to: not later than the earliest of all. TIMER_NEVER: it is off. */
	uint64_t alarm;
} __aligned(64);

static struct timer_queue timer_queues[MAX_CPUS];

static struct timer_queue *this_queue(void)
{
	return this_cpu()->timers;
}

static struct soft_timer *timer_of(struct list *link)
{
	return container_of(link, struct soft_timer, link);
}

/* An alarm that is set for an earlier time may stay: it finds nothing, and is set anew. */
static void set_alarm(struct timer_queue *queue, uint64_t deadline)
{
	if (deadline < queue->alarm) {
		queue->alarm = deadline;
		timer_set_deadline(deadline);
	}
}

static void insert(struct timer_queue *queue, struct soft_timer *timer)
{
	struct list *position = queue->timers.next;

	while (position != &queue->timers && timer_of(position)->deadline <= timer->deadline)
		position = position->next;
	list_insert_before(position, &timer->link);
	WRITE_ONCE(timer->queue, queue);
}

static void take_out(struct soft_timer *timer)
{
	list_remove(&timer->link);
	WRITE_ONCE(timer->queue, NULL);
}

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	struct timer_queue *queue = this_queue();

	if (timer->queue && timer->queue != queue)
		timer_disarm(timer);
	spin_lock(&queue->lock);
	if (timer->queue)
		take_out(timer);
	timer->deadline = deadline;
	insert(queue, timer);
	queue->first = timer_of(queue->timers.next)->deadline;
	spin_unlock(&queue->lock);
	set_alarm(queue, queue->first);
	isb();
}

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	struct timer_queue *queue = this_queue();

	queue->own = timer;
	queue->own_deadline = deadline;
	set_alarm(queue, deadline);
}

void timer_disarm(struct soft_timer *timer)
{
	struct timer_queue *queue = READ_ONCE(timer->queue);

	if (!queue)
		return;
	spin_lock(&queue->lock);
	/* Unless it fired meanwhile. */
	if (timer->queue == queue)
		take_out(timer);
	spin_unlock(&queue->lock);
}

static struct soft_timer *take_expired(struct timer_queue *queue)
{
	struct soft_timer *timer = NULL;

	spin_lock(&queue->lock);
	queue->first = TIMER_NEVER;
	if (!list_empty(&queue->timers)) {
		queue->first = timer_of(queue->timers.next)->deadline;
		if (queue->first <= timer_now()) {
			timer = timer_of(queue->timers.next);
			take_out(timer);
		}
	}
	spin_unlock(&queue->lock);
	return timer;
}

/* The alarm of what is left, and the CPU's own timer if it is its time. */
static __always_inline void go_on(struct timer_queue *queue, uint64_t now)
{
	uint64_t own_deadline = queue->own_deadline, alarm;
	bool own = own_deadline <= now;

	if (likely(own))
		queue->own_deadline = own_deadline = TIMER_NEVER;
	queue->alarm = alarm = MIN(queue->first, own_deadline);
	/* The level must go down before the interrupt is deactivated. */
	timer_clear_deadline();
	if (alarm != TIMER_NEVER)
		timer_set_deadline(alarm);
	isb();
	if (likely(own))
		queue->own->fn(queue->own);
}

static __noinline void some_expired(struct timer_queue *queue, uint64_t now)
{
	struct soft_timer *timer;

	while ((timer = take_expired(queue)))
		timer->fn(timer);
	go_on(queue, now);
}

static void alarm_fired(void *context, uint32_t intid)
{
	struct timer_queue *queue = this_queue();
	/* Not before the interrupt, whose exception was a barrier. */
	uint64_t now = read_sysreg(CNTPCT_EL0);

	(void)context;
	(void)intid;
	if (unlikely(queue->first <= now))
		some_expired(queue, now);
	else
		go_on(queue, now);
}

enum status timer_queue_init(void)
{
	uint32_t intid = timer_intid(TIMER_PPI_HYP);

	if (intid == MACHINE_NO_INTID)
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		timer_queues[i] = (struct timer_queue){
			.first = TIMER_NEVER, .own_deadline = TIMER_NEVER, .alarm = TIMER_NEVER
		};
		list_init(&timer_queues[i].timers);
		cpus[i].timers = &timer_queues[i];
	}
	return irq_register(intid, alarm_fired, NULL, IRQ_NORMAL);
}

void timer_queue_init_cpu(void)
{
	gic_enable(this_cpu()->index, timer_intid(TIMER_PPI_HYP));
}
