/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"
#include "machine.h"
#include "regs.h"
#include "tap.h"

#define MIGRATION_NOT_NEEDED 2
#define SMCCC_1_1            0x10001

static const char *const conduit_name[] = { "HVC", "SMC" };

/* Functions that must be there, by what PSCI_FEATURES is asked. */
static const u32 present[] = {
	PSCI_VERSION,
	PSCI_CPU_SUSPEND,
	PSCI_CPU_SUSPEND_32,
	PSCI_CPU_OFF,
	PSCI_CPU_ON,
	PSCI_CPU_ON_32,
	PSCI_AFFINITY_INFO,
	PSCI_AFFINITY_INFO_32,
	PSCI_SYSTEM_OFF,
	PSCI_SYSTEM_RESET,
	PSCI_FEATURES,
};

/* What PSCI 1.x leaves out, other services, yielding calls, reserved owners. */
static const u32 absent[] = {
	0x84000005, /* MIGRATE */
	0xc4000005,
	0x84000007, /* MIGRATE_INFO_UP_CPU */
	0x8400000b, /* CPU_FREEZE */
	0x8400001f,
	0xc400001f,
	0xc4000000, /* PSCI_VERSION has no 64-bit form */
	0xc4000002,
	0xc4000008,
	0x84020000, /* bit 16 would be the SVE hint of PSCI_VERSION */
	0x840001ff,
	0x82000000,
	0xc2000001,
	0x83000000,
	0x87000000,
	0xb2000000,
	0xff00ffff,
	0x00000000,
	0x02000000,
	0x7fffffff,
	1337,
};

static s32 call(enum conduit conduit, u32 function, u64 a1)
{
	return (s32)smccc_call(conduit, function, a1, 0, 0);
}

static void test_features(enum conduit conduit)
{
	for (u32 i = 0; i < ARRAY_SIZE(present); i++)
		tap_ok(call(conduit, PSCI_FEATURES, present[i]) >= 0, "%s: PSCI_FEATURES(%x)",
			conduit_name[conduit], present[i]);
	tap_ok(call(conduit, PSCI_FEATURES, 0x8400001f) == PSCI_NOT_SUPPORTED,
		"%s: PSCI_FEATURES of what isn't there", conduit_name[conduit]);
	tap_ok(call(conduit, PSCI_FEATURES, 0x80000001) == PSCI_NOT_SUPPORTED,
		"%s: PSCI_FEATURES of what isn't PSCI's", conduit_name[conduit]);
	if (!under_lintel())
		return;
	tap_ok(call(conduit, PSCI_FEATURES, SMCCC_VERSION) >= 0, "%s: PSCI_FEATURES(SMCCC_VERSION)",
		conduit_name[conduit]);
	tap_ok(call(conduit, SMCCC_VERSION, 0) >= SMCCC_1_1, "%s: SMCCC 1.1 or later",
		conduit_name[conduit]);
	tap_ok(call(conduit, SMCCC_ARCH_FEATURES, SMCCC_VERSION) >= 0, "%s: ARCH_FEATURES(VERSION)",
		conduit_name[conduit]);
	tap_ok(call(conduit, SMCCC_ARCH_FEATURES, 0x8000ffff) == PSCI_NOT_SUPPORTED,
		"%s: ARCH_FEATURES of what isn't there", conduit_name[conduit]);
}

void test_calls(enum conduit conduit)
{
	s32 version = call(conduit, PSCI_VERSION, 0);

	tap_ok(version >= 0x10000 && version < 0x20000, "%s: PSCI %d.%d", conduit_name[conduit],
		version >> 16, version & 0xffff);
	tap_is((u32)call(conduit, PSCI_MIGRATE_INFO_TYPE, 0), MIGRATION_NOT_NEEDED,
		"%s: MIGRATE_INFO_TYPE", conduit_name[conduit]);
	test_features(conduit);
	for (u32 i = 0; i < ARRAY_SIZE(absent); i++) {
		tap_is((u32)call(conduit, absent[i], 0), (u32)PSCI_NOT_SUPPORTED, "%s: function %x",
			conduit_name[conduit], absent[i]);
	}
}
