/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The maintenance interrupt, cause by cause: it takes the inner guest out when the cause is there,
 * ICH_MISR_EL2 names it, and it is gone with its cause.
 */
#include "smp.h"
#include "timer.h"
#include "vif.h"

#define MISR_EOI   BIT(0)
#define MISR_U     BIT(1)
#define MISR_LRENP BIT(2)
#define MISR_NP    BIT(3)
#define MISR_GRP0E BIT(4)
#define MISR_GRP0D BIT(5)
#define MISR_GRP1E BIT(6)
#define MISR_GRP1D BIT(7)

struct row {
	const char *what;
	u64 hcr, vmcr;
	u64 lr[2];
	u32 words[4]; /* that bring the cause about */
	u64 misr;
};

#define IAR  INSN_MRS(INNER_IAR1, 0)
#define EOIR INSN_MSR(INNER_EOIR1, 0)
#define PEND LR_PENDING

/* VGrp0D comes later: QEMU 10's own looks at the wrong group for it. */
static const struct row rows[] = {
	{ "EOI", 0, VMCR_OPEN, { PEND | LR_EOI, PEND }, { IAR, EOIR }, MISR_EOI },
	{ "U", VHCR_UIE, VMCR_OPEN, { PEND, PEND }, { IAR, EOIR }, MISR_U },
	{ "NP", VHCR_NPIE, VMCR_OPEN, { PEND, LR_ACTIVE }, { IAR }, MISR_NP },
	{ "LRENP", VHCR_LRENPIE, VMCR_OPEN, { PEND, PEND }, { IAR, INSN_MSR(INNER_EOIR1, 9) },
		MISR_LRENP },
	{ "VGrp1D", VHCR_VGRP1DIE, VMCR_OPEN, { PEND, PEND }, { INSN_MSR(INNER_IGRPEN1, 31) },
		MISR_GRP1D },
	{ "VGrp1E", VHCR_VGRP1EIE, VMCR_OPEN & ~VMCR_VENG1, { PEND, PEND },
		{ INSN_MSR(INNER_IGRPEN1, 8) }, MISR_GRP1E },
	{ "VGrp0E", VHCR_VGRP0EIE, VMCR_OPEN, { PEND, PEND }, { INSN_MSR(ICC(12, 6), 8) },
		MISR_GRP0E },
};

static void begin(const struct row *row, u64 en)
{
	vif_begin(0);
	for (u32 n = 0; n < 2; n++)
		lr_set(n, lr_of(40 + n, PRIORITY + 8 * n, row->lr[n]));
	msr(ICH_VMCR_EL2, row->vmcr);
	msr(ICH_HCR_EL2, row->hcr | en);
	isb();
}

static u32 run(const struct row *row, struct inner *inner)
{
	u32 words[8] = { INSN_NOP };
	u32 count = 1;

	for (u32 i = 0; i < ARRAY_SIZE(row->words) && row->words[i]; i++)
		words[count++] = row->words[i];
	words[count++] = INSN_ISB;
	words[count++] = INSN_NOP;
	*inner = (struct inner){ .x = { [8] = 1, [9] = 99 } };
	return (u32)inner_words(inner, INNER_EL1, words, count);
}

static void cause(const struct row *row)
{
	struct inner inner;

	begin(row, 0);
	tap_is(run(row, &inner), INNER_SYNC, "%s: not without En", row->what);
	begin(row, VHCR_EN);
	tap_is(mrs(ICH_MISR_EL2), 0, "%s: not before", row->what);
	if (!tap_is(run(row, &inner), INNER_IRQ, "%s: the inner guest is interrupted", row->what))
		return;
	tap_is(mrs(ICH_MISR_EL2), row->misr, "%s: ICH_MISR_EL2 says why", row->what);
	tap_is(gic_ack(), MAINTENANCE, "%s: it is the maintenance interrupt", row->what);
	lr_set(0, 0);
	msr(ICH_HCR_EL2, VHCR_EN);
	isb();
	tap_is(mrs(ICH_MISR_EL2), 0, "%s: ICH_MISR_EL2 without the cause", row->what);
	gic_eoi(MAINTENANCE);
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "%s: it does not come again", row->what);
	(void)inner_run(&inner);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "the inner guest goes on");
}

/* The cause stays: it comes again, at EL2 as well. */
static void stays(void)
{
	struct inner inner;

	begin(&rows[1], VHCR_EN);
	(void)run(&rows[1], &inner);
	tap_is(gic_ack(), MAINTENANCE, "the maintenance interrupt");
	gic_eoi(MAINTENANCE);
	tap_ok(wait_for(10, mrs(ICC_HPPIR1_EL1) == MAINTENANCE), "its cause stays: it comes again");
	msr(ICH_HCR_EL2, 0);
	isb();
	tap_ok(!gic_is_pending(MAINTENANCE), "with its cause its level goes");
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "and it is not signalled");
}

/* Nobody takes it: the inner guest runs on. */
static void disabled(void)
{
	struct inner inner;

	gic_disable(MAINTENANCE);
	begin(&rows[1], VHCR_EN);
	tap_is(run(&rows[1], &inner), INNER_SYNC, "disabled: the inner guest runs on");
	tap_is(mrs(ICH_MISR_EL2), MISR_U, "disabled: ICH_MISR_EL2 has the cause");
	tap_ok(gic_is_pending(MAINTENANCE), "disabled: it is pending");
	msr(ICH_HCR_EL2, 0);
	isb();
	tap_ok(!gic_is_pending(MAINTENANCE), "disabled: until its cause goes");
}

static void counted(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, PRIORITY, PEND));
	lr_set(1, lr_of(41, PRIORITY - 8, PEND));
	VIF_RUN(&inner, "EOIs of what is in no list register", 0xd2800c69u /* mov x9, #99 */,
		INSN_MRS(INNER_IAR1, 0), INSN_MSR(INNER_EOIR1, 9), INSN_MRS(INNER_IAR1, 0),
		INSN_MSR(INNER_EOIR1, 9), INSN_MSR(INNER_EOIR1, 9));
	tap_is(mrs(ICH_HCR_EL2), VHCR_EN | BIT(28), "EOIcount: two, and none without a priority");
}

static void both_groups_off(void)
{
	vif_begin(VHCR_VGRP0DIE);
	msr(ICH_VMCR_EL2, 0);
	isb();
	tap_is(mrs(ICH_MISR_EL2), MISR_GRP0D, "VGrp0D: ICH_MISR_EL2");
	msr(ICH_HCR_EL2, VHCR_VGRP0DIE | VHCR_VGRP1DIE);
	isb();
	tap_is(mrs(ICH_MISR_EL2), MISR_GRP0D | MISR_GRP1D, "both groups off: ICH_MISR_EL2");
}

void test_gic_maintenance(void)
{
	gic_enable(MAINTENANCE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		cause(&rows[i]);
	stays();
	disabled();
	counted();
	both_groups_off();
	vif_end();
}
