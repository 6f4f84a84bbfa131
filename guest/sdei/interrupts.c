/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events that interrupts signal: bound ones, the bundle's, and a watchdog that is an NMI.
 */
#include "gic.h"
#include "machine.h"
#include "regs.h"
#include "sdei.h"
#include "tap.h"
#include "timer.h"

#define DOG_WCS       UINT64_C(0x09100000)
#define DOG_WOR       UINT64_C(0x09100008)
#define DOG_WCV       UINT64_C(0x09100010)
#define DOG_MS        20
/* From its first signal to the one that would have the VM restarted: a slow machine's handler comes
 * in time. */
#define DOG_PERIOD_MS 4000
#define WAIT_MS       60000

static struct record level, edge, alarm, zero, dog, ppi;
static volatile u32 strays;

static void take(u32 intid, struct regs *regs)
{
	(void)intid, (void)regs;
	strays++;
}

static u64 self(void)
{
	return mrs(mpidr_el1) & 0xff00ffffff;
}

/* --- order --- */

static u32 order[8], nr_order;

static void note(struct record *record)
{
	order[nr_order++ % 8] = (u32)record->x[0];
}

static void ring_alarm(struct record *record)
{
	note(record);
	ring(BELL_ALARM);
	order[nr_order++ % 8] = 0xe0d;
}

static void signal_zero(struct record *record)
{
	note(record);
	sdei(SIGNAL, 0, self(), 0);
	ring(BELL_LEVEL);
	ring(BELL_ALARM);
	order[nr_order++ % 8] = 0xe0d;
	if (record->count == 2)
		record->act = note;
}

static void test_priorities(u64 bound)
{
	sdei_use(0, &zero, 0, 0);
	nr_order = 0;
	zero.act = ring_alarm;
	alarm.act = note;
	alarm.count = 0;
	sdei(SIGNAL, 0, self(), 0);
	tap_ok(nr_order == 3 && order[0] == 0 && order[1] == EVENT_ALARM && order[2] == 0xe0d,
		"a critical event interrupts a normal one's handler");
	tap_ok((alarm.x[3] & 0x3cf) == (SPSR_DAIF | SPSR_EL1H), "which is at EL1h, all masked");
	/* Neither of its own priority nor of a lower one. */
	nr_order = 0;
	zero.act = level.act = note;
	alarm.act = signal_zero;
	alarm.count = 1;
	ring(BELL_ALARM);
	tap_ok(nr_order == 5 && order[0] == EVENT_ALARM && order[1] == 0xe0d &&
			order[2] == EVENT_ALARM && order[3] == 0 && order[4] == bound,
		"a critical handler is not interrupted; then by priority, then by number");
	nr_order = 0;
	alarm.act = note;
	sdei(PE_MASK, 0, 0, 0);
	ring(BELL_LEVEL);
	sdei(SIGNAL, 0, self(), 0);
	ring(BELL_ALARM);
	sdei(PE_UNMASK, 0, 0, 0);
	tap_ok(nr_order == 3 && order[0] == EVENT_ALARM && order[1] == 0 && order[2] == bound,
		"what waited for PE_UNMASK comes in that order");
	sdei_drop(0);
}

/* --- bound --- */

static void ring_once_more(struct record *record)
{
	if (record->count == 2)
		ring(BELL_LEVEL);
}

static void test_bound(u64 bound, u64 bound_edge)
{
	tap_is(level.count + edge.count, 0, "nothing has come yet");
	ring(BELL_LEVEL);
	tap_ok(level.count == 1 && strays == 0, "a doorbell's line is an event, no interrupt");
	tap_is(level.x[0], bound, "the bound one");
	tap_ok(!gic_is_pending(INTID_LEVEL), "the line falls at its end");
	level.act = ring_once_more;
	ring(BELL_LEVEL);
	tap_is(level.count, 3, "rung in its handler, it comes once more");
	ring(BELL_EDGE);
	ring(BELL_EDGE);
	tap_is(edge.count, 2, "an edge-triggered one comes for each edge");
	tap_is(edge.x[0], bound_edge, "the bound one");
	sdei(DISABLE, bound_edge, 0, 0);
	ring(BELL_EDGE);
	ring(BELL_EDGE);
	tap_is(edge.count, 2, "not while it is disabled");
	sdei(ENABLE, bound_edge, 0, 0);
	tap_is(edge.count, 3, "then once");
	gic_set_pending(INTID_EDGE);
	tap_is(edge.count, 4, "ISPENDR signals it, too");
	gic_disable(INTID_EDGE);
	ring(BELL_EDGE);
	tap_is(edge.count, 5, "ICENABLER has no effect on it");
	gic_enable(INTID_EDGE);
}

