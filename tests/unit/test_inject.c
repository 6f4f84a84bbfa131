/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions for a guest's EL1: what each function records, and what the entry does with PSTATE,
 * vector and syndrome.
 *
 * links: hyp/vm/inject.c hyp/arch/features.c
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
#include "hyp/vm/inject.h"
#include "tests/unit/fake/cpu.h"

#define PC   UINT64_C(0xffff800080010000)
#define VBAR UINT64_C(0xffff800080000800)
#define FAR  UINT64_C(0x00ff123456789abc)
#define OLD  UINT64_C(0x5a5a5a5a5a5a5a5a) /* in registers that must stay */

#define DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

static struct vcpu vcpu;

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ .pan = true, .ssbs = true, .ras = true };
	vcpu = (struct vcpu){ .regs = { .pc = PC, .pstate = PSTATE_EL1H } };
	fake_reg(VBAR_EL1) = VBAR;
	fake_reg(FAR_EL1) = OLD;
	return 0;
}

/* Of exits, with more in them than an abort of the guest's is to have. */
#define DATA  ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_ISV | ISS_SAS | ISS_EA | 7)
#define FETCH ESR_MAKE(EC_INSN_ABORT_LOWER, ISS_EA | 7)

/* Handlers record; nothing of the guest changes before exit_finish(). */
static void test_record(void **state)
{
	(void)state;
	assert_int_equal(inject_undefined(&vcpu), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x02000000);
	assert_false(vcpu.inject.has_far);
	assert_int_equal(inject_external_abort(&vcpu, DATA, FAR), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x92000010);
	assert_true(vcpu.inject.has_far);
	assert_int_equal(vcpu.inject.far, FAR);
	assert_int_equal(inject_external_abort(&vcpu, FETCH, FAR), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x82000010);
	assert_int_equal(inject_external_abort(&vcpu, DATA | ISS_WNR, FAR), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x92000050);
	assert_int_equal(inject_external_abort(&vcpu, DATA | ISS_WNR | ISS_CM, FAR), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x92000150);
	for (unsigned level = 0; level < 4; level++) {
		assert_int_equal(
			inject_external_abort_on_walk(&vcpu, DATA, FAR, level), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr, 0x92000014 + level);
		assert_int_equal(
			inject_external_abort_on_walk(&vcpu, FETCH, FAR, level), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr, 0x82000014 + level);
	}
	assert_int_equal(inject_data_abort(&vcpu, ISS_CM | ISS_WNR | 0xf, FAR), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x9200014f);
	assert_int_equal(inject_instruction_abort(&vcpu, 0xd, FAR), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x8200000d);
	assert_int_equal(inject_sync(&vcpu, 0x62300401), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x62300401);
	assert_false(vcpu.inject.has_far);
	assert_int_equal(vcpu.regs.pc, PC);
	assert_int_equal(vcpu.regs.pstate, PSTATE_EL1H);
	assert_int_equal(fake_sysreg_writes(SYS_ELR_EL1), 0);
}

static void test_vectors(void **state)
{
	(void)state;
	assert_int_equal(inject_vector_offset(PSTATE_EL1T), 0x000);
	assert_int_equal(inject_vector_offset(PSTATE_EL1H), 0x200);
	assert_int_equal(inject_vector_offset(PSTATE_EL0T), 0x400);
	assert_int_equal(inject_vector_offset(PSTATE_EL0T | PSTATE_NRW), 0x600);
	assert_int_equal(inject_vector_offset(DAIF | PSTATE_N | PSTATE_EL1H), 0x200);
}

