/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EL1 bank: every row of sysreg.def with bank EL1, PAUTH or RAS is saved and loaded, where the
 * CPU has it; nothing else is touched.
 *
 * links: hyp/vm/bank.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/features.h"
#include "hyp/vm/bank.h"
#include "tests/unit/fake/cpu.h"

enum kind {
	KIND_NONE,
	KIND_EL1,
	KIND_PAUTH,
	KIND_RAS,
	KIND_DEBUG,
	KIND_TIMER,
	KIND_VIF,
	KIND_AARCH32
};

/* All rows, whoever saves them; one encoding may have several names. */
static const struct {
	const char *name;
	unsigned encoding;
	enum kind kind;
} rows[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) \
	{ #name, SYSREG_ENC(op0, op1, crn, crm, op2), KIND_##bank },
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ 0 };
	return 0;
}

static bool banked(enum kind kind)
{
	return kind == KIND_EL1 || (kind == KIND_PAUTH && cpu_features.pauth) ||
		(kind == KIND_RAS && cpu_features.ras);
}

/* A value of its own for each register. */
static uint64_t value_of(unsigned row)
{
	return UINT64_C(0x0101010100000000) * (row % 255 + 1) + row;
}

static void round_trip(void)
{
	uint64_t bank[NR_BANK_SLOTS], before[NR_BANK_SLOTS];

	memset(bank, 0x5a, sizeof(bank));
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		fake_sysreg_set(rows[i].encoding, value_of(i));
	bank_save(bank);
	memcpy(before, bank, sizeof(bank));
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (fake_sysreg_reads(rows[i].encoding) != banked(rows[i].kind))
			fail_msg("%s was read %u times", rows[i].name,
				fake_sysreg_reads(rows[i].encoding));
		assert_int_equal(fake_sysreg_writes(rows[i].encoding), 0);
		fake_sysreg_set(rows[i].encoding, 0);
	}
	bank_load(bank);
	assert_memory_equal(bank, before, sizeof(bank));
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t expected = banked(rows[i].kind) ? value_of(i) : 0;

		if (fake_sysreg_get(rows[i].encoding) != expected)
			fail_msg("%s was not loaded", rows[i].name);
		assert_int_equal(fake_sysreg_writes(rows[i].encoding), banked(rows[i].kind));
	}
}

static void test_plain(void **state)
{
	(void)state;
	round_trip();
}

static void test_pauth(void **state)
{
	(void)state;
	cpu_features.pauth = true;
	round_trip();
}

static void test_ras(void **state)
{
	(void)state;
	cpu_features.ras = true;
	round_trip();
}

static void test_both(void **state)
{
	(void)state;
	cpu_features.pauth = cpu_features.ras = true;
	round_trip();
}

/* Two vCPUs in turns: neither finds a thing of the other's. */
static void test_two(void **state)
{
	uint64_t one[NR_BANK_SLOTS], two[NR_BANK_SLOTS];

	(void)state;
	cpu_features.pauth = cpu_features.ras = true;
	for (unsigned i = 0; i < NR_BANK_SLOTS; i++) {
		one[i] = 0x1000 + i;
		two[i] = 0x2000 + i;
	}
	bank_load(one);
	for (unsigned turn = 0; turn < 3; turn++) {
		bank_save(one);
		bank_load(two);
		for (unsigned i = 0; i < NR_BANK_SLOTS; i++)
			assert_int_equal(one[i], 0x1000 + i);
		bank_save(two);
		bank_load(one);
		for (unsigned i = 0; i < NR_BANK_SLOTS; i++)
			assert_int_equal(two[i], 0x2000 + i);
	}
}

/* Out of reset: MMU and caches off, little endian, the bits that are RES1; everything else zero. */
static void test_reset(void **state)
{
	uint64_t bank[NR_BANK_SLOTS];

	(void)state;
	memset(bank, 0x5a, sizeof(bank));
	bank_reset(bank);
	for (unsigned i = 0; i < NR_BANK_SLOTS; i++) {
		uint64_t expected = 0;

		if (i == BANK_SCTLR_EL1)
			expected = UINT64_C(0x30d00980);
		else if (i == BANK_CPACR_EL1)
			expected = guest_cpacr(0);
		assert_int_equal(bank[i], expected);
	}
	assert_int_equal(fake_sysreg_accesses, 0);
}

/* What a guest's EL1 can write without a trap and is not in the bank belongs to another part or is
 * nobody's secret. */
static void test_none_forgotten(void **state)
{
	static const unsigned must[] = { SYS_SCTLR_EL1, SYS_TTBR0_EL1, SYS_TTBR1_EL1, SYS_TCR_EL1,
		SYS_SP_EL0, SYS_SP_EL1, SYS_ELR_EL1, SYS_SPSR_EL1, SYS_ESR_EL1, SYS_FAR_EL1,
		SYS_AFSR0_EL1, SYS_AFSR1_EL1, SYS_PAR_EL1, SYS_MAIR_EL1, SYS_AMAIR_EL1,
		SYS_VBAR_EL1, SYS_CONTEXTIDR_EL1, SYS_TPIDR_EL0, SYS_TPIDR_EL1, SYS_TPIDRRO_EL0,
		SYS_CPACR_EL1, SYS_CNTKCTL_EL1, SYS_CSSELR_EL1, SYS_APIBKEYLO_EL1,
		SYS_APIBKEYHI_EL1, SYS_APDAKEYLO_EL1, SYS_APDAKEYHI_EL1, SYS_APDBKEYLO_EL1,
		SYS_APDBKEYHI_EL1, SYS_APGAKEYLO_EL1, SYS_APGAKEYHI_EL1, SYS_VDISR_EL2,
		SYS_VSESR_EL2 };

	(void)state;
	cpu_features.pauth = cpu_features.ras = true;
	for (unsigned m = 0; m < ARRAY_SIZE(must); m++) {
		bool found = false;

		for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
			found |= rows[i].encoding == must[m] && banked(rows[i].kind);
		if (!found)
			fail_msg("encoding 0x%x is in no bank", must[m]);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain),
		TEST(test_pauth),
		TEST(test_ras),
		TEST(test_both),
		TEST(test_two),
		TEST(test_reset),
		TEST(test_none_forgotten),
	};

	return cmocka_run_group_tests_name("bank", tests, NULL, NULL);
}
