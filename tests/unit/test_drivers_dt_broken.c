/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devicetree scan on trees that break their format: it must stay within them and say what is
 * wrong.
 *
 * links: drivers/dt/walk.c drivers/dt/property.c drivers/dt/node.c drivers/dt/interrupt.c
 * drivers/dt/scan.c drivers/dt/memory.c drivers/dt/chosen.c drivers/dt/device.c drivers/dt/log.c
 *        drivers/uart/uart.c drivers/uart/pl011.c drivers/uart/ns16550.c
 *        hyp/base/log.c hyp/base/format.c
 */
#include "tests/unit/test_drivers_dt_tree.h"

/* --- trees that break their format --- */

static void set_header(size_t field, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy((uint8_t *)tree + field, &value, sizeof(value));
}

#define HEADER(field) offsetof(struct fdt_header, field)

static enum status with_header(size_t field, uint32_t value)
{
	uint32_t old;
	enum status status;

	memcpy(&old, (uint8_t *)tree + field, sizeof(old));
	set_header(field, value);
	status = scan_again();
	memcpy((uint8_t *)tree + field, &old, sizeof(old));
	return status;
}

static void test_header(void **state)
{
	uint64_t size = 0;

	(void)state;
	qemu_like();
	assert_int_equal(scan(), OK);
	assert_int_equal(dt_size(tree, &size), OK);
	assert_int_equal(size, tree_size);
	assert_int_equal(dt_size(NULL, &size), ERR_INVALID);
	assert_int_equal(dt_size((uint8_t *)tree + 4, &size), ERR_INVALID);
	assert_logged("expected a multiple of 8");
	assert_int_equal(dt_scan(tree, tree_size - 1, &m), ERR_CORRUPT);
	assert_logged("bytes are there");

	assert_int_equal(with_header(HEADER(magic), 5), ERR_CORRUPT);
	assert_logged("magic number 0x00000005, expected 0xd00dfeed");
	assert_int_equal(with_header(HEADER(version), 16), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(last_comp_version), 18), ERR_CORRUPT);
	assert_logged("expected 17");
	assert_int_equal(with_header(HEADER(totalsize), 39), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(totalsize), DT_SIZE_MAX + 1), ERR_CORRUPT);
	assert_logged("totalsize 2097153");
	assert_int_equal(with_header(HEADER(off_dt_struct), 0), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(off_dt_struct), 0xfffffff0), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(off_dt_struct), 42), ERR_CORRUPT);
	assert_logged("structure block at 0x2a");
	assert_int_equal(with_header(HEADER(size_dt_struct), 0xffffffff), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(size_dt_struct), 8), ERR_CORRUPT);
	assert_logged("broken at byte");
	assert_int_equal(with_header(HEADER(size_dt_struct), 0), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(off_dt_strings), 0xffffffff), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(size_dt_strings), 0xffffffff), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(size_dt_strings), 3), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(off_mem_rsvmap), 41), ERR_CORRUPT);
	assert_int_equal(with_header(HEADER(off_mem_rsvmap), 0x80000000), ERR_CORRUPT);
	assert_logged("memory reservation block");
	assert_int_equal(scan_again(), OK);
}

static uint32_t *structure(void)
{
	return (uint32_t *)((uint8_t *)tree + fdt_off_dt_struct(tree));
}

static void test_structure(void **state)
{
	static const uint32_t behind[] = { FDT_END_NODE, FDT_BEGIN_NODE, FDT_NOP, FDT_PROP, 77 };
	uint32_t *at;

	(void)state;
	/* A property behind a child, which libfdt's writer refuses to make. */
	start();
	basics();
	finish();
	at = structure();
	while (*at != __builtin_bswap32(FDT_END))
		at++;
	assert_int_equal(at[-1], __builtin_bswap32(FDT_END_NODE));
	at[-1] = __builtin_bswap32(FDT_PROP);
	assert_int_equal(scan_again(), ERR_CORRUPT);

	/* Something behind the root's end. */
	at[-1] = __builtin_bswap32(FDT_END_NODE);
	for (unsigned i = 0; i < ARRAY_SIZE(behind); i++) {
		*at = __builtin_bswap32(behind[i]);
		assert_int_equal(scan_again(), ERR_CORRUPT);
	}
	*at = __builtin_bswap32(FDT_END);
	assert_int_equal(scan_again(), OK);

	/* It must start with a node. */
	*structure() = __builtin_bswap32(FDT_NOP);
	assert_int_equal(scan_again(), ERR_CORRUPT);
}

/* Every tree that ends too early, and every value of the word it ends with. */
static void test_truncated(void **state)
{
	uint32_t whole;

	(void)state;
	qemu_like();
	finish();
	whole = fdt_size_dt_struct(tree);
	for (uint32_t size = 0; size < whole; size += 4) {
		set_header(HEADER(size_dt_struct), size);
		assert_int_equal(scan_again(), ERR_CORRUPT);
	}
	set_header(HEADER(size_dt_struct), whole);
	assert_int_equal(scan_again(), OK);
}

