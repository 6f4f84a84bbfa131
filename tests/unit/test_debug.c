/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's debug registers: what it reads, and when the CPU's own follow.
 *
 * links: hyp/trap/debug.c hyp/arch/features.c hyp/vm/inject.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/debug.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define BREAKPOINTS 6
#define WATCHPOINTS 4

#define BVR(n)      SYSREG_ENC(2, 0, 0, n, 4)
#define BCR(n)      SYSREG_ENC(2, 0, 0, n, 5)
#define WVR(n)      SYSREG_ENC(2, 0, 0, n, 6)
#define WCR(n)      SYSREG_ENC(2, 0, 0, n, 7)

static struct vm vm;
static struct vcpu vcpus[2];
static bool no_memory;

void *mm_zalloc(size_t size)
{
	return no_memory ? NULL : calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features =
		(struct cpu_features){ .breakpoints = BREAKPOINTS, .watchpoints = WATCHPOINTS };
	vm = (struct vm){ .nr_vcpus = 2, .vcpus = { &vcpus[0], &vcpus[1] } };
	for (unsigned i = 0; i < 2; i++)
		vcpus[i] = (struct vcpu){ .vm = &vm, .id = i, .regs.pstate = PSTATE_EL1H };
	assert_int_equal(debug_part.create(&vm), OK);
	debug_part.vcpu_reset(&vcpus[0]);
	debug_part.vcpu_reset(&vcpus[1]);
	debug_part.vcpu_load(&vcpus[0]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	debug_part.destroy(&vm);
	return 0;
}

static void write_reg(unsigned encoding, uint64_t value)
{
	vcpus[0].regs.x[5] = value;
	assert_int_equal(debug_access(&vcpus[0], encoding, true, 5), EXIT_SKIP);
	assert_int_equal(vcpus[0].regs.x[5], value);
}

static uint64_t read_reg(unsigned encoding)
{
	vcpus[0].regs.x[7] = ~UINT64_C(0);
	assert_int_equal(debug_access(&vcpus[0], encoding, false, 7), EXIT_SKIP);
	return vcpus[0].regs.x[7];
}

static void assert_undefined(unsigned encoding, bool write)
{
	vcpus[0].regs.x[5] = 42;
	assert_int_equal(debug_access(&vcpus[0], encoding, write, 5), EXIT_INJECT);
	assert_int_equal(ESR_GET_EC(vcpus[0].inject.esr), EC_UNKNOWN);
	assert_int_equal(vcpus[0].regs.x[5], 42);
}

static void switch_to(struct vcpu *from, struct vcpu *to)
{
	debug_part.vcpu_put(from);
	debug_part.vcpu_load(to);
}

static void test_after_reset(void **state)
{
	(void)state;
	assert_int_equal(read_reg(SYS_MDSCR_EL1), 0);
	assert_int_equal(read_reg(SYS_OSLSR_EL1), OSLSR_EL1_OSLM | OSLSR_EL1_OSLK);
	for (unsigned n = 0; n < BREAKPOINTS; n++) {
		assert_int_equal(read_reg(BVR(n)), 0);
		assert_int_equal(read_reg(BCR(n)), 0);
	}
	assert_int_equal(fake_sysreg_accesses, 0);
}

static void test_lock(void **state)
{
	(void)state;
	write_reg(SYS_OSLAR_EL1, ~UINT64_C(1));
	assert_int_equal(read_reg(SYS_OSLSR_EL1), OSLSR_EL1_OSLM);
	write_reg(SYS_OSLAR_EL1, 1);
	assert_int_equal(read_reg(SYS_OSLSR_EL1), OSLSR_EL1_OSLM | OSLSR_EL1_OSLK);
	assert_undefined(SYS_OSLAR_EL1, false);
	assert_undefined(SYS_OSLSR_EL1, true);
	/* XZR: writes zero, and reading is no more than a read */
	assert_int_equal(debug_access(&vcpus[0], SYS_OSLAR_EL1, true, 31), EXIT_SKIP);
	assert_int_equal(debug_access(&vcpus[0], SYS_OSLSR_EL1, false, 31), EXIT_SKIP);
	assert_int_equal(read_reg(SYS_OSLSR_EL1), OSLSR_EL1_OSLM);
}

static void test_res0(void **state)
{
	(void)state;
	write_reg(SYS_MDSCR_EL1, ~UINT64_C(0));
	assert_int_equal(read_reg(SYS_MDSCR_EL1),
		MDSCR_EL1_SS | MDSCR_EL1_TDCC | MDSCR_EL1_KDE | MDSCR_EL1_MDE);
	write_reg(BVR(1), ~UINT64_C(0));
	assert_int_equal(read_reg(BVR(1)), ~UINT64_C(0)); /* may be a context ID */
	write_reg(WVR(1), ~UINT64_C(0));
	assert_int_equal(read_reg(WVR(1)), ~UINT64_C(3));
	write_reg(BCR(1), ~UINT64_C(0));
	assert_int_equal(read_reg(BCR(1)), DBGBCR_EL1_FIELDS);
	write_reg(WCR(1), ~UINT64_C(0));
	assert_int_equal(read_reg(WCR(1)), DBGWCR_EL1_FIELDS);
}

/* Every register is one of its own, and those the CPU hasn't got are undefined. */
static void test_all_pairs(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 16; n++) {
		for (unsigned op2 = 4; op2 < 8; op2++) {
			unsigned encoding = SYSREG_ENC(2, 0, 0, n, op2);

			if (n < (op2 < 6 ? BREAKPOINTS : WATCHPOINTS)) {
				write_reg(encoding, (n + 1) << 13 | op2 << 5);
			} else {
				assert_undefined(encoding, false);
				assert_undefined(encoding, true);
			}
		}
	}
	for (unsigned n = 0; n < BREAKPOINTS; n++) {
		for (unsigned op2 = 4; op2 < (n < WATCHPOINTS ? 8 : 6); op2++)
			assert_int_equal(
				read_reg(SYSREG_ENC(2, 0, 0, n, op2)), (n + 1) << 13 | op2 << 5);
	}
}

