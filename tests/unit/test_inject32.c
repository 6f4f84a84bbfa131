/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions for an AArch32 EL1: the status registers code by code, mode, masks, link register and
 * SPSR from each state, vectors, halves of FAR_EL1.
 *
 * links: hyp/vm/inject.c hyp/vm/inject32.c hyp/vm/aarch32.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/inject32.h"
#include "tests/unit/fake/cpu.h"

#define PC        UINT64_C(0x40001236)
#define VBAR      UINT64_C(0x40008020)
#define FAR       UINT64_C(0x0c000124)
#define OLD       UINT64_C(0x1111111122222222)

#define ARM_SVC   (PSTATE_NRW | AARCH32_SVC)
#define THUMB_SVC (ARM_SVC | PSTATE_AA32_T)
#define LOAD      ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_ISV | 7)
#define STORE     ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_ISV | ISS_WNR | 7)
#define FETCH     ESR_MAKE(EC_INSN_ABORT_LOWER, 7)

static struct vcpu vcpu;

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ .ras = true };
	vcpu = (struct vcpu){ .aarch32 = true, .regs = { .pc = PC, .pstate = ARM_SVC } };
	for (unsigned i = 0; i < 31; i++)
		vcpu.regs.x[i] = OLD + i;
	fake_reg(VBAR_EL1) = VBAR;
	fake_reg(FAR_EL1) = OLD;
	fake_reg(ESR_EL1) = OLD;
	fake_reg(IFSR32_EL2) = OLD;
	return 0;
}

static void test_short_status(void **state)
{
	static const struct {
		uint8_t fsc, fs;
	} rows[] = {
		{ 0x00, 0x08 }, /* address size: there is none */
		{ 0x05, 0x05 },
		{ 0x06, 0x07 },
		{ 0x07, 0x07 },
		{ 0x09, 0x03 },
		{ 0x0a, 0x06 },
		{ 0x0d, 0x0d },
		{ 0x0e, 0x0f },
		{ 0x10, 0x08 },
		{ 0x15, 0x0c },
		{ 0x16, 0x0e },
		{ 0x21, 0x01 },
		{ 0x30, 0x10 },
		{ 0x34, 0x14 },
		{ 0x35, 0x15 },
		{ 0x3d, 0x09 }, /* domain */
		{ 0x3e, 0x0b },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t fsr = (rows[i].fs & 0x0fU) | (rows[i].fs & 0x10U) << 6;

		assert_int_equal(inject32_fsr(rows[i].fsc, true, false), fsr);
		assert_int_equal(inject32_fsr(rows[i].fsc, false, false), fsr);
	}
}

static void test_flags_of_status(void **state)
{
	(void)state;
	for (unsigned fsc = 0; fsc < 64; fsc++) {
		assert_int_equal(inject32_fsr(fsc, true, true), 0x200 | fsc);
		assert_int_equal(inject32_fsr(fsc, false, true), 0x200 | fsc);
	}
	for (unsigned wide = 0; wide < 2; wide++) {
		uint32_t base = wide ? 0x210 : 0x008;

		assert_int_equal(inject32_fsr(ISS_WNR | 0x10, true, wide), base | 0x0800);
		assert_int_equal(inject32_fsr(ISS_CM | 0x10, true, wide), base | 0x2000);
		assert_int_equal(inject32_fsr(ISS_EA | 0x10, true, wide), base | 0x1000);
		assert_int_equal(inject32_fsr(ISS_FNV | 0x10, true, wide), base | 0x10000);
		/* What IFSR hasn't got. */
		assert_int_equal(inject32_fsr(ISS_WNR | ISS_CM | 0x10, false, wide), base);
		assert_int_equal(
			inject32_fsr(ISS_EA | ISS_FNV | 0x10, false, wide), base | 0x11000);
	}
}

