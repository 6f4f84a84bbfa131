/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many interrupts pending or active at once, in the order of their priorities.
 */
#include "parts.h"

#define MANY    64
#define NESTED  12
#define LEVELS  16
#define SHUFFLE 37

static u8 priority_of[GIC_COUNTED];

static void pend_many(u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u32 intid = FREE_SPI + i;

		priority_of[intid] = (u8)((i * SHUFFLE % LEVELS) << 4);
		gic_set_priority(intid, priority_of[intid]);
		gic_set_edge(intid, i & 1);
		gic_enable(intid);
	}
	for (u32 i = 0; i < count; i++)
		gic_set_pending(FREE_SPI + i);
}

/* Takes `count` interrupts one after the other, each ended before the next. */
static bool take_in_order(u32 count, bool *each_once)
{
	bool ordered = true;
	u32 last = 0;
	bool seen[GIC_COUNTED] = { false };

	*each_once = true;
	for (u32 i = 0; i < count; i++) {
		u32 intid = take_one();

		if (intid >= GIC_COUNTED)
			return *each_once = false;
		*each_once &= !seen[intid];
		seen[intid] = true;
		if (priority_of[intid] < last)
			ordered = false;
		last = priority_of[intid];
		if (mrs(ICC_RPR_EL1) != last)
			ordered = false;
		gic_eoi(intid);
	}
	return ordered;
}

static u32 taken_order[MANY + 1];
static u32 taken_count;

static void note_order(u32 intid, struct regs *regs)
{
	(void)regs;
	if (taken_count <= MANY)
		taken_order[taken_count++] = intid;
}

static void test_many(void)
{
	bool each_once;
	bool ordered;

	pend_many(MANY);
	ordered = take_in_order(MANY, &each_once);
	tap_ok(ordered, "%u SPIs pending at once are taken by priority", MANY);
	tap_ok(each_once && quiet(), "each of them once");

	taken_count = 0;
	gic_set_handler(note_order);
	pend_many(MANY);
	irq_enable();
	(void)wait_for(BOUND_MS, *(volatile u32 *)&taken_count >= MANY);
	irq_disable();
	for (u32 i = 1; i < taken_count; i++)
		ordered &= priority_of[taken_order[i - 1]] <= priority_of[taken_order[i]];
	tap_ok(ordered && taken_count == MANY, "the same by interrupt (%u taken)", taken_count);
}

/* A late one of the highest priority overtakes those that wait in list registers. */
static void test_overtake(void)
{
	u32 late = FREE_SPI + MANY - 1;
	bool each_once;
	u32 first;

	pend_many(MANY - 1);
	for (u32 i = 0; i < 20; i++) {
		first = take_one();
		gic_eoi(first);
	}
	gic_set_priority(late, 0);
	gic_enable(late);
	gic_set_pending(late);
	tap_is(take_one(), late, "a late one of high priority is next");
	gic_eoi(late);
	(void)take_in_order(MANY - 1 - 20, &each_once);
	tap_ok(each_once && quiet(), "and none of the others is lost");
}

static void test_mask(void)
{
	gic_set_priority(FREE_SPI, 0x80);
	gic_enable(FREE_SPI);
	msr(ICC_PMR_EL1, 0x80);
	isb();
	gic_set_pending(FREE_SPI);
	tap_ok(quiet(), "PMR equal to its priority keeps it out");
	msr(ICC_PMR_EL1, 0x88);
	isb();
	tap_is(take_one(), FREE_SPI, "PMR above lets it in");
	gic_eoi(FREE_SPI);
	gic_set_pending(FREE_SPI);
	msr(ICC_PMR_EL1, 0);
	isb();
	tap_ok(quiet(), "PMR 0 keeps all out");
	gic_set_priority(FREE_SPI, 0);
	tap_ok(quiet(), "even priority 0");
	msr(ICC_PMR_EL1, GIC_PMR_ALL);
	isb();
	tap_is(take_one(), FREE_SPI, "and then it comes");
	gic_eoi(FREE_SPI);
	gic_disable(FREE_SPI);
}

void test_priorities(void)
{
	gic_fresh();
	test_many();
	test_overtake();
	gic_fresh();
	test_mask();
	gic_fresh();
}

static volatile u32 depth;
static volatile u32 deepest;
static volatile bool wrong;

/* Each interrupt pends the next higher priority, and a lower one that must wait. */
static void nest(u32 intid, struct regs *regs)
{
	u32 level = intid - FREE_SPI;

	(void)regs;
	if (depth + 1 != NESTED - level)
		wrong = true;
	depth = depth + 1;
	if (depth > deepest)
		deepest = depth;
	if (level) {
		gic_set_pending(intid - 1);
		irq_enable();
		(void)wait_for(BOUND_MS, gic_taken(0, intid - 1) == 1);
		irq_disable();
	}
	if (mrs(ICC_RPR_EL1) != (u64)(level + 1) << 4)
		wrong = true;
	depth = depth - 1;
}

