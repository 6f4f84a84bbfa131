/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call tables: the defaults, random rules against a model that asks each rule, the index, what is
 * shared and given back.
 *
 * links: hyp/smccc/call_table.c hyp/smccc/call_row.c hyp/smccc/call_rule.c hyp/smccc/dispatch.c
 * hyp/base/format.c tests/unit/smccc_stubs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/smccc/call_table.h"
#include "mm/page.h"

#define RULES_MAX 12
#define ROWS_MAX  (4 * NR_CALL_SERVICES + 2 + 2 * RULES_MAX)

static struct call_rule rules[RULES_MAX];
static const struct call_rule *of[RULES_MAX];
static unsigned nr_rules;
static struct call_table *table;
static unsigned allocations, fail_at;
static size_t bytes;

void *mm_zalloc(size_t size)
{
	if (++allocations == fail_at)
		return NULL;
	bytes += size;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	if (memory)
		bytes -= size;
	free(memory);
}

static int setup(void **state)
{
	(void)state;
	table = calloc(1, sizeof(*table) + ROWS_MAX * sizeof(struct call_row));
	nr_rules = 0;
	allocations = fail_at = 0;
	call_rules_forget();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(table);
	return 0;
}

static bool holds(const struct call_rule *rule, uint64_t key)
{
	uint16_t immediate = (uint16_t)(key >> 32);
	uint32_t function = (uint32_t)key;

	if (immediate != 0)
		return rule->immediate_first != 0 && immediate >= rule->immediate_first &&
			immediate <= rule->immediate_last;
	return rule->immediate_last == 0 && function >= rule->function_first &&
		function <= rule->function_last;
}

/* By the specifications' ranges, without the width. */
static bool is_lintels(uint64_t key)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x80000000, 0x8000ffff },
		{ 0x84000000, 0x8400003f },
		{ 0x84000050, 0x8400005f },
		{ 0x85000020, 0x8500002f },
		{ 0x86000000, 0x8600ffff },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (key >= ranges[i].first && key <= ranges[i].last)
			return true;
	}
	return false;
}

static void check_key(uint64_t key)
{
	const struct call_row *row = call_table_find(table, key);
	const struct call_rule *rule = NULL;
	bool lintels = is_lintels(key & ~SMCCC_64);

	for (unsigned i = 0; i < nr_rules; i++) {
		if (holds(&rules[i], key))
			rule = &rules[i];
	}
	assert_true(row->first <= key && key <= row->last);
	assert_ptr_equal(row->rule, rule);
	if (rule)
		assert_int_equal(row->action, rule->action);
	else
		assert_int_equal(row->action, lintels ? CALL_HANDLE : CALL_DENY);
}

static void check_table(void)
{
	assert_in_range(table->nr_rows, 1, ROWS_MAX);
	assert_int_equal(table->rows[0].first, 0);
	assert_int_equal(table->rows[table->nr_rows - 1].last, CALL_KEY_LAST);
	for (unsigned i = 0; i < table->nr_rows; i++) {
		const struct call_row *row = &table->rows[i];

		assert_true(row->first <= row->last);
		/* Of immediate 0, or of all functions of some others. */
		if (row->first < CALL_KEY(1, 0))
			assert_true(row->last < CALL_KEY(1, 0));
		else
			assert_true((uint32_t)row->first == 0 && (uint32_t)row->last == UINT32_MAX);
		if (i > 0)
			assert_int_equal(row->first, row[-1].last + 1);
		check_key(row->first);
		check_key(row->last);
		check_key(row->first + (row->last - row->first) / 2);
	}
}

/* What the index says is what calls.def and the rows say; nothing that is called often is left
 * out. */
static void check_index(void)
{
	unsigned entries = 0, functions = 0;

	for (unsigned i = 0; i < CALL_INDEX_ENTRIES; i++) {
		const struct call_entry *entry = &table->index[i];

		if (call_entry_function(entry) == CALL_ENTRY_NONE)
			continue;
		entries++;
		assert_int_equal(call_index_of(call_entry_function(entry)), i);
		assert_true(smccc_offers(call_entry_function(entry)));
		assert_int_equal(
			call_table_find(table, call_entry_function(entry))->action, CALL_HANDLE);
		assert_non_null(entry->handler);
		assert_in_range(entry->function_and_counter >> 32,
			offsetof(struct vcpu, psci_calls),
			offsetof(struct vcpu, calls) + sizeof(((struct vcpu *)0)->calls) - 8);
	}
	for (unsigned i = 0; i < 2 * nr_smccc_calls; i++) {
		uint32_t function = smccc_calls[i / 2].function | (i % 2 ? SMCCC_64 : 0);
		const struct call_entry *entry = &table->index[call_index_of(function)];

		if (!smccc_offers(function) ||
			call_table_find(table, function)->action != CALL_HANDLE)
			continue;
		functions++;
		if (call_entry_function(entry) == function)
			assert_ptr_equal(entry->handler, smccc_calls[i / 2].handler);
	}
	assert_in_range(entries, functions - MIN(functions, 8), functions);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_in_range(call_table_fill(table, ROWS_MAX, NULL, 0), 1, ROWS_MAX);
	check_table();
	check_index();
	for (unsigned owner = 0; owner < 256; owner++) {
		for (uint32_t number = 0; number < 0x200; number++)
			check_key(owner << 24 | number);
		check_key(owner << 24 | 0xffff);
		check_key(owner << 24 | 0x10000);
	}
	for (unsigned i = 0; i < nr_smccc_calls; i++)
		assert_int_equal(
			call_table_find(table, smccc_calls[i].function)->action, CALL_HANDLE);
}

