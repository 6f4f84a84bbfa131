/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmark's files share.
 */
#ifndef GUEST_BENCH_BENCH_H
#define GUEST_BENCH_BENCH_H

#include "gic.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"
#include "measure.h"

#define SAMPLES_MAX 1001
#define TIMER_AHEAD 20000
#define BENCH_SGI   1
#define READY_MS    5000

typedef u64 (*measurement)(u64 a, u64 b);

extern u64 samples[SAMPLES_MAX];
extern u32 sample_count;

/* True when the boot arguments ask for this figure, or for none in particular. */
bool wanted(const char *key);
/* True when the boot arguments ask for this figure by its name. */
bool asked_for(const char *key);
/* The median of the first `count` samples, in instructions; -1 when one of them timed out. */
s64 evaluate(u32 count);
/* Takes sample_count samples; their median. */
s64 sample(measurement run, u64 a, u64 b);
/* Prints a figure: what was found less the overhead. */
void report(const char *key, s64 found, s64 overhead);

/* Figures of the device table: only when the boot arguments say which rows there are. */
void bench_table(void);

/* Figures of SDEI. */
void bench_events(void);

/* Figures of doorbells: each only when it is asked for. */
void bench_bells(void);

/* Figures of calls that another VM answers: only when they are asked for. */
void bench_monitor(void);

/* Figures of vCPUs that share CPUs: each only when it is asked for. */
void bench_shared(void);

#endif
