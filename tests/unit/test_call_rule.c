/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules for calls: each that is refused, and why; each that is not; what they come to.
 *
 * links: hyp/smccc/call_rule.c hyp/smccc/call_table.c hyp/smccc/call_row.c hyp/smccc/dispatch.c
 * hyp/base/format.c tests/unit/smccc_stubs.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/smccc/call_table.h"
#include "mm/page.h"

static bool no_memory;
static void *rules_memory;

void *mm_zalloc(size_t size)
{
	if (no_memory)
		return NULL;
	rules_memory = calloc(1, size);
	return rules_memory;
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static int setup(void **state)
{
	(void)state;
	call_rules_forget();
	return 0;
}

static struct call_rule functions(enum call_action action, uint32_t first, uint32_t last)
{
	return (struct call_rule){ .name = "rule",
		.vm = "guest",
		.smc = true,
		.hvc = true,
		.function_first = first,
		.function_last = last,
		.action = action,
		.monitor = "watch",
		.timeout_ms = 1000,
		.results = 0xf };
}

static struct call_rule immediates(enum call_action action, uint16_t first, uint16_t last)
{
	struct call_rule rule = functions(action, 0, 0);

	rule.immediate_first = first;
	rule.immediate_last = last;
	return rule;
}

static void take(struct call_rule rule)
{
	const char *why = "";
	enum status status = call_rule_add(&rule, &why);

	if (status != OK)
		print_error("%s\n", why);
	assert_int_equal(status, OK);
}

static void refuse_as(struct call_rule rule, enum status status, const char *what)
{
	const char *why = "";

	assert_int_equal(call_rule_add(&rule, &why), status);
	if (!strstr(why, what))
		print_error("'%s' has no '%s'\n", why, what);
	assert_non_null(strstr(why, what));
	assert_true(why[strlen(why) - 1] != '.' && strlen(why) < 255);
}

static void refuse(struct call_rule rule, const char *what)
{
	refuse_as(rule, ERR_INVALID, what);
}

static void expect_whole(const char *what)
{
	const char *why = "";
	enum status status = call_rules_check(&why);

	assert_int_equal(status, what ? ERR_INVALID : OK);
	if (what && !strstr(why, what))
		print_error("'%s' has no '%s'\n", why, what);
	assert_true(!what || strstr(why, what));
	assert_true(strlen(why) < 255);
}

/* --- the tests --- */

/* The first test: the rules have no memory yet. */
static void test_memory(void **state)
{
	(void)state;
	no_memory = true;
	refuse_as(functions(CALL_DENY, 0x83000000, 0x83000000), ERR_NO_MEMORY, "memory");
	no_memory = false;
	for (uint32_t i = 0; i < CALL_RULES_MAX; i++)
		take(functions(CALL_DENY, 0x83000000 + i, 0x83000000 + i));
	refuse_as(functions(CALL_DENY, 0x82000000, 0x82000000), ERR_NO_MEMORY, "256");
	call_rules_forget();
	take(functions(CALL_DENY, 0x82000000, 0x82000000));
}

static void test_form(void **state)
{
	struct call_rule rule = functions(CALL_DENY, 0x83000000, 0x83000000);

	(void)state;
	rule.smc = rule.hvc = false;
	refuse(rule, "neither");
	refuse(functions(CALL_REFLECT, 0x83000000, 0x83000000), "no such action");
	refuse(functions(CALL_DENY, 0x83000001, 0x83000000), "less");
	refuse(immediates(CALL_DENY, 6, 5), "less");
	refuse(immediates(CALL_DENY, 0, 5), "immediate 0");
	rule = immediates(CALL_DENY, 1, 5);
	rule.function_last = 1;
	refuse(rule, "make two");
	refuse(immediates(CALL_HANDLE, 1, 5), "Lintel");
	refuse(immediates(CALL_TO_FIRMWARE, 1, 5), "firmware");
	refuse(functions(CALL_DENY, 0xb2010000, 0xb201ffff), "bit 16");
	refuse(functions(CALL_HANDLE, 0x84010001, 0x84010001), "bit 16");
	take(functions(CALL_DENY, 0xb200ffff, 0xb2010000));
	take(functions(CALL_DENY, 0xb2010001, 0xb2030000));
	take(immediates(CALL_DENY, 1, 5));
	take(immediates(CALL_UNDEFINED, 6, 0xfffe));
	take(immediates(CALL_TO_MONITOR, 0xffff, 0xffff));
	take(functions(CALL_UNDEFINED, 0, 0x7fffffff)); /* all yielding calls */
}

static void test_architecture(void **state)
{
	static const enum call_action actions[] = { CALL_DENY, CALL_UNDEFINED, CALL_TO_FIRMWARE,
		CALL_TO_MONITOR };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
		refuse(functions(actions[i], 0x80000000, 0x80000000), "architecture");
		refuse(functions(actions[i], 0x8000ffff, 0x8fffffff), "architecture");
		refuse(functions(actions[i], 0xbfffffff, 0xc0000000), "architecture");
		refuse(functions(actions[i], 0x90000000, 0xffffffff), "architecture");
		refuse(functions(actions[i], 0, 0xffffffff), "architecture");
	}
	take(functions(CALL_HANDLE, 0x80000000, 0x8000ffff));
	take(functions(CALL_DENY, 0x80010000, 0x80ffffff));
	take(functions(CALL_DENY, 0x70000000, 0x7fffffff));
}

