/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /sdei-events of the manifest: every row of the schema at its limits, and that a bad event does
 * not stop a good one.
 *
 * links: hyp/bundle/manifest_sdei.c hyp/bundle/manifest_nodes.c hyp/bundle/manifest_names.c
 * hyp/bundle/manifest_value.c hyp/bundle/cpio.c drivers/dt/walk.c hyp/base/log.c hyp/base/format.c
 */
#define TREE_SIZE (512 << 10)

#include "hyp/bundle/manifest.h"
#include "tests/unit/test_bundle.h"

#define EVENTS_MAX (SDEI_EVENTS_MAX * MAX_VMS)

static struct sdei_event_config events[EVENTS_MAX];
static unsigned count, bad;
static struct test_tree tree;

static void take(void *context, const struct sdei_event_config *config)
{
	assert_ptr_equal(context, &count);
	assert_true(count < EVENTS_MAX);
	events[count++] = *config;
}

static void start(void)
{
	logged[0] = '\0';
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "sdei-events");
}

static void read_tree(void)
{
	size_t size;
	void *copy;

	tree_end(&tree);
	tree_begin(&tree, "vms");
	tree_begin(&tree, "one");
	tree_end(&tree);
	tree_begin(&tree, "narrow");
	tree_bytes(&tree, "aarch32", "", 0);
	tree_end(&tree);
	tree_end(&tree);
	size = tree_finish(&tree);
	/* A copy at an allocation's end, so that reading past it is seen. */
	copy = malloc(size);
	memcpy(copy, tree.bytes, size);
	count = 0;
	assert_int_equal(manifest_read_events(copy, size, take, &count, &bad), OK);
	free(copy);
}

/* spi, ppi: -1: not given */
static void write_event(
	const char *name, const char *vm, uint32_t number, const char *priority, int spi, int ppi)
{
	tree_begin(&tree, name);
	if (vm)
		tree_text(&tree, "vm", vm);
	if (number)
		tree_u32(&tree, "event", number);
	if (priority)
		tree_text(&tree, "priority", priority);
	if (spi >= 0)
		tree_u32(&tree, "spi", (uint32_t)spi);
	if (ppi >= 0)
		tree_u32(&tree, "ppi", (uint32_t)ppi);
	tree_end(&tree);
}

static void reads_events(void **state)
{
	(void)state;
	start();
	write_event("plain", "one", 0x40000000, NULL, 0, -1);
	write_event("last", "one", 0x7fffffff, "critical", 255, -1);
	write_event("own", "one", 0x40000001, "normal", -1, 0);
	write_event("owns", "one", 0x40000002, NULL, -1, 15);
	read_tree();
	assert_nothing_logged();
	assert_int_equal(count, 4);
	assert_int_equal(bad, 0);
	assert_string_equal(events[0].name, "plain");
	assert_string_equal(events[0].vm, "one");
	assert_int_equal(events[0].number, 0x40000000);
	assert_false(events[0].critical);
	assert_int_equal(events[0].intid, 32);
	assert_int_equal(events[1].number, 0x7fffffff);
	assert_true(events[1].critical);
	assert_int_equal(events[1].intid, 287);
	assert_false(events[2].critical);
	assert_int_equal(events[2].intid, 16);
	assert_int_equal(events[3].intid, 31);
}

static void refuses_bad_events(void **state)
{
	static const struct {
		const char *says, *vm, *priority;
		uint32_t number;
		int spi, ppi;
	} wrong[] = {
		{ "x: vm: missing, expected the name of a VM", NULL, NULL, 0x40000000, 5, -1 },
		{ "x: vm: \"two\", expected the name of a VM of the bundle, which has none of that",
			"two", NULL, 0x40000000, 5, -1 },
		{ "x: vm: one with aarch32, which has no SDEI, expected one without it", "narrow",
			NULL, 0x40000000, 5, -1 },
		{ "x: event: missing, expected a number from 0x40000000 to 0x7fffffff", "one", NULL,
			0, 5, -1 },
		{ "x: event: <0x3fffffff>, expected a number", "one", NULL, 0x3fffffff, 5, -1 },
		{ "x: event: <0x80000000>, expected a number", "one", NULL, 0x80000000, 5, -1 },
		{ "x: priority: \"high\", expected one of \"normal\", \"critical\"", "one", "high",
			0x40000000, 5, -1 },
		{ "x: spi: missing, expected spi or ppi", "one", NULL, 0x40000000, -1, -1 },
		{ "x: spi: <0x100>, expected the number of an SPI, 0 to 255", "one", NULL,
			0x40000000, 256, -1 },
		{ "x: ppi: <0x10>, expected the number of a PPI, 0 to 15", "one", NULL, 0x40000000,
			-1, 16 },
		{ "x: ppi: beside spi, expected one of the two", "one", NULL, 0x40000000, 5, 5 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		start();
		write_event("x", wrong[i].vm, wrong[i].number, wrong[i].priority, wrong[i].spi,
			wrong[i].ppi);
		write_event("good", "one", 0x40000000, NULL, 5, -1);
		read_tree();
		assert_logged(wrong[i].says);
		assert_int_equal(count, 1);
		assert_string_equal(events[0].name, "good");
		assert_int_equal(bad, 1);
	}
}

static void as_many_as_there_may_be(void **state)
{
	char name[16];

	(void)state;
	start();
	for (unsigned i = 0; i <= EVENTS_MAX; i++) {
		snprintf(name, sizeof(name), "e%u", i);
		write_event(name, "one", 0x40000000 + i, NULL, 5, -1);
	}
	read_tree();
	assert_logged("manifest: /sdei-events/e1024: expected at most 1024 events");
	assert_int_equal(count, EVENTS_MAX);
	assert_int_equal(bad, 1);
}

static void needs_a_tree(void **state)
{
	(void)state;
	assert_int_equal(manifest_read_events("no tree", 8, take, &count, &bad), ERR_CORRUPT);
	assert_logged("manifest.dtb is no devicetree that can be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_events, start_logging),
		cmocka_unit_test_setup(refuses_bad_events, start_logging),
		cmocka_unit_test_setup(as_many_as_there_may_be, start_logging),
		cmocka_unit_test_setup(needs_a_tree, start_logging),
	};

	return cmocka_run_group_tests_name("manifest_sdei", tests, NULL, NULL);
}
