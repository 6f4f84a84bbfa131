/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The call table of a VM, one for SMC and one for HVC: what becomes of each call.
 *
 * A call's place in the table is its key: the immediate in bits 47:32, the function identifier in
 * bits 31:0. The rows are in the order of their keys and cover all 2^48 of them without gap or
 * overlap, so that one binary search finds the one row of a call. A row for other immediates than 0
 * holds all function identifiers of each.
 *
 *   rows = the VM's rules (call_rule.h) over Lintel's defaults:
 *
 *   | immediate | function identifiers                             | default                     |
 *   | --------- | ------------------------------------------------ | --------------------------- |
 *   | 0         | those of Lintel's services (call_services[])     | handle                      |
 *   | 0         | all others, yielding calls among them            | deny                        |
 *   | 1-ffff    | all                                              | deny                        |
 *
 * In front of the rows is an index of the functions of calls.def that the rows say to handle: one
 * step leads from a function identifier to its handler and its counter. What isn't there is
 * searched for in the rows: calls that are not handled, and where two functions share a place the
 * first of them in calls.def.
 *
 * A table is immutable once its VM is made. VMs without rules share one.
 */
#ifndef HYP_SMCCC_CALL_TABLE_H
#define HYP_SMCCC_CALL_TABLE_H

#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/dispatch.h"

#define CALL_KEY(immediate, function) ((uint64_t)(immediate) << 32 | (uint32_t)(function))
#define CALL_KEY_LAST                 CALL_KEY(0xffff, 0xffffffff)

struct call_row {
	uint64_t first, last; /* keys */
	enum call_action action;
	const struct call_rule *rule; /* NULL: a default */
};

/*
 * A function that is handled: its identifier, or CALL_ENTRY_NONE, and in bits 63:32 its counter's
 * place in struct vcpu, in bytes.
 */
struct call_entry {
	uint64_t function_and_counter;
	smccc_service handler;
};

static inline uint32_t call_entry_function(const struct call_entry *entry)
{
	return (uint32_t)entry->function_and_counter;
}

/* The hint bit is never set in what is looked for. */
#define CALL_ENTRY_NONE SMCCC_HINT
#ifndef CALL_INDEX_ENTRIES /* less in a proof */
#define CALL_INDEX_ENTRIES 512
#endif

struct call_table {
	struct call_entry index[CALL_INDEX_ENTRIES];
	unsigned nr_rows;
	struct call_row rows[];
};

/* A function's place in the index. Few of calls.def's share one, and none of those that are called
 * often. */
static __always_inline unsigned call_index_of(uint32_t function)
{
	return (function + (function >> 23)) % CALL_INDEX_ENTRIES;
}

/* The row that holds a key. */
static inline const struct call_row *call_table_find(const struct call_table *table, uint64_t key)
{
	unsigned low = 0, high = table->nr_rows;

	/* rows[low].first <= key, and rows[high], if there is one, begins behind it */
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (table->rows[middle].first <= key)
			low = middle;
		else
			high = middle;
	}
	return &table->rows[low];
}

/* A range of calls that belong together. */
struct call_service {
	const char *name;
	uint32_t base;  /* SMC32 */
	uint32_t count; /* of functions, of either width */
	bool handled;   /* by Lintel */
	bool whole;     /* makes only sense whole */
};
#define NR_CALL_SERVICES 7
#define CALL_SERVICE_FFA 6 /* Lintel has none */
/* The first of them by their enum smccc_service_id. */
extern const struct call_service call_services[NR_CALL_SERVICES];

/*
 * The row that begins at `key` (or holds it, and is cut there) in the table of these rules, which
 * don't overlap. Pure.
 */
struct call_row call_row_at(const struct call_rule *const *rules, unsigned count, uint64_t key);

/*
 * Fills a table with room for `capacity` rows, and returns how many it has: more than that, and
 * only these are filled in, when they don't fit. Pure.
 */
unsigned call_table_fill(struct call_table *table, unsigned capacity,
	const struct call_rule *const *rules, unsigned count);

/*
 * The table of a VM and conduit, by the rules that there are for its name. NULL: no memory. To be
 * given back by call_table_release().
 */
const struct call_table *call_table_make(const char *vm, enum conduit conduit);
void call_table_release(const struct call_table *table);

/* From now on every HVC of the VM, which was just made, is its guest hypervisor's: of its rules
 * those for HVC mean nothing. ERR_NO_MEMORY. */
enum status call_tables_reflect_hvc(struct vm *vm) __must_check;

extern const struct vm_part smccc_part;

#endif
