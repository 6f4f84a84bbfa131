/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * List registers with HW: ended by the inner guest, they end an interrupt of EL2's own. And list
 * registers that make no sense, where only a virtual EL2 promises anything.
 */
#include "smp.h"
#include "timer.h"
#include "vif.h"

#define SPI             50
#define TIMER           TIMER_VIRT_INTID
#define INNER_TIMER_CTL SYSREG(3, 3, 14, 3, 1)

/* EL2 takes its own interrupt, drops its priority, and keeps it active. */
static bool take(u32 intid)
{
	u32 got;

	msr(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	isb();
	(void)wait_for(100, mrs(ICC_HPPIR1_EL1) != INTID_NONE);
	got = gic_ack();
	tap_is(got, intid, "EL2 takes interrupt %u", intid);
	if (got == INTID_NONE)
		return false;
	gic_eoi(got);
	return got == intid;
}

static void spi(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	gic_set_edge(SPI, true);
	gic_enable(SPI);
	gic_set_pending(SPI);
	if (!take(SPI))
		return;
	lr_set(2, lr_hw(60, SPI, LR_PENDING));
	VIF_RUN(&inner, "IAR of one with HW", INSN_MRS(INNER_IAR1, 0));
	tap_is(inner.x[0], 60, "an SPI as one with HW");
	tap_ok(gic_is_active(SPI), "the SPI is active while the inner guest's is");
	/* Of an edge that comes meanwhile EL2 hears after that. */
	gic_set_pending(SPI);
	VIF_RUN(&inner, "before EOI", INSN_NOP);
	inner.x[0] = 60;
	INNER_RUN(&inner, INNER_EL1, INSN_MSR(INNER_EOIR1, 0), INSN_ISB, INSN_NOP, INSN_NOP);
	left_by(&inner, INNER_IRQ, 0, "after the end it comes again, to EL2");
	tap_is(lr_get(2), lr_hw(60, SPI, 0), "the list register is inactive");
	tap_ok(!gic_is_active(SPI), "the SPI is not active");
	if (take(SPI))
		gic_deactivate(SPI);
	gic_disable(SPI);
}

static void timer_once(bool inner_masks)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	gic_enable(TIMER);
	el1_set_cntv_cval(0);
	el1_set_cntv_ctl(TIMER_ENABLE);
	isb();
	if (!take(TIMER))
		return;
	tap_ok(gic_is_active(TIMER), "the inner guest's timer is active at EL2");
	lr_set(0, lr_hw(TIMER, TIMER, LR_PENDING));
	if (!VIF_RUN(&inner, "IAR of its timer", INSN_MRS(INNER_IAR1, 0)))
		return;
	tap_is(inner.x[0], TIMER, "the inner guest takes its timer");
	tap_ok(gic_is_active(TIMER), "and it stays active at EL2");
	inner.x[1] = TIMER_ENABLE | TIMER_IMASK;
	if (inner_masks) {
		INNER_RUN(&inner, INNER_EL1, INSN_MSR(INNER_TIMER_CTL, 1), INSN_ISB,
			INSN_MSR(INNER_EOIR1, 0), INSN_ISB);
		left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "its timer is masked, then ended");
	} else {
		INNER_RUN(&inner, INNER_EL1, INSN_MSR(INNER_EOIR1, 0), INSN_ISB, INSN_NOP);
		left_by(&inner, INNER_IRQ, 0, "its timer is ended, and fires again, to EL2");
	}
	tap_ok(!gic_is_active(TIMER), "the timer is not active at EL2");
	tap_is(lr_get(0), lr_hw(TIMER, TIMER, 0), "the list register is inactive");
	el1_set_cntv_ctl(0);
	isb();
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "nothing is pending when it is off");
	gic_disable(TIMER);
}

