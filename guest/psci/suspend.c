/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND, CPU_DEFAULT_SUSPEND and SYSTEM_SUSPEND of the only CPU that is on, and what the
 * statistics say of it.
 */
#include "exception.h"
#include "gic.h"
#include "machine.h"
#include "psci_test.h"
#include "regs.h"
#include "tap.h"
#include "timer.h"

#define WAKE_MS      2
#define LONG_MS      2000
#define US_PER_MS    1000
#define CONTEXT      UINT64_C(0x123456789abcdef0)
#define PMR          0xe0
#define EL1          4
#define SCTLR_MC     (BIT(0) | BIT(2))
#define DAIF_ALL     (GENMASK(9, 6))

/* FPCR, for assemblers that are told that there is no FP. */
#define FPCR_NAME    S3_3_C4_C4_0
#define FPCR_RMODE   GENMASK(23, 22)
#define MDSCR_MDE    BIT(15)
#define OSLSR_LOCKED BIT(1)

struct down *down_of[MAX_CPUS];

static u64 count_of(u64 state)
{
	return (u64)call_way(1, STAT_COUNT, machine.mpidr[0], state, 0);
}

static u64 residency_of(u64 state)
{
	return (u64)call_way(1, STAT_RESIDENCY, machine.mpidr[0], state, 0);
}

static void arm(u64 ms)
{
	gic_init_cpu();
	msr(ICC_PMR_EL1, PMR);
	gic_enable(TIMER_VIRT_INTID);
	timer_set_cval(TIMER_VIRT, counter() + ms_ticks(ms));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
}

static bool is_due(void)
{
	return timer_ctl(TIMER_VIRT) & TIMER_ISTATUS;
}

/* Of one stay in `state` between those: counted once, and not for longer than it was. */
static bool is_counted(u64 state, u64 count, u64 residency, u64 start)
{
	u64 longest = (counter() - start) * US_PER_MS / ms_ticks(1) + 1;

	return count_of(state) == count + 1 && residency_of(state) - residency <= longest;
}

/* --- standby --- */

static void standby(u32 way, u64 state, const char *what)
{
	u64 count = count_of(state), residency = residency_of(state), start = counter();
	s64 answer;
	bool due;

	arm(WAKE_MS);
	answer = call_way(way, CPU_SUSPEND, state, 0, 0);
	due = is_due();
	timer_set_ctl(TIMER_VIRT, 0);
	tap_ok(answer == 0 && due, "%s: CPU_SUSPEND, %s: %ld, the timer woke it", way_name(way),
		what, answer);
	tap_ok(is_counted(state, count, residency, start), "%s: and is counted", way_name(way));
}

/* The timer is due before it asks. */
static void standby_pending(u32 way)
{
	u64 start = counter();
	s64 answer;

	arm(0);
	while (!gic_is_pending(TIMER_VIRT_INTID) && counter() - start < ms_ticks(LONG_MS))
		cpu_relax();
	answer = call_way(way, CPU_SUSPEND, states.standby, 0, 0);
	timer_set_ctl(TIMER_VIRT, 0);
	tap_ok(answer == 0 && counter() - start < ms_ticks(LONG_MS),
		"%s: CPU_SUSPEND with an interrupt pending: at once", way_name(way));
}

static void test_standby(u32 way)
{
	standby(way, states.standby, "standby");
	standby(way, states.cluster_standby, "cluster standby");
	standby(way, states.system_standby, "system standby");
	standby(way, states.with_id, "standby with an identifier");
	standby_pending(way);
}

/* --- power down --- */

static bool entered_well(u32 way, const struct down *down)
{
	u64 context = ways[way].wide ? CONTEXT : (u32)CONTEXT;

	return down->result == context && down->current_el == EL1 && !(down->sctlr & SCTLR_MC) &&
		down->daif == DAIF_ALL && down->spsel == 1;
}

/* What wakes it is still there: pending, enabled, and let through. */
static bool interrupts_kept(void)
{
	return is_due() && gic_is_pending(TIMER_VIRT_INTID) && mrs(ICC_PMR_EL1) == PMR &&
		gic_read_bit(0, TIMER_VIRT_INTID, GIC_ISENABLER);
}

