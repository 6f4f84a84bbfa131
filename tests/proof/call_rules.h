/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any rules for calls that don't overlap, and what becomes of a call by them and the defaults: the
 * specification that the call table is proved against. It asks each rule, and knows Lintel's
 * services by the specifications' numbers.
 */
#ifndef TESTS_PROOF_CALL_RULES_H
#define TESTS_PROOF_CALL_RULES_H

#include "hyp/smccc/call_table.h"
#include "tests/proof/proof.h"

#define RULES_MAX 4

static struct call_rule rules[RULES_MAX];
static const struct call_rule *rule_list[RULES_MAX];
static unsigned nr_rules;

static bool holds(const struct call_rule *rule, uint64_t key)
{
	uint16_t immediate = (uint16_t)(key >> 32);
	uint32_t function = (uint32_t)key;

	if (rule->immediate_last != 0)
		return immediate >= rule->immediate_first && immediate <= rule->immediate_last;
	return immediate == 0 && function >= rule->function_first &&
		function <= rule->function_last;
}

/* Of two that overlap one holds the other's first key. */
static uint64_t first_of(const struct call_rule *rule)
{
	return CALL_KEY(rule->immediate_first, rule->function_first);
}

static void any_rules(unsigned count)
{
	nr_rules = count;
	for (unsigned i = 0; i < count; i++) {
		struct call_rule *rule = &rules[i];

		rule_list[i] = rule;
		rule->action = (enum call_action)(nondet_unsigned() % (CALL_REFLECT + 1));
		if (nondet_bool()) {
			rule->function_first = nondet_uint32();
			rule->function_last = nondet_uint32();
			ASSUME(rule->function_first <= rule->function_last);
		} else {
			rule->immediate_first = nondet_uint16();
			rule->immediate_last = nondet_uint16();
			ASSUME(rule->immediate_first != 0 &&
				rule->immediate_first <= rule->immediate_last);
		}
		for (unsigned j = 0; j < i; j++)
			ASSUME(!holds(&rules[j], first_of(rule)) &&
				!holds(rule, first_of(&rules[j])));
	}
}

static bool is_lintels(uint32_t function)
{
	uint32_t narrow = function & ~(uint32_t)SMCCC_64;

	return (narrow >= 0x80000000 && narrow <= 0x8000ffff) ||  /* the architecture */
		(narrow >= 0x84000000 && narrow <= 0x8400001f) || /* PSCI */
		(narrow >= 0x84000020 && narrow <= 0x8400003f) || /* SDEI */
		(narrow >= 0x84000050 && narrow <= 0x8400005f) || /* TRNG */
		(narrow >= 0x85000020 && narrow <= 0x8500002f) || /* stolen time */
		(narrow >= 0x86000000 && narrow <= 0x8600ffff);   /* the hypervisor's own */
}

static struct call_row specified(uint64_t key)
{
	struct call_row row = { .action = CALL_DENY };

	if (key <= UINT32_MAX && is_lintels((uint32_t)key))
		row.action = CALL_HANDLE;
	for (unsigned i = 0; i < nr_rules; i++) {
		if (holds(&rules[i], key)) {
			row.action = rules[i].action;
			row.rule = &rules[i];
		}
	}
	return row;
}

#endif
