/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both EL1 timers on every vCPU: registers, level semantics, interrupts, waking from WFI; and a
 * counter that is one for all vCPUs.
 */
#include "gic.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define JOIN_MS        20000
#define BOUND_MS       2000
#define TICKS          50
#define TICK_US        500
#define RETAKEN        5
#define COUNTER_ROUNDS 1000
#define FAR_FUTURE     (UINT64_C(1) << 55)

static const char *const name[] = { "CNTV", "CNTP" };
static const u32 intid_of[] = { TIMER_VIRT_INTID, TIMER_PHYS_INTID };

/* What the handler of a CPU does with its timers. */
enum mode { MODE_STOP, MODE_LET, MODE_TICK };

static struct {
	enum mode mode;
	u32 left[2]; /* by timer */
	u64 late_max;
	bool early;
} volatile cpus[MAX_CPUS];

static void on_timer(u32 intid, struct regs *regs)
{
	u32 cpu = cpu_id();
	enum timer timer = intid == TIMER_VIRT_INTID ? TIMER_VIRT : TIMER_PHYS;
	u64 late = timer_counter(timer) - timer_cval(timer);

	(void)regs;
	if ((s64)late < 0)
		cpus[cpu].early = true;
	else if (late > cpus[cpu].late_max)
		cpus[cpu].late_max = late;
	if (cpus[cpu].left[timer])
		cpus[cpu].left[timer]--;
	if (cpus[cpu].mode == MODE_LET && cpus[cpu].left[timer])
		return;
	if (cpus[cpu].mode == MODE_TICK && cpus[cpu].left[timer]) {
		timer_set_cval(timer, timer_cval(timer) + us_ticks(TICK_US));
		return;
	}
	timer_set_ctl(timer, 0);
}

static void check(bool good, enum timer timer, const char *what)
{
	tap_ok(good, "CPU %u %s: %s", cpu_id(), name[timer], what);
}

static void test_registers(enum timer timer)
{
	u64 before;
	u64 cval;
	u64 tval;

	check(!(timer_ctl(timer) & TIMER_ENABLE), timer, "off at first");
	timer_set_cval(timer, 0x123456789abcdef0);
	check(timer_cval(timer) == 0x123456789abcdef0, timer, "CVAL keeps 64 bits");
	before = timer_counter(timer);
	timer_set_tval(timer, 100000);
	cval = timer_cval(timer);
	check(cval >= before + 100000 && cval <= timer_counter(timer) + 100000, timer,
		"TVAL sets CVAL ahead of the counter");
	before = timer_counter(timer);
	timer_set_tval(timer, 0xffff0000);
	cval = timer_cval(timer);
	check(cval >= before - 0x10000 && cval <= timer_counter(timer) - 0x10000, timer,
		"a negative TVAL sets it behind");
	before = timer_counter(timer);
	timer_set_cval(timer, before + 0x40000000);
	tval = timer_tval(timer);
	check(tval <= 0x40000000 && tval >= 0x40000000 - (timer_counter(timer) - before), timer,
		"TVAL reads what is left");
	timer_set_cval(timer, before - 0x1000);
	check((s32)timer_tval(timer) < 0, timer, "and is negative once it is over");
}

static void test_status(enum timer timer)
{
	timer_set_ctl(timer, TIMER_IMASK);
	timer_set_cval(timer, FAR_FUTURE);
	timer_set_ctl(timer, TIMER_ENABLE | TIMER_IMASK);
	check(timer_ctl(timer) == (TIMER_ENABLE | TIMER_IMASK), timer, "ISTATUS 0 before its time");
	timer_set_cval(timer, 1);
	check(timer_ctl(timer) == (TIMER_ENABLE | TIMER_IMASK | TIMER_ISTATUS), timer,
		"ISTATUS 1 after it, masked or not");
	timer_set_ctl(timer, TIMER_ENABLE | TIMER_ISTATUS);
	check(timer_ctl(timer) == (TIMER_ENABLE | TIMER_ISTATUS), timer, "ISTATUS is read-only");
	timer_set_cval(timer, FAR_FUTURE);
	check(timer_ctl(timer) == TIMER_ENABLE, timer, "ISTATUS falls when CVAL moves ahead");
	timer_set_ctl(timer, ~UINT64_C(0) & ~TIMER_ENABLE);
	check((timer_ctl(timer) & ~TIMER_ISTATUS) == TIMER_IMASK, timer, "CTL's other bits are 0");
	timer_set_ctl(timer, 0);
}

