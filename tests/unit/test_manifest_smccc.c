/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /smccc of the manifest: every row of the schema at its limits, what one property says about
 * another, as many rules as there may be, and whose VM a bad one is.
 *
 * links: hyp/bundle/manifest_smccc.c hyp/bundle/manifest_nodes.c hyp/bundle/manifest_names.c
 * hyp/bundle/manifest_value.c hyp/bundle/cpio.c drivers/dt/walk.c hyp/base/log.c hyp/base/format.c
 */
#define TREE_SIZE (512 << 10)

#include "hyp/bundle/manifest.h"
#include "tests/unit/test_bundle.h"

#define ANY "*"

static struct call_rule rules[CALL_RULES_MAX];
static char refused[CALL_RULES_MAX + 1][64];
static unsigned rule_count, refused_count, bad;
static struct test_tree tree;

static void take(void *context, const struct call_rule *rule)
{
	assert_ptr_equal(context, &rule_count);
	assert_true(rule_count < CALL_RULES_MAX);
	rules[rule_count++] = *rule;
}

static void refuse(void *context, const char *vm)
{
	assert_ptr_equal(context, &rule_count);
	snprintf(refused[refused_count++], sizeof(refused[0]), "%s", vm ? vm : ANY);
}

/* VMs and lines stand behind the rules that name them. */
static void start(void)
{
	logged[0] = '\0';
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "smccc");
}

static void write_line(const char *name, const char *vm)
{
	tree_begin(&tree, name);
	if (vm)
		tree_text(&tree, "vm", vm);
	tree_end(&tree);
}

static size_t cut; /* bytes of the tree that break its format, before its end */

static enum status read_tree(void)
{
	size_t size;
	void *copy;
	enum status status;

	tree_end(&tree);
	tree_begin(&tree, "vms");
	tree_begin(&tree, "one");
	tree_end(&tree);
	tree_begin(&tree, "two");
	tree_end(&tree);
	tree_begin(&tree, "old");
	tree_bytes(&tree, "aarch32", "", 0);
	tree_end(&tree);
	tree_begin(&tree, "hyp");
	tree_text(&tree, "virtual-el2", "vhe");
	tree_end(&tree);
	tree_end(&tree);
	tree_begin(&tree, "lines");
	write_line("ones", "one");
	write_line("twos", "two");
	write_line("nobodys", NULL);
	tree_begin(&tree, "broken");
	tree_bytes(&tree, "vm", "two", 3);
	tree_end(&tree);
	tree_end(&tree);
	size = tree_finish(&tree);
	/* A copy at an allocation's end, so that reading past it is seen. */
	copy = malloc(size);
	memcpy(copy, tree.bytes, size);
	if (cut)
		memset((char *)copy + fdt_off_dt_struct(copy) + fdt_size_dt_struct(copy) - cut,
			0xff, sizeof(uint32_t));
	rule_count = refused_count = 0;
	status = manifest_read_rules(copy, size, take, refuse, &rule_count, &bad);
	free(copy);
	return status;
}

static void cells(const char *name, unsigned count, ...)
{
	uint32_t list[8];
	va_list args;

	va_start(args, count);
	for (unsigned i = 0; i < count; i++)
		list[i] = cpu_to_fdt32(va_arg(args, uint32_t));
	va_end(args);
	tree_bytes(&tree, name, list, count * sizeof(uint32_t));
}

static void begin(const char *name, const char *action)
{
	tree_begin(&tree, name);
	tree_text(&tree, "vm", "one");
	tree_text(&tree, "action", action);
}

static void rule(const char *name, const char *action)
{
	begin(name, action);
	cells("functions", 2, 0x82000000, 0x8200ffff);
}

static void reads_rules(void **state)
{
	(void)state;
	start();
	rule("plain", "deny");
	tree_end(&tree);
	rule("by-smc", "handle");
	tree_text(&tree, "conduit", "smc");
	tree_end(&tree);
	begin("by-hvc", "undef");
	tree_text(&tree, "conduit", "hvc");
	cells("immediates", 2, 1, 0xffff);
	tree_end(&tree);
	begin("all", "deny");
	cells("functions", 2, 0, 0xffffffff);
	tree_text(&tree, "conduit", "both");
	tree_end(&tree);
	assert_int_equal(read_tree(), OK);
	assert_nothing_logged();
	assert_int_equal(rule_count, 4);
	assert_int_equal(bad, 0);
	assert_string_equal(rules[0].name, "plain");
	assert_string_equal(rules[0].vm, "one");
	assert_true(rules[0].smc && rules[0].hvc);
	assert_int_equal(rules[0].function_first, 0x82000000);
	assert_int_equal(rules[0].function_last, 0x8200ffff);
	assert_int_equal(rules[0].immediate_first, 0);
	assert_int_equal(rules[0].immediate_last, 0);
	assert_int_equal(rules[0].action, CALL_DENY);
	assert_true(rules[1].smc && !rules[1].hvc);
	assert_int_equal(rules[1].action, CALL_HANDLE);
	assert_true(!rules[2].smc && rules[2].hvc);
	assert_int_equal(rules[2].action, CALL_UNDEFINED);
	assert_int_equal(rules[2].immediate_first, 1);
	assert_int_equal(rules[2].immediate_last, 0xffff);
	assert_int_equal(rules[2].function_first, 0);
	assert_int_equal(rules[2].function_last, 0);
	assert_true(rules[3].smc && rules[3].hvc);
	assert_true(rules[3].function_last == 0xffffffff);
}

