/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What there is, and the errors that need no other CPU.
 */
#include "machine.h"
#include "psci_test.h"
#include "regs.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"

/* The upper halves of an SMC32 call's arguments are nothing (DEN0028). */
#define GARBAGE     UINT64_C(0xdeadabcd00000000)
#define ARGUMENTS   4
#define PSCI_1_3    0x10003
#define NO_NEED     2 /* MIGRATE_INFO_TYPE */
#define VENDOR_TYPE BIT(31)

const struct way ways[WAYS] = {
	{ CONDUIT_HVC, false },
	{ CONDUIT_HVC, true },
	{ CONDUIT_SMC, false },
	{ CONDUIT_SMC, true },
};

static const u8 narrow_functions[] = { VERSION, CPU_SUSPEND, CPU_OFF, CPU_ON, AFFINITY_INFO,
	MIGRATE_INFO_TYPE, SYSTEM_OFF, SYSTEM_RESET, FEATURES, DEFAULT_SUSPEND, NODE_HW_STATE,
	SYSTEM_SUSPEND, SET_SUSPEND_MODE, STAT_RESIDENCY, STAT_COUNT, SYSTEM_RESET2, MEM_PROTECT,
	CHECK_RANGE, SYSTEM_OFF2 };
static const u8 wide_functions[] = { CPU_SUSPEND, CPU_ON, AFFINITY_INFO, DEFAULT_SUSPEND,
	NODE_HW_STATE, SYSTEM_SUSPEND, STAT_RESIDENCY, STAT_COUNT, SYSTEM_RESET2, CHECK_RANGE,
	SYSTEM_OFF2 };

static u32 changed_more;

static bool contains(const u8 *list, size_t n, u32 function)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == function)
			return true;
	}
	return false;
}

bool has_function(u32 function, bool wide)
{
	return wide ? contains(wide_functions, sizeof(wide_functions), function)
		    : contains(narrow_functions, sizeof(narrow_functions), function);
}

const char *way_name(u32 way)
{
	static const char *const names[WAYS] = { "HVC32", "HVC64", "SMC32", "SMC64" };

	return names[way];
}

s64 call_way(u32 way, u32 function, u64 a1, u64 a2, u64 a3)
{
	u64 garbage = ways[way].wide ? 0 : GARBAGE;
	struct smccc call, before;

	for (u32 i = 0; i < ARRAY_SIZE(call.x); i++)
		call.x[i] = i * UINT64_C(0x0101010101010101);
	call.x[0] = garbage | ((ways[way].wide ? WIDE_BASE : NARROW_BASE) + function);
	call.x[1] = garbage | a1;
	call.x[2] = garbage | a2;
	call.x[3] = garbage | a3;
	before = call;
	if (ways[way].conduit == CONDUIT_SMC)
		smccc_smc(&call);
	else
		smccc_hvc(&call);
	if (memcmp(&call.x[1], &before.x[1], sizeof(call.x) - sizeof(call.x[0])) != 0)
		atomic_add(&changed_more, 1);
	return ways[way].wide ? (s64)call.x[0] : (s32)call.x[0];
}

u32 calls_that_changed_more(void)
{
	return load_acquire(&changed_more);
}

static bool fits_narrow(u64 a1, u64 a2, u64 a3)
{
	return ((a1 | a2 | a3) >> 32) == 0;
}

void check_call(u32 function, u64 a1, u64 a2, u64 a3, s64 expected, const char *what)
{
	s64 answers[WAYS];
	bool good = true;

	for (u32 way = 0; way < WAYS; way++) {
		answers[way] = expected;
		if (ways[way].wide ? has_function(function, true) : fits_narrow(a1, a2, a3))
			answers[way] = call_way(way, function, a1, a2, a3);
		good = good && answers[way] == expected;
	}
	tap_ok(good, "%s: %ld", what, expected);
	for (u32 way = 0; way < WAYS && !good; way++)
		tap_note("%s: %ld", way_name(way), answers[way]);
}

/* --- what there is --- */

static s64 flags_of(u32 function, bool wide)
{
	if (!has_function(function, wide))
		return PSCI_NOT_SUPPORTED;
	if (function == CPU_SUSPEND)
		return extended ? 3 : 1;
	return function == SYSTEM_OFF2;
}

