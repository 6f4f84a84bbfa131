/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that another VM answers (guest/monitor, as guest/bench-monitor.dts has it): from the HVC to
 * the instruction behind it, and from the SMC.
 */
#include "bench.h"

#define CALL_ECHO UINT64_C(0xc2000000)
#define CALL_QUIT UINT64_C(0xc200000b)

void bench_monitor(void)
{
	s64 overhead = sample(measure_nop, 0, 0);

	if (!asked_for("monitor_forward"))
		return;
	if (!tap_ok(wait_for(READY_MS, !smccc_call(CONDUIT_HVC, CALL_ECHO, 0, 0, 0)),
		    "the monitor answers"))
		return;
	report("monitor_forward", sample(measure_hvc, CALL_ECHO, 0), overhead);
	report("monitor_forward_smc", sample(measure_smc, CALL_ECHO, 0), overhead);
	smccc_call(CONDUIT_HVC, CALL_QUIT, 0, 0, 0);
}