static void reads_forwarded_calls(void **state)
{
	(void)state;
	start();
	rule("bare", "firmware");
	tree_end(&tree);
	rule("full", "firmware");
	cells("arguments", 3, 1, 2, 17);
	cells("addresses", 2, 17, 2);
	tree_u32(&tree, "address-size", 4096);
	cells("results", 2, 0, 17);
	tree_end(&tree);
	rule("asks", "monitor");
	tree_text(&tree, "monitor", "two");
	tree_end(&tree);
	rule("rings", "monitor");
	tree_text(&tree, "monitor", "two");
	tree_u32(&tree, "timeout", 60000);
	tree_text(&tree, "line", "twos");
	tree_end(&tree);
	assert_int_equal(read_tree(), OK);
	assert_nothing_logged();
	assert_int_equal(rule_count, 4);
	assert_int_equal(rules[0].action, CALL_TO_FIRMWARE);
	assert_int_equal(rules[0].arguments | rules[0].addresses, 0);
	assert_int_equal(rules[0].address_size, 0);
	assert_int_equal(rules[0].results, 0xf);
	assert_string_equal(rules[0].monitor, "");
	assert_int_equal(rules[1].arguments, BIT(1) | BIT(2) | BIT(17));
	assert_int_equal(rules[1].addresses, BIT(2) | BIT(17));
	assert_int_equal(rules[1].address_size, 4096);
	assert_int_equal(rules[1].results, BIT(0) | BIT(17));
	assert_int_equal(rules[2].action, CALL_TO_MONITOR);
	assert_string_equal(rules[2].monitor, "two");
	assert_int_equal(rules[2].timeout_ms, 1000);
	assert_string_equal(rules[2].line, "");
	assert_int_equal(rules[2].results, 0);
	assert_int_equal(rules[3].timeout_ms, 60000);
	assert_string_equal(rules[3].line, "twos");
}

static void needs_none(void **state)
{
	(void)state;
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "others");
	assert_int_equal(read_tree(), OK);
	assert_int_equal(rule_count + bad + refused_count, 0);
	assert_nothing_logged();
	assert_int_equal(
		manifest_read_rules("no tree", 8, take, refuse, &rule_count, &bad), ERR_CORRUPT);
}

/* Whatever is lost, it might be a rule. */
static void needs_all_of_the_tree(void **state)
{
	(void)state;
	/* The root's end; a line's, which has no more than that; and what is behind it all. */
	for (cut = 16; cut > 0; cut -= sizeof(uint32_t)) {
		start();
		rule("x", "deny");
		tree_end(&tree);
		assert_int_equal(read_tree(), cut == 4 ? OK : ERR_CORRUPT);
		assert_int_equal(rule_count, 1);
		if (cut == 4)
			assert_nothing_logged();
		else
			assert_logged("manifest: manifest.dtb breaks the format of a devicetree: "
				      "no VM is made");
	}
}

/* A stray property might be a rule's. */
static void counts_strays(void **state)
{
	(void)state;
	start();
	tree_text(&tree, "vm", "one");
	rule("x", "deny");
	tree_end(&tree);
	assert_int_equal(read_tree(), OK);
	assert_logged("manifest: /smccc: vm: unknown property, expected none here");
	assert_int_equal(rule_count, 1);
	assert_int_equal(bad, 1);
}

/* One bad rule beside a good one. */
static void check_refused(const char *says)
{
	tree_end(&tree);
	rule("good", "deny");
	tree_end(&tree);
	assert_int_equal(read_tree(), OK);
	assert_logged(says);
	assert_int_equal(rule_count, 1);
	assert_string_equal(rules[0].name, "good");
	assert_int_equal(bad, 1);
	/* It is said which VM can't be trusted now; none, if nobody knows. */
	assert_int_equal(refused_count, 1);
	assert_string_equal(refused[0], strstr(says, "vm: ") ? ANY : "one");
}