static void test_new_pstate(void **state)
{
	const uint64_t kept = PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V | PSTATE_AA32_Q |
		PSTATE_AA32_GE | PSTATE_DIT;
	const uint64_t lost = PSTATE_AA32_T | PSTATE_AA32_E | PSTATE_AA32_IT_HIGH |
		PSTATE_AA32_IT_LOW | PSTATE_IL | PSTATE_SS | PSTATE_AA32_SSBS;

	(void)state;
	assert_int_equal(inject32_new_pstate(ARM_SVC | kept | lost, 0, AARCH32_UND, false, false),
		kept | PSTATE_NRW | AARCH32_UND | PSTATE_I);
	assert_int_equal(inject32_new_pstate(ARM_SVC | kept | lost, 0, AARCH32_ABT, false, false),
		kept | PSTATE_NRW | AARCH32_ABT | PSTATE_I | PSTATE_A);
	/* Masks that were set stay; F is never set. */
	assert_int_equal(
		inject32_new_pstate(ARM_SVC | PSTATE_A | PSTATE_F, 0, AARCH32_UND, false, false),
		PSTATE_NRW | AARCH32_UND | PSTATE_A | PSTATE_I | PSTATE_F);
	assert_int_equal(
		inject32_new_pstate(ARM_SVC, SCTLR32_TE | SCTLR_EL1_EE, AARCH32_UND, false, false),
		PSTATE_NRW | AARCH32_UND | PSTATE_I | PSTATE_AA32_T | PSTATE_AA32_E);
	/* PAN: as it was with SPAN, else set, where it is there. */
	assert_int_equal(
		inject32_new_pstate(ARM_SVC, SCTLR_EL1_SPAN, AARCH32_UND, true, false) & PSTATE_PAN,
		0);
	assert_int_equal(inject32_new_pstate(
				 ARM_SVC | PSTATE_PAN, SCTLR_EL1_SPAN, AARCH32_UND, true, false) &
			PSTATE_PAN,
		PSTATE_PAN);
	assert_int_equal(
		inject32_new_pstate(ARM_SVC, 0, AARCH32_UND, true, false) & PSTATE_PAN, PSTATE_PAN);
	assert_int_equal(inject32_new_pstate(ARM_SVC | PSTATE_PAN, 0, AARCH32_UND, false, false) &
			PSTATE_PAN,
		0);
	assert_int_equal(inject32_new_pstate(ARM_SVC, SCTLR32_DSSBS, AARCH32_UND, false, true) &
			PSTATE_AA32_SSBS,
		PSTATE_AA32_SSBS);
	assert_int_equal(inject32_new_pstate(ARM_SVC, SCTLR32_DSSBS, AARCH32_UND, false, false) &
			PSTATE_AA32_SSBS,
		0);
	assert_int_equal(
		inject32_new_pstate(ARM_SVC, 0, AARCH32_UND, false, true) & PSTATE_AA32_SSBS, 0);
}

static void test_spsr(void **state)
{
	(void)state;
	assert_int_equal(
		inject32_spsr(UINT64_C(0xfe8ffdff) & ~PSTATE_DIT), 0xfe8ffdff & ~0x1000000);
	assert_int_equal(inject32_spsr(ARM_SVC | PSTATE_DIT), ARM_SVC | PSTATE_AA32_DIT);
	assert_int_equal(inject32_spsr(ARM_SVC | PSTATE_SS), ARM_SVC);
	assert_int_equal(
		inject32_spsr(ARM_SVC | PSTATE_SS | PSTATE_DIT), ARM_SVC | PSTATE_AA32_DIT);
}

/* Nothing but what is said has changed. */
static void check_x(unsigned changed, uint64_t value)
{
	for (unsigned i = 0; i < 31; i++)
		assert_int_equal(vcpu.regs.x[i], i == changed ? value : OLD + i);
}

static void test_undefined(void **state)
{
	(void)state;
	vcpu.regs.pstate = ARM_SVC | PSTATE_Z;
	inject_undefined(&vcpu);
	inject_now(&vcpu);
	check_x(22, PC + 4);
	assert_int_equal(fake_reg(SPSR_UND), ARM_SVC | PSTATE_Z);
	assert_int_equal(vcpu.regs.pc, VBAR + 4);
	assert_int_equal(vcpu.regs.pstate, PSTATE_NRW | AARCH32_UND | PSTATE_Z | PSTATE_I);
	assert_int_equal(fake_reg(ESR_EL1), OLD);
	assert_int_equal(fake_reg(FAR_EL1), OLD);
	assert_int_equal(fake_sysreg_writes(SYS_ELR_EL1), 0);
	assert_int_equal(fake_sysreg_writes(SYS_SPSR_EL1), 0);
	assert_int_equal(vcpu.injected[INJECT_UNDEFINED], 1);

	setup(state);
	vcpu.regs.pstate = THUMB_SVC;
	vcpu.regs.pc = UINT32_MAX - 1;
	inject_undefined(&vcpu);
	inject_now(&vcpu);
	check_x(22, 0);
	assert_int_equal(fake_reg(SPSR_UND), THUMB_SVC);
}

