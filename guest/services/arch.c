/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arm architecture calls (DEN0028 section 7).
 */
#include "parts.h"
#include "tap.h"

#define WORKAROUND_1 0x80008000u
#define WORKAROUND_3 0x80003fffu

void test_arch(enum conduit conduit)
{
	static const u32 workarounds[] = { WORKAROUND_1, WORKAROUND_3 };
	const char *by = conduit_names[conduit];
	struct smccc call;
	s32 version = service_call(conduit, SMCCC_VERSION, 0, &call);

	tap_ok(version >= 0x10001 && version < 0x20000, "%s: SMCCC %d.%d", by, version >> 16,
		version & 0xffff);
	tap_is((u32)service_call(conduit, PSCI_FEATURES, SMCCC_VERSION, &call), 0,
		"%s: PSCI_FEATURES knows of it", by);
	tap_is((u32)service_call(conduit, SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, &call), 0,
		"%s: ARCH_FEATURES is there", by);
	tap_ok(service_call(conduit, SMCCC_ARCH_FEATURES, 0x80001234, &call) == PSCI_NOT_SUPPORTED,
		"%s: ARCH_FEATURES of nothing", by);
	for (u32 i = 0; i < ARRAY_SIZE(workarounds); i++) {
		s32 features = service_call(conduit, SMCCC_ARCH_FEATURES, workarounds[i], &call);

		tap_ok(features >= PSCI_NOT_SUPPORTED && features <= 1,
			"%s: ARCH_FEATURES of %x is an answer: %d", by, workarounds[i], features);
		service_call(conduit, workarounds[i], 0, &call);
		tap_is(call.x[4], 0, "%s: %x leaves x4 as it is", by, workarounds[i]);
	}
}
