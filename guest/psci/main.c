/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI, function by function and error by error, by HVC and SMC, narrow and wide; suspending;
 * all CPUs at one that they want to switch on.
 *
 *   extended   the VM's power_states have the extended format
 *   protect    the VM has on-reset = "keep", and is restarted with and without MEM_PROTECT before
 *   ms=N       how long the CPUs hammer (100)
 */
#include "psci_test.h"
#include "machine.h"
#include "smp.h"
#include "tap.h"

static const struct states original_states = {
	.standby = 0,
	.down = BIT(16),
	.cluster_standby = 0x01000000,
	.cluster_down = 0x01010000,
	.system_standby = 0x02000000,
	.system_down = 0x02010000,
	.with_id = 0x1234,
	.other = BIT(30),
	.valid = 0x0301ffff,
};

static const struct states extended_states = {
	.standby = 0x0001,
	.down = 0x40000002,
	.cluster_standby = 0x0011,
	.cluster_down = 0x40000022,
	.system_standby = 0x0111,
	.system_down = 0x40000222,
	.with_id = 0xf00f,
	.other = BIT(16),
	.valid = 0x4000ffff,
};

struct states states;
bool extended;

void payload_main(void)
{
	extended = arg_flag("extended");
	states = extended ? extended_states : original_states;
	if (!under_lintel())
		return tap_skip("PSCI 1.3", "not under Lintel");
	if (arg_flag("protect") && !test_protect())
		return;
	tap_note("%u CPU(s), power_states in the %s format", machine.cpus,
		extended ? "extended" : "original");
	test_calls();
	/* Before anything has called CPU_SUSPEND: afterwards the mode can't be chosen. */
	test_others();
	test_suspend();
	test_hammer();
	tap_is(calls_that_changed_more(), 0, "no call changed anything in x1-x17");
	power_off_function = extended ? WIDE_BASE + SYSTEM_OFF2 : NARROW_BASE + SYSTEM_OFF2;
}
