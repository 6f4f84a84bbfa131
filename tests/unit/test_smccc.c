/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dispatch of SMC and HVC: the order of checks, what each action does, counters. Services, firmware
 * and monitor are stubs; the table is that of a VM with and without rules.
 *
 * links: hyp/smccc/dispatch.c hyp/smccc/call_table.c hyp/smccc/call_row.c hyp/smccc/call_rule.c
 * hyp/vm/inject.c hyp/arch/features.c hyp/base/format.c tests/unit/smccc_stubs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/call_table.h"
#include "hyp/smccc/dispatch.h"
#include "hyp/smccc/firmware.h"
#include "hyp/smccc/monitor.h"
#include "hyp/smccc/psci.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/smccc_stubs.h"

#define NOT_SUPPORTED ~UINT64_C(0)
#define ANSWER        UINT64_C(0x5151)
#define JUNK          (UINT64_C(0xabcdabcd) << 32)

static struct vm vm;
static struct vcpu vcpu;

/* What was called last. */
static unsigned handled, firmware_calls, monitor_calls;
static uint32_t last_function;
static enum conduit last_conduit;
static const struct call_rule *last_rule;
static uint16_t last_immediate;

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static enum exit_result service(struct vcpu *of, enum conduit conduit, uint32_t function)
{
	assert_ptr_equal(of, &vcpu);
	handled++;
	last_function = function;
	last_conduit = conduit;
	return smccc_return(of, conduit, ANSWER);
}

enum exit_result firmware_forward(
	struct vcpu *of, enum conduit conduit, const struct call_rule *rule, uint32_t function)
{
	assert_ptr_equal(of, &vcpu);
	firmware_calls++;
	last_rule = rule;
	last_function = function;
	return smccc_return(of, conduit, 1);
}

enum exit_result monitor_forward(
	struct vcpu *of, enum conduit conduit, const struct call_rule *rule, uint16_t immediate)
{
	assert_ptr_equal(of, &vcpu);
	(void)conduit;
	monitor_calls++;
	last_rule = rule;
	last_immediate = immediate;
	return EXIT_WAIT;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	strcpy(vm.name, "guest");
	vm.nr_vcpus = 1;
	vm.vcpus[0] = &vcpu;
	vcpu.vm = &vm;
	vcpu.regs.pstate = PSTATE_EL1H;
	for (unsigned i = 0; i < 31; i++)
		vcpu.regs.x[i] = 0x1000 + i;
	handled = firmware_calls = monitor_calls = 0;
	smccc_stub_hook = service;
	call_rules_forget();
	assert_int_equal(smccc_part.create(&vm), OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	smccc_part.destroy(&vm);
	assert_null(vcpu.call_tables[SMCCC_HVC]);
	return 0;
}

/* A rule for functions, and what it is made of; then the table is made anew. */
static struct call_rule functions(enum call_action action, uint32_t first, uint32_t last)
{
	return (struct call_rule){ .name = "rule",
		.vm = "guest",
		.smc = true,
		.hvc = true,
		.function_first = first,
		.function_last = last,
		.action = action,
		.monitor = "other",
		.timeout_ms = 1 };
}

static struct call_rule immediates(enum call_action action, uint16_t first, uint16_t last)
{
	struct call_rule rule = functions(action, 0, 0);

	rule.immediate_first = first;
	rule.immediate_last = last;
	return rule;
}

static void use(const struct call_rule *rules, unsigned count)
{
	const char *why = "";

	smccc_part.destroy(&vm);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(call_rule_add(&rules[i], &why), OK);
	assert_int_equal(call_rules_check(&why), OK);
	assert_int_equal(smccc_part.create(&vm), OK);
}

/* As it comes from the exit table: SMC or HVC, from AArch64 or AArch32 by PSTATE. */
static enum exit_result trap(enum conduit conduit, uint16_t immediate, uint64_t x0)
{
	bool narrow = vcpu.regs.pstate & PSTATE_NRW;

