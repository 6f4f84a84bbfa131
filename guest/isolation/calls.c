/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMC and HVC that nobody serves: NOT_SUPPORTED, and nothing else changes.
 */
#include "parts.h"
#include "power.h"

#define INSN_HVC 0xd4000002u
#define INSN_SMC 0xd4000003u
#define OWNERS   64
#define KEPT     UINT64_C(0x5eed000000000004)

static const char *const conduit_name[] = { "HVC", "SMC" };

/* Owners whose calls a VM may find served: Arm, standard secure and hypervisor, vendor's. */
static bool may_be_served(u32 owner)
{
	return owner == 0 || owner == 4 || owner == 5 || owner == 6;
}

static void test_owners(enum conduit conduit)
{
	static const u16 functions[] = { 0x0000, 0x0001, 0x7fff, 0xff00, 0xff01, 0xff03, 0xffff };
	u32 bad = 0;

	for (u32 i = 0; i < OWNERS * ARRAY_SIZE(functions) * 4; i++) {
		u32 kind = i & 3; /* yielding and fast, 32 and 64 */
		u32 owner = i / 4 % OWNERS;
		u32 function = kind << 30 | owner << 24 | functions[i / 4 / OWNERS];
		struct smccc call = { .x = { function, 1, 2, 3, KEPT } };

		if (may_be_served(owner))
			continue;
		if (conduit == CONDUIT_SMC)
			smccc_smc(&call);
		else
			smccc_hvc(&call);
		if (((s32)call.x[0] != PSCI_NOT_SUPPORTED || call.x[4] != KEPT) && !bad++)
			tap_note("%s %x: x0 %lx x4 %lx", conduit_name[conduit], function, call.x[0],
				call.x[4]);
	}
	tap_ok(!bad, "%s: calls of nobody are NOT_SUPPORTED", conduit_name[conduit]);
}

static void test_immediates(enum conduit conduit)
{
	static const u16 immediates[] = { 1, 2, 0x55, 0xff, 0x100, 0x4a48, 0x8000, 0xffff };
	u32 base = conduit == CONDUIT_SMC ? INSN_SMC : INSN_HVC;

	for (u32 i = 0; i < ARRAY_SIZE(immediates); i++) {
		struct probe p = { .x = { PSCI_VERSION } };

		probe_insn(&p, base | (u32)immediates[i] << 5);
		if (under_lintel())
			tap_ok(explain(!p.taken && (s32)p.x[0] == PSCI_NOT_SUPPORTED,
				       conduit_name[conduit], &p),
				"%s #%x is NOT_SUPPORTED", conduit_name[conduit], immediates[i]);
		else
			tap_ok(!p.taken || is_undef(&p), "%s #%x is harmless",
				conduit_name[conduit], immediates[i]);
	}
}

void test_calls(void)
{
	test_owners(CONDUIT_HVC);
	if (under_lintel())
		test_owners(CONDUIT_SMC);
	else
		tap_skip("SMC: calls of nobody", "not under Lintel");
	test_immediates(CONDUIT_HVC);
	test_immediates(CONDUIT_SMC);
}
