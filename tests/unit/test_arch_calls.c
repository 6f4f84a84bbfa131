/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Arm architecture calls, by what CPUs, firmware and manifest say.
 *
 * links: hyp/smccc/arch_calls.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/psci/smccc_client.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define NOT_SUPPORTED     ~UINT64_C(0)
#define NOT_REQUIRED      ~UINT64_C(1)
#define INVALID_PARAMETER ~UINT64_C(2)
#define WORKAROUND_1      UINT32_C(0x80008000)
#define WORKAROUND_2      UINT32_C(0x80007fff)
#define WORKAROUND_3      UINT32_C(0x80003fff)
#define SOC_ID            UINT32_C(0x80000002)
#define SOC_ID_64         UINT32_C(0xc0000002)
#define KEEP              UINT64_C(0x5eed0000)

static struct vm vm;
static struct vcpu vcpu, second;

/* --- what is around them --- */

bool smccc_offered_to(const struct vcpu *of, enum conduit conduit, uint32_t function)
{
	assert_ptr_equal(of, &vcpu);
	assert_int_equal(conduit, SMCCC_SMC);
	return function == 0x80000000 || function == 0x80000001 || function == 0xc0000003 ||
		function == 0xc5000020 || function == 0x84000000;
}

static struct {
	uint32_t version;
	int32_t features[3]; /* of WORKAROUND_1, 2, 3 */
	bool soc, soc_name;
	int32_t soc_version, soc_revision;
	uint64_t name_status;
} el3;
static unsigned workarounds, switched_on;

uint32_t smccc_client_version(void)
{
	return el3.version;
}

int32_t smccc_client_features(uint32_t function)
{
	if (el3.version < SMCCC_CLIENT_1_1)
		return -1;
	switch (function) {
	case WORKAROUND_1:
		return el3.features[0];
	case WORKAROUND_2:
		return el3.features[1];
	case WORKAROUND_3:
		return el3.features[2];
	case SOC_ID:
		return el3.soc ? 0 : -1;
	case SOC_ID_64:
		return el3.soc_name ? 0 : -1;
	default:
		fail();
		return -1;
	}
}

static void firmware(struct smc_regs *regs)
{
	assert_true(el3.version >= SMCCC_CLIENT_1_1);
	switch (regs->x[0]) {
	case SOC_ID:
		assert_true(regs->x[1] < 2);
		regs->x[0] = (uint64_t)(regs->x[1] ? el3.soc_revision : el3.soc_version);
		break;
	case SOC_ID_64:
		assert_int_equal(regs->x[1], 2);
		regs->x[0] = el3.name_status;
		for (unsigned n = 1; n < 18; n++)
			regs->x[n] = 0x100 + n;
		break;
	case WORKAROUND_2:
		switched_on += regs->x[1] == 1;
		regs->x[0] = 0x77;
		break;
	case WORKAROUND_1:
	case WORKAROUND_3:
		workarounds++;
		regs->x[0] = 0x77; /* means nothing */
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
	memset(&vm, 0, sizeof(vm));
	vcpu.vm = second.vm = &vm;
	vm.nr_vcpus = 2;
	vm.vcpus[0] = &vcpu;
	vm.vcpus[1] = &second;
	memset(&el3, 0, sizeof(el3));
	el3.version = SMCCC_CLIENT_1_2;
	workarounds = switched_on = 0;
	fake_smc_hook = firmware;
	return 0;
}

/* Boot, on one CPU. */
static void boot(void)
{
	arch_calls_init();
	arch_calls_init_cpu();
	fake_smc_calls = 0;
	assert_int_equal(workaround_part.create(&vm), OK);
}

static uint64_t call(smccc_service handler, uint32_t function, uint64_t a1)
{
	vcpu.regs.x[0] = function;
	vcpu.regs.x[1] = a1;
	for (unsigned n = 2; n < 31; n++)
		vcpu.regs.x[n] = KEEP + n;
	assert_int_equal(handler(&vcpu, SMCCC_SMC, function), EXIT_SKIP);
	return vcpu.regs.x[0];
}

static uint64_t features(uint64_t function)
{
	return call(arch_features, 0x80000001, function);
}

static void assert_kept_from(unsigned n)
{
	for (; n < 31; n++)
		assert_int_equal(vcpu.regs.x[n], KEEP + n);
}

static void set_cpu(unsigned csv2, unsigned ecbhb, unsigned ssbs)
{
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_CSV2, csv2);
	fake_reg(ID_AA64PFR1_EL1) = FIELD_PREP(ID_AA64PFR1_EL1_SSBS, ssbs);
	fake_reg(ID_AA64MMFR1_EL1) = FIELD_PREP(ID_AA64MMFR1_EL1_ECBHB, ecbhb);
}

