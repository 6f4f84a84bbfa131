/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An event that the guest signals to itself: the handler is entered and is complete at once.
 */
#include "bench.h"

#define SDEI_EVENT_REGISTER 0xc4000021u
#define SDEI_EVENT_ENABLE   0xc4000022u
#define SDEI_PE_UNMASK      0xc400002cu
#define SDEI_EVENT_SIGNAL   0xc400002fu

static bool prepare(void)
{
	struct smccc call = { .x = { SDEI_EVENT_REGISTER, 0, (u64)event_handler } };

	smccc_hvc(&call);
	return call.x[0] == 0 && smccc_call(CONDUIT_HVC, SDEI_EVENT_ENABLE, 0, 0, 0) == 0 &&
		smccc_call(CONDUIT_HVC, SDEI_PE_UNMASK, 0, 0, 0) == 0;
}

void bench_events(void)
{
	s64 overhead = sample(measure_nop, 0, 0);

	if (!wanted("sdei_signal_complete"))
		return;
	if (!prepare()) {
		tap_skip("sdei_signal_complete", "no SDEI here");
		return;
	}
	report("sdei_signal_complete", sample(measure_event, SDEI_EVENT_SIGNAL, machine.mpidr[0]),
		overhead);
	tap_is(events_handled, sample_count, "as many events as signals");
}
