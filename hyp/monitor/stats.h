/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the counters say: exits by class for each VM and vCPU, accesses by device.
 */
#ifndef HYP_MONITOR_STATS_H
#define HYP_MONITOR_STATS_H

#include "hyp/vm/vm.h"

/* An exception class (ESR_ELx.EC) in words: "HVC", "data abort". Never NULL. */
const char *stats_class_name(unsigned ec);

/* A table for one VM, for people, on the console. */
void stats_print_vm(const struct vm *vm);

/* For scripts: `stats VM VCPU exits CLASS NUMBER`, `stats VM device NAME reads N writes N`; only counters that are not 0. */
void stats_print_machine_readable(const struct vm *vm);

#endif
