/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random bytes: the block function by RFC 8439's example, and that the pool depends on all that
 * goes in.
 *
 * links: hyp/crypto/entropy.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hyp/crypto/entropy.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/stack_scan.h"

#define ISAR0_RNDR BIT(60)

/* RFC 8439, 2.3.2 */
static void block_follows_the_rfc(void **state)
{
	static const uint32_t counter_nonce[4] = { 1, 0x09000000, 0x4a000000, 0 };
	static const uint32_t expected[16] = { 0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3,
		0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214,
		0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2 };
	uint8_t key_bytes[32];
	uint32_t key[8], out[16];

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		key_bytes[i] = (uint8_t)i;
	memcpy(key, key_bytes, sizeof(key));
	chacha20_block(key, counter_nonce, out);
	assert_memory_equal(out, expected, sizeof(out));
}

/* Before anything seeds the pool: RNDR that gives nothing is no seed, a word of it is one. */
static void rndr_must_have_given(void **state)
{
	uint8_t bytes[16];

	(void)state;
	fake_reg(ID_AA64ISAR0_EL1) = ISAR0_RNDR;
	fake_reg(RNDR) = 0;
	assert_false(entropy_seeded());
	entropy_get(bytes, sizeof(bytes));
	assert_false(entropy_seeded());
	fake_reg(ID_AA64ISAR0_EL1) = 0;
	fake_reg(RNDR) = 0x1234;
	assert_false(entropy_seeded());
}

static void never_repeats(void **state)
{
	uint8_t first[200], second[200];

	(void)state;
	assert_false(entropy_seeded());
	entropy_mix("too short", 3);
	assert_false(entropy_seeded());
	entropy_get(first, sizeof(first));
	entropy_get(second, sizeof(second));
	assert_memory_not_equal(first, second, 32);
	/* Nor within one answer. */
	assert_memory_not_equal(first, first + 64, 64);
	fake_reg(ID_AA64ISAR0_EL1) = ISAR0_RNDR;
	assert_true(entropy_seeded());
	/* It stays so. */
	fake_reg(RNDR) = 0;
	assert_true(entropy_seeded());
	entropy_get(second, sizeof(second));
	entropy_mix("0123456789abcdef0123456789abcdef0123456789", 42);
	entropy_get(first, sizeof(first));
	assert_memory_not_equal(first, second, 32);
}

/* Only as many bytes as were asked for. */
static void fills_exactly(void **state)
{
	uint8_t bytes[130];

	(void)state;
	for (size_t size = 0; size < 129; size++) {
		memset(bytes, 0, sizeof(bytes));
		entropy_get(bytes, size);
		for (size_t i = size; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0);
	}
}

static void uses_the_cpu(void **state)
{
	uint8_t bytes[16];

	(void)state;
	fake_cpu_reset();
	entropy_get(bytes, sizeof(bytes));
	assert_int_equal(fake_sysreg_reads(SYS_RNDR), 0);
	fake_reg(ID_AA64ISAR0_EL1) = ISAR0_RNDR;
	fake_reg(RNDR) = 0x1234;
	entropy_get(bytes, sizeof(bytes));
	assert_true(fake_sysreg_reads(SYS_RNDR) >= 2);
	assert_true(entropy_seeded());
}

/* --- several at once: another CPU asks while this one reads its counter --- */

static bool nested;
static uint8_t inner[32];

static uint64_t ask_between(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_CNTPCT_EL0 && !nested) {
		nested = true;
		entropy_get(inner, sizeof(inner));
		entropy_mix("0123456789abcdef", 16);
	}
	return value;
}

/* It doesn't wait (a lock that were held would hang here), and gets something else, though both
 * began with the same pool, and so does the next one. */
static void nobody_waits(void **state)
{
	uint8_t outer[32], next[32];

	(void)state;
	fake_cpu_reset();
	fake_sysreg_read_hook = ask_between;
	alarm(10);
	entropy_get(outer, sizeof(outer));
	alarm(0);
	assert_true(nested);
	entropy_get(next, sizeof(next));
	assert_memory_not_equal(inner, outer, sizeof(outer));
	assert_memory_not_equal(inner, next, sizeof(next));
	assert_memory_not_equal(outer, next, sizeof(next));
}

/* Neither what is given out, nor what is put in, nor what the CPU gives. */
static void leaves_nothing_on_the_stack(void **state)
{
	static const char secret[] = "thirty-two bytes that are secret";
	static const uint64_t given[3] = { 0x1122334455667788, 0x1122334455667788,
		0x1122334455667788 };
	static uint8_t out[32];
	bool left;

	(void)state;
	fake_cpu_reset();
	entropy_get(out, sizeof(out));
	left = stack_has(out, sizeof(out));
	assert_false(left);
	entropy_mix(secret, sizeof(secret) - 1);
	left = stack_has(secret, sizeof(secret) - 1);
	assert_false(left);
	fake_reg(ID_AA64ISAR0_EL1) = ISAR0_RNDR;
	fake_reg(RNDR) = given[0];
	entropy_get(out, sizeof(out));
	left = stack_has(given, sizeof(given));
	assert_false(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_follows_the_rfc),
		cmocka_unit_test(rndr_must_have_given),
		cmocka_unit_test(never_repeats),
		cmocka_unit_test(fills_exactly),
		cmocka_unit_test(uses_the_cpu),
		cmocka_unit_test(nobody_waits),
		cmocka_unit_test(leaves_nothing_on_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
