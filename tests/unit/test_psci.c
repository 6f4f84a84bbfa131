/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI for guests, function by function: arguments of both widths, each error in its order, both
 * conduits. What the VM and the scheduler do is made up here.
 *
 * links: hyp/smccc/psci.c hyp/smccc/dispatch.c tests/unit/smccc_stubs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/psci/psci_client.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/psci.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/bank.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE MIB(64)
#define ENTRY    (RAM_BASE + 0x80000)
#define VCPUS    4
#define SMC64    UINT32_C(0x40000000)
#define FN(n)    (PSCI_BASE + (n))
#define FN64(n)  (PSCI_BASE + (n) + SMC64)
#define JUNK     (UINT64_C(0xabcdabcd) << 32)

static struct vm vm;
static struct vcpu vcpus[VCPUS];
static struct vcpu *const me = &vcpus[0];

/* --- what is below --- */

static struct vcpu *powered_on;
static uint64_t powered_pc, powered_x0;
static enum status power_on_status;
static unsigned power_offs, resets, bank_resets, bank_loads;
static bool pending, blocks;

enum status vcpu_power_on(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	powered_on = vcpu;
	powered_pc = pc;
	powered_x0 = x0;
	return power_on_status;
}

void vm_power_off(struct vm *of)
{
	assert_ptr_equal(of, &vm);
	power_offs++;
}

void vm_reset(struct vm *of)
{
	assert_ptr_equal(of, &vm);
	resets++;
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, me);
	return pending;
}

bool sched_block(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, me);
	return blocks;
}

void bank_reset(uint64_t bank[NR_BANK_SLOTS])
{
	assert_ptr_equal(bank, me->bank);
	bank_resets++;
}

void bank_load(const uint64_t bank[NR_BANK_SLOTS])
{
	assert_ptr_equal(bank, me->bank);
	assert_int_equal(bank_resets, bank_loads + 1);
	bank_loads++;
}

bool psci_client_available(void)
{
	return false;
}

int32_t psci_client_features(uint32_t function)
{
	(void)function;
	return PSCI_NOT_SUPPORTED;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	vm.ram_base = IPA(RAM_BASE);
	vm.ram_size = RAM_SIZE;
	vm.nr_vcpus = VCPUS;
	for (unsigned i = 0; i < VCPUS; i++) {
		vm.vcpus[i] = &vcpus[i];
		vcpus[i].vm = &vm;
		vcpus[i].id = i;
		vcpus[i].state = VCPU_OFF;
	}
	me->state = VCPU_RUNNING;
	me->regs.pstate = PSTATE_EL1H;
	powered_on = NULL;
	power_on_status = OK;
	power_offs = resets = bank_resets = bank_loads = 0;
	pending = blocks = false;
	return 0;
}

static enum exit_result call_by(
	enum conduit conduit, uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	for (unsigned i = 4; i < 31; i++)
		me->regs.x[i] = i * UINT64_C(0x1111111111);
	me->regs.x[0] = function;
	me->regs.x[1] = a1;
	me->regs.x[2] = a2;
	me->regs.x[3] = a3;
	return smccc_handle(me, conduit, 0);
}

/* By both conduits: the answer, and nothing but x0 changed. */
static int64_t call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	int64_t answer;

	assert_int_equal(call_by(SMCCC_HVC, function, a1, a2, a3), EXIT_RESUME);
	answer = (int64_t)me->regs.x[0];
	assert_int_equal(call_by(SMCCC_SMC, function, a1, a2, a3), EXIT_SKIP);
	assert_int_equal((int64_t)me->regs.x[0], answer);
	assert_int_equal(me->regs.x[1], a1);
	assert_int_equal(me->regs.x[2], a2);
	assert_int_equal(me->regs.x[3], a3);
	for (unsigned i = 4; i < 31; i++)
		assert_int_equal(me->regs.x[i], i * UINT64_C(0x1111111111));
	assert_int_equal(me->regs.pc, 0);
	return answer;
}

/* --- the tests --- */

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(call(FN(0), 0, 0, 0), 0x10001);
	/* Upper half of x0: not part of a function identifier. */
	assert_int_equal(call(JUNK | FN(0), 0, 0, 0), 0x10001);
	assert_int_equal(call(FN64(0), 0, 0, 0), -1);
}