static void test_features(u32 way)
{
	bool good = true;

	for (u32 function = 0; function <= LAST_FUNCTION; function++) {
		for (u32 wide = 0; wide < 2; wide++) {
			u32 id = (wide ? WIDE_BASE : NARROW_BASE) + function;
			s64 answer = call_way(way, FEATURES, id, 0, 0);

			if (answer == flags_of(function, wide))
				continue;
			good = false;
			tap_note("PSCI_FEATURES(%x): %ld", id, answer);
		}
	}
	tap_ok(good, "%s: PSCI_FEATURES of each function, with its flags", way_name(way));
	tap_ok(call_way(way, FEATURES, SMCCC_VERSION, 0, 0) == 0 &&
			call_way(way, FEATURES, SMCCC_ARCH_FEATURES, 0, 0) == PSCI_NOT_SUPPORTED &&
			call_way(way, FEATURES, 0, 0, 0) == PSCI_NOT_SUPPORTED,
		"%s: PSCI_FEATURES of what isn't PSCI's", way_name(way));
}

/* Functions, and widths of functions, that there aren't. */
static void test_absent(u32 way)
{
	bool good = true;

	for (u32 function = 0; function <= LAST_FUNCTION; function++) {
		if (has_function(function, ways[way].wide))
			continue;
		if (call_way(way, function, 0, 0, 0) == PSCI_NOT_SUPPORTED)
			continue;
		good = false;
		tap_note("function %u", function);
	}
	tap_ok(good, "%s: NOT_SUPPORTED is every other function", way_name(way));
}

static void test_presence(void)
{
	check_call(VERSION, 0, 0, 0, PSCI_1_3, "PSCI_VERSION");
	check_call(MIGRATE_INFO_TYPE, 0, 0, 0, NO_NEED, "MIGRATE_INFO_TYPE");
	for (u32 way = 0; way < WAYS; way++) {
		if (!ways[way].wide)
			test_features(way);
		test_absent(way);
	}
}

/* --- entry points --- */

/* `before`: arguments in front of the entry. */
static void check_entries(u32 function, u64 a1, u32 before, const char *what)
{
	u64 end = machine.memory_base + machine.memory_size;
	u64 entry = (u64)secondary_entry;
	const u64 bad[] = { 0, machine.memory_base - 4, end, UART_BASE, entry + 1, entry + 2,
		entry | BIT(47), ~UINT64_C(3) };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		if (before)
			check_call(function, a1, bad[i], 0, PSCI_INVALID_ADDRESS, what);
		else
			check_call(function, bad[i], 0, 0, PSCI_INVALID_ADDRESS, what);
	}
}

static void test_entries(void)
{
	check_entries(CPU_SUSPEND, states.down, 1, "CPU_SUSPEND to a bad entry");
	check_entries(DEFAULT_SUSPEND, 0, 0, "CPU_DEFAULT_SUSPEND to a bad entry");
	check_entries(SYSTEM_SUSPEND, 0, 0, "SYSTEM_SUSPEND to a bad entry");
	if (machine.cpus > 1)
		check_entries(CPU_ON, machine.mpidr[1], 1, "CPU_ON to a bad entry");
}

/* --- targets --- */

static void check_targets(u32 function, u64 second, s64 answer, const char *what)
{
	const u64 bad[] = { machine.mpidr[machine.cpus - 1] + 1, 0xff, 0x100, BIT(16), BIT(24),
		BIT(30), BIT(32), BIT(40), BIT(63) };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		check_call(function, bad[i], second, 0, answer, what);
}