/* Registered no longer it is an interrupt again. */
static void test_given_back(u64 bound)
{
	u64 before = level.count;

	sdei_drop(bound);
	strays = 0;
	ring(BELL_LEVEL);
	isb();
	tap_ok(wait_for(WAIT_MS, strays == 1) && level.count == before,
		"an event that is unregistered is an interrupt again");
	tap_is((u64)sdei(RELEASE, bound, 0, 0), 0, "RELEASE");
	strays = 0;
}

static void hold(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == INTID_LEVEL)
		strays = (u32)sdei5(REGISTER, level.x[0], (u64)sdei_entry, (u64)&level, 0, 0);
}

/* While the guest deals with the interrupt it can't become an event. */
static void test_active(void)
{
	level.x[0] = (u64)sdei(BIND, INTID_LEVEL, 0, 0);
	gic_set_handler(hold);
	ring(BELL_LEVEL);
	tap_ok(wait_for(WAIT_MS, strays == (u32)DENIED), "REGISTER while it is active");
	gic_set_handler(take);
	strays = 0;
	tap_is((u64)sdei(RELEASE, level.x[0], 0, 0), 0, "RELEASE");
}

/* A private event of the bundle's, by its PPI. */
static void test_ppi(void)
{
	sdei_use(EVENT_PPI, &ppi, 0, 0);
	gic_set_edge(INTID_PPI, true);
	gic_enable(INTID_PPI);
	gic_set_pending(INTID_PPI);
	tap_ok(ppi.count == 1 && ppi.x[0] == EVENT_PPI && strays == 0, "a PPI is a private event");
	sdei_drop(EVENT_PPI);
	gic_set_pending(INTID_PPI);
	tap_ok(wait_for(WAIT_MS, strays == 1) && ppi.count == 1, "and a PPI again");
	gic_disable(INTID_PPI);
	strays = 0;
}

/* --- the watchdog --- */

static void refresh(struct record *record)
{
	/* The first time it stays high: the event comes again. */
	if (record->count > 1)
		mmio_write32(DOG_WCS, 0);
}

static void test_watchdog(void)
{
	u64 soon;

	sdei_use(EVENT_DOG, &dog, 0, 0);
	dog.act = refresh;
	irq_disable();
	mmio_write32(DOG_WOR, (u32)ms_ticks(DOG_PERIOD_MS));
	mmio_write32(DOG_WCS, 1);
	soon = counter() + ms_ticks(DOG_MS);
	mmio_write32(DOG_WCV + 4, (u32)(soon >> 32));
	mmio_write32(DOG_WCV, (u32)soon);
	tap_ok(wait_for(WAIT_MS, *(volatile u64 *)&dog.count >= 2),
		"the watchdog is an NMI for who has masked all interrupts");
	mmio_write32(DOG_WCS, 0);
	tap_is(dog.count, 2, "it comes again while it is not dealt with, then no longer");
	sdei_drop(EVENT_DOG);
	irq_enable();
}

void test_interrupts(void)
{
	u64 bound = (u64)sdei(BIND, INTID_LEVEL, 0, 0), bound_edge;

	gic_init();
	gic_init_cpu();
	gic_set_handler(take);
	gic_set_edge(INTID_EDGE, true);
	gic_enable(INTID_LEVEL);
	gic_enable(INTID_EDGE);
	gic_enable(INTID_ALARM);
	irq_enable();
	sdei(PE_UNMASK, 0, 0, 0);
	bound_edge = (u64)sdei(BIND, INTID_EDGE, 0, 0);
	sdei_use(bound, &level, 0, 0);
	sdei_use(bound_edge, &edge, 0, 0);
	sdei_use(EVENT_ALARM, &alarm, 0, 0);
	test_bound(bound, bound_edge);
	test_priorities(bound);
	test_given_back(bound);
	test_active();
	test_ppi();
	test_watchdog();
	tap_is((u64)sdei(SHARED_RESET, 0, 0, 0), 0, "SHARED_RESET");
	tap_is((u64)sdei(STATUS, bound_edge, 0, 0), (u64)INVALID, "releases what was bound");
	tap_is((u64)sdei(STATUS, EVENT_ALARM, 0, 0), 0, "and unregisters all");
	irq_disable();
	sdei(PE_MASK, 0, 0, 0);
}
