/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups: group 1 is an IRQ, group 0 an FIQ, each with its enables.
 */
#include "parts.h"

#define FIQ_SGI 4

static volatile u32 fiq_intid;
static volatile u32 fiqs;

static void take_fiq(struct regs *regs)
{
	u32 intid = (u32)mrs(ICC_IAR0_EL1);

	(void)regs;
	dsb(sy);
	fiq_intid = intid;
	fiqs = fiqs + 1;
	if (intid < INTID_NONE - 3)
		msr(ICC_EOIR0_EL1, intid);
	isb();
}

static u32 wait_fiq(void)
{
	fiq_intid = INTID_NONE;
	fiqs = 0;
	__asm__ volatile("msr daifclr, #1" ::: "memory");
	(void)wait_for(BOUND_MS, fiqs);
	__asm__ volatile("msr daifset, #1" ::: "memory");
	return fiqs == 1 ? fiq_intid : INTID_NONE;
}

static bool no_fiq(void)
{
	u64 end = counter() + us_ticks(QUIET_US);

	while (counter() < end) {
		if (mrs(ICC_HPPIR0_EL1) != INTID_NONE)
			return false;
	}
	return true;
}

static void test_group1_enable(void)
{
	gic_enable(FREE_SPI);
	msr(ICC_IGRPEN1_EL1, 0);
	isb();
	gic_set_pending(FREE_SPI);
	tap_ok(!(mrs(ISR_EL1) & ISR_IRQ) && gic_is_pending(FREE_SPI),
		"IGRPEN1 0: not signalled, still pending");
	msr(ICC_IGRPEN1_EL1, 1);
	isb();
	tap_is(take_one(), FREE_SPI, "IGRPEN1 1: signalled");
	gic_eoi(FREE_SPI);
	mmio_write32(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0);
	gic_set_pending(FREE_SPI);
	tap_ok(quiet(), "GICD_CTLR without group 1: not signalled");
	mmio_write32(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	tap_is(take_one(), FREE_SPI, "GICD_CTLR with group 1: signalled");
	gic_eoi(FREE_SPI);
	gic_disable(FREE_SPI);
}

static void test_group0(u32 intid, const char *name)
{
	gic_set_group(intid, 0);
	gic_enable(intid);
	gic_set_pending(intid);
	tap_ok(quiet() && no_fiq(), "%s in group 0, IGRPEN0 0: not signalled", name);
	msr(ICC_IGRPEN0_EL1, 1);
	isb();
	tap_ok(mrs(ICC_IAR1_EL1) >= INTID_NONE - 3, "%s: IAR1 does not acknowledge group 0", name);
	tap_is(wait_fiq(), intid, "%s: an FIQ, acknowledged by IAR0", name);
	tap_ok(!gic_is_active(intid) && no_fiq(), "%s: idle after EOIR0", name);
	msr(ICC_IGRPEN0_EL1, 0);
	isb();
	gic_disable(intid);
	gic_set_group(intid, 1);
}

/* SGI1R sends group 1 SGIs only; SGI0R and ASGI1R group 0 only. */
static void test_group_sgis(void)
{
	msr(ICC_IGRPEN0_EL1, 1);
	isb();
	gic_enable(FIQ_SGI);
	gic_set_group(FIQ_SGI, 0);
	gic_send_sgi(FIQ_SGI, 0);
	tap_ok(!gic_is_pending(FIQ_SGI), "SGI1R does not send a group 0 SGI");
	msr(ICC_SGI0R_EL1, (u64)FIQ_SGI << 24 | 1);
	isb();
	tap_is(wait_fiq(), FIQ_SGI, "SGI0R sends a group 0 SGI");
	gic_set_group(FIQ_SGI, 1);
	msr(ICC_SGI0R_EL1, (u64)FIQ_SGI << 24 | 1);
	isb();
	tap_ok(!gic_is_pending(FIQ_SGI) && quiet(), "SGI0R does not send a group 1 SGI");
	msr(ICC_IGRPEN0_EL1, 0);
	isb();
	gic_disable(FIQ_SGI);
}

void test_groups(void)
{
	gic_fresh();
	exception_set_fiq(take_fiq);
	test_group1_enable();
	test_group0(FREE_SPI, "SPI");
	test_group0(21, "PPI");
	test_group0(5, "SGI");
	test_group_sgis();
	gic_fresh();
}
