/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TRNG for guests: layouts, every number of bits, errors, the order of the sources, and how the
 * firmware's is found.
 *
 * links: hyp/smccc/trng.c hyp/crypto/entropy.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/psci/smccc_client.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/crypto/drbg.h"
#include "hyp/crypto/entropy.h"
#include "hyp/smccc/trng.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/stack_scan.h"

#define VERSION  0x84000050
#define FEATURES 0x84000051
#define UUID     0x84000052
#define RND      0x84000053
#define RND_64   0xc4000053

#define WORD_0   UINT64_C(0xf0e0d0c0b0a09081)
#define WORD_1   UINT64_C(0xf1e1d1c1b1a19181)
#define WORD_2   UINT64_C(0xf2e2d2c2b2a29281)
#define ONES     ~UINT64_C(0)

static struct vcpu vcpu;

/* --- the dispatcher: Lintel's own functions, by either conduit --- */

static const struct smccc_call calls[] = {
#define CALL(service, number, name, widths, since, handler, text) \
	{ SMCCC_BASE_##service + (number), widths, NULL, SMCCC_SERVICE_##service, NR_CALL_CLASSES },
#include "hyp/smccc/calls.def"
};
#define BOTH 2
static unsigned only_by = BOTH; /* the other one has no TRNG */

bool smccc_offered_to(const struct vcpu *of, enum conduit conduit, uint32_t function)
{
	assert_ptr_equal(of, &vcpu);
	if (only_by != BOTH && only_by != conduit)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].function == (function & ~(uint32_t)SMCCC_64) &&
			(calls[i].widths & (function & SMCCC_64 ? W64 : W32)))
			return true;
	}
	return false;
}

static enum exit_result dispatch(enum conduit conduit, uint32_t function)
{
	switch (function) {
	case VERSION:
		return trng_version(&vcpu, conduit, function);
	case FEATURES:
		return trng_features(&vcpu, conduit, function);
	case UUID:
		return trng_get_uuid(&vcpu, conduit, function);
	default:
		return trng_rnd(&vcpu, conduit, function);
	}
}

/* --- RNDR --- */

static unsigned rndr_reads, rndr_zeros; /* the first ones, or ~0: all */

static uint64_t read_hook(unsigned encoding, uint64_t value)
{
	static const uint64_t words[] = { WORD_0, WORD_1, WORD_2 };

	if (encoding != SYS_RNDR)
		return value;
	if (rndr_reads++ < rndr_zeros)
		return 0;
	return words[(rndr_reads - rndr_zeros - 1) % 3];
}

/* --- the generator --- */

static bool has_drbg, drbg_seeds;
static unsigned drbg_calls;
static size_t drbg_size;

enum status drbg_generate(void *out, size_t size)
{
	drbg_calls++;
	if (drbg_seeds)
		return ERR_BUSY;
	drbg_size = size;
	memset(out, has_drbg ? 0xff : 0, size);
	return has_drbg ? OK : ERR_NOT_FOUND;
}

/* --- the firmware --- */

static uint32_t firmware_smccc; /* 0: there is none */
static uint64_t firmware_version, firmware_features, firmware_answer;
static unsigned firmware_trng_calls, firmware_bits;

uint32_t smccc_client_version(void)
{
	return firmware_smccc;
}

static void firmware(struct smc_regs *regs)
{
	assert_true(firmware_smccc != 0);
	switch (regs->x[0]) {
	case VERSION:
		firmware_trng_calls++;
		regs->x[0] = firmware_version;
		break;
	case FEATURES:
		assert_int_equal(regs->x[1], RND_64);
		regs->x[0] = firmware_features;
		break;
	case RND_64:
		firmware_bits = (unsigned)regs->x[1];
		regs->x[0] = firmware_answer;
		regs->x[1] = WORD_2;
		regs->x[2] = WORD_1;
		regs->x[3] = WORD_0;
		break;
	default:
		fail();
	}
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.regs.pstate = PSTATE_EL1H;
	fake_sysreg_read_hook = read_hook;
	rndr_reads = rndr_zeros = 0;
	has_drbg = drbg_seeds = false;
	drbg_calls = 0;
	firmware_smccc = 0;
	firmware_version = 0x10000;
	firmware_features = firmware_answer = 0;
	firmware_trng_calls = firmware_bits = 0;
	fake_smc_hook = firmware;
	trng_init();
	rndr_reads = 0;
	return 0;
}

