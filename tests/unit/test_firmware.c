/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that are forwarded to the firmware at EL3: what is sent, what comes back, and what is
 * refused with nothing sent.
 *
 * links: hyp/smccc/firmware.c mm/stage2.c mm/stage2_end.c mm/stage2_regs.c mm/vmid.c mm/pgtable.c
 * mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c hyp/base/bitmap.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/psci/smccc_client.h"
#include "hyp/smccc/firmware.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define NOT_SUPPORTED ~UINT64_C(0)
#define RAM           UINT64_C(0x40000000)
#define HIGH_RAM      UINT64_C(0x4000000000)
#define BASE          GIB(1)
#define SIZE          MIB(4)
#define ROM           MIB(16)
#define DEVICE        MIB(32)
#define SHARED        MIB(64)
#define SHARED_OWNER  OWNER_FIRST_SHARED
#define SIP           UINT32_C(0x82000000)
#define SIP_64        UINT32_C(0xc2000000)
#define CLIENT        4 /* the number in the manifest */
#define MARK          UINT64_C(0x1111000000000000)
#define ANSWER        UINT64_C(0xa5a5000055550000)

static struct vm vm;
static struct vcpu vcpu;
static struct call_rule rule;
static uint32_t version;

uint32_t smccc_client_version(void)
{
	return version;
}

enum exit_result smccc_not_supported(struct vcpu *of, enum conduit conduit, uint32_t function)
{
	(void)function;
	of->calls[CALL_REFUSED]++;
	return smccc_return(of, conduit, SMCCC_NOT_SUPPORTED);
}

static char said[256];

void vcpu_log(struct vcpu *of, const char *fmt, ...)
{
	va_list args;

	assert_ptr_equal(of, &vcpu);
	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
}

static void firmware(struct smc_regs *regs)
{
	for (unsigned n = 0; n < ARRAY_SIZE(regs->x); n++)
		regs->x[n] = ANSWER + n;
}

static int start_at(uint64_t ram)
{
	struct page_range bank = { ram, MIB(64), 0 };
	struct stage2_share share = {
		.ipa = IPA(SHARED), .size = MIB(2), .prot = MEM_RW, .owner = SHARED_OWNER
	};
	pa_t page;

	fake_cpu_reset();
	fake_memory_reset();
	fake_memory_add(ram, MIB(64));
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	assert_int_equal(page_init(&bank, 1, NULL, 0), OK);
	stage2_init(48, 8);
	assert_int_equal(stage2_create(&vm.stage2, OWNER_FIRST_VM, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&vm.stage2, IPA(BASE), SIZE, MEM_RWX), OK);
	assert_int_equal(stage2_add_ram(&vm.stage2, IPA(ROM), KIB(64), MEM_RX), OK);
	assert_int_equal(stage2_map_device(&vm.stage2, IPA(DEVICE), PA(0x9000000), KIB(4)), OK);
	assert_int_equal(stage2_share(&vm.stage2, &share), OK);
	assert_int_equal(block_alloc(SHARED_OWNER, &page), OK);
	assert_int_equal(stage2_map_share(&vm.stage2, IPA(SHARED), page, MIB(2)), OK);
	vm.id = 1; /* two of the bundle's first four could not be made */
	vm.number = CLIENT;
	vcpu.vm = &vm;
	version = SMCCC_CLIENT_1_2;
	rule = (struct call_rule){ .results = 0xf, .address_size = 8 };
	said[0] = '\0';
	fake_smc_hook = firmware;
	return 0;
}

static int start(void **state)
{
	(void)state;
	return start_at(RAM);
}

static int stop(void **state)
{
	(void)state;
	while (!stage2_destroy_step(&vm.stage2))
		;
	return 0;
}

/* Every register has a value of its own. */
static void set_registers(uint32_t function)
{
	for (unsigned n = 0; n < ARRAY_SIZE(vcpu.regs.x); n++)
		vcpu.regs.x[n] = MARK + n;
	vcpu.regs.x[0] = MARK | function;
}

