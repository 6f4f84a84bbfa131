/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end: what became of every VM.
 */
#ifndef HYP_MONITOR_RESULTS_H
#define HYP_MONITOR_RESULTS_H

/* How many VMs of the bundle were never made: they count as failed. */
void results_set_bad(unsigned bad);

/*
 * All VMs have stopped: prints a table (name, how it ended, boots), the statistics if lintel.stats=1. Returns the
 * exit status for lintel.exit=semihosting: 0 if all ended by power-off, else 1.
 */
int monitor_summary(void);

#endif
