/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped MSR, MRS and SYS: every encoding there is, read and written, against the rows of
 * sysreg.def.
 *
 * links: hyp/trap/sysreg.c hyp/arch/sysreg_index.c hyp/vm/inject.c
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
#include "hyp/trap/cmo.h"
#include "hyp/trap/debug.h"
#include "hyp/trap/idreg.h"
#include "hyp/trap/setway.h"
#include "hyp/trap/sysreg.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define ID_SPACE_FIRST SYSREG_ENC(3, 0, 0, 1, 0)
#define ID_SPACE_LAST  SYSREG_ENC(3, 0, 0, 7, 7)
#define ENCODINGS      65536
#define RT             7
#define VALUE          UINT64_C(0x1234567890abcdef)
#define ANSWER         UINT64_C(0xfedcba0987654321)

struct cpu_features cpu_features;

static struct vm vm;
static struct vcpu vcpu;

enum trap {
	TRAP_NONE, /* no row */
	TRAP_NEVER,
	TRAP_UNDEF,
	TRAP_ID,
	TRAP_RAZWI,
	TRAP_DEBUG,
	TRAP_SGI,
	TRAP_ICC,
	TRAP_SETWAY,
	TRAP_VM,
	TRAP_CMO,
};

static uint8_t trap_of[ENCODINGS];
static const char *name_of[ENCODINGS];

/* --- what is below --- */

enum called { NOBODY, ID, DEBUG, SGI, ICC, SETWAY, VM, CMO };
static enum called called;
static unsigned called_encoding;
static bool called_write;
static uint64_t called_value;
static uint64_t idst; /* ID_AA64MMFR2_EL1 as the guest sees it */

bool idreg_read(const struct vcpu *of, unsigned encoding, uint64_t *value)
{
	assert_ptr_equal(of, &vcpu);
	if (encoding == SYS_ID_AA64MMFR2_EL1 && called != ID) {
		*value = idst;
	} else {
		called = ID;
		called_encoding = encoding;
		*value = ANSWER;
	}
	return true;
}

enum exit_result debug_access(struct vcpu *of, unsigned encoding, bool write, unsigned rt)
{
	assert_ptr_equal(of, &vcpu);
	assert_int_equal(rt, RT);
	called = DEBUG;
	called_encoding = encoding;
	called_write = write;
	return EXIT_SKIP;
}

enum exit_result vgic_sgi_write(struct vcpu *of, unsigned encoding, uint64_t value)
{
	assert_ptr_equal(of, &vcpu);
	called = SGI;
	called_encoding = encoding;
	called_value = value;
	return EXIT_SKIP;
}

enum exit_result vgic_icc_access(struct vcpu *of, unsigned encoding, bool write, uint64_t *value)
{
	assert_ptr_equal(of, &vcpu);
	called = ICC;
	called_encoding = encoding;
	called_write = write;
	if (write)
		called_value = *value;
	else
		*value = ANSWER;
	return EXIT_SKIP;
}

enum exit_result setway_handle(struct vcpu *of)
{
	assert_ptr_equal(of, &vcpu);
	called = SETWAY;
	return EXIT_RESCHEDULE;
}

enum exit_result cmo_handle_trap(struct vcpu *of, unsigned encoding, uint64_t va)
{
	assert_ptr_equal(of, &vcpu);
	called = CMO;
	called_encoding = encoding;
	called_value = va;
	return EXIT_SKIP;
}

enum exit_result setway_write_vm_register(struct vcpu *of, unsigned encoding, uint64_t value)
{
	assert_ptr_equal(of, &vcpu);
	called = VM;
	called_encoding = encoding;
	called_value = value;
	return EXIT_SKIP;
}

void vcpu_log(struct vcpu *of, const char *fmt, ...)
{
	(void)of;
	(void)fmt;
}

static int setup(void **state)
{
	static bool indexed;

	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ 0 };
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.vm = &vm;
	idst = 0;
	called = NOBODY;
	if (indexed)
		return 0;
	indexed = true;
	sysreg_init();
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...)      \
	trap_of[SYSREG_ENC(op0, op1, crn, crm, op2)] = TRAP_##trap; \
	name_of[SYSREG_ENC(op0, op1, crn, crm, op2)] = #name;
#include "hyp/arch/sysreg.def"
#undef SYSREG
	return 0;
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

