/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The index of a call table, of up to three rows: an entry stands in its place, and is a function
 * of calls.def (tests/proof/few), in a width that it has, with its handler, that the rows say to
 * handle. The place of each such function has an entry.
 *
 * proves: hyp/smccc/call_table.c
 * flags: -DCALL_INDEX_ENTRIES=8
 * unwind: 10
 */
#define ROWS_MAX 3
#include "tests/proof/call_rows.h"

static enum exit_result nobody(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	return smccc_return(vcpu, conduit, function);
}

#define CALL(service, number, name, widths, since, handler, text)                            \
	enum exit_result handler(struct vcpu *vcpu, enum conduit conduit, uint32_t function) \
	{                                                                                    \
		return nobody(vcpu, conduit, function);                                      \
	}
#include "hyp/smccc/calls.def"

const struct smccc_call smccc_calls[] = {
#define CALL(service, number, name, widths, since, handler, text) \
	{ SMCCC_BASE_##service + (number), widths, handler, SMCCC_SERVICE_##service, CALL_ARCH },
#include "hyp/smccc/calls.def"
};
const unsigned nr_smccc_calls = ARRAY_SIZE(smccc_calls);

static void prove_entry(const struct call_entry *entry, unsigned place)
{
	bool found = false;

	for (unsigned i = 0; i < nr_smccc_calls; i++) {
		if (smccc_calls[i].function == (call_entry_function(entry) & ~(uint32_t)SMCCC_64) &&
			(smccc_calls[i].widths &
				(call_entry_function(entry) & SMCCC_64 ? W64 : W32)))
			found = smccc_calls[i].handler == entry->handler;
	}
	PROVE(found);
	PROVE(call_index_of(call_entry_function(entry)) == place);
	PROVE(call_table_find(&made.table, call_entry_function(entry))->action == CALL_HANDLE);
}

int main(void)
{
	const struct call_entry *index = made.table.index;

	call_table_fill(&made.table, ROWS_MAX, NULL, 0);
	made.table.index[0].handler = BROKEN(made.table.index[0].handler, nobody);
	for (unsigned place = 0; place < CALL_INDEX_ENTRIES; place++) {
		if (call_entry_function(&index[place]) != CALL_ENTRY_NONE)
			prove_entry(&index[place], place);
	}
	for (unsigned i = 0; i < 2 * nr_smccc_calls; i++) {
		uint32_t function = smccc_calls[i / 2].function | (i % 2 ? SMCCC_64 : 0);

		if ((smccc_calls[i / 2].widths & (i % 2 ? W64 : W32)) &&
			call_table_find(&made.table, function)->action == CALL_HANDLE)
			PROVE(call_entry_function(&index[call_index_of(function)]) !=
				CALL_ENTRY_NONE);
	}
	return 0;
}