static uint64_t call(uint32_t function)
{
	assert_int_equal(firmware_forward(&vcpu, SMCCC_HVC, &rule, function), EXIT_RESUME);
	return vcpu.regs.x[0];
}

static void assert_refused(uint32_t function, uint64_t answer)
{
	struct vcpu before = vcpu;

	fake_smc_calls = 0;
	assert_int_equal(call(function), answer);
	assert_int_equal(fake_smc_calls, 0);
	assert_int_equal(vcpu.calls[CALL_REFUSED], before.calls[CALL_REFUSED] + 1);
	assert_int_equal(vcpu.calls[CALL_FIRMWARE], before.calls[CALL_FIRMWARE]);
	for (unsigned n = 1; n < ARRAY_SIZE(vcpu.regs.x); n++)
		assert_int_equal(vcpu.regs.x[n], before.regs.x[n]);
}

/* Touches memory as the guest would. */
static void populate(uint64_t ipa)
{
	enum status status;

	do
		status = stage2_fault_in(&vm.stage2, IPA(ipa));
	while (status == ERR_BUSY);
	assert_int_equal(status, OK);
}

/* --- the tests --- */

static void test_conduits(void **state)
{
	(void)state;
	set_registers(SIP);
	assert_int_equal(firmware_forward(&vcpu, SMCCC_HVC, &rule, SIP), EXIT_RESUME);
	assert_int_equal(firmware_forward(&vcpu, SMCCC_SMC, &rule, SIP), EXIT_SKIP);
	assert_int_equal(fake_smc_calls, 2);
	assert_int_equal(vcpu.calls[CALL_FIRMWARE], 2);
	assert_int_equal(vcpu.calls[CALL_REFUSED], 0);
}

/* Only what the rule passes; the client's identity whatever it passes. */
static void test_arguments(void **state)
{
	(void)state;
	set_registers(SIP_64);
	call(SIP_64);
	assert_int_equal(fake_smc_last.x[0], SIP_64);
	for (unsigned n = 1; n < 18; n++)
		assert_int_equal(fake_smc_last.x[n], n == 7 ? CLIENT : 0);
	for (unsigned passed = 1; passed < 18; passed++) {
		set_registers(SIP_64);
		rule.arguments = (uint32_t)BIT(passed);
		call(SIP_64);
		for (unsigned n = 1; n < 18; n++) {
			uint64_t expected = n == passed ? MARK + n : 0;

			if (n == 7)
				expected = (expected & ~UINT64_C(0xffff)) | CLIENT;
			assert_int_equal(fake_smc_last.x[n], expected);
		}
	}
	/* The Trusted OS's number stays, the client's own word for who it is doesn't. */
	set_registers(SIP);
	vcpu.regs.x[7] = 0x12340000;
	rule.arguments = (uint32_t)BIT(7);
	call(SIP);
	assert_int_equal(fake_smc_last.x[7], 0x12340000 | CLIENT);
}

static void test_arguments_by_convention(void **state)
{
	(void)state;
	rule.arguments = (uint32_t)GENMASK(17, 1);
	set_registers(SIP);
	call(SIP);
	for (unsigned n = 1; n < 18; n++)
		assert_int_equal(fake_smc_last.x[n], n == 7 ? CLIENT : n < 8 ? n : 0);
	version = SMCCC_CLIENT_1_1;
	set_registers(SIP_64);
	call(SIP_64);
	for (unsigned n = 1; n < 7; n++)
		assert_int_equal(fake_smc_last.x[n], MARK + n);
	assert_int_equal(fake_smc_last.x[7], MARK | CLIENT);
	for (unsigned n = 8; n < 18; n++)
		assert_int_equal(fake_smc_last.x[n], 0);
}

static void check_results(uint32_t function, unsigned count)
{
	for (unsigned n = 0; n < ARRAY_SIZE(vcpu.regs.x); n++) {
		uint64_t answer = function & SMCCC_64 ? ANSWER + n : (uint32_t)(ANSWER + n);

		if (n < count && (rule.results & BIT(n)))
			assert_int_equal(vcpu.regs.x[n], answer);
		else
			assert_int_equal(vcpu.regs.x[n], n == 0 ? MARK | function : MARK + n);
	}
}

