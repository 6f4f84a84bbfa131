/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer.h"

u64 timer_counter(enum timer timer)
{
	return timer == TIMER_VIRT ? counter() : counter_phys();
}

u64 timer_ctl(enum timer timer)
{
	isb();
	return timer == TIMER_VIRT ? mrs(cntv_ctl_el0) : mrs(cntp_ctl_el0);
}

void timer_set_ctl(enum timer timer, u64 value)
{
	if (timer == TIMER_VIRT)
		msr(cntv_ctl_el0, value);
	else
		msr(cntp_ctl_el0, value);
	isb();
}

u64 timer_cval(enum timer timer)
{
	return timer == TIMER_VIRT ? mrs(cntv_cval_el0) : mrs(cntp_cval_el0);
}

void timer_set_cval(enum timer timer, u64 value)
{
	if (timer == TIMER_VIRT)
		msr(cntv_cval_el0, value);
	else
		msr(cntp_cval_el0, value);
	isb();
}

u64 timer_tval(enum timer timer)
{
	isb();
	return timer == TIMER_VIRT ? mrs(cntv_tval_el0) : mrs(cntp_tval_el0);
}

void timer_set_tval(enum timer timer, u64 value)
{
	if (timer == TIMER_VIRT)
		msr(cntv_tval_el0, value);
	else
		msr(cntp_tval_el0, value);
	isb();
}