/* Each bit of the old PSTATE alone: kept, cleared or set (Arm ARM, AArch64.TakeException). */
static void test_new_pstate(void **state)
{
	uint64_t kept = PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V | PSTATE_DIT | PSTATE_PAN;
	uint64_t base = DAIF | PSTATE_EL1H;

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t old = BIT(bit);

		if (old & PSTATE_NRW)
			continue;
		assert_int_equal(
			inject_new_pstate(old, SCTLR_EL1_SPAN, true, true), base | (old & kept));
	}
	/* SPAN = 0 sets PAN, DSSBS sets SSBS: where the CPU has them. */
	assert_int_equal(inject_new_pstate(0, 0, true, true), base | PSTATE_PAN);
	assert_int_equal(inject_new_pstate(0, 0, false, false), base);
	assert_int_equal(inject_new_pstate(0, SCTLR_EL1_SPAN | SCTLR_EL1_DSSBS, true, true),
		base | PSTATE_SSBS);
	assert_int_equal(inject_new_pstate(PSTATE_SSBS, SCTLR_EL1_SPAN, true, true), base);
	assert_int_equal(inject_new_pstate(0, SCTLR_EL1_SPAN | SCTLR_EL1_DSSBS, true, false), base);
	assert_int_equal(inject_new_pstate(PSTATE_PAN, SCTLR_EL1_SPAN, false, false), base);
}

/* From AArch32: its own bits go; SPSR_EL2 has DIT at the same place for both states, and SS at 21.
 */
static void test_new_pstate_from_aarch32(void **state)
{
	uint64_t base = DAIF | PSTATE_EL1H;
	uint64_t own = PSTATE_NRW | PSTATE_AA32_T | PSTATE_AA32_E | PSTATE_AA32_IT_LOW |
		PSTATE_AA32_IT_HIGH | GENMASK(19, 16) | BIT(27);

	(void)state;
	assert_int_equal(inject_new_pstate(own, SCTLR_EL1_SPAN, true, true), base);
	assert_int_equal(inject_new_pstate(own | PSTATE_DIT | PSTATE_C, SCTLR_EL1_SPAN, true, true),
		base | PSTATE_DIT | PSTATE_C);
	assert_int_equal(inject_new_pstate(own | PSTATE_SS, SCTLR_EL1_SPAN, true, true), base);
}

