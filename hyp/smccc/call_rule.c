/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/call_rule.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/smccc/call_table.h"
#include "mm/page.h"

#define ARGUMENTS_VALID  GENMASK(17, 1)
#define RESULTS_VALID    GENMASK(17, 0)
#define ADDRESS_SIZE_MAX 4096
#define TIMEOUT_MS_MAX   60000

/* calls.def */
#define MONITOR_NEXT     ((uint32_t)(SMCCC_BASE_VENDOR | SMCCC_64 | 0x11))

static struct call_rule *rules; /* CALL_RULES_MAX, when there is one */
static unsigned nr_rules;
static char message[256];

static enum status refuse(const char **why, enum status status)
{
	*why = message;
	return status;
}

#define REFUSE(why, status, ...) \
	(format(message, sizeof(message), __VA_ARGS__), refuse(why, status))

static const char *const action_names[] = { "handle", "deny", "undef", "firmware", "monitor",
	"reflect" };

static bool is_for_immediates(const struct call_rule *rule)
{
	return rule->immediate_last != 0;
}

/* Does it hold a function of this service, of any width? */
static bool touches(const struct call_rule *rule, const struct call_service *service)
{
	if (is_for_immediates(rule))
		return false;
	for (unsigned wide = 0; wide < 2; wide++) {
		uint32_t first = service->base | (wide ? (uint32_t)SMCCC_64 : 0);

		if (rule->function_first <= first + (service->count - 1) &&
			rule->function_last >= first)
			return true;
	}
	return false;
}

/* A fast call is looked up without the hint. */
static enum status check_hint(const struct call_rule *rule, const char **why)
{
	const uint32_t above = ~(SMCCC_HINT | (SMCCC_HINT - 1));

	if ((rule->function_first & SMCCC_FAST) &&
		(rule->function_first & rule->function_last & SMCCC_HINT) &&
		(rule->function_first & above) == (rule->function_last & above))
		return REFUSE(why, ERR_INVALID,
			"bit 16 is set in all of its identifiers, where it is a hint that doesn't "
			"count: no call comes to it");
	return OK;
}

static enum status check_ranges(const struct call_rule *rule, const char **why)
{
	if (!rule->smc && !rule->hvc)
		return REFUSE(why, ERR_INVALID, "it is for neither SMC nor HVC");
	if (rule->action >= CALL_REFLECT)
		return REFUSE(why, ERR_INVALID, "there is no such action");
	if (rule->immediate_first > rule->immediate_last ||
		rule->function_first > rule->function_last)
		return REFUSE(why, ERR_INVALID, "its last is less than its first");
	if (!is_for_immediates(rule))
		return check_hint(rule, why);
	if (rule->immediate_first == 0)
		return REFUSE(why, ERR_INVALID,
			"immediate 0 is that of the function identifiers: say \"functions\", or "
			"begin at 1");
	if (rule->function_first != 0 || rule->function_last != 0)
		return REFUSE(why, ERR_INVALID,
			"it is for immediates and for function identifiers: make two of it");
	if (rule->action == CALL_HANDLE || rule->action == CALL_TO_FIRMWARE)
		return REFUSE(why, ERR_INVALID,
			"calls with other immediates than 0 can't be given to %s: say \"deny\", "
			"\"undef\" or \"monitor\"",
			rule->action == CALL_HANDLE ? "Lintel" : "the firmware");
	return OK;
}

/* Lintel has all of what is to be handled, and keeps what is its alone. */
static enum status check_services(const struct call_rule *rule, const char **why)
{
	const struct call_service *arch = &call_services[SMCCC_SERVICE_ARCH];

	if (is_for_immediates(rule))
		return OK;
	if (rule->action != CALL_HANDLE && touches(rule, arch))
		return REFUSE(why, ERR_INVALID,
			"it holds a part of the architecture's own calls (80000000-8000ffff, "
			"c0000000-c000ffff), which Lintel always handles");
	if (rule->action != CALL_HANDLE)
		return OK;
	for (uint64_t key = rule->function_first; key <= rule->function_last;) {
		struct call_row row = call_row_at(NULL, 0, key);

		if (row.action != CALL_HANDLE)
			return REFUSE(why, ERR_INVALID, "Lintel has no function %08x to handle",
				(unsigned)key);
		key = row.last + 1;
	}
	return OK;
}

