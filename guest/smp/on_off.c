/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "smp_state.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define CONTEXT      UINT64_C(0xfedcba9876543210)
#define JOIN_MS      5000
#define ROUNDS       20
/* The upper halves of an SMC32 call's arguments are nothing (DEN0028). */
#define HIGH_GARBAGE UINT64_C(0xdeadabcd00000000)
#define ENTRY_PSTATE SPSR_DAIF

struct entry_state entry_state[MAX_CPUS] __attribute__((aligned(64)));

static u32 hold;

static s32 cpu_on(u64 mpidr, u64 entry, u64 context)
{
	return psci(PSCI_CPU_ON, mpidr, entry, context);
}

static s32 affinity(u64 mpidr, u64 level)
{
	return psci(PSCI_AFFINITY_INFO, mpidr, level, 0);
}

static void refused(s32 answer, s32 expected, const char *what)
{
	tap_is((u32)answer, (u32)expected, "CPU_ON: %s", what);
}

static void refused_entry(u64 entry, const char *what)
{
	u64 cpu1 = machine.mpidr[1];

	if (!under_lintel())
		return tap_skip(what, "not under Lintel");
	refused(cpu_on(cpu1, entry, 0), PSCI_INVALID_ADDRESS, what);
	tap_is((u32)affinity(cpu1, 0), AFFINITY_OFF, "and the CPU is still off");
}

void test_refusals(void)
{
	u64 entry = (u64)secondary_entry;
	u64 last = machine.mpidr[machine.cpus - 1];
	s32 answer;

	refused(cpu_on(machine.mpidr[0], entry, 0), PSCI_ALREADY_ON, "itself");
	refused(cpu_on(last + 1, entry, 0), PSCI_INVALID_PARAMETERS, "one past the last CPU");
	refused(cpu_on(0x80, entry, 0), PSCI_INVALID_PARAMETERS, "no such CPU");
	refused(cpu_on(BIT(16), entry, 0), PSCI_INVALID_PARAMETERS, "no such Aff2");
	refused(cpu_on(BIT(32), entry, 0), PSCI_INVALID_PARAMETERS, "no such Aff3");
	refused(cpu_on(BIT(63), entry, 0), PSCI_INVALID_PARAMETERS, "reserved bit 63");
	answer = cpu_on(machine.mpidr[0] | BIT(31), entry, 0);
	tap_ok(answer == PSCI_ALREADY_ON || answer == PSCI_INVALID_PARAMETERS,
		"CPU_ON: MPIDR_EL1's bit 31 is masked or refused (%d)", answer);
	tap_is((u32)affinity(0x80, 0), (u32)PSCI_INVALID_PARAMETERS, "AFFINITY_INFO: no such CPU");
	if (under_lintel()) {
		tap_is((u32)affinity(machine.mpidr[0], 4), (u32)PSCI_INVALID_PARAMETERS,
			"AFFINITY_INFO: no such level");
		tap_is((u32)affinity(BIT(16), 1), (u32)PSCI_INVALID_PARAMETERS,
			"AFFINITY_INFO: no such cluster");
	}
	if (machine.cpus < 2)
		return;
	refused_entry(UART_BASE, "entry in a device");
	refused_entry(machine.memory_base + machine.memory_size, "entry right after RAM");
	refused_entry(machine.memory_base - 4, "entry right before RAM");
	refused_entry(~UINT64_C(3), "entry at the end of the address space");
	refused_entry(entry + 2, "entry not aligned");
}

/* What secondaries do: stay on until told. */
static void wait_for_release(void *arg)
{
	(void)arg;
	while (!load_acquire(&hold))
		cpu_relax();
}

static bool note_is_there(u32 cpu)
{
	__asm__ volatile("dc civac, %0\n\tdsb sy" ::"r"(&entry_state[cpu]) : "memory");
	return load_acquire(&entry_state[cpu].seen);
}

static void check_entry(u32 cpu, u64 context)
{
	struct entry_state *state = &entry_state[cpu];

	if (!tap_ok(wait_for(JOIN_MS, note_is_there(cpu)), "CPU %u starts", cpu))
		return;
	tap_is(state->context, context, "CPU %u: context in x0", cpu);
	tap_is(state->current_el, 4, "CPU %u: at EL1", cpu);
	tap_is(state->sctlr & (SCTLR_M | SCTLR_C), 0, "CPU %u: MMU and data cache off", cpu);
	tap_is(state->daif, ENTRY_PSTATE, "CPU %u: DAIF set", cpu);
	tap_is(state->spsel, 1, "CPU %u: SP_EL1", cpu);
	tap_is(state->mpidr & 0xff00ffffff, machine.mpidr[cpu], "CPU %u: MPIDR", cpu);
}

