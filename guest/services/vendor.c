/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vendor specific hypervisor service (DEN0028 section 6.2).
 */
#include "machine.h"
#include "parts.h"
#include "tap.h"
#include "timer.h"

#define FEATURES      0x86000000u
#define PTP           0x86000001u
#define UID           0x8600ff01u
#define REVISION      0x8600ff03u

#define PTP_VIRTUAL   0
#define PTP_PHYSICAL  1
#define NS_PER_SECOND UINT64_C(1000000000)

static bool has_uid(enum conduit conduit, const u32 uid[4])
{
	struct smccc call;
	bool same = true;

	service_call(conduit, UID, 0, &call);
	for (u32 i = 0; i < 4; i++)
		same &= call.x[i] == uid[i];
	return same;
}

static void test_nothing_else(enum conduit conduit)
{
	static const u32 missing[] = { 0x8600ff00, 0x8600ff02, 0xc600ff01, 0xc600ff03, 0x8600fffe,
		0xc6000000, 0xc6000001 };
	struct smccc call;

	for (u32 i = 0; i < ARRAY_SIZE(missing); i++)
		tap_ok(service_call(conduit, missing[i], 0, &call) == PSCI_NOT_SUPPORTED,
			"%s: %x is no function of the hypervisor's", conduit_names[conduit],
			missing[i]);
}

static void test_lintel(enum conduit conduit)
{
	static const u32 uid[4] = { 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e };
	const char *by = conduit_names[conduit];
	struct smccc call;

	tap_ok(has_uid(conduit, uid), "%s: the hypervisor says that it is Lintel", by);
	tap_ok(service_call(conduit, REVISION, 0, &call) >= 0, "%s: revision %lu.%lu", by,
		call.x[0], call.x[1]);
	service_call(conduit, FEATURES, 0, &call);
	tap_is(call.x[0] & 3, 1, "%s: it has no clock of KVM's", by);
	for (u64 which = 0; which < 3; which++)
		tap_ok(service_call(conduit, PTP, which, &call) == PSCI_NOT_SUPPORTED,
			"%s: nor answers for it (%lu)", by, which);
}

/* What the counter was is between what it is before and after the call. */
static u64 test_clock(enum conduit conduit, u64 which)
{
	const char *by = conduit_names[conduit];
	u64 before, then, after, ns;
	struct smccc call;

	before = which == PTP_VIRTUAL ? counter() : counter_phys();
	service_call(conduit, PTP, which, &call);
	after = which == PTP_VIRTUAL ? counter() : counter_phys();
	ns = call.x[0] << 32 | call.x[1];
	then = call.x[2] << 32 | call.x[3];
	tap_ok(!((call.x[0] | call.x[1] | call.x[2] | call.x[3]) >> 32), "%s: four words", by);
	tap_ok(before <= then && then <= after, "%s: the %s counter was %lu, between %lu and %lu",
		by, which == PTP_VIRTUAL ? "virtual" : "physical", then, before, after);
	return ns;
}

static void test_kvm(enum conduit conduit)
{
	static const u32 uid[4] = { 0xb66fb428, 0xe911c52e, 0x564bcaa9, 0x743a004d };
	const char *by = conduit_names[conduit];
	u64 hz = mrs(cntfrq_el0), first, second, from, passed, expected;
	struct smccc call;

	tap_ok(has_uid(conduit, uid), "%s: the hypervisor says that it is KVM", by);
	tap_ok(service_call(conduit, REVISION, 0, &call) == PSCI_NOT_SUPPORTED, "%s: no revision",
		by);
	service_call(conduit, FEATURES, 0, &call);
	tap_ok(call.x[0] == 3 && !(call.x[1] | call.x[2] | call.x[3]), "%s: features and clock",
		by);
	tap_ok(service_call(conduit, PTP, 2, &call) == PSCI_NOT_SUPPORTED, "%s: no third counter",
		by);
	test_clock(conduit, PTP_PHYSICAL);
	from = counter();
	first = test_clock(conduit, PTP_VIRTUAL);
	while (counter() - from < ms_ticks(5))
		;
	second = test_clock(conduit, PTP_VIRTUAL);
	passed = counter() - from;
	expected = passed * NS_PER_SECOND / hz;
	tap_ok(second > first && second - first <= expected &&
			second - first >= NS_PER_SECOND / 1000,
		"%s: %lu ns passed, of at most %lu", by, second - first, expected);
}

void test_vendor(enum conduit conduit)
{
	if (arg_flag("kvm-ptp"))
		test_kvm(conduit);
	else
		test_lintel(conduit);
	test_nothing_else(conduit);
}
