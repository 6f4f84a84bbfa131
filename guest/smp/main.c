/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI: all vCPUs up and down, every refusal, suspending, by HVC and SMC.
 */
#include "calls.h"
#include "exception.h"
#include "machine.h"
#include "smp.h"
#include "tap.h"

#define INSN_SMC 0xd4000003u

/* SMC is there under Lintel; a machine with neither EL3 nor EL2 has none. */
static bool have_smc(void)
{
	struct probe p = { .x = { PSCI_VERSION } };

	probe_insn(&p, INSN_SMC);
	return under_lintel() || !p.taken;
}

void payload_main(void)
{
	bool smc = have_smc();

	tap_note("%u CPU(s)", machine.cpus);
	test_calls(CONDUIT_HVC);
	if (smc)
		test_calls(CONDUIT_SMC);
	else
		tap_skip("the same by SMC", "no SMC here");
	test_refusals();
	test_suspend(CONDUIT_HVC);
	if (smc)
		test_suspend(CONDUIT_SMC);
	if (machine.cpus > 1) {
		test_on_off();
		if (smc) {
			machine.conduit = CONDUIT_SMC;
			test_on_off();
			machine.conduit = CONDUIT_HVC;
		}
	}
	if (machine.cpus > 2)
		test_race();
}
