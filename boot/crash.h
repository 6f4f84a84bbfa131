/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What panic() prints after the cause: registers, a symbolised backtrace, the last events; then
 * every CPU stops.
 */
#ifndef BOOT_CRASH_H
#define BOOT_CRASH_H

/* Boot CPU, as soon as there is a console: panic()'s hook. */
void crash_init(void);

/* Each CPU: takes the SGI by which a panic elsewhere stops it. */
void crash_init_cpu(void);

#endif
