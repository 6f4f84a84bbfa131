/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end: for Lintel's own bugs only, never for what a guest did.
 */
#ifndef HYP_BASE_PANIC_H
#define HYP_BASE_PANIC_H

#include "hyp/base/compiler.h"

/*
 * Prints the cause, then calls the hook (which prints registers, backtrace and last events, stops
 * the other CPUs and ends the machine). Never returns.
 */
__noreturn void panic(const char *fmt, ...) __printf_like(1, 2);

/* Set once by boot. Must not return; if it does, or none is set, the CPU waits for ever. */
extern void (*panic_hook)(void);

#ifdef LINTEL_HOST
#include <assert.h>
#else
#define assert(condition)                                                                      \
	do {                                                                                   \
		if (unlikely(!(condition)))                                                    \
			panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__); \
	} while (0)
#endif

#endif
