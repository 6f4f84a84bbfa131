/* SPDX-License-Identifier: BSD-3-Clause */
#include "smp.h"
#include "el2.h"
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

static struct job {
	cpu_function fn;
	void *arg;
	u32 done;
} jobs[MAX_CPUS];

/* From start.S, on the boot CPU with the MMU off. */
void boot_primary(u64 devicetree);
void boot_primary(u64 devicetree)
{
	machine_read(devicetree);
	el2_choose();
	el2_setup();
	mmu_build();
	mmu_enable();
	mmu_fit_memory();
	payload_main();
	tap_done();
}

/* From start.S, on each other CPU with the MMU off. */
void boot_secondary(u32 cpu);
void boot_secondary(u32 cpu)
{
	el2_setup();
	mmu_enable();
	jobs[cpu].fn(jobs[cpu].arg);
	store_release(&jobs[cpu].done, 1);
	psci(PSCI_CPU_OFF, 0, 0, 0);
	tap_ok(false, "CPU_OFF of CPU %u does not return", cpu);
	for (;;)
		wfi();
}

void smp_prepare(u32 cpu, cpu_function fn, void *arg)
{
	jobs[cpu].fn = fn;
	jobs[cpu].arg = arg;
	store_release(&jobs[cpu].done, 0);
	dsb(sy);
}

s32 smp_start(u32 cpu, cpu_function fn, void *arg)
{
	smp_prepare(cpu, fn, arg);
	return psci(PSCI_CPU_ON, machine.mpidr[cpu], (u64)secondary_entry, cpu);
}

bool smp_join(u32 cpu, u64 ms)
{
	return wait_for(ms, load_acquire(&jobs[cpu].done)) &&
		wait_for(ms, psci(PSCI_AFFINITY_INFO, machine.mpidr[cpu], 0, 0) == AFFINITY_OFF);
}

bool smp_run(cpu_function fn, void *arg, u64 ms)
{
	bool all = true;

	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		all &= smp_start(cpu, fn, arg) == PSCI_SUCCESS;
	fn(arg);
	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		all &= smp_join(cpu, ms);
	return all;
}
