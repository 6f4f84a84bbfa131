/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ways into modes and states in which the next instruction faults: each for probe_call().
 */
#ifndef GUEST_EXCEPTIONS_MODES_H
#define GUEST_EXCEPTIONS_MODES_H

#include "base.h"

/* Goes to EL0 at x[0] with SP_EL0 = x[1], SPSR = x[2]; comes back only by an exception. */
void enter_el0(u64 *x);
/* At EL1t with SP_EL0 = x[0], loads from the stack. */
void load_from_stack(u64 *x);
/* ERETs to the next instruction with PSTATE.IL set. */
void illegal_return(u64 *x);
/* Turns FP off, executes an FP instruction. */
void use_fp_when_off(u64 *x);

#endif
