/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's end: power-off through EL3, or an exit status for the test that waits, as
 * lintel.exit says.
 */
#ifndef BOOT_END_H
#define BOOT_END_H

#include "hyp/base/compiler.h"

/* Exit status after a panic, with lintel.exit=semihosting. */
#define END_STATUS_PANIC 3

/* All VMs have stopped: the summary, then the end. */
void end_of_vms(void);

/* status: for lintel.exit=semihosting. Other CPUs may still run. */
__noreturn void end_machine(int status);

#endif
