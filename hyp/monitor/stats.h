/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the counters say: time, exits, calls, aborts and injected exceptions of each vCPU,
 * accesses by device, time of each CPU. docs/trace.md explains the words.
 */
#ifndef HYP_MONITOR_STATS_H
#define HYP_MONITOR_STATS_H

#include "hyp/vm/vm.h"

/* A table for one VM, for people, on the console. */
void stats_print_vm(const struct vm *vm);

/*
 * The same in pieces of a few lines: *position is 0 at the beginning. False when that was all.
 */
bool stats_print_vm_step(const struct vm *vm, unsigned *position);

/* A table of the CPUs: how much of the time since each came up was in guests, in Lintel, and idle.
 */
void stats_print_cpus(void);

/*
 * Asks vCPUs that run to come out for a moment, so that what is printed a little later has the time
 * up to now: a vCPU's counters are as of its last exit. From any CPU.
 */
void stats_refresh(const struct vm *vm);

/*
 * For scripts, only counters that are not 0 (docs/options.md lists the lines):
 *   stats VM vcpu N exits EC NUMBER CLASS IN WORDS ...
 */
void stats_print_machine_readable(const struct vm *vm);
void stats_print_cpus_machine_readable(void);

#endif