/* Debug exceptions on, a breakpoint's address, a rounding mode: to be lost. */
static void spoil(void)
{
	msr(oslar_el1, 0);
	isb();
	msr(dbgbvr0_el1, 0x1000);
	msr(mdscr_el1, MDSCR_MDE);
	msr(FPCR_NAME, FPCR_RMODE);
	isb();
}

static bool is_lost(void)
{
	return !(mrs(mdscr_el1) & MDSCR_MDE) && mrs(dbgbvr0_el1) == 0 &&
		(mrs(oslsr_el1) & OSLSR_LOCKED) && !(mrs(FPCR_NAME) & FPCR_RMODE);
}

static void power_down(u32 way, u32 function, u64 state, const char *what)
{
	u64 count = count_of(state), residency = residency_of(state), start = counter();
	u64 entry = (u64)down_entry;
	bool before = function == CPU_SUSPEND;
	static struct down down;
	bool came;

	down = (struct down){
		.x = { (ways[way].wide ? WIDE_BASE : NARROW_BASE) + function,
			before ? state : entry, before ? entry : CONTEXT, before ? CONTEXT : 0 },
		.smc = ways[way].conduit == CONDUIT_SMC,
	};
	spoil();
	arm(WAKE_MS);
	came = down_call(&down);
	tap_ok(came && entered_well(way, &down), "%s: %s comes back at its entry point",
		way_name(way), what);
	tap_ok(is_lost(), "%s: with debug and FP registers reset", way_name(way));
	tap_ok(interrupts_kept(), "%s: and finds its timer and its interrupt", way_name(way));
	timer_set_ctl(TIMER_VIRT, 0);
	tap_ok(is_counted(state, count, residency, start), "%s: and is counted", way_name(way));
	if (!came)
		tap_note("it returned 0x%lx", down.result);
}

static void test_power_down(u32 way)
{
	power_down(way, CPU_SUSPEND, states.down, "CPU_SUSPEND, power down");
	power_down(way, CPU_SUSPEND, states.cluster_down, "CPU_SUSPEND, cluster down");
	power_down(way, CPU_SUSPEND, states.system_down, "CPU_SUSPEND, system down");
	power_down(way, DEFAULT_SUSPEND, states.down, "CPU_DEFAULT_SUSPEND");
	power_down(way, SYSTEM_SUSPEND, states.system_down, "SYSTEM_SUSPEND");
}

/* --- statistics --- */

/* As long as it takes that a stay is one to be seen: the machine may be slow. */
static void test_residency(void)
{
	u64 before = residency_of(states.standby), wide, narrow;
	bool grown = false;

	for (u32 i = 0; i < 10 && !grown; i++) {
		arm(WAKE_MS << i);
		call_way(1, CPU_SUSPEND, states.standby, 0, 0);
		grown = residency_of(states.standby) > before;
	}
	timer_set_ctl(TIMER_VIRT, 0);
	tap_ok(grown, "STAT_RESIDENCY grows");
	wide = residency_of(states.standby);
	narrow = (u32)call_way(2, STAT_RESIDENCY, machine.mpidr[0], states.standby, 0);
	tap_is(narrow, (u32)wide, "STAT_RESIDENCY by SMC32: the same");
	narrow = (u32)call_way(2, STAT_COUNT, machine.mpidr[0], states.standby, 0);
	tap_is(narrow, (u32)count_of(states.standby), "STAT_COUNT by SMC32: the same");
}

void test_suspend(void)
{
	gic_init();
	irq_disable();
	for (u32 way = 0; way < WAYS; way++) {
		test_standby(way);
		test_power_down(way);
	}
	test_residency();
	check_call(SET_SUSPEND_MODE, MODE_OS, 0, 0, PSCI_DENIED,
		"SET_SUSPEND_MODE when CPU_SUSPEND has been called");
	check_call(SET_SUSPEND_MODE, MODE_PLATFORM, 0, 0, 0, "SET_SUSPEND_MODE: as it is");
}
