/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDEI: every call and each of its errors, on both conduits; events signalled by software, by
 * interrupts that the guest binds and by those that the bundle gives; what a handler finds, and
 * what is left when it is complete; other CPUs.
 */
#include "machine.h"
#include "mmio.h"
#include "regs.h"
#include "sdei.h"
#include "smp.h"
#include "tap.h"

enum conduit sdei_conduit;

s64 sdei5(u32 function, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
	struct smccc call;

	call.x[0] = SDEI_FIRST + function;
	call.x[1] = a1;
	call.x[2] = a2;
	call.x[3] = a3;
	call.x[4] = a4;
	call.x[5] = a5;
	for (u32 i = 6; i < 18; i++)
		call.x[i] = i;
	(sdei_conduit == CONDUIT_SMC ? smccc_smc : smccc_hvc)(&call);
	return (s64)call.x[0];
}

void sdei_use(u64 event, struct record *record, u64 flags, u64 affinity)
{
	s64 answer;

	record->count = record->resume = record->failed = 0;
	record->act = NULL;
	record->by_smc = sdei_conduit == CONDUIT_SMC;
	answer = sdei5(REGISTER, event, (u64)sdei_entry, (u64)record, flags, affinity);
	if (answer == 0)
		answer = sdei(ENABLE, event, 0, 0);
	if (answer != 0)
		tap_is((u64)answer, 0, "event %lx can be used", event);
}

void sdei_drop(u64 event)
{
	s64 answer = sdei(UNREGISTER, event, 0, 0);

	if (answer != 0)
		tap_is((u64)answer, 0, "event %lx can be dropped", event);
}

void ring(u32 bell)
{
	mmio_write32(BELLS + 16 * bell, 1);
	isb();
}

void payload_main(void)
{
	if (!under_lintel()) {
		tap_skip("SDEI", "not under Lintel");
		return;
	}
	sdei_conduit = CONDUIT_HVC;
	test_calls();
	test_delivery();
	sdei_conduit = CONDUIT_SMC;
	test_calls();
	test_delivery();
	sdei_conduit = machine.conduit;
	test_interrupts();
	test_cpus();
}