/* What the rule lists, as far as the convention has it; everything else is preserved. */
static void test_results(void **state)
{
	static const struct {
		uint32_t version, function;
		unsigned count;
	} rows[] = {
		{ SMCCC_CLIENT_1_2, SIP_64, 18 },
		{ SMCCC_CLIENT_1_2, SIP, 8 },
		{ SMCCC_CLIENT_1_1, SIP_64, 4 },
		{ SMCCC_CLIENT_1_1, SIP, 4 },
		{ SMCCC_CLIENT_1_0, SIP, 4 },
	};
	static const uint32_t lists[] = { 0xf, 0, 1, 0x3ffff, 0x20000, 0x15556, 0xffffffff };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(lists); j++) {
			version = rows[i].version;
			rule.results = lists[j];
			set_registers(rows[i].function);
			call(rows[i].function);
			check_results(rows[i].function, rows[i].count);
		}
	}
}

static void test_hint(void **state)
{
	(void)state;
	set_registers(SIP_64 | 0x10000);
	call(SIP_64 | 0x10000);
	assert_int_equal(fake_smc_last.x[0], SIP_64);
}

/* What is never sent, whatever a rule says. */
static void test_never(void **state)
{
	static const uint32_t functions[] = { 0x84000000, 0x84000008, 0x8400001f, 0xc4000003,
		0xc4000020, 0x8400003f, 0xc401002f, 0x84010008, 0x80000000, 0x80008000, 0xc0000002,
		0x00000000, 0x02000000, 0x32000000, 0x42000000, 0x72000001, 0x82020000, 0xc4800003,
		0x84020008 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
		set_registers(functions[i]);
		assert_refused(functions[i], NOT_SUPPORTED);
	}
	/* Their neighbours are. */
	set_registers(0x84000040);
	assert_int_equal(call(0x84000040), (uint32_t)ANSWER);
	assert_int_equal(call(0x83ffffff & 0x8300ffff), (uint32_t)ANSWER);
	/* And nothing without firmware. */
	version = 0;
	set_registers(SIP);
	assert_refused(SIP, NOT_SUPPORTED);
}

static void address_at(unsigned n, uint64_t ipa)
{
	set_registers(SIP_64);
	rule.arguments = rule.addresses = (uint32_t)BIT(n);
	vcpu.regs.x[n] = ipa;
}

static void test_address(void **state)
{
	struct stage2_page page;

	(void)state;
	populate(BASE);
	populate(BASE + MIB(2));
	for (unsigned n = 1; n < 18; n++) {
		if (n == 7) /* the client's */
			continue;
		address_at(n, BASE + MIB(2) + 0x1238);
		assert_true(stage2_lookup(&vm.stage2, IPA(BASE + MIB(2) + 0x1238), &page));
		assert_int_equal(call(SIP_64), ANSWER);
		assert_int_equal(fake_smc_last.x[n], page.pa.pa);
	}
	address_at(7, BASE);
	assert_int_equal(call(SIP_64), ANSWER);
	assert_int_equal(fake_smc_last.x[7], CLIENT);
	/* One that isn't passed is not looked at. */
	address_at(2, 0xdeadbeef);
	rule.arguments = 0;
	assert_int_equal(call(SIP_64), ANSWER);
	assert_int_equal(fake_smc_last.x[2], 0);
	/* One that isn't said to be one goes as it is. */
	rule.arguments = (uint32_t)BIT(2);
	rule.addresses = 0;
	address_at(2, 0xdeadbeef);
	rule.addresses = 0;
	assert_int_equal(call(SIP_64), ANSWER);
	assert_int_equal(fake_smc_last.x[2], 0xdeadbeef);
}

