/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual CPU interface for an inner guest: what ICH_* say, list registers from pending to
 * inactive, priorities, groups, EOI modes, traps, SGIs.
 */
#include "smp.h"
#include "vif.h"

u64 lr_get(u32 n)
{
	switch (n) {
	case 0:
		return mrs(ICH_LR0_EL2);
	case 1:
		return mrs(ICH_LR1_EL2);
	case 2:
		return mrs(ICH_LR2_EL2);
	default:
		return mrs(ICH_LR3_EL2);
	}
}

void lr_set(u32 n, u64 value)
{
	switch (n) {
	case 0:
		msr(ICH_LR0_EL2, value);
		break;
	case 1:
		msr(ICH_LR1_EL2, value);
		break;
	case 2:
		msr(ICH_LR2_EL2, value);
		break;
	default:
		msr(ICH_LR3_EL2, value);
		break;
	}
}

void vif_begin(u64 hcr)
{
	for (u32 i = 0; i < 4; i++)
		lr_set(i, 0);
	msr(ICH_AP0R0_EL2, 0);
	msr(ICH_AP1R0_EL2, 0);
	msr(ICH_VMCR_EL2, VMCR_OPEN);
	msr(ICH_HCR_EL2, hcr);
	isb();
}

void vif_end(void)
{
	vif_begin(0);
	msr(ICC_CTLR_EL1, 0);
	isb();
}

bool vif_ran(struct inner *inner, const u32 *words, u32 count, const char *what)
{
	*inner = (struct inner){ 0 };
	inner_words(inner, INNER_EL1, words, count);
	if (inner_done(inner, INNER_EL1))
		return true;
	return left_by(inner, INNER_SYNC, ESR_HVC(HVC_DONE), what);
}

/* ---- what registers say ---- */

static void constants(void)
{
	u64 vtr = mrs(ICH_VTR_EL2);

	tap_ok((vtr & 0x1f) >= 3, "ICH_VTR_EL2: four list registers at least");
	tap_ok(vtr >> 29 >= 4 && (vtr >> 26 & 7) >= 4, "ICH_VTR_EL2: five bits of priority");
	tap_is(mrs(ICC_SRE_EL2) & 0x9, 0x9, "ICC_SRE_EL2: system registers, for EL1 too");
	msr(ICC_SRE_EL2, 0xf);
	isb();
	tap_is(mrs(ICC_SRE_EL2), 0xf, "ICC_SRE_EL2 as written");
}

static void status(void)
{
	static const struct {
		u64 lr;
		bool owes, empty;
	} rows[] = {
		{ 0, false, true },
		{ LR_EOI, true, false },
		{ LR_HW, false, true },
		{ LR_PENDING, false, false },
		{ LR_PENDING | LR_EOI, false, false },
		{ LR_ACTIVE | LR_EOI, false, false },
		{ LR_ACTIVE | LR_PENDING, false, false },
		{ LR_ACTIVE | LR_HW | (u64)40 << 32, false, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 n = i % 4;

		vif_begin(0);
		lr_set(n, lr_of(40, PRIORITY, rows[i].lr));
		isb();
		tap_is(mrs(ICH_EISR_EL2) & 0xf, rows[i].owes ? BIT(n) : 0,
			"ICH_EISR_EL2, list register %u, state %lu", n, rows[i].lr >> 61);
		tap_is(mrs(ICH_ELRSR_EL2) & 0xf, rows[i].empty ? 0xf : 0xf & ~BIT(n),
			"ICH_ELRSR_EL2 of it");
	}
}

/* ---- life of an interrupt ---- */

static void one_interrupt(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	lr_set(1, lr_of(40, PRIORITY, LR_PENDING));
	if (!VIF_RUN(&inner, "IAR", INSN_MRS(INNER_HPPIR1, 1), INSN_MRS(INNER_IAR1, 0),
		    INSN_MRS(INNER_RPR, 2), INSN_MRS(INNER_IAR1, 3)))
		return;
	tap_is(inner.x[1], 40, "HPPIR says which is pending");
	tap_is(inner.x[0], 40, "IAR takes it");
	tap_is(inner.x[2], PRIORITY, "RPR is its priority");
	tap_is(inner.x[3], INTID_NONE, "IAR has no other");
	tap_is(lr_get(1), lr_of(40, PRIORITY, LR_ACTIVE), "it is active in its list register");
	tap_is(mrs(ICH_AP1R0_EL2), BIT(PRIORITY >> 3), "its priority is active");
	VIF_RUN(&inner, "EOI", 0xd2800500u /* mov x0, #40 */, INSN_MSR(INNER_EOIR1, 0),
		INSN_MRS(INNER_RPR, 2));
	tap_is(inner.x[2], 0xff, "RPR is idle after EOI");
	tap_is(lr_get(1), lr_of(40, PRIORITY, 0), "it is inactive");
	tap_is(mrs(ICH_AP1R0_EL2), 0, "no priority is active");
}

static void split_eoi(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	msr(ICH_VMCR_EL2, VMCR_OPEN | VMCR_VEOIM);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING));
	VIF_RUN(&inner, "EOIR", INSN_MRS(INNER_IAR1, 0), INSN_MSR(INNER_EOIR1, 0));
	tap_is(lr_get(0) & LR_STATE, LR_ACTIVE, "EOImode 1: active after EOIR");
	tap_is(mrs(ICH_AP1R0_EL2), 0, "EOImode 1: its priority is dropped");
	VIF_RUN(&inner, "DIR", 0xd2800500u, INSN_MSR(INNER_DIR, 0));
	tap_is(lr_get(0) & LR_STATE, 0, "EOImode 1: inactive after DIR");
}

