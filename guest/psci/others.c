/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What depends on the other CPUs: one runs, is in standby, or is powered down, while CPU 0 asks.
 */
#include "gic.h"
#include "machine.h"
#include "psci_test.h"
#include "regs.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define WAKE_SGI 1
#define DEAF_SGI 2 /* CPU 1 has it disabled */
#define DEAF_US  2000
#define WAIT_MS  5000
#define CONTEXT  UINT64_C(0x5555aaaa)

/* What CPU 1 is told to do, one after the other. */
enum { RUN, STANDBY, DOWN, END };
static u32 order, done;
static bool good_wake;

static void take_wake(void)
{
	u32 intid = gic_ack();

	good_wake = good_wake && intid == WAKE_SGI;
	if (intid == WAKE_SGI)
		gic_eoi(intid);
}

static void partner(void *arg)
{
	static struct down down;
	u32 now;

	(void)arg;
	gic_init_cpu();
	gic_enable(WAKE_SGI);
	while ((now = load_acquire(&order)) != END) {
		if (now == RUN) {
			cpu_relax();
			continue;
		}
		if (now == STANDBY) {
			good_wake =
				good_wake && call_way(1, CPU_SUSPEND, states.standby, 0, 0) == 0;
		} else {
			down = (struct down){ .x = { PSCI_CPU_SUSPEND, states.down, (u64)down_entry,
						      CONTEXT } };
			good_wake = down_call(&down) && down.result == CONTEXT && good_wake;
		}
		take_wake();
		store_release(&order, RUN);
		store_release(&done, load_acquire(&done) + 1);
	}
}

static s64 partner_state(void)
{
	return call_way(3, NODE_HW_STATE, machine.mpidr[1], 0, 0);
}

/* CPU 1 is in this state when it returns. */
static void tell(u32 what, s64 state)
{
	store_release(&order, what);
	tap_ok(wait_for(WAIT_MS, partner_state() == state), "NODE_HW_STATE of CPU 1: %ld", state);
}

static void wake_in_vain(s64 state)
{
	gic_send_sgi(DEAF_SGI, 1);
	delay_us(DEAF_US);
	tap_is((u64)partner_state(), (u64)state, "an SGI that CPU 1 has disabled doesn't wake it");
}

static void wake_partner(void)
{
	u32 before = load_acquire(&done);

	gic_send_sgi(WAKE_SGI, 1);
	tap_ok(wait_for(WAIT_MS, load_acquire(&done) != before), "CPU 1 is woken by an SGI");
	tap_ok(wait_for(WAIT_MS, partner_state() == HW_ON), "and is on again");
}

/* A timer that is due already, so that what is granted comes back at once. */
static void due_at_once(void)
{
	gic_enable(TIMER_VIRT_INTID);
	timer_set_cval(TIMER_VIRT, counter());
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
}

static void while_it_runs(void)
{
	check_call(CPU_SUSPEND, states.cluster_standby, 0, 0, PSCI_DENIED,
		"OS-initiated, CPU 1 runs: cluster standby");
	check_call(CPU_SUSPEND, states.system_standby, 0, 0, PSCI_DENIED,
		"OS-initiated, CPU 1 runs: system standby");
	check_call(CPU_SUSPEND, states.cluster_down, (u64)down_entry, 0, PSCI_DENIED,
		"OS-initiated, CPU 1 runs: cluster down");
	check_call(CPU_SUSPEND, states.cluster_down, 1, 0, PSCI_INVALID_ADDRESS,
		"OS-initiated, CPU 1 runs: cluster down, to a bad entry");
	check_call(CPU_SUSPEND, states.standby, 0, 0, 0, "OS-initiated, CPU 1 runs: standby");
	check_call(SET_SUSPEND_MODE, MODE_PLATFORM, 0, 0, PSCI_DENIED,
		"SET_SUSPEND_MODE: back while CPU 1 is on");
	check_call(SET_SUSPEND_MODE, MODE_OS, 0, 0, 0, "SET_SUSPEND_MODE: as it is");
	check_call(
		SYSTEM_SUSPEND, (u64)down_entry, 0, 0, PSCI_DENIED, "SYSTEM_SUSPEND: CPU 1 runs");
	check_call(
		SYSTEM_SUSPEND, 1, 0, 0, PSCI_DENIED, "SYSTEM_SUSPEND to a bad entry: CPU 1 runs");
}

static void while_it_stands_by(void)
{
	check_call(CPU_SUSPEND, states.cluster_standby, 0, 0, 0,
		"OS-initiated, CPU 1 in standby: cluster standby");
	check_call(CPU_SUSPEND, states.cluster_down, (u64)down_entry, 0, PSCI_INVALID_PARAMETERS,
		"OS-initiated, CPU 1 in standby: cluster down");
	check_call(CPU_ON, machine.mpidr[1], (u64)down_entry, 0, PSCI_ALREADY_ON,
		"CPU_ON of one in standby");
	check_call(AFFINITY_INFO, machine.mpidr[1], 0, 0, AFFINITY_ON,
		"AFFINITY_INFO of one in standby");
	check_call(SYSTEM_SUSPEND, (u64)down_entry, 0, 0, PSCI_DENIED,
		"SYSTEM_SUSPEND: CPU 1 in standby");
}

static void while_it_is_down(void)
{
	static struct down down;
	bool came;

	down = (struct down){ .x = { PSCI_CPU_SUSPEND, states.cluster_down, (u64)down_entry,
				      CONTEXT } };
	came = down_call(&down);
	tap_ok(came && down.result == CONTEXT, "OS-initiated, CPU 1 powered down: cluster down");
	check_call(CPU_ON, machine.mpidr[1], (u64)down_entry, 0, PSCI_ALREADY_ON,
		"CPU_ON of one that is suspended");
	check_call(AFFINITY_INFO, machine.mpidr[1], 0, 0, AFFINITY_ON,
		"AFFINITY_INFO of one that is suspended");
	check_call(STAT_COUNT, machine.mpidr[1], states.down, 0, 1, "STAT_COUNT of CPU 1, down");
	check_call(
		STAT_COUNT, machine.mpidr[1], states.standby, 0, 1, "STAT_COUNT of CPU 1, standby");
	tap_ok(wait_for(WAIT_MS, call_way(3, STAT_RESIDENCY, machine.mpidr[1], states.down, 0) > 0),
		"STAT_RESIDENCY of CPU 1 grows while it is there");
}

void test_others(void)
{
	if (machine.cpus < 2)
		return tap_skip("what depends on other CPUs", "one CPU");
	gic_init();
	gic_init_cpu();
	irq_disable();
	good_wake = true;
	check_call(SET_SUSPEND_MODE, MODE_OS, 0, 0, 0, "SET_SUSPEND_MODE: OS-initiated");
	tap_is((u32)smp_start(1, partner, NULL), 0, "CPU 1 starts");
	due_at_once();
	while_it_runs();
	tell(STANDBY, HW_STANDBY);
	wake_in_vain(HW_STANDBY);
	while_it_stands_by();
	wake_partner();
	tell(DOWN, HW_OFF);
	wake_in_vain(HW_OFF);
	while_it_is_down();
	wake_partner();
	store_release(&order, END);
	tap_ok(smp_join(1, WAIT_MS) && good_wake, "CPU 1 has slept and woken as it should");
	timer_set_ctl(TIMER_VIRT, 0);
	check_call(SET_SUSPEND_MODE, MODE_PLATFORM, 0, 0, 0, "SET_SUSPEND_MODE: and back");
}
