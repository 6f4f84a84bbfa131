/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stolen time: two CPUs that share one of the machine's (in the bundle: cpus = <0>) each lose what
 * the other one has, and nothing while they sleep.
 *
 * Only what holds however slow the machine is, and whatever else runs on it, is tested. What a CPU
 * has had is its time less its stolen time; what CPU 1 had while CPU 0 measured was stolen from
 * CPU 0.
 */
#include "exception.h"
#include "gic.h"
#include "machine.h"
#include "mmu.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define PV_TIME_FEATURES   0xc5000020u
#define PV_TIME_ST         0xc5000021u
#define NOT_SUPPORTED      UINT64_MAX

#define STRUCTURE_SIZE     64
#define WINDOW             1

#define JOIN_MS            10000
/* So much has to be stolen, in at most so much time. */
#define WANTED_MS          30
#define PATIENCE_MS        8000
#define PAUSES             1000
#define SLEEP_MS           20
#define SLEEP_TRIES        50

#define FSC_MASK           0x3f
#define FSC_EXTERNAL_ABORT 0x10
#define ESR_WNR            BIT(6)

#define NS_PER_S           1000000000u
#define NS_PER_MS          1000000u

struct structure {
	u32 revision, attributes;
	volatile u64 stolen_ns;
};

static u64 base; /* where the window shows the first one */

static const struct structure *structure_of(u32 cpu)
{
	return (const struct structure *)(base + (u64)cpu * STRUCTURE_SIZE);
}