static void refuses_bad_ranges(void **state)
{
	static const struct {
		const char *says, *property;
		unsigned count;
		uint32_t first, second;
	} wrong[] = {
		{ "x: functions: missing, expected functions or immediates", NULL, 0, 0, 0 },
		{ "x: functions: 1 numbers, expected two, the first and the last", "functions", 1,
			0, 0 },
		{ "x: functions: 3 numbers, expected two, the first and the last", "functions", 3,
			0, 0 },
		{ "x: functions: <0x5 0x4>, expected the first not above the last", "functions", 2,
			5, 4 },
		{ "x: functions: no value, expected two function identifiers", "functions", 0, 0,
			0 },
		{ "x: immediates: 1 numbers, expected two", "immediates", 1, 1, 0 },
		{ "x: immediates: <0x0 0x4>, expected two numbers from 1 to 0xffff", "immediates",
			2, 0, 4 },
		{ "x: immediates: <0x1 0x10000>, expected two numbers from 1 to 0xffff",
			"immediates", 2, 1, 0x10000 },
		{ "x: immediates: <0xffff 0x1>, expected the first not above the last",
			"immediates", 2, 0xffff, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		start();
		begin("x", "deny");
		if (wrong[i].property)
			cells(wrong[i].property, wrong[i].count, wrong[i].first, wrong[i].second,
				0);
		check_refused(wrong[i].says);
	}
	start();
	rule("x", "deny");
	cells("immediates", 2, 1, 2);
	check_refused("x: immediates: beside functions, expected one of the two");
}

static void refuses_bad_words(void **state)
{
	static const struct {
		const char *says, *vm, *conduit, *action;
	} wrong[] = {
		{ "vm: missing, expected the name of a VM of the bundle", NULL, "smc", "deny" },
		{ "x: conduit: \"svc\", expected one of \"both\", \"smc\", \"hvc\"", "one", "svc",
			"deny" },
		{ "x: action: missing, expected one of \"handle\", \"deny\"", "one", "smc", NULL },
		{ "x: action: \"drop\", expected one of \"handle\", \"deny\", \"undef\", "
		  "\"firmware\", \"monitor\"",
			"one", "smc", "drop" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		start();
		tree_begin(&tree, "x");
		cells("functions", 2, 0x82000000, 0x82000000);
		if (wrong[i].vm)
			tree_text(&tree, "vm", wrong[i].vm);
		tree_text(&tree, "conduit", wrong[i].conduit);
		if (wrong[i].action)
			tree_text(&tree, "action", wrong[i].action);
		check_refused(wrong[i].says);
	}
	start();
	tree_begin(&tree, "x");
	tree_text(&tree, "vm", "three");
	tree_text(&tree, "action", "deny");
	cells("functions", 2, 0x82000000, 0x82000000);
	tree_end(&tree);
	assert_int_equal(read_tree(), OK);
	assert_logged("x: vm: \"three\", expected the name of a VM of the bundle, which has none");
	assert_string_equal(refused[0], ANY);
}

static void write_hypervisor_rule(const char *name, const char *conduit)
{
	tree_begin(&tree, name);
	tree_text(&tree, "vm", "hyp");
	tree_text(&tree, "action", "deny");
	if (conduit)
		tree_text(&tree, "conduit", conduit);
	cells("functions", 2, 0x82000000, 0x82000000);
	tree_end(&tree);
}

/* A guest hypervisor's HVCs don't come to any rule. */
static void refuses_hvc_of_a_hypervisor(void **state)
{
	(void)state;
	start();
	write_hypervisor_rule("a", NULL);
	write_hypervisor_rule("b", "smc");
	write_hypervisor_rule("c", "hvc");
	assert_int_equal(read_tree(), OK);
	assert_int_equal(rule_count, 2);
	assert_int_equal(bad, 1);
	assert_string_equal(refused[0], "hyp");
	assert_logged("/smccc/c: conduit: \"hvc\" of a VM with virtual-el2, which takes its HVCs "
		      "itself, expected \"smc\"");
}

static void refuses_what_another_action_has(void **state)
{
	static const struct {
		const char *says, *action, *property;
	} wrong[] = {
		{ "x: arguments: only for calls to the firmware, expected action = \"firmware\"",
			"deny", "arguments" },
		{ "x: addresses: only for calls to the firmware, expected", "handle", "addresses" },
		{ "x: address-size: only for calls to the firmware, expected", "undef",
			"address-size" },
		{ "x: results: only for calls to the firmware, expected", "monitor", "results" },
		{ "x: timeout: only for calls to a monitor, expected action = \"monitor\"",
			"firmware", "timeout" },
		{ "x: timeout: only for calls to a monitor, expected", "handle", "timeout" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		start();
		rule("x", wrong[i].action);
		if (strcmp(wrong[i].action, "monitor") == 0)
			tree_text(&tree, "monitor", "two");
		tree_u32(&tree, wrong[i].property, 5);
		check_refused(wrong[i].says);
	}
	start();
	rule("x", "firmware");
	tree_text(&tree, "monitor", "two");
	check_refused("x: monitor: only for calls to a monitor, expected action = \"monitor\"");
	start();
	rule("x", "deny");
	tree_text(&tree, "line", "twos");
	check_refused("x: line: only for calls to a monitor, expected action = \"monitor\"");
}

static void refuses_bad_forwarding(void **state)
{
	(void)state;
	start();
	rule("x", "firmware");
	cells("arguments", 2, 1, 18);
	check_refused("x: arguments: <0x1 0x12>, expected numbers of registers, 1 to 17");
	start();
	rule("x", "firmware");
	cells("arguments", 1, 0x80000);
	check_refused("x: arguments: <0x80000>, expected numbers of registers, 1 to 17");
	start();
	rule("x", "firmware");
	cells("results", 1, 18);
	check_refused("x: results: <0x12>, expected numbers of registers, 0 to 17");
	start();
	rule("x", "firmware");
	cells("arguments", 1, 1);
	cells("addresses", 2, 1, 4);
	tree_u32(&tree, "address-size", 8);
	check_refused("x: addresses: register 4, expected registers that stand in arguments, too");
	start();
	rule("x", "firmware");
	cells("arguments", 1, 1);
	cells("addresses", 1, 1);
	check_refused("x: address-size: missing, expected how many bytes are at an address");
	start();
	rule("x", "firmware");
	tree_u32(&tree, "address-size", 8);
	check_refused("x: address-size: only for addresses, expected addresses beside it");
	start();
	rule("x", "firmware");
	cells("arguments", 1, 1);
	cells("addresses", 1, 1);
	tree_u32(&tree, "address-size", 4097);
	check_refused("x: address-size: <0x1001>, expected bytes, 1 to 4096");
}

static void refuses_bad_monitors(void **state)
{
	(void)state;
	start();
	rule("x", "monitor");
	check_refused("x: monitor: missing, expected the name of a VM of the bundle");
	start();
	rule("x", "monitor");
	tree_u32(&tree, "monitor", 5);
	check_refused("x: monitor: <0x5>, expected the name of a VM of the bundle");
	start();
	rule("x", "monitor");
	tree_text(&tree, "monitor", "three");
	check_refused("x: monitor: \"three\", expected the name of a VM of the bundle, which has");
	start();
	rule("x", "monitor");
	tree_text(&tree, "monitor", "old");
	check_refused("x: monitor: one with aarch32, which can't make a monitor's calls, expected "
		      "one without it");
	start();
	rule("x", "monitor");
	tree_text(&tree, "monitor", "two");
	tree_u32(&tree, "timeout", 0);
	check_refused("x: timeout: <0x0>, expected milliseconds, 1 to 60000");
	start();
	rule("x", "monitor");
	tree_text(&tree, "monitor", "two");
	tree_text(&tree, "line", "threes");
	check_refused("x: line: \"threes\", expected the name of a line of the bundle, which has");
	for (unsigned i = 0; i < 3; i++) {
		static const char *const lines[] = { "ones", "nobodys", "broken" };

		start();
		rule("x", "monitor");
		tree_text(&tree, "monitor", "two");
		tree_text(&tree, "line", lines[i]);
		check_refused("x: line: not the monitor's, expected a line of VM two");
	}
}

static void as_many_as_there_may_be(void **state)
{
	char name[16];

	(void)state;
	start();
	for (unsigned i = 0; i <= CALL_RULES_MAX; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		rule(name, "deny");
		tree_end(&tree);
	}
	assert_int_equal(read_tree(), OK);
	assert_logged("manifest: /smccc/r256: expected at most 256 rules");
	assert_int_equal(rule_count, CALL_RULES_MAX);
	assert_int_equal(bad, 1);
	assert_int_equal(refused_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_rules, start_logging),
		cmocka_unit_test_setup(reads_forwarded_calls, start_logging),
		cmocka_unit_test_setup(needs_none, start_logging),
		cmocka_unit_test_setup(needs_all_of_the_tree, start_logging),
		cmocka_unit_test_setup(counts_strays, start_logging),
		cmocka_unit_test_setup(refuses_bad_ranges, start_logging),
		cmocka_unit_test_setup(refuses_bad_words, start_logging),
		cmocka_unit_test_setup(refuses_hvc_of_a_hypervisor, start_logging),
		cmocka_unit_test_setup(refuses_what_another_action_has, start_logging),
		cmocka_unit_test_setup(refuses_bad_forwarding, start_logging),
		cmocka_unit_test_setup(refuses_bad_monitors, start_logging),
		cmocka_unit_test_setup(as_many_as_there_may_be, start_logging),
	};

	return cmocka_run_group_tests_name("manifest_smccc", tests, NULL, NULL);
}
