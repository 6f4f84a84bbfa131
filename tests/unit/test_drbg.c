/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HMAC_DRBG by known answers (made with a model of SP 800-90A 10.1.2 that gives NIST's own
 * vectors), when it is seeded and reseeded, and that it gives the SIMD registers back.
 *
 * links: hyp/crypto/drbg.c hyp/crypto/fortify.c hyp/arch/simd.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/simd.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/crypto/drbg.h"
#include "hyp/crypto/entropy.h"
#include "tests/unit/fake/cpu.h"

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
void *__memset_chk(void *to, int value, size_t size, size_t room);

/* --- the pool: counts up from what the test says --- */

static bool seeded;
static uint8_t next_byte;
static unsigned seeds;

bool entropy_seeded(void)
{
	return seeded;
}

void entropy_get(void *out, size_t size)
{
	uint8_t *bytes = out;

	assert_int_equal(size, 48);
	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(next_byte + i);
	seeds++;
}

/* A call that seeds does nothing else, and gives nothing. */
static void expect_seeding(unsigned count)
{
	uint8_t out[33], zero[32] = { 0 };

	memset(out, 0x55, sizeof(out));
	assert_int_equal(drbg_generate(out, 32), ERR_BUSY);
	assert_memory_equal(out, zero, 32);
	assert_int_equal(out[32], 0x55);
	assert_int_equal(seeds, count);
}

static int start(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_cpu_count(3);
	return 0;
}

static void no_entropy(void **state)
{
	uint8_t out[32], zero[32] = { 0 };

	(void)state;
	memset(out, 0x55, sizeof(out));
	assert_int_equal(drbg_generate(out, 20), ERR_NOT_FOUND);
	assert_memory_equal(out, zero, 20);
	assert_int_equal(out[20], 0x55);
	assert_int_equal(seeds, 0);
}

/* CPU 0: two requests, many up to the interval, then a new seed. */
static void known_answers(void **state)
{
	static const uint8_t first[24] = { 0x0f, 0xfb, 0x80, 0x87, 0x5a, 0x3e, 0x90, 0x22, 0xa4,
		0x94, 0x1a, 0x3f, 0xa1, 0xb0, 0xd3, 0x61, 0x1d, 0xf1, 0x4e, 0x1c, 0xf6, 0x51, 0xa7,
		0x3c };
	static const uint8_t second[12] = { 0x08, 0x76, 0x76, 0x56, 0xd3, 0xe9, 0x66, 0x9e, 0xb6,
		0x68, 0xd1, 0xe1 };
	static const uint8_t reseeded[32] = { 0x1f, 0x12, 0xdc, 0x4b, 0x1c, 0x98, 0x74, 0x1f, 0x8c,
		0x5d, 0x2b, 0x66, 0x9a, 0x0c, 0x19, 0x26, 0x22, 0xa2, 0x2d, 0x44, 0x6b, 0xbf, 0x26,
		0xd4, 0xed, 0x6d, 0x2a, 0x76, 0x95, 0xd5, 0xe7, 0xaf };
	uint8_t out[33] = { 0 };

	(void)state;
	seeded = true;
	expect_seeding(1);
	assert_int_equal(drbg_generate(out, 24), OK);
	assert_memory_equal(out, first, 24);
	assert_int_equal(out[24], 0);
	assert_int_equal(drbg_generate(out, 12), OK);
	assert_memory_equal(out, second, 12);
	for (unsigned i = 2; i < DRBG_RESEED_INTERVAL; i++)
		assert_int_equal(drbg_generate(out, 1), OK);
	assert_int_equal(out[0], 0xfc);
	assert_int_equal(seeds, 1);
	next_byte = 100;
	expect_seeding(2);
	assert_int_equal(drbg_generate(out, DRBG_REQUEST_MAX), OK);
	assert_memory_equal(out, reseeded, 32);
	assert_int_equal(out[32], 0);
	assert_int_equal(seeds, 2);
}

/* Another CPU has an instance of its own, with its own seed. */
static void each_cpu_its_own(void **state)
{
	uint8_t one[16], two[16];

	(void)state;
	seeded = true;
	seeds = 0;
	fake_cpu_switch(1);
	next_byte = 1;
	expect_seeding(1);
	assert_int_equal(drbg_generate(one, sizeof(one)), OK);
	fake_cpu_switch(2);
	next_byte = 2;
	expect_seeding(2);
	assert_int_equal(drbg_generate(two, sizeof(two)), OK);
	assert_int_equal(seeds, 2);
	assert_memory_not_equal(one, two, sizeof(one));
}

/* Registers and the trap are as they were; the trap is open in between. */
static void simd_comes_back(void **state)
{
	uint64_t trapped = CPTR_EL2_RES1 | CPTR_EL2_TFP | CPTR_EL2_TZ;
	struct fpsimd_state before;
	struct simd_loan loan;

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		fake_fpsimd.v[i][0] = fake_fpsimd.v[i][1] = i * 0x0101010101010101;
	fake_fpsimd.fpcr = 0x3000000;
	before = fake_fpsimd;
	fake_reg(CPTR_EL2) = trapped;
	simd_borrow(&loan);
	assert_int_equal(fake_reg(CPTR_EL2), CPTR_EL2_RES1 | CPTR_EL2_TZ);
	memset(&fake_fpsimd, 0xee, sizeof(fake_fpsimd));
	simd_return(&loan);
	assert_int_equal(fake_reg(CPTR_EL2), trapped);
	assert_memory_equal(&fake_fpsimd, &before, sizeof(before));

	/* Without a trap CPTR_EL2 isn't touched. */
	fake_reg(CPTR_EL2) = CPTR_EL2_RES1;
	unsigned writes = fake_sysreg_writes(SYS_CPTR_EL2);

	simd_borrow(&loan);
	memset(&fake_fpsimd, 0xee, sizeof(fake_fpsimd));
	simd_return(&loan);
	assert_int_equal(fake_sysreg_writes(SYS_CPTR_EL2), writes);
	assert_memory_equal(&fake_fpsimd, &before, sizeof(before));
}

static void copies_within_the_room(void **state)
{
	uint8_t to[4] = { 0 };
	volatile size_t room = 3; /* that the compiler doesn't know of */

	(void)state;
	assert_ptr_equal(__memcpy_chk(to, "abc", 3, 3), to);
	assert_memory_equal(to, "abc", 4);
	assert_ptr_equal(__memset_chk(to, 'x', 2, 4), to);
	assert_memory_equal(to, "xxc", 4);
	if (FAKE_PANICS()) {
		__memcpy_chk(to, "abc", room + 1, room);
		fail();
	}
	if (FAKE_PANICS()) {
		__memset_chk(to, 0, room, room - 1);
		fail();
	}
	assert_memory_equal(to, "xxc", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_entropy, start),
		cmocka_unit_test_setup(known_answers, start),
		cmocka_unit_test_setup(each_cpu_its_own, start),
		cmocka_unit_test_setup(simd_comes_back, start),
		cmocka_unit_test_setup(copies_within_the_room, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
