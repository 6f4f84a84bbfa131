/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that the bundle forwards to firmware at EL3 (guest/el3), on both conduits, under the rules
 * of tests/qemu/firmware. Boot arguments: client=N, who this VM is for the firmware;
 * needed: the CPU needs the firmware's workarounds.
 */
#include "../el3/el3.h"
#include "machine.h"
#include "power.h"
#include "smp.h"
#include "tap.h"

#define FN(n)             (0x82000000u + (n))
#define FN_64(n)          (0xc2000000u + (n))
#define HINT              0x10000u
/* Numbers of the same functions under other rules: see tests/qemu/firmware. */
#define SOME              0x10
#define HVC_ONLY          0x20
#define ADDRESS_32        0x30
#define NO_RULE           0x40
#define WHOLE_PAGE        0x50

#define INVALID_PARAMETER (-3)
#define MARK              UINT64_C(0x5eed000000000000)

static const char *const conduit_name[] = { "HVC", "SMC" };
static enum conduit conduit;
static struct smccc call;
static u64 target[2];

/* Every register has a value of its own. */
static void prepare(u32 function)
{
	call.x[0] = MARK | function;
	for (u32 n = 1; n < ARRAY_SIZE(call.x); n++)
		call.x[n] = MARK + n;
}

static s32 make(void)
{
	if (conduit == CONDUIT_SMC)
		smccc_smc(&call);
	else
		smccc_hvc(&call);
	return (s32)call.x[0];
}

static bool kept_from(u32 first, u32 last)
{
	for (u32 n = first; n <= last; n++) {
		if (call.x[n] != MARK + n) {
			tap_note("x%u is %lx", n, call.x[n]);
			return false;
		}
	}
	return true;
}

static u64 statistic(u32 which)
{
	prepare(FN(SIP_STATS));
	make();
	return call.x[which];
}

static u64 sent(void)
{
	return statistic(0);
}

static void test_narrow(void)
{
	bool good = true;

	prepare(FN(SIP_ECHO));
	make();
	for (u32 n = 0; n < 4; n++)
		good &= call.x[n] == n + 1;
	tap_ok(good && kept_from(4, 17), "%s: SMC32: w1-w4 came back, x4-x17 were kept",
		conduit_name[conduit]);
}

static void test_wide(u64 client)
{
	bool good = true;

	prepare(FN_64(SIP_ECHO));
	make();
	for (u32 n = 0; n < 17; n++)
		good &= call.x[n] == (n == 6 ? (MARK | client) : MARK + n + 1);
	tap_ok(good, "%s: SMC64: x1-x17 were passed and came back", conduit_name[conduit]);
	tap_is(call.x[17], FN_64(SIP_ECHO), "%s: as the function that was called",
		conduit_name[conduit]);
}

/* The rule passes x2 and x3, and takes x0, x2 and x17. */
static void test_some(void)
{
	prepare(FN_64(SOME + SIP_ECHO));
	make();
	tap_ok(call.x[0] == 0 && call.x[1] == MARK + 1 && call.x[2] == MARK + 3 &&
			kept_from(3, 16) && call.x[17] == FN_64(SOME + SIP_ECHO),
		"%s: only the registers of the rule", conduit_name[conduit]);
}

static void test_client(u64 client)
{
	prepare(FN_64(SIP_REPORT));
	make();
	tap_is(call.x[1], client, "%s: W7 says which VM it is", conduit_name[conduit]);
	tap_is(call.x[3], 0, "%s: what isn't passed is 0", conduit_name[conduit]);
	prepare(FN_64(SIP_REPORT) | HINT);
	make();
	tap_is(call.x[0], FN_64(SIP_REPORT), "%s: without the hint", conduit_name[conduit]);
}

static s32 write_to(u32 function, u64 address, u64 value)
{
	prepare(function);
	call.x[1] = address;
	call.x[2] = value;
	return make();
}

static void test_address(void)
{
	u64 before = sent();

	target[0] = target[1] = 0;
	tap_is((u32)write_to(FN_64(SIP_WRITE), (u64)&target[1], MARK), 0, "%s: an address of ours",
		conduit_name[conduit]);
	tap_ok(target[1] == MARK && target[0] == 0, "%s: what was written is there",
		conduit_name[conduit]);
	tap_ok(call.x[1] % 4096 == (u64)&target[1] % 4096, "%s: at 0x%lx, which was 0x%lx",
		conduit_name[conduit], call.x[1], (u64)&target[1]);
	tap_is((u32)write_to(FN(ADDRESS_32 + SIP_WRITE), (u64)&target[0], 5), 0,
		"%s: the same by SMC32", conduit_name[conduit]);
	tap_is(target[0], 5, "%s: is there, too", conduit_name[conduit]);
	tap_is(sent() - before, 2, "%s: both were sent", conduit_name[conduit]);
}

static void test_untouched(void)
{
	volatile u64 *fresh =
		(volatile u64 *)(machine.memory_base + ALIGN_DOWN(machine.memory_size / 2, MIB(2)) +
			(conduit == CONDUIT_SMC ? MIB(2) : 0) + 0x8888);
	u64 before = sent();

	tap_is((u32)write_to(FN_64(SIP_WRITE), (u64)fresh, MARK), 0, "%s: memory not yet touched",
		conduit_name[conduit]);
	tap_ok(*fresh == MARK && fresh[-1] == 0 && fresh[1] == 0, "%s: was given, and written to",
		conduit_name[conduit]);
	tap_is(sent() - before, 1, "%s: by one call", conduit_name[conduit]);
}

