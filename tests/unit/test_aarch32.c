/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs with an AArch32 EL1: which x register each register of each mode is, how they begin, and
 * what is saved and loaded for them alone.
 *
 * links: hyp/vm/aarch32.c hyp/vm/vcpu.c hyp/vm/bank.c hyp/arch/features.c hyp/arch/el2_controls.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define RAM   UINT64_C(0x40000000)
#define SIZE  UINT64_C(0x200000)
#define ENTRY UINT64_C(0x40010000)

static struct vm vm;
static struct vcpu vcpu;
static struct vm_part parts[NR_PARTS];
static unsigned powered_on;

void sched_power_on(struct vcpu *v)
{
	assert_ptr_equal(v, &vcpu);
	powered_on++;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ .aarch32_el1 = true };
	vm = (struct vm){
		.ram_base = IPA(RAM), .ram_size = SIZE, .state = VM_RUNNING, .policy.aarch32 = true
	};
	vcpu = (struct vcpu){ .vm = &vm };
	memset(parts, 0, sizeof(parts));
	parts[PART_AARCH32] = aarch32_part;
	vm_parts = parts;
	powered_on = 0;
	return 0;
}

/* Arm ARM D1.20.2, as a table: x0 to x30 by the names that AArch32 has for them. */
static void test_registers(void **state)
{
	static const struct {
		unsigned mode, n, x;
	} rows[] = {
		{ AARCH32_USR, 8, 8 },
		{ AARCH32_USR, 12, 12 },
		{ AARCH32_USR, 13, 13 },
		{ AARCH32_USR, 14, 14 },
		{ AARCH32_SYS, 13, 13 },
		{ AARCH32_SYS, 14, 14 },
		{ AARCH32_IRQ, 12, 12 },
		{ AARCH32_IRQ, 14, 16 },
		{ AARCH32_IRQ, 13, 17 },
		{ AARCH32_SVC, 14, 18 },
		{ AARCH32_SVC, 13, 19 },
		{ AARCH32_ABT, 14, 20 },
		{ AARCH32_ABT, 13, 21 },
		{ AARCH32_UND, 14, 22 },
		{ AARCH32_UND, 13, 23 },
		{ AARCH32_FIQ, 7, 7 },
		{ AARCH32_FIQ, 8, 24 },
		{ AARCH32_FIQ, 9, 25 },
		{ AARCH32_FIQ, 10, 26 },
		{ AARCH32_FIQ, 11, 27 },
		{ AARCH32_FIQ, 12, 28 },
		{ AARCH32_FIQ, 13, 29 },
		{ AARCH32_FIQ, 14, 30 },
	};
	static const unsigned modes[] = { AARCH32_USR, AARCH32_SYS, AARCH32_IRQ, AARCH32_SVC,
		AARCH32_ABT, AARCH32_UND, AARCH32_FIQ };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(aarch32_register(rows[i].mode, rows[i].n), rows[i].x);
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		for (unsigned n = 0; n < 8; n++)
			assert_int_equal(aarch32_register(modes[i], n), n);
		assert_int_equal(aarch32_register(modes[i], 15), 31);
		/* What a CPU has translated already. */
		for (unsigned n = 16; n < 32; n++)
			assert_int_equal(aarch32_register(modes[i], n), n);
	}
	assert_int_equal(AARCH32_LR_ABT, aarch32_register(AARCH32_ABT, 14));
	assert_int_equal(AARCH32_LR_UND, aarch32_register(AARCH32_UND, 14));
}