/* As long as nothing is enabled the CPU's registers stay as they are: not written, not read. */
static void test_inactive(void **state)
{
	(void)state;
	write_reg(SYS_OSLAR_EL1, 0);
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_TDCC);
	write_reg(BVR(0), 0x1000);
	write_reg(BCR(0), 1);
	switch_to(&vcpus[0], &vcpus[1]);
	switch_to(&vcpus[1], &vcpus[0]);
	assert_int_equal(fake_sysreg_accesses, 0);
	/* The lock keeps what is enabled from coming into force. */
	write_reg(SYS_OSLAR_EL1, 1);
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_MDE);
	assert_int_equal(fake_sysreg_accesses, 0);
}

static void test_each_enable(void **state)
{
	static const uint64_t enables[] = { MDSCR_EL1_MDE, MDSCR_EL1_KDE, MDSCR_EL1_SS };

	(void)state;
	write_reg(SYS_OSLAR_EL1, 0);
	write_reg(BVR(5), 0x5550);
	write_reg(BCR(5), 0x1e5);
	write_reg(WVR(3), 0x3330);
	write_reg(WCR(3), 0x1ff5);
	for (unsigned i = 0; i < ARRAY_SIZE(enables); i++) {
		write_reg(SYS_MDSCR_EL1, enables[i] | MDSCR_EL1_TDCC);
		assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), enables[i] | MDSCR_EL1_TDCC);
		assert_int_equal(fake_sysreg_get(BVR(5)), 0x5550);
		assert_int_equal(fake_sysreg_get(BCR(5)), 0x1e5);
		assert_int_equal(fake_sysreg_get(WVR(3)), 0x3330);
		assert_int_equal(fake_sysreg_get(WCR(3)), 0x1ff5);
		write_reg(SYS_MDSCR_EL1, 0);
		assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), 0);
		assert_int_equal(fake_sysreg_get(BCR(5)), 0);
		assert_int_equal(fake_sysreg_get(WCR(3)), 0);
		/* the guest's stay */
		assert_int_equal(read_reg(BCR(5)), 0x1e5);
	}
	/* None that the CPU hasn't got was touched. */
	assert_int_equal(fake_sysreg_writes(BCR(BREAKPOINTS)), 0);
	assert_int_equal(fake_sysreg_writes(WCR(WATCHPOINTS)), 0);
}

