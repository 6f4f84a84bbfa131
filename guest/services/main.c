/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The services behind SMC and HVC that only answer: architecture calls, TRNG, the hypervisor's own.
 * Every function and every error, by both conduits. Boot argument no-entropy: the machine has none.
 * Boot argument kvm-ptp: the VM has that property.
 */
#include "machine.h"
#include "parts.h"
#include "smp.h"
#include "tap.h"

const char *const conduit_names[2] = { [CONDUIT_HVC] = "HVC", [CONDUIT_SMC] = "SMC" };

s32 service_call(enum conduit conduit, u32 function, u64 argument, struct smccc *results)
{
	*results = (struct smccc){ .x = { function, argument } };
	if (conduit == CONDUIT_SMC)
		smccc_smc(results);
	else
		smccc_hvc(results);
	return (s32)results->x[0];
}

void payload_main(void)
{
	for (enum conduit conduit = CONDUIT_HVC; conduit <= CONDUIT_SMC; conduit++) {
		/* A plain machine has one conduit, and none of these services. */
		if (!under_lintel()) {
			tap_skip(conduit_names[conduit], "not under Lintel");
			continue;
		}
		test_vendor(conduit);
		/* All the rest is the same for a VM that is shown KVM. */
		if (arg_flag("kvm-ptp"))
			continue;
		test_arch(conduit);
		test_trng(conduit);
		test_random(conduit);
	}
}
