/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the assembler can't be asked: addresses, what is written back, encodings that are reserved
 * and those that the architecture leaves open. Every form of instruction is in test_insn_asm.c.
 *
 * links: hyp/arch/insn.c hyp/arch/insn_address.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/insn.h"

#define SP UINT64_C(0xffff000000001000)
#define PC UINT64_C(0x0000000040080000)

static struct guest_regs regs;

/* x0 = 0x1000, x1 = 0x1001, ... */
static int set_up(void **state)
{
	(void)state;
	memset(&regs, 0, sizeof(regs));
	for (unsigned n = 0; n < 31; n++)
		regs.x[n] = 0x1000 + n;
	regs.pc = PC;
	return 0;
}

/* --- addresses --- */

static const struct {
	const char *text;
	uint32_t word;
	uint64_t address;
	bool writes_back;
	uint64_t base;
} addresses[] = {
	{ "ldr x0, [x1, #8]", 0xf9400420, 0x1009, false, 0 },
	{ "ldr x0, [sp, #8]", 0xf94007e0, SP + 8, false, 0 },
	{ "ldur x0, [x1, #-8]", 0xf85f8020, 0xff9, false, 0 },
	{ "ldtr x0, [x1, #-8]", 0xf85f8820, 0xff9, false, 0 },
	{ "ldr x0, [x1, #-8]!", 0xf85f8c20, 0xff9, true, 0xff9 },
	{ "ldr x0, [x1], #-8", 0xf85f8420, 0x1001, true, 0xff9 },
	{ "str x0, [sp, #-16]!", 0xf81f0fe0, SP - 16, true, SP - 16 },
	{ "str x0, [sp], #16", 0xf80107e0, SP, true, SP + 16 },
	{ "ldr x0, [x1, x2]", 0xf8626820, 0x1001 + 0x1002, false, 0 },
	{ "ldr x0, [x1, x2, lsl #3]", 0xf8627820, 0x1001 + 8 * 0x1002, false, 0 },
	{ "ldr x0, [x1, xzr]", 0xf87f6820, 0x1001, false, 0 },
	{ "ldr x0, [sp, x2]", 0xf8626be0, SP + 0x1002, false, 0 },
	{ "ldr x0, [x1, w28, uxtw #3]", 0xf87c5820, 0x1001 + 8 * UINT64_C(0x89abcdef), false, 0 },
	{ "ldr x0, [x1, w28, sxtw]", 0xf87cc820, 0x1001 + UINT64_C(0xffffffff89abcdef), false, 0 },
	{ "ldr x0, [x1, w28, sxtw #3]", 0xf87cd820, 0x1001 + 8 * UINT64_C(0xffffffff89abcdef),
		false, 0 },
	{ "ldr x0, [x1, x28, sxtx #3]", 0xf87cf820, 0x1001 + 8 * UINT64_C(0x0123456789abcdef),
		false, 0 },
	{ "ldr x0, . - 4", 0x58ffffe0, PC - 4, false, 0 },
	{ "ldp x0, x2, [x1, #-16]", 0xa97f0820, 0xff1, false, 0 },
	{ "ldp x0, x2, [x1, #-16]!", 0xa9ff0820, 0xff1, true, 0xff1 },
	{ "ldp x0, x2, [x1], #16", 0xa8c10820, 0x1001, true, 0x1011 },
	{ "ld1 {v1.16b}, [x1]", 0x4c407021, 0x1001, false, 0 },
	{ "ld1 {v1.16b, v2.16b}, [x1], #32", 0x4cdfa021, 0x1001, true, 0x1021 },
	{ "ld1 {v1.16b}, [x1], x2", 0x4cc27021, 0x1001, true, 0x1001 + 0x1002 },
	{ "ld1 {v1.b}[3], [x1], #1", 0x0ddf0c21, 0x1001, true, 0x1002 },
	{ "ldxr x0, [x1]", 0xc85f7c20, 0x1001, false, 0 },
	{ "swp x0, x1, [sp]", 0xf82083e1, SP, false, 0 },
	{ "ld64b x0, [x9]", 0xf83fd120, 0x1009, false, 0 },
	{ "dc zva, x1", 0xd50b7421, 0x1001, false, 0 },
	{ "dc zva, xzr", 0xd50b743f, 0, false, 0 },
	{ "ic ivau, x9", 0xd50b7529, 0x1009, false, 0 },
};