static void priorities(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, 0xa0, LR_PENDING));
	lr_set(1, lr_of(41, 0x60, LR_PENDING));
	lr_set(2, lr_of(42, 0xc0, LR_PENDING));
	VIF_RUN(&inner, "two of three", 0xd2801603u /* mov x3, #0xb0 */, INSN_MSR(INNER_PMR, 3),
		INSN_MRS(INNER_IAR1, 0), INSN_MRS(INNER_IAR1, 4), INSN_MSR(INNER_EOIR1, 0),
		INSN_MRS(INNER_IAR1, 1), INSN_MSR(INNER_EOIR1, 1), INSN_MRS(INNER_IAR1, 2));
	tap_is(inner.x[0], 41, "the highest priority first");
	tap_is(inner.x[4], INTID_NONE, "none of a lower one meanwhile");
	tap_is(inner.x[1], 40, "then the next");
	tap_is(inner.x[2], INTID_NONE, "none below the mask");
	tap_is(mrs(ICH_VMCR_EL2) >> 24, 0xb0, "the mask is in ICH_VMCR_EL2");
	/* An interrupt of higher priority while one is active. */
	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, 0xa0, LR_PENDING));
	VIF_RUN(&inner, "the first", INSN_MRS(INNER_IAR1, 0));
	lr_set(3, lr_of(41, 0x60, LR_PENDING));
	VIF_RUN(&inner, "a higher one", INSN_MRS(INNER_IAR1, 0), INSN_MRS(INNER_RPR, 1));
	tap_is(inner.x[0], 41, "a higher priority preempts");
	tap_is(inner.x[1], 0x60, "RPR is that");
	tap_is(mrs(ICH_AP1R0_EL2), BIT(0xa0 >> 3) | BIT(0x60 >> 3), "both are active");
}

static void groups(void)
{
	struct inner inner;

	vif_begin(VHCR_EN);
	msr(ICH_VMCR_EL2, VMCR_OPEN | VMCR_VENG0);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING) & ~LR_GROUP1);
	VIF_RUN(&inner, "group 0", INSN_MRS(INNER_IAR1, 0), INSN_MRS(INNER_IAR0, 1));
	tap_is(inner.x[0], INTID_NONE, "IAR1 has no interrupt of group 0");
	tap_is(inner.x[1], 40, "IAR0 has");
	tap_is(mrs(ICH_AP0R0_EL2), BIT(PRIORITY >> 3), "its priority is active in group 0");
	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING));
	VIF_RUN(&inner, "group 1 off", INSN_MSR(INNER_IGRPEN1, 31), INSN_MRS(INNER_IAR1, 0));
	tap_is(inner.x[0], INTID_NONE, "none of a group that is off");
	tap_is(mrs(ICH_VMCR_EL2) & VMCR_VENG1, 0, "off in ICH_VMCR_EL2");
}

/* As an exception of the inner guest's. */
static void signalled(void)
{
	struct inner inner = { 0 };

	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING));
	INNER_RUN(&inner, INNER_EL1 & ~PSTATE_I, INSN_ISB, INSN_NOP);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 5), "IRQ of the inner guest");
	msr(ICH_VMCR_EL2, VMCR_OPEN | VMCR_VENG0);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING) & ~LR_GROUP1);
	INNER_RUN(&inner, INNER_EL1 & ~PSTATE_F, INSN_ISB, INSN_NOP);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 6), "FIQ of the inner guest");
	msr(ICH_HCR_EL2, 0);
	INNER_RUN(&inner, INNER_EL1 & ~(PSTATE_I | PSTATE_F), INSN_ISB, INSN_NOP);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "none without ICH_HCR_EL2.En");
	/* WFI ends at once when there is one, masked or not. */
	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING));
	VIF_RUN(&inner, "WFI with a pending interrupt", INSN_WFI, INSN_MRS(INNER_IAR1, 0));
	tap_is(inner.x[0], 40, "WFI ends with an interrupt of the inner guest");
}

