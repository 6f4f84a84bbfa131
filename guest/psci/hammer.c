/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All CPUs try to switch on the same one, which switches itself off again at once: each time it was
 * off one of them gets SUCCESS, and all others ALREADY_ON.
 */
#include "machine.h"
#include "psci_test.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define HAMMER_MS 100
#define JOIN_MS   10000
#define ROUNDS    30
#define POLLS     200

struct hammered hammered;

static struct score {
	u64 won, lost, other, contexts;
} scores[MAX_CPUS];
static u32 at_start, stop;

static void clean(void)
{
	__asm__ volatile("dc civac, %0\n\tdsb sy" ::"r"(&hammered) : "memory");
}

static u64 target(void)
{
	return machine.mpidr[machine.cpus - 1];
}

static bool target_is_off(void)
{
	return call_way(1, AFFINITY_INFO, target(), 0, 0) == AFFINITY_OFF;
}

/* A context that no other call has. */
static void try_once(struct score *score, u32 n)
{
	u64 context = (u64)(cpu_id() + 1) << 24 | n;
	s64 answer = call_way(n % WAYS, CPU_ON, target(), (u64)hammered_entry, context);

	score->won += answer == PSCI_SUCCESS;
	score->lost += answer == PSCI_ALREADY_ON;
	score->other += answer != PSCI_SUCCESS && answer != PSCI_ALREADY_ON;
	score->contexts += answer == PSCI_SUCCESS ? context : 0;
}

static void hammer(void *arg)
{
	struct score *score = &scores[cpu_id()];

	atomic_add(&at_start, 1);
	while (load_acquire(&at_start) < machine.cpus - 1)
		cpu_relax();
	for (u32 n = 0; !load_acquire(&stop); n++) {
		/* Now and then all at the moment when it has gone off. */
		for (u32 polls = 0; (n & 1) && polls < POLLS && !target_is_off(); polls++)
			cpu_relax();
		try_once(score, n);
		if (cpu_id() == 0 && counter() >= *(const u64 *)arg)
			store_release(&stop, 1);
	}
}

static void begin(void)
{
	memset(&hammered, 0, sizeof(hammered));
	memset(scores, 0, sizeof(scores));
	clean();
}

static void all_at_one(void)
{
	u64 end = counter() + ms_ticks(arg_number("ms", HAMMER_MS));
	struct score all = { 0 };
	bool joined = true;

	begin();
	for (u32 cpu = 1; cpu < machine.cpus - 1; cpu++)
		joined &= smp_start(cpu, hammer, &end) == PSCI_SUCCESS;
	hammer(&end);
	for (u32 cpu = 1; cpu < machine.cpus - 1; cpu++)
		joined &= smp_join(cpu, JOIN_MS);
	tap_ok(joined && wait_for(JOIN_MS, target_is_off()), "%u CPUs hammered CPU %u, it is off",
		machine.cpus - 1, machine.cpus - 1);
	clean();
	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		all.won += scores[cpu].won;
		all.lost += scores[cpu].lost;
		all.other += scores[cpu].other;
		all.contexts += scores[cpu].contexts;
	}
	tap_note("%lu times SUCCESS, %lu times ALREADY_ON", all.won, all.lost);
	tap_ok(all.won > 0, "it was switched on");
	tap_is(hammered.runs, all.won, "as often as somebody was told SUCCESS");
	tap_is(hammered.contexts, all.contexts, "with the winners' contexts");
	tap_is(all.other, 0, "everybody else got ALREADY_ON, never ON_PENDING");
	tap_is(hammered.not_on, 0, "to itself it was always on");
}

/* Alone with it: when it is said to be off it can be switched on, and not before it has run. */
static void one_by_one(void)
{
	bool good = true;

	begin();
	for (u32 n = 0; n < ROUNDS && good; n++) {
		try_once(&scores[0], n);
		good = scores[0].won == n + 1 && wait_for(JOIN_MS, target_is_off());
		clean();
		good = good && hammered.runs == n + 1;
	}
	tap_ok(good, "%u times: AFFINITY_INFO says OFF when it is, and CPU_ON succeeds", ROUNDS);
}

void test_hammer(void)
{
	if (machine.cpus < 2)
		return tap_skip("CPUs that hammer CPU_ON", "one CPU");
	one_by_one();
	all_at_one();
}