/* Which numbers there are, in which width: the rest is NOT_SUPPORTED, and PSCI_FEATURES agrees. */
static void test_functions(void **state)
{
	static const uint8_t narrow[] = { 0, 1, 2, 3, 4, 6, 8, 9, 10, 18 };
	static const uint8_t wide[] = { 1, 3, 4, 18 };

	(void)state;
	for (unsigned n = 0; n < 64; n++) {
		bool has32 = memchr(narrow, (int)n, sizeof(narrow)) != NULL;
		bool has64 = memchr(wide, (int)n, sizeof(wide)) != NULL;

		assert_int_equal(call(FN(10), FN(n), 0, 0), has32 ? 0 : -1);
		assert_int_equal(call(FN(10), FN64(n), 0, 0), has64 ? 0 : -1);
		if (!has32)
			assert_int_equal(call(FN(n), 0, 0, 0), -1);
		if (!has64)
			assert_int_equal(call(FN64(n), 0, 0, 0), -1);
	}
	assert_int_equal(call(FN(10), 0x80000000, 0, 0), 0); /* SMCCC_VERSION: there is SMCCC 1.1 */
	assert_int_equal(call(FN(10), 0x80000001, 0, 0), -1);
	assert_int_equal(call(FN(10), JUNK | FN(3), 0, 0), 0);
	assert_int_equal(call(FN(10), 0, 0, 0), -1);
	assert_int_equal(call(FN(10), 0xffffffff, 0, 0), -1);
	assert_int_equal(power_offs + resets, 0);
}

static void test_cpu_on(void **state)
{
	(void)state;
	assert_int_equal(call(FN64(3), 2, ENTRY, 0x1122334455667788), 0);
	assert_ptr_equal(powered_on, &vcpus[2]);
	assert_int_equal(powered_pc, ENTRY);
	assert_int_equal(powered_x0, 0x1122334455667788);
	/* MPIDR_EL1 as it is read: bit 31. */
	assert_int_equal(call(FN64(3), BIT(31) | 3, ENTRY, 1), 0);
	assert_ptr_equal(powered_on, &vcpus[3]);
	/* Narrow: the upper halves don't count. */
	assert_int_equal(call(FN(3), JUNK | 1, JUNK | ENTRY, JUNK | 7), 0);
	assert_ptr_equal(powered_on, &vcpus[1]);
	assert_int_equal(powered_pc, ENTRY);
	assert_int_equal(powered_x0, 7);
	/* The last instruction of RAM will do. */
	assert_int_equal(call(FN64(3), 1, RAM_BASE + RAM_SIZE - 4, 0), 0);
}

static void test_cpu_on_target(void **state)
{
	static const uint64_t nobody[] = { VCPUS, 0xff, 0x100, 0x10000, BIT(24), BIT(30), BIT(32),
		UINT64_C(0x100000000) << 8, BIT(63), ~UINT64_C(0) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(nobody); i++) {
		assert_int_equal(call(FN64(3), nobody[i], ENTRY, 0), PSCI_INVALID_PARAMETERS);
		/* It is looked at before the entry. */
		assert_int_equal(call(FN64(3), nobody[i], 1, 0), PSCI_INVALID_PARAMETERS);
	}
	assert_null(powered_on);
}

static void test_cpu_on_state(void **state)
{
	static const enum vcpu_state on[] = { VCPU_READY, VCPU_RUNNING, VCPU_BLOCKED };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(on); i++) {
		vcpus[1].state = on[i];
		assert_int_equal(call(FN64(3), 1, ENTRY, 0), PSCI_ALREADY_ON);
		assert_int_equal(call(FN64(3), 1, 2, 0), PSCI_ALREADY_ON);
	}
	assert_int_equal(call(FN64(3), 0, ENTRY, 0), PSCI_ALREADY_ON); /* itself */
	assert_null(powered_on);
	/* Another caller is faster. */
	power_on_status = ERR_BUSY;
	assert_int_equal(call(FN64(3), 2, ENTRY, 0), PSCI_ALREADY_ON);
}