static void test_addresses(void **state)
{
	(void)state;
	regs.x[28] = UINT64_C(0x0123456789abcdef);
	for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct insn insn = insn_decode(addresses[i].word);
		uint64_t found = insn_address(&insn, &regs, SP), base = 0;
		bool writes_back = insn_writeback(&insn, &regs, SP, &base);

		if (found != addresses[i].address || writes_back != addresses[i].writes_back ||
			base != addresses[i].base)
			fail_msg("%s: %lx, written back %d %lx", addresses[i].text, found,
				writes_back, base);
	}
}

/* --- what the architecture leaves open --- */

static const struct {
	const char *text;
	uint32_t word;
	bool writes_back;
} open[] = {
	{ "ldr x1, [x1], #8", 0xf8408421, false },
	{ "ldr x1, [x1, #8]!", 0xf8408c21, false },
	{ "ldr xzr, [sp], #8", 0xf84087ff, true },
	{ "ldp x0, x1, [x1], #16", 0xa8c10420, false },
	{ "ldp x1, x0, [x1], #16", 0xa8c10021, false },
	{ "ldpsw x0, x1, [x1], #8", 0x68c10420, false },
	{ "str x1, [x1], #8", 0xf8008421, true },
	{ "stp x0, x1, [x1, #16]!", 0xa9810420, true },
	{ "ldr d1, [x1], #8", 0xfc408421, true },
	{ "ldp q0, q1, [x1], #32", 0xacc10420, true },
	{ "ld1 {v1.16b}, [x1], #16", 0x4cdf7021, true },
};

static void test_open(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(open); i++) {
		struct insn insn = insn_decode(open[i].word);
		uint64_t base;

		if (insn.class != INSN_ACCESS ||
			insn_writeback(&insn, &regs, SP, &base) != open[i].writes_back)
			fail_msg("%s", open[i].text);
	}
}

/* A register loaded twice: both are there, in the order of memory. */
static void test_loaded_twice(void **state)
{
	static const uint32_t words[] = { 0xa9400821, 0x69400821, 0xad400821 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		struct insn insn = insn_decode((words[i] & ~(UINT32_C(31) << 10)) | (1 << 10));

		assert_int_equal(insn.class, INSN_ACCESS);
		assert_int_equal(insn.count, 2);
		assert_int_equal(insn.reg[0], 1);
		assert_int_equal(insn.reg[1], 1);
	}
}

/* --- reserved --- */

