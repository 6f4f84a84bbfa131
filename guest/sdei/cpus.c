/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events between CPUs: to one that runs, that waits in WFI, that is masked, that goes off; RM_ANY
 * and RM_PE.
 */
#include "gic.h"
#include "machine.h"
#include "regs.h"
#include "sdei.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define WAIT_MS   60000
#define NOBODY_MS 20

static struct record zeros[MAX_CPUS], alarm;
static u32 phase; /* CPU 0's wish */
static u32 seen;  /* CPU 1's answer: it is there */

enum { PHASE_SPIN = 1, PHASE_WFI, PHASE_SUSPEND, PHASE_DOWN, PHASE_MASK, PHASE_UNMASK, PHASE_END };

static u64 count_of(const struct record *record)
{
	return load_acquire(&record->count);
}

static void say(u32 number)
{
	store_release(&seen, number);
	while (load_acquire(&phase) == number)
		cpu_relax();
}

/* Interrupts stay masked: only an event ends its WFI, or CPU_SUSPEND. */
static void sleep_for_event(u32 how)
{
	u64 before = count_of(&zeros[1]);

	store_release(&seen, how);
	while (load_acquire(&phase) == how && count_of(&zeros[1]) == before) {
		if (how == PHASE_WFI)
			wfi();
		else
			psci(PSCI_CPU_SUSPEND, 0, 0, 0);
	}
	while (load_acquire(&phase) == how)
		cpu_relax();
}

static void power_down(void);

static void obey(void)
{
	for (;;) {
		u32 now = load_acquire(&phase);

		if (now == PHASE_WFI || now == PHASE_SUSPEND) {
			sleep_for_event(now);
			continue;
		}
		if (now == PHASE_DOWN)
			power_down();
		if (now == PHASE_MASK)
			sdei(PE_MASK, 0, 0, 0);
		if (now == PHASE_UNMASK)
			sdei(PE_UNMASK, 0, 0, 0);
		if (now == PHASE_END)
			return;
		say(now);
	}
}

static void other(void *arg)
{
	u32 *status = arg;

	/* As it was switched on: masked, and no private event registered. */
	*status = (u32)sdei(STATUS, 0, 0, 0) | (u32)sdei(PE_MASK, 0, 0, 0) << 8;
	sdei_use(0, &zeros[1], 0, 0);
	sdei(PE_UNMASK, 0, 0, 0);
	obey();
}

/* What CPU 1 found when an event had woken it from a power-down. */
static struct {
	u64 masked_count, status, newly, count;
} back;

static void come_back(void *arg)
{
	(void)arg;
	back.masked_count = count_of(&zeros[1]);
	back.status = (u64)sdei(STATUS, 0, 0, 0);
	back.newly = (u64)sdei(PE_MASK, 0, 0, 0);
	sdei(PE_UNMASK, 0, 0, 0);
	back.count = count_of(&zeros[1]);
	say(PHASE_DOWN);
	obey();
}

/* Goes on as a CPU that is switched on does. */
static void power_down(void)
{
	smp_prepare(1, come_back, NULL);
	psci(PSCI_CPU_SUSPEND, PSCI_POWERDOWN, (u64)secondary_entry, 1);
}

static bool go(u32 to)
{
	store_release(&phase, to);
	return wait_for(WAIT_MS, load_acquire(&seen) == to);
}

static bool signal_and_wait(u64 expected)
{
	return sdei(SIGNAL, 0, machine.mpidr[1], 0) == 0 &&
		wait_for(WAIT_MS, count_of(&zeros[1]) == expected);
}

/* An event that comes between CPU 1's look at its count and its WFI does not end that: another one
 * does. */
static bool wake_for(u32 to)
{
	store_release(&phase, to);
	return wait_for(
		WAIT_MS, load_acquire(&seen) == to || sdei(SIGNAL, 0, machine.mpidr[1], 0) != 0);
}

static void test_signals(void)
{
	bool woken = true;
	u64 before;

	tap_ok(go(PHASE_SPIN), "CPU 1 runs");
	tap_ok(signal_and_wait(1), "event 0 to a CPU that runs with interrupts masked");
	for (u32 i = 0; woken && i < 20; i++) {
		woken = go(i % 2 ? PHASE_SUSPEND : PHASE_WFI);
		delay_us(i * 20);
		woken = woken && signal_and_wait(count_of(&zeros[1]) + 1);
		woken = woken && wake_for(PHASE_SPIN);
		go(PHASE_MASK);
		go(PHASE_UNMASK);
	}
	tap_ok(woken, "event 0 to one in WFI and in CPU_SUSPEND, 20 times");
	tap_ok(go(PHASE_MASK), "CPU 1 masks itself");
	before = count_of(&zeros[1]);
	sdei(SIGNAL, 0, machine.mpidr[1], 0);
	sdei(SIGNAL, 0, machine.mpidr[1], 0);
	delay_us(1000);
	tap_is(count_of(&zeros[1]), before, "a masked CPU gets none");
	go(PHASE_UNMASK);
	tap_is(count_of(&zeros[1]), before + 1, "but one when it unmasks itself");
}

