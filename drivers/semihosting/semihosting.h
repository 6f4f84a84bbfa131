/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Semihosting calls (Arm semihosting specification, A64: HLT #0xf000) to a debugger or QEMU
 * -semihosting-config enable=on.
 *
 * Only with `lintel.exit=semihosting`: without somebody who listens, HLT is an UNDEFINED
 * instruction.
 */
#ifndef DRIVERS_SEMIHOSTING_SEMIHOSTING_H
#define DRIVERS_SEMIHOSTING_SEMIHOSTING_H

#include "hyp/base/types.h"

/* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit: ends QEMU with this exit status. Returns only
 * if nobody listens. */
void semihosting_exit(unsigned status);

/* SYS_WRITE0: text to the host's console. */
void semihosting_write0(const char *text);

/* SYS_OPEN, SYS_WRITE and SYS_CLOSE in one: a file on the host, for coverage data. False when it
 * can't be written. */
bool semihosting_write_file(const char *name, const void *data, size_t size);

#endif
