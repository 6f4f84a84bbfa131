/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dispatch of SMC and HVC by the whole space of function identifiers, the architecture calls, and
 * who Lintel is. PSCI is a stub; tests/unit/test_psci.c has the real one.
 *
 * links: hyp/smccc/dispatch.c hyp/smccc/arch_calls.c hyp/smccc/vendor.c tests/unit/smccc_stubs.c
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
#include "hyp/smccc/dispatch.h"
#include "hyp/smccc/psci.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/smccc_stubs.h"

#define NOT_SUPPORTED ~UINT64_C(0)
#define PSCI_ANSWER   UINT64_C(0x5151)

static struct vcpu vcpu;
static unsigned psci_calls;
static uint32_t psci_function;

static enum exit_result psci_stub(struct vcpu *of, enum conduit conduit, uint32_t function)
{
	assert_ptr_equal(of, &vcpu);
	psci_calls++;
	psci_function = function;
	return smccc_return(of, conduit, PSCI_ANSWER);
}

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
	psci_calls = 0;
	has_psci = has_smccc = true;
	firmware_version = 0x10002;
	firmware_answer = 0;
	workarounds = 0;
	fake_smc_hook = firmware;
	smccc_stub_hook = psci_stub;
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

static void test_conduits(void **state)
{
	(void)state;
	vcpu.regs.x[0] = SMCCC_VERSION;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_HVC, 0), EXIT_RESUME);
	assert_int_equal(vcpu.regs.x[0], 0x10001);
	vcpu.regs.x[0] = SMCCC_VERSION;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], 0x10001);
}

static void test_immediate(void **state)
{
	static const uint32_t functions[] = { PSCI_BASE, SMCCC_VERSION, 0xc4000003, 0x8600ff01 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
		for (unsigned imm = 1; imm < 0x10000; imm <<= 1) {
			vcpu.regs.x[0] = functions[i];
			assert_int_equal(
				smccc_handle(&vcpu, SMCCC_HVC, (uint16_t)imm), EXIT_RESUME);
			assert_int_equal(vcpu.regs.x[0], NOT_SUPPORTED);
			vcpu.regs.x[0] = functions[i];
			assert_int_equal(smccc_handle(&vcpu, SMCCC_SMC, (uint16_t)imm), EXIT_SKIP);
			assert_int_equal(vcpu.regs.x[0], NOT_SUPPORTED);
		}
	}
	assert_int_equal(psci_calls, 0);
}

/* PSCI is just its 32 numbers of both widths; nothing beside them. */
static void test_psci_range(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 4; n++) {
		assert_int_equal(call(0x84000000 + n, 0), PSCI_ANSWER);
		assert_int_equal(psci_function, 0x84000000 + n);
	}
	assert_int_equal(call(0xc4000003, 0), PSCI_ANSWER);
	assert_int_equal(psci_function, 0xc4000003);
	assert_int_equal(call(0xc4000000, 0), NOT_SUPPORTED);
	psci_calls = 0;
	for (uint32_t n = 32; n < 0x300; n++) {
		assert_int_equal(call(0x84000000 + n, 0), NOT_SUPPORTED);
		assert_int_equal(call(0xc4000000 + n, 0), NOT_SUPPORTED);
	}
	assert_int_equal(call(0x83ffffff, 0), NOT_SUPPORTED);
	for (unsigned bit = 16; bit < 24; bit++) {
		assert_int_equal(call(0x84000000 | (uint32_t)BIT(bit), 0), NOT_SUPPORTED);
		assert_int_equal(call(0xc4000003 | (uint32_t)BIT(bit), 0), NOT_SUPPORTED);
	}
	assert_int_equal(call(0x04000000, 0), NOT_SUPPORTED); /* yielding */
	assert_int_equal(call(0x44000003, 0), NOT_SUPPORTED);
	assert_int_equal(psci_calls, 0);
}

static void test_owners(void **state)
{
	(void)state;
	for (uint32_t owner = 0; owner < 64; owner++) {
		if (owner == SMCCC_OWNER_ARCH || owner == SMCCC_OWNER_STANDARD)
			continue;
		for (uint32_t wide = 0; wide < 2; wide++) {
			uint32_t base = 0x80000000 | wide << 30 | owner << 24;

			assert_int_equal(call(base, 0), NOT_SUPPORTED);
			assert_int_equal(call(base | 0xffff, 0), NOT_SUPPORTED);
		}
	}
}

/* Each call is counted once by its service, and once more when nobody offers it. */
static void test_counted(void **state)
{
	(void)state;
	call(PSCI_BASE + 3, 0);
	call(0xc4000003, 0);
	call(PSCI_BASE + 31, 0);
	assert_int_equal(vcpu.psci_calls[3], 2);
	call(SMCCC_VERSION, 0);
	assert_int_equal(vcpu.calls[CALL_ARCH], 1);
	assert_int_equal(vcpu.calls[CALL_REFUSED], 1);
	call(0x84000100, 0);
	call(SMCCC_VENDOR_HYP_UID, 0);
	assert_int_equal(vcpu.calls[CALL_VENDOR], 1);
	assert_int_equal(vcpu.calls[CALL_REFUSED], 2);
	/* Not acceptable at all: nobody's. */
	vcpu.regs.x[0] = PSCI_BASE;
	assert_int_equal(smccc_handle(&vcpu, SMCCC_HVC, 1), EXIT_RESUME);
	call(0x81000000, 0);
	assert_int_equal(vcpu.calls[CALL_REFUSED], 4);
	assert_int_equal(vcpu.psci_calls[0], 0);
}

static void test_aarch32(void **state)
{
	(void)state;
	vcpu.regs.pstate = PSTATE_NRW | 3;
	assert_int_equal(call(SMCCC_VERSION, 0), 0x10001);
	assert_int_equal(call(PSCI_BASE + 3, 0), PSCI_ANSWER);
	psci_calls = 0;
	assert_int_equal(call(0xc4000003, 0), NOT_SUPPORTED);
	assert_int_equal(psci_calls, 0);
}

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

static void test_vendor(void **state)
{
	(void)state;
	vcpu.regs.x[4] = 4;
	call(0x8600ff01, 0);
	/* Four words of 32 bits; the first must not look like an error. */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(vcpu.regs.x[i] >> 32, 0);
	assert_int_not_equal(vcpu.regs.x[0], 0xffffffff);
	assert_int_equal(vcpu.regs.x[3], 0x6c65746e);
	assert_int_equal(vcpu.regs.x[4], 4);
	call(0x8600ff03, 0);
	assert_int_equal(vcpu.regs.x[0], 0);
	assert_int_equal(vcpu.regs.x[1], 1);
	assert_int_equal(call(0x8600ff00, 0), NOT_SUPPORTED);
	assert_int_equal(call(0x8600ff02, 0), NOT_SUPPORTED);
	assert_int_equal(call(0xc600ff01, 0), NOT_SUPPORTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_conduits, setup),
		cmocka_unit_test_setup(test_immediate, setup),
		cmocka_unit_test_setup(test_psci_range, setup),
		cmocka_unit_test_setup(test_owners, setup),
		cmocka_unit_test_setup(test_counted, setup),
		cmocka_unit_test_setup(test_aarch32, setup),
		cmocka_unit_test_setup(test_arch_features, setup),
		cmocka_unit_test_setup(test_workaround_by_cpu, setup),
		cmocka_unit_test_setup(test_workaround_by_firmware, setup),
		cmocka_unit_test_setup(test_workaround_without_firmware, setup),
		cmocka_unit_test_setup(test_store_bypass, setup),
		cmocka_unit_test_setup(test_vendor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
