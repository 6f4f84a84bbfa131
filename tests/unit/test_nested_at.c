/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT of a guest hypervisor and its guest: which are there, when the CPU is asked and believed, what
 * is walked otherwise, and that PAR_EL1 has the answer.
 *
 * links: hyp/nested/at.c hyp/nested/at_op.c hyp/nested/par.c mm/walk_attr.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/arch/at.h"
#include "hyp/arch/features.h"
#include "hyp/nested/at.h"
#include "hyp/nested/at_walk.h"
#include "hyp/nested/par.h"
#include "hyp/vm/inject.h"
#include "tests/unit/fake/cpu.h"

#define VA     UINT64_C(0xffff123456789abc)
#define STALE  UINT64_C(0x5a5a)
#define WALKED UINT64_C(0x0000000000000b0f)
#define FOUND  UINT64_C(0xff00000012345b80)
#define PAN_2  FIELD_PREP(ID_AA64MMFR1_EL1_PAN, 2)
#define ATS1A  FIELD_PREP(ID_AA64ISAR2_EL1_ATS1A, 1)

struct cpu_features cpu_features;

static struct vm vm;
static struct vcpu vcpu;
static struct nested nested;
static uint64_t page[512];

/* --- what is below --- */

static unsigned asked; /* how often the CPU was */
static enum at_kind asked_kind;
static uint64_t cpu_says;
static unsigned walks;
static enum status walk_says;
static struct at_op walked;
static bool walked_pan, walked_stage2;
static struct regime walked_regime;

static uint64_t cpu_at(unsigned kind, uint64_t va)
{
	assert_int_equal(va, VA);
	asked++;
	asked_kind = (enum at_kind)kind;
	return cpu_says;
}

enum status at_walk(const struct regime *regime, const struct walk_memory *memory, uint64_t va,
	const struct at_op *op, const struct s2_setup *s2, bool pan, uint64_t *par)
{
	assert_int_equal(va, VA);
	assert_ptr_equal(memory->context, &vm.stage2);
	walks++;
	walked = *op;
	walked_pan = pan;
	walked_regime = *regime;
	walked_stage2 = s2 != NULL;
	if (s2)
		assert_int_equal(s2->hcr, 0x1234);
	*par = WALKED;
	return walk_says;
}

struct walk_memory walk_memory_updating(struct stage2 *s2)
{
	return (struct walk_memory){ .context = s2 };
}

struct regime nested_el1_regime(const struct nested *of)
{
	assert_ptr_equal(of, &nested);
	return (struct regime){ .kind = REGIME_EL10 };
}

struct regime nested_el2_regime(const struct nested *of)
{
	assert_ptr_equal(of, &nested);
	return (struct regime){ .kind = of->vhe ? REGIME_EL20 : REGIME_EL2 };
}

void nested_prepare_s2(struct nested *of)
{
	assert_ptr_equal(of, &nested);
	of->s2_setup = (struct s2_setup){ .hcr = VNCR_REG(of, VTTBR_EL2) };
}

enum exit_result inject_undefined(struct vcpu *of)
{
	assert_ptr_equal(of, &vcpu);
	return EXIT_INJECT;
}

static int setup(void **state)
{
	(void)state;
	nested = (struct nested){ .page = page, .vcpu = &vcpu, .vhe = true };
	vm.stage2.ipa_bits = 40;
	vcpu = (struct vcpu){ .vm = &vm };
	vcpu.part[PART_NESTED] = &nested;
	page[VNCR_HCR_EL2 / 8] = 0;
	page[VNCR_VTTBR_EL2 / 8] = 0x1234;
	fake_at_kind_hook = cpu_at;
	fake_sysreg_write(SYS_PAR_EL1, STALE);
	fake_sysreg_write(SYS_ID_AA64MMFR1_EL1, PAN_2);
	fake_sysreg_write(SYS_ID_AA64ISAR2_EL1, ATS1A);
	asked = walks = 0;
	cpu_says = FOUND;
	walk_says = OK;
	return 0;
}

