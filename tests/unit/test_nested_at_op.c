/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which translation each AT asks for, in each state: the table of hyp/nested/at_op.h, cell by cell.
 *
 * links: hyp/nested/at_op.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/arch/sysreg_fields.h"
#include "hyp/nested/at_op.h"

/* Regime and who: the cells. */
enum cell { P10, U10, OFF_P, OFF_U, P20, U20, P2, A10, A2, OFF_A, A20 };

static const struct {
	unsigned encoding;
	enum cell cells[4]; /* by {E2H,TGE}: 00, 01, 10, 11 */
	bool write, pan, through;
} rows[] = {
	{ SYS_AT_S1E1R, { P10, OFF_P, P10, P20 }, false, false, false },
	{ SYS_AT_S1E1W, { P10, OFF_P, P10, P20 }, true, false, false },
	{ SYS_AT_S1E0R, { U10, OFF_U, U10, U20 }, false, false, false },
	{ SYS_AT_S1E0W, { U10, OFF_U, U10, U20 }, true, false, false },
	{ SYS_AT_S1E1RP, { P10, OFF_P, P10, P20 }, false, true, false },
	{ SYS_AT_S1E1WP, { P10, OFF_P, P10, P20 }, true, true, false },
	{ SYS_AT_S1E1A, { A10, OFF_A, A10, A20 }, false, false, false },
	{ SYS_AT_S12E1R, { P10, OFF_P, P10, P20 }, false, false, true },
	{ SYS_AT_S12E1W, { P10, OFF_P, P10, P20 }, true, false, true },
	{ SYS_AT_S12E0R, { U10, OFF_U, U10, U20 }, false, false, true },
	{ SYS_AT_S12E0W, { U10, OFF_U, U10, U20 }, true, false, true },
	{ SYS_AT_S1E2R, { P2, P2, P20, P20 }, false, false, false },
	{ SYS_AT_S1E2W, { P2, P2, P20, P20 }, true, false, false },
	{ SYS_AT_S1E2A, { A2, A2, A20, A20 }, false, false, false },
};

static bool in(enum cell cell, enum cell a, enum cell b, enum cell c, enum cell d)
{
	return cell == a || cell == b || cell == c || cell == d;
}

static void check(unsigned row, unsigned column, uint64_t controls)
{
	enum cell cell = rows[row].cells[column];
	bool el10 = in(cell, P10, U10, OFF_P, OFF_U) || in(cell, A10, OFF_A, A10, A10);
	bool stage2 = el10 && (controls & (HCR_EL2_VM | HCR_EL2_DC));
	uint64_t hcr = controls | (column & 1 ? HCR_EL2_TGE : 0);
	struct at_op op;

	assert_true(at_op_decode(rows[row].encoding, column & 2, hcr, &op));
	assert_int_equal(op.regime,
		el10                               ? REGIME_EL10
			: in(cell, P2, A2, P2, P2) ? REGIME_EL2
						   : REGIME_EL20);
	assert_int_equal(
		op.off, el10 && (in(cell, OFF_P, OFF_U, OFF_A, OFF_A) || (controls & HCR_EL2_DC)));
	assert_int_equal(!!(op.access & WALK_USER), in(cell, U10, OFF_U, U20, U20));
	assert_int_equal(!(op.access & WALK_JUDGE), in(cell, A10, OFF_A, A20, A2));
	assert_int_equal(!!(op.access & WALK_WRITE), rows[row].write);
	assert_int_equal(!!(op.access & WALK_PAN), rows[row].pan);
	assert_int_equal(op.stage2, stage2);
	assert_int_equal(!!(op.access & WALK_FINAL), stage2 && rows[row].through);
}

static void test_cells(void **state)
{
	(void)state;
	for (unsigned row = 0; row < ARRAY_SIZE(rows); row++) {
		for (unsigned column = 0; column < 4; column++) {
			check(row, column, 0);
			check(row, column, HCR_EL2_VM);
			check(row, column, HCR_EL2_DC);
			check(row, column, HCR_EL2_VM | HCR_EL2_DC);
			/* L1 is shown none of these. */
			check(row, column, HCR_EL2_VM | HCR_EL2_NV | HCR_EL2_NV1 | HCR_EL2_NV2);
		}
	}
}

/* HCR_EL2.E2H in memory counts for nothing: the form does. */
static void test_form(void **state)
{
	struct at_op op;

	(void)state;
	assert_true(at_op_decode(SYS_AT_S1E2R, false, HCR_EL2_E2H, &op));
	assert_int_equal(op.regime, REGIME_EL2);
	assert_true(at_op_decode(SYS_AT_S1E1R, true, HCR_EL2_TGE, &op));
	assert_int_equal(op.regime, REGIME_EL20);
}

/* Of all encodings of SYS these 14 and no others. */
static void test_no_others(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned encoding = 0; encoding < 1 << 16; encoding++) {
		struct at_op op;
		bool known = false;

		for (unsigned row = 0; row < ARRAY_SIZE(rows); row++)
			known |= rows[row].encoding == encoding;
		assert_int_equal(at_op_decode(encoding, false, 0, &op), known);
		count += known;
	}
	assert_int_equal(count, 14);
}

/* The encodings themselves, by the words of the instructions. */
static void test_encodings(void **state)
{
	static const uint32_t words[] = { 0xd5087800, 0xd5087820, 0xd5087840, 0xd5087860,
		0xd5087900, 0xd5087920, 0xd5087940, 0xd50c7880, 0xd50c78a0, 0xd50c78c0, 0xd50c78e0,
		0xd50c7800, 0xd50c7820, 0xd50c7940 };

	(void)state;
	for (unsigned row = 0; row < ARRAY_SIZE(rows); row++)
		assert_int_equal(rows[row].encoding, words[row] >> 5 & 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_no_others),
		cmocka_unit_test(test_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
