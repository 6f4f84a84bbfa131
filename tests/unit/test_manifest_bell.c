/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /doorbells and /lines of the manifest: every row of the schema at its limits, what they name in
 * each other, as many as there may be, and that a bad one does not stop a good one.
 *
 * links: hyp/bundle/manifest_bell.c hyp/bundle/manifest_nodes.c hyp/bundle/manifest_names.c
 * hyp/bundle/manifest_value.c hyp/bundle/cpio.c drivers/dt/walk.c hyp/base/log.c hyp/base/format.c
 */
#define TREE_SIZE (512 << 10)

#include "hyp/bundle/manifest.h"
#include "tests/unit/test_bundle.h"

static struct doorbell_config bells[DOORBELLS_MAX];
static struct line_config lines[LINES_MAX];
static unsigned bell_count, line_count, bad_bells, bad_lines;
static struct test_tree tree;

static void take_bell(void *context, const struct doorbell_config *config)
{
	assert_ptr_equal(context, &bell_count);
	assert_true(bell_count < DOORBELLS_MAX);
	bells[bell_count++] = *config;
}

static void take_line(void *context, const struct line_config *config)
{
	assert_ptr_equal(context, &line_count);
	assert_true(line_count < LINES_MAX);
	lines[line_count++] = *config;
}

static enum status read_bytes(const void *bytes, size_t size)
{
	/* A copy at an allocation's end, so that reading past it is seen. */
	void *copy = malloc(size);
	enum status status;

	memcpy(copy, bytes, size);
	bell_count = line_count = 0;
	status = manifest_read_doorbells(copy, size, take_bell, &bell_count, &bad_bells);
	assert_int_equal(
		manifest_read_lines(copy, size, take_line, &line_count, &bad_lines), status);
	free(copy);
	return status;
}

/* Lines and VMs stand behind the doorbells that name them. */
static void start(void)
{
	logged[0] = '\0';
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "doorbells");
}

static void lines_begin(void)
{
	tree_end(&tree);
	tree_begin(&tree, "lines");
}

static void write_line(const char *name, const char *vm, uint32_t spi)
{
	tree_begin(&tree, name);
	tree_text(&tree, "vm", vm);
	tree_u32(&tree, "spi", spi);
	tree_end(&tree);
}

static void finish(void)
{
	tree_end(&tree);
	tree_begin(&tree, "vms");
	tree_begin(&tree, "one");
	tree_end(&tree);
	tree_begin(&tree, "four");
	tree_text(&tree, "kernel", "Image");
	tree_u32(&tree, "vcpus", 4);
	tree_begin(&tree, "inner");
	tree_u32(&tree, "vcpus", 9);
	tree_end(&tree);
	tree_end(&tree);
	tree_end(&tree);
	assert_int_equal(read_bytes(tree.bytes, tree_finish(&tree)), OK);
}

static void bell_begin(const char *name)
{
	tree_begin(&tree, name);
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "address", 0x0b000000);
}

static void reads_doorbells(void **state)
{
	(void)state;
	start();
	bell_begin("plain");
	tree_end(&tree);
	tree_begin(&tree, "A-bell_0.x");
	tree_text(&tree, "vm", "four");
	tree_u64(&tree, "address", 0xfffffff8);
	tree_u32(&tree, "width", 8);
	tree_u64(&tree, "match", UINT64_MAX);
	tree_text(&tree, "signal", "four");
	tree_u32(&tree, "vcpu", 3);
	tree_end(&tree);
	tree_begin(&tree, "odd");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "address", 0x0b000103);
	tree_end(&tree);
	bell_begin("liner");
	tree_u32(&tree, "width", 1);
	tree_u32(&tree, "match", 0);
	tree_text(&tree, "line", "later");
	tree_end(&tree);
	bell_begin("waker");
	tree_text(&tree, "signal", "one");
	tree_end(&tree);
	lines_begin();
	write_line("later", "four", 0);
	finish();
	assert_nothing_logged();
	assert_int_equal(bell_count, 5);
	assert_int_equal(bad_bells, 0);
	assert_string_equal(bells[0].name, "plain");
	assert_string_equal(bells[0].vm, "one");
	assert_int_equal(bells[0].address, 0x0b000000);
	assert_int_equal(bells[0].width, 0);
	assert_false(bells[0].has_match);
	assert_int_equal(bells[0].action.kind, BELL_COUNT);
	assert_string_equal(bells[1].name, "A-bell_0.x");
	assert_string_equal(bells[1].vm, "four");
	assert_int_equal(bells[1].address, 0xfffffff8);
	assert_int_equal(bells[1].width, 8);
	assert_true(bells[1].has_match);
	assert_true(bells[1].match == UINT64_MAX);
	assert_int_equal(bells[1].action.kind, BELL_SIGNAL);
	assert_string_equal(bells[1].action.name, "four");
	assert_int_equal(bells[1].action.vcpu, 3);
	assert_int_equal(bells[2].address, 0x0b000103);
	assert_int_equal(bells[3].width, 1);
	assert_true(bells[3].has_match);
	assert_int_equal(bells[3].match, 0);
	assert_int_equal(bells[3].action.kind, BELL_LINE);
	assert_string_equal(bells[3].action.name, "later");
	assert_int_equal(bells[4].action.kind, BELL_SIGNAL);
	assert_int_equal(bells[4].action.vcpu, 0);
}

