/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace rings (hyp/base/trace.h) on the console: for people, and as a dump that tools/trace
 * reads. docs/trace.md describes both.
 */
#ifndef HYP_MONITOR_TRACE_H
#define HYP_MONITOR_TRACE_H

#include "hyp/base/trace.h"

/* At boot, before the VMs: memory for what is recorded while the rings are kept as they are. With
 * none, they can't be. */
void trace_init(void);

/*
 * The monitor's command `trace`, with what stands behind that word:
 *   (nothing)    how many events there are, and of how long a time
 *   show [n]     the last n events of all CPUs in the order of time
 *   dump [cpu]   the rings, or that of one CPU, for tools/trace
 *   off, on      stop recording (what is there stays), and go on
 * show and dump are printed in pieces, by a job of this CPU's; recording pauses meanwhile.
 */
void trace_command(const char *arguments);

/* show or dump is not finished yet. */
bool trace_is_printing(void);

/* All rings at once, as `dump` does it, without waiting for anybody: at the end of the machine. */
void trace_dump(void);

/* An event in words, without time and CPU: at most `size` bytes with the NUL. */
void trace_describe(const struct trace_entry *entry, char *text, size_t size);

#endif