static void give_rndr(void)
{
	fake_reg(ID_AA64ISAR0_EL1) = BIT(60);
}

static void give_firmware(void)
{
	firmware_smccc = 0x10001;
	trng_init();
}

static int64_t call(enum conduit conduit, uint32_t function, uint64_t a1)
{
	for (unsigned i = 0; i < 31; i++)
		vcpu.regs.x[i] = 0x5eed0000 + i;
	vcpu.regs.x[0] = function;
	vcpu.regs.x[1] = a1;
	assert_int_equal(
		dispatch(conduit, function), conduit == SMCCC_HVC ? EXIT_RESUME : EXIT_SKIP);
	for (unsigned i = 4; i < 31; i++)
		assert_int_equal(vcpu.regs.x[i], 0x5eed0000 + i);
	return (int64_t)vcpu.regs.x[0];
}

static void expect_results(uint64_t x1, uint64_t x2, uint64_t x3)
{
	assert_int_equal(vcpu.regs.x[1], x1);
	assert_int_equal(vcpu.regs.x[2], x2);
	assert_int_equal(vcpu.regs.x[3], x3);
}

/* --- the tests --- */

static void version_and_features(void **state)
{
	(void)state;
	for (enum conduit conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
		assert_int_equal(call(conduit, VERSION, 0), 0x10000);
		for (uint32_t n = 0x40; n < 0x80; n++) {
			bool there = n >= 0x50 && n <= 0x53;

			assert_int_equal(call(conduit, FEATURES, 0x84000000 + n), there ? 0 : -1);
			assert_int_equal(
				call(conduit, FEATURES, 0xc4000000 + n), n == 0x53 ? 0 : -1);
		}
		/* Functions, but not TRNG's. */
		assert_int_equal(call(conduit, FEATURES, 0x84000000), -1);
		assert_int_equal(call(conduit, FEATURES, 0x80000000), -1);
		assert_int_equal(call(conduit, FEATURES, 0x04000053), -1);
		/* Only the lower half counts. */
		assert_int_equal(call(conduit, FEATURES, 0xffffffff84000053), 0);
	}
	/* A VM that may not call it by this conduit. */
	only_by = SMCCC_SMC;
	assert_int_equal(call(SMCCC_HVC, FEATURES, RND), -1);
	assert_int_equal(call(SMCCC_SMC, FEATURES, RND), 0);
	only_by = BOTH;
}

/* As SMCCC passes it: each word has four bytes, the first lowest. */
static void uuid(void **state)
{
	static const uint8_t expected[16] = { 0xff, 0x6f, 0x3e, 0x16, 0x53, 0xed, 0x49, 0x46, 0x99,
		0xd2, 0x68, 0xc7, 0x7d, 0xb7, 0xcb, 0x87 };

	(void)state;
	call(SMCCC_SMC, UUID, 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal((vcpu.regs.x[i / 4] >> (i % 4 * 8)) & 0xff, expected[i]);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(vcpu.regs.x[i] >> 32, 0);
	assert_int_not_equal(vcpu.regs.x[0], 0xffffffff);
}

/* Every number of bits, with nothing but ones to be had. */
static void widths(void **state)
{
	(void)state;
	has_drbg = true;
	for (unsigned bits = 1; bits <= 192; bits++) {
		uint64_t low = bits >= 64 ? ONES : BIT(bits) - 1;
		uint64_t middle = bits >= 128 ? ONES : bits > 64 ? BIT(bits - 64) - 1 : 0;
		uint64_t high = bits == 192 ? ONES : bits > 128 ? BIT(bits - 128) - 1 : 0;

		assert_int_equal(call(SMCCC_HVC, RND_64, bits), 0);
		expect_results(high, middle, low);
		assert_int_equal(drbg_size, (bits + 63) / 64 * 8);
		assert_int_equal(call(SMCCC_SMC, RND, bits), bits <= 96 ? 0 : -2);
		if (bits <= 96)
			expect_results(middle, low >> 32, low & 0xffffffff);
		else
			expect_results(0, 0, 0);
	}
}

static void wrong_widths(void **state)
{
	static const uint64_t wrong[] = { 0, 193, 0x100, UINT64_C(0x100000000),
		UINT64_C(0x100000001), ONES };

	(void)state;
	has_drbg = true;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(call(SMCCC_HVC, RND_64, wrong[i]), -2);
		expect_results(0, 0, 0);
	}
	assert_int_equal(call(SMCCC_HVC, RND, 0), -2);
	assert_int_equal(call(SMCCC_HVC, RND, 97), -2);
	assert_int_equal(call(SMCCC_HVC, RND, UINT64_C(0x100000000)), -2);
	/* The 32-bit call looks at w1. */
	assert_int_equal(drbg_calls, 0);
	assert_int_equal(call(SMCCC_HVC, RND, UINT64_C(0x100000001)), 0);
	expect_results(0, 0, 1);
}