static u64 now_ns(void)
{
	u64 hz = mrs(cntfrq_el0), ticks = counter();

	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/* Its own time and stolen time, as of one moment: nobody took the CPU away in between. */
static void look(u32 cpu, u64 *now, u64 *stolen)
{
	u64 before;

	do {
		before = structure_of(cpu)->stolen_ns;
		*now = now_ns();
		isb();
		*stolen = structure_of(cpu)->stolen_ns;
	} while (before != *stolen);
}

/* ---- calls ---- */

static void test_calls(enum conduit conduit, const char *name)
{
	static const u32 wrong[] = { 0, 0xc5000022u, 0xc500002fu, 0x85000020u, 0x85000021u,
		0x84000000u };
	bool refused = true;
	u64 ipa;

	tap_is(smccc_call(conduit, PV_TIME_FEATURES, PV_TIME_FEATURES, 0, 0), 0,
		"%s: PV_TIME_FEATURES is there", name);
	tap_is(smccc_call(conduit, PV_TIME_FEATURES, PV_TIME_ST, 0, 0), 0,
		"%s: PV_TIME_ST is there", name);
	for (u32 i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (smccc_call(conduit, PV_TIME_FEATURES, wrong[i], 0, 0) != NOT_SUPPORTED)
			refused = false;
	tap_ok(refused, "%s: nothing else is", name);
	tap_ok((s32)smccc_call(conduit, SMCCC_ARCH_FEATURES, PV_TIME_FEATURES, 0, 0) >= 0,
		"%s: ARCH_FEATURES knows it", name);
	tap_ok((s32)smccc_call(conduit, 0x85000020u, PV_TIME_ST, 0, 0) == -1 &&
			(s32)smccc_call(conduit, 0x85000021u, 0, 0, 0) == -1,
		"%s: there are no 32-bit ones", name);
	ipa = smccc_call(conduit, PV_TIME_ST, 0, 0, 0);
	tap_ok(ipa != NOT_SUPPORTED && ipa % STRUCTURE_SIZE == 0 &&
			(ipa < machine.memory_base ||
				ipa >= machine.memory_base + machine.memory_size),
		"%s: its structure at 0x%lx is aligned, and outside RAM", name, ipa);
	if (base)
		tap_is(ipa & (MIB(2) - 1), base & (MIB(2) - 1), "%s: the same again", name);
	else
		base = mmu_window(WINDOW, ipa, MAP_NORMAL | MAP_AF | MAP_PXN | MAP_UXN);
}

static void test_structure(void)
{
	u64 address = (u64)&structure_of(0)->stolen_ns, value = *(volatile u64 *)address;
	struct probe probe = { .count = 0 };

	tap_is(structure_of(0)->revision, 0, "revision 0");
	tap_is(structure_of(0)->attributes, 0, "no attributes");
	probe_store(&probe, address, 0, sizeof(u64));
	tap_ok(probe.count == 1 && (probe.esr & FSC_MASK) == FSC_EXTERNAL_ABORT &&
			(probe.esr & ESR_WNR) && probe.far == address,
		"a store to it is an external abort (ESR 0x%lx)", probe.esr);
	tap_ok(*(volatile u64 *)address >= value, "and does nothing");
}

/* ---- two that compute ---- */

/* What CPU 1 had by now: its time less its stolen time, from anywhere on. */
static volatile u64 had_first, had_last;
static u32 begun, measured, seen, ended;

static void other_computes(void *arg)
{
	u64 now, stolen;
	bool first = true;

	(void)arg;
	(void)smccc_call(machine.conduit, PV_TIME_ST, 0, 0, 0);
	store_release(&begun, 1);
	while (!load_acquire(&ended)) {
		u32 counts = load_acquire(&measured);

		look(1, &now, &stolen);
		had_last = now - stolen;
		if (counts && first) {
			had_first = had_last;
			first = false;
			store_release(&seen, 1);
		}
	}
}

/* Until enough was stolen from this CPU: how long that took, what was, and what CPU 1 had of it. */
static u64 compute(u64 *taken, u64 *had)
{
	u64 from, now, first, stolen;
	bool enough;

	look(0, &from, &first);
	store_release(&measured, 1);
	do {
		for (u32 i = 0; i < PAUSES; i++)
			cpu_relax();
		/* First what CPU 1 had: what it gets in between is stolen, too. */
		*had = load_acquire(&seen) ? had_last - had_first : 0;
		look(0, &now, &stolen);
		enough = stolen - first >= (u64)WANTED_MS * NS_PER_MS && *had != 0;
	} while (!enough && now - from < (u64)PATIENCE_MS * NS_PER_MS);
	*taken = stolen - first;
	return now - from;
}

static void test_shared(void)
{
	u64 stretch, stolen, had;

	if (!tap_ok(smp_start(1, other_computes, NULL) == PSCI_SUCCESS &&
			    wait_for(PATIENCE_MS, load_acquire(&begun)),
		    "CPU 1 computes"))
		return;
	stretch = compute(&stolen, &had);
	store_release(&ended, 1);
	tap_ok(smp_join(1, JOIN_MS), "and ends");
	tap_note("%lu us: stolen %lu, CPU 1 had %lu", stretch / 1000, stolen / 1000, had / 1000);
	tap_ok(stolen >= (u64)WANTED_MS * NS_PER_MS, "time is stolen");
	tap_ok(stolen <= stretch, "at most all of it");
	tap_ok(had > 0 && stolen + NS_PER_MS / 1000 >= had, "what CPU 1 had is stolen");
}

/* ---- off, on, asleep ---- */

static u64 stolen_when_on;

static void asks_nothing(void *arg)
{
	(void)arg;
	stolen_when_on = structure_of(1)->stolen_ns;
}

static void test_off(void)
{
	u64 before = structure_of(1)->stolen_ns;

	delay_us(2000);
	tap_is(structure_of(1)->stolen_ns, before, "nothing is stolen from one that is off");
	tap_ok(smp_start(1, asks_nothing, NULL) == PSCI_SUCCESS && smp_join(1, JOIN_MS),
		"CPU 1 is on again");
	tap_ok(stolen_when_on >= before, "it goes on where it was");
}

static u64 sleep_once(void)
{
	u64 from, to, first, last;

	look(0, &from, &first);
	timer_set_cval(TIMER_VIRT, counter() + ms_ticks(SLEEP_MS));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	while (!(timer_ctl(TIMER_VIRT) & TIMER_ISTATUS))
		wfi();
	timer_set_ctl(TIMER_VIRT, 0);
	look(0, &to, &last);
	return to - from > last - first ? last - first : UINT64_MAX;
}

/* Others may want the CPU just when it wakes; but not each time. */
static void test_asleep(void)
{
	u64 least = UINT64_MAX;

	gic_init_cpu();
	gic_enable(TIMER_VIRT_INTID);
	for (u32 i = 0; i < SLEEP_TRIES && least >= (u64)SLEEP_MS * NS_PER_MS / 2; i++) {
		u64 stolen = sleep_once();

		least = stolen < least ? stolen : least;
	}
	tap_ok(least < (u64)SLEEP_MS * NS_PER_MS / 2, "%u ms of sleep are not stolen (%lu us are)",
		SLEEP_MS, least / 1000);
}

void payload_main(void)
{
	if (!under_lintel()) {
		tap_skip("stolen time", "not under Lintel");
		return;
	}
	test_calls(CONDUIT_HVC, "HVC");
	test_calls(CONDUIT_SMC, "SMC");
	test_structure();
	if (machine.cpus < 2) {
		tap_skip("time stolen by another CPU", "one CPU");
		return;
	}
	test_shared();
	test_off();
	test_asleep();
}