/* An interrupt of EL2's own takes the inner guest out, and that goes on after it. */
static void interrupted(void)
{
	struct inner inner = { 0 };

	vif_begin(VHCR_EN);
	lr_set(1, lr_of(40, PRIORITY, LR_PENDING));
	gic_enable(5);
	gic_send_sgi(5, cpu_id());
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(INNER_IAR1, 0));
	left_by(&inner, INNER_IRQ, 0, "an interrupt of EL2's own, whatever the inner guest masks");
	tap_is(inner.pc, inner_code_page(), "before the first instruction");
	tap_is(gic_ack(), 5, "EL2 takes it");
	gic_eoi(5);
	(void)inner_run(&inner);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "the inner guest goes on");
	tap_is(inner.x[0], 40, "and takes its own");
	gic_disable(5);
}

/* Long enough to lose the CPU meanwhile, where others want it. */
#define LONG_LOOP                                                               \
	0xd2a00805u /* mov x5, #0x400000 */, 0xf10004a5u /* subs x5, x5, #1 */, \
		0x54ffffe1u /* b.ne */

static void long_run(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	gic_set_edge(SPI, true);
	gic_enable(SPI);
	gic_set_pending(SPI);
	if (!take(SPI))
		return;
	lr_set(0, lr_hw(60, SPI, LR_PENDING));
	lr_set(3, lr_of(61, 0x60, LR_PENDING));
	VIF_RUN(&inner, "a long run", LONG_LOOP, INSN_MRS(INNER_IAR1, 0), LONG_LOOP,
		INSN_MSR(INNER_EOIR1, 0), INSN_MRS(INNER_IAR1, 1), LONG_LOOP,
		0xd2801203u /* mov x3, #0x90 */, INSN_MSR(INNER_PMR, 3), LONG_LOOP,
		INSN_MSR(INNER_EOIR1, 1), LONG_LOOP, INSN_MRS(INNER_PMR, 2));
	tap_is(inner.x[0], 61, "a long run: the first interrupt");
	tap_is(inner.x[1], 60, "a long run: the second");
	tap_is(inner.x[2], 0x90, "a long run: the mask is as it was");
	tap_is(lr_get(0), lr_hw(60, SPI, 0), "a long run: its list register is inactive");
	tap_ok(!gic_is_active(SPI), "a long run: the SPI is not active");
	gic_disable(SPI);
}

static void nonsense(void)
{
	static const u64 rows[][4] = {
		{ 40 | LR_PENDING, 40 | LR_PENDING, 40 | LR_ACTIVE, 40 | LR_STATE },
		{ 1023 | LR_PENDING, 1020 | LR_ACTIVE, 0xffffffff | LR_PENDING, 1 << 24 },
		{ 40 | LR_HW | LR_PENDING, 41 | LR_HW | LR_STATE | (u64)8191 << 32,
			42 | LR_HW | LR_ACTIVE | (u64)MAINTENANCE << 32,
			43 | LR_HW | LR_ACTIVE | (u64)26 << 32 },
		{ ~UINT64_C(0), ~LR_HW, ~LR_STATE, ~LR_GROUP1 },
	};
	struct inner inner;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		vif_begin(VHCR_EN);
		for (u32 n = 0; n < 4; n++)
			lr_set(n, rows[i][n]);
		msr(ICH_AP0R0_EL2, i == 3 ? ~UINT64_C(0) : 0);
		msr(ICH_AP1R0_EL2, i == 3 ? ~UINT64_C(0) : 0);
		msr(ICH_VMCR_EL2, i == 3 ? ~UINT64_C(0) : VMCR_OPEN | VMCR_VENG0);
		(void)vif_ran(&inner,
			(const u32[]){ INSN_MRS(INNER_IAR1, 0), INSN_MSR(INNER_EOIR1, 0),
				INSN_MRS(INNER_IAR0, 0), INSN_MSR(INNER_EOIR0, 0) },
			4, "list registers that make no sense");
		tap_ok(inner_done(&inner, INNER_EL1), "nonsense %u: the inner guest went on", i);
	}
}

void test_gic_links(void)
{
	spi();
	timer_once(true);
	timer_once(false);
	interrupted();
	long_run();
	if (arg_flag("lintel"))
		nonsense();
	vif_end();
}
