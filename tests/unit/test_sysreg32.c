/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped CP15, CP14 and VMRS accesses of an AArch32 EL1: every encoding there is, read and
 * written, against the rows of sysreg32.def; and each way a row is answered.
 *
 * links: hyp/trap/sysreg32.c hyp/vm/inject.c hyp/vm/aarch32.c hyp/arch/features.c
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
#include "hyp/trap/idreg.h"
#include "hyp/trap/setway.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/sysreg32.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define RT     3
#define RT2    9
#define VALUE  UINT64_C(0xaaaaaaaa12345678) /* of which half counts */
#define ANSWER UINT64_C(0xbbbbbbbb87654321)
#define OLD    UINT64_C(0x1111111122222222)

static struct vm vm;
static struct vcpu vcpu;

/* What the last access came to. */
static enum { NOBODY, AARCH64, VM_REGISTER, SGI } who;
static unsigned target, logs;
static uint64_t given;
static bool as_read;
static enum exit_result result64;

enum exit_result sysreg_handle(struct vcpu *v, uint64_t esr)
{
	unsigned rt = (unsigned)FIELD_GET(ISS_SYS_RT, esr);

	assert_int_equal(ESR_GET_EC(esr), EC_SYSREG);
	assert_true(esr & ESR_IL);
	who = AARCH64;
	target = sysreg_encoding_of(esr);
	as_read = esr & ISS_SYS_READ;
	given = vcpu_get_x(v, rt);
	if (as_read && result64 == EXIT_SKIP)
		vcpu_set_x(v, rt, ANSWER);
	return result64;
}

enum exit_result setway_write_vm_register(struct vcpu *v, unsigned encoding, uint64_t value)
{
	assert_ptr_equal(v, &vcpu);
	who = VM_REGISTER;
	target = encoding;
	given = value;
	return EXIT_RESCHEDULE;
}

enum exit_result vgic_sgi_write(struct vcpu *v, unsigned encoding, uint64_t value)
{
	assert_ptr_equal(v, &vcpu);
	who = SGI;
	target = encoding;
	given = value;
	return EXIT_SKIP;
}

bool idreg_read(const struct vcpu *v, unsigned encoding, uint64_t *value)
{
	assert_ptr_equal(v, &vcpu);
	assert_int_equal(encoding, SYS_ID_AA64DFR0_EL1);
	*value = FIELD_PREP(ID_AA64DFR0_EL1_WRPS, 3) | FIELD_PREP(ID_AA64DFR0_EL1_BRPS, 5) |
		UINT64_C(2) << 28 | 9;
	return true;
}

void vcpu_log(struct vcpu *v, const char *fmt, ...)
{
	assert_ptr_equal(v, &vcpu);
	(void)fmt;
	logs++;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ 0 };
	vcpu = (struct vcpu){ .vm = &vm, .aarch32 = true, .regs.pstate = PSTATE_NRW | AARCH32_SVC };
	for (unsigned i = 0; i < 31; i++)
		vcpu.regs.x[i] = OLD + i;
	who = NOBODY;
	target = logs = 0;
	given = 0;
	result64 = EXIT_SKIP;
	return 0;
}

/* COND is any, so that nobody takes it for a part of the encoding. */
static uint64_t esr_of(unsigned cp, unsigned opc1, unsigned crn, unsigned crm, unsigned opc2,
	bool read, unsigned rt)
{
	uint64_t iss = ISS_CV | FIELD_PREP(ISS_COND, 0xb) | FIELD_PREP(ISS_SYS_OP2, opc2) |
		FIELD_PREP(ISS_SYS_OP1, opc1) | FIELD_PREP(ISS_SYS_CRN, crn) |
		FIELD_PREP(ISS_SYS_CRM, crm) | FIELD_PREP(ISS_SYS_RT, rt) |
		(read ? ISS_SYS_READ : 0);

	return ESR_MAKE(cp == 15 ? EC_CP15_MCR : EC_CP14_MCR, iss);
}

enum how { NONE, SAME, LOW, HIGH, OWN, ZERO, CPACR, DIDR, OSLAR, STATUS };

