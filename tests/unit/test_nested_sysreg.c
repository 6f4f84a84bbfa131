/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped accesses at virtual EL2: every encoding there is, read and written, in both forms,
 * against a list of the architecture's own.
 *
 * links: hyp/nested/sysreg.c hyp/nested/vel2.c hyp/arch/sysreg_index.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/nested/at.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/sysreg.h"
#include "hyp/nested/timer.h"
#include "hyp/nested/tlbi.h"
#include "tests/unit/fake/cpu.h"

#define ENCODINGS 65536
#define RT        7
#define VALUE     UINT64_C(0x1234567890abcdef)
#define ANSWER    UINT64_C(0xfedcba0987654321)
#define ENTRY     UINT64_C(0x40080000)

struct cpu_features cpu_features;

static struct vm vm;
static struct vcpu vcpu;
static struct nested nested;
static uint64_t page[512];

/* --- what is below --- */

enum called { NOBODY, ORDINARILY, AT, TLBI, READ_GIC, WRITE_GIC, READ_TIMER, WRITE_TIMER };
static enum called called;
static unsigned called_encoding;
static uint64_t called_value;
static bool is_theirs; /* what the GIC and the timer say */

static void call(enum called who, unsigned encoding, uint64_t value)
{
	called = who;
	called_encoding = encoding;
	called_value = value;
}

/* Who answers what isn't the virtual EL2's. */
static enum exit_result otherwise(struct vcpu *of, uint64_t esr)
{
	assert_ptr_equal(of, &vcpu);
	assert_int_equal(ESR_GET_EC(esr), EC_SYSREG);
	called = ORDINARILY;
	called_encoding = sysreg_encoding_of(esr);
	return EXIT_STOP_VM;
}

enum exit_result nested_at(struct vcpu *of, unsigned encoding, uint64_t va)
{
	assert_ptr_equal(of, &vcpu);
	call(AT, encoding, va);
	return EXIT_RESUME;
}

enum exit_result nested_tlbi(struct vcpu *of, unsigned encoding, uint64_t operand)
{
	assert_ptr_equal(of, &vcpu);
	call(TLBI, encoding, operand);
	return EXIT_INJECT;
}

bool nested_gic_read(struct nested *of, unsigned encoding, uint64_t *value)
{
	assert_ptr_equal(of, &nested);
	call(READ_GIC, encoding, 0);
	*value = ANSWER;
	return is_theirs;
}

bool nested_gic_write(struct nested *of, unsigned encoding, uint64_t value)
{
	assert_ptr_equal(of, &nested);
	call(WRITE_GIC, encoding, value);
	return is_theirs;
}

bool nested_timer_read(struct nested *of, unsigned encoding, uint64_t *value)
{
	assert_ptr_equal(of, &nested);
	call(READ_TIMER, encoding, 0);
	*value = ANSWER;
	return is_theirs;
}

bool nested_timer_write(struct nested *of, unsigned encoding, uint64_t value)
{
	assert_ptr_equal(of, &nested);
	call(WRITE_TIMER, encoding, value);
	return is_theirs;
}

/* --- what the answer is to be --- */

enum answer { ORDINARY, VEL2, VEL2_VHE, ZERO, RESET, CPACR, AN_AT, A_TLBI, GIC, TIMER };

