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

/* Functions of the vendor's service that are there, besides those of calls.def: a bitmap. */
static uint32_t more[4];
static bool smc_only;

bool smccc_offered_to(const struct vcpu *of, enum conduit conduit, uint32_t function)
{
	uint32_t number = function & SMCCC_NUMBER;

	assert_ptr_equal(of, &vcpu);
	if (smc_only && conduit == SMCCC_HVC)
		return false;
	if (function == VENDOR_FN_FEATURES || function == VENDOR_FN_PTP)
		return true;
	/* The odd ones are 64 bits wide. */
	return (function & ~SMCCC_64) - SMCCC_BASE_VENDOR < 128 &&
		(number & 1) == !!(function & SMCCC_64) && (more[number / 32] >> number % 32 & 1);
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
	memset(more, 0, sizeof(more));
	smc_only = false;
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
	expect_words(vendor_features, 0, 1, 0, 0, 0);
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
	more[0] = 0x80030004;
	more[1] = 0x1;
	more[2] = 0xffffffff;
	more[3] = 0x80000000;
	expect_words(vendor_features, 0, 0x80030005, 1, 0xffffffff, 0x80000000);
	smc_only = true;
	assert_int_equal(vendor_features(&vcpu, SMCCC_HVC, 0), EXIT_RESUME);
	assert_int_equal(vcpu.regs.x[0] | vcpu.regs.x[1] | vcpu.regs.x[2] | vcpu.regs.x[3], 0);
	assert_int_equal(vendor_features(&vcpu, SMCCC_SMC, 0), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[0], 0x80030005);
}

static void kvm(void **state)
{
	(void)state;
	vm.policy.kvm_ptp = true;
	more[0] = 0x00030004;
	more[3] = 1;
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
		cmocka_unit_test_setup(kvm, setup),
		cmocka_unit_test_setup(kvm_clock, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