static const struct {
	const char *why;
	uint32_t word;
	uint32_t neighbour; /* the instruction whose bit was changed */
	enum insn_class class;
} reserved[] = {
	{ "LDR, size 3, opc 3", 0xf9c00420, 0xf9400420, INSN_ACCESS },
	{ "LDRSW to a W register", 0xb9c00420, 0xb9800420, INSN_ACCESS },
	{ "128 bits with a size", 0x7dc00420, 0x3dc00420, INSN_ACCESS },
	{ "PRFM with pre-index", 0xf8808c20, 0xf9800420, INSN_PREFETCH },
	{ "PRFM with post-index", 0xf8808420, 0xf8808020, INSN_PREFETCH },
	{ "PRFM, unprivileged", 0xf8808820, 0xf8808020, INSN_PREFETCH },
	{ "PRFM, ordered", 0xd9808020, 0xf8808020, INSN_PREFETCH },
	{ "LDTR of a D register", 0xfc408820, 0xf8408820, INSN_ACCESS },
	{ "index extended from a byte", 0xf8620820, 0xf8624820, INSN_ACCESS },
	{ "index extended from a byte, signed", 0xf8628820, 0xf862c820, INSN_ACCESS },
	{ "PRFM, index extended from 16 bits", 0xf8a22820, 0xf8a26820, INSN_PREFETCH },
	{ "literal, SIMD, opc 3", 0xdc000040, 0x9c000040, INSN_ACCESS },
	{ "LDP, opc 3", 0xe9400820, 0xa9400820, INSN_ACCESS },
	{ "LDP of SIMD registers, opc 3", 0xed400820, 0xad400820, INSN_ACCESS },
	{ "LDPSW as a store (STGP)", 0x69000820, 0x69400820, INSN_ACCESS },
	{ "LDPSW without a hint", 0x68400820, 0x68c00820, INSN_ACCESS },
	{ "LDAPUR of a D register", 0xdd400020, 0xd9400020, INSN_ACCESS },
	{ "LDAPURSW to a W register", 0x99c00020, 0x99800020, INSN_ACCESS },
	{ "LDAPUR, size 3, opc 3", 0xd9c00020, 0xd9400020, INSN_ACCESS },
	{ "LDAR, Rs not ones", 0xc8defc20, 0xc8dffc20, INSN_ACCESS },
	{ "LDAR, Rt2 not ones", 0xc8dfbc20, 0xc8dffc20, INSN_ACCESS },
	{ "LDAPR with release", 0xf8ffc020, 0xf8bfc020, INSN_ACCESS },
	{ "LDAPR, Rs not ones", 0xf8bec020, 0xf8bfc020, INSN_ACCESS },
	{ "LDXR, Rs not ones", 0xc85e7c20, 0xc85f7c20, INSN_EXCLUSIVE },
	{ "STXR, Rt2 not ones", 0xc8003c20, 0xc8007c20, INSN_EXCLUSIVE },
	{ "LDXP, Rs not ones", 0xc87e0820, 0xc87f0820, INSN_EXCLUSIVE },
	{ "CAS, Rt2 not ones", 0xc8a03c20, 0xc8a07c20, INSN_ATOMIC },
	{ "CASP of an odd Rs", 0x48217c40, 0x48207c40, INSN_ATOMIC },
	{ "CASP of an odd Rt", 0x48207c41, 0x48207c40, INSN_ATOMIC },
	{ "atomic, o3 and opc 4", 0xf820c020, 0xf8208020, INSN_ATOMIC },
	{ "atomic of SIMD registers", 0xfc208020, 0xf8208020, INSN_ATOMIC },
	{ "LD64B from an odd register on", 0xf83fd121, 0xf83fd120, INSN_LS64 },
	{ "LD64B beyond X29", 0xf83fd138, 0xf83fd136, INSN_LS64 },
	{ "ST64B, Rs not ones", 0xf83e9120, 0xf83f9120, INSN_LS64 },
	{ "SWPP to XZR", 0x1920803f, 0x19208020, INSN_ATOMIC },
	{ "SWPP of XZR", 0x193f8020, 0x19208020, INSN_ATOMIC },
	{ "LDCLRP: another opc", 0x19201420, 0x19201020, INSN_ATOMIC },
	{ "LDSETP: another opc", 0x19202020, 0x19203020, INSN_ATOMIC },
	{ "LD1, opcode", 0x4c403021, 0x4c407021, INSN_ACCESS },
	{ "LD1 without an index, but Rm", 0x4c417021, 0x4c407021, INSN_ACCESS },
	{ "LD1 with bit 21", 0x4c607021, 0x4c407021, INSN_ACCESS },
	{ "LD1 with bit 21 and an index", 0x4cff7021, 0x4cdf7021, INSN_ACCESS },
	{ "LD1 of a lane, H, size<0>", 0x0d404421, 0x0d404021, INSN_ACCESS },
	{ "LD1 of a lane, S, size<1>", 0x0d408821, 0x0d408021, INSN_ACCESS },
	{ "LD1 of a lane, D, S", 0x0d409421, 0x0d408421, INSN_ACCESS },
	{ "LD1 of a lane without an index, but Rm", 0x0d418421, 0x0d408421, INSN_ACCESS },
	{ "LD1R as a store", 0x0d00c021, 0x0d40c021, INSN_ACCESS },
	{ "LD1R, S", 0x0d40d021, 0x0d40c021, INSN_ACCESS },
	{ "DC of EL2's", 0xd50c7421, 0xd50b7421, INSN_MAINTENANCE },
	{ "SYSL", 0xd52b7421, 0xd50b7421, INSN_MAINTENANCE },
};