/* Which of the vector's ways the call goes: 0 none, 1 answered, 2 passed. */
static unsigned way(uint32_t function)
{
	const struct workarounds *w = &second.workarounds;
	uint64_t key = w->keys[function >> 14 & 3];
	uint64_t hvc = (uint64_t)function << 32 | 0x5a000000;

	assert_memory_equal(w, &vcpu.workarounds, sizeof(*w));
	/* No function has this. */
	assert_int_equal(w->keys[3], 0);
	if (key == 0)
		return 0;
	assert_true(key == hvc || key == (hvc ^ 1 << 27));
	return key == hvc ? 2 : 1;
}

/* --- the tests --- */

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(call(arch_version, SMCCC_VERSION, 5), 0x10004);
	assert_int_equal(vcpu.regs.x[1], 5);
	assert_kept_from(2);
}

static void test_features(void **state)
{
	(void)state;
	boot();
	assert_int_equal(features(0x80000000), 0);
	assert_int_equal(features(0x80000001), 0);
	assert_int_equal(features(0xc0000003), 0);
	assert_int_equal(features(0xc5000020), 0);
	/* Only the low half of the argument counts. */
	assert_int_equal(features(UINT64_C(0x1234) << 32 | 0x80000000), 0);
	assert_int_equal(features(0xc5000021), NOT_SUPPORTED);
	assert_int_equal(features(0xc0000000), NOT_SUPPORTED);
	assert_int_equal(features(0x84000000), NOT_SUPPORTED); /* PSCI has its own */
	assert_int_equal(features(0), NOT_SUPPORTED);
	assert_kept_from(2);
}

/* The CPU says that it isn't affected: the firmware isn't asked. */
static void test_workaround_by_cpu(void **state)
{
	(void)state;
	el3.version = 0;
	set_cpu(1, 0, 1);
	boot();
	assert_int_equal(features(WORKAROUND_1), 1);
	assert_int_equal(call(arch_workaround_1, WORKAROUND_1, 0), 0);
	assert_int_equal(way(WORKAROUND_1), 1);
	assert_int_equal(features(WORKAROUND_3), NOT_SUPPORTED);
	assert_int_equal(call(arch_workaround_3, WORKAROUND_3, 0), NOT_SUPPORTED);
	assert_int_equal(way(WORKAROUND_3), 0);
	set_cpu(2, 0, 1);
	boot();
	assert_int_equal(features(WORKAROUND_3), NOT_SUPPORTED);
	set_cpu(3, 0, 1);
	boot();
	assert_int_equal(features(WORKAROUND_3), 1);
	assert_int_equal(way(WORKAROUND_3), 1);
	set_cpu(1, 1, 1);
	boot();
	assert_int_equal(features(WORKAROUND_3), 1);
	assert_int_equal(call(arch_workaround_3, WORKAROUND_3, 0), 0);
	/* It stands for WORKAROUND_1, too. */
	set_cpu(0, 1, 1);
	boot();
	assert_int_equal(features(WORKAROUND_3), NOT_SUPPORTED);
	assert_int_equal(features(WORKAROUND_1), NOT_SUPPORTED);
	assert_int_equal(call(arch_workaround_1, WORKAROUND_1, 0), NOT_SUPPORTED);
	assert_int_equal(fake_smc_calls, 0);
}

