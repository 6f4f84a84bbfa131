/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of any two rules that call_rule_add() takes, for one VM and a conduit that both are for, no call
 * comes to both: what the other proofs assume of a VM's rules. (It compares each rule with each one
 * before it, so two are enough.)
 *
 * proves: hyp/smccc/call_rule.c
 * flags: -DCALL_RULES_MAX=2
 * unwind: 5
 */
#include "tests/proof/call_rules.h"

/* Lintel has every function: what is refused for want of one is not seen here. */
struct call_row call_row_at(const struct call_rule *const *of, unsigned count, uint64_t key)
{
	(void)of;
	(void)count;
	return (struct call_row){ .first = key, .last = CALL_KEY_LAST, .action = CALL_HANDLE };
}

const struct call_service call_services[NR_CALL_SERVICES];

size_t format(char *buffer, size_t size, const char *fmt, ...)
{
	(void)buffer;
	(void)fmt;
	return size;
}

void *mm_zalloc(size_t size)
{
	static struct call_rule memory[CALL_RULES_MAX];

	return size == sizeof(memory) ? memory : NULL;
}

static void any_rule(struct call_rule *rule)
{
	rule->vm[0] = nondet_bool() ? 'a' : 'b';
	rule->monitor[0] = 'c';
	rule->smc = nondet_bool();
	rule->hvc = nondet_bool();
	rule->action = (enum call_action)nondet_unsigned();
	rule->function_first = nondet_uint32();
	rule->function_last = nondet_uint32();
	rule->immediate_first = nondet_uint16();
	rule->immediate_last = nondet_uint16();
	rule->timeout_ms = nondet_uint64();
}

int main(void)
{
	struct call_rule *a = &rules[0], *b = &rules[1];
	uint64_t key = nondet_uint64();
	const char *why;
	bool meet;

	any_rule(a);
	any_rule(b);
	ASSUME(call_rule_add(a, &why) == OK);
	ASSUME(call_rule_add(b, &why) == OK);
	ASSUME(a->vm[0] == b->vm[0]);
	meet = (a->smc && b->smc) || (a->hvc && b->hvc);
	ASSUME(BROKEN(meet, true));
	ASSUME(key <= CALL_KEY_LAST);
	PROVE(!holds(a, key) || !holds(b, key));
	return 0;
}
