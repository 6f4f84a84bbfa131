/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/call_table.h"
#include "mm/page.h"

static uint64_t counter_of(const struct smccc_call *call)
{
	if (call->service == SMCCC_SERVICE_PSCI)
		return offsetof(struct vcpu, psci_calls[call->function % NR_PSCI_CALLS]);
	return offsetof(struct vcpu, calls[call->counted]);
}

/* The functions that the rows say to handle. */
static void fill_index(struct call_table *table)
{
	for (unsigned i = 0; i < CALL_INDEX_ENTRIES; i++)
		table->index[i] = (struct call_entry){ .function_and_counter = CALL_ENTRY_NONE };
	for (unsigned i = 0; i < 2 * nr_smccc_calls; i++) {
		const struct smccc_call *call = &smccc_calls[i / 2];
		uint32_t function = call->function | (i % 2 ? SMCCC_64 : 0);
		struct call_entry *entry = &table->index[call_index_of(function)];

		if ((call->widths & (i % 2 ? W64 : W32)) &&
			call_table_find(table, function)->action == CALL_HANDLE)
			*entry = (struct call_entry){ counter_of(call) << 32 | function,
				call->handler };
	}
}

unsigned call_table_fill(struct call_table *table, unsigned capacity,
	const struct call_rule *const *rules, unsigned count)
{
	unsigned found = 0;
	struct call_row row;

	for (uint64_t key = 0; key <= CALL_KEY_LAST; key = row.last + 1) {
		row = call_row_at(rules, count, key);
		if (found < capacity)
			table->rows[found] = row;
		found++;
	}
	if (found <= capacity) {
		table->nr_rows = found;
		fill_index(table);
	}
	return found;
}

static size_t size_of(unsigned nr_rows)
{
	return sizeof(struct call_table) + nr_rows * sizeof(struct call_row);
}

static struct call_table *make(const struct call_rule *const *rules, unsigned count)
{
	unsigned nr_rows = call_table_fill(NULL, 0, rules, count);
	struct call_table *table = mm_zalloc(size_of(nr_rows));

	if (table)
		call_table_fill(table, nr_rows, rules, count);
	return table;
}

/* That of all VMs without rules. */
static struct call_table *defaults;

const struct call_table *call_table_make(const char *vm, enum conduit conduit)
{
	/* Too much for a stack; VMs are made one after the other. */
	static const struct call_rule *rules[CALL_RULES_MAX];
	unsigned count = call_rules_of(vm, conduit == SMCCC_SMC, rules);

	if (count != 0)
		return make(rules, count);
	if (!defaults)
		defaults = make(NULL, 0);
	return defaults;
}

/* That of HVC of all VMs with a virtual EL2. */
static struct call_table *all_reflected;

static struct call_table *make_reflected(void)
{
	struct call_table *table = mm_zalloc(size_of(1));

	if (!table)
		return NULL;
	table->nr_rows = 1;
	table->rows[0] =
		(struct call_row){ .first = 0, .last = CALL_KEY_LAST, .action = CALL_REFLECT };
	fill_index(table);
	return table;
}

enum status call_tables_reflect_hvc(struct vm *vm)
{
	if (!all_reflected)
		all_reflected = make_reflected();
	if (!all_reflected)
		return ERR_NO_MEMORY;
	call_table_release(vm->vcpus[0]->call_tables[SMCCC_HVC]);
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->call_tables[SMCCC_HVC] = all_reflected;
	return OK;
}

void call_table_release(const struct call_table *table)
{
	if (table && table != defaults && table != all_reflected)
		mm_free((void *)(uintptr_t)table, size_of(table->nr_rows));
}

static void destroy(struct vm *vm)
{
	for (unsigned conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
		call_table_release(vm->vcpus[0]->call_tables[conduit]);
		for (unsigned i = 0; i < vm->nr_vcpus; i++)
			vm->vcpus[i]->call_tables[conduit] = NULL;
	}
}

static enum status create(struct vm *vm)
{
	for (unsigned conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
		const struct call_table *table = call_table_make(vm->name, (enum conduit)conduit);

		if (!table) {
			destroy(vm);
			return ERR_NO_MEMORY;
		}
		for (unsigned i = 0; i < vm->nr_vcpus; i++)
			vm->vcpus[i]->call_tables[conduit] = table;
	}
	return OK;
}

const struct vm_part smccc_part = {
	.name = "call tables",
	.create = create,
	.destroy = destroy,
};
