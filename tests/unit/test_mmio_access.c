/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a syndrome to an access, and what loads and stores do with values: every size, sign, width
 * of register and byte order, for a register and for XZR.
 *
 * links:
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/mmio_access.h"

#define IPA_OF_IT UINT64_C(0x09000018)
#define PATTERN   UINT64_C(0x8899aabbccddeeff)

/* Syndromes as a CPU makes them for plain loads and stores, and what they mean. */
static const struct {
	const char *insn;
	uint32_t esr;
	uint8_t width, reg;
	bool write, sign_extend, reg64, ordered;
} syndromes[] = {
	{ "ldrb w2", 0x93020007, 1, 2, false, false, false, false },
	{ "ldrsb w2", 0x93220007, 1, 2, false, true, false, false },
	{ "ldrsb x2", 0x93228007, 1, 2, false, true, true, false },
	{ "ldrh w2", 0x93420007, 2, 2, false, false, false, false },
	{ "ldrsh x2", 0x93628007, 2, 2, false, true, true, false },
	{ "ldr w2", 0x93820007, 4, 2, false, false, false, false },
	{ "ldrsw x2", 0x93a28007, 4, 2, false, true, true, false },
	{ "ldr x2", 0x93c28007, 8, 2, false, false, true, false },
	{ "str x2", 0x93c28047, 8, 2, true, false, true, false },
	{ "ldar x2", 0x93c2c007, 8, 2, false, false, true, true },
	{ "stlr x2", 0x93c2c047, 8, 2, true, false, true, true },
	{ "ldr xzr", 0x93df8007, 8, 31, false, false, true, false },
	{ "str xzr", 0x93df8047, 8, 31, true, false, true, false },
};

static void test_syndromes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(syndromes); i++) {
		for (unsigned big = 0; big < 2; big++) {
			struct mmio_access a =
				mmio_access_from_esr(syndromes[i].esr, IPA_OF_IT, big);

			if (a.ipa != IPA_OF_IT || a.width != syndromes[i].width ||
				a.reg != syndromes[i].reg || a.write != syndromes[i].write ||
				a.sign_extend != syndromes[i].sign_extend ||
				a.reg64 != syndromes[i].reg64 ||
				a.acquire_release != syndromes[i].ordered || a.big_endian != big)
				fail_msg("%s is decoded wrongly", syndromes[i].insn);
		}
	}
}

/* Every syndrome field on its own, all values. */
static void test_fields(void **state)
{
	(void)state;
	for (unsigned sas = 0; sas < 4; sas++)
		assert_int_equal(
			mmio_access_from_esr((uint64_t)sas << 22, 0, false).width, 1u << sas);
	for (unsigned srt = 0; srt < 32; srt++)
		assert_int_equal(mmio_access_from_esr((uint64_t)srt << 16, 0, false).reg, srt);
}

/* Byte by byte: the bytes of the register, least significant first, as they are in memory. */
static uint64_t reference_store(uint64_t reg, unsigned width, bool big_endian)
{
	uint64_t bus = 0;

	for (unsigned i = 0; i < width; i++) {
		uint64_t byte = reg >> (8 * (big_endian ? width - 1 - i : i)) & 0xff;

		bus |= byte << (8 * i);
	}
	return bus;
}

/* The architecture's words: ZeroExtend or SignExtend of the data to the register's size, the rest
 * of it zero. */
static uint64_t reference_load(uint64_t bus, unsigned width, bool big_endian, bool sign, bool reg64)
{
	uint64_t data = reference_store(bus, width, big_endian);

	if (sign && (data >> (8 * width - 1) & 1)) {
		for (unsigned bit = 8 * width; bit < 64; bit++)
			data |= UINT64_C(1) << bit;
	}
	return reg64 ? data : data & UINT64_C(0xffffffff);
}

static const uint64_t values[] = {
	0,
	1,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0x80,
	0x7fffffff,
	0x80000000,
	UINT64_C(0x7fffffffffffffff),
	UINT64_C(0x8000000000000000),
	~UINT64_C(0),
	PATTERN,
	UINT64_C(0x0123456789abcdef),
};

static void test_stores(void **state)
{
	struct guest_regs regs;

	(void)state;
	for (unsigned sas = 0; sas < 4; sas++) {
		for (unsigned big = 0; big < 2; big++) {
			struct mmio_access a = {
				.width = 1 << sas, .big_endian = big, .write = true
			};

			for (unsigned v = 0; v < ARRAY_SIZE(values); v++) {
				for (a.reg = 0; a.reg < 31; a.reg++) {
					memset(&regs, 0x5a, sizeof(regs));
					regs.x[a.reg] = values[v];
					assert_int_equal(mmio_store_value(&a, &regs),
						reference_store(values[v], a.width, big));
				}
			}
			a.reg = 31; /* XZR, not what follows X30 in memory */
			memset(&regs, 0x5a, sizeof(regs));
			assert_int_equal(mmio_store_value(&a, &regs), 0);
		}
	}
}

static void check_load(const struct mmio_access *a, uint64_t bus)
{
	struct guest_regs regs, expected;

	memset(&regs, 0x5a, sizeof(regs));
	expected = regs;
	if (a->reg != 31)
		expected.x[a->reg] =
			reference_load(bus, a->width, a->big_endian, a->sign_extend, a->reg64);
	mmio_load_done(a, &regs, bus);
	assert_memory_equal(&regs, &expected, sizeof(regs));
}

static void test_loads(void **state)
{
	(void)state;
	for (unsigned form = 0; form < 32; form++) {
		struct mmio_access a = { .width = 1 << (form & 3),
			.sign_extend = form & 4,
			.reg64 = form & 8,
			.big_endian = form & 16 };

		if (a.width == 8 && !a.reg64) /* no load has this syndrome */
			continue;
		for (unsigned v = 0; v < ARRAY_SIZE(values); v++) {
			for (a.reg = 0; a.reg < 32; a.reg++)
				check_load(&a, values[v] & mmio_mask(a.width));
		}
	}
}

static void test_helpers(void **state)
{
	(void)state;
	assert_int_equal(mmio_mask(1), 0xff);
	assert_int_equal(mmio_mask(2), 0xffff);
	assert_int_equal(mmio_mask(4), 0xffffffff);
	assert_int_equal(mmio_mask(8), ~UINT64_C(0));
	assert_int_equal(mmio_swap(PATTERN, 1), 0xff);
	assert_int_equal(mmio_swap(PATTERN, 2), 0xffee);
	assert_int_equal(mmio_swap(PATTERN, 4), 0xffeeddcc);
	assert_int_equal(mmio_swap(PATTERN, 8), UINT64_C(0xffeeddccbbaa9988));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syndromes),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_helpers),
	};

	return cmocka_run_group_tests_name("mmio_access", tests, NULL, NULL);
}
