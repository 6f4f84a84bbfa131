/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The beginning: which exception level we are at, and an inner guest at EL1 and EL0 that comes
 * back, without MMU, with its stage 1, with our stage 2, with both.
 */
#include "hyp.h"

#define CURRENTEL SYSREG(3, 0, 4, 2, 2)

static void run_both(const char *how)
{
	struct inner inner = { .x = { 1, 2 } };
	struct inner user = { .x = { 3, 4, 5 } };

	INNER_RUN(&inner, INNER_EL1, INSN_MRS(CURRENTEL, 0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), how);
	tap_is(inner.x[0], CURRENT_EL1, "%s: it was at EL1", how);
	tap_is(inner.x[1], 2, "%s: x1 is as it was", how);
	tap_is(inner.pstate & ~GENMASK(31, 28), INNER_EL1, "%s: PSTATE is EL1's", how);
	tap_is(inner.pc, inner_code_page() + 8, "%s: HVC's return address", how);
	INNER_RUN(&user, INNER_EL0, INSN_NOP);
	left_by(&user, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), how);
	tap_is(el1_esr(), ESR_SVC(SVC_DONE), "%s: an SVC at EL0 goes to its EL1", how);
	tap_is(el1_elr(), inner_code_page() + 8, "%s: SVC's return address", how);
	tap_is(el1_spsr() & 0xf, SPSR_EL0, "%s: SPSR_EL1 says EL0", how);
	tap_is(user.x[2], 5, "%s: x2 is as it was", how);
}

void test_forms(void)
{
	struct tables stage1;
	struct tables stage2;

	tap_is(mrs(CurrentEL), CURRENT_EL2, "CurrentEL says EL2");
	tap_is(mrs(HCR_EL2) & HCR_E2H, vhe() ? HCR_E2H : 0, "HCR_EL2.E2H is the form");
	run_both("plain");
	stage2_build(&stage2);
	stage2_on(&stage2, 1);
	run_both("stage 2");
	stage2_off();
	stage1_build(&stage1);
	stage1_on(&stage1);
	run_both("stage 1");
	stage2_on(&stage2, 1);
	stage2_tlbi();
	run_both("both stages");
}