/* No byte may make the scan leave the tree (the sanitizers watch) or fail in an unknown way. */
static void test_corrupted(void **state)
{
	uint8_t *bytes;

	(void)state;
	qemu_like();
	finish();
	bytes = tree;
	for (size_t at = 0; at < tree_size; at++) {
		static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0xff };
		uint8_t old = bytes[at];

		for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
			enum status status;

			bytes[at] = values[i];
			status = scan_again();
			assert_true(status == OK || status == ERR_CORRUPT ||
				status == ERR_NOT_FOUND || status == ERR_NOT_SUPPORTED);
			dt_log(&m);
		}
		bytes[at] = old;
	}
}

static void test_random_words(void **state)
{
	uint64_t random = 88172645463325252;
	uint8_t *copy;

	(void)state;
	qemu_like();
	finish();
	copy = malloc(tree_size);
	memcpy(copy, tree, tree_size);
	for (unsigned round = 0; round < 3000; round++) {
		memcpy(tree, copy, tree_size);
		for (unsigned i = 0; i < 4; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			size_t word = random % (tree_size / 4);
			uint32_t value = (uint32_t)(random >> 32) % 12;

			value = __builtin_bswap32(value);
			memcpy((uint8_t *)tree + word * 4, &value, sizeof(value));
		}
		(void)!scan_again();
		(void)dt_take_seeds(&m, copy, 0);
	}
	free(copy);
}

static void test_deep(void **state)
{
	(void)state;
	start();
	basics();
	for (unsigned i = 0; i < DT_DEPTH_MAX + 4; i++) {
		begin("bus");
		root_cells(2, 2);
		flag("ranges");
	}
	pl011("serial", 0x1000, 1);
	for (unsigned i = 0; i < DT_DEPTH_MAX + 4; i++)
		end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 0);
	assert_logged("nested deeper than 32 nodes");
}

static void test_complaints_end(void **state)
{
	unsigned count = 0;

	(void)state;
	start();
	basics();
	for (unsigned i = 0; i < 3 * DT_COMPLAINTS; i++) {
		begin("memory");
		text("device_type", "memory");
		end();
	}
	assert_int_equal(scan(), OK);
	for (const char *at = logged; (at = strchr(at, '\n')); at++)
		count++;
	assert_int_equal(count, DT_COMPLAINTS);
}

/* A path too long for its buffer is cut, and so never matches. */
static void test_long_path(void **state)
{
	char name[MACHINE_PATH_MAX * 2];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	start();
	basics();
	begin(name);
	root_cells(2, 2);
	flag("ranges");
	pl011("serial@1000", 0x1000, 1);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 1);
	assert_int_equal(strlen(m.uarts[0].path), MACHINE_PATH_MAX - 1);
}

/* NOPs where a loader deleted something. */
static void test_nops(void **state)
{
	int node;

	(void)state;
	qemu_like();
	finish();
	node = fdt_path_offset(tree, "/pl011@9000000");
	assert_true(node > 0);
	assert_int_equal(fdt_nop_node(tree, node), 0);
	assert_int_equal(fdt_nop_property(tree, fdt_path_offset(tree, "/chosen"), "bootargs"), 0);
	assert_int_equal(scan_again(), OK);
	assert_int_equal(m.uart_count, 0);
	assert_string_equal(m.bootargs, "");
	assert_int_equal(m.cpu_count, 2);
}

/* The walk's tokens beside libfdt's. */
static void test_walk_beside_libfdt(void **state)
{
	struct dt_walk walk;
	int offset = 0, next;

	(void)state;
	qemu_like();
	finish();
	assert_int_equal(dt_walk_start(&walk, tree, tree_size), OK);
	for (;; offset = next) {
		uint32_t tag = fdt_next_tag(tree, offset, &next);

		assert_int_equal(dt_walk_next(&walk), tag);
		assert_int_equal((uint8_t *)walk.at - (uint8_t *)structure(), next);
		if (tag == FDT_BEGIN_NODE)
			assert_string_equal(walk.name, fdt_get_name(tree, offset, NULL));
		if (tag == FDT_PROP) {
			const char *name;
			int length;
			size_t name_length;
			const void *data = fdt_getprop_by_offset(tree, offset, &name, &length);

			assert_ptr_equal(walk.data, data);
			assert_int_equal(walk.length, length);
			assert_string_equal(dt_walk_property_name(&walk, &name_length), name);
			assert_int_equal(name_length, strlen(name));
		}
		if (tag == FDT_END)
			break;
	}
}

/* Each name gives its own number, and the list is in the order that the search needs. */
static void test_property_names(void **state)
{
	(void)state;
	for (unsigned id = 0; id < PROP_COUNT; id++) {
		const char *name = dt_property_names[id];
		struct dt_name_cache cache = { 0 };
		struct dt_walk walk = { .strings = name,
			.strings_size = (uint32_t)strlen(name) + 1 };

		assert_int_equal(dt_property_by_name(&walk), id);
		assert_int_equal(dt_property_id(&walk, &cache), id);
		assert_int_equal(dt_property_id(&walk, &cache), id);
		if (id)
			assert_true(strlen(name) >= strlen(dt_property_names[id - 1]));
		walk.strings_size--;
		assert_int_equal(dt_property_by_name(&walk), PROP_UNNAMED);
		walk.name_offset = UINT32_MAX;
		assert_int_equal(dt_property_id(&walk, &cache), PROP_UNNAMED);
		assert_int_equal(dt_property_by_name(&walk), PROP_UNNAMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_random_words),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_complaints_end),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_nops),
		cmocka_unit_test(test_walk_beside_libfdt),
		cmocka_unit_test(test_property_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
