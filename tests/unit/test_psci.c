/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI for guests: which functions there are, vCPUs on and off, the VM's end and its memory: each
 * error in its order, both conduits, both widths.
 *
 * links: hyp/smccc/psci.c hyp/smccc/psci_suspend.c hyp/smccc/psci_stat.c hyp/smccc/psci_system.c
 * hyp/smccc/dispatch.c tests/unit/smccc_stubs.c tests/unit/psci_model.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/sdei.h"
#include "tests/unit/psci_model.h"

/* --- what there is --- */

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(call(FN(VERSION), 0, 0, 0), 0x10003);
	/* Upper half of x0: not part of a function identifier. */
	assert_int_equal(call(JUNK | FN(VERSION), 0, 0, 0), 0x10003);
	assert_int_equal(call(FN64(VERSION), 0, 0, 0), PSCI_NOT_SUPPORTED);
}

static int flags_of(unsigned number, bool extended)
{
	if (number == CPU_SUSPEND)
		return extended ? 3 : 1;
	return number == SYSTEM_OFF2 ? 1 : 0;
}

/* Which numbers there are, in which width: the rest is NOT_SUPPORTED, and PSCI_FEATURES agrees. */
static void check_functions(bool extended)
{
	static const uint8_t narrow[] = { 0, 1, 2, 3, 4, 6, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18,
		19, 20, 21 };
	static const uint8_t wide[] = { 1, 3, 4, 12, 13, 14, 16, 17, 18, 20, 21 };

	model_vm.policy.extended_states = extended;
	for (unsigned n = 0; n < 64; n++) {
		bool has32 = memchr(narrow, (int)n, sizeof(narrow)) != NULL;
		bool has64 = memchr(wide, (int)n, sizeof(wide)) != NULL;

		assert_int_equal(
			call(FN(FEATURES), FN(n), 0, 0), has32 ? flags_of(n, extended) : -1);
		assert_int_equal(
			call(FN(FEATURES), FN64(n), 0, 0), has64 ? flags_of(n, extended) : -1);
		if (!has32)
			assert_int_equal(call(FN(n), 0, 0, 0), PSCI_NOT_SUPPORTED);
		if (!has64)
			assert_int_equal(call(FN64(n), 0, 0, 0), PSCI_NOT_SUPPORTED);
	}
	assert_int_equal(power_offs + resets, 0);
}

static void test_functions(void **state)
{
	(void)state;
	check_functions(false);
	check_functions(true);
}

