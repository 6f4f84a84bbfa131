/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timers' own state. Only hyp/nested/timer*.c include this.
 */
#ifndef HYP_NESTED_TIMER_STATE_H
#define HYP_NESTED_TIMER_STATE_H

#include "hyp/nested/timer.h"
#include "hyp/vm/timer.h"

/* Those of vEL1, then those of vEL2; the virtual one first. */
enum nested_timer_id { NESTED_CNTV, NESTED_CNTP, NESTED_CNTHV, NESTED_CNTHP, NR_NESTED_TIMERS };

struct nested_timer {
	uint64_t ctl[2], cval[2]; /* CNTHV, CNTHP, while not in the CPU */
	uint64_t armed;           /* for when `soft` is armed; TIMER_NEVER: it isn't */
	uint64_t cnthctl[2];      /* CNTHCTL_EL2 of the CPU in hyp, and in inner */
	struct soft_timer soft;   /* watches those that are not in the CPU */
	struct nested *nested;
};

/* Where it is while it isn't in the CPU. ISTATUS of CTL is what it was, or 0. */
uint64_t *nested_timer_ctl(const struct nested *nested, enum nested_timer_id which);
uint64_t *nested_timer_cval(const struct nested *nested, enum nested_timer_id which);

/* The counter that it looks at, now. */
uint64_t nested_timer_count(const struct nested *nested, enum nested_timer_id which);

/* Is it enabled, and its time come? Of one in memory. */
bool nested_timer_met(const struct nested *nested, enum nested_timer_id which);

/* Is it in the CPU, while the vCPU is loaded? */
bool nested_timer_is_live(const struct nested *nested, enum nested_timer_id which);

/* One in memory was written: ISTATUS, the level of its PPI, what watches it. The vCPU is loaded. */
void nested_timer_changed(struct nested *nested, enum nested_timer_id which);

#endif