/* An affected CPU: the firmware's word, and its help where it is needed. */
static void test_workaround_by_firmware(void **state)
{
	(void)state;
	boot();
	assert_int_equal(features(WORKAROUND_1), 0);
	assert_int_equal(features(WORKAROUND_3), 0);
	assert_int_equal(way(WORKAROUND_1), 2);
	assert_int_equal(way(WORKAROUND_3), 2);
	assert_int_equal(fake_smc_calls, 0);
	assert_int_equal(call(arch_workaround_1, WORKAROUND_1, 0), 0);
	assert_int_equal(fake_smc_last.x[0], WORKAROUND_1);
	assert_int_equal(call(arch_workaround_3, WORKAROUND_3, 0), 0);
	assert_int_equal(fake_smc_last.x[0], WORKAROUND_3);
	assert_int_equal(workarounds, 2);
	assert_int_equal(vcpu.regs.x[1], 0);
	assert_kept_from(2);
	el3.features[0] = 1;
	el3.features[2] = -1;
	boot();
	assert_int_equal(features(WORKAROUND_1), 1);
	assert_int_equal(way(WORKAROUND_1), 1);
	assert_int_equal(features(WORKAROUND_3), NOT_SUPPORTED);
	assert_int_equal(call(arch_workaround_1, WORKAROUND_1, 0), 0);
	assert_int_equal(call(arch_workaround_3, WORKAROUND_3, 0), NOT_SUPPORTED);
	assert_int_equal(workarounds, 2);
	/* An answer that means nothing. */
	el3.features[0] = 5;
	boot();
	assert_int_equal(features(WORKAROUND_1), NOT_SUPPORTED);
}

