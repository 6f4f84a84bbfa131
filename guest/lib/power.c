/* SPDX-License-Identifier: BSD-3-Clause */
#include "power.h"
#include "machine.h"
#include "regs.h"

u64 smccc_call(enum conduit conduit, u64 function, u64 a1, u64 a2, u64 a3)
{
	struct smccc call = { .x = { function, a1, a2, a3 } };

	if (conduit == CONDUIT_SMC)
		smccc_smc(&call);
	else
		smccc_hvc(&call);
	return call.x[0];
}

s32 psci(u32 function, u64 a1, u64 a2, u64 a3)
{
	return (s32)smccc_call(machine.conduit, function, a1, a2, a3);
}

u32 power_off_function = PSCI_SYSTEM_OFF;

void power_off(void)
{
	psci(power_off_function, 0, 0, 0);
	for (;;)
		wfi();
}
