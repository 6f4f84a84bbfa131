/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What begins at a key, for any four rules that don't overlap: a row that begins there, ends at or
 * behind it, and is right for each key that it holds, by the rule that holds the key or by the
 * defaults. tests/proof/proof_call_table.c makes tables of such rows.
 *
 * proves: hyp/smccc/call_row.c
 * unwind: 15
 */
#include "tests/proof/call_rules.h"

#define NR_RULES 4

int main(void)
{
	uint64_t key = nondet_uint64(), other = nondet_uint64();
	struct call_row row, wanted;

	any_rules(NR_RULES);
	ASSUME(key <= CALL_KEY_LAST);
	row = call_row_at(rule_list, BROKEN(NR_RULES, NR_RULES - 1), key);
	PROVE(row.first == key);
	PROVE(row.last >= key && row.last <= CALL_KEY_LAST);
	ASSUME(key <= other && other <= row.last);
	wanted = specified(other);
	PROVE(row.action == wanted.action);
	PROVE(row.rule == wanted.rule);
	return 0;
}