/* The level at the redistributor while the interrupt is disabled there. */
static void test_level(enum timer timer)
{
	u32 intid = intid_of[timer];

	gic_disable(intid);
	check(!gic_is_pending(intid), timer, "not pending while off");
	timer_set_cval(timer, 1);
	timer_set_ctl(timer, TIMER_ENABLE);
	check(wait_for(BOUND_MS, gic_is_pending(intid)), timer, "pending, though disabled");
	gic_clear_pending(intid);
	check(gic_is_pending(intid), timer, "ICPENDR does not clear a level");
	timer_set_ctl(timer, TIMER_ENABLE | TIMER_IMASK);
	check(wait_for(BOUND_MS, !gic_is_pending(intid)), timer, "IMASK lowers the line");
	timer_set_ctl(timer, TIMER_ENABLE);
	check(wait_for(BOUND_MS, gic_is_pending(intid)), timer, "and without it, it is up again");
	timer_set_cval(timer, FAR_FUTURE);
	check(wait_for(BOUND_MS, !gic_is_pending(intid)), timer, "moving CVAL lowers it");
	timer_set_cval(timer, 1);
	timer_set_ctl(timer, 0);
	check(wait_for(BOUND_MS, !gic_is_pending(intid)), timer, "so does disabling");
	gic_enable(intid);
}

static u32 run(enum timer timer, enum mode mode, u32 left, u64 first)
{
	u32 cpu = cpu_id();
	u32 intid = intid_of[timer];
	u32 before = gic_taken(cpu, intid);

	cpus[cpu].mode = mode;
	cpus[cpu].left[timer] = left;
	cpus[cpu].early = false;
	cpus[cpu].late_max = 0;
	irq_enable();
	timer_set_cval(timer, timer_counter(timer) + first);
	timer_set_ctl(timer, TIMER_ENABLE);
	(void)wait_for(BOUND_MS, !cpus[cpu].left[timer]);
	delay_us(TICK_US);
	irq_disable();
	timer_set_ctl(timer, 0);
	return gic_taken(cpu, intid) - before;
}

static void test_interrupt(enum timer timer)
{
	u32 cpu = cpu_id();
	u32 intid = intid_of[timer];

	check(run(timer, MODE_STOP, 1, us_ticks(TICK_US)) == 1, timer, "one interrupt");
	check(!cpus[cpu].early, timer, "not before its time");
	check(run(timer, MODE_STOP, 1, 0) == 1, timer, "one at once when the time is over already");
	check(run(timer, MODE_LET, RETAKEN, us_ticks(10)) == RETAKEN, timer,
		"taken again until silenced: a level");
	check(run(timer, MODE_TICK, TICKS, us_ticks(TICK_US)) == TICKS && !cpus[cpu].early, timer,
		"50 ticks, none lost, none early");
	tap_note("CPU %u %s: latest %lu us", cpu, name[timer], cpus[cpu].late_max / us_ticks(1));
	/* The line rises and falls while PSTATE.I keeps it out. */
	timer_set_cval(timer, 1);
	timer_set_ctl(timer, TIMER_ENABLE);
	check(wait_for(BOUND_MS, mrs(ICC_HPPIR1_EL1) == intid), timer, "signalled to the CPU");
	timer_set_cval(timer, FAR_FUTURE);
	check(wait_for(BOUND_MS, !gic_is_pending(intid)), timer, "gone when CVAL moves");
	check(wait_for(BOUND_MS, mrs(ICC_HPPIR1_EL1) != intid), timer, "at the CPU too");
	timer_set_ctl(timer, 0);
}

