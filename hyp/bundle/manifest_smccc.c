/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of /smccc: each is judged by itself here, and by hyp/smccc/call_rule.h against the
 * others and against what calls there are.
 */
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

/* One as the manifest has it: each field is named after its property. */
struct rule {
	struct manifest_node node;
	const char *vm;
	uint64_t conduit; /* the word */
	struct manifest_cells functions, immediates;
	uint64_t action; /* the word: enum call_action */
	struct manifest_cells arguments, addresses, results;
	uint64_t address_size;
	const char *monitor;
	uint64_t timeout;
	const char *line;
};
_Static_assert(CALL_HANDLE == 0 && CALL_DENY == 1 && CALL_UNDEFINED == 2 && CALL_TO_FIRMWARE == 3 &&
		CALL_TO_MONITOR == 4,
	"action in schema.def");

enum { CONDUIT_BOTH, CONDUIT_SMC, CONDUIT_HVC }; /* the words */

#define RESULTS_DEFAULT    GENMASK(3, 0) /* x0-x3, as SMCCC 1.0 has them */
#define TIMEOUT_DEFAULT_MS 1000

static const struct schema_row rows[] = {
#define SCHEMA_RULE(...) SCHEMA_ROW(0, struct rule, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};

/* The properties' numbers. */
enum {
#define SCHEMA_RULE(id, ...) RULE_##id,
#include "hyp/bundle/schema.def"
	RULE_COUNT
};

struct rule_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct call_rule *rule);
	void (*refused)(void *context, const char *vm);
	void *context;
};

/* --- which calls --- */

/* Two numbers, of which the first is not above the last. */
static void read_range(struct manifest_reader *reader, const char *property,
	const struct manifest_cells *cells, uint32_t *first, uint32_t *last)
{
	char text[MANIFEST_VALUE_MAX];

	if (cells->count != 2) {
		format(text, sizeof(text), "%u numbers", cells->count);
		manifest_error(reader, property, text, "two, the first and the last");
		return;
	}
	*first = manifest_cell(cells, 0);
	*last = manifest_cell(cells, 1);
	if (*first <= *last)
		return;
	format(text, sizeof(text), "<0x%x 0x%x>", *first, *last);
	manifest_error(reader, property, text, "the first not above the last");
}

static void read_calls(
	struct manifest_reader *reader, const struct rule *rule, struct call_rule *out)
{
	bool functions = rule->node.given & BIT(RULE_functions);
	bool immediates = rule->node.given & BIT(RULE_immediates);
	uint32_t first = 0, last = 0;

	if (functions && immediates)
		manifest_error(reader, "immediates", "beside functions", "one of the two");
	else if (!functions && !immediates)
		manifest_error(reader, "functions", "missing", "functions or immediates");
	/* A value that breaks the schema is none, and was reported. */
	if (rule->functions.count)
		read_range(reader, "functions", &rule->functions, &out->function_first,
			&out->function_last);
	if (rule->immediates.count)
		read_range(reader, "immediates", &rule->immediates, &first, &last);
	out->immediate_first = (uint16_t)first;
	out->immediate_last = (uint16_t)last;
	out->smc = rule->conduit != CONDUIT_HVC;
	out->hvc = rule->conduit != CONDUIT_SMC;
}

/* --- what becomes of them --- */

static uint32_t registers(const struct manifest_cells *cells)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < cells->count; i++)
		mask |= (uint32_t)BIT(manifest_cell(cells, i));
	return mask;
}

/* Properties that only one action has. */
static void check_only(struct manifest_reader *reader, const struct rule *rule)
{
	static const enum call_action actions[RULE_COUNT] = {
		[RULE_arguments] = CALL_TO_FIRMWARE,
		[RULE_addresses] = CALL_TO_FIRMWARE,
		[RULE_address_size] = CALL_TO_FIRMWARE,
		[RULE_results] = CALL_TO_FIRMWARE,
		[RULE_monitor] = CALL_TO_MONITOR,
		[RULE_timeout] = CALL_TO_MONITOR,
		[RULE_line] = CALL_TO_MONITOR,
	};

	for (unsigned i = 0; i < RULE_COUNT; i++) {
		bool firmware = actions[i] == CALL_TO_FIRMWARE;

		if (!actions[i] || !(rule->node.given & BIT(i)) || rule->action == actions[i])
			continue;
		manifest_error(reader, rows[i].name,
			firmware ? "only for calls to the firmware" : "only for calls to a monitor",
			firmware ? "action = \"firmware\"" : "action = \"monitor\"");
	}
}