#define HW_OFF 1

static void test_down(void)
{
	u64 before = count_of(&zeros[1]);

	store_release(&phase, PHASE_DOWN);
	tap_ok(wait_for(WAIT_MS, psci(PSCI_NODE_HW_STATE, machine.mpidr[1], 0, 0) == HW_OFF),
		"CPU 1 powers down");
	sdei(SIGNAL, 0, machine.mpidr[1], 0);
	tap_ok(wait_for(WAIT_MS, load_acquire(&seen) == PHASE_DOWN), "event 0 wakes it");
	tap_is(back.masked_count, before, "without its handler, for its MMU is off");
	tap_is(back.newly, 0, "it is masked");
	tap_is(back.status, REGISTERED | ENABLED, "its event is registered and enabled as it was");
	tap_is(back.count, before + 1, "and begins when it unmasks itself");
}

static u64 alarm_cpu;

static void note_cpu(struct record *record)
{
	(void)record;
	store_release(&alarm_cpu, cpu_id());
}

#define NOBODY 99

/* The alarm rings; which CPU has it within `ms` milliseconds. */
static u64 rung_for(u64 ms)
{
	store_release(&alarm_cpu, NOBODY);
	ring(BELL_ALARM);
	wait_for(ms, load_acquire(&alarm_cpu) != NOBODY);
	return load_acquire(&alarm_cpu);
}

static u64 rung(void)
{
	return rung_for(WAIT_MS);
}

/* Nobody should have it: there is no need to wait for long. */
static u64 rung_in_vain(void)
{
	return rung_for(NOBODY_MS);
}

static void test_routing(void)
{
	sdei_use(EVENT_ALARM, &alarm, RM_PE, machine.mpidr[1]);
	alarm.act = note_cpu;
	sdei(PE_UNMASK, 0, 0, 0);
	tap_is(rung(), 1, "RM_PE: only the CPU that is named");
	go(PHASE_MASK);
	tap_is(rung_in_vain(), NOBODY, "which is masked: nobody");
	go(PHASE_UNMASK);
	tap_is(load_acquire(&alarm_cpu), 1, "until it unmasks itself");
	sdei(DISABLE, EVENT_ALARM, 0, 0);
	tap_is((u64)sdei(ROUTING_SET, EVENT_ALARM, 0, 0), 0, "ROUTING_SET to any");
	sdei(ENABLE, EVENT_ALARM, 0, 0);
	tap_ok(rung() <= 1, "RM_ANY: one of them");
	sdei(PE_MASK, 0, 0, 0);
	tap_is(rung(), 1, "RM_ANY: the one that is not masked");
	sdei(PE_UNMASK, 0, 0, 0);
	go(PHASE_MASK);
	tap_is(rung(), 0, "RM_ANY: the other one");
	sdei(PE_MASK, 0, 0, 0);
	tap_is(rung_in_vain(), NOBODY, "RM_ANY: both are masked");
	go(PHASE_UNMASK);
	tap_is(load_acquire(&alarm_cpu), 1, "RM_ANY: the first that unmasks itself");
}

/* CPU 1 goes off with its events registered, and comes back without. */
static void test_off(u32 *status)
{
	store_release(&phase, PHASE_END);
	tap_ok(smp_join(1, WAIT_MS), "CPU 1 goes off");
	sdei(PE_UNMASK, 0, 0, 0);
	tap_is(rung(), 0, "a shared event goes to another one");
	tap_is((u64)sdei(SIGNAL, 0, machine.mpidr[1], 0), 0, "a signal to one that is off");
	zeros[1].count = 0;
	store_release(&phase, PHASE_SPIN);
	store_release(&seen, 0);
	*status = ~0u;
	tap_is((u64)(s64)smp_start(1, other, status), 0, "CPU 1 comes back");
	tap_ok(go(PHASE_SPIN), "and runs");
	tap_is(*status, 0, "masked, with no private event");
	tap_is(count_of(&zeros[1]), 0, "what was signalled to it is forgotten");
	tap_ok(signal_and_wait(1), "what is signalled now is not");
	store_release(&phase, PHASE_END);
	tap_ok(smp_join(1, WAIT_MS), "CPU 1 goes off again");
	sdei_drop(EVENT_ALARM);
	sdei(PE_MASK, 0, 0, 0);
}

void test_cpus(void)
{
	static u32 status = ~0u;

	if (machine.cpus < 2) {
		tap_skip("events between CPUs", "only one");
		return;
	}
	store_release(&phase, PHASE_SPIN);
	tap_is((u64)(s64)smp_start(1, other, &status), 0, "CPU 1 comes");
	test_signals();
	tap_is(status, 0, "it came masked, with no private event");
	test_down();
	test_routing();
	test_off(&status);
}