static enum status check_firmware(const struct call_rule *rule, const char **why)
{
	if (rule->function_first < SMCCC_FAST)
		return REFUSE(why, ERR_INVALID,
			"it passes yielding calls (0-7fffffff) to the firmware; only fast ones can "
			"be");
	for (unsigned i = SMCCC_SERVICE_PSCI; i <= SMCCC_SERVICE_SDEI; i++) {
		if (touches(rule, &call_services[i]))
			return REFUSE(why, ERR_INVALID,
				"it passes %s to the firmware, whose it would be for the whole "
				"machine",
				call_services[i].name);
	}
	if (rule->arguments & ~ARGUMENTS_VALID)
		return REFUSE(why, ERR_INVALID, "an argument is in none of x1-x17");
	if (rule->results & ~RESULTS_VALID)
		return REFUSE(why, ERR_INVALID, "a result is in none of x0-x17");
	if (rule->addresses & ~rule->arguments)
		return REFUSE(why, ERR_INVALID, "an address is in no register that is an argument");
	if (rule->addresses && (rule->address_size == 0 || rule->address_size > ADDRESS_SIZE_MAX))
		return REFUSE(why, ERR_INVALID,
			"address-size is to be 1 to 4096 bytes: what is there lies in one page");
	return OK;
}

/* Does `from`, by the rules so far, call `to`, or a VM that does, and so on? */
static bool leads_to(const char *from, const char *to)
{
	uint16_t order[CALL_RULES_MAX]; /* of the rules that were found on the way */
	bool seen[CALL_RULES_MAX] = { false };
	unsigned found = 0;

	for (unsigned done = 0;; done++) {
		if (strcmp(from, to) == 0)
			return true;
		for (unsigned i = 0; i < nr_rules; i++) {
			if (!seen[i] && rules[i].action == CALL_TO_MONITOR &&
				strcmp(rules[i].vm, from) == 0) {
				seen[i] = true;
				order[found++] = (uint16_t)i;
			}
		}
		if (done == found)
			return false;
		from = rules[order[done]].monitor;
	}
}

static enum status check_monitor(const struct call_rule *rule, const char **why)
{
	if (rule->monitor[0] == '\0')
		return REFUSE(why, ERR_INVALID, "it names no monitor VM");
	if (strcmp(rule->monitor, rule->vm) == 0)
		return REFUSE(why, ERR_INVALID, "VM %s can't be its own monitor", rule->vm);
	if (rule->timeout_ms == 0 || rule->timeout_ms > TIMEOUT_MS_MAX)
		return REFUSE(why, ERR_INVALID, "timeout is to be 1 to 60000 ms");
	if (leads_to(rule->monitor, rule->vm))
		return REFUSE(why, ERR_INVALID,
			"VM %s's own calls lead back to VM %s: monitors must not form a circle",
			rule->monitor, rule->vm);
	return OK;
}

static bool overlap(const struct call_rule *a, const struct call_rule *b)
{
	if (strcmp(a->vm, b->vm) != 0 || !((a->smc && b->smc) || (a->hvc && b->hvc)))
		return false;
	if (is_for_immediates(a) != is_for_immediates(b))
		return false;
	if (is_for_immediates(a))
		return a->immediate_first <= b->immediate_last &&
			b->immediate_first <= a->immediate_last;
	return a->function_first <= b->function_last && b->function_first <= a->function_last;
}

static enum status check_others(const struct call_rule *rule, const char **why)
{
	for (unsigned i = 0; i < nr_rules; i++) {
		if (overlap(rule, &rules[i]))
			return REFUSE(why, ERR_EXISTS, "it overlaps %s, which is for the same VM",
				rules[i].name);
	}
	return OK;
}

static enum status check(const struct call_rule *rule, const char **why)
{
	enum status status = check_ranges(rule, why);

	if (status == OK)
		status = check_services(rule, why);
	if (status == OK && rule->action == CALL_TO_FIRMWARE)
		status = check_firmware(rule, why);
	if (status == OK && rule->action == CALL_TO_MONITOR)
		status = check_monitor(rule, why);
	if (status == OK)
		status = check_others(rule, why);
	return status;
}

enum status call_rule_add(const struct call_rule *rule, const char **why)
{
	enum status status = check(rule, why);

	if (status != OK)
		return status;
	if (nr_rules == CALL_RULES_MAX)
		return REFUSE(
			why, ERR_NO_MEMORY, "a bundle has at most %d of them", CALL_RULES_MAX);
	if (!rules)
		rules = mm_zalloc(CALL_RULES_MAX * sizeof(*rules));
	if (!rules)
		return REFUSE(why, ERR_NO_MEMORY, "no memory for the rules of calls");
	rules[nr_rules++] = *rule;
	return OK;
}