static enum exit_result do_access(unsigned encoding, bool read, unsigned rt)
{
	called = NOBODY;
	vcpu.inject = (struct injection){ 0 };
	vcpu.regs.x[RT] = VALUE;
	return sysreg_handle(&vcpu, esr_of(encoding, read, rt));
}

static void expect_undefined(enum exit_result result)
{
	assert_int_equal(result, EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, 0x02000000);
	assert_int_equal(called, NOBODY);
	assert_int_equal(vcpu.regs.x[RT], VALUE);
}

/* --- the tests --- */

/* Syndromes as QEMU gives them (facts of the exits): the encoding comes out right. */
static void test_encoding(void **state)
{
	(void)state;
	assert_int_equal(sysreg_encoding_of(0x62300401), SYS_SCTLR_EL1);
	assert_int_equal(sysreg_encoding_of(0x62300009), SYS_ID_AA64PFR0_EL1);
	assert_int_equal(sysreg_encoding_of(0x6232c001), SYS_CTR_EL0);
	assert_int_equal(sysreg_encoding_of(0x62141c0c), SYS_DC_ISW);
	assert_int_equal(sysreg_encoding_of(0x623a3016), SYS_ICC_SGI1R_EL1);
	for (unsigned encoding = 0; encoding < ENCODINGS; encoding++) {
		assert_int_equal(sysreg_encoding_of(esr_of(encoding, true, 31)), encoding);
		assert_int_equal(sysreg_encoding_of(esr_of(encoding, false, 0)), encoding);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned encoding = 0; encoding < ENCODINGS; encoding++) {
		const char *name = sysreg_name(encoding);

		if (name_of[encoding])
			assert_string_equal(name, name_of[encoding]);
		else
			assert_null(name);
	}
}

static void check_read(unsigned encoding, enum trap trap)
{
	enum exit_result result = do_access(encoding, true, RT);

	if (trap == TRAP_NONE && encoding >= ID_SPACE_FIRST && encoding <= ID_SPACE_LAST)
		trap = TRAP_ID;
	switch (trap) {
	case TRAP_ID:
		assert_int_equal(result, EXIT_SKIP);
		if (encoding == SYS_ID_AA64MMFR2_EL1)
			return; /* which the stub answers for FEAT_IDST */
		assert_int_equal(called, ID);
		assert_int_equal(called_encoding, encoding);
		assert_int_equal(vcpu.regs.x[RT], ANSWER);
		break;
	case TRAP_RAZWI:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(vcpu.regs.x[RT], 0);
		break;
	case TRAP_DEBUG:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, DEBUG);
		assert_int_equal(called_encoding, encoding);
		assert_false(called_write);
		break;
	case TRAP_ICC:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, ICC);
		assert_int_equal(called_encoding, encoding);
		assert_false(called_write);
		assert_int_equal(vcpu.regs.x[RT], ANSWER);
		break;
	case TRAP_SETWAY: /* SYS has no direction that counts */
		assert_int_equal(result, EXIT_RESCHEDULE);
		assert_int_equal(called, SETWAY);
		break;
	case TRAP_VM:
		if (encoding == SYS_CPACR_EL1)
			break;
		expect_undefined(result);
		break;
	default:
		expect_undefined(result);
	}
}

static void test_reads(void **state)
{
	(void)state;
	for (unsigned encoding = 0; encoding < ENCODINGS; encoding++)
		check_read(encoding, trap_of[encoding]);
}

static void check_write(unsigned encoding, enum trap trap)
{
	enum exit_result result = do_access(encoding, false, RT);

	switch (trap) {
	case TRAP_RAZWI:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, NOBODY);
		break;
	case TRAP_DEBUG:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, DEBUG);
		assert_true(called_write);
		break;
	case TRAP_SGI:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, SGI);
		assert_int_equal(called_encoding, encoding);
		assert_int_equal(called_value, VALUE);
		break;
	case TRAP_ICC:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, ICC);
		assert_true(called_write);
		assert_int_equal(called_value, VALUE);
		break;
	case TRAP_SETWAY:
		assert_int_equal(result, EXIT_RESCHEDULE);
		assert_int_equal(called, SETWAY);
		break;
	case TRAP_CMO:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(called, CMO);
		assert_int_equal(called_encoding, encoding);
		assert_int_equal(called_value, VALUE);
		break;
	case TRAP_VM:
		assert_int_equal(result, EXIT_SKIP);
		if (encoding == SYS_CPACR_EL1)
			break;
		assert_int_equal(called, VM);
		assert_int_equal(called_encoding, encoding);
		assert_int_equal(called_value, VALUE);
		break;
	default:
		expect_undefined(result);
		return;
	}
	assert_int_equal(vcpu.regs.x[RT], VALUE);
}