/* While in force, changes reach the CPU at once; locking takes everything out. */
static void test_in_force(void **state)
{
	(void)state;
	write_reg(SYS_OSLAR_EL1, 0);
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_MDE);
	write_reg(BVR(2), 0x2000);
	write_reg(BCR(2), 0x1e7);
	assert_int_equal(fake_sysreg_get(BVR(2)), 0x2000);
	assert_int_equal(fake_sysreg_get(BCR(2)), 0x1e7);
	write_reg(SYS_OSLAR_EL1, 1);
	assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), 0);
	assert_int_equal(fake_sysreg_get(BVR(2)), 0);
	assert_int_equal(fake_sysreg_get(BCR(2)), 0);
	write_reg(SYS_OSLAR_EL1, 0);
	assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), MDSCR_EL1_MDE);
	assert_int_equal(fake_sysreg_get(BCR(2)), 0x1e7);
	/* The traps are never given up. */
	assert_int_equal(fake_sysreg_writes(SYS_MDCR_EL2), 0);
}

/* Two vCPUs on one CPU: nothing of one is left for the other; nor when either is reset. */
static void test_switch(void **state)
{
	(void)state;
	write_reg(SYS_OSLAR_EL1, 0);
	write_reg(BVR(0), 0x1000);
	write_reg(BCR(0), 0x1e5);
	write_reg(WVR(0), 0x2000);
	write_reg(WCR(0), 0x1ff5);
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_MDE | MDSCR_EL1_KDE);
	switch_to(&vcpus[0], &vcpus[1]);
	for (unsigned n = 0; n < 16; n++) {
		for (unsigned op2 = 4; op2 < 8; op2++)
			assert_int_equal(fake_sysreg_get(SYSREG_ENC(2, 0, 0, n, op2)), 0);
	}
	assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), 0);
	vcpus[1].regs.x[3] = 42;
	assert_int_equal(debug_access(&vcpus[1], BVR(0), false, 3), EXIT_SKIP);
	assert_int_equal(vcpus[1].regs.x[3], 0);

	switch_to(&vcpus[1], &vcpus[0]);
	assert_int_equal(fake_sysreg_get(BVR(0)), 0x1000);
	assert_int_equal(fake_sysreg_get(BCR(0)), 0x1e5);
	assert_int_equal(fake_sysreg_get(WVR(0)), 0x2000);
	assert_int_equal(fake_sysreg_get(WCR(0)), 0x1ff5);
	assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), MDSCR_EL1_MDE | MDSCR_EL1_KDE);

	assert_int_equal(vcpus[0].on_demand, BIT(PART_DEBUG));
	assert_int_equal(vcpus[1].on_demand, 0);
	debug_part.vcpu_put(&vcpus[0]);
	debug_part.vcpu_reset(&vcpus[0]);
	debug_part.vcpu_load(&vcpus[0]);
	assert_int_equal(fake_sysreg_get(SYS_MDSCR_EL1), 0);
	assert_int_equal(read_reg(BVR(0)), 0);
	assert_int_equal(read_reg(SYS_OSLSR_EL1), OSLSR_EL1_OSLM | OSLSR_EL1_OSLK);
}

/* The channel to a debugger that isn't there. */
static void test_channel(void **state)
{
	static const unsigned regs[] = { SYS_MDCCSR_EL0, SYS_DBGDTR_EL0, SYS_DBGDTRTX_EL0 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++)
		assert_int_equal(read_reg(regs[i]), 0);
	write_reg(SYS_DBGDTR_EL0, 5);
	write_reg(SYS_DBGDTRTX_EL0, 5);
	assert_undefined(SYS_MDCCSR_EL0, true);
	vcpus[0].regs.pstate = PSTATE_EL0T;
	assert_int_equal(read_reg(SYS_MDCCSR_EL0), 0);
	vcpus[0].regs.pstate = PSTATE_EL1T;
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_TDCC);
	assert_int_equal(read_reg(SYS_MDCCSR_EL0), 0); /* TDCC is about EL0 */
	vcpus[0].regs.pstate = PSTATE_EL0T;
	assert_int_equal(debug_access(&vcpus[0], SYS_MDCCSR_EL0, false, 9), EXIT_INJECT);
	/* MRS X9, MDCCSR_EL0: op0 2, op1 3, op2 0, CRn 0, CRm 1 */
	assert_int_equal(vcpus[0].inject.esr, UINT64_C(0x6220c123));
	assert_int_equal(debug_access(&vcpus[0], SYS_DBGDTR_EL0, true, 9), EXIT_INJECT);
	assert_int_equal(vcpus[0].inject.esr, UINT64_C(0x6220c128));
}

/* --- AArch32 --- */

#define MOE(n)     ((uint64_t)(n) << 2)
#define BREAKPOINT 1
#define BKPT       3
#define WATCHPOINT 10