static void test_nesting(void)
{
	for (u32 i = 0; i < NESTED; i++) {
		gic_set_priority(FREE_SPI + i, (u8)((i + 1) << 4));
		gic_enable(FREE_SPI + i);
	}
	depth = deepest = 0;
	wrong = false;
	gic_clear_counts();
	gic_set_handler(nest);
	gic_set_pending(FREE_SPI + NESTED - 1);
	irq_enable();
	(void)wait_for(BOUND_MS, gic_taken(0, FREE_SPI) == 1 && !depth);
	irq_disable();
	tap_is(deepest, NESTED, "%u interrupts preempt one another", NESTED);
	tap_ok(!wrong && !depth && mrs(ICC_RPR_EL1) == 0xff, "and all end in order");
	tap_is(mrs(ICC_AP1R0_EL1), 0, "no active priority is left");
	for (u32 i = 0; i < NESTED; i++)
		wrong |= gic_is_active(FREE_SPI + i);
	tap_ok(!wrong && quiet(), "none is left active");
}

static void test_no_preemption(void)
{
	u32 low = FREE_SPI;
	u32 other = FREE_SPI + 1;

	gic_set_priority(low, 0xa0);
	gic_set_priority(other, 0xa0);
	gic_enable(low);
	gic_enable(other);
	gic_set_pending(low);
	tap_is(take_one(), low, "one is taken");
	gic_set_pending(other);
	tap_ok(!(mrs(ISR_EL1) & ISR_IRQ), "equal priority does not preempt");
	gic_set_priority(other, 0x90);
	tap_ok(wait_for(BOUND_MS, mrs(ISR_EL1) & ISR_IRQ), "higher does");
	tap_is(gic_ack(), other, "and can be acknowledged");
	gic_eoi(other);
	/* With binary point 7, priorities a0 and 90 are in one group: no preemption. */
	msr(ICC_BPR1_EL1, 7);
	isb();
	gic_set_pending(other);
	(void)gic_is_pending(other);
	tap_ok(!(mrs(ISR_EL1) & ISR_IRQ), "not within one group of BPR1");
	gic_eoi(low);
	msr(ICC_BPR1_EL1, 0);
	isb();
	tap_is(take_one(), other, "it comes after EOI");
	gic_eoi(other);
}

void test_preemption(void)
{
	gic_fresh();
	test_nesting();
	gic_fresh();
	test_no_preemption();
	gic_fresh();
}

/* EOImode 1: EOIR drops the priority, DIR deactivates. */
static void test_split_eoi(void)
{
	msr(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	isb();
	gic_enable(FREE_SPI);
	gic_set_pending(FREE_SPI);
	tap_is(take_one(), FREE_SPI, "EOImode 1: taken");
	gic_eoi(FREE_SPI);
	tap_ok(mrs(ICC_RPR_EL1) == 0xff && gic_is_active(FREE_SPI),
		"EOImode 1: EOIR drops the priority and leaves it active");
	gic_set_pending(FREE_SPI);
	tap_ok(quiet(), "EOImode 1: not taken again before DIR");
	gic_deactivate(FREE_SPI);
	tap_is(take_one(), FREE_SPI, "EOImode 1: taken again after DIR");
	gic_eoi(FREE_SPI);
	gic_deactivate(FREE_SPI);
	tap_ok(!gic_is_active(FREE_SPI) && quiet(), "EOImode 1: idle");
}

/* More active interrupts than there are list registers. */
static void test_many_active(u32 intids)
{
	bool active = true;
	bool idle = true;

	for (u32 i = 0; i < intids; i++) {
		gic_enable(FREE_SPI + i);
		gic_set_pending(FREE_SPI + i);
		active &= take_one() == FREE_SPI + i;
		gic_eoi(FREE_SPI + i);
	}
	for (u32 i = 0; i < intids; i++)
		active &= gic_is_active(FREE_SPI + i);
	tap_ok(active, "EOImode 1: %u are active at once", intids);
	for (u32 i = 0; i < intids; i++) {
		u32 intid = FREE_SPI + i * 5 % intids;

		gic_deactivate(intid);
		idle &= !gic_is_active(intid);
	}
	tap_ok(idle && quiet(), "EOImode 1: each is deactivated by its DIR");
}

void test_end_of_interrupt(void)
{
	gic_fresh();
	test_split_eoi();
	test_many_active(NESTED);
	gic_fresh();
}
