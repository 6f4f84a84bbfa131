/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call table of any rows that call_row_at() can give (tests/proof/proof_call_row.c says what they
 * hold), up to ROWS_MAX.
 */
#ifndef TESTS_PROOF_CALL_ROWS_H
#define TESTS_PROOF_CALL_ROWS_H

#include "tests/proof/call_rules.h"

static struct call_row rows[ROWS_MAX];
static unsigned nr_rows;

/* Any row that begins at `key`. */
struct call_row call_row_at(const struct call_rule *const *of, unsigned count, uint64_t key)
{
	struct call_row row = { .first = key, .last = nondet_uint64(), .rule = rules };

	(void)of;
	(void)count;
	row.action = (enum call_action)(nondet_unsigned() % (CALL_REFLECT + 1));
	ASSUME(row.last >= key && row.last <= CALL_KEY_LAST);
	ASSUME(nr_rows < ROWS_MAX);
	rows[nr_rows++] = row;
	return row;
}

static struct {
	struct call_table table;
	struct call_row room[ROWS_MAX];
} made;

#endif
