/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end: what became of every VM.
 */
#ifndef HYP_MONITOR_RESULTS_H
#define HYP_MONITOR_RESULTS_H

struct vm;

/* How many VMs of the bundle were never made: they count as failed. */
void results_set_bad(unsigned bad);

/* VMs are made and none runs yet: how much memory is free. The summary compares. */
void results_begin(void);

/* A VM's state, or how it ended, in words: "running", "powered off". */
const char *results_state_name(const struct vm *vm);

/*
 * All VMs have stopped: prints a table (name, how it ended, starts), the statistics if
 * lintel.stats=1. Returns the exit status for lintel.exit=semihosting: 0 if all ended by power-off
 * (or were never to be started), else 1.
 */
int monitor_summary(void);

#endif