/* PAR_EL1 after the instruction, which was passed over. */
static uint64_t at(unsigned encoding)
{
	fake_sysreg_write(SYS_PAR_EL1, STALE);
	asked = walks = 0;
	assert_int_equal(nested_at(&vcpu, encoding, VA), EXIT_SKIP);
	assert_int_equal(walks + asked >= 1, true);
	return fake_sysreg_read(SYS_PAR_EL1);
}

static void set_hcr(uint64_t hcr)
{
	page[VNCR_HCR_EL2 / 8] = hcr;
}

/* --- the walk --- */

/* EL1&0 from vEL2: its registers are not in the CPU. */
static void test_walked(void **state)
{
	(void)state;
	assert_int_equal(at(SYS_AT_S1E1R), WALKED);
	assert_int_equal(asked, 0);
	assert_int_equal(walked_regime.kind, REGIME_EL10);
	assert_false(walked_stage2 || (walked.access & (WALK_WRITE | WALK_USER)));
	set_hcr(HCR_EL2_VM);
	assert_int_equal(at(SYS_AT_S12E0W), WALKED);
	assert_int_equal(asked, 0);
	assert_true(walked_stage2 &&
		walked.access == (WALK_WRITE | WALK_USER | WALK_FINAL | WALK_JUDGE));
	vcpu.regs.pstate = PSTATE_PAN;
	assert_int_equal(at(SYS_AT_S1E1WP), WALKED);
	assert_true(walked_pan && (walked.access & WALK_PAN));
	vcpu.regs.pstate = 0;
	assert_int_equal(at(SYS_AT_S1E1WP), WALKED);
	assert_true(!walked_pan && (walked.access & WALK_PAN));
}

/* Memory is being given: the same instruction again, PAR_EL1 as it was. */
static void test_again(void **state)
{
	(void)state;
	walk_says = ERR_BUSY;
	assert_int_equal(nested_at(&vcpu, SYS_AT_S1E1R, VA), EXIT_RESUME);
	assert_int_equal(fake_sysreg_read(SYS_PAR_EL1), STALE);
	cpu_says = 0xb0f;
	assert_int_equal(nested_at(&vcpu, SYS_AT_S1E2R, VA), EXIT_RESUME);
	assert_int_equal(asked, 1);
	assert_int_equal(fake_sysreg_read(SYS_PAR_EL1), STALE);
}

/* --- the CPU --- */

static void test_kinds(void **state)
{
	static const struct {
		unsigned encoding;
		bool pan;
		enum at_kind kind;
	} rows[] = {
		{ SYS_AT_S1E1R, true, AT_S1E1R },
		{ SYS_AT_S1E1W, true, AT_S1E1W },
		{ SYS_AT_S1E0R, true, AT_S1E0R },
		{ SYS_AT_S1E0W, true, AT_S1E0W },
		{ SYS_AT_S1E1RP, false, AT_S1E1R },
		{ SYS_AT_S1E1WP, false, AT_S1E1W },
		{ SYS_AT_S1E1RP, true, AT_S1E1RP },
		{ SYS_AT_S1E1WP, true, AT_S1E1WP },
		{ SYS_AT_S1E2R, true, AT_S1E1R },
		{ SYS_AT_S1E2W, true, AT_S1E1W },
		{ SYS_AT_S12E1W, true, AT_S1E1W }, /* the same as S1E1W here */
		{ SYS_AT_S12E0R, true, AT_S1E0R },
	};

	(void)state;
	set_hcr(HCR_EL2_TGE | HCR_EL2_VM);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu.regs.pstate = rows[i].pan ? PSTATE_PAN : 0;
		assert_int_equal(at(rows[i].encoding), FOUND);
		assert_int_equal(asked, 1);
		assert_int_equal(walks, 0);
		assert_int_equal(asked_kind, rows[i].kind);
	}
}

static bool is_asked(unsigned encoding)
{
	at(encoding);
	return asked;
}