static uint64_t seed = 1;

static uint32_t random_bits(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33);
}

/* Near where something begins or ends, or anywhere. */
static uint32_t random_function(void)
{
	const struct call_service *service = &call_services[random_bits() % NR_CALL_SERVICES];
	uint32_t at = service->base | (random_bits() & 1 ? (uint32_t)SMCCC_64 : 0);

	switch (random_bits() % 4) {
	case 0:
		return random_bits() * 2 + (random_bits() & 1);
	case 1:
		return at - 2 + random_bits() % 4;
	case 2:
		return at + service->count - 2 + random_bits() % 4;
	default:
		return random_bits() & 1 ? 0 : UINT32_MAX;
	}
}

static void random_rule(struct call_rule *rule)
{
	uint32_t a = random_function(), b = random_function();

	memset(rule, 0, sizeof(*rule));
	rule->action = (enum call_action)(random_bits() % (CALL_REFLECT + 1));
	if (random_bits() % 3) {
		rule->function_first = MIN(a, b);
		rule->function_last = MAX(a, b);
		return;
	}
	a = random_bits() % 0x10000;
	b = random_bits() % 2 ? a + random_bits() % 4 : 0xffff;
	rule->immediate_first = (uint16_t)MAX(a, 1);
	rule->immediate_last = (uint16_t)MIN(MAX(b, rule->immediate_first), 0xffff);
}

static bool overlaps_others(const struct call_rule *rule)
{
	for (unsigned i = 0; i < nr_rules; i++) {
		const struct call_rule *other = &rules[i];

		if ((rule->immediate_last != 0) != (other->immediate_last != 0))
			continue;
		if (rule->immediate_first <= other->immediate_last &&
			other->immediate_first <= rule->immediate_last &&
			rule->function_first <= other->function_last &&
			other->function_first <= rule->function_last)
			return true;
	}
	return false;
}

static void test_random_rules(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		nr_rules = 0;
		for (unsigned i = 0; i < 2 * RULES_MAX && nr_rules < RULES_MAX; i++) {
			random_rule(&rules[nr_rules]);
			if (overlaps_others(&rules[nr_rules]))
				continue;
			of[nr_rules] = &rules[nr_rules];
			nr_rules++;
		}
		assert_in_range(call_table_fill(table, ROWS_MAX, of, nr_rules), 1, ROWS_MAX);
		check_table();
		check_index();
		for (unsigned i = 0; i < 50; i++)
			check_key(random_bits() % 2
					? random_function()
					: CALL_KEY(random_bits() % 0x10000, random_bits()));
	}
}

/* Rows that don't fit are counted, and nothing is written behind the others. */
static void test_capacity(void **state)
{
	unsigned needed = call_table_fill(NULL, 0, NULL, 0);
	struct call_table *small = malloc(sizeof(*small) + (needed - 1) * sizeof(struct call_row));

	(void)state;
	small->nr_rows = 1234;
	assert_int_equal(call_table_fill(small, needed - 1, NULL, 0), needed);
	assert_int_equal(small->nr_rows, 1234);
	assert_int_equal(call_table_fill(table, needed, NULL, 0), needed);
	assert_int_equal(table->nr_rows, needed);
	assert_memory_equal(small->rows, table->rows, (needed - 1) * sizeof(struct call_row));
	free(small);
}

static void add(const char *vm, bool smc, bool hvc)
{
	struct call_rule rule = { .smc = smc,
		.hvc = hvc,
		.function_first = 0x83000000,
		.function_last = 0x83000000,
		.action = CALL_UNDEFINED };
	const char *why;

	strcpy(rule.vm, vm);
	assert_int_equal(call_rule_add(&rule, &why), OK);
}

static void make_vm(struct vm *vm, const char *name, struct vcpu vcpus[2])
{
	memset(vm, 0, sizeof(*vm));
	memset(vcpus, 0, 2 * sizeof(*vcpus));
	strcpy(vm->name, name);
	vm->nr_vcpus = 2;
	vm->vcpus[0] = &vcpus[0];
	vm->vcpus[1] = &vcpus[1];
}

