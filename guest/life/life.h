/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GUEST_LIFE_H
#define GUEST_LIFE_H

#include "base.h"

/* Leaves as much behind in the machine as a guest can: interrupts pending and active, timers that
 * have fired, a CPU that runs, the serial port set up. */
void leave_traces(void);

/* Before anything is set up: nothing of that is there. */
void check_traces(void);

#endif
