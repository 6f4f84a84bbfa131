/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tiny hypervisor: what virtual EL2 promises, tested from there, in the form in which the VM has
 * it (lib/el2.h), with an inner guest of its own.
 *
 * It passes at a real EL2, too: QEMU's virt machine with virtualization=on, this payload as its
 * kernel. What only a virtual one promises is skipped there (boot argument `lintel`).
 * Boot arguments: only=NAME, one group; bench, figures instead.
 */
#include "hyp.h"
#include "smp.h"

static const struct group groups[] = {
	{ "forms", test_forms },
	{ "exceptions", test_exceptions },
	{ "eret", test_eret },
	{ "registers", test_registers },
	{ "exits", test_exits },
	{ "traps", test_traps },
	{ "tge", test_tge },
	{ "stage2", test_stage2 },
	{ "shadow", test_shadow },
	{ "storms", test_storms },
	{ "cpus", test_cpus },
	{ "at", test_at },
	{ "at-stages", test_at_stages },
	{ "at-controls", test_at_controls },
	{ "gic", test_gic },
	{ "timers", test_timers },
};

bool left_by(const struct inner *inner, u64 vector, u64 esr, const char *what)
{
	if (tap_ok(inner->vector == vector && (vector != INNER_SYNC || inner->esr == esr), "%s",
		    what))
		return true;
	tap_note("vector %lu ESR %lx (expected %lu, %lx) FAR %lx HPFAR %lx PC %lx PSTATE %lx",
		inner->vector, inner->esr, vector, esr, inner->far, inner->hpfar, inner->pc,
		inner->pstate);
	if (inner->vector == INNER_SYNC && inner->esr >= ESR_HVC(HVC_VECTOR) &&
		inner->esr < ESR_HVC(HVC_VECTOR + 16))
		tap_note("its EL1 had ESR %lx FAR %lx ELR %lx SPSR %lx", el1_esr(), el1_far(),
			el1_elr(), el1_spsr());
	return false;
}

void payload_main(void)
{
	char only[32] = "";

	if (!el2_form) {
		tap_skip("virtual EL2", "entered at EL1");
		return;
	}
	if (arg_flag("bench")) {
		inner_plain();
		return bench();
	}
	(void)arg_text("only", only, sizeof(only));
	tap_note("EL2 in %s form", vhe() ? "VHE" : "non-VHE");
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++) {
		if (only[0] &&
			(strlen(only) != strlen(groups[i].name) ||
				!str_starts(only, groups[i].name)))
			continue;
		tap_note("%s", groups[i].name);
		pool_reset();
		inner_plain();
		groups[i].run();
	}
	msr(HCR_EL2, el2_hcr());
	isb();
}