void call_rules_forget(void)
{
	nr_rules = 0;
}

const struct call_rule *call_rule_nth(unsigned n)
{
	return n < nr_rules ? &rules[n] : NULL;
}

unsigned call_rules_of(const char *vm, bool smc, const struct call_rule *found[CALL_RULES_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < nr_rules; i++) {
		if ((smc ? rules[i].smc : rules[i].hvc) && strcmp(rules[i].vm, vm) == 0)
			found[count++] = &rules[i];
	}
	return count;
}

static const char *monitor_of(const struct call_row *row)
{
	return row->rule && row->action == CALL_TO_MONITOR ? row->rule->monitor : "";
}

/* All of a service, of both widths, has one end. */
static enum status check_whole(const struct call_service *service, const char *conduit,
	const struct call_rule *const *of, unsigned count, const char **why)
{
	struct call_row first = call_row_at(of, count, service->base);

	for (unsigned wide = 0; wide < 2; wide++) {
		uint64_t key = service->base | (wide ? SMCCC_64 : 0), end = key + service->count;

		while (key < end) {
			struct call_row row = call_row_at(of, count, key);
			const struct call_rule *rule = row.rule ? row.rule : first.rule;

			if (row.action != first.action ||
				strcmp(monitor_of(&row), monitor_of(&first)) != 0)
				return REFUSE(why, ERR_INVALID,
					"%s takes a part of %s by %s, which makes sense only "
					"whole: all of %08x-%08x and %08x-%08x is to have one "
					"action (\"%s\" or \"%s\")",
					rule->name, service->name, conduit, (unsigned)service->base,
					(unsigned)(service->base + service->count - 1),
					(unsigned)(service->base | SMCCC_64),
					(unsigned)((service->base | SMCCC_64) + service->count - 1),
					action_names[first.action], action_names[row.action]);
			key = row.last + 1;
		}
	}
	return OK;
}

static enum status check_conduit(const char *vm, bool smc, const char **why)
{
	static const struct call_rule *of[CALL_RULES_MAX];
	unsigned count = call_rules_of(vm, smc, of);

	for (unsigned i = 0; i < NR_CALL_SERVICES; i++) {
		enum status status = call_services[i].whole
			? check_whole(&call_services[i], smc ? "SMC" : "HVC", of, count, why)
			: OK;

		if (status != OK)
			return status;
	}
	return OK;
}

/* A monitor must be able to take calls. */
static enum status check_is_served(const char *vm, bool only_smc, const char **why)
{
	const struct call_rule *rule = NULL;

	for (unsigned i = 0; !rule && i < nr_rules; i++) {
		if (rules[i].action == CALL_TO_MONITOR && strcmp(rules[i].monitor, vm) == 0)
			rule = &rules[i];
	}
	if (!rule || call_rule_action(vm, true, MONITOR_NEXT) == CALL_HANDLE ||
		(!only_smc && call_rule_action(vm, false, MONITOR_NEXT) == CALL_HANDLE))
		return OK;
	return REFUSE(why, ERR_INVALID,
		"%s makes VM %s a monitor, but its own calls for that (%08x) come to Lintel by "
		"%s",
		rule->name, vm, MONITOR_NEXT,
		only_smc ? "no SMC, and its HVCs are its own (virtual-el2)"
			 : "neither SMC nor HVC");
}

enum status call_rules_check_vm(const char *vm, bool only_smc, const char **why)
{
	enum status status = check_conduit(vm, true, why);

	if (status == OK)
		status = check_conduit(vm, false, why);
	return status ? status : check_is_served(vm, only_smc, why);
}

enum status call_rules_check(const char **why)
{
	for (unsigned i = 0; i < nr_rules; i++) {
		unsigned first = 0;

		/* Once for each VM. */
		while (strcmp(rules[first].vm, rules[i].vm) != 0)
			first++;
		if (first == i && call_rules_check_vm(rules[i].vm, false, why) != OK)
			return ERR_INVALID;
	}
	return OK;
}

enum call_action call_rule_action(const char *vm, bool smc, uint32_t function)
{
	static const struct call_rule *of[CALL_RULES_MAX];

	return call_row_at(of, call_rules_of(vm, smc, of), CALL_KEY(0, function)).action;
}