/* vEL2's own: in VHE form the CPU's register of EL1's has it, but for those without one. */
static const struct el2_register {
	unsigned encoding;
	enum vel2_value value;
	unsigned el1; /* 0: none that has it as it is */
	bool vhe_only;
} registers[] = {
	{ SYSREG_ENC(3, 4, 1, 0, 0), VEL2_SCTLR, SYS_SCTLR_EL1, false },
	{ SYSREG_ENC(3, 4, 1, 1, 1), VEL2_MDCR, 0, false },
	{ SYSREG_ENC(3, 4, 1, 1, 2), VEL2_CPTR, 0, false },
	{ SYSREG_ENC(3, 4, 2, 0, 0), VEL2_TTBR0, SYS_TTBR0_EL1, false },
	{ SYSREG_ENC(3, 4, 2, 0, 1), VEL2_TTBR1, SYS_TTBR1_EL1, true },
	{ SYSREG_ENC(3, 4, 2, 0, 2), VEL2_TCR, SYS_TCR_EL1, false },
	{ SYSREG_ENC(3, 4, 5, 1, 0), VEL2_AFSR0, SYS_AFSR0_EL1, false },
	{ SYSREG_ENC(3, 4, 5, 1, 1), VEL2_AFSR1, SYS_AFSR1_EL1, false },
	{ SYSREG_ENC(3, 4, 6, 0, 4), VEL2_HPFAR, 0, false },
	{ SYSREG_ENC(3, 4, 10, 2, 0), VEL2_MAIR, SYS_MAIR_EL1, false },
	{ SYSREG_ENC(3, 4, 10, 3, 0), VEL2_AMAIR, SYS_AMAIR_EL1, false },
	{ SYSREG_ENC(3, 4, 12, 0, 0), VEL2_VBAR, SYS_VBAR_EL1, false },
	{ SYSREG_ENC(3, 4, 13, 0, 1), VEL2_CONTEXTIDR, SYS_CONTEXTIDR_EL1, true },
};

static const struct el2_register *register_of(unsigned encoding)
{
	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
		if (registers[i].encoding == encoding)
			return &registers[i];
	}
	return NULL;
}

/* By encoding: those of the list of what NV2 leaves to trap (DDI 0487 D8.13). */
static enum answer answer_of(unsigned encoding)
{
	unsigned op0 = SYSREG_OP0(encoding), op1 = SYSREG_OP1(encoding);
	unsigned crn = SYSREG_CRN(encoding), crm = SYSREG_CRM(encoding);

	if (op0 == 1 && crn == 7 && (crm == 8 || crm == 9))
		return AN_AT;
	if (op0 == 1 && (crn == 8 || crn == 9))
		return A_TLBI;
	if (op0 == 3 && crn == 14 && op1 >= 3 && op1 <= 5)
		return TIMER;
	if (op0 == 3 && op1 == 4 && crn == 12 && (crm == 11 || encoding == SYS_ICC_SRE_EL2))
		return GIC;
	if (register_of(encoding))
		return register_of(encoding)->vhe_only ? VEL2_VHE : VEL2;
	switch (encoding) {
	case SYSREG_ENC(3, 4, 1, 0, 1):
	case SYSREG_ENC(3, 4, 1, 1, 7):
		return ZERO;
	case SYSREG_ENC(3, 4, 12, 0, 1):
		return RESET;
	case SYSREG_ENC(3, 0, 1, 0, 2):
		return CPACR;
	default:
		return ORDINARY;
	}
}

/* In the space of TIMER and GIC, what has no row or is never theirs. */
static bool has_row(unsigned encoding)
{
	switch (encoding) {
#define SYSREG(name, ...) case SYS_##name:
#include "hyp/arch/sysreg.def"
#undef SYSREG
		return encoding != SYS_CNTFRQ_EL0 &&
			(SYSREG_OP1(encoding) != 3 || SYSREG_CRM(encoding) < 8);
	default:
		return false;
	}
}

static uint64_t esr_of(unsigned encoding, bool read, unsigned rt)
{
	uint64_t iss = FIELD_PREP(ISS_SYS_OP0, SYSREG_OP0(encoding)) |
		FIELD_PREP(ISS_SYS_OP1, SYSREG_OP1(encoding)) |
		FIELD_PREP(ISS_SYS_CRN, SYSREG_CRN(encoding)) |
		FIELD_PREP(ISS_SYS_CRM, SYSREG_CRM(encoding)) |
		FIELD_PREP(ISS_SYS_OP2, SYSREG_OP2(encoding)) | FIELD_PREP(ISS_SYS_RT, rt);

	return ESR_MAKE(EC_SYSREG, iss | (read ? ISS_SYS_READ : 0));
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ 0 };
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&nested, 0, sizeof(nested));
	memset(page, 0, sizeof(page));
	vcpu.vm = &vm;
	vcpu.part[PART_NESTED] = &nested;
	vm.entry.pc = ENTRY;
	nested.vcpu = &vcpu;
	nested.page = page;
	nested_sysreg_init(otherwise);
	return 0;
}