static const struct {
	unsigned cp, opc1, crn, crm, opc2;
	enum how how;
	unsigned target;
} rows[] = {
#define SYSREG32(name, cp, opc1, crn, crm, opc2, how, target) \
	{ cp, opc1, crn, crm, opc2, how, SYS_##target },
#include "hyp/arch/sysreg32.def"
#undef SYSREG32
};

/* What is to become of an encoding. */
static enum how expected(
	unsigned cp, unsigned opc1, unsigned crn, unsigned crm, unsigned opc2, unsigned *to)
{
	unsigned found = 0;
	enum how how = NONE;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].cp == cp && rows[i].opc1 == opc1 && rows[i].crn == crn &&
			rows[i].crm == crm && rows[i].opc2 == opc2) {
			how = rows[i].how;
			*to = rows[i].target;
			found++;
		}
	}
	assert_true(found <= 1);
	if (found)
		return how;
	if (cp == 15 && opc1 == 0 && crn == 0 && crm >= 1 && crm <= 7) {
		*to = SYSREG_ENC(3, 0, 0, crm, opc2);
		return crm > 3 || (crm == 3 && opc2 < 3) ? ZERO : SAME;
	}
	if (cp == 14 && opc1 == 0 && crn == 0 && opc2 >= 4) {
		*to = SYSREG_ENC(2, 0, 0, crm, opc2);
		return SAME;
	}
	return NONE;
}

static void check_undefined(enum exit_result result)
{
	assert_int_equal(result, EXIT_INJECT);
	assert_int_equal(ESR_GET_EC(vcpu.inject.esr), EC_UNKNOWN);
	assert_int_equal(who, NOBODY);
}

static bool is_id_space(unsigned cp, unsigned opc1, unsigned crn, unsigned crm)
{
	return cp == 15 && opc1 == 0 && crn == 0 && crm >= 1 && crm <= 7;
}

static void check_encoding(
	unsigned cp, unsigned opc1, unsigned crn, unsigned crm, unsigned opc2, bool read)
{
	unsigned to = 0;
	enum how how = expected(cp, opc1, crn, crm, opc2, &to);
	enum exit_result result;

	setup(NULL);
	vcpu.regs.x[RT] = VALUE;
	result = sysreg32_handle(&vcpu, esr_of(cp, opc1, crn, crm, opc2, read, RT));
	if (how == NONE || (read && (how == LOW || how == HIGH || how == OWN)) ||
		(!read && (how == DIDR || is_id_space(cp, opc1, crn, crm)))) {
		check_undefined(result);
		assert_int_equal(logs, 1);
		return;
	}
	assert_int_equal(logs, 0);
	switch (how) {
	case SAME:
	case OSLAR:
	case STATUS:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(who, AARCH64);
		assert_int_equal(target, to);
		assert_int_equal(as_read, read);
		assert_int_equal(given, how == OSLAR && !read ? 0 : (uint32_t)VALUE);
		assert_int_equal(vcpu.regs.x[RT], (uint32_t)(read ? ANSWER : VALUE));
		break;
	case ZERO:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(who, NOBODY);
		assert_int_equal(vcpu.regs.x[RT], read ? 0 : VALUE);
		break;
	case LOW:
	case HIGH:
		assert_int_equal(result, EXIT_RESCHEDULE);
		assert_int_equal(who, VM_REGISTER);
		assert_int_equal(target, to);
		break;
	default:
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(who, NOBODY);
		break;
	}
}

static void test_every_encoding(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 8 * 16 * 16 * 8; n++) {
		for (unsigned read = 0; read < 2; read++) {
			check_encoding(15, n >> 11, (n >> 7) & 15, (n >> 3) & 15, n & 7, read);
			check_encoding(14, n >> 11, (n >> 7) & 15, (n >> 3) & 15, n & 7, read);
		}
	}
}

