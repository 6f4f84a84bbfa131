/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/secondary.h"
#include "boot/crash.h"
#include "drivers/gic/gic.h"
#include "drivers/gic/gicv3_cpu.h"
#include "drivers/psci/psci_client.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/cache.h"
#include "hyp/arch/features.h"
#include "hyp/base/log.h"
#include "hyp/base/panic.h"
#include "hyp/monitor/options.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/smccc/smc_trap.h"
#include "hyp/trap/exit.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vtimer.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/timer.h"
#include "mm/el2_map.h"
#include "mm/phys.h"

_Static_assert(
	offsetof(struct boot_secondary, mmu) == 0, "secondary_entry passes one as the other");
_Static_assert(offsetof(struct boot_secondary, cpu) == 32, "BOOT_SECONDARY_CPU in head.S");

struct cpu cpus[MAX_CPUS];
unsigned nr_cpus = 1;

static struct boot_secondary secondaries[MAX_CPUS];
static bool released;

/* How long a CPU may take from CPU_ON until it says that it is up. */
#define START_LIMIT_MS 1000

bool boot_prepare_cpu(unsigned n, uint64_t mpidr)
{
	struct cpu *cpu = &cpus[n];

	cpu->index = n;
	cpu->mpidr = mpidr;
	cpu->kick = gicv3_sgi_value(mpidr, SGI_KICK);
	cpu->trace.next = mm_zalloc(TRACE_SIZE);
	if (n != 0) {
		cpu->stack = (uint64_t)el2_stack_top(BOOT_STACKS_PER_CPU * (n - 1));
		cpu->emergency_stack = (uint64_t)el2_stack_top(BOOT_STACKS_PER_CPU * (n - 1) + 1);
		if (!cpu->stack || !cpu->emergency_stack)
			return false;
	}
	return cpu->trace.next != NULL;
}

void boot_init_cpu(struct cpu *cpu)
{
	enum status status;

	cpu->enter = cpu_features.pauth ? vcpu_enter_pauth : vcpu_enter_plain;
	if (options.measure_masked)
		exit_measure_masked(cpu);
	el2_setup_controls();
	arch_calls_init_cpu();
	status = gic_cpu_init(cpu->index, cpu->mpidr);
	if (status != OK)
		panic("CPU %u has no usable interrupt controller: %s", cpu->index,
			status_name(status));
	timer_cpu_init();
	sched_init_cpu();
	timer_queue_init_cpu();
	vgic_init_cpu();
	vtimer_init_cpu();
	crash_init_cpu();
	smc_trap_init_cpu(cpu->index == 0);
	cpu->started = timer_now();
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
}

/* Guests could not move to it. */
static __noreturn void stay_off(const struct cpu *cpu)
{
	log_error("CPU 0x%lx has no FEAT_S2FWB (ID_AA64MMFR2_EL1.FWB), but the CPU that started "
		  "has: it can't be used",
		(unsigned long)cpu->mpidr);
	(void)psci_client_cpu_off();
	for (;;)
		wfe();
}

__noreturn void boot_secondary_main(struct cpu *cpu)
{
	if (!cpu_features_suffice())
		stay_off(cpu);
	cpu_features_limit();
	boot_init_cpu(cpu);
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
		wfe();
	exit_loop();
}

void boot_release_secondaries(void)
{
	__atomic_store_n(&released, true, __ATOMIC_RELEASE);
	dsb_ish();
	sev();
}

/* False: the firmware would not. */
static bool start(unsigned n, const struct machine_cpu *from, const struct boot_mmu *mmu)
{
	enum psci_result result;

	secondaries[n] = (struct boot_secondary){ .mmu = *mmu, .cpu = &cpus[n] };
	/* Read with the MMU off. */
	cache_clean(&secondaries[n], sizeof(secondaries[n]));
	result = psci_client_cpu_on(
		from->mpidr, ptr_to_pa((void *)secondary_entry), ptr_to_pa(&secondaries[n]).pa);
	if (result == PSCI_SUCCESS)
		return true;
	log_error("CPU 0x%lx does not start: PSCI CPU_ON says \"%s\"; going on without it",
		(unsigned long)from->mpidr, psci_result_name(result));
	return false;
}

static void wait_for(struct cpu *cpu)
{
	uint64_t limit = timer_now() + timer_ms_to_ticks(START_LIMIT_MS);

	while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
		if (timer_now() > limit) {
			log_error("CPU 0x%lx was started but is not up after %d ms; going on "
				  "without it",
				(unsigned long)cpu->mpidr, START_LIMIT_MS);
			return;
		}
		cpu_relax();
	}
}

void boot_start_secondaries(const struct machine *machine, const struct boot_mmu *mmu)
{
	for (unsigned i = 0; i < machine->cpu_count; i++) {
		const struct machine_cpu *from = &machine->cpus[i];

		if (!from->usable || from->mpidr == cpus[0].mpidr)
			continue;
		if (nr_cpus == MAX_CPUS) {
			log_warn("only %u CPUs are used", MAX_CPUS);
			break;
		}
		if (from->method != CPU_ENABLE_PSCI) {
			log_error(
				"CPU 0x%lx is not started: its enable-method in the devicetree is "
				"not \"psci\"",
				(unsigned long)from->mpidr);
			continue;
		}
		if (!boot_prepare_cpu(nr_cpus, from->mpidr)) {
			log_error("no memory for CPU 0x%lx", (unsigned long)from->mpidr);
			break;
		}
		if (start(nr_cpus, from, mmu))
			nr_cpus++;
	}
	for (unsigned n = 1; n < nr_cpus; n++)
		wait_for(&cpus[n]);
}
