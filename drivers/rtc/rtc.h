/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time of day: Unix time, in seconds since 1970.
 *
 * The machine's clock, a PL031 (DDI 0224), is read once when Lintel starts. From then on the
 * generic counter says how much time has passed, so that a look at the time costs no device access.
 */
#ifndef DRIVERS_RTC_RTC_H
#define DRIVERS_RTC_RTC_H

#include "hyp/base/types.h"

/*
 * Boot CPU, once, after timer_init(). given: what time it is; 0: the clock says, whose registers
 * are mapped at `registers`; NULL: there is none, and time begins at 0. Logged.
 */
void rtc_init(volatile void *registers, uint64_t given);

/* Seconds since 1970. */
uint64_t rtc_now(void);

/*
 * Nanoseconds since 1970 when the physical counter was, or is, at `counter`: never less for a later
 * one, and in the second that rtc_now() says. Wraps in the year 2554.
 */
uint64_t rtc_ns_at(uint64_t counter);

/* The first value of the physical counter at which rtc_now() is `seconds` or more; UINT64_MAX when
 * the counter never gets there. */
uint64_t rtc_counter_at(uint64_t seconds);

#endif
