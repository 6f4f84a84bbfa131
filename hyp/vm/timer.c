/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/timer.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/cpu.h"

/* The timers armed on one CPU, the earliest first. The lock is there for timer_disarm() by other
 * CPUs. */
struct timer_queue {
	struct spinlock lock;
	struct list timers;
	bool alarm_set;
	uint64_t alarm; /* what CNTHP is set to */
};

static struct timer_queue timer_queues[MAX_CPUS];

static struct timer_queue *this_queue(void)
{
	return &timer_queues[this_cpu()->index];
}

static struct soft_timer *timer_of(struct list *link)
{
	return container_of(link, struct soft_timer, link);
}

/* The lock is held, on the queue's own CPU. */
static void set_alarm(struct timer_queue *queue)
{
	if (list_empty(&queue->timers)) {
		/* One that is set already finds nothing to do: cheaper than to take it back each
		 * time. */
		return;
	}

	uint64_t deadline = timer_of(queue->timers.next)->deadline;

	if (queue->alarm_set && queue->alarm == deadline)
		return;
	queue->alarm = deadline;
	queue->alarm_set = true;
	timer_set_deadline(deadline);
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
	set_alarm(queue);
	spin_unlock(&queue->lock);
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
	if (!list_empty(&queue->timers) && timer_of(queue->timers.next)->deadline <= timer_now()) {
		timer = timer_of(queue->timers.next);
		take_out(timer);
	}
	spin_unlock(&queue->lock);
	return timer;
}

static void alarm_fired(void *context, uint32_t intid)
{
	struct timer_queue *queue = this_queue();
	struct soft_timer *timer;

	(void)context;
	(void)intid;
	/* The level must go down before the interrupt is deactivated. */
	timer_cancel();
	queue->alarm_set = false;
	while ((timer = take_expired(queue)))
		timer->fn(timer);
	spin_lock(&queue->lock);
	set_alarm(queue);
	spin_unlock(&queue->lock);
}

enum status timer_queue_init(void)
{
	uint32_t intid = timer_intid(TIMER_PPI_HYP);

	if (intid == MACHINE_NO_INTID)
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		list_init(&timer_queues[i].timers);
	return irq_register(intid, alarm_fired, NULL, IRQ_NORMAL);
}

void timer_queue_init_cpu(void)
{
	gic_enable(this_cpu()->index, timer_intid(TIMER_PPI_HYP));
}
