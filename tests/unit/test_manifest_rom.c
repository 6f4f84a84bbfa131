/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /read-only of the manifest: every row of the schema at its limits, places, and that a bad region
 * does not stop a good one.
 *
 * links: hyp/bundle/manifest_rom.c hyp/bundle/manifest_nodes.c hyp/bundle/manifest_names.c
 * hyp/bundle/manifest_value.c hyp/bundle/cpio.c drivers/dt/walk.c hyp/base/log.c hyp/base/format.c
 */
#include "hyp/bundle/manifest.h"
#include "tests/unit/test_bundle.h"

static const struct cpio_archive files = {
	.count = 3,
	.files = { { "small", (const uint8_t *)"0123456789", 10 },
		{ "huge", (const uint8_t *)"", MIB(256) + 1 },
		{ "empty", (const uint8_t *)"", 0 } },
};

static struct rom_config found[32];
static unsigned found_count, bad;
static struct test_tree tree;

static void take(void *context, const struct rom_config *config)
{
	assert_ptr_equal(context, &found_count);
	found[found_count++] = *config;
}

static enum status read_bytes(const void *bytes, size_t size)
{
	/* A copy at an allocation's end, so that reading past it is seen. */
	void *copy = malloc(size);
	enum status status;

	memcpy(copy, bytes, size);
	found_count = 0;
	status = manifest_read_roms(copy, size, &files, take, &found_count, &bad);
	free(copy);
	return status;
}

static void start(void)
{
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "read-only");
}

static void finish(void)
{
	char name[2] = "a";

	tree_end(&tree);
	tree_begin(&tree, "vms");
	for (; name[0] <= 'q'; name[0]++) {
		tree_begin(&tree, name);
		tree_end(&tree);
	}
	tree_end(&tree);
	assert_int_equal(read_bytes(tree.bytes, tree_finish(&tree)), OK);
}

static void members(const char *list)
{
	char value[128];
	size_t size = 0;

	for (; *list; list++) {
		value[size++] = *list;
		value[size++] = '\0';
	}
	tree_bytes(&tree, "members", value, size);
}

/* size 0: not given. */
static void region(const char *name, const char *file, uint64_t address, uint64_t size)
{
	tree_begin(&tree, name);
	tree_text(&tree, "file", file);
	tree_u64(&tree, "address", address);
	if (size)
		tree_u64(&tree, "size", size);
	members("ab");
	tree_end(&tree);
}

static void reads_every_property(void **state)
{
	(void)state;
	start();
	region("plain", "small", 0, 0);
	tree_begin(&tree, "A-rom_0.x");
	tree_text(&tree, "file", "small");
	tree_u32(&tree, "address", 0x30000000);
	tree_u32(&tree, "size", 0x10000000);
	members("abcdefghijklmnop");
	tree_text(&tree, "stores", "ignore");
	tree_end(&tree);
	tree_begin(&tree, "abort");
	tree_text(&tree, "stores", "abort");
	tree_text(&tree, "file", "small");
	tree_u32(&tree, "address", 0x3ffff000);
	tree_u32(&tree, "size", 10);
	members("q");
	tree_end(&tree);
	region("odd", "small", 0x0b000000, 0x1001);
	finish();
	assert_nothing_logged();
	assert_int_equal(found_count, 4);
	assert_int_equal(bad, 0);
	assert_string_equal(found[0].name, "plain");
	assert_int_equal(found[0].address, 0);
	assert_int_equal(found[0].size, 0x1000);
	assert_ptr_equal(found[0].file, files.files[0].data);
	assert_int_equal(found[0].file_size, 10);
	assert_int_equal(found[0].members, 2);
	assert_string_equal(found[0].member[0], "a");
	assert_string_equal(found[0].member[1], "b");
	assert_false(found[0].ignore_stores);
	assert_int_equal(found[1].size, 0x10000000);
	assert_int_equal(found[1].file_size, 10);
	assert_int_equal(found[1].members, 16);
	assert_string_equal(found[1].member[15], "p");
	assert_true(found[1].ignore_stores);
	assert_int_equal(found[2].size, 0x1000);
	assert_false(found[2].ignore_stores);
	assert_int_equal(found[3].size, 0x2000);
}

