/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Arm architecture calls, by what CPU and firmware say.
 *
 * links: hyp/smccc/arch_calls.c hyp/smccc/dispatch.c tests/unit/smccc_stubs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/psci/psci_client.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/smccc/psci.h"
#include "tests/unit/fake/cpu.h"

#define NOT_SUPPORTED ~UINT64_C(0)

static struct vcpu vcpu;

/* --- the firmware --- */

static bool has_psci, has_smccc;
static uint64_t firmware_version, firmware_answer;
static unsigned workarounds;

bool psci_client_available(void)
{
	return has_psci;
}

int32_t psci_client_features(uint32_t function)
{
	assert_int_equal(function, SMCCC_VERSION);
	return has_smccc ? 0 : PSCI_NOT_SUPPORTED;
}

static void firmware(struct smc_regs *regs)
{
	assert_true(has_psci && has_smccc);
	switch (regs->x[0]) {
	case SMCCC_VERSION:
		regs->x[0] = firmware_version;
		break;
	case SMCCC_ARCH_FEATURES:
		regs->x[0] = firmware_answer;
		break;
	default:
		workarounds++;
		regs->x[0] = 0x77; /* means nothing */
	}
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.regs.pstate = PSTATE_EL1H;
	has_psci = has_smccc = true;
	firmware_version = 0x10002;
	firmware_answer = 0;
	workarounds = 0;
	fake_smc_hook = firmware;
	return 0;
}

static uint64_t call(uint32_t function, uint64_t a1)
{
	vcpu.regs.x[0] = function;
	vcpu.regs.x[1] = a1;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_HVC, 0), EXIT_RESUME);
	return vcpu.regs.x[0];
}

/* --- the tests --- */

static void test_arch_features(void **state)
{
	(void)state;
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_VERSION), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES), 0);
	/* Only the low half of the argument counts. */
	assert_int_equal(call(SMCCC_ARCH_FEATURES, UINT64_C(0x1234) << 32 | SMCCC_VERSION), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, 0x80000002), NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, PSCI_BASE), NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, 0), NOT_SUPPORTED);
	assert_int_equal(call(0x80000002, 0), NOT_SUPPORTED);
	assert_int_equal(call(0xc0000000, 0), NOT_SUPPORTED);
}

static void set_cpu(unsigned csv2, unsigned ecbhb)
{
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_CSV2, csv2);
	fake_reg(ID_AA64MMFR1_EL1) = FIELD_PREP(ID_AA64MMFR1_EL1_ECBHB, ecbhb);
}

/* The CPU says that it isn't affected: the firmware isn't asked. */
static void test_workaround_by_cpu(void **state)
{
	(void)state;
	has_psci = false;
	set_cpu(1, 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1), 1);
	assert_int_equal(call(SMCCC_ARCH_WORKAROUND_1, 0), 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_3), NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_WORKAROUND_3, 0), NOT_SUPPORTED);
	set_cpu(2, 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_3), NOT_SUPPORTED);
	set_cpu(3, 0);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_3), 1);
	set_cpu(0, 1);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_3), 1);
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1), NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_WORKAROUND_1, 0), NOT_SUPPORTED);
	assert_int_equal(fake_smc_calls, 0);
}

/* An affected CPU: the firmware's word, and its help where it is needed. */
static void test_workaround_by_firmware(void **state)
{
	static const uint32_t functions[] = { SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_3 };

	(void)state;
	fake_cpu_count(2);
	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
		workarounds = 0;
		firmware_answer = 0;
		assert_int_equal(call(SMCCC_ARCH_FEATURES, functions[i]), 0);
		assert_int_equal(workarounds, 0);
		assert_int_equal(call(functions[i], 0), 0);
		assert_int_equal(workarounds, 1);
		assert_int_equal(fake_smc_last.x[0], functions[i]);
		/* From then on without asking, on this CPU. */
		fake_smc_calls = 0;
		assert_int_equal(call(functions[i], 0), 0);
		assert_int_equal(fake_smc_calls, 1);
		assert_int_equal(workarounds, 2);
		fake_cpu_switch(1);
		firmware_answer = 1;
		assert_int_equal(call(SMCCC_ARCH_FEATURES, functions[i]), 1);
		assert_int_equal(call(functions[i], 0), 0);
		firmware_answer = 0xffffffff; /* a 32-bit -1 */
		assert_int_equal(call(SMCCC_ARCH_FEATURES, functions[i]), NOT_SUPPORTED);
		assert_int_equal(call(functions[i], 0), NOT_SUPPORTED);
		assert_int_equal(workarounds, 2);
		fake_cpu_switch(0);
	}
}

static void test_workaround_without_firmware(void **state)
{
	(void)state;
	has_smccc = false;
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1), NOT_SUPPORTED);
	assert_int_equal(fake_smc_calls, 0);
	has_smccc = true;
	firmware_version = 0x10000;
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1), NOT_SUPPORTED);
	firmware_version = 0xffffffff;
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1), NOT_SUPPORTED);
	assert_int_equal(workarounds, 0);
}

static void test_store_bypass(void **state)
{
	(void)state;
	firmware_answer = 0; /* could be switched, but not for each vCPU */
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_2), NOT_SUPPORTED);
	assert_int_equal(call(SMCCC_ARCH_WORKAROUND_2, 1), NOT_SUPPORTED);
	firmware_answer = 1;
	assert_int_equal(call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_2), 1);
	assert_int_equal(workarounds, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_arch_features, setup),
		cmocka_unit_test_setup(test_workaround_by_cpu, setup),
		cmocka_unit_test_setup(test_workaround_by_firmware, setup),
		cmocka_unit_test_setup(test_workaround_without_firmware, setup),
		cmocka_unit_test_setup(test_store_bypass, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