/* Some of them once more, by hand. */
static void test_known(void **state)
{
	static const struct {
		unsigned cp, opc1, crn, crm, opc2, target;
	} known[] = {
		{ 15, 0, 0, 1, 0, SYS_ID_PFR0_EL1 },
		{ 15, 0, 0, 2, 7, SYS_ID_ISAR6_EL1 },
		{ 15, 0, 0, 3, 4, SYS_ID_PFR2_EL1 },
		{ 15, 0, 7, 14, 2, SYS_DC_CISW },
		{ 15, 0, 12, 12, 0, SYS_ICC_IAR1_EL1 },
		{ 14, 0, 0, 3, 4, SYS_DBGBVR3_EL1 },
		{ 14, 0, 0, 15, 7, SYS_DBGWCR15_EL1 },
		{ 14, 0, 1, 0, 4, SYS_OSLAR_EL1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		sysreg32_handle(&vcpu,
			esr_of(known[i].cp, known[i].opc1, known[i].crn, known[i].crm,
				known[i].opc2, true, RT));
		assert_int_equal(who, AARCH64);
		assert_int_equal(target, known[i].target);
	}
}

static void test_halves(void **state)
{
	(void)state;
	vcpu.regs.x[RT] = VALUE;
	fake_reg(MAIR_EL1) = OLD;
	sysreg32_handle(&vcpu, esr_of(15, 0, 10, 2, 0, false, RT)); /* MAIR0 */
	assert_int_equal(target, SYS_MAIR_EL1);
	assert_int_equal(given, UINT64_C(0x1111111112345678));
	sysreg32_handle(&vcpu, esr_of(15, 0, 10, 2, 1, false, RT)); /* MAIR1 */
	assert_int_equal(given, UINT64_C(0x1234567822222222));
	sysreg32_handle(&vcpu, esr_of(15, 0, 3, 0, 0, false, RT));
	assert_int_equal(fake_reg(DACR32_EL2), (uint32_t)VALUE);
	assert_int_equal(fake_reg(IFSR32_EL2), 0);
	vcpu.regs.x[RT] = 5;
	sysreg32_handle(&vcpu, esr_of(15, 0, 5, 0, 1, false, RT));
	assert_int_equal(fake_reg(IFSR32_EL2), 5);
	assert_int_equal(fake_reg(DACR32_EL2), (uint32_t)VALUE);
}

static void test_cpacr(void **state)
{
	(void)state;
	vcpu.regs.x[RT] = 0xfff00000;
	cpu_features.sve = true;
	sysreg32_handle(&vcpu, esr_of(15, 0, 1, 0, 2, false, RT));
	assert_int_equal(fake_reg(CPACR_EL1), guest_cpacr(CPACR_EL1_FPEN));
	sysreg32_handle(&vcpu, esr_of(15, 0, 1, 0, 2, true, RT));
	assert_int_equal(vcpu.regs.x[RT], 0x00f00000);
	vcpu.regs.x[RT] = 0x00500000;
	sysreg32_handle(&vcpu, esr_of(15, 0, 1, 0, 2, false, RT));
	sysreg32_handle(&vcpu, esr_of(15, 0, 1, 0, 2, true, RT));
	assert_int_equal(vcpu.regs.x[RT], 0x00500000);
}

static void test_debug(void **state)
{
	(void)state;
	sysreg32_handle(&vcpu, esr_of(14, 0, 0, 0, 0, true, RT));
	assert_int_equal(vcpu.regs.x[RT], 0x35260000);
	/* DBGDSCRint with the flags as its destination; other registers leave them. */
	vcpu.regs.pstate |= PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V;
	sysreg32_handle(&vcpu, esr_of(14, 0, 0, 1, 0, true, RT));
	assert_true(vcpu.regs.pstate & PSTATE_N);
	sysreg32_handle(&vcpu, esr_of(14, 0, 1, 1, 4, true, 15));
	assert_true(vcpu.regs.pstate & PSTATE_N);
	sysreg32_handle(&vcpu, esr_of(14, 0, 0, 1, 0, true, 15));
	assert_int_equal(vcpu.regs.pstate, PSTATE_NRW | AARCH32_SVC);
}

/* The lock has a key; with anything else it opens. */
static void test_lock(void **state)
{
	static const uint64_t values[] = { 0, 1, 0xc5acce54, 0xc5acce55,
		UINT64_C(0x5555555500000000) | 0xc5acce55, ~UINT64_C(0) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		vcpu.regs.x[RT] = values[i];
		assert_int_equal(
			sysreg32_handle(&vcpu, esr_of(14, 0, 1, 0, 4, false, RT)), EXIT_SKIP);
		assert_int_equal(target, SYS_OSLAR_EL1);
		assert_int_equal(given, (uint32_t)values[i] == 0xc5acce55);
		assert_int_equal(vcpu.regs.x[RT], (uint32_t)values[i]);
	}
}

/* r14 of the present mode, whether the CPU says 14 or 18. */
static void test_banked(void **state)
{
	static const unsigned says[] = { 14, 18 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(says); i++) {
		setup(state);
		sysreg32_handle(&vcpu, esr_of(15, 0, 0, 1, 0, true, says[i]));
		assert_int_equal(vcpu.regs.x[18], (uint32_t)ANSWER);
		assert_int_equal(vcpu.regs.x[14], OLD + 14);
	}
}

/* Undefined, and whatever else it came to, is passed on. */
static void test_results(void **state)
{
	(void)state;
	result64 = EXIT_RESCHEDULE;
	assert_int_equal(
		sysreg32_handle(&vcpu, esr_of(15, 0, 7, 14, 2, false, RT)), EXIT_RESCHEDULE);
	result64 = EXIT_INJECT;
	assert_int_equal(sysreg32_handle(&vcpu, esr_of(14, 0, 0, 15, 4, true, RT)), EXIT_INJECT);
}

/* An AArch32 EL0 has none of that. */
static void test_el0_of_aarch64(void **state)
{
	(void)state;
	vcpu.aarch32 = false;
	check_undefined(sysreg32_handle(&vcpu, esr_of(15, 0, 0, 1, 0, true, RT)));
	check_undefined(sysreg32_handle_pair(&vcpu, ESR_MAKE(EC_CP15_MCRR, 12 << 1)));
	check_undefined(sysreg32_handle_memory(&vcpu, ESR_MAKE(EC_CP14_LDC, 0)));
	check_undefined(sysreg32_handle_vmrs(&vcpu, ESR_MAKE(EC_VMRS, 7 << 10 | 1)));
	assert_int_equal(logs, 0);
}

static uint64_t pair_of(unsigned cp, unsigned opc1, unsigned crm, bool read)
{
	return ESR_MAKE(cp == 15 ? EC_CP15_MCRR : EC_CP14_MRRC,
		ISS_CV | FIELD_PREP(ISS_COND, 14) | opc1 << 16 | RT2 << 10 | RT << 5 | crm << 1 |
			read);
}

static void test_pairs(void **state)
{
	static const struct {
		unsigned cp, opc1, crm, who, target;
	} known[] = {
		{ 15, 0, 12, SGI, SYS_ICC_SGI1R_EL1 },
		{ 15, 1, 12, SGI, SYS_ICC_ASGI1R_EL1 },
		{ 15, 2, 12, SGI, SYS_ICC_SGI0R_EL1 },
		{ 15, 0, 2, VM_REGISTER, SYS_TTBR0_EL1 },
		{ 15, 1, 2, VM_REGISTER, SYS_TTBR1_EL1 },
	};

	for (unsigned n = 0; n < 2 * 16 * 16; n++) {
		unsigned cp = n & 1 ? 15 : 14, opc1 = n >> 1 & 15, crm = n >> 5, row = 0;
		bool dbg = cp == 14 && opc1 == 0 && (crm == 1 || crm == 2);
		enum exit_result result;

		while (row < ARRAY_SIZE(known) &&
			(known[row].cp != cp || known[row].opc1 != opc1 || known[row].crm != crm))
			row++;
		setup(state);
		vcpu.regs.x[RT] = VALUE;
		vcpu.regs.x[RT2] = ANSWER;
		result = sysreg32_handle_pair(&vcpu, pair_of(cp, opc1, crm, false));
		if (row == ARRAY_SIZE(known)) {
			check_undefined(result);
			assert_int_equal(logs, !dbg);
		} else {
			assert_int_equal(who, known[row].who);
			assert_int_equal(target, known[row].target);
			assert_int_equal(given, UINT64_C(0x8765432112345678));
		}
		setup(state);
		result = sysreg32_handle_pair(&vcpu, pair_of(cp, opc1, crm, true));
		if (!dbg) {
			check_undefined(result);
			continue;
		}
		assert_int_equal(result, EXIT_SKIP);
		assert_int_equal(vcpu.regs.x[RT] | vcpu.regs.x[RT2], 0);
	}
}

static void test_memory(void **state)
{
	(void)state;
	check_undefined(sysreg32_handle_memory(&vcpu, ESR_MAKE(EC_CP14_LDC, 0)));
	assert_int_equal(logs, 1);
}

static void test_vmrs(void **state)
{
	static const unsigned targets[16] = {
		[5] = SYS_MVFR2_EL1, [6] = SYS_MVFR1_EL1, [7] = SYS_MVFR0_EL1
	};

	for (unsigned n = 0; n < 16; n++) {
		for (unsigned read = 0; read < 2; read++) {
			enum exit_result result;

			setup(state);
			result = sysreg32_handle_vmrs(
				&vcpu, ESR_MAKE(EC_VMRS, n << 10 | RT << 5 | read));
			if (targets[n] == 0 || !read) {
				check_undefined(result);
				continue;
			}
			assert_int_equal(result, EXIT_SKIP);
			assert_int_equal(target, targets[n]);
			assert_int_equal(vcpu.regs.x[RT], (uint32_t)ANSWER);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_encoding, setup),
		cmocka_unit_test_setup(test_known, setup),
		cmocka_unit_test_setup(test_halves, setup),
		cmocka_unit_test_setup(test_cpacr, setup),
		cmocka_unit_test_setup(test_debug, setup),
		cmocka_unit_test_setup(test_lock, setup),
		cmocka_unit_test_setup(test_banked, setup),
		cmocka_unit_test_setup(test_results, setup),
		cmocka_unit_test_setup(test_el0_of_aarch64, setup),
		cmocka_unit_test_setup(test_pairs, setup),
		cmocka_unit_test_setup(test_memory, setup),
		cmocka_unit_test_setup(test_vmrs, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