/* What AArch64 reports as a trap is Undefined here. */
static void test_other_classes(void **state)
{
	static const unsigned classes[] = { EC_SYSREG, EC_ILLEGAL_STATE, EC_PC_ALIGNMENT, 0x3f };

	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++) {
		setup(state);
		inject_sync(&vcpu, ESR_MAKE(classes[i], 0x123));
		inject_now(&vcpu);
		assert_int_equal(vcpu.regs.pc, VBAR + 4);
		check_x(22, PC + 4);
	}
}

static void test_data_abort(void **state)
{
	(void)state;
	inject_external_abort(&vcpu, LOAD, FAR);
	inject_now(&vcpu);
	check_x(20, PC + 8);
	assert_int_equal(fake_reg(SPSR_ABT), ARM_SVC);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x10);
	assert_int_equal(vcpu.regs.pstate, PSTATE_NRW | AARCH32_ABT | PSTATE_I | PSTATE_A);
	assert_int_equal(fake_reg(ESR_EL1), 0x008);
	assert_int_equal(fake_reg(IFSR32_EL2), OLD);
	assert_int_equal(fake_reg(FAR_EL1), (OLD & ~UINT64_C(0xffffffff)) | FAR);

	setup(state);
	fake_reg(TCR_EL1) = TTBCR_EAE;
	vcpu.regs.pstate = THUMB_SVC;
	inject_external_abort_on_walk(&vcpu, STORE, FAR, 2);
	inject_now(&vcpu);
	check_x(20, PC + 8);
	assert_int_equal(fake_reg(ESR_EL1), 0xa16);
}

static void test_prefetch_abort(void **state)
{
	(void)state;
	inject_external_abort(&vcpu, FETCH, UINT64_C(0xdead00000000) | FAR);
	inject_now(&vcpu);
	check_x(20, PC + 4);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x0c);
	assert_int_equal(vcpu.regs.pstate, PSTATE_NRW | AARCH32_ABT | PSTATE_I | PSTATE_A);
	assert_int_equal(fake_reg(IFSR32_EL2), 0x008);
	assert_int_equal(fake_reg(ESR_EL1), OLD);
	assert_int_equal(fake_reg(FAR_EL1), (OLD & 0xffffffff) | FAR << 32);

	setup(state);
	fake_reg(TCR_EL1) = TTBCR_EAE;
	inject_instruction_abort(&vcpu, ISS_FNV | FSC_EXTERNAL, 0);
	inject_now(&vcpu);
	assert_int_equal(fake_reg(IFSR32_EL2), 0x10210);
}

static void test_vectors(void **state)
{
	(void)state;
	fake_reg(VBAR_EL1) = UINT64_C(0xffffffff40008035);
	inject_undefined(&vcpu);
	inject_now(&vcpu);
	assert_int_equal(vcpu.regs.pc, 0x40008024);
	assert_false(inject32_at_vector(&vcpu));

	setup(state);
	fake_reg(SCTLR_EL1) = SCTLR32_V;
	inject_external_abort(&vcpu, FETCH, FAR);
	inject_now(&vcpu);
	assert_int_equal(vcpu.regs.pc, 0xffff000c);
	assert_true(inject32_at_vector(&vcpu));
	/* The same place in another mode, and another place in that mode. */
	vcpu.regs.pstate = ARM_SVC;
	assert_false(inject32_at_vector(&vcpu));
	vcpu.regs.pstate = PSTATE_NRW | AARCH32_ABT;
	vcpu.regs.pc += 4;
	assert_false(inject32_at_vector(&vcpu));
}

static void test_serror(void **state)
{
	static const struct {
		uint64_t iss, vsesr;
	} rows[] = {
		{ 0, 0 },
		{ 3 << 10, 0xc000 },
		{ 2 << 10 | FSC_SERROR, 0x8000 },
		{ 1 << 10 | ISS_EA, 0x5000 },
		{ ISS_SERROR_IDS | 0xffff, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(state);
		inject_serror(&vcpu, rows[i].iss);
		assert_int_equal(fake_reg(VSESR_EL2), rows[i].vsesr);
		assert_true(fake_reg(HCR_EL2) & HCR_EL2_VSE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_short_status, setup),
		cmocka_unit_test_setup(test_flags_of_status, setup),
		cmocka_unit_test_setup(test_new_pstate, setup),
		cmocka_unit_test_setup(test_spsr, setup),
		cmocka_unit_test_setup(test_undefined, setup),
		cmocka_unit_test_setup(test_other_classes, setup),
		cmocka_unit_test_setup(test_data_abort, setup),
		cmocka_unit_test_setup(test_prefetch_abort, setup),
		cmocka_unit_test_setup(test_vectors, setup),
		cmocka_unit_test_setup(test_serror, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
