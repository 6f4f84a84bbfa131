/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is beneath the VM: UID, revision, features; and KVM's clock, where the VM has asked for it.
 *
 * links: hyp/smccc/vendor.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/rtc/rtc.h"
#include "hyp/smccc/vendor.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define COUNTER UINT64_C(0x123456789abcdef0)
#define OFFSET  UINT64_C(0x0000000500000010)
#define NS      UINT64_C(0x1877665544332211)

static struct vm vm;
static struct vcpu vcpu;

/* --- what it is told --- */

/* Functions that there are, those of 64 bits among them, in each word; and what must not be looked
 * at. */
#define ROW(number, widths)                                                         \
	{                                                                           \
		SMCCC_BASE_VENDOR + (number), widths, NULL, SMCCC_SERVICE_VENDOR, 0 \
	}
const struct smccc_call smccc_calls[] = {
	ROW(0, W32),
	ROW(1, W32),
	ROW(2, W_BOTH),
	ROW(17, W64),
	ROW(31, W32),
	ROW(32, W64),
	ROW(95, W_BOTH),
	ROW(127, W64),
	ROW(128, W_BOTH),
	ROW(0xff01, W32),
	{ SMCCC_BASE_VENDOR + 5, W_BOTH, NULL, SMCCC_SERVICE_ARCH, 0 },
	{ SMCCC_BASE_ARCH + 6, W_BOTH, NULL, SMCCC_SERVICE_ARCH, 0 },
};
const unsigned nr_smccc_calls = ARRAY_SIZE(smccc_calls);

static bool smc_only, narrow_only;
static unsigned asked;

bool smccc_offered_to(const struct vcpu *of, enum conduit conduit, uint32_t function)
{
	uint32_t base = function & ~(uint32_t)SMCCC_64;
	unsigned width = base == function ? W32 : W64;

	asked++;
	assert_ptr_equal(of, &vcpu);
	if ((smc_only && conduit == SMCCC_HVC) || (narrow_only && width == W64))
		return false;
	for (unsigned i = 0; i < nr_smccc_calls; i++)
		if (smccc_calls[i].function == base)
			return smccc_calls[i].widths & width;
	return false;
}

enum exit_result smccc_not_supported(struct vcpu *of, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(of, conduit, SMCCC_NOT_SUPPORTED);
}

uint64_t rtc_ns_at(uint64_t counter)
{
	assert_int_equal(counter, COUNTER);
	return NS;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	smc_only = narrow_only = false;
	vcpu.vm = &vm;
	vm.cntvoff = OFFSET;
	fake_reg(CNTPCT_EL0) = COUNTER;
	return 0;
}

/* Results are words of 32 bits; x4 and above stay. */
static void expect_words(
	smccc_service handler, uint64_t x1, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3)
{
	for (enum conduit conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
		for (unsigned i = 0; i < 31; i++)
			vcpu.regs.x[i] = 0xdeadbeef0000 + i;
		vcpu.regs.x[1] = x1;
		assert_int_equal(handler(&vcpu, conduit, SMCCC_BASE_VENDOR),
			conduit == SMCCC_HVC ? EXIT_RESUME : EXIT_SKIP);
		assert_int_equal(vcpu.regs.x[0], w0);
		assert_int_equal(vcpu.regs.x[1], w1);
		assert_int_equal(vcpu.regs.x[2], w2);
		assert_int_equal(vcpu.regs.x[3], w3);
		for (unsigned i = 4; i < 31; i++)
			assert_int_equal(vcpu.regs.x[i], 0xdeadbeef0000 + i);
	}
}

static void expect_not_supported(smccc_service handler, uint64_t x1)
{
	vcpu.regs.x[1] = x1;
	vcpu.regs.x[2] = 2;
	assert_int_equal(handler(&vcpu, SMCCC_HVC, SMCCC_BASE_VENDOR), EXIT_RESUME);
	assert_int_equal(vcpu.regs.x[0], ~UINT64_C(0));
	assert_int_equal(vcpu.regs.x[1], x1);
	assert_int_equal(vcpu.regs.x[2], 2);
}

/* --- the tests --- */

static void lintel(void **state)
{
	(void)state;
	expect_words(vendor_uid, 0, 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e);
	vcpu.regs.x[2] = 2;
	assert_int_equal(vendor_revision(&vcpu, SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], 0);
	assert_int_equal(vcpu.regs.x[1], 1);
	assert_int_equal(vcpu.regs.x[2], 2);
	expect_not_supported(vendor_ptp, 0);
	expect_not_supported(vendor_ptp, 1);
}

/* Whatever calls.def will have, of either width, in each word; nothing that the VM may not call. */
static void features(void **state)
{
	(void)state;
	expect_words(vendor_features, 0, 0x80020005, 1, 0x80000000, 0x80000000);
	smc_only = true;
	assert_int_equal(vendor_features(&vcpu, SMCCC_HVC, 0), EXIT_RESUME);
	assert_int_equal(vcpu.regs.x[0] | vcpu.regs.x[1] | vcpu.regs.x[2] | vcpu.regs.x[3], 0);
	assert_int_equal(vendor_features(&vcpu, SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], 0x80020005);
	smc_only = false;
	narrow_only = true;
	expect_words(vendor_features, 0, 0x80000005, 0, 0x80000000, 0);
}

/* Interrupts are masked: no more is asked than there are functions. */
static void features_asks_little(void **state)
{
	(void)state;
	smc_only = true;
	asked = 0;
	assert_int_equal(vendor_features(&vcpu, SMCCC_HVC, 0), EXIT_RESUME);
	assert_true(asked <= 2 * nr_smccc_calls);
}

static void kvm(void **state)
{
	(void)state;
	vm.policy.kvm_ptp = true;
	expect_words(vendor_uid, 0, 0xb66fb428, 0xe911c52e, 0x564bcaa9, 0x743a004d);
	expect_words(vendor_features, 0, 3, 0, 0, 0);
	expect_not_supported(vendor_revision, 0);
}

static void kvm_clock(void **state)
{
	uint64_t virtual = COUNTER - OFFSET;

	(void)state;
	vm.policy.kvm_ptp = true;
	expect_words(vendor_ptp, 0, NS >> 32, (uint32_t)NS, (uint32_t)(virtual >> 32),
		(uint32_t) virtual);
	expect_words(vendor_ptp, 1, NS >> 32, (uint32_t)NS, (uint32_t)(COUNTER >> 32),
		(uint32_t)COUNTER);
	/* Only w1 counts. */
	expect_words(vendor_ptp, UINT64_C(0xffffffff00000001), NS >> 32, (uint32_t)NS,
		(uint32_t)(COUNTER >> 32), (uint32_t)COUNTER);
	expect_not_supported(vendor_ptp, 2);
	expect_not_supported(vendor_ptp, 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lintel, setup),
		cmocka_unit_test_setup(features, setup),
		cmocka_unit_test_setup(features_asks_little, setup),
		cmocka_unit_test_setup(kvm, setup),
		cmocka_unit_test_setup(kvm_clock, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
