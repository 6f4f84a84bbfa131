/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the counters say: exits by class for each VM and vCPU, accesses by device.
 */
#ifndef HYP_MONITOR_STATS_H
#define HYP_MONITOR_STATS_H

#include "hyp/vm/vm.h"

/* A table for one VM, for people, on the console. */
void stats_print_vm(const struct vm *vm);

/*
 * For scripts, only counters that are not 0:
 *   stats VM vcpu N exits EC NUMBER CLASS IN WORDS
 *   stats VM vcpu N interrupts NUMBER
 *   stats VM device NAME ADDRESS reads NUMBER writes NUMBER
 */
void stats_print_machine_readable(const struct vm *vm);

#endif
