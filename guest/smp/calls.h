/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the smp payload.
 */
#ifndef GUEST_SMP_CALLS_H
#define GUEST_SMP_CALLS_H

#include "power.h"

/* Which PSCI and SMCCC functions there are, by one conduit. */
void test_calls(enum conduit conduit);
/* CPU_ON's refusals: nothing starts. */
void test_refusals(void);
/* Starting, stopping, restarting the other CPUs. */
void test_on_off(void);
/* Two CPUs start a third at the same time. */
void test_race(void);
/* CPU_SUSPEND. */
void test_suspend(enum conduit conduit);

#endif