/* ---- traps ---- */

static void expect_trap(u64 hcr, u32 insn, u64 esr, const char *what)
{
	struct inner inner = { 0 };

	vif_begin(VHCR_EN | hcr);
	INNER_RUN(&inner, INNER_EL1, insn);
	left_by(&inner, INNER_SYNC, esr, what);
}

#define ESR_ICC(crm, op2, read) ESR_SYSREG(3, 0, 12, crm, op2, 0, read)

static void traps(void)
{
	struct inner inner;

	expect_trap(VHCR_TC, INSN_MRS(INNER_PMR, 0), ESR_SYSREG(3, 0, 4, 6, 0, 0, 1), "TC: PMR");
	expect_trap(VHCR_TC, INSN_MRS(INNER_CTLR, 0), ESR_ICC(12, 4, 1), "TC: CTLR");
	expect_trap(VHCR_TC, INSN_MRS(INNER_RPR, 0), ESR_ICC(11, 3, 1), "TC: RPR");
	expect_trap(VHCR_TC, INSN_MSR(INNER_DIR, 0), ESR_ICC(11, 1, 0), "TC: DIR");
	expect_trap(VHCR_TDIR, INSN_MSR(INNER_DIR, 0), ESR_ICC(11, 1, 0), "TDIR: DIR");
	expect_trap(VHCR_TALL0, INSN_MRS(INNER_IAR0, 0), ESR_ICC(8, 0, 1), "TALL0: IAR0");
	expect_trap(VHCR_TALL1, INSN_MRS(INNER_IAR1, 0), ESR_ICC(12, 0, 1), "TALL1: IAR1");
	expect_trap(VHCR_TALL1, INSN_MSR(INNER_IGRPEN1, 0), ESR_ICC(12, 7, 0), "TALL1: IGRPEN1");
	expect_trap(0, INSN_MSR(INNER_SGI1R, 0), ESR_ICC(11, 5, 0), "SGI1R");
	vif_begin(VHCR_EN | VHCR_TALL0 | VHCR_TDIR);
	VIF_RUN(&inner, "what is not trapped", INSN_MRS(INNER_IAR1, 0), INSN_MRS(INNER_PMR, 1));
	tap_is(inner.x[1], 0xf8, "what is not trapped is the inner guest's own");
}

/* An SGI that the inner guest sends to itself, as its hypervisor gives it. */
static void sgi_to_self(void)
{
	struct inner inner = { .x = { 3 << 24 | 1 } };

	vif_begin(VHCR_EN);
	INNER_RUN(&inner, INNER_EL1, INSN_MSR(INNER_SGI1R, 0), INSN_MRS(INNER_IAR1, 0),
		INSN_MSR(INNER_EOIR1, 0), INSN_MRS(INNER_IAR1, 1));
	if (!left_by(&inner, INNER_SYNC, ESR_ICC(11, 5, 0), "SGI to self traps"))
		return;
	lr_set(0, lr_of((u32)(inner.x[0] >> 24 & 0xf), PRIORITY, LR_PENDING));
	inner.pc += 4;
	(void)inner_run(&inner);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "it goes on");
	tap_is(inner.x[0], 3, "the SGI is there");
	tap_is(inner.x[1], INTID_NONE, "and no other");
	tap_is(lr_get(0) & LR_STATE, 0, "and ended");
}

/* Without HCR_EL2.IMO the inner guest's interface is EL2's own. */
static void not_virtual(void)
{
	struct inner inner;
	u64 hcr = mrs(HCR_EL2);

	vif_begin(VHCR_EN);
	lr_set(0, lr_of(40, PRIORITY, LR_PENDING));
	gic_enable(5);
	gic_send_sgi(5, cpu_id());
	msr(HCR_EL2, hcr & ~(HCR_IMO | HCR_FMO));
	isb();
	VIF_RUN(&inner, "without IMO", INSN_MRS(INNER_IAR1, 0), INSN_MSR(INNER_EOIR1, 0));
	tap_is(inner.x[0], 5, "without IMO the inner guest takes EL2's own interrupt");
	msr(HCR_EL2, hcr);
	isb();
	tap_is(lr_get(0), lr_of(40, PRIORITY, LR_PENDING), "and the list register is as it was");
	gic_disable(5);
}

void test_gic(void)
{
	gic_init();
	gic_init_cpu();
	constants();
	status();
	one_interrupt();
	split_eoi();
	priorities();
	groups();
	signalled();
	traps();
	sgi_to_self();
	not_virtual();
	test_gic_links();
	test_gic_maintenance();
	vif_end();
}