static void test_part(void **state)
{
	static struct vm plain, other, smc_only;
	static struct vcpu vcpus[6];
	size_t before;

	(void)state;
	make_vm(&plain, "plain", &vcpus[0]);
	make_vm(&other, "other", &vcpus[2]);
	make_vm(&smc_only, "smc", &vcpus[4]);
	/* Out of memory: nothing is left behind. */
	fail_at = 1;
	assert_int_equal(smccc_part.create(&plain), ERR_NO_MEMORY);
	assert_null(vcpus[0].call_tables[SMCCC_SMC]);
	fail_at = 0;
	assert_int_equal(smccc_part.create(&plain), OK);
	assert_non_null(vcpus[0].call_tables[SMCCC_SMC]);
	assert_ptr_equal(vcpus[1].call_tables[SMCCC_HVC], vcpus[0].call_tables[SMCCC_SMC]);
	assert_int_equal(smccc_part.create(&other), OK);
	assert_ptr_equal(vcpus[2].call_tables[SMCCC_HVC], vcpus[0].call_tables[SMCCC_SMC]);
	smccc_part.destroy(&other);

	add("smc", true, false);
	add("other", true, true);
	before = bytes;
	assert_int_equal(smccc_part.create(&smc_only), OK);
	assert_ptr_equal(vcpus[4].call_tables[SMCCC_HVC], vcpus[0].call_tables[SMCCC_HVC]);
	assert_ptr_not_equal(vcpus[4].call_tables[SMCCC_SMC], vcpus[0].call_tables[SMCCC_SMC]);
	assert_ptr_equal(vcpus[4].call_tables[SMCCC_SMC], vcpus[5].call_tables[SMCCC_SMC]);
	assert_int_equal(call_table_find(vcpus[4].call_tables[SMCCC_SMC], 0x83000000)->action,
		CALL_UNDEFINED);
	smccc_part.destroy(&smc_only);
	assert_int_equal(bytes, before);
	/* The second table of two. */
	fail_at = allocations + 2;
	assert_int_equal(smccc_part.create(&other), ERR_NO_MEMORY);
	assert_int_equal(bytes, before);
	smccc_part.destroy(&plain);
	assert_int_equal(bytes, before);
}

/* Every HVC is the guest hypervisor's, whatever rules there are; every SMC as before. */
static void test_reflected(void **state)
{
	static struct vm first, second;
	static struct vcpu vcpus[4];
	const struct call_table *reflected;
	size_t before;

	(void)state;
	make_vm(&first, "plain", &vcpus[0]);
	make_vm(&second, "ruled", &vcpus[2]);
	add("ruled", true, true);
	before = bytes;
	assert_int_equal(smccc_part.create(&first), OK);
	assert_int_equal(smccc_part.create(&second), OK);
	fail_at = allocations + 1;
	assert_int_equal(call_tables_reflect_hvc(&first), ERR_NO_MEMORY);
	assert_ptr_equal(vcpus[0].call_tables[SMCCC_HVC], vcpus[0].call_tables[SMCCC_SMC]);
	fail_at = 0;
	assert_int_equal(call_tables_reflect_hvc(&first), OK);
	assert_int_equal(call_tables_reflect_hvc(&second), OK);
	reflected = vcpus[0].call_tables[SMCCC_HVC];
	for (unsigned i = 1; i < 4; i++)
		assert_ptr_equal(vcpus[i].call_tables[SMCCC_HVC], reflected);
	assert_int_equal(reflected->nr_rows, 1);
	for (unsigned i = 0; i < CALL_INDEX_ENTRIES; i++)
		assert_int_equal(call_entry_function(&reflected->index[i]), CALL_ENTRY_NONE);
	assert_int_equal(call_table_find(reflected, 0)->action, CALL_REFLECT);
	assert_int_equal(call_table_find(reflected, 0x84000000)->action, CALL_REFLECT);
	assert_int_equal(call_table_find(reflected, CALL_KEY_LAST)->action, CALL_REFLECT);
	assert_int_equal(
		call_table_find(vcpus[0].call_tables[SMCCC_SMC], 0x84000000)->action, CALL_HANDLE);
	assert_int_equal(call_table_find(vcpus[2].call_tables[SMCCC_SMC], 0x83000000)->action,
		CALL_UNDEFINED);
	smccc_part.destroy(&second);
	smccc_part.destroy(&first);
	/* It stays, for the next one. */
	assert_int_equal(bytes, before + sizeof(struct call_table) + sizeof(struct call_row));
	assert_int_equal(reflected->nr_rows, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_capacity, setup, teardown),
		cmocka_unit_test_setup_teardown(test_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reflected, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