static void be_aarch32(void)
{
	vm.policy.aarch32 = vcpus[0].aarch32 = true;
	vcpus[0].on_demand = 0;
	debug_part.vcpu_reset(&vcpus[0]);
	assert_int_equal(vcpus[0].on_demand, BIT(PART_DEBUG));
	debug_part.vcpu_load(&vcpus[0]);
}

/* What the CPU does. */
static void debug_exception(unsigned moe)
{
	fake_reg(MDSCR_EL1) = (fake_reg(MDSCR_EL1) & ~MOE(15)) | MOE(moe);
}

/* MOE is read as the CPU has left it, with nothing enabled and with something, and no write of
 * anything else changes it. */
static void test_moe(void **state)
{
	(void)state;
	be_aarch32();
	debug_exception(BKPT);
	assert_int_equal(read_reg(SYS_MDSCR_EL1), MOE(BKPT));
	assert_int_equal(read_reg(SYS_MDCCSR_EL0), MOE(BKPT));
	assert_int_equal(read_reg(SYS_DBGDTR_EL0), 0);
	write_reg(SYS_OSLAR_EL1, 0);
	write_reg(BVR(0), 0x1000);
	assert_int_equal(fake_reg(MDSCR_EL1), MOE(BKPT));
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_MDE | MOE(BKPT));
	assert_int_equal(fake_reg(MDSCR_EL1), MDSCR_EL1_MDE | MOE(BKPT));
	debug_exception(WATCHPOINT);
	assert_int_equal(read_reg(SYS_MDSCR_EL1), MDSCR_EL1_MDE | MOE(WATCHPOINT));
	assert_int_equal(read_reg(SYS_MDCCSR_EL0), MDSCR_EL1_MDE | MOE(WATCHPOINT));
	write_reg(BCR(0), 1);
	assert_int_equal(fake_reg(MDSCR_EL1), MDSCR_EL1_MDE | MOE(WATCHPOINT));
	write_reg(SYS_OSLAR_EL1, 1);
	assert_int_equal(fake_reg(MDSCR_EL1), MOE(WATCHPOINT));
	write_reg(SYS_MDSCR_EL1, MOE(BREAKPOINT));
	assert_int_equal(fake_reg(MDSCR_EL1), MOE(BREAKPOINT));
	assert_int_equal(read_reg(SYS_MDSCR_EL1), MOE(BREAKPOINT));
}

/* It goes with its vCPU, and nobody else finds it. */
static void test_moe_switch(void **state)
{
	(void)state;
	for (unsigned enabled = 0; enabled < 2; enabled++) {
		uint64_t mdscr = enabled ? MDSCR_EL1_MDE : 0;

		be_aarch32();
		write_reg(SYS_OSLAR_EL1, 0);
		write_reg(SYS_MDSCR_EL1, mdscr);
		debug_exception(BKPT);
		switch_to(&vcpus[0], &vcpus[1]);
		assert_int_equal(fake_reg(MDSCR_EL1), 0);
		switch_to(&vcpus[1], &vcpus[0]);
		assert_int_equal(fake_reg(MDSCR_EL1), mdscr | MOE(BKPT));
		assert_int_equal(read_reg(SYS_MDCCSR_EL0), mdscr | MOE(BKPT));
		debug_part.vcpu_put(&vcpus[0]);
	}
}

/* AArch64 has no such field. */
static void test_no_moe(void **state)
{
	(void)state;
	debug_exception(BKPT);
	assert_int_equal(read_reg(SYS_MDSCR_EL1), 0);
	assert_int_equal(read_reg(SYS_MDCCSR_EL0), 0);
	write_reg(SYS_MDSCR_EL1, MDSCR_EL1_MDE | MOE(15));
	assert_int_equal(read_reg(SYS_MDSCR_EL1), MDSCR_EL1_MDE);
	assert_int_equal(read_reg(SYS_MDCCSR_EL0), 0);
}

static void test_no_memory(void **state)
{
	struct vm other = { .nr_vcpus = 1, .vcpus = { &vcpus[0] } };

	(void)state;
	no_memory = true;
	assert_int_equal(debug_part.create(&other), ERR_NO_MEMORY);
	no_memory = false;
	assert_null(other.part[PART_DEBUG]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_after_reset),
		TEST(test_lock),
		TEST(test_res0),
		TEST(test_all_pairs),
		TEST(test_inactive),
		TEST(test_each_enable),
		TEST(test_in_force),
		TEST(test_switch),
		TEST(test_channel),
		TEST(test_moe),
		TEST(test_moe_switch),
		TEST(test_no_moe),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