/* The answer for all CPUs is the worst, in whichever order they come up. */
static void test_workaround_of_all_cpus(void **state)
{
	static const struct {
		int32_t first, then;
		uint64_t expected;
	} cases[] = {
		{ 1, 1, 1 },
		{ 1, 0, 0 },
		{ 0, 1, 0 },
		{ 1, -1, NOT_SUPPORTED },
		{ -1, 1, NOT_SUPPORTED },
		{ -1, 0, 0 },
		{ 0, -1, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		arch_calls_init();
		el3.features[0] = cases[i].first;
		arch_calls_init_cpu();
		el3.features[0] = cases[i].then;
		arch_calls_init_cpu();
		assert_int_equal(features(WORKAROUND_1), cases[i].expected);
	}
}

static void test_store_bypass(void **state)
{
	static const struct {
		unsigned ssbs;
		int32_t firmware;
		uint64_t expected;
		unsigned on;
	} cases[] = {
		{ 0, 0, NOT_REQUIRED, 1 },
		{ 0, 1, 1, 0 },
		{ 0, -2, NOT_REQUIRED, 0 },
		{ 0, -1, NOT_SUPPORTED, 0 },
		{ 1, 0, NOT_SUPPORTED, 0 },
		{ 2, 1, NOT_SUPPORTED, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		switched_on = 0;
		set_cpu(3, 0, cases[i].ssbs);
		el3.features[1] = cases[i].firmware;
		boot();
		assert_int_equal(switched_on, cases[i].on);
		assert_int_equal(features(WORKAROUND_2), cases[i].expected);
		assert_int_equal(way(WORKAROUND_2), cases[i].expected == NOT_SUPPORTED ? 0 : 1);
		/* The guest's switch does nothing. */
		assert_int_equal(call(arch_workaround_2, WORKAROUND_2, 0),
			cases[i].expected == NOT_SUPPORTED ? NOT_SUPPORTED : 0);
		assert_int_equal(fake_smc_calls, 0);
	}
}

static void test_soc_id_of_manifest(void **state)
{
	(void)state;
	el3.soc = el3.soc_name = true;
	boot();
	vm.policy.has_soc_id = true;
	vm.policy.soc_version = 0x043b0123;
	vm.policy.soc_revision = 7;
	assert_int_equal(features(SOC_ID), 0);
	assert_int_equal(call(arch_soc_id, SOC_ID, 0), 0x043b0123);
	assert_int_equal(call(arch_soc_id, SOC_ID, 1), 7);
	assert_int_equal(call(arch_soc_id, SOC_ID, UINT64_C(9) << 32 | 1), 7);
	assert_int_equal(call(arch_soc_id, SOC_ID, 2), INVALID_PARAMETER);
	assert_int_equal(call(arch_soc_id, SOC_ID, 3), INVALID_PARAMETER);
	assert_int_equal(vcpu.regs.x[1], 3);
	assert_kept_from(2);
	/* The firmware's name would be another's. */
	assert_int_equal(features(SOC_ID_64), NOT_SUPPORTED);
	assert_int_equal(call(arch_soc_id, SOC_ID_64, 2), NOT_SUPPORTED);
	assert_int_equal(call(arch_soc_id, SOC_ID_64, 0), NOT_SUPPORTED);
}

static void test_soc_id_of_firmware(void **state)
{
	(void)state;
	el3.soc = el3.soc_name = true;
	el3.soc_version = 0x06410001;
	el3.soc_revision = 3;
	boot();
	assert_int_equal(features(SOC_ID), 0);
	assert_int_equal(features(SOC_ID_64), 0);
	assert_int_equal(call(arch_soc_id, SOC_ID, 0), 0x06410001);
	assert_int_equal(call(arch_soc_id, SOC_ID, 1), 3);
	assert_int_equal(call(arch_soc_id, SOC_ID, 2), INVALID_PARAMETER);
	assert_int_equal(call(arch_soc_id, SOC_ID_64, 1), 3);
	assert_int_equal(features(SOC_ID_64), 0);
	vcpu.regs.pstate = PSTATE_NRW;
	assert_int_equal(features(SOC_ID_64), NOT_SUPPORTED);
	assert_int_equal(features(SOC_ID), 0);
	vcpu.regs.pstate = PSTATE_EL1H;
	call(arch_soc_id, SOC_ID_64, 1);
	assert_kept_from(2);
	assert_int_equal(call(arch_soc_id, SOC_ID_64, 2), 0);
	for (unsigned n = 1; n < 18; n++)
		assert_int_equal(vcpu.regs.x[n], 0x100 + n);
	assert_kept_from(18);
	assert_int_equal(fake_smc_calls, 0); /* asked once, at the start */
	el3.name_status = (uint64_t)-3;
	boot();
	assert_int_equal(features(SOC_ID_64), NOT_SUPPORTED);
	assert_int_equal(call(arch_soc_id, SOC_ID_64, 2), NOT_SUPPORTED);
	el3.name_status = 0;
	el3.version = SMCCC_CLIENT_1_1; /* x4-x17 are no results */
	boot();
	assert_int_equal(features(SOC_ID_64), NOT_SUPPORTED);
	assert_int_equal(features(SOC_ID), 0);
}

static void test_soc_id_of_nobody(void **state)
{
	(void)state;
	boot();
	assert_int_equal(features(SOC_ID), NOT_SUPPORTED);
	assert_int_equal(call(arch_soc_id, SOC_ID, 0), NOT_SUPPORTED);
	el3.soc = true;
	el3.soc_revision = -3; /* it has one, but not that */
	boot();
	assert_int_equal(features(SOC_ID), NOT_SUPPORTED);
	assert_int_equal(features(SOC_ID_64), NOT_SUPPORTED);
	el3.soc_revision = 0;
	el3.soc_version = -1;
	boot();
	assert_int_equal(call(arch_soc_id, SOC_ID, 0), NOT_SUPPORTED);
}

static void check_available(uint64_t selector, uint64_t expected)
{
	assert_int_equal(call(arch_feature_availability, 0xc0000003, selector), 0);
	assert_int_equal(vcpu.regs.x[1], expected);
	assert_kept_from(2);
}

static void test_feature_availability(void **state)
{
	(void)state;
	cpu_features_init();
	check_available(0x1e1100, 0);
	fake_reg(ID_AA64ISAR0_EL1) = UINT64_C(1) << 60; /* RNDR */
	check_available(0x1e1100, BIT(40));
	fake_reg(ID_AA64ISAR1_EL1) = 1 << 4; /* APA */
	fake_reg(ID_AA64PFR0_EL1) = 1 << 28; /* RAS */
	cpu_features_init();
	check_available(0x1e1100, BIT(40) | BIT(17) | BIT(16) | BIT(15));
	check_available(0x1e1140, BIT(31) | BIT(10));
	check_available(0x1e1320, BIT(10) | BIT(9));
	check_available(0x1ea500, 0);
	assert_int_equal(call(arch_feature_availability, 0xc0000003, 0x1e1120), INVALID_PARAMETER);
	assert_int_equal(vcpu.regs.x[1], 0x1e1120);
	assert_int_equal(
		call(arch_feature_availability, 0xc0000003, BIT(32) | 0x1e1100), INVALID_PARAMETER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_version, setup),
		cmocka_unit_test_setup(test_features, setup),
		cmocka_unit_test_setup(test_workaround_by_cpu, setup),
		cmocka_unit_test_setup(test_workaround_by_firmware, setup),
		cmocka_unit_test_setup(test_workaround_of_all_cpus, setup),
		cmocka_unit_test_setup(test_store_bypass, setup),
		cmocka_unit_test_setup(test_soc_id_of_manifest, setup),
		cmocka_unit_test_setup(test_soc_id_of_firmware, setup),
		cmocka_unit_test_setup(test_soc_id_of_nobody, setup),
		cmocka_unit_test_setup(test_feature_availability, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