static void no_entropy(void **state)
{
	(void)state;
	assert_int_equal(call(SMCCC_HVC, RND_64, 1), -3);
	expect_results(0, 0, 0);
	assert_int_equal(call(SMCCC_SMC, RND, 96), -3);
	expect_results(0, 0, 0);
	assert_int_equal(rndr_reads, 0);
}

static void cpu_first(void **state)
{
	(void)state;
	has_drbg = true;
	give_firmware();
	give_rndr();
	firmware_bits = 0;
	assert_int_equal(call(SMCCC_HVC, RND_64, 192), 0);
	expect_results(WORD_2, WORD_1, WORD_0);
	assert_int_equal(rndr_reads, 3);
	rndr_reads = 0;
	assert_int_equal(call(SMCCC_HVC, RND, 96), 0);
	expect_results((uint32_t)WORD_1, WORD_0 >> 32, (uint32_t)WORD_0);
	assert_int_equal(rndr_reads, 2);
	assert_int_equal(firmware_bits, 0);
	assert_int_equal(drbg_calls, 0);

	/* Nothing at first. */
	rndr_reads = 0;
	rndr_zeros = ENTROPY_RNDR_TRIES - 1;
	assert_int_equal(call(SMCCC_HVC, RND_64, 64), 0);
	expect_results(0, 0, WORD_0);
	/* Nothing for too long: the next one is asked. */
	rndr_reads = 0;
	rndr_zeros = ENTROPY_RNDR_TRIES;
	assert_int_equal(call(SMCCC_HVC, RND_64, 65), 0);
	assert_int_equal(rndr_reads, ENTROPY_RNDR_TRIES);
	expect_results(0, WORD_1 & 1, WORD_0);
	assert_int_equal(firmware_bits, 65);
}

static void firmware_then_generator(void **state)
{
	(void)state;
	has_drbg = true;
	give_firmware();
	assert_int_equal(call(SMCCC_HVC, RND_64, 130), 0);
	expect_results(WORD_2 & 3, WORD_1, WORD_0);
	assert_int_equal(firmware_bits, 130);
	assert_int_equal(drbg_calls, 0);
	/* It has none now. */
	firmware_answer = (uint64_t)-3;
	assert_int_equal(call(SMCCC_HVC, RND_64, 130), 0);
	expect_results(3, ONES, ONES);
	assert_int_equal(drbg_calls, 1);
	has_drbg = false;
	assert_int_equal(call(SMCCC_HVC, RND_64, 130), -3);
	expect_results(0, 0, 0);
}

/* Seeding takes its time: interrupts first, then the same call again, as it was. */
static void asks_again_after_seeding(void **state)
{
	(void)state;
	has_drbg = drbg_seeds = true;
	vcpu.regs.x[0] = RND_64;
	vcpu.regs.x[1] = 192;
	vcpu.regs.x[2] = 22;
	vcpu.regs.x[3] = 33;
	assert_int_equal(dispatch(SMCCC_HVC, RND_64), EXIT_REPEAT);
	assert_int_equal(dispatch(SMCCC_SMC, RND_64), EXIT_REPEAT);
	assert_int_equal(vcpu.regs.x[0], RND_64);
	expect_results(192, 22, 33);
	drbg_seeds = false;
	assert_int_equal(dispatch(SMCCC_SMC, RND_64), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], 0);
	expect_results(ONES, ONES, ONES);
}