static void reads_lines(void **state)
{
	(void)state;
	start();
	lines_begin();
	write_line("plain", "one", 255);
	tree_begin(&tree, "edge");
	tree_text(&tree, "vm", "four");
	tree_u32(&tree, "spi", 0);
	tree_text(&tree, "trigger", "edge");
	tree_end(&tree);
	tree_begin(&tree, "again");
	tree_text(&tree, "vm", "four");
	tree_u32(&tree, "spi", 40);
	tree_text(&tree, "trigger", "level");
	tree_text(&tree, "eoi-line", "last");
	tree_end(&tree);
	tree_begin(&tree, "last");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "spi", 40);
	tree_text(&tree, "eoi-signal", "four");
	tree_u32(&tree, "eoi-vcpu", 2);
	tree_end(&tree);
	finish();
	assert_nothing_logged();
	assert_int_equal(line_count, 4);
	assert_int_equal(bad_lines, 0);
	assert_string_equal(lines[0].name, "plain");
	assert_string_equal(lines[0].vm, "one");
	assert_int_equal(lines[0].spi, 255);
	assert_true(lines[0].level);
	assert_int_equal(lines[0].on_eoi.kind, BELL_COUNT);
	assert_string_equal(lines[1].vm, "four");
	assert_int_equal(lines[1].spi, 0);
	assert_false(lines[1].level);
	assert_true(lines[2].level);
	assert_int_equal(lines[2].on_eoi.kind, BELL_LINE);
	assert_string_equal(lines[2].on_eoi.name, "last");
	assert_int_equal(lines[3].on_eoi.kind, BELL_SIGNAL);
	assert_string_equal(lines[3].on_eoi.name, "four");
	assert_int_equal(lines[3].on_eoi.vcpu, 2);
}

static void needs_none(void **state)
{
	(void)state;
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "vms");
	finish();
	assert_int_equal(bell_count + line_count + bad_bells + bad_lines, 0);
	assert_nothing_logged();
}

/* One doorbell with those properties, beside a good one. */
struct wrong {
	const char *says;
	const char *vm, *line, *signal;
	int64_t address, width, match, vcpu; /* -1: not given */
};

static void text_if(const char *name, const char *text)
{
	if (text)
		tree_text(&tree, name, text);
}

static void cell_if(const char *name, int64_t value)
{
	if (value >= 0 && value >> 32)
		tree_u64(&tree, name, (uint64_t)value);
	else if (value >= 0)
		tree_u32(&tree, name, (uint32_t)value);
}

