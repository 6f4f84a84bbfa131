/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of a VM's statistics that is about doorbells and lines, for stats.c alone. Rows are the
 * doorbells, or lines, of all VMs, by their numbers: those of others print nothing.
 */
#ifndef HYP_MONITOR_STATS_BELL_H
#define HYP_MONITOR_STATS_BELL_H

#include "hyp/vm/vm.h"

/* The heading, if the VM has a row that will be printed; then row after row, true: it was. */
void stats_bells_heading(const struct vm *vm);
bool stats_bells_row(const struct vm *vm, unsigned n);
void stats_lines_heading(const struct vm *vm);
bool stats_lines_row(const struct vm *vm, unsigned n);

/* All of them, for scripts. */
void stats_bells_machine_readable(const struct vm *vm);

#endif