static void test_targets(void)
{
	u64 self = machine.mpidr[0], entry = (u64)secondary_entry;

	check_targets(CPU_ON, entry, PSCI_INVALID_PARAMETERS, "CPU_ON of nobody");
	check_targets(CPU_ON, 1, PSCI_INVALID_PARAMETERS, "CPU_ON of nobody to a bad entry");
	check_targets(AFFINITY_INFO, 0, PSCI_INVALID_PARAMETERS, "AFFINITY_INFO of nobody");
	check_targets(NODE_HW_STATE, 0, PSCI_INVALID_PARAMETERS, "NODE_HW_STATE of nobody");
	check_targets(STAT_COUNT, states.standby, 0, "STAT_COUNT of nobody");
	check_targets(STAT_RESIDENCY, states.standby, 0, "STAT_RESIDENCY of nobody");
	check_call(CPU_ON, self, entry, 0, PSCI_ALREADY_ON, "CPU_ON of itself");
	check_call(CPU_ON, self | BIT(31), entry, 0, PSCI_ALREADY_ON, "CPU_ON with MPIDR's bit 31");
	check_call(CPU_ON, self, 1, 0, PSCI_ALREADY_ON, "CPU_ON of itself, to a bad entry");
	check_call(AFFINITY_INFO, self, 0, 0, AFFINITY_ON, "AFFINITY_INFO of itself");
	for (u64 level = 1; level < 4; level++) {
		check_call(AFFINITY_INFO, self | 0x55, level, 0, AFFINITY_ON, "AFFINITY_INFO");
		check_call(AFFINITY_INFO, BIT(32), level, 0, PSCI_INVALID_PARAMETERS,
			"AFFINITY_INFO of no node");
	}
	check_call(AFFINITY_INFO, 0x100, 1, 0, PSCI_INVALID_PARAMETERS, "AFFINITY_INFO: level 1");
	check_call(AFFINITY_INFO, 0x10000, 2, 0, PSCI_INVALID_PARAMETERS, "AFFINITY_INFO: level 2");
	check_call(AFFINITY_INFO, self, 4, 0, PSCI_INVALID_PARAMETERS, "AFFINITY_INFO: level 4");
	for (u64 level = 0; level < 4; level++)
		check_call(AFFINITY_INFO, self, GARBAGE | level, 0, AFFINITY_ON,
			"AFFINITY_INFO: the level's upper half doesn't count");
	for (u64 level = 0; level < 3; level++)
		check_call(NODE_HW_STATE, self, GARBAGE | level, 0, HW_ON,
			"NODE_HW_STATE: the level's upper half doesn't count");
	for (u64 level = 0; level < 3; level++)
		check_call(NODE_HW_STATE, self, level, 0, HW_ON, "NODE_HW_STATE of itself");
	check_call(NODE_HW_STATE, self, 3, 0, PSCI_INVALID_PARAMETERS, "NODE_HW_STATE: level 3");
	for (u32 cpu = 1; cpu < machine.cpus; cpu++) {
		check_call(AFFINITY_INFO, machine.mpidr[cpu], 0, 0, AFFINITY_OFF, "AFFINITY_INFO");
		check_call(NODE_HW_STATE, machine.mpidr[cpu], 0, 0, HW_OFF, "NODE_HW_STATE");
	}
}

/* --- power_state --- */

static void test_power_states(void)
{
	u64 entry = (u64)down_entry;

	for (u32 bit = 0; bit < 32; bit++) {
		if (!(states.valid & BIT(bit)))
			check_call(CPU_SUSPEND, BIT(bit), entry, 0, PSCI_INVALID_PARAMETERS,
				"CPU_SUSPEND with a bit that isn't the format's");
	}
	/* It has 32 bits in both widths. */
	check_call(CPU_SUSPEND, GARBAGE | states.down, 1, 0, PSCI_INVALID_ADDRESS,
		"CPU_SUSPEND: the upper half doesn't count");
	check_call(CPU_SUSPEND, states.other, entry, 0, PSCI_INVALID_PARAMETERS,
		"CPU_SUSPEND in the other format");
	check_call(CPU_SUSPEND, states.other, 1, 0, PSCI_INVALID_PARAMETERS,
		"CPU_SUSPEND in the other format, to a bad entry");
	if (!extended)
		check_call(CPU_SUSPEND, 0x03010000, entry, 0, PSCI_INVALID_PARAMETERS,
			"CPU_SUSPEND: level 3");
	check_call(STAT_COUNT, machine.mpidr[0], states.other, 0, 0, "STAT_COUNT: other format");
	check_call(SET_SUSPEND_MODE, 2, 0, 0, PSCI_INVALID_PARAMETERS, "SET_SUSPEND_MODE(2)");
	check_call(SET_SUSPEND_MODE, 0xffffffff, 0, 0, PSCI_INVALID_PARAMETERS,
		"SET_SUSPEND_MODE(-1)");
	check_call(SET_SUSPEND_MODE, MODE_PLATFORM, 0, 0, 0, "SET_SUSPEND_MODE: as it is");
	check_call(SET_SUSPEND_MODE, MODE_OS, 0, 0, 0, "SET_SUSPEND_MODE: OS-initiated");
	check_call(SET_SUSPEND_MODE, MODE_PLATFORM, 0, 0, 0, "SET_SUSPEND_MODE: and back");
}