/* QEMU's own PSCI takes 64 bits of the 32-bit calls' arguments too. */
static bool truncates(u32 function)
{
	return function == PSCI_CPU_ON_32 && under_lintel();
}

static void start_noting(u32 cpu, u32 function, u64 context)
{
	u64 garbage = truncates(function) ? HIGH_GARBAGE : 0;

	memset(&entry_state[cpu], 0, sizeof(entry_state[cpu]));
	__asm__ volatile("dc civac, %0\n\tdsb sy" ::"r"(&entry_state[cpu]) : "memory");
	smp_prepare(cpu, wait_for_release, NULL);
	tap_is((u32)psci(function, machine.mpidr[cpu] | garbage, (u64)noting_entry | garbage,
		       context),
		PSCI_SUCCESS, "CPU_ON(%x) of CPU %u", function, cpu);
}

static void stop_all(void)
{
	store_release(&hold, 1);
	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		tap_ok(smp_join(cpu, JOIN_MS), "CPU %u: off by CPU_OFF, AFFINITY_INFO agrees", cpu);
}

static void test_restart(void)
{
	bool all = true;

	for (u32 round = 0; round < ROUNDS; round++)
		all &= smp_run(wait_for_release, NULL, JOIN_MS);
	tap_ok(all, "%u rounds of CPU_ON and CPU_OFF on all CPUs", ROUNDS);
}

void test_on_off(void)
{
	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		tap_is((u32)affinity(machine.mpidr[cpu], 0), AFFINITY_OFF, "CPU %u: off at first",
			cpu);
	store_release(&hold, 0);
	for (u32 cpu = 1; cpu < machine.cpus; cpu++) {
		u32 function = cpu & 1 ? PSCI_CPU_ON : PSCI_CPU_ON_32;
		u64 context = CONTEXT + cpu;

		start_noting(cpu, function, context);
		check_entry(cpu, truncates(function) ? (u32)context : context);
		tap_is((u32)affinity(machine.mpidr[cpu], 0), AFFINITY_ON, "CPU %u: on", cpu);
		tap_is((u32)cpu_on(machine.mpidr[cpu], (u64)secondary_entry, 0),
			(u32)PSCI_ALREADY_ON, "CPU %u: not started twice", cpu);
	}
	for (u64 level = 1; level < 4; level++)
		tap_is((u32)affinity(machine.mpidr[0], level), AFFINITY_ON,
			"AFFINITY_INFO: level %lu", level);
	stop_all();
	test_restart();
}

static u32 at_start;
static s32 answers[MAX_CPUS];

static void race(void *arg)
{
	(void)arg;
	atomic_add(&at_start, 1);
	while (load_acquire(&at_start) < machine.cpus - 1)
		cpu_relax();
	answers[cpu_id()] =
		cpu_on(machine.mpidr[machine.cpus - 1], (u64)secondary_entry, machine.cpus - 1);
}

void test_race(void)
{
	u32 last = machine.cpus - 1;
	bool right = true;

	for (u32 round = 0; round < ROUNDS; round++) {
		u32 won = 0;
		u32 lost = 0;

		store_release(&at_start, 0);
		store_release(&hold, 0);
		smp_prepare(last, wait_for_release, NULL);
		for (u32 cpu = 1; cpu < last; cpu++)
			right &= smp_start(cpu, race, NULL) == PSCI_SUCCESS;
		race(NULL);
		for (u32 cpu = 1; cpu < last; cpu++)
			right &= smp_join(cpu, JOIN_MS);
		for (u32 cpu = 0; cpu < last; cpu++) {
			won += answers[cpu] == PSCI_SUCCESS;
			lost += answers[cpu] == PSCI_ALREADY_ON || answers[cpu] == PSCI_ON_PENDING;
		}
		/* QEMU's own PSCI lets more than one win. */
		right &= won + lost == last && (won == 1 || (won > 1 && !under_lintel()));
		store_release(&hold, 1);
		right &= smp_join(last, JOIN_MS);
	}
	tap_ok(right, "of %u CPUs that start the same one, one succeeds, %u times", last, ROUNDS);
}