static void test_reserved(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++) {
		struct insn insn = insn_decode(reserved[i].word);

		if (insn.class != INSN_OTHER || insn.width != 0 || insn.count != 0 || insn.write)
			fail_msg("%s (%08x) is class %d", reserved[i].why, reserved[i].word,
				insn.class);
		if (insn_decode(reserved[i].neighbour).class != reserved[i].class)
			fail_msg("%s: its neighbour %08x is class %d", reserved[i].why,
				reserved[i].neighbour, insn_decode(reserved[i].neighbour).class);
	}
}

/* FEAT_LSE128, which older assemblers don't know: orders, base, size. */
static void test_atomic_pairs(void **state)
{
	static const uint32_t words[] = { 0x19208000, 0x19201000, 0x19203000 };

	(void)state;
	for (unsigned i = 0; i < 4 * ARRAY_SIZE(words); i++) {
		uint32_t order = (i & 1) << 22 | (i & 2) << 22;
		struct insn insn = insn_decode(words[i / 4] | order | 2 << 16 | 31 << 5 | 1);

		assert_int_equal(insn.class, INSN_ATOMIC);
		assert_int_equal(insn.base, INSN_SP);
		assert_int_equal(insn.width * insn.count, 16);
		assert_true(insn.write);
	}
}

static bool atomic_pair(uint32_t word)
{
	struct insn insn = insn_decode(word);

	return insn.class == INSN_ATOMIC && insn.width * insn.count == 16;
}

/* And every bit of theirs that is fixed. */
static void test_near_atomic_pairs(void **state)
{
	(void)state;
	for (uint32_t opcode = 0; opcode < 64; opcode++) {
		uint32_t word = 0x19200000 | opcode << 10 | 2 << 16 | 3 << 5 | 1;
		bool is = opcode == 4 || opcode == 12 || opcode == 32;

		assert_int_equal(atomic_pair(word), is);
		for (unsigned bit = 21; bit < 32; bit++) {
			if (bit == 22 || bit == 23)
				assert_int_equal(atomic_pair(word ^ BIT(bit)), is);
			else
				assert_false(atomic_pair(word ^ BIT(bit)));
		}
	}
}

/* The same of LD64B, ST64B, ST64BV and ST64BV0. */
static void test_near_ls64(void **state)
{
	(void)state;
	for (uint32_t opcode = 0; opcode < 64; opcode++) {
		uint32_t word = 0xf83f0000 | opcode << 10 | 3 << 5 | 4;
		bool is = opcode == 0x34 || opcode == 0x24 || opcode == 0x2c || opcode == 0x28;

		assert_int_equal(insn_decode(word).class == INSN_LS64, is);
		for (unsigned bit = 21; bit < 32; bit++)
			assert_int_not_equal(insn_decode(word ^ BIT(bit)).class, INSN_LS64);
	}
}

/* Only loads and stores have something to write back. */
static void test_no_writeback(void **state)
{
	static const uint32_t words[] = { 0xd503201f, 0xf9800420, 0xc85f7c20, 0xf82083e1,
		0xf83fd120, 0xd50b7421 };
	uint64_t value = 1;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		struct insn insn = insn_decode(words[i]);

		assert_int_not_equal(insn.class, INSN_ACCESS);
		assert_false(insn_writeback(&insn, &regs, SP, &value));
		insn.address = INSN_POST_INDEX;
		assert_false(insn_writeback(&insn, &regs, SP, &value));
	}
	assert_int_equal(value, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_addresses, set_up),
		cmocka_unit_test_setup(test_open, set_up),
		cmocka_unit_test_setup(test_loaded_twice, set_up),
		cmocka_unit_test_setup(test_reserved, set_up),
		cmocka_unit_test_setup(test_atomic_pairs, set_up),
		cmocka_unit_test_setup(test_near_atomic_pairs, set_up),
		cmocka_unit_test_setup(test_near_ls64, set_up),
		cmocka_unit_test_setup(test_no_writeback, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