static void test_features(void **state)
{
	(void)state;
	assert_int_equal(call(FN(FEATURES), SMCCC_VERSION, 0, 0), 0);
	assert_int_equal(call(FN(FEATURES), JUNK | SMCCC_VERSION, 0, 0), 0);
	assert_int_equal(call(FN(FEATURES), SMCCC_ARCH_FEATURES, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(call(FN(FEATURES), JUNK | FN(CPU_ON), 0, 0), 0);
	assert_int_equal(call(FN(FEATURES), 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(call(FN(FEATURES), 0xffffffff, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(call(FN(FEATURES), FN(CPU_ON) & ~BIT(31), 0, 0), PSCI_NOT_SUPPORTED);
	/* Of the dispatcher's own: wide calls of a narrow caller. */
	assert_int_equal(call(FN(FEATURES), FN64(CPU_ON), 0, 0), 0);
	me->regs.pstate = PSTATE_NRW;
	assert_int_equal(call(FN(FEATURES), FN64(CPU_ON), 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(call(FN(FEATURES), FN(CPU_ON), 0, 0), 0);
	assert_int_equal(call(FN64(AFFINITY_INFO), 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(call(FN(AFFINITY_INFO), 0, 0, 0), 0);
	assert_int_equal(me->psci_calls[AFFINITY_INFO], 2);
}

/* --- CPU_ON --- */

static void test_cpu_on(void **state)
{
	(void)state;
	assert_int_equal(call(FN64(CPU_ON), 2, ENTRY, 0x1122334455667788), 0);
	assert_ptr_equal(powered_on, &model_vcpus[2]);
	assert_int_equal(powered_pc, ENTRY);
	assert_int_equal(powered_x0, 0x1122334455667788);
	/* MPIDR_EL1 as it is read: bit 31. */
	assert_int_equal(call(FN64(CPU_ON), BIT(31) | 3, ENTRY, 1), 0);
	assert_ptr_equal(powered_on, &model_vcpus[3]);
	/* Narrow: the upper halves don't count. */
	assert_int_equal(call(FN(CPU_ON), JUNK | 1, JUNK | ENTRY, JUNK | 7), 0);
	assert_ptr_equal(powered_on, &model_vcpus[1]);
	assert_int_equal(powered_pc, ENTRY);
	assert_int_equal(powered_x0, 7);
	/* The first and the last instruction of RAM will do. */
	BOTH_WIDTHS(0, CPU_ON, 1, RAM_BASE, 0);
	BOTH_WIDTHS(0, CPU_ON, 1, RAM_BASE + RAM_SIZE - 4, 0);
}

static void test_cpu_on_target(void **state)
{
	static const uint64_t nobody[] = { VCPUS, 0xff, 0x100, 0x10000, BIT(24), BIT(30), BIT(32),
		UINT64_C(0x100000000) << 8, BIT(63), ~UINT64_C(0) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(nobody); i++) {
		assert_int_equal(call(FN64(CPU_ON), nobody[i], ENTRY, 0), PSCI_INVALID_PARAMETERS);
		/* It is looked at before the entry. */
		assert_int_equal(call(FN64(CPU_ON), nobody[i], 1, 0), PSCI_INVALID_PARAMETERS);
		if (nobody[i] <= UINT32_MAX)
			assert_int_equal(call(FN(CPU_ON), JUNK | nobody[i], ENTRY, 0),
				PSCI_INVALID_PARAMETERS);
	}
	assert_null(powered_on);
}

static void test_cpu_on_state(void **state)
{
	static const enum vcpu_state on[] = { VCPU_READY, VCPU_RUNNING, VCPU_BLOCKED, VCPU_PAUSED };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(on); i++) {
		model_vcpus[1].state = on[i];
		BOTH_WIDTHS(PSCI_ALREADY_ON, CPU_ON, 1, ENTRY, 0);
		BOTH_WIDTHS(PSCI_ALREADY_ON, CPU_ON, 1, 2, 0);
	}
	BOTH_WIDTHS(PSCI_ALREADY_ON, CPU_ON, 0, ENTRY, 0); /* itself */
	assert_null(powered_on);
	/* Another caller is faster, after the look at its state: never ON_PENDING. */
	power_on_status = ERR_BUSY;
	BOTH_WIDTHS(PSCI_ALREADY_ON, CPU_ON, 2, ENTRY, 0);
}

static void test_cpu_on_entry(void **state)
{
	static const uint64_t bad[] = { 0, RAM_BASE - 4, RAM_BASE + RAM_SIZE, ENTRY + 1, ENTRY + 2,
		ENTRY + 3, 0x09000000, 0xfffffffc };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		BOTH_WIDTHS(PSCI_INVALID_ADDRESS, CPU_ON, 1, bad[i], 0);
	assert_int_equal(call(FN64(CPU_ON), 1, ENTRY | BIT(48), 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(call(FN64(CPU_ON), 1, ~UINT64_C(3), 0), PSCI_INVALID_ADDRESS);
	assert_null(powered_on);
}

/* Bit 0 says Thumb where EL1 is AArch32. */
static void test_cpu_on_thumb(void **state)
{
	(void)state;
	model_vm.policy.aarch32 = true;
	me->regs.pstate = PSTATE_NRW;
	assert_int_equal(call(FN(CPU_ON), 1, ENTRY | 1, 5), 0);
	assert_int_equal(powered_pc, ENTRY | 1);
	assert_int_equal(call(FN(CPU_ON), 1, ENTRY | 3, 5), 0);
	assert_int_equal(powered_pc, ENTRY | 3);
	assert_int_equal(call(FN(CPU_ON), 1, ENTRY, 5), 0);
	powered_on = NULL;
	assert_int_equal(call(FN(CPU_ON), 1, ENTRY | 2, 5), PSCI_INVALID_ADDRESS);
	assert_int_equal(call(FN(CPU_ON), 1, RAM_BASE + RAM_SIZE + 1, 5), PSCI_INVALID_ADDRESS);
	assert_int_equal(call(FN64(CPU_ON), 1, ENTRY, 5), PSCI_NOT_SUPPORTED);
	assert_null(powered_on);
}

static unsigned events_left;

void sdei_cpu_off(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, me);
	events_left++;
}

static void test_cpu_off(void **state)
{
	(void)state;
	events_left = 0;
	call(FN(CPU_OFF), 0, 0, 0);
	assert_int_equal(me->work, WORK_STOP);
	assert_int_equal(events_left, 2); /* by either conduit */
	me->work = 0;
	assert_int_equal(call(FN64(CPU_OFF), 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(me->work, 0);
	assert_int_equal(events_left, 2); /* by either conduit */
}

/* --- AFFINITY_INFO --- */

static void test_affinity_info(void **state)
{
	(void)state;
	model_vcpus[1].state = VCPU_BLOCKED;
	BOTH_WIDTHS(0, AFFINITY_INFO, 0, 0, 0);
	BOTH_WIDTHS(0, AFFINITY_INFO, BIT(31) | 1, 0, 0);
	BOTH_WIDTHS(1, AFFINITY_INFO, 2, 0, 0);
	BOTH_WIDTHS(1, AFFINITY_INFO, 3, 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, AFFINITY_INFO, VCPUS, 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, AFFINITY_INFO, 0x100, 0, 0);
	/* Level n: the fields below don't count, those from it on must be the VM's. */
	BOTH_WIDTHS(0, AFFINITY_INFO, 0x77, 1, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, AFFINITY_INFO, 0x100, 1, 0);
	BOTH_WIDTHS(0, AFFINITY_INFO, 0x7777, 2, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, AFFINITY_INFO, 0x10000, 2, 0);
	BOTH_WIDTHS(0, AFFINITY_INFO, 0x777777, 3, 0);
	for (uint64_t level = 0; level < 4; level++) {
		assert_int_equal(call(FN64(AFFINITY_INFO), UINT64_C(0x100000000), level, 0),
			PSCI_INVALID_PARAMETERS);
		BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, AFFINITY_INFO, BIT(24), level, 0);
	}
	for (uint64_t level = 4; level <= BIT(31); level <<= 1)
		BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, AFFINITY_INFO, 0, level, 0);
	/* A level has 32 bits in both widths. */
	assert_int_equal(call(FN64(AFFINITY_INFO), 2, JUNK, 0), 1);
	assert_int_equal(call(FN64(AFFINITY_INFO), 0x77, JUNK | 1, 0), 0);
	assert_int_equal(call(FN64(AFFINITY_INFO), 0x100, JUNK | 1, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(AFFINITY_INFO), 0, JUNK | 4, 0), PSCI_INVALID_PARAMETERS);
}

/* --- the VM's end --- */

static void test_system(void **state)
{
	(void)state;
	assert_int_equal(call(FN(MIGRATE_INFO_TYPE), 0, 0, 0), 2);
	/* In x0, which no guest sees: test_lifecycle_ends.c, test_no_return(). */
	assert_int_equal(call(FN(SYSTEM_OFF), 0, 0, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(power_offs, 2);
	assert_int_equal(call(FN(SYSTEM_RESET), 0, 0, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(resets, 2);
}

static void test_reset2(void **state)
{
	(void)state;
	BOTH_WIDTHS(PSCI_INTERNAL_FAILURE, SYSTEM_RESET2, 0, 5, 0);
	assert_int_equal(resets, 4);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_RESET2, 1, 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_RESET2, BIT(31), 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_RESET2, 0xffffffff, 0, 0);
	assert_int_equal(resets, 4);
	/* The type has 32 bits in both widths. */
	assert_int_equal(call(FN64(SYSTEM_RESET2), JUNK | 1, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(SYSTEM_RESET2), JUNK, 0, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(resets, 6);
	assert_int_equal(power_offs, 0);
}

static void test_off2(void **state)
{
	(void)state;
	BOTH_WIDTHS(PSCI_INTERNAL_FAILURE, SYSTEM_OFF2, 0, 0, 0);
	BOTH_WIDTHS(PSCI_INTERNAL_FAILURE, SYSTEM_OFF2, 1, 0, 0);
	assert_int_equal(power_offs, 8);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_OFF2, 2, 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_OFF2, 3, 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_OFF2, BIT(31), 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_OFF2, 0, 1, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, SYSTEM_OFF2, 1, BIT(31), 0);
	assert_int_equal(call(FN64(SYSTEM_OFF2), JUNK | 2, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(SYSTEM_OFF2), 1, BIT(63), 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(power_offs, 8);
	assert_int_equal(call(FN64(SYSTEM_OFF2), JUNK | 1, 0, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(power_offs, 10);
	assert_int_equal(resets, 0);
}

/* --- memory --- */

static int64_t protect(enum conduit conduit, uint64_t enable)
{
	assert_int_equal(call_by(conduit, FN(MEM_PROTECT), enable, 0, 0),
		conduit == SMCCC_SMC ? EXIT_SKIP : EXIT_RESUME);
	return (int64_t)me->regs.x[0];
}

static void test_mem_protect(void **state)
{
	(void)state;
	for (unsigned conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
		assert_int_equal(protect(conduit, JUNK), 0);
		assert_false(model_vm.memory_protected);
		assert_int_equal(protect(conduit, 1), 0);
		assert_true(model_vm.memory_protected);
		assert_int_equal(protect(conduit, 2), 1);
		/* It outlives a restart. */
		psci_part.reset(&model_vm);
		assert_true(model_vm.memory_protected);
		assert_int_equal(protect(conduit, 0), 1);
		assert_false(model_vm.memory_protected);
	}
}

static void test_check_range(void **state)
{
	/* base, length */
	static const uint64_t good[][2] = { { RAM_BASE, 1 }, { RAM_BASE, RAM_SIZE },
		{ RAM_BASE + RAM_SIZE - 1, 1 }, { RAM_BASE + 0x1000, 0x123 } };
	static const uint64_t bad[][2] = { { RAM_BASE, 0 }, { RAM_BASE, RAM_SIZE + 1 },
		{ RAM_BASE - 1, 1 }, { RAM_BASE - 1, 2 }, { RAM_BASE + RAM_SIZE, 1 },
		{ RAM_BASE + RAM_SIZE - 1, 2 }, { RAM_BASE, 0xffffffff }, { 0, 0 }, { 0, 1 },
		{ 0, 0xffffffff }, { 0xffffffff, 1 }, { 0x09000000, 0x1000 } };
	static const uint64_t wraps[][2] = { { RAM_BASE, ~UINT64_C(0) },
		{ RAM_BASE + 0x1000, ~UINT64_C(0) - 0xfff }, { ~UINT64_C(0), RAM_BASE + 2 },
		{ ~UINT64_C(0), 1 }, { RAM_BASE | BIT(40), 1 }, { RAM_BASE, BIT(63) } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++)
		BOTH_WIDTHS(PSCI_SUCCESS, CHECK_RANGE, good[i][0], good[i][1], 0);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		BOTH_WIDTHS(PSCI_DENIED, CHECK_RANGE, bad[i][0], bad[i][1], 0);
	for (unsigned i = 0; i < ARRAY_SIZE(wraps); i++)
		assert_int_equal(call(FN64(CHECK_RANGE), wraps[i][0], wraps[i][1], 0), PSCI_DENIED);
}

static void test_no_memory(void **state)
{
	struct vm other = { 0 };

	(void)state;
	model_no_memory = true;
	assert_int_equal(psci_part.create(&other), ERR_NO_MEMORY);
	assert_null(other.part[PART_PSCI]);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, model_setup, model_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_version),
		CASE(test_functions),
		CASE(test_features),
		CASE(test_cpu_on),
		CASE(test_cpu_on_target),
		CASE(test_cpu_on_state),
		CASE(test_cpu_on_entry),
		CASE(test_cpu_on_thumb),
		CASE(test_cpu_off),
		CASE(test_affinity_info),
		CASE(test_system),
		CASE(test_reset2),
		CASE(test_off2),
		CASE(test_mem_protect),
		CASE(test_check_range),
		CASE(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
