/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How Lintel sees the memory of a guest with an AArch32 EL1: by AT, and the level of a descriptor
 * by the tables' place.
 *
 * links: hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c mm/walk_s1.c
 * mm/walk_table.c hyp/vm/inject.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/at.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/inject32.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define VA      UINT64_C(0x81234567)
#define PAGE_AT UINT64_C(0x0000004040055000)

static struct vm vm;
static struct vcpu vcpu;
static uint64_t pars[4]; /* by enum at_kind */
static unsigned asked;   /* bit n: kind n */

static uint64_t at(unsigned kind, uint64_t va)
{
	assert_int_equal(va, VA);
	asked |= 1U << kind;
	return pars[kind];
}

enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value)
{
	(void)s2, (void)ipa, (void)value;
	fail();
	return ERR_FAULT;
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *to, size_t size)
{
	(void)s2, (void)ipa, (void)to, (void)size;
	fail();
	return ERR_FAULT;
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	(void)s2, (void)ipa, (void)size;
	fail();
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_at_kind_hook = at;
	vm = (struct vm){ .stage2.ipa_bits = 40 };
	vcpu = (struct vcpu){ .vm = &vm, .aarch32 = true, .regs.pstate = PSTATE_NRW | AARCH32_SVC };
	for (unsigned i = 0; i < 4; i++)
		pars[i] = PAGE_AT | FIELD_PREP(PAR_ATTR, 0x44);
	asked = 0;
	return 0;
}

static uint64_t failed(unsigned fst)
{
	return PAR_F | fst << 1;
}

static void test_walk(void **state)
{
	struct s1_result result;

	(void)state;
	/* The upper half of an address counts for nothing. */
	assert_int_equal(guest_walk(&vcpu, UINT64_C(0xdead00000000) | VA, false, &result), OK);
	assert_int_equal(result.ipa.ipa, PAGE_AT | (VA & 0xfff));
	assert_int_equal(result.priv, MEM_R | MEM_W);
	assert_int_equal(result.user, 0);
	assert_int_equal(result.attr, 0x44);
	assert_true(s1_uncached(&result));
	assert_int_equal(asked, 1U << AT_S1E1R | 1U << AT_S1E1W);

	pars[AT_S1E1W] = failed(FSC_PERMISSION | 2);
	assert_int_equal(guest_walk(&vcpu, VA, false, &result), OK);
	assert_int_equal(result.priv, MEM_R);
	assert_int_equal(result.level, 2);

	pars[AT_S1E1R] = failed(FSC_TRANSLATION | 1);
	assert_int_equal(guest_walk(&vcpu, VA, true, &result), ERR_FAULT);
	assert_int_equal(result.fst, FSC_TRANSLATION | 1);
}

static void test_walk_of_user(void **state)
{
	struct s1_result result;

	(void)state;
	vcpu.regs.pstate = PSTATE_NRW | AARCH32_USR;
	assert_int_equal(guest_walk(&vcpu, VA, false, &result), OK);
	assert_int_equal(result.user, MEM_R | MEM_W);
	assert_int_equal(asked, 1U << AT_S1E0R | 1U << AT_S1E0W);
	asked = 0;
	vcpu.regs.pstate = PSTATE_NRW | AARCH32_SVC;
	assert_int_equal(guest_walk_data(&vcpu, VA, true, &result), OK);
	assert_int_equal(asked, 1U << AT_S1E0R | 1U << AT_S1E0W);
}

/* Of all modes only usr is EL0; FIQ mode's number looks like EL0 with SP_EL1. */
static void test_el0(void **state)
{
	(void)state;
	for (unsigned mode = 0x10; mode < 0x20; mode++) {
		vcpu.regs.pstate = mode;
		assert_int_equal(guest_at_el0(&vcpu), mode == AARCH32_USR);
	}
	vcpu.regs.pstate = PSTATE_EL0T;
	assert_true(guest_at_el0(&vcpu));
	vcpu.regs.pstate = PSTATE_EL1T;
	assert_false(guest_at_el0(&vcpu));
	vcpu.regs.pstate = PSTATE_EL1H;
	assert_false(guest_at_el0(&vcpu));
}

static void test_level(void **state)
{
	static const struct {
		uint32_t n, va;
		uint64_t ttbr0, ttbr1, page;
		unsigned level;
	} rows[] = {
		/* 0x81234567: entry 0x812, at 0x2048 */
		{ 0, 0x81234567, 0x4010004a, 0, 0x40102000, 1 },
		{ 0, 0x81234567, 0x4010004a, 0, 0x40103000, 2 },
		{ 0, 0x81234567, 0x4010004a, 0, 0x50000000, 2 },
		{ 0, 0x00034567, 0x4010004a, 0, 0x40100000, 1 },
		{ 1, 0x81234567, 0x40100000, 0x4020004a, 0x40202000, 1 },
		{ 1, 0x81234567, 0x40100000, 0x4020004a, 0x40102000, 2 },
		/* with N = 1 TTBR0's table is of 8 KiB: bit 13 is the table's */
		{ 1, 0x71234567, 0x40102000, 0x40200000, 0x40103000, 1 },
		{ 7, 0x02000000, 0x40102000, 0x40200000, 0x40200000, 1 },
		{ 7, 0x01f00000, 0x40102080, 0x40200000, 0x40102000, 1 },
	};
	unsigned level;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reg(TCR_EL1) = rows[i].n;
		fake_reg(TTBR0_EL1) = rows[i].ttbr0;
		fake_reg(TTBR1_EL1) = rows[i].ttbr1;
		level = 9;
		assert_int_equal(
			guest_walk_level(&vcpu, rows[i].va, false, IPA(rows[i].page), true, &level),
			OK);
		assert_int_equal(level, rows[i].level);
	}
	fake_reg(TCR_EL1) = TTBCR_EAE;
	assert_int_equal(guest_walk_level(&vcpu, VA, false, IPA(0x40102000), true, &level),
		ERR_NOT_SUPPORTED);
}

static void test_byte_order(void **state)
{
	(void)state;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_EE | SCTLR_EL1_E0E;
	assert_false(guest_big_endian(&vcpu));
	vcpu.regs.pstate |= PSTATE_AA32_E;
	fake_reg(SCTLR_EL1) = 0;
	assert_true(guest_big_endian(&vcpu));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_walk, setup),
		cmocka_unit_test_setup(test_walk_of_user, setup),
		cmocka_unit_test_setup(test_el0, setup),
		cmocka_unit_test_setup(test_level, setup),
		cmocka_unit_test_setup(test_byte_order, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