	vcpu.regs.x[0] = x0;
	if (conduit == SMCCC_HVC)
		return narrow ? smccc_hvc32(&vcpu, ESR_MAKE(EC_HVC32, immediate))
			      : smccc_hvc(&vcpu, ESR_MAKE(EC_HVC64, immediate));
	/* The bits above an SMC's immediate mean something in AArch32. */
	return narrow ? smccc_smc32(&vcpu, ESR_MAKE(EC_SMC32, 0x1e80000 | immediate))
		      : smccc_smc(&vcpu, ESR_MAKE(EC_SMC64, immediate));
}

static void assert_preserved(unsigned from)
{
	for (unsigned i = from; i < 31; i++)
		assert_int_equal(vcpu.regs.x[i], 0x1000 + i);
}

static void expect_refused(enum conduit conduit, uint16_t immediate, uint64_t x0)
{
	unsigned before = handled + firmware_calls + monitor_calls;
	uint64_t refused = vcpu.calls[CALL_REFUSED];

	assert_int_equal(
		trap(conduit, immediate, x0), conduit == SMCCC_HVC ? EXIT_RESUME : EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], NOT_SUPPORTED);
	assert_int_equal(vcpu.calls[CALL_REFUSED], refused + 1);
	assert_int_equal(handled + firmware_calls + monitor_calls, before);
	assert_preserved(1);
}

static void expect_handled(enum conduit conduit, uint64_t x0, uint32_t function)
{
	unsigned before = handled;

	last_function = 0;
	assert_int_equal(trap(conduit, 0, x0), conduit == SMCCC_HVC ? EXIT_RESUME : EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], ANSWER);
	assert_int_equal(handled, before + 1);
	assert_int_equal(last_function, function);
	assert_int_equal(last_conduit, conduit);
	assert_preserved(1);
}

/* --- the tests --- */

/* Every function, both conduits, with and without what doesn't count. */
static void test_every_function(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_smccc_calls; i++) {
		for (unsigned wide = 0; wide < 2; wide++) {
			uint32_t function = smccc_calls[i].function | wide << 30;
			bool there = smccc_calls[i].widths & (wide ? W64 : W32);

			assert_int_equal(smccc_offers(function), there);
			for (unsigned c = SMCCC_SMC; c <= SMCCC_HVC; c++) {
				if (!there) {
					expect_refused((enum conduit)c, 0, function);
					continue;
				}
				expect_handled((enum conduit)c, function, function);
				expect_handled((enum conduit)c, JUNK | function, function);
				expect_handled((enum conduit)c, function | SMCCC_HINT, function);
			}
		}
	}
}

/* All other identifiers near them, and some of every owner. */
static void test_no_function(void **state)
{
	(void)state;
	for (uint32_t base = 0; base < 0x100; base++) {
		for (uint32_t low = 0; low < 0x400; low++) {
			uint32_t number = low < 0x200 ? low : 0xfe00 + low - 0x200;
			uint32_t function = base << 24 | number;

			if (!smccc_offers(function))
				expect_refused(SMCCC_HVC, 0, function);
		}
		for (unsigned bit = 17; bit < 24; bit++)
			expect_refused(SMCCC_SMC, 0, base << 24 | UINT32_C(1) << bit);
	}
	assert_int_equal(handled, 0);
}

static void test_immediate(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_smccc_calls; i++) {
		for (unsigned immediate = 1; immediate < 0x10000; immediate <<= 1) {
			expect_refused(SMCCC_HVC, (uint16_t)immediate, smccc_calls[i].function);
			expect_refused(SMCCC_SMC, (uint16_t)immediate, smccc_calls[i].function);
		}
	}
}

/* The hint belongs to fast calls alone: in a yielding one the bit is a part of the number. */
static void test_hint(void **state)
{
	const struct call_rule rules[] = {
		functions(CALL_TO_MONITOR, 0x42010000, 0x42010000),
		functions(CALL_TO_FIRMWARE, 0xc2000005, 0xc2000005),
	};

	(void)state;
	use(rules, ARRAY_SIZE(rules));
	expect_refused(SMCCC_HVC, 0, 0x42000000);
	assert_int_equal(trap(SMCCC_HVC, 0, 0x42010000), EXIT_WAIT);
	assert_int_equal(monitor_calls, 1);
	assert_int_equal(trap(SMCCC_SMC, 0, 0xc2010005), EXIT_SKIP);
	assert_int_equal(firmware_calls, 1);
	assert_int_equal(last_function, 0xc2000005);
	/* No identifier that the hint makes. */
	expect_refused(SMCCC_HVC, 0, 0x00010000);
	expect_refused(SMCCC_HVC, 0, 0);
}