static void test_reset(void **state)
{
	(void)state;
	memset(vcpu.bank32, 0x5a, sizeof(vcpu.bank32));
	memset(&vcpu.regs, 0x5a, sizeof(vcpu.regs));
	vcpu_reset(&vcpu, ENTRY, 7);
	assert_true(vcpu.aarch32);
	assert_int_equal(vcpu.hcr, guest_hcr() & ~HCR_EL2_RW);
	assert_true(guest_hcr() & HCR_EL2_RW);
	assert_int_equal(vcpu.regs.pstate, 0x1d3);
	assert_int_equal(vcpu.regs.pc, ENTRY);
	assert_int_equal(vcpu.regs.x[0], 7);
	for (unsigned i = 1; i < 31; i++)
		assert_int_equal(vcpu.regs.x[i], 0);
	assert_int_equal(vcpu.bank[BANK_SCTLR_EL1], 0xc50838);
	for (unsigned i = 0; i < NR_BANK32_SLOTS; i++)
		assert_int_equal(vcpu.bank32[i], 0);
	assert_int_equal(vcpu.on_demand, BIT(PART_AARCH32));

	vcpu_reset(&vcpu, ENTRY | 3, 7);
	assert_int_equal(vcpu.regs.pstate, 0x1f3);
	assert_int_equal(vcpu.regs.pc, ENTRY | 2);

	vm.policy.aarch32 = false;
	vcpu_reset(&vcpu, ENTRY | 1, 7);
	assert_false(vcpu.aarch32);
	assert_int_equal(vcpu.hcr, guest_hcr());
	assert_int_equal(vcpu.regs.pstate, 0x3c5);
	assert_int_equal(vcpu.regs.pc, ENTRY | 1);
	assert_int_equal(vcpu.on_demand, 0);
	assert_int_not_equal(vcpu.bank[BANK_SCTLR_EL1], 0xc50838);
}

/* The VM's own entry has r0 to r2, CPU_ON has r0. */
static void test_boot(void **state)
{
	(void)state;
	vm.entry = (struct vm_entry){ .pc = ENTRY, .x0 = 1, .x1 = 2, .x2 = 3 };
	assert_int_equal(vcpu_boot_locked(&vcpu), OK);
	assert_int_equal(powered_on, 1);
	assert_int_equal(vcpu.regs.pc, ENTRY);
	assert_int_equal(vcpu.regs.x[0], 1);
	assert_int_equal(vcpu.regs.x[1], 2);
	assert_int_equal(vcpu.regs.x[2], 3);
	vcpu.state = VCPU_OFF;
	assert_int_equal(vcpu_power_on_locked(&vcpu, ENTRY | 1, 9), OK);
	assert_int_equal(vcpu.regs.x[0], 9);
	assert_int_equal(vcpu.regs.x[1] | vcpu.regs.x[2], 0);
	assert_true(vcpu.regs.pstate & PSTATE_AA32_T);
	vcpu.state = VCPU_BLOCKED;
	assert_int_equal(vcpu_boot_locked(&vcpu), ERR_BUSY);
}

static void test_save_and_load(void **state)
{
	static const struct {
		unsigned encoding, slot;
	} rows[] = {
		{ SYS_SPSR_IRQ, BANK32_SPSR_IRQ },
		{ SYS_SPSR_ABT, BANK32_SPSR_ABT },
		{ SYS_SPSR_UND, BANK32_SPSR_UND },
		{ SYS_SPSR_FIQ, BANK32_SPSR_FIQ },
		{ SYS_DACR32_EL2, BANK32_DACR32_EL2 },
		{ SYS_IFSR32_EL2, BANK32_IFSR32_EL2 },
		{ SYS_FPEXC32_EL2, BANK32_FPEXC32_EL2 },
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(rows), NR_BANK32_SLOTS);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		fake_sysreg_set(rows[i].encoding, 0x100 + i);
	aarch32_part.vcpu_put(&vcpu);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(vcpu.bank32[rows[i].slot], 0x100 + i);
		vcpu.bank32[rows[i].slot] = 0x200 + i;
	}
	aarch32_part.vcpu_load(&vcpu);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(fake_sysreg_get(rows[i].encoding), 0x200 + i);
	assert_true(aarch32_part.on_demand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_boot, setup),
		cmocka_unit_test_setup(test_save_and_load, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