/* Whose registers are in the CPU. */
static void test_live(void **state)
{
	(void)state;
	/* VHE: EL2&0 only. */
	assert_true(is_asked(SYS_AT_S1E2R));
	assert_false(is_asked(SYS_AT_S1E0R));
	set_hcr(HCR_EL2_TGE);
	assert_true(is_asked(SYS_AT_S1E0R));
	/* No permission is judged: nothing of the CPU's is that. */
	assert_false(is_asked(SYS_AT_S1E1A));
	assert_false(is_asked(SYS_AT_S1E2A));
	/* Without VHE: EL2, whose tables the CPU has in EL1's registers. */
	nested.vhe = false;
	assert_true(is_asked(SYS_AT_S1E2W));
	assert_false(is_asked(SYS_AT_S1E1W)); /* TGE: stage 1 is off */
	set_hcr(0);
	assert_false(is_asked(SYS_AT_S1E1W));
	/* The inner guest's own. */
	nested.inner = true;
	assert_true(is_asked(SYS_AT_S1E1W));
	assert_true(is_asked(SYS_AT_S1E0R));
	set_hcr(HCR_EL2_DC);
	assert_false(is_asked(SYS_AT_S1E0R));
}

static void test_believed(void **state)
{
	static const struct {
		uint64_t par;
		bool believed;
	} rows[] = {
		{ 0xff000000fffffb80, true },
		{ 0xff0000fffffffb80, true },
		{ 0xff00010000000b80, false }, /* not where this VM has memory */
		{ 0xff0f000000000b80, false },
		{ 0x817, true }, /* access flag */
		{ 0x81f, true }, /* permission */
		{ 0x81b, true },
		{ 0x80f, false }, /* translation */
		{ 0x801, false }, /* address size */
		{ 0x82f, false }, /* external abort */
		{ 0x861, false }, /* TLB conflict */
		{ 0xb1f, false }, /* of stage 2 */
		{ 0xb17, false },
		{ 0xa1f, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		cpu_says = rows[i].par;
		assert_int_equal(at(SYS_AT_S1E2R), rows[i].believed ? rows[i].par : WALKED);
		assert_int_equal(walks, !rows[i].believed);
	}
}

/* --- what is not there --- */

static void refused(unsigned encoding)
{
	asked = walks = 0;
	assert_int_equal(nested_at(&vcpu, encoding, VA), EXIT_INJECT);
	assert_int_equal(asked + walks, 0);
	assert_int_equal(fake_sysreg_read(SYS_PAR_EL1), STALE);
}

static void test_undefined(void **state)
{
	(void)state;
	refused(SYSREG_ENC(1, 0, 7, 9, 3));
	refused(SYSREG_ENC(1, 4, 7, 8, 2));
	fake_sysreg_write(SYS_ID_AA64MMFR1_EL1, FIELD_PREP(ID_AA64MMFR1_EL1_PAN, 1));
	refused(SYS_AT_S1E1RP);
	refused(SYS_AT_S1E1WP);
	fake_sysreg_write(SYS_ID_AA64ISAR2_EL1, 0);
	refused(SYS_AT_S1E1A);
	refused(SYS_AT_S1E2A);
	/* EL2's, for the inner guest. */
	fake_sysreg_write(SYS_ID_AA64ISAR2_EL1, ATS1A);
	nested.inner = true;
	refused(SYS_AT_S1E2R);
	refused(SYS_AT_S12E1R);
	refused(SYS_AT_S1E2A);
	assert_int_equal(at(SYS_AT_S1E1A), WALKED);
}

static uint64_t secureless(uint64_t va)
{
	assert_int_not_equal(va, 0);
	return cpu_says;
}

/* NS is the CPU's. */
static void test_init(void **state)
{
	(void)state;
	fake_at_hook = secureless;
	par_bits = PAR_EL1_RES1;
	cpu_says = 0xff00000012345980;
	nested_at_init();
	assert_int_equal(par_bits, PAR_EL1_RES1);
	cpu_says = 0xa0f;
	nested_at_init();
	assert_int_equal(par_bits, PAR_EL1_RES1);
	cpu_says = 0xff00000012345b80;
	nested_at_init();
	assert_int_equal(par_bits, PAR_EL1_RES1 | PAR_EL1_NS);
	par_bits = PAR_EL1_RES1;
	fake_at_hook = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_walked, setup),
		cmocka_unit_test_setup(test_again, setup),
		cmocka_unit_test_setup(test_kinds, setup),
		cmocka_unit_test_setup(test_live, setup),
		cmocka_unit_test_setup(test_believed, setup),
		cmocka_unit_test_setup(test_undefined, setup),
		cmocka_unit_test_setup(test_init, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