/* --- the tests --- */

static enum exit_result do_access(unsigned encoding, bool read)
{
	called = NOBODY;
	vcpu.regs.x[RT] = VALUE;
	return nested_sysreg(&vcpu, esr_of(encoding, read, RT));
}

static void expect_ordinary(unsigned encoding, bool read)
{
	assert_int_equal(do_access(encoding, read), EXIT_STOP_VM);
	assert_int_equal(called, ORDINARILY);
	assert_int_equal(called_encoding, encoding);
	assert_int_equal(vcpu.regs.x[RT], VALUE);
}

static void expect(unsigned encoding, bool read, enum called who, enum exit_result is)
{
	assert_int_equal(do_access(encoding, read), is);
	assert_int_equal(called, who);
	if (who == NOBODY)
		return;
	assert_int_equal(called_encoding, encoding);
	assert_int_equal(vcpu.regs.x[RT], read ? ANSWER : VALUE);
	if (!read)
		assert_int_equal(called_value, VALUE);
}

static void check_part(unsigned encoding, bool read, enum called who)
{
	if (!has_row(encoding)) {
		expect_ordinary(encoding, read);
		return;
	}
	is_theirs = true;
	expect(encoding, read, who, EXIT_SKIP);
	is_theirs = false;
	expect_ordinary(encoding, read);
}

/* Of which the CPU has something else, without VHE: test_nested_core.c. */
static bool is_translated(unsigned encoding)
{
	return encoding == SYS_SCTLR_EL2 || encoding == SYS_TCR_EL2;
}

static void check_value(unsigned encoding, unsigned as, bool read)
{
	const struct el2_register *reg = register_of(as);
	bool in_cpu = nested.vhe && reg->el1 != 0;

	nested.values[reg->value] = in_cpu ? 0 : ANSWER;
	if (reg->el1 != 0)
		fake_sysreg_write(reg->el1, in_cpu ? ANSWER : 0);
	expect(encoding, read, NOBODY, EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[RT], read ? ANSWER : VALUE);
	assert_int_equal(in_cpu ? fake_sysreg_read(reg->el1) : nested.values[reg->value],
		read ? ANSWER : VALUE);
	if (in_cpu)
		assert_int_equal(nested.values[reg->value], 0);
	else if (!read && reg->el1 != 0 && !is_translated(as))
		assert_int_equal(fake_sysreg_read(reg->el1), VALUE);
}

static void check_cpacr(bool read)
{
	if (nested.vhe) {
		check_value(SYS_CPACR_EL1, SYS_CPTR_EL2, read);
		return;
	}
	page[0x100 / 8] = ANSWER;
	expect(SYS_CPACR_EL1, read, NOBODY, EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[RT], read ? ANSWER : VALUE);
	assert_int_equal(page[0x100 / 8], read ? ANSWER : VALUE);
}

static void check(unsigned encoding, bool read)
{
	enum answer answer = answer_of(encoding);

	switch (answer) {
	case AN_AT:
	case A_TLBI:
		if (read)
			expect_ordinary(encoding, true);
		else
			expect(encoding, false, answer == AN_AT ? AT : TLBI,
				answer == AN_AT ? EXIT_RESUME : EXIT_INJECT);
		break;
	case VEL2_VHE:
		if (!nested.vhe) {
			expect_ordinary(encoding, read);
			break;
		}
		/* fall through */
	case VEL2:
		check_value(encoding, encoding, read);
		break;
	case ZERO:
		expect(encoding, read, NOBODY, EXIT_SKIP);
		assert_int_equal(vcpu.regs.x[RT], read ? 0 : VALUE);
		break;
	case RESET:
		if (!read) {
			expect_ordinary(encoding, false);
			break;
		}
		expect(encoding, true, NOBODY, EXIT_SKIP);
		assert_int_equal(vcpu.regs.x[RT], ENTRY);
		break;
	case CPACR:
		check_cpacr(read);
		break;
	case GIC:
		check_part(encoding, read, read ? READ_GIC : WRITE_GIC);
		break;
	case TIMER:
		check_part(encoding, read, read ? READ_TIMER : WRITE_TIMER);
		break;
	default:
		expect_ordinary(encoding, read);
		break;
	}
}