static void test_address_within_page(void **state)
{
	static const struct {
		uint64_t offset, size;
		bool good;
	} rows[] = {
		{ 0, 4096, true },
		{ 1, 4096, false },
		{ 4088, 8, true },
		{ 4089, 8, false },
		{ 4095, 1, true },
		{ 0, 4097, false },
		{ 0, 0, false },
		{ 0, ~UINT64_C(0), false },
	};

	(void)state;
	populate(BASE);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		address_at(1, BASE + 0x3000 + rows[i].offset);
		rule.address_size = rows[i].size;
		if (rows[i].good)
			assert_int_equal(call(SIP_64), ANSWER);
		else
			assert_refused(SIP_64, SMCCC_INVALID_PARAMETER);
	}
}

static void test_address_refused(void **state)
{
	static const uint64_t bad[] = { 0, BASE - 8, BASE + SIZE, ROM, DEVICE, SHARED, BIT(40),
		BASE | BIT(40), BASE | BIT(63), ~UINT64_C(7) };

	(void)state;
	populate(BASE);
	populate(ROM);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		address_at(3, bad[i]);
		said[0] = '\0';
		assert_refused(SIP_64, SMCCC_INVALID_PARAMETER);
		assert_non_null(strstr(said, "call 0xc2000000 to the firmware: x3"));
	}
	/* Memory of its that somebody else has got meanwhile. */
	address_at(3, BASE);
	vm.stage2.owner++;
	assert_refused(SIP_64, SMCCC_INVALID_PARAMETER);
	vm.stage2.owner--;
	/* A good one beside a bad one. */
	vcpu.regs.x[4] = ROM;
	rule.arguments = rule.addresses = (uint32_t)(BIT(3) | BIT(4));
	assert_refused(SIP_64, SMCCC_INVALID_PARAMETER);
}

/* Nobody has touched it yet: it is given, in steps, and then the call is made. */
static void test_address_not_there_yet(void **state)
{
	unsigned steps = 0;
	enum exit_result result;

	(void)state;
	address_at(1, BASE + 0x10);
	while ((result = firmware_forward(&vcpu, SMCCC_SMC, &rule, SIP_64)) == EXIT_REPEAT) {
		assert_int_equal(fake_smc_calls, 0);
		assert_int_equal(vcpu.regs.x[0], MARK | SIP_64);
		assert_in_range(++steps, 1, 10);
	}
	assert_int_equal(result, EXIT_SKIP);
	assert_in_range(steps, 2, 10);
	assert_int_equal(fake_smc_calls, 1);
	assert_int_equal(vcpu.calls[CALL_FIRMWARE], 1);
	assert_int_equal(vcpu.calls[CALL_REFUSED], 0);
}

/* An SMC32 call has no room for a PA above 4 GiB; its IPAs have no upper half. */
static void test_address_32(void **state)
{
	struct stage2_page page;

	(void)state;
	populate(BASE);
	address_at(1, UINT64_C(5) << 32 | BASE);
	assert_int_equal(call(SIP), (uint32_t)ANSWER);
	assert_true(stage2_lookup(&vm.stage2, IPA(BASE), &page));
	assert_int_equal(fake_smc_last.x[1], page.pa.pa);
	stop(NULL);
	start_at(HIGH_RAM);
	populate(BASE);
	address_at(1, BASE);
	assert_refused(SIP, SMCCC_INVALID_PARAMETER);
	address_at(1, BASE);
	assert_int_equal(call(SIP_64), ANSWER);
	assert_true(fake_smc_last.x[1] >= HIGH_RAM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_conduits, start, stop),
		cmocka_unit_test_setup_teardown(test_arguments, start, stop),
		cmocka_unit_test_setup_teardown(test_arguments_by_convention, start, stop),
		cmocka_unit_test_setup_teardown(test_results, start, stop),
		cmocka_unit_test_setup_teardown(test_hint, start, stop),
		cmocka_unit_test_setup_teardown(test_never, start, stop),
		cmocka_unit_test_setup_teardown(test_address, start, stop),
		cmocka_unit_test_setup_teardown(test_address_within_page, start, stop),
		cmocka_unit_test_setup_teardown(test_address_refused, start, stop),
		cmocka_unit_test_setup_teardown(test_address_not_there_yet, start, stop),
		cmocka_unit_test_setup_teardown(test_address_32, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
