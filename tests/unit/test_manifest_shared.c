/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /shared-memory of the manifest: every row of the schema at its limits, members that are no VMs,
 * and that a bad region does not stop a good one.
 *
 * links: hyp/bundle/manifest_shared.c hyp/bundle/manifest.c hyp/bundle/manifest_nodes.c
 * hyp/bundle/manifest_names.c hyp/bundle/manifest_value.c hyp/bundle/cpio.c drivers/dt/walk.c
 * hyp/base/log.c hyp/base/format.c
 */
#include "hyp/bundle/manifest.h"
#include "tests/unit/test_bundle.h"

static struct shmem_config found[32];
static unsigned found_count, bad;
static struct test_tree tree;

static void take(void *context, const struct shmem_config *config)
{
	assert_ptr_equal(context, &found_count);
	found[found_count++] = *config;
}

static enum status read_bytes(const void *bytes, size_t size)
{
	/* A copy at an allocation's end, so that reading past it is seen. */
	void *copy = malloc(size);

	memcpy(copy, bytes, size);
	found_count = 0;

	enum status status = manifest_read_shared(copy, size, take, &found_count, &bad);

	free(copy);
	return status;
}

/* In /shared-memory, before /vms. */
static void start(void)
{
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	tree_begin(&tree, "shared-memory");
}

static void write_vms(const char *names)
{
	char name[2] = "";

	tree_begin(&tree, "vms");
	tree_text(&tree, "odd", "property");
	for (; *names; names++) {
		name[0] = *names;
		tree_begin(&tree, name);
		tree_text(&tree, "kernel", "Image");
		tree_begin(&tree, "inner");
		tree_end(&tree);
		tree_end(&tree);
	}
	tree_end(&tree);
}

static void finish(void)
{
	tree_end(&tree);
	write_vms("abcdefghi");
	assert_int_equal(read_bytes(tree.bytes, tree_finish(&tree)), OK);
}

static void names(const char *property, const char *list)
{
	char value[128];
	size_t size = 0;

	for (; *list; list++) {
		value[size++] = *list;
		value[size++] = '\0';
	}
	tree_bytes(&tree, property, value, size);
}

static void region(const char *name, uint64_t size, const char *members, const char *readers)
{
	tree_begin(&tree, name);
	tree_u64(&tree, "size", size);
	if (members)
		names("members", members);
	if (readers)
		names("readers", readers);
	tree_end(&tree);
}

static void reads_every_property(void **state)
{
	(void)state;
	start();
	region("box", 0x1000, "ab", NULL);
	region("A-region_0.x", MIB(256), "c", "abdefgh");
	finish();
	assert_int_equal(found_count, 2);
	assert_int_equal(bad, 0);
	assert_string_equal(found[0].name, "box");
	assert_int_equal(found[0].size, 0x1000);
	assert_int_equal(found[0].members, 2);
	assert_string_equal(found[0].member[0], "a");
	assert_string_equal(found[0].member[1], "b");
	assert_int_equal(found[0].readers, 0);
	assert_int_equal(found[1].members, 8);
	assert_string_equal(found[1].member[0], "c");
	assert_string_equal(found[1].member[1], "a");
	assert_string_equal(found[1].member[7], "h");
	assert_int_equal(found[1].readers, 0xfe);
	assert_nothing_logged();
}

static void reads_reader_stores(void **state)
{
	static const char *const words[] = { "abort", "ignore", "drop" };

	(void)state;
	start();
	for (unsigned i = 0; i < 3; i++) {
		tree_begin(&tree, words[i]);
		tree_u32(&tree, "size", 0x1000);
		names("members", "a");
		names("readers", "b");
		tree_text(&tree, "reader-stores", words[i]);
		tree_end(&tree);
	}
	tree_begin(&tree, "alone");
	tree_u32(&tree, "size", 0x1000);
	names("members", "ab");
	tree_text(&tree, "reader-stores", "ignore");
	tree_end(&tree);
	region("silent", 0x1000, "a", "b");
	finish();
	assert_int_equal(found_count, 3);
	assert_int_equal(bad, 2);
	assert_false(found[0].ignore_stores);
	assert_true(found[1].ignore_stores);
	assert_false(found[2].ignore_stores);
	assert_logged("/shared-memory/drop: reader-stores: \"drop\", expected one of \"abort\"");
	assert_logged("/shared-memory/alone: reader-stores: only for a region with readers, "
		      "expected readers beside it");
}

static void needs_none(void **state)
{
	(void)state;
	tree_start(&tree);
	tree_text(&tree, "compatible", "lintel,manifest-v1");
	write_vms("ab");
	assert_int_equal(read_bytes(tree.bytes, tree_finish(&tree)), OK);
	assert_int_equal(found_count + bad, 0);
	assert_nothing_logged();
}

