/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPUs after the first: started through EL3's PSCI, each with a structure that tells head.S all
 * it needs.
 */
#ifndef BOOT_SECONDARY_H
#define BOOT_SECONDARY_H

#include "drivers/dt/machine.h"
#include "hyp/arch/cpu.h"

/* What switches the MMU on; read by head.S in this order. */
struct boot_mmu {
	uint64_t ttbr0_el2;
	uint64_t tcr_el2;
	uint64_t mair_el2;
	uint64_t sctlr_el2;
};

struct boot_secondary {
	struct boot_mmu mmu;
	struct cpu *cpu;
};

/* Each CPU but the first has two stacks of el2_map_memory()'s: its own, and the one for exceptions
 * from EL2. */
#define BOOT_STACKS_PER_CPU 2

/* boot/head.S */
void boot_enable_mmu(const struct boot_mmu *values);
void secondary_entry(void);

/* Gives struct cpu n stacks, the trace ring, the number. False when out of memory. */
bool boot_prepare_cpu(unsigned n, uint64_t mpidr);

/* Starts every usable CPU of the machine but this one, waits (with a limit) until each is up; says
 * which are not. */
void boot_start_secondaries(const struct machine *machine, const struct boot_mmu *mmu);

/* What each CPU sets for itself: EL2's controls, GIC, timer, scheduler. panic() if it can't. */
void boot_init_cpu(struct cpu *cpu);

/* Entered from head.S, with the MMU on. */
__noreturn void boot_secondary_main(struct cpu *cpu);

/* The boot CPU has made the VMs: the others may begin to run them. */
void boot_release_secondaries(void);

#endif
