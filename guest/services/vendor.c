/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vendor specific hypervisor service (DEN0028 section 6.2).
 */
#include "parts.h"
#include "tap.h"

#define UID      0x8600ff01u
#define REVISION 0x8600ff03u

void test_vendor(enum conduit conduit)
{
	static const u32 missing[] = { 0x8600ff00, 0x8600ff02, 0xc600ff01, 0xc600ff03, 0x8600fffe };
	static const u32 uid[4] = { 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e };
	const char *by = conduit_names[conduit];
	struct smccc call;

	service_call(conduit, UID, 0, &call);
	tap_ok(call.x[0] == uid[0] && call.x[1] == uid[1] && call.x[2] == uid[2] &&
			call.x[3] == uid[3],
		"%s: the hypervisor says that it is Lintel", by);
	tap_ok(service_call(conduit, REVISION, 0, &call) >= 0, "%s: revision %lu.%lu", by,
		call.x[0], call.x[1]);
	for (u32 i = 0; i < ARRAY_SIZE(missing); i++)
		tap_ok(service_call(conduit, missing[i], 0, &call) == PSCI_NOT_SUPPORTED,
			"%s: %x is no function of Lintel's", by, missing[i]);
}
