/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call table, of up to eight rows: they begin at key 0, end at the last one, and each begins
 * where the one before it ends: no gap, no overlap. The row that is found for any of the 2^48 keys,
 * so for each 32-bit function identifier, holds it, and is what call_row_at() gave.
 *
 * proves: hyp/smccc/call_table.c
 * flags: -DCALL_INDEX_ENTRIES=8
 * unwind: 10
 */
#define ROWS_MAX 8
#include "tests/proof/call_rows.h"

/* The index is proved in tests/proof/proof_call_index.c. */
const struct smccc_call smccc_calls[1];
const unsigned nr_smccc_calls = 0;

int main(void)
{
	struct call_table *table = &made.table;
	unsigned count, i = nondet_unsigned();
	uint64_t key = nondet_uint64();
	const struct call_row *row;

	count = call_table_fill(table, ROWS_MAX, NULL, 0);
	table->rows[0].last = BROKEN(table->rows[0].last, table->rows[0].last - 1);
	PROVE(count == nr_rows && count == table->nr_rows);
	PROVE(table->rows[0].first == 0 && table->rows[count - 1].last == CALL_KEY_LAST);
	ASSUME(i < count);
	PROVE(table->rows[i].first <= table->rows[i].last);
	PROVE(i + 1 == count || table->rows[i + 1].first == table->rows[i].last + 1);
	PROVE(table->rows[i].action == rows[i].action && table->rows[i].rule == rows[i].rule);

	ASSUME(key <= CALL_KEY_LAST);
	row = call_table_find(table, key);
	PROVE(row >= table->rows && row < table->rows + count);
	PROVE(key >= row->first && key <= row->last);
	return 0;
}