static void test_wfi(enum timer timer)
{
	u32 cpu = cpu_id();
	u32 before = gic_taken(cpu, intid_of[timer]);
	u64 end = timer_counter(timer) + us_ticks(2000);

	timer_set_cval(timer, end);
	timer_set_ctl(timer, TIMER_ENABLE);
	while (!(timer_ctl(timer) & TIMER_ISTATUS))
		wfi();
	check(timer_counter(timer) >= end && gic_taken(cpu, intid_of[timer]) == before, timer,
		"wakes WFI with IRQs masked, none taken");
	timer_set_ctl(timer, 0);
	cpus[cpu].mode = MODE_STOP;
	cpus[cpu].left[timer] = 1;
	timer_set_cval(timer, timer_counter(timer) + us_ticks(2000));
	timer_set_ctl(timer, TIMER_ENABLE);
	while (cpus[cpu].left[timer]) {
		wfi();
		irq_enable();
		isb();
		irq_disable();
	}
	check(gic_taken(cpu, intid_of[timer]) == before + 1, timer, "wakes WFI and is taken");
}

static struct spinlock counter_lock;
static u64 last_count[2];
static bool went_back;
/* CNTPCT - CNTVCT lies between these, by all that was seen. */
static s64 offset_low = INT64_MIN;
static s64 offset_high = INT64_MAX;

static void compare_counters(void)
{
	for (u32 i = 0; i < COUNTER_ROUNDS; i++) {
		u64 before;
		u64 phys;
		u64 after;

		spin_lock(&counter_lock);
		before = counter();
		phys = counter_phys();
		after = counter();
		if (before < last_count[TIMER_VIRT] || phys < last_count[TIMER_PHYS])
			went_back = true;
		last_count[TIMER_VIRT] = after;
		last_count[TIMER_PHYS] = phys;
		if ((s64)(phys - after) > offset_low)
			offset_low = (s64)(phys - after);
		if ((s64)(phys - before) < offset_high)
			offset_high = (s64)(phys - before);
		spin_unlock(&counter_lock);
	}
}

static void both_at_once(void)
{
	u32 cpu = cpu_id();
	u32 virt = gic_taken(cpu, TIMER_VIRT_INTID);
	u32 phys = gic_taken(cpu, TIMER_PHYS_INTID);

	cpus[cpu].mode = MODE_TICK;
	cpus[cpu].left[TIMER_VIRT] = TICKS;
	cpus[cpu].left[TIMER_PHYS] = TICKS;
	timer_set_cval(TIMER_VIRT, timer_counter(TIMER_VIRT) + us_ticks(TICK_US));
	timer_set_cval(TIMER_PHYS, timer_counter(TIMER_PHYS) + us_ticks(TICK_US));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	timer_set_ctl(TIMER_PHYS, TIMER_ENABLE);
	irq_enable();
	(void)wait_for(BOUND_MS, !cpus[cpu].left[TIMER_VIRT] && !cpus[cpu].left[TIMER_PHYS]);
	delay_us(2 * TICK_US);
	irq_disable();
	virt = gic_taken(cpu, TIMER_VIRT_INTID) - virt;
	phys = gic_taken(cpu, TIMER_PHYS_INTID) - phys;
	timer_set_ctl(TIMER_VIRT, 0);
	timer_set_ctl(TIMER_PHYS, 0);
	tap_ok(virt == TICKS && phys == TICKS, "CPU %u: both timers tick side by side (%u + %u)",
		cpu, virt, phys);
}

static void test_cpu(void *arg)
{
	(void)arg;
	gic_init_cpu();
	for (enum timer timer = TIMER_VIRT; timer <= TIMER_PHYS; timer++) {
		test_registers(timer);
		test_status(timer);
		test_level(timer);
		test_interrupt(timer);
		test_wfi(timer);
	}
	both_at_once();
	compare_counters();
}

void payload_main(void)
{
	tap_note("%u CPU(s), CNTFRQ %lu", machine.cpus, mrs(cntfrq_el0));
	tap_ok(mrs(cntfrq_el0) >= 1000000, "CNTFRQ_EL0 is set");
	gic_init();
	gic_set_handler(on_timer);
	tap_ok(smp_run(test_cpu, NULL, JOIN_MS), "all CPUs came and went");
	tap_ok(!went_back, "the counters never go back, on whichever CPU they are read");
	tap_ok(offset_low <= offset_high, "CNTPCT - CNTVCT is the same on all CPUs (%ld..%ld)",
		offset_low, offset_high);
}