static void test_aarch32(void **state)
{
	(void)state;
	vcpu.regs.pstate = PSTATE_NRW | 3;
	for (unsigned i = 0; i < nr_smccc_calls; i++) {
		for (unsigned c = SMCCC_SMC; c <= SMCCC_HVC; c++) {
			uint32_t function = smccc_calls[i].function;

			if (smccc_calls[i].widths & W32)
				expect_handled((enum conduit)c, function, function);
			expect_refused((enum conduit)c, 0, function | SMCCC_64);
			expect_refused((enum conduit)c, 7, function);
		}
	}
}

/* Of another immediate the identifier isn't looked at, not even its width. */
static void test_aarch32_immediate(void **state)
{
	const struct call_rule rules[] = { immediates(CALL_TO_MONITOR, 5, 6) };

	(void)state;
	use(rules, 1);
	vcpu.regs.pstate = PSTATE_NRW | 3;
	assert_int_equal(trap(SMCCC_SMC, 6, 0xc4000000), EXIT_WAIT);
	assert_int_equal(last_immediate, 6);
	expect_refused(SMCCC_SMC, 4, 0xc4000000);
	expect_refused(SMCCC_HVC, 7, 0xc4000000);
}

static void test_actions(void **state)
{
	const struct call_rule rules[] = {
		functions(CALL_DENY, 0x8600ff01, 0x8600ff01),
		functions(CALL_UNDEFINED, 0x83000000, 0x8300ffff),
		functions(CALL_TO_FIRMWARE, 0x82000000, 0x8200ffff),
		functions(CALL_TO_MONITOR, 0xb2000000, 0xbfffffff),
		immediates(CALL_UNDEFINED, 1, 0x7fff),
		immediates(CALL_TO_MONITOR, 0x8000, 0x8000),
		functions(CALL_HANDLE, 0x86000000, 0x8600ff00),
	};

	(void)state;
	use(rules, ARRAY_SIZE(rules));
	expect_refused(SMCCC_HVC, 0, SMCCC_VENDOR_HYP_UID);
	expect_handled(SMCCC_HVC, SMCCC_VENDOR_HYP_REVISION, SMCCC_VENDOR_HYP_REVISION);
	for (unsigned c = SMCCC_SMC; c <= SMCCC_HVC; c++) {
		assert_int_equal(trap((enum conduit)c, 0, 0x83000000), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr, ESR_MAKE(EC_UNKNOWN, 0));
		assert_int_equal(vcpu.regs.x[0], 0x83000000);
		assert_preserved(1);
		vcpu.inject.esr = 0;
		assert_int_equal(trap((enum conduit)c, 0x7fff, PSCI_BASE), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr, ESR_MAKE(EC_UNKNOWN, 0));

		assert_int_equal(trap((enum conduit)c, 0, JUNK | 0x8200ffff),
			c == SMCCC_HVC ? EXIT_RESUME : EXIT_SKIP);
		assert_int_equal(last_function, 0x8200ffff);
		assert_int_equal(last_rule->function_first, 0x82000000);

		assert_int_equal(trap((enum conduit)c, 0, 0xb5000000), EXIT_WAIT);
		assert_int_equal(last_immediate, 0);
		assert_int_equal(last_rule->function_first, 0xb2000000);
		assert_int_equal(trap((enum conduit)c, 0x8000, 0), EXIT_WAIT);
		assert_int_equal(last_immediate, 0x8000);
		assert_int_equal(last_rule->immediate_first, 0x8000);
	}
	assert_int_equal(firmware_calls, 2);
	assert_int_equal(monitor_calls, 4);
	assert_int_equal(vcpu.calls[CALL_MONITOR], 4);
	assert_int_equal(vcpu.calls[CALL_REFUSED], 1 + 4);
}