static void checks_values(void **state)
{
	(void)state;
	start();
	region("small", 0, "ab", NULL);
	region("odd", 0x1800, "ab", NULL);
	region("large", MIB(256) + 0x1000, "ab", NULL);
	region("nobody", 0x1000, "", NULL);
	region("alone", 0x1000, "a", NULL);
	region("crowd", 0x1000, "abcdefghi", NULL);
	region("crowd-2", 0x1000, "abcd", "efghi");
	region("readers", 0x1000, "a", "");
	region("none", 0x1000, NULL, "ab");
	region("good", 0x1000, "ab", NULL);
	finish();
	assert_int_equal(found_count, 1);
	assert_string_equal(found[0].name, "good");
	assert_int_equal(bad, 9);
	assert_logged(
		"manifest: /shared-memory/small: size: <0x0 0x0>, expected bytes, 4 KiB to 256");
	assert_logged("manifest: /shared-memory/odd: size: <0x0 0x1800>, expected bytes");
	assert_logged("manifest: /shared-memory/large: size: <0x0 0x10001000>, expected bytes");
	assert_logged("/shared-memory/nobody: members: no value, expected the names of 1 to 8 VMs");
	assert_logged("/shared-memory/alone: members: only one VM, expected two, or readers");
	assert_logged("/shared-memory/crowd: members: ");
	assert_logged("/shared-memory/crowd-2: readers: \"i\", expected at most 8 members and");
	assert_logged("/shared-memory/readers: readers: no value, expected the names of 1 to 7");
	assert_logged("/shared-memory/none: members: missing, expected the names of 1 to 8 VMs");
}

static void checks_members(void **state)
{
	(void)state;
	start();
	region("stranger", 0x1000, "ax", NULL);
	region("twice", 0x1000, "aba", NULL);
	region("both", 0x1000, "ab", "b");
	tree_begin(&tree, "text");
	tree_u32(&tree, "size", 0x1000);
	tree_bytes(&tree, "members", "a\0b", 3);
	tree_end(&tree);
	tree_begin(&tree, "gap");
	tree_u32(&tree, "size", 0x1000);
	tree_bytes(&tree, "members", "a\0\0b\0", 5);
	tree_end(&tree);
	finish();
	assert_int_equal(found_count, 0);
	assert_int_equal(bad, 5);
	assert_logged(
		"manifest: /shared-memory/stranger: members: \"x\", expected the name of a VM "
		"of the bundle, which has none of that name");
	assert_logged("/shared-memory/twice: members: \"a\", expected each VM once");
	assert_logged("/shared-memory/both: readers: \"b\", expected each VM once");
	assert_logged("/shared-memory/text: members: 3 bytes, expected the names");
	assert_logged("/shared-memory/gap: members: ");
}

static void checks_names(void **state)
{
	char name[8];

	(void)state;
	start();
	tree_text(&tree, "all", "x");
	region("1st", 0x1000, "ab", NULL);
	region("box", 0x1000, "ab", NULL);
	region("box", 0x2000, "cd", NULL);
	for (unsigned i = 3; i <= SHMEM_REGIONS_MAX; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		region(name, 0x1000, "ab", NULL);
	}
	finish();
	assert_logged("manifest: /shared-memory: all: unknown property, expected none here");
	assert_logged("manifest: /shared-memory/1st: the region's name, expected a letter, then");
	assert_logged("manifest: /shared-memory/box: a second region of that name");
	assert_logged("manifest: /shared-memory/r16: expected at most 16 regions");
	assert_int_equal(found_count, SHMEM_REGIONS_MAX - 2);
	assert_int_equal(bad, 4);
}

static void goes_on_after_unknown_things(void **state)
{
	(void)state;
	start();
	tree_begin(&tree, "odd");
	tree_u32(&tree, "size", 0x1000);
	tree_u32(&tree, "size", 0x2000);
	names("members", "ab");
	tree_text(&tree, "color", "red");
	tree_begin(&tree, "inner");
	tree_text(&tree, "size", "x");
	tree_end(&tree);
	tree_end(&tree);
	region("good", 0x1000, "ab", NULL);
	finish();
	assert_int_equal(found_count, 1);
	assert_int_equal(bad, 1);
	assert_logged("/shared-memory/odd: size: given twice, expected it once");
	assert_logged("/shared-memory/odd: color: unknown property, expected one of size, members, "
		      "readers, reader-stores");
	assert_logged("/shared-memory/odd: inner: unknown node, expected no nodes in a region");
}

/* Any prefix, and any bit changed: an answer, and nothing read outside. */
static void survives_damage(void **state)
{
	uint8_t *bytes = (uint8_t *)tree.bytes;
	size_t size;

	(void)state;
	log_set_sink(NULL);
	start();
	region("box", 0x1000, "ab", "c");
	tree_end(&tree);
	write_vms("abc");
	size = tree_finish(&tree);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(read_bytes(bytes, cut), ERR_CORRUPT);
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[at] ^= 1 << bit;
			(void)!read_bytes(bytes, size);
			for (unsigned i = 0; i < found_count; i++)
				assert_true(found[i].members >= 2 && found[i].members <= 8);
			bytes[at] ^= 1 << bit;
		}
	assert_int_equal(read_bytes(bytes, size), OK);
	assert_int_equal(found_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_every_property, start_logging),
		cmocka_unit_test_setup(reads_reader_stores, start_logging),
		cmocka_unit_test_setup(needs_none, start_logging),
		cmocka_unit_test_setup(checks_values, start_logging),
		cmocka_unit_test_setup(checks_members, start_logging),
		cmocka_unit_test_setup(checks_names, start_logging),
		cmocka_unit_test_setup(goes_on_after_unknown_things, start_logging),
		cmocka_unit_test_setup(survives_damage, start_logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