static void refuses_bad_doorbells(void **state)
{
	static const struct wrong wrong[] = {
		{ "vm: missing, expected the name of a VM", NULL, NULL, NULL, 0, -1, -1, -1 },
		{ "vm: \"x\", expected the name of a VM of the bundle, which has none of that name",
			"x", NULL, NULL, 0, -1, -1, -1 },
		{ "address: missing, expected an address below 4 GiB", "one", NULL, NULL, -1, -1,
			-1, -1 },
		{ "address: <0x1 0x0>, expected an address below 4 GiB", "one", NULL, NULL,
			0x100000000, -1, -1, -1 },
		{ "address: 0x1002, expected a multiple of 4, its width", "one", NULL, NULL, 0x1002,
			4, -1, -1 },
		{ "width: <0x0>, expected 1, 2, 4 or 8 bytes", "one", NULL, NULL, 0, 0, -1, -1 },
		{ "width: <0x9>, expected 1, 2, 4 or 8 bytes", "one", NULL, NULL, 0, 9, -1, -1 },
		{ "width: 3, expected 1, 2, 4 or 8 bytes", "one", NULL, NULL, 0, 3, -1, -1 },
		{ "match: only for stores of one width, expected width beside it", "one", NULL,
			NULL, 0, -1, 5, -1 },
		{ "match: 0x100, expected a number of 1 bytes, its width", "one", NULL, NULL, 0, 1,
			0x100, -1 },
		{ "match: 0x100000000, expected a number of 4 bytes", "one", NULL, NULL, 0, 4,
			0x100000000, -1 },
		{ "line: \"y\", expected the name of a line of the bundle, which has none of that "
		  "name",
			"one", "y", NULL, 0, -1, -1, -1 },
		{ "signal: beside a line, expected one of the two", "one", "line", "one", 0, -1, -1,
			-1 },
		{ "signal: \"z\", expected the name of a VM of the bundle", "one", NULL, "z", 0, -1,
			-1, -1 },
		{ "vcpu: only for a VM that is woken, expected signal beside it", "one", NULL, NULL,
			0, -1, -1, 0 },
		{ "vcpu: only for a VM that is woken, expected signal beside it", "one", "line",
			NULL, 0, -1, -1, 0 },
		{ "vcpu: 1, expected the number of a vCPU of VM one, 0 to 0", "one", NULL, "one", 0,
			-1, -1, 1 },
		{ "vcpu: 4, expected the number of a vCPU of VM four, 0 to 3", "one", NULL, "four",
			0, -1, -1, 4 },
		{ "vcpu: <0x10>, expected the number of a vCPU, 0 to 15", "one", NULL, "four", 0,
			-1, -1, 16 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		char text[128];

		start();
		tree_begin(&tree, "it");
		text_if("vm", wrong[i].vm);
		text_if("line", wrong[i].line);
		text_if("signal", wrong[i].signal);
		cell_if("address", wrong[i].address);
		cell_if("width", wrong[i].width);
		cell_if("match", wrong[i].match);
		cell_if("vcpu", wrong[i].vcpu);
		tree_end(&tree);
		bell_begin("good");
		tree_end(&tree);
		lines_begin();
		write_line("line", "one", 40);
		finish();
		snprintf(text, sizeof(text), "manifest: /doorbells/it: %s", wrong[i].says);
		assert_logged(text);
		assert_int_equal(bell_count, 1);
		assert_string_equal(bells[0].name, "good");
		assert_int_equal(bad_bells, 1);
		assert_int_equal(bad_lines, 0);
	}
}

static void refuses_bad_lines(void **state)
{
	(void)state;
	start();
	lines_begin();
	write_line("ghost", "nobody", 40);
	write_line("far", "one", 256);
	tree_begin(&tree, "bare");
	tree_end(&tree);
	tree_begin(&tree, "odd");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "spi", 1);
	tree_text(&tree, "trigger", "falling");
	tree_end(&tree);
	tree_begin(&tree, "edge");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "spi", 1);
	tree_text(&tree, "trigger", "edge");
	tree_text(&tree, "eoi-line", "good");
	tree_end(&tree);
	tree_begin(&tree, "edge-2");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "spi", 1);
	tree_text(&tree, "trigger", "edge");
	tree_text(&tree, "eoi-signal", "one");
	tree_end(&tree);
	tree_begin(&tree, "both");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "spi", 1);
	tree_text(&tree, "eoi-line", "good");
	tree_text(&tree, "eoi-signal", "one");
	tree_u32(&tree, "eoi-vcpu", 0);
	tree_end(&tree);
	tree_begin(&tree, "alone");
	tree_text(&tree, "vm", "one");
	tree_u32(&tree, "spi", 1);
	tree_u32(&tree, "eoi-vcpu", 0);
	tree_end(&tree);
	write_line("good", "one", 40);
	finish();
	assert_int_equal(line_count, 1);
	assert_int_equal(bad_lines, 8);
	assert_logged("manifest: /lines/ghost: vm: \"nobody\", expected the name of a VM");
	assert_logged("manifest: /lines/far: spi: <0x100>, expected the number of an SPI, 0 to");
	assert_logged("manifest: /lines/bare: vm: missing, expected the name of a VM");
	assert_logged("manifest: /lines/bare: spi: missing, expected the number of an SPI");
	assert_logged("/lines/odd: trigger: \"falling\", expected one of \"level\", \"edge\"");
	assert_logged("/lines/edge: eoi-line: only for a level line, expected trigger = \"level\"");
	assert_logged("/lines/edge-2: eoi-signal: only for a level line, expected trigger");
	assert_logged("/lines/both: eoi-signal: beside a line, expected one of the two");
	assert_logged("/lines/alone: eoi-vcpu: only for a VM that is woken, expected eoi-signal");
}