static void test_bad_addresses(void)
{
	const u64 page = machine.memory_base + MIB(4),
		  end = machine.memory_base + machine.memory_size;
	const u64 bad[] = { 0, GICD_BASE, UART_BASE, page - 4, end, end - 4, BIT(40) | page,
		~UINT64_C(7), 0x0e000000, page + 0xff9 };
	u64 before = sent();
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		s32 status = write_to(FN_64(SIP_WRITE), bad[i], MARK);

		if (status != INVALID_PARAMETER || call.x[1] != bad[i] || !kept_from(3, 17)) {
			wrong++;
			tap_note("0x%lx: %d", bad[i], status);
		}
	}
	tap_is(wrong, 0, "%s: addresses that are refused", conduit_name[conduit]);
	tap_is((u32)write_to(FN_64(WHOLE_PAGE + SIP_WRITE), page + 8, 1), (u32)INVALID_PARAMETER,
		"%s: a page that isn't whole", conduit_name[conduit]);
	tap_is(sent() - before, 0, "%s: nothing was sent", conduit_name[conduit]);
	tap_is((u32)write_to(FN_64(WHOLE_PAGE + SIP_WRITE), page, 1), 0, "%s: a whole one",
		conduit_name[conduit]);
}

static void test_not_sent(void)
{
	const u32 functions[] = { FN(NO_RULE), FN_64(NO_RULE), 0x02000000, 0x42000000, 0x83000000,
		FN(SIP_ECHO) | 0x20000 };
	u64 before = sent();
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		prepare(functions[i]);
		wrong += make() != PSCI_NOT_SUPPORTED || !kept_from(1, 17);
	}
	tap_is(wrong, 0, "%s: what no rule forwards is not supported", conduit_name[conduit]);
	tap_is(sent() - before, 0, "%s: and not sent", conduit_name[conduit]);
	prepare(FN(HVC_ONLY + SIP_ECHO));
	if (conduit == CONDUIT_SMC)
		tap_is((u32)make(), (u32)PSCI_NOT_SUPPORTED, "SMC: a rule for HVC");
	else
		tap_is((u32)make(), 1, "HVC: a rule for HVC");
	tap_ok((u32)smccc_call(conduit, PSCI_VERSION, 0, 0, 0) > 0x10001, "%s: PSCI is Lintel's",
		conduit_name[conduit]);
}

static void test_soc(void)
{
	tap_is(smccc_call(conduit, 0x80000002, 0, 0, 0), EL3_SOC_VERSION, "%s: SOC_ID's version",
		conduit_name[conduit]);
	tap_is(smccc_call(conduit, 0x80000002, 1, 0, 0), EL3_SOC_REVISION, "%s: and revision",
		conduit_name[conduit]);
	prepare(0xc0000002);
	call.x[1] = 2;
	tap_ok(make() == 0 && call.x[1] != 0 && call.x[2] == 0 && call.x[17] == 0,
		"%s: and its name", conduit_name[conduit]);
}

static void test_workaround(const char *name, u32 function, u32 which, bool needed)
{
	u64 before = statistic(which);
	bool kept = true;
	s32 said = (s32)smccc_call(conduit, SMCCC_ARCH_FEATURES, function, 0, 0);

	tap_is((u32)said, needed ? 0 : 1, "%s: %s is %s", conduit_name[conduit], name,
		needed ? "needed" : "not needed");
	for (u32 i = 0; i < 3; i++) {
		prepare(function);
		kept &= make() == 0 && kept_from(1, 17);
	}
	tap_ok(kept, "%s: it changes nothing", conduit_name[conduit]);
	tap_is(statistic(which) - before, needed ? 3 : 0, "%s: the firmware was called",
		conduit_name[conduit]);
}

static void test_workarounds(bool needed)
{
	u64 before;

	test_workaround("WORKAROUND_1", SMCCC_ARCH_WORKAROUND_1, 1, needed);
	test_workaround("WORKAROUND_3", SMCCC_ARCH_WORKAROUND_3, 3, needed);
	/* On for good where the CPU has no switch of its own. */
	before = statistic(2);
	tap_is((u32)smccc_call(conduit, SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_2, 0, 0),
		(u32)(needed ? -2 : PSCI_NOT_SUPPORTED), "%s: WORKAROUND_2", conduit_name[conduit]);
	prepare(SMCCC_ARCH_WORKAROUND_2);
	tap_ok(make() == (needed ? 0 : PSCI_NOT_SUPPORTED) && kept_from(1, 17),
		"%s: it changes nothing", conduit_name[conduit]);
	tap_is(statistic(2), before, "%s: the firmware was not called", conduit_name[conduit]);
	if (needed)
		tap_ok(before >= 1, "%s: but by Lintel, at its start", conduit_name[conduit]);
}

void payload_main(void)
{
	u64 client = arg_number("client", 0);
	bool needed = arg_flag("needed");

	for (u32 i = 0; i < 2; i++) {
		conduit = i ? CONDUIT_SMC : CONDUIT_HVC;
		test_narrow();
		test_wide(client);
		test_some();
		test_client(client);
		test_address();
		test_untouched();
		test_bad_addresses();
		test_not_sent();
		test_soc();
		test_workarounds(needed);
	}
}