static void checks_values(void **state)
{
	(void)state;
	start();
	region("gone", "nowhere", 0, 0);
	region("void", "empty", 0, 0);
	region("big", "huge", 0, 0);
	region("odd", "small", 0x1800, 0);
	region("ram", "small", 0x40000000, 0);
	region("over", "small", 0x3ffff000, 0x1001);
	region("gic", "small", 0x08000000, 0);
	region("to-gic", "small", 0x07fff000, 0x1001);
	region("from-gic", "small", 0x0afff000, 0x1001);
	region("short", "small", 0, 9);
	region("large", "small", 0, 0x10000001);
	tree_begin(&tree, "bare");
	tree_end(&tree);
	tree_begin(&tree, "crowd");
	tree_text(&tree, "file", "small");
	tree_u32(&tree, "address", 0);
	members("abcdefghijklmnopq");
	tree_end(&tree);
	tree_begin(&tree, "strange");
	tree_text(&tree, "file", "small");
	tree_u32(&tree, "address", 0);
	members("axa");
	tree_text(&tree, "stores", "drop");
	tree_end(&tree);
	region("twin", "small", 0, 0);
	region("twin", "small", 0, 0);
	finish();
	assert_int_equal(found_count, 1);
	assert_int_equal(bad, 15);
	assert_logged(
		"manifest: /read-only/gone: file: \"nowhere\", expected the name of a file in "
		"the bundle, which has none of that name\n");
	assert_logged("manifest: /read-only/void: file: \"empty\", expected a file that is not");
	assert_logged("manifest: /read-only/big: file: huge, expected one of at most 256 MiB\n");
	assert_logged("/odd: address: <0x0 0x1800>, expected an address below 0x40000000, a mult");
	assert_logged("/ram: address: <0x0 0x40000000>, expected an address below 0x40000000");
	assert_logged("/over: address: 0x3ffff000 to 0x40001000, expected its end at 0x40000000");
	assert_logged("/gic: address: 0x8000000 to 0x8001000, expected a place outside 0x8000000 "
		      "to 0xb000000, where devices are\n");
	assert_logged("/to-gic: address: 0x7fff000 to 0x8001000, expected a place outside");
	assert_logged("/from-gic: address: 0xafff000 to 0xb001000, expected a place outside");
	assert_logged("/short: size: 0x9, expected at least the file's 0xa bytes\n");
	assert_logged("/large: size: <0x0 0x10000001>, expected bytes, at most 256 MiB");
	assert_logged("/bare: file: missing, expected the name of a file in the bundle");
	assert_logged("/bare: address: missing, expected an address below");
	assert_logged("/bare: members: missing, expected the names of 1 to 16 VMs");
	assert_logged("/crowd: members: ");
	assert_logged("/strange: members: \"x\", expected the name of a VM of the bundle");
	assert_logged("/strange: members: \"a\", expected each VM once");
	assert_logged("/strange: stores: \"drop\", expected one of \"abort\", \"ignore\"");
	assert_logged("/twin: a second region of that name");
}

/* Any prefix, and any bit changed: an answer, and nothing read outside. */
static void survives_damage(void **state)
{
	uint8_t *bytes = (uint8_t *)tree.bytes;
	size_t size;

	(void)state;
	log_set_sink(NULL);
	start();
	region("rom", "small", 0, 0x2000);
	finish();
	assert_int_equal(found_count, 1);
	size = fdt_totalsize(tree.bytes);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(read_bytes(bytes, cut), ERR_CORRUPT);
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[at] ^= 1 << bit;
			(void)!read_bytes(bytes, size);
			for (unsigned i = 0; i < found_count; i++)
				assert_true(found[i].members && found[i].file_size == 10);
			bytes[at] ^= 1 << bit;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_every_property, start_logging),
		cmocka_unit_test_setup(checks_values, start_logging),
		cmocka_unit_test_setup(survives_damage, start_logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