/* Where aborts come from changes their class; of nothing else. */
static void test_class(void **state)
{
	static const struct {
		uint64_t recorded, pstate, expected, vector;
	} rows[] = {
		{ 0x92000010, PSTATE_EL1H, 0x96000010, 0x200 },
		{ 0x92000010, PSTATE_EL1T, 0x96000010, 0x000 },
		{ 0x92000010, PSTATE_EL0T, 0x92000010, 0x400 },
		{ 0x92000010, PSTATE_EL0T | PSTATE_NRW, 0x92000010, 0x600 },
		{ 0x8200000d, PSTATE_EL1H, 0x8600000d, 0x200 },
		{ 0x8200000d, PSTATE_EL0T, 0x8200000d, 0x400 },
		{ 0x02000000, PSTATE_EL1H, 0x02000000, 0x200 },
		{ 0x02000000, PSTATE_EL0T, 0x02000000, 0x400 },
		{ 0x62300401, PSTATE_EL1H, 0x62300401, 0x200 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu.regs.pc = PC;
		vcpu.regs.pstate = rows[i].pstate;
		inject_sync(&vcpu, rows[i].recorded);
		inject_now(&vcpu);
		assert_int_equal(fake_reg(ESR_EL1), rows[i].expected);
		assert_int_equal(vcpu.regs.pc, VBAR + rows[i].vector);
		assert_int_equal(fake_reg(ELR_EL1), PC);
		assert_int_equal(fake_reg(SPSR_EL1), rows[i].pstate);
	}
	assert_int_equal(fake_reg(FAR_EL1), OLD);
}

static void test_now(void **state)
{
	uint64_t pstate =
		PSTATE_Z | PSTATE_SS | PSTATE_IL | PSTATE_BTYPE | PSTATE_UAO | PSTATE_EL1H;

	(void)state;
	vcpu.regs.pstate = pstate;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_DSSBS;
	inject_external_abort(&vcpu, DATA, FAR);
	inject_now(&vcpu);
	assert_int_equal(fake_reg(FAR_EL1), FAR);
	assert_int_equal(fake_reg(SPSR_EL1), pstate);
	assert_int_equal(
		vcpu.regs.pstate, PSTATE_Z | PSTATE_PAN | PSTATE_SSBS | DAIF | PSTATE_EL1H);
	/* A second one, with none of the first's address. */
	fake_reg(FAR_EL1) = OLD;
	inject_undefined(&vcpu);
	inject_now(&vcpu);
	assert_int_equal(fake_reg(FAR_EL1), OLD);
	assert_int_equal(fake_reg(ELR_EL1), VBAR + 0x200);
}

/* The vCPU is past the instruction already. */
static void test_undefined_at(void **state)
{
	(void)state;
	vcpu.regs.pc = PC + 4;
	vcpu.regs.pstate = PSTATE_EL1H;
	inject_undefined_at(&vcpu, PC, PSTATE_EL0T | PSTATE_C);
	assert_int_equal(fake_reg(ELR_EL1), PC);
	assert_int_equal(fake_reg(SPSR_EL1), PSTATE_EL0T | PSTATE_C);
	assert_int_equal(fake_reg(ESR_EL1), 0x02000000);
	assert_int_equal(vcpu.regs.pc, VBAR + 0x400);
}

/* A virtual SError is pending until the guest takes it; its syndrome needs FEAT_RAS. */
/* Every exception that is given is counted by its class, and in the trace. */
static void test_counted(void **state)
{
	static const struct {
		unsigned ec;
		enum inject_class class;
	} all[] = {
		{ EC_UNKNOWN, INJECT_UNDEFINED },
		{ EC_INSN_ABORT_LOWER, INJECT_INSTRUCTION_ABORT },
		{ EC_DATA_ABORT_LOWER, INJECT_DATA_ABORT },
		{ EC_SERROR, INJECT_SERROR },
		{ EC_SYSREG, INJECT_OTHER },
	};

	(void)state;
	memset(vcpu.injected, 0, sizeof(vcpu.injected));
	vcpu.trace_id = TRACE_VCPU(2, 3);
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		const struct trace_entry *entry = cpus[0].trace.next;

		if (all[i].ec == EC_SERROR) {
			inject_serror(&vcpu, 0x11);
		} else {
			inject_sync(&vcpu, ESR_MAKE(all[i].ec, 0x11));
			inject_now(&vcpu);
		}
		for (unsigned c = 0; c < NR_INJECT_CLASSES; c++)
			assert_int_equal(vcpu.injected[c], c <= i);
		assert_int_equal(all[i].class, i);
		assert_int_equal(entry->what, TRACE_WHAT(TRACE_INJECT) | TRACE_VCPU(2, 3));
		assert_int_equal(entry->argument, ESR_MAKE(all[i].ec, 0x11));
	}
}

static void test_serror(void **state)
{
	(void)state;
	vcpu.hcr = HCR_EL2_VM;
	inject_serror(&vcpu, 0x1234567);
	assert_int_equal(vcpu.hcr, HCR_EL2_VM | HCR_EL2_VSE);
	assert_int_equal(fake_reg(HCR_EL2), HCR_EL2_VM | HCR_EL2_VSE);
	assert_int_equal(fake_reg(VSESR_EL2), 0x1234567);
	assert_int_equal(vcpu.regs.pc, PC);
	cpu_features.ras = false;
	inject_serror(&vcpu, 0x11);
	assert_int_equal(fake_sysreg_writes(SYS_VSESR_EL2), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_record),
		TEST(test_vectors),
		TEST(test_new_pstate),
		TEST(test_new_pstate_from_aarch32),
		TEST(test_class),
		TEST(test_now),
		TEST(test_undefined_at),
		TEST(test_counted),
		TEST(test_serror),
	};

	return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
