/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other CPUs: started by PSCI CPU_ON to run one function, off again when it returns.
 */
#ifndef GUEST_LIB_SMP_H
#define GUEST_LIB_SMP_H

#include "base.h"

typedef void (*cpu_function)(void *arg);

/* Starts `cpu` with its MMU on and IRQs masked; returns PSCI's answer. */
s32 smp_start(u32 cpu, cpu_function fn, void *arg);
/* Only notes what `cpu` shall run: the payload makes the CPU_ON call itself. */
void smp_prepare(u32 cpu, cpu_function fn, void *arg);
/* Waits until the function has returned and the CPU is off; false after `ms` milliseconds. */
bool smp_join(u32 cpu, u64 ms);
/* fn(arg) on all CPUs, this one included; false when one of them did not come or did not end. */
bool smp_run(cpu_function fn, void *arg, u64 ms);

/* Where CPU_ON starts a CPU whose context is its number (start.S). */
void secondary_entry(void);

/* What a payload defines. It returns when its tests are done: the runtime then calls tap_done(). */
void payload_main(void);

#endif
