/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a guest's SMC comes to Lintel, by what a CPU says and does.
 *
 * links: hyp/smccc/smc_trap.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/smc_trap.h"
#include "tests/unit/fake/cpu.h"

struct cpu_features cpu_features;
const char smc_probe[4], smc_probe_vectors[4];

static unsigned entered, interrupts;
static uint64_t esr;
static enum exit_kind last;

static enum exit_kind guest(struct guest_regs *regs)
{
	entered++;
	assert_int_equal(regs->pc, (uintptr_t)smc_probe);
	assert_int_equal(regs->pstate, 0x3c5);
	assert_int_equal(regs->x[0], 0x84000000);
	assert_int_equal(fake_reg(VBAR_EL1), (uintptr_t)smc_probe_vectors);
	assert_int_equal(fake_reg(SCTLR_EL1) & 1, 0);
	fake_reg(ESR_EL2) = esr;
	return entered <= interrupts ? EXIT_IRQ : last;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_enter_hook = guest;
	entered = interrupts = 0;
	last = EXIT_SYNC;
	return 0;
}

static void check(bool trapped)
{
	smc_trap_init_cpu(true);
	assert_int_equal(smccc_smc_is_trapped(), trapped);
	assert_int_equal(fake_log_messages, trapped ? 0 : 1);
	if (!trapped)
		assert_non_null(strstr(fake_log, "does not trap SMC"));
}

static void test_before(void **state)
{
	(void)state;
	assert_true(smccc_smc_is_trapped());
}

/* It isn't tried where it could hang. */
static void test_with_el3(void **state)
{
	(void)state;
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL3, 1);
	check(true);
	assert_int_equal(entered, 0);
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL3, 2);
	check(true);
	assert_int_equal(entered, 0);
}

static void test_trapped(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_SMC64, 0);
	check(true);
	assert_int_equal(entered, 1);
	assert_int_equal(fake_ops_of(FAKE_TLB_ALL_GUESTS), 1);
	cpu_features.pauth = true;
	check(true);
	cpu_features.pauth = false;
}

static void test_undefined(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_HVC64, 2);
	check(false);
}

static void test_answered_by_others(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_HVC64, 1);
	check(false);
}

static void test_interrupts_first(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_SMC64, 0);
	interrupts = 7;
	check(true);
	assert_int_equal(entered, 8);
}

static void test_nothing_but_interrupts(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_SMC64, 0);
	interrupts = 1000;
	check(false);
	assert_in_range(entered, 1, 100);
}

static void test_serror(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_SMC64, 0);
	last = EXIT_SERROR;
	check(false);
}

/* One CPU is enough; it is said once, and no later one takes it back. */
static void test_another_cpu(void **state)
{
	(void)state;
	esr = ESR_MAKE(EC_SMC64, 0);
	check(true);
	smc_trap_init_cpu(false);
	assert_true(smccc_smc_is_trapped());
	assert_int_equal(entered, 2);
	esr = ESR_MAKE(EC_HVC64, 2);
	smc_trap_init_cpu(false);
	assert_false(smccc_smc_is_trapped());
	smc_trap_init_cpu(false);
	esr = ESR_MAKE(EC_SMC64, 0);
	smc_trap_init_cpu(false);
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL3, 1);
	smc_trap_init_cpu(false);
	assert_false(smccc_smc_is_trapped());
	assert_int_equal(fake_log_messages, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_before, setup),
		cmocka_unit_test_setup(test_with_el3, setup),
		cmocka_unit_test_setup(test_trapped, setup),
		cmocka_unit_test_setup(test_undefined, setup),
		cmocka_unit_test_setup(test_answered_by_others, setup),
		cmocka_unit_test_setup(test_interrupts_first, setup),
		cmocka_unit_test_setup(test_nothing_but_interrupts, setup),
		cmocka_unit_test_setup(test_serror, setup),
		cmocka_unit_test_setup(test_another_cpu, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