static void test_handle(void **state)
{
	(void)state;
	refuse(functions(CALL_HANDLE, 0x83000000, 0x83000000), "no function 83000000");
	refuse(functions(CALL_HANDLE, 0x84000000, 0x84000060), "no function 84000040");
	refuse(functions(CALL_HANDLE, 0x84000060, 0x84000060), "no function 84000060");
	refuse(functions(CALL_HANDLE, 0x85000030, 0x85000030), "no function");
	refuse(functions(CALL_HANDLE, 0, 0), "no function 00000000");
	take(functions(CALL_HANDLE, 0x84000000, 0x8400003f));
	take(functions(CALL_HANDLE, 0xc4000050, 0xc400005f));
	take(functions(CALL_HANDLE, 0x86000000, 0x86000000));
	expect_whole(NULL);
}

static void test_firmware(void **state)
{
	struct call_rule rule = functions(CALL_TO_FIRMWARE, 0x82000000, 0x82000000);

	(void)state;
	refuse(functions(CALL_TO_FIRMWARE, 0, 1), "yielding");
	refuse(functions(CALL_TO_FIRMWARE, 0x7fffffff, 0x7fffffff), "yielding");
	refuse(functions(CALL_TO_FIRMWARE, 0x8400001f, 0x8400001f), "PSCI");
	refuse(functions(CALL_TO_FIRMWARE, 0xc4000000, 0xc400001f), "PSCI");
	refuse(functions(CALL_TO_FIRMWARE, 0x83000000, 0x84000000), "PSCI");
	refuse(functions(CALL_TO_FIRMWARE, 0x84000020, 0x84000020), "SDEI");
	refuse(functions(CALL_TO_FIRMWARE, 0xc400003f, 0xc4000040), "SDEI");
	rule.arguments = BIT(0);
	refuse(rule, "x1-x17");
	rule.arguments = BIT(18);
	refuse(rule, "x1-x17");
	rule.arguments = BIT(1) | BIT(17);
	rule.results = BIT(18);
	refuse(rule, "x0-x17");
	rule.results = GENMASK(17, 0);
	rule.addresses = BIT(2);
	refuse(rule, "no register that is an argument");
	rule.addresses = BIT(17);
	refuse(rule, "address-size");
	rule.address_size = 4097;
	refuse(rule, "address-size");
	rule.address_size = 4096;
	take(rule);
	take(functions(CALL_TO_FIRMWARE, 0xc4000040, 0xc400004f));
	/* A random source of its own is the firmware's to give. */
	take(functions(CALL_TO_FIRMWARE, 0x84000050, 0x8400005f));
	take(functions(CALL_TO_FIRMWARE, 0xc4000050, 0xc400005f));
	expect_whole(NULL);
}

static struct call_rule to(const char *from, const char *monitor, uint32_t function)
{
	struct call_rule rule = functions(CALL_TO_MONITOR, function, function);

	strcpy(rule.vm, from);
	strcpy(rule.monitor, monitor);
	return rule;
}

