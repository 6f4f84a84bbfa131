/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generic timer: both EL1 timers, waiting.
 */
#ifndef GUEST_LIB_TIMER_H
#define GUEST_LIB_TIMER_H

#include "regs.h"

#define TIMER_VIRT_INTID 27
#define TIMER_PHYS_INTID 30
#define TIMER_ENABLE     BIT(0)
#define TIMER_IMASK      BIT(1)
#define TIMER_ISTATUS    BIT(2)

enum timer { TIMER_VIRT, TIMER_PHYS };

static inline u64 counter(void)
{
	isb();
	return mrs(cntvct_el0);
}

static inline u64 counter_phys(void)
{
	isb();
	return mrs(cntpct_el0);
}

/* Counter ticks in so many milliseconds or microseconds. */
static inline u64 ms_ticks(u64 ms)
{
	return mrs(cntfrq_el0) / 1000 * ms;
}

static inline u64 us_ticks(u64 us)
{
	return mrs(cntfrq_el0) / 1000 * us / 1000;
}

static inline void delay_us(u64 us)
{
	u64 end = counter() + us_ticks(us);

	while (counter() < end)
		cpu_relax();
}

/* Waits until `condition` holds, at most `ms` milliseconds; its value at the end. */
#define wait_for(ms, condition)                                   \
	({                                                        \
		u64 end_ = counter() + ms_ticks(ms);              \
		bool met_;                                        \
		while (!(met_ = (condition)) && counter() < end_) \
			cpu_relax();                              \
		met_ || (condition);                              \
	})

/* The registers of one of the two timers. */
u64 timer_counter(enum timer timer);
u64 timer_ctl(enum timer timer);
void timer_set_ctl(enum timer timer, u64 value);
u64 timer_cval(enum timer timer);
void timer_set_cval(enum timer timer, u64 value);
u64 timer_tval(enum timer timer);
void timer_set_tval(enum timer timer, u64 value);

#endif