static void checks_names(void **state)
{
	(void)state;
	start();
	tree_text(&tree, "all", "x");
	bell_begin("1st");
	tree_end(&tree);
	bell_begin("twin");
	tree_end(&tree);
	bell_begin("twin");
	tree_end(&tree);
	bell_begin("inner");
	tree_begin(&tree, "deep");
	tree_end(&tree);
	tree_text(&tree, "color", "red");
	tree_u32(&tree, "address", 8);
	tree_end(&tree);
	/* Names of other kinds are no hindrance. */
	bell_begin("one");
	tree_end(&tree);
	bell_begin("line");
	tree_end(&tree);
	lines_begin();
	write_line("line", "one", 40);
	write_line("line", "one", 41);
	write_line("one", "one", 42);
	finish();
	assert_int_equal(bell_count, 3);
	assert_int_equal(bad_bells, 4);
	assert_int_equal(line_count, 2);
	assert_int_equal(bad_lines, 1);
	assert_logged("manifest: /doorbells: all: unknown property, expected none here");
	assert_logged("manifest: /doorbells/1st: the doorbell's name, expected a letter, then");
	assert_logged("manifest: /doorbells/twin: a second doorbell of that name");
	assert_logged("manifest: /lines/line: a second line of that name");
	assert_logged("/doorbells/inner: deep: unknown node, expected no nodes in a doorbell");
	assert_logged("/doorbells/inner: color: unknown property, expected one of vm, address, "
		      "width, match, line, signal, vcpu");
	assert_logged("/doorbells/inner: address: given twice, expected it once");
}

/* As many as there may be, with names as long as they may be, fit in a manifest; and two more. */
static void checks_the_numbers(void **state)
{
	char name[VM_NAME_MAX + 1], line[VM_NAME_MAX + 1];
	size_t size;

	(void)state;
	start();
	for (unsigned i = 0; i < DOORBELLS_MAX + 2; i++) {
		snprintf(name, sizeof(name), "a-doorbell-with-a-long-name%04u", i);
		snprintf(line, sizeof(line), "an-interrupt-line-as-long-%05u", i % LINES_MAX);
		tree_begin(&tree, name);
		tree_text(&tree, "vm", "four");
		tree_u64(&tree, "address", 0x0c000000 + 8 * i);
		tree_u32(&tree, "width", 8);
		tree_u64(&tree, "match", i);
		tree_text(&tree, "line", line);
		tree_end(&tree);
	}
	lines_begin();
	for (unsigned i = 0; i < LINES_MAX + 2; i++) {
		snprintf(line, sizeof(line), "an-interrupt-line-as-long-%05u", i);
		tree_begin(&tree, line);
		tree_text(&tree, "vm", i & 1 ? "one" : "four");
		tree_u32(&tree, "spi", i % 256);
		tree_text(&tree, "trigger", "level");
		snprintf(line, sizeof(line), "an-interrupt-line-as-long-%05u",
			LINES_MAX - 1 - i % LINES_MAX);
		tree_text(&tree, "eoi-line", line);
		tree_end(&tree);
	}
	finish();
	size = fdt_totalsize(tree.bytes);
	assert_true(size <= MANIFEST_SIZE_MAX);
	assert_int_equal(bell_count, DOORBELLS_MAX);
	assert_int_equal(bad_bells, 2);
	assert_logged(
		"/doorbells/a-doorbell-with-a-long-name1024: expected at most 1024 doorbells");
	assert_string_equal(bells[1023].action.name, "an-interrupt-line-as-long-00255");
	assert_int_equal(line_count, LINES_MAX);
	assert_int_equal(bad_lines, 2);
	assert_logged("/lines/an-interrupt-line-as-long-00257: expected at most 256 lines");
}

/* Any prefix, and any bit changed: an answer, and nothing read outside. */
static void survives_damage(void **state)
{
	uint8_t *bytes = (uint8_t *)tree.bytes;
	size_t size;

	(void)state;
	log_set_sink(NULL);
	start();
	bell_begin("bell");
	tree_text(&tree, "line", "line");
	tree_end(&tree);
	lines_begin();
	write_line("line", "one", 40);
	finish();
	assert_int_equal(bell_count, 1);
	assert_int_equal(line_count, 1);
	size = fdt_totalsize(tree.bytes);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(read_bytes(bytes, cut), ERR_CORRUPT);
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[at] ^= 1 << bit;
			(void)!read_bytes(bytes, size);
			bytes[at] ^= 1 << bit;
		}
	assert_int_equal(read_bytes(bytes, size), OK);
	assert_int_equal(bell_count + line_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_doorbells, start_logging),
		cmocka_unit_test_setup(reads_lines, start_logging),
		cmocka_unit_test_setup(needs_none, start_logging),
		cmocka_unit_test_setup(refuses_bad_doorbells, start_logging),
		cmocka_unit_test_setup(refuses_bad_lines, start_logging),
		cmocka_unit_test_setup(checks_names, start_logging),
		cmocka_unit_test_setup(checks_the_numbers, start_logging),
		cmocka_unit_test_setup(survives_damage, start_logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