static void test_writes(void **state)
{
	(void)state;
	for (unsigned encoding = 0; encoding < ENCODINGS; encoding++)
		check_write(encoding, trap_of[encoding]);
}

/* X31 is XZR: stores zero, and what is loaded into it is gone. */
static void test_zero_register(void **state)
{
	(void)state;
	vcpu.regs.host_sp = 0x5555; /* what lies behind x30 */
	do_access(SYS_ICC_SGI1R_EL1, false, 31);
	assert_int_equal(called, SGI);
	assert_int_equal(called_value, 0);
	do_access(SYS_ICC_SGI0R_EL1, false, 31);
	assert_int_equal(called_encoding, SYS_ICC_SGI0R_EL1);
	assert_int_equal(called_value, 0);
	assert_int_equal(do_access(SYS_ID_AA64PFR0_EL1, true, 31), EXIT_SKIP);
	assert_int_equal(do_access(SYS_ICC_PMR_EL1, true, 31), EXIT_SKIP);
	assert_int_equal(do_access(SYS_ERRIDR_EL1, true, 31), EXIT_SKIP);
	assert_int_equal(vcpu.regs.host_sp, 0x5555);
}

/* FEAT_IDST: what isn't there in the space of the ID registers is reported as a trap. */
static void test_idst(void **state)
{
	uint64_t esr = esr_of(SYS_GMID_EL1, true, RT);

	(void)state;
	expect_undefined(do_access(SYS_GMID_EL1, true, RT));
	idst = FIELD_PREP(ID_AA64MMFR2_EL1_IDS, 1);
	assert_int_equal(do_access(SYS_GMID_EL1, true, RT), EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, esr);
	assert_int_equal(vcpu.regs.x[RT], VALUE);
	/* Not writes, not what lies elsewhere. */
	expect_undefined(do_access(SYS_GMID_EL1, false, RT));
	expect_undefined(do_access(SYS_PMCR_EL0, true, RT));
	expect_undefined(do_access(SYSREG_ENC(3, 4, 0, 0, 0), true, RT));
	expect_undefined(do_access(SYSREG_ENC(2, 0, 0, 0, 0), true, RT));
}

/* Vectors are hidden: the guest's EL1 is never told of them by CPACR_EL1. */
static void test_cpacr(void **state)
{
	(void)state;
	cpu_features.sve = cpu_features.sme = true;
	vcpu.regs.x[RT] = 0;
	sysreg_handle(&vcpu, esr_of(SYS_CPACR_EL1, false, RT));
	assert_int_equal(fake_reg(CPACR_EL1), CPACR_EL1_ZEN | CPACR_EL1_SMEN);
	vcpu.regs.x[RT] = ~UINT64_C(0);
	sysreg_handle(&vcpu, esr_of(SYS_CPACR_EL1, false, RT));
	assert_int_equal(fake_reg(CPACR_EL1), CPACR_EL1_ZEN | CPACR_EL1_SMEN | CPACR_EL1_FPEN);
	assert_int_equal(do_access(SYS_CPACR_EL1, true, RT), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[RT], CPACR_EL1_FPEN);
	cpu_features.sme = false;
	do_access(SYS_CPACR_EL1, false, 31);
	assert_int_equal(fake_reg(CPACR_EL1), CPACR_EL1_ZEN);
	do_access(SYS_CPACR_EL1, true, RT);
	assert_int_equal(vcpu.regs.x[RT], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_encoding, setup),
		cmocka_unit_test_setup(test_names, setup),
		cmocka_unit_test_setup(test_reads, setup),
		cmocka_unit_test_setup(test_writes, setup),
		cmocka_unit_test_setup(test_zero_register, setup),
		cmocka_unit_test_setup(test_idst, setup),
		cmocka_unit_test_setup(test_cpacr, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
