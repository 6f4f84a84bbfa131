/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timers: EL2's own and those of the inner guest, each in either context; the counters; what
 * CNTHCTL_EL2 has trap is in traps.c.
 */
#include "timer.h"
#include "vif.h"

#define CNTHP_INTID     26
#define CNTHV_INTID     28
#define AHEAD           us_ticks(200)
#define INNER_CNTVCT    SYSREG(3, 3, 14, 0, 2)
#define INNER_CNTPCT    SYSREG(3, 3, 14, 0, 1)
#define INNER_CNTV_CTL  SYSREG(3, 3, 14, 3, 1)
#define INNER_CNTV_CVAL SYSREG(3, 3, 14, 3, 2)
#define INNER_CNTP_CTL  SYSREG(3, 3, 14, 2, 1)
#define OFFSET          UINT64_C(0x123456789)

/* One of the four, by EL2's names. */
struct one {
	const char *name;
	u32 intid;
	void (*set)(u64 ctl, u64 ahead);
	u64 (*ctl)(void);
};

static void set_hp(u64 ctl, u64 ahead)
{
	msr(CNTHP_CVAL_EL2, mrs(cntpct_el0) + ahead);
	msr(CNTHP_CTL_EL2, ctl);
	isb();
}

static u64 ctl_hp(void)
{
	isb();
	return mrs(CNTHP_CTL_EL2);
}

static void set_hv(u64 ctl, u64 ahead)
{
	msr(CNTHV_CVAL_EL2, mrs(cntvct_el0) + ahead);
	msr(CNTHV_CTL_EL2, ctl);
	isb();
}

static u64 ctl_hv(void)
{
	isb();
	return mrs(CNTHV_CTL_EL2);
}

static void set_v(u64 ctl, u64 ahead)
{
	el1_set_cntv_cval(mrs(cntpct_el0) - mrs(CNTVOFF_EL2) + ahead);
	el1_set_cntv_ctl(ctl);
	isb();
}

static u64 ctl_v(void)
{
	isb();
	return el1_cntv_ctl();
}

static void set_p(u64 ctl, u64 ahead)
{
	el1_set_cntp_cval(mrs(cntpct_el0) + ahead);
	el1_set_cntp_ctl(ctl);
	isb();
}

static u64 ctl_p(void)
{
	isb();
	return el1_cntp_ctl();
}

static const struct one timers[] = {
	{ "CNTHP", CNTHP_INTID, set_hp, ctl_hp }, { "CNTV of EL1", TIMER_VIRT_INTID, set_v, ctl_v },
	{ "CNTP of EL1", TIMER_PHYS_INTID, set_p, ctl_p },
	{ "CNTHV", CNTHV_INTID, set_hv, ctl_hv }, /* VHE only */
};

static u32 nr_timers(void)
{
	return ARRAY_SIZE(timers) - (vhe() ? 0 : 1);
}

/* It is pending at EL2, and taken; off it is gone. */
static void expect(const struct one *timer, const char *where)
{
	u32 got;

	(void)wait_for(100, mrs(ICC_HPPIR1_EL1) != INTID_NONE);
	got = gic_ack();
	tap_is(got, timer->intid, "%s %s: its interrupt", timer->name, where);
	tap_is(timer->ctl(), TIMER_ENABLE | TIMER_ISTATUS, "%s: ISTATUS", timer->name);
	timer->set(0, 0);
	if (got != INTID_NONE)
		gic_eoi(got);
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "%s: off it is gone", timer->name);
}

static void at_el2(const struct one *timer)
{
	timer->set(TIMER_ENABLE, AHEAD);
	expect(timer, "at EL2");
	timer->set(TIMER_ENABLE, AHEAD);
	wfi();
	expect(timer, "by WFI");
	timer->set(TIMER_ENABLE | TIMER_IMASK, 0);
	tap_is(timer->ctl(), TIMER_ENABLE | TIMER_IMASK | TIMER_ISTATUS, "%s masked", timer->name);
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "%s: masked it is silent", timer->name);
	timer->set(0, 0);
}

/* It fires while the inner guest goes round and round. */
static void while_inner(const struct one *timer)
{
	struct inner inner = { 0 };

	timer->set(TIMER_ENABLE, AHEAD);
	INNER_RUN(&inner, INNER_EL1, INSN_NOP, 0x14000000u /* b . */);
	left_by(&inner, INNER_IRQ, 0, "the inner guest is left for a timer");
	expect(timer, "while inner");
}

/* Programmed before, it is the inner guest's; what that programs is there afterwards. */
static void belongs_to_inner(void)
{
	struct inner inner = { 0 };

	msr(CNTVOFF_EL2, OFFSET);
	el1_set_cntv_cval(0x1234);
	el1_set_cntv_ctl(TIMER_IMASK);
	inner.x[3] = UINT64_C(0x7fffffffffff);
	inner.x[4] = TIMER_ENABLE;
	INNER_RUN(&inner, INNER_EL1, INSN_ISB, INSN_MRS(INNER_CNTVCT, 0), INSN_MRS(INNER_CNTPCT, 1),
		INSN_MRS(INNER_CNTV_CVAL, 2), INSN_MRS(INNER_CNTV_CTL, 5),
		INSN_MSR(INNER_CNTV_CVAL, 3), INSN_MSR(INNER_CNTV_CTL, 4), INSN_ISB,
		INSN_MRS(INNER_CNTP_CTL, 6));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "the inner guest's timers");
	tap_ok(inner.x[1] - inner.x[0] - OFFSET < ms_ticks(10) ||
			OFFSET - (inner.x[1] - inner.x[0]) < ms_ticks(10),
		"CNTVCT is CNTPCT less CNTVOFF_EL2");
	tap_is(inner.x[2], 0x1234, "its compare value");
	tap_is(inner.x[5] & (TIMER_ENABLE | TIMER_IMASK), TIMER_IMASK, "its control");
	tap_is(el1_cntv_cval(), UINT64_C(0x7fffffffffff), "the compare value that it has written");
	tap_is(ctl_v() & ~TIMER_ISTATUS, TIMER_ENABLE, "the control that it has written");
	el1_set_cntv_ctl(0);
	/* With VHE there is no offset at EL2. */
	tap_ok(mrs(cntpct_el0) - counter() - (vhe() ? 0 : OFFSET) + ms_ticks(10) < ms_ticks(20),
		"CNTVCT at EL2");
	msr(CNTVOFF_EL2, 0);
	isb();
}

void test_timers(void)
{
	gic_init();
	gic_init_cpu();
	for (u32 i = 0; i < nr_timers(); i++) {
		gic_enable(timers[i].intid);
		at_el2(&timers[i]);
		while_inner(&timers[i]);
		gic_disable(timers[i].intid);
	}
	belongs_to_inner();
}
