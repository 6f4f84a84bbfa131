/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generic timer (Arm ARM D11/D12): the machine's counter, and the EL2 physical timer (CNTHP) as
 * Lintel's own alarm.
 *
 * Times are ticks of the physical counter. CNTV and CNTP belong to the guests.
 */
#ifndef DRIVERS_TIMER_TIMER_H
#define DRIVERS_TIMER_TIMER_H

#include "drivers/dt/machine.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/compiler.h"
#include "hyp/base/status.h"

/* CNT*_CTL */
#define TIMER_CTL_ENABLE  BIT(0)
#define TIMER_CTL_IMASK   BIT(1)
#define TIMER_CTL_ISTATUS BIT(2)

/* Multipliers for the conversions: 32.32 fixed point. */
struct timer_scale {
	uint64_t ns_per_tick;
	uint64_t ticks_per_ns;
	uint64_t hz;
};

extern struct timer_scale timer_scale;

/*
 * Boot CPU, once: the counter's frequency from CNTFRQ_EL0, else from the devicetree's
 * clock-frequency. ERR_NOT_FOUND when neither says. Logged.
 */
enum status __must_check timer_init(const struct machine_timer *from);

/* On each CPU: no alarm. */
void timer_cpu_init(void);

static inline uint64_t timer_hz(void)
{
	return timer_scale.hz;
}

/* INTID of a timer's PPI, or MACHINE_NO_INTID. */
uint32_t timer_intid(enum machine_timer_ppi which);

/* The counter now: not read ahead of anything before it. */
static inline uint64_t timer_now(void)
{
	isb();
	return read_sysreg(CNTPCT_EL0);
}

/* A deadline that never comes. Positive, whether compare values have a sign or not. */
#define TIMER_NEVER ((uint64_t)INT64_MAX)

/*
 * Sets the alarm of this CPU: TIMER_PPI_HYP fires when the counter reaches `deadline` (at once if
 * it has), and stays asserted until the next call. In force after an ISB or an exception return;
 * one that was set before may fire until then.
 */
static inline void timer_set_deadline(uint64_t deadline)
{
	write_sysreg(deadline, CNTHP_CVAL_EL2);
	write_sysreg(TIMER_CTL_ENABLE, CNTHP_CTL_EL2);
}

/*
 * No alarm on this CPU, after an ISB or an exception return. CNTHP is off then, not set to a
 * deadline that is far away: an emulator may go from one deadline to the next while all its CPUs
 * wait (QEMU's -icount sleep=off does), and would reach the end of time.
 */
static inline void timer_clear_deadline(void)
{
	write_sysreg(0, CNTHP_CTL_EL2);
}

/* Conversions round down and saturate nowhere: 2^64 ns are 584 years, and ticks are as many at 1
 * GHz. */
static inline uint64_t timer_ticks_to_ns(uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * timer_scale.ns_per_tick) >> 32);
}

static inline uint64_t timer_ns_to_ticks(uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)ns * timer_scale.ticks_per_ns) >> 32);
}

static inline uint64_t timer_ms_to_ticks(uint64_t ms)
{
	return timer_ns_to_ticks(ms * 1000000);
}

static inline uint64_t timer_us_to_ticks(uint64_t us)
{
	return timer_ns_to_ticks(us * 1000);
}

static inline uint64_t timer_ticks_to_ms(uint64_t ticks)
{
	return timer_ticks_to_ns(ticks) / 1000000;
}

/* Spins. For hardware that needs it, in short steps only. */
void timer_delay_us(uint64_t us);

#endif
