/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GUEST_CMO_RUN_H
#define GUEST_CMO_RUN_H

#include "base.h"

/* The exception that ended it. */
struct run {
	u64 esr, far, elr;
};

/*
 * Runs the instructions at `at`, which end by an exception (an SVC, if no other), with this x0,
 * PSTATE and SCTLR_EL1. They may use x0 only. `at` must be the same address with and without
 * stage 1, if that is switched.
 */
void run(u32 *at, u64 x0, u64 spsr, u64 sctlr, struct run *result);

#endif
