/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that another VM answers: which part this VM plays (monitor.h).
 */
#include "monitor.h"
#include "smp.h"
#include "tap.h"

void payload_main(void)
{
	if (!under_lintel()) {
		tap_skip("calls that another VM answers", "not under Lintel");
		return;
	}
	switch (arg_number("self", 0)) {
	case 0:
		monitor_call();
		break;
	case 1:
		monitor_serve();
		break;
	default:
		monitor_call_again();
		break;
	}
}