static void test_cpu_on_entry(void **state)
{
	static const uint64_t bad[] = { 0, RAM_BASE - 4, RAM_BASE + RAM_SIZE, ENTRY + 1, ENTRY + 2,
		ENTRY | BIT(48), ~UINT64_C(3), 0x09000000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(call(FN64(3), 1, bad[i], 0), PSCI_INVALID_ADDRESS);
	assert_null(powered_on);
}

static void test_cpu_off(void **state)
{
	(void)state;
	call(FN(2), 0, 0, 0);
	assert_int_equal(me->work, WORK_STOP);
	me->work = 0;
	assert_int_equal(call(FN64(2), 0, 0, 0), -1);
	assert_int_equal(me->work, 0);
}

static void test_affinity_info(void **state)
{
	(void)state;
	vcpus[1].state = VCPU_BLOCKED;
	assert_int_equal(call(FN64(4), 0, 0, 0), 0);
	assert_int_equal(call(FN64(4), BIT(31) | 1, 0, 0), 0);
	assert_int_equal(call(FN64(4), 2, 0, 0), 1);
	assert_int_equal(call(FN(4), JUNK | 3, JUNK, 0), 1);
	assert_int_equal(call(FN64(4), VCPUS, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(4), 0x100, 0, 0), PSCI_INVALID_PARAMETERS);
	/* Level n: the fields below don't count, those from it on must be the VM's. */
	assert_int_equal(call(FN64(4), 0x77, 1, 0), 0);
	assert_int_equal(call(FN64(4), 0x100, 1, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(4), 0x7777, 2, 0), 0);
	assert_int_equal(call(FN64(4), 0x10000, 2, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(4), 0x777777, 3, 0), 0);
	assert_int_equal(call(FN64(4), UINT64_C(0x100000000), 3, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(4), UINT64_C(0x100000000), 1, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(4), BIT(24), 3, 0), PSCI_INVALID_PARAMETERS);
	for (uint64_t level = 4; level; level <<= 1)
		assert_int_equal(call(FN64(4), 0, level, 0), PSCI_INVALID_PARAMETERS);
}

static void test_system(void **state)
{
	(void)state;
	assert_int_equal(call(FN(6), 0, 0, 0), 2);
	/* x0 in case the VM is entered once more. */
	assert_int_equal(call(FN(8), 0, 0, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(power_offs, 2);
	assert_int_equal(call(FN(9), 0, 0, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(resets, 2);
	assert_int_equal(call(FN64(18), 0, 5, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(call(FN(18), JUNK, 5, 0), PSCI_INTERNAL_FAILURE);
	assert_int_equal(resets, 6);
	assert_int_equal(call(FN64(18), 1, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(18), BIT(31), 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(resets, 6);
	assert_int_equal(power_offs, 2);
}

static void test_suspend_standby(void **state)
{
	(void)state;
	for (unsigned conduit = SMCCC_HVC; conduit <= SMCCC_SMC; conduit++) {
		assert_int_equal(call_by(conduit, FN64(1), 0, 0, 0), EXIT_WAIT);
		assert_int_equal(me->regs.x[0], 0);
		/* Identifier and level are the platform's. */
		assert_int_equal(call_by(conduit, FN(1), JUNK | 0x0300ffff, 0, 0), EXIT_WAIT);
	}
	/* There is a reason to wake already. */
	pending = true;
	assert_int_equal(call(FN(1), 0, 0, 0), 0);
	assert_int_equal(bank_resets, 0);
}

static void test_suspend_invalid(void **state)
{
	static const unsigned reserved[] = { 17, 18, 23, 26, 30, 31 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++)
		assert_int_equal(call(FN(1), BIT(reserved[i]), ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(1), BIT(32), ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(FN64(1), BIT(16), RAM_BASE - 4, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(call(FN64(1), BIT(16), ENTRY + 2, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(bank_resets, 0);
}

static void expect_entered(uint64_t context)
{
	assert_int_equal(me->regs.pc, ENTRY);
	assert_int_equal(me->regs.x[0], context);
	for (unsigned i = 1; i < 31; i++)
		assert_int_equal(me->regs.x[i], 0);
	assert_int_equal(me->regs.pstate, 0x3c5);
	assert_int_equal(bank_resets, 1);
	assert_int_equal(bank_loads, 1);
}

static void test_suspend_power_down(void **state)
{
	/* Blocks; has an interrupt; has work to do. Nothing may move the PC afterwards. */
	static const struct {
		bool pending, blocks;
		enum exit_result result;
	} rows[] = {
		{ false, true, EXIT_RESCHEDULE },
		{ true, true, EXIT_SWITCH },
		{ false, false, EXIT_SWITCH },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned conduit = SMCCC_HVC; conduit <= SMCCC_SMC; conduit++) {
			setup(state);
			pending = rows[i].pending;
			blocks = rows[i].blocks;
			assert_int_equal(
				call_by(conduit, FN64(1), BIT(16) | BIT(24), ENTRY, JUNK | 5),
				rows[i].result);
			expect_entered(JUNK | 5);
		}
	}
	setup(state);
	blocks = true;
	assert_int_equal(
		call_by(SMCCC_HVC, FN(1), BIT(16), JUNK | ENTRY, JUNK | 5), EXIT_RESCHEDULE);
	expect_entered(5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_version, setup),
		cmocka_unit_test_setup(test_functions, setup),
		cmocka_unit_test_setup(test_cpu_on, setup),
		cmocka_unit_test_setup(test_cpu_on_target, setup),
		cmocka_unit_test_setup(test_cpu_on_state, setup),
		cmocka_unit_test_setup(test_cpu_on_entry, setup),
		cmocka_unit_test_setup(test_cpu_off, setup),
		cmocka_unit_test_setup(test_affinity_info, setup),
		cmocka_unit_test_setup(test_system, setup),
		cmocka_unit_test_setup(test_suspend_standby, setup),
		cmocka_unit_test_setup(test_suspend_invalid, setup),
		cmocka_unit_test_setup(test_suspend_power_down, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