/* --- the system --- */

static void test_system(void)
{
	check_call(SYSTEM_RESET2, 1, 0, 0, PSCI_INVALID_PARAMETERS, "SYSTEM_RESET2: reserved type");
	check_call(SYSTEM_RESET2, VENDOR_TYPE, 0, 0, PSCI_INVALID_PARAMETERS,
		"SYSTEM_RESET2: vendor's type");
	check_call(SYSTEM_RESET2, VENDOR_TYPE | 1, 5, 0, PSCI_INVALID_PARAMETERS,
		"SYSTEM_RESET2: vendor's type with a cookie");
	check_call(SYSTEM_RESET2, GARBAGE | 1, 0, 0, PSCI_INVALID_PARAMETERS,
		"SYSTEM_RESET2: reserved type, and an upper half");
	check_call(SYSTEM_OFF2, 2, 0, 0, PSCI_INVALID_PARAMETERS, "SYSTEM_OFF2: reserved type");
	check_call(SYSTEM_OFF2, 3, 0, 0, PSCI_INVALID_PARAMETERS, "SYSTEM_OFF2: two types");
	check_call(SYSTEM_OFF2, VENDOR_TYPE, 0, 0, PSCI_INVALID_PARAMETERS, "SYSTEM_OFF2: bit 31");
	check_call(SYSTEM_OFF2, 0, 1, 0, PSCI_INVALID_PARAMETERS, "SYSTEM_OFF2: a cookie");
	check_call(SYSTEM_OFF2, 1, 1, 0, PSCI_INVALID_PARAMETERS, "SYSTEM_OFF2: a cookie, type 1");
	check_call(SYSTEM_OFF2, 1, BIT(63), 0, PSCI_INVALID_PARAMETERS, "SYSTEM_OFF2: cookie 2^63");
}

static void test_memory(void)
{
	u64 base = machine.memory_base, size = machine.memory_size;

	/* HVC, then SMC. */
	check_call(MEM_PROTECT, 0, 0, 0, 0, "MEM_PROTECT(0): it wasn't");
	tap_is((u64)call_way(0, MEM_PROTECT, 1, 0, 0), 0, "HVC32: MEM_PROTECT(1)");
	check_call(MEM_PROTECT, 1, 0, 0, 1, "MEM_PROTECT(1): it was");
	tap_is((u64)call_way(2, MEM_PROTECT, 0, 0, 0), 1, "SMC32: MEM_PROTECT(0)");
	check_call(MEM_PROTECT, 0, 0, 0, 0, "MEM_PROTECT(0): it isn't any more");
	check_call(CHECK_RANGE, base, size, 0, 0, "MEM_PROTECT_CHECK_RANGE: all RAM");
	check_call(CHECK_RANGE, base + size - 1, 1, 0, 0, "MEM_PROTECT_CHECK_RANGE: its last byte");
	check_call(CHECK_RANGE, base, 0, 0, PSCI_DENIED, "MEM_PROTECT_CHECK_RANGE: nothing");
	check_call(CHECK_RANGE, base, size + 1, 0, PSCI_DENIED, "MEM_PROTECT_CHECK_RANGE: past it");
	check_call(CHECK_RANGE, base - 1, 2, 0, PSCI_DENIED, "MEM_PROTECT_CHECK_RANGE: before it");
	check_call(CHECK_RANGE, UART_BASE, 4, 0, PSCI_DENIED, "MEM_PROTECT_CHECK_RANGE: a device");
	check_call(CHECK_RANGE, base + 0x1000, ~UINT64_C(0), 0, PSCI_DENIED,
		"MEM_PROTECT_CHECK_RANGE: round the end");
	check_call(CHECK_RANGE, base | BIT(44), 1, 0, PSCI_DENIED,
		"MEM_PROTECT_CHECK_RANGE: far away");
}

void test_calls(void)
{
	test_presence();
	test_targets();
	test_entries();
	test_power_states();
	test_system();
	test_memory();
}