static void test_monitor(void **state)
{
	struct call_rule rule = to("a", "b", 0x83000000);

	(void)state;
	refuse(to("a", "", 0x83000000), "names no");
	refuse(to("a", "a", 0x83000000), "own monitor");
	rule.timeout_ms = 0;
	refuse(rule, "timeout");
	rule.timeout_ms = 60001;
	refuse(rule, "timeout");
	take(to("a", "b", 0x83000000));
	take(to("a", "b", 0x83000001));
	refuse(to("b", "a", 0x83000000), "circle");
	take(to("b", "c", 0x83000000));
	take(to("x", "a", 0x83000000));
	take(to("c", "d", 0x83000000));
	refuse(to("c", "a", 0x83000001), "circle");
	refuse(to("d", "x", 0x83000001), "circle");
	take(to("a", "d", 0x83000002));
	/* A refused rule leads nowhere. */
	take(to("d", "e", 0x83000000));
}

/* So many ways that nobody would come to their end who went each of them. */
static void test_many_ways(void **state)
{
	char from[VM_NAME_MAX + 1], next[VM_NAME_MAX + 1];

	(void)state;
	for (unsigned level = 0; level < 31; level++) {
		snprintf(from, sizeof(from), "vm%u", level);
		snprintf(next, sizeof(next), "vm%u", level + 1);
		for (uint32_t i = 0; i < 8; i++)
			take(to(from, next, 0x83000000 + i));
	}
	take(to("vm31", "other", 0x83000000));
	refuse(to("vm31", "vm0", 0x83000001), "circle");
}

static void test_overlap(void **state)
{
	struct call_rule rule = functions(CALL_UNDEFINED, 0x83000000, 0x83000010);

	(void)state;
	rule.hvc = false;
	strcpy(rule.name, "first");
	take(rule);
	take(immediates(CALL_DENY, 1, 5));
	refuse_as(functions(CALL_DENY, 0x83000010, 0x83000020), ERR_EXISTS, "overlaps first");
	refuse_as(functions(CALL_DENY, 0x82000000, 0x83000000), ERR_EXISTS, "overlaps first");
	refuse_as(functions(CALL_DENY, 0x83000004, 0x83000004), ERR_EXISTS, "overlaps first");
	refuse_as(functions(CALL_DENY, 0x82000000, 0x83ffffff), ERR_EXISTS, "overlaps first");
	refuse_as(immediates(CALL_DENY, 5, 5), ERR_EXISTS, "overlaps rule");
	refuse_as(immediates(CALL_DENY, 1, 0xffff), ERR_EXISTS, "overlaps rule");
	take(functions(CALL_DENY, 0x83000011, 0x83000011));
	take(immediates(CALL_DENY, 6, 6));
	/* The other conduit, another VM. */
	rule.hvc = true;
	rule.smc = false;
	take(rule);
	refuse_as(rule, ERR_EXISTS, "overlaps");
	strcpy(rule.vm, "another");
	take(rule);
}

