/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a CPU was found when CPU_ON started it, and suspending one (entry.S).
 */
#ifndef GUEST_SMP_SMP_STATE_H
#define GUEST_SMP_SMP_STATE_H

#include "base.h"

/* Written with the MMU off, a cache line for each CPU. */
struct entry_state {
	u64 context;
	u64 current_el;
	u64 sctlr;
	u64 daif;
	u64 spsel;
	u64 mpidr;
	u64 seen;
	u64 pad;
};

extern struct entry_state entry_state[MAX_CPUS];

/* An entry point that notes its state, then goes on as secondary_entry with the CPU's number. */
void noting_entry(void);

#define RESUMED_AT_ENTRY 0x100

/*
 * CPU_SUSPEND by HVC (or SMC) with powerdown state `power_state`: PSCI's answer when it comes
 * back as a standby state would, RESUMED_AT_ENTRY when the CPU came back through the entry
 * point with the right context.
 */
u64 suspend_powerdown(u64 power_state, bool smc);

#endif