/* A rule for one conduit leaves the other alone. */
static void test_conduits(void **state)
{
	struct call_rule rules[] = { functions(CALL_DENY, 0x84000000, 0x8400001f),
		functions(CALL_DENY, 0xc4000000, 0xc400001f) };

	(void)state;
	rules[0].hvc = rules[1].hvc = false;
	use(rules, ARRAY_SIZE(rules));
	expect_refused(SMCCC_SMC, 0, PSCI_BASE);
	expect_refused(SMCCC_SMC, 0, PSCI_BASE | SMCCC_HINT);
	expect_handled(SMCCC_HVC, PSCI_BASE, PSCI_BASE);
	assert_false(smccc_offered_to(&vcpu, SMCCC_SMC, PSCI_BASE));
	assert_true(smccc_offered_to(&vcpu, SMCCC_HVC, PSCI_BASE));
	assert_false(smccc_offered_to(&vcpu, SMCCC_HVC, 0x8400001f));
	/* TRNG_RND has both widths, but not for a caller that is AArch32. */
	assert_true(smccc_offered_to(&vcpu, SMCCC_HVC, 0xc4000053));
	vcpu.regs.pstate |= PSTATE_NRW;
	assert_false(smccc_offered_to(&vcpu, SMCCC_HVC, 0xc4000053));
	assert_true(smccc_offered_to(&vcpu, SMCCC_HVC, 0x84000053));
	vcpu.regs.pstate &= ~PSTATE_NRW;
	/* Nobody else's, either. */
	strcpy(vm.name, "another");
	use(NULL, 0);
	expect_handled(SMCCC_SMC, PSCI_BASE, PSCI_BASE);
}

static void test_reflect(void **state)
{
	static const struct vcpu_el2_ops el2;
	struct call_rule rule = functions(CALL_REFLECT, 0x82000000, 0x82000000);
	const struct call_rule *rules[] = { &rule };
	struct call_table *table = calloc(1, sizeof(*table) + 64 * sizeof(struct call_row));
	const struct call_table *made = vcpu.call_tables[SMCCC_HVC];
	const struct call_table *made_smc = vcpu.call_tables[SMCCC_SMC];

	(void)state;
	assert_in_range(call_table_fill(table, 64, rules, 1), 1, 64);
	vcpu.call_tables[SMCCC_HVC] = table;
	vcpu.call_tables[SMCCC_SMC] = table;
	/* Without a virtual EL2 the guest must not make the same call for ever. */
	assert_int_equal(trap(SMCCC_HVC, 0, 0x82000000), EXIT_RESUME);
	assert_int_equal(vcpu.regs.x[0], UINT64_MAX);
	assert_preserved(1);
	assert_int_equal(trap(SMCCC_SMC, 0, 0x82000000), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], UINT64_MAX);
	vcpu.el2 = &el2;
	assert_int_equal(trap(SMCCC_HVC, 0, 0x82000000), EXIT_REFLECT);
	assert_int_equal(vcpu.regs.x[0], 0x82000000);
	assert_preserved(1);
	vcpu.call_tables[SMCCC_HVC] = made;
	vcpu.call_tables[SMCCC_SMC] = made_smc;
	free(table);
}

/* Each call is counted once, by its function or its service, or as refused. */
static void test_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_smccc_calls; i++) {
		const struct smccc_call *call = &smccc_calls[i];
		uint32_t function = call->function | (call->widths & W32 ? 0 : SMCCC_64);
		uint64_t *counter = call->service == SMCCC_SERVICE_PSCI
			? &vcpu.psci_calls[function % 32]
			: &vcpu.calls[call->counted];

		*counter = 5;
		trap(SMCCC_HVC, 0, function);
		assert_int_equal(*counter, 6);
		trap(SMCCC_SMC, 0, function | SMCCC_HINT);
		assert_int_equal(*counter, 7);
		assert_int_equal(smccc_handle(&vcpu, SMCCC_HVC, 1), EXIT_RESUME);
		vcpu.regs.x[0] = function;
		smccc_handle(&vcpu, SMCCC_HVC, 0);
		assert_int_equal(*counter, 8);
	}
	assert_int_equal(vcpu.calls[CALL_REFUSED], nr_smccc_calls);
}

static void test_without_table(void **state)
{
	(void)state;
	smccc_part.destroy(&vm);
	vcpu.regs.x[0] = PSCI_BASE;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], ANSWER);
	vcpu.regs.x[0] = PSCI_BASE;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_SMC, 9), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], NOT_SUPPORTED);
	assert_true(smccc_offered_to(&vcpu, SMCCC_SMC, PSCI_BASE));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_function, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_function, setup, teardown),
		cmocka_unit_test_setup_teardown(test_immediate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aarch32, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aarch32_immediate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_actions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conduits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reflect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_table, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