/* A service is taken whole, by each conduit, or left alone. */
static void test_whole(void **state)
{
	static const struct {
		const char *name;
		uint32_t base, count;
	} services[] = { { "PSCI", 0x84000000, 0x20 }, { "SDEI", 0x84000020, 0x20 },
		{ "TRNG", 0x84000050, 0x10 }, { "FF-A", 0x84000060, 0x90 },
		{ "stolen time", 0x85000020, 0x10 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(services); i++) {
		uint32_t first = services[i].base, last = first + services[i].count - 1;

		/* Half of it, at either end; one width alone; parts with different ends. */
		call_rules_forget();
		take(functions(CALL_UNDEFINED, first, first));
		expect_whole(services[i].name);
		call_rules_forget();
		take(functions(CALL_UNDEFINED, last, last + 0x1000));
		expect_whole(services[i].name);
		call_rules_forget();
		take(functions(CALL_UNDEFINED, first, last));
		expect_whole(services[i].name);
		take(functions(CALL_UNDEFINED, first | 0x40000000, (last | 0x40000000) - 1));
		expect_whole(services[i].name);
		take(functions(CALL_TO_MONITOR, last | 0x40000000, last | 0x40000000));
		expect_whole(services[i].name);
		/* All of it, in pieces. */
		call_rules_forget();
		take(functions(CALL_TO_MONITOR, first, first + 3));
		take(functions(CALL_TO_MONITOR, first + 4, last));
		take(functions(CALL_TO_MONITOR, first | 0x40000000, last | 0x40000000));
		expect_whole(NULL);
	}
}

static void test_whole_of_one(void **state)
{
	struct call_rule rule = functions(CALL_TO_MONITOR, 0x84000000, 0x8400001f);

	(void)state;
	/* Two monitors for one service. */
	take(rule);
	rule.function_first |= 0x40000000;
	rule.function_last |= 0x40000000;
	strcpy(rule.monitor, "second");
	strcpy(rule.name, "wide");
	take(rule);
	expect_whole("wide takes a part of PSCI by SMC");
	/* Whole by SMC, not by HVC. */
	call_rules_forget();
	take(functions(CALL_DENY, 0x84000000, 0x8400001f));
	rule = functions(CALL_DENY, 0xc4000000, 0xc400001f);
	rule.hvc = false;
	take(rule);
	expect_whole("rule takes a part of PSCI by HVC");
	rule.smc = false;
	rule.hvc = true;
	take(rule);
	expect_whole(NULL);
	/* Another VM's doesn't count. */
	strcpy(rule.vm, "another");
	take(rule);
	expect_whole("PSCI by HVC");
	/* The vendor's calls need not be whole; nor what is nobody's. */
	call_rules_forget();
	take(functions(CALL_DENY, 0x8600ff01, 0x8600ff01));
	take(functions(CALL_DENY, 0x84000045, 0x84000045));
	expect_whole(NULL);
}

static void test_action(void **state)
{
	struct call_rule rule = functions(CALL_UNDEFINED, 0x84000000, 0x8400001f);

	(void)state;
	assert_int_equal(call_rule_action("guest", true, 0x84000000), CALL_HANDLE);
	assert_int_equal(call_rule_action("guest", true, 0x83000000), CALL_DENY);
	rule.smc = false;
	take(rule);
	assert_int_equal(call_rule_action("guest", true, 0x84000000), CALL_HANDLE);
	assert_int_equal(call_rule_action("guest", false, 0x84000000), CALL_UNDEFINED);
	assert_int_equal(call_rule_action("guest", false, 0xc4000000), CALL_HANDLE);
	assert_int_equal(call_rule_action("gues", false, 0x84000000), CALL_HANDLE);
}

/* A monitor needs its own calls to Lintel, by one conduit at least. */
static void test_monitor_is_served(void **state)
{
	struct call_rule rule = to("watch", "far", 0xc6000011);
	const char *why = "";

	(void)state;
	rule.hvc = false;
	take(rule);
	rule = functions(CALL_DENY, 0xc6000011, 0xc600ffff);
	strcpy(rule.vm, "watch");
	rule.smc = false;
	take(rule);
	expect_whole(NULL); /* nobody's monitor */
	take(functions(CALL_TO_MONITOR, 0x83000000, 0x83000000));
	expect_whole("rule makes VM watch a monitor, but its own calls for that (c6000011)");
	assert_int_equal(call_rules_check_vm("watch", false, &why), ERR_INVALID);
	assert_int_equal(call_rules_check_vm("guest", false, &why), OK);
	for (unsigned smc = 0; smc < 2; smc++) {
		call_rules_forget();
		rule.smc = smc;
		rule.hvc = !smc;
		take(rule);
		take(functions(CALL_TO_MONITOR, 0x83000000, 0x83000000));
		/* With a virtual EL2 only SMC counts. */
		assert_int_equal(call_rules_check_vm("watch", true, &why), smc ? ERR_INVALID : OK);
		expect_whole(NULL);
	}
}

static int free_rules(void **state)
{
	(void)state;
	free(rules_memory);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_memory, setup),
		cmocka_unit_test_setup(test_form, setup),
		cmocka_unit_test_setup(test_architecture, setup),
		cmocka_unit_test_setup(test_handle, setup),
		cmocka_unit_test_setup(test_firmware, setup),
		cmocka_unit_test_setup(test_monitor, setup),
		cmocka_unit_test_setup(test_many_ways, setup),
		cmocka_unit_test_setup(test_overlap, setup),
		cmocka_unit_test_setup(test_whole, setup),
		cmocka_unit_test_setup(test_whole_of_one, setup),
		cmocka_unit_test_setup(test_action, setup),
		cmocka_unit_test_setup(test_monitor_is_served, setup),
	};

	return cmocka_run_group_tests(tests, NULL, free_rules);
}