static void test_every_encoding(void **state)
{
	(void)state;
	for (unsigned form = 0; form < 2; form++) {
		nested.vhe = form == 1;
		for (unsigned encoding = 0; encoding < ENCODINGS; encoding++) {
			check(encoding, true);
			check(encoding, false);
		}
	}
}

/* With CPTR_EL2 the CPU's CPACR_EL1 changes, by either name. */
static void test_cptr(void **state)
{
	(void)state;
	nested.vhe = true;
	vcpu.regs.x[RT] = UINT64_C(3) << 20;
	(void)nested_sysreg(&vcpu, esr_of(SYS_CPTR_EL2, false, RT));
	assert_int_equal(read_sysreg(CPACR_EL1), UINT64_C(3) << 20);
	vcpu.regs.x[RT] = 0;
	(void)nested_sysreg(&vcpu, esr_of(SYS_CPACR_EL1, false, RT));
	assert_int_equal(read_sysreg(CPACR_EL1), 0);
	nested.vhe = false;
	vcpu.regs.x[RT] = 0x33ff;
	(void)nested_sysreg(&vcpu, esr_of(SYS_CPTR_EL2, false, RT));
	assert_int_equal(read_sysreg(CPACR_EL1), UINT64_C(3) << 20);
}

/* XZR: nothing is written, zero is read out of it. */
static void test_zero_register(void **state)
{
	(void)state;
	nested.vhe = true;
	fake_sysreg_write(SYS_SCTLR_EL1, ANSWER);
	assert_int_equal(nested_sysreg(&vcpu, esr_of(SYS_SCTLR_EL2, true, 31)), EXIT_SKIP);
	assert_int_equal(nested_sysreg(&vcpu, esr_of(SYS_SCTLR_EL2, false, 31)), EXIT_SKIP);
	assert_int_equal(read_sysreg(SCTLR_EL1), 0);
	called = NOBODY;
	(void)nested_sysreg(&vcpu, esr_of(SYSREG_ENC(1, 4, 8, 7, 0), false, 31));
	assert_int_equal(called, TLBI);
	assert_int_equal(called_value, 0);
}

static void test_reset(void **state)
{
	(void)state;
	for (unsigned form = 0; form < 2; form++) {
		bool vhe = form == 1;

		nested.vhe = vhe;
		memset(page, 0x5a, sizeof(page));
		memset(nested.values, 0x5a, sizeof(nested.values));
		memset(nested.hyp_live, 0x5a, sizeof(nested.hyp_live));
		fake_sysreg_write(SYS_MIDR_EL1, 0x410fd490);
		vcpu.vmpidr = 0x80000003;
		vcpu.bank[BANK_SCTLR_EL1] = 0x30d00980;
		nested_sysreg_reset(&nested);

		assert_int_equal(page[0x078 / 8], vhe ? 0x480000000 : 0x80000000);
		assert_int_equal(page[0x088 / 8], 0x410fd490);
		assert_int_equal(page[0x050 / 8], 0x80000003);
		assert_int_equal(page[0x110 / 8], 0x30d00980);
		page[0x078 / 8] = page[0x088 / 8] = page[0x050 / 8] = page[0x110 / 8] = 0;
		for (unsigned i = 0; i < 512; i++)
			assert_int_equal(page[i], 0);
		assert_int_equal(nested.values[VEL2_CNTHCTL], vhe ? 0xc00 : 3);
		assert_int_equal(nested.values[VEL2_SCTLR], 0x30c50830);
		assert_int_equal(nested.values[VEL2_TCR], vhe ? 0 : 0x80800000);
		assert_int_equal(nested.values[VEL2_CPTR], vhe ? 0 : 0x33ff);
		assert_int_equal(nested.values[VEL2_MDCR], 0);
		assert_int_equal(nested.values[VEL2_VBAR], 0);
		assert_int_equal(nested.hyp_live[SWITCHED_VBAR], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_encoding, setup),
		cmocka_unit_test_setup(test_cptr, setup),
		cmocka_unit_test_setup(test_zero_register, setup),
		cmocka_unit_test_setup(test_reset, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