static void read_firmware(
	struct manifest_reader *reader, const struct rule *rule, struct call_rule *out)
{
	uint32_t stray;
	char text[MANIFEST_VALUE_MAX];

	out->arguments = registers(&rule->arguments);
	out->addresses = registers(&rule->addresses);
	out->address_size = rule->address_size;
	out->results = rule->results.count ? registers(&rule->results) : RESULTS_DEFAULT;
	stray = out->addresses & ~out->arguments;
	if (stray) {
		format(text, sizeof(text), "register %u", (unsigned)__builtin_ctz(stray));
		manifest_error(reader, "addresses", text, "registers that stand in arguments, too");
	}
	if (out->addresses && !(rule->node.given & BIT(RULE_address_size)))
		manifest_error(reader, "address-size", "missing",
			"how many bytes are at an address of addresses");
	if (!(rule->node.given & BIT(RULE_addresses)) && rule->address_size)
		manifest_error(reader, "address-size", "only for addresses", "addresses beside it");
}

static void read_monitor(
	struct manifest_reader *reader, const struct rule *rule, struct call_rule *out)
{
	const struct manifest_name *line, *monitor;
	char expected[MANIFEST_VALUE_MAX];

	if (!rule->monitor) {
		if (!(rule->node.given & BIT(RULE_monitor)))
			manifest_error(reader, "monitor", "missing", rows[RULE_monitor].expected);
		return;
	}
	format(out->monitor, sizeof(out->monitor), "%s", rule->monitor);
	out->timeout_ms = rule->timeout;
	monitor = manifest_check_vm(reader, "monitor", rule->monitor);
	if (monitor && monitor->aarch32)
		manifest_error(reader, "monitor",
			"one with aarch32, which can't make a monitor's calls", "one without it");
	if (!monitor || !rule->line)
		return;
	line = manifest_check_name(reader, "line", rule->line, NODE_LINE, "line");
	format(out->line, sizeof(out->line), "%s", rule->line);
	if (!line || (line->vm && strcmp(line->vm, rule->monitor) == 0))
		return;
	format(expected, sizeof(expected), "a line of VM %.31s", rule->monitor);
	manifest_error(reader, "line", "not the monitor's", expected);
}

static void finish(struct manifest_reader *reader, struct manifest_node *node)
{
	struct rule_reader *all = container_of(reader, struct rule_reader, reader);
	const struct rule *rule = container_of(node, struct rule, node);
	struct call_rule out = { .action = (enum call_action)rule->action };

	const struct manifest_name *vm =
		rule->vm ? manifest_check_vm(reader, "vm", rule->vm) : NULL;

	read_calls(reader, rule, &out);
	if (vm && vm->virtual_el2 && rule->conduit == CONDUIT_HVC)
		manifest_error(reader, "conduit",
			"\"hvc\" of a VM with virtual-el2, which takes its HVCs itself", "\"smc\"");
	check_only(reader, rule);
	if (rule->action == CALL_TO_FIRMWARE)
		read_firmware(reader, rule, &out);
	else if (rule->action == CALL_TO_MONITOR)
		read_monitor(reader, rule, &out);
	if (node->errors) {
		all->refused(all->context, vm ? rule->vm : NULL);
		return;
	}
	format(out.name, sizeof(out.name), "%s", node->name);
	format(out.vm, sizeof(out.vm), "%s", rule->vm);
	all->found(all->context, &out);
}

enum status manifest_read_rules(const void *tree, uint64_t size,
	void (*found)(void *context, const struct call_rule *rule),
	void (*refused)(void *context, const char *vm), void *context, unsigned *bad)
{
	static const struct rule defaults = { .timeout = TIMEOUT_DEFAULT_MS };
	static const struct manifest_kind kind = {
		.kind = NODE_RULE,
		.parent = MANIFEST_RULES,
		.noun = "rule",
		.max = CALL_RULES_MAX,
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish,
	};
	struct rule rule;
	struct rule_reader all = {
		.reader = { .kind = &kind, .node = &rule.node },
		.found = found,
		.refused = refused,
		.context = context,
	};

	enum status status = manifest_read_kind(&all.reader, tree, size, bad);

	if (status || !all.reader.broken)
		return status;
	log_error("manifest: %s breaks the format of a devicetree: no VM is made, because a rule "
		  "of /smccc for it may be lost",
		MANIFEST_FILE);
	return ERR_CORRUPT;
}