/* A guest's bits are in its registers alone. */
static void leaves_nothing_on_the_stack(void **state)
{
	static const uint64_t as_called[] = { WORD_2, WORD_1, WORD_0 };
	static const uint64_t as_given[] = { WORD_0, WORD_1, WORD_2 };
	bool left;

	(void)state;
	give_firmware();
	vcpu.regs.x[1] = 192;
	trng_rnd(&vcpu, SMCCC_HVC, RND_64);
	left = stack_has(as_called, sizeof(as_called)) || stack_has(as_given, sizeof(as_given));
	assert_int_equal(vcpu.regs.x[1], WORD_2);
	assert_false(left);
}

/* Each step must say yes before the next is taken. */
static void firmware_is_found_out(void **state)
{
	static const struct {
		uint32_t smccc;
		uint64_t version, features;
		unsigned asked;
		bool found;
	} cases[] = {
		{ 0, 0x10000, 0, 0, false },
		{ 0x10000, 0x10000, 0, 0, false },
		{ 0x10001, ONES, 0, 1, false },
		{ 0x10001, 0xffffffff, 0, 1, false },
		{ 0x10001, 0x20000, 0, 1, false },
		{ 0x10001, 0, 0, 1, false },
		{ 0x10001, 0x10000, 0xffffffff, 1, false },
		{ 0x10004, 0x10001, 0, 1, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		firmware_smccc = cases[i].smccc;
		firmware_version = cases[i].version;
		firmware_features = cases[i].features;
		firmware_trng_calls = 0;
		trng_init();
		assert_int_equal(firmware_trng_calls, cases[i].asked);
		firmware_smccc = 0x10001;
		assert_int_equal(call(SMCCC_HVC, RND_64, 192), cases[i].found ? 0 : -3);
	}
}

/* The pool stays seeded then. What the firmware gives goes there, and the log says what there is.
 */
static void said_at_boot(void **state)
{
	(void)state;
	fake_log[0] = 0;
	trng_init();
	assert_non_null(strstr(fake_log, "nowhere"));
	assert_false(entropy_seeded());
	/* A CPU whose RNDR gives nothing is no source. */
	fake_log[0] = 0;
	give_rndr();
	rndr_zeros = ~0U;
	trng_init();
	assert_non_null(strstr(fake_log, "nowhere"));
	assert_false(entropy_seeded());
	fake_reg(ID_AA64ISAR0_EL1) = 0;
	rndr_reads = rndr_zeros = 0;
	firmware_answer = (uint64_t)-3;
	give_firmware();
	assert_false(entropy_seeded());
	firmware_answer = 0;
	give_firmware();
	assert_true(entropy_seeded());
	assert_non_null(strstr(fake_log, "the firmware (TRNG)"));
	firmware_version = 0;
	trng_init();
	assert_non_null(strstr(fake_log, "HMAC_DRBG"));
	give_rndr();
	trng_init();
	assert_non_null(strstr(fake_log, "the CPU (RNDR)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(version_and_features, setup),
		cmocka_unit_test_setup(uuid, setup),
		cmocka_unit_test_setup(widths, setup),
		cmocka_unit_test_setup(wrong_widths, setup),
		cmocka_unit_test_setup(no_entropy, setup),
		/* Before anything seeds the pool. */
		cmocka_unit_test_setup(said_at_boot, setup),
		cmocka_unit_test_setup(cpu_first, setup),
		cmocka_unit_test_setup(firmware_then_generator, setup),
		cmocka_unit_test_setup(asks_again_after_seeding, setup),
		cmocka_unit_test_setup(leaves_nothing_on_the_stack, setup),
		cmocka_unit_test_setup(firmware_is_found_out, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
