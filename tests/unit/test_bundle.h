/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of hyp/bundle share: the log's lines in a buffer, archives and trees made by hand.
 */
#ifndef TESTS_UNIT_TEST_BUNDLE_H
#define TESTS_UNIT_TEST_BUNDLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "hyp/base/log.h"
#include "hyp/base/types.h"

/* --- the log --- */

static char logged[32768];

static inline void log_to_buffer(const char *text, size_t length)
{
	if (strlen(logged) + length < sizeof(logged))
		strncat(logged, text, length);
}

static inline int start_logging(void **state)
{
	(void)state;
	logged[0] = '\0';
	log_set_sink(log_to_buffer);
	return 0;
}

#define assert_logged(text)                                                      \
	do {                                                                     \
		if (!strstr(logged, text))                                       \
			fail_msg("\"%s\" is not in the log:\n%s", text, logged); \
	} while (0)
#define assert_nothing_logged() assert_string_equal(logged, "")

/* --- archives --- */

/* Grows as entries are added; at an allocation's end, so that reading past it is seen. */
struct test_archive {
	uint8_t *bytes;
	size_t size;
};

static inline void archive_bytes(struct test_archive *archive, const void *bytes, size_t size)
{
	archive->bytes = realloc(archive->bytes, archive->size + size);
	memcpy(archive->bytes + archive->size, bytes, size);
	archive->size += size;
}

static inline void archive_pad(struct test_archive *archive)
{
	while (archive->size % 4)
		archive_bytes(archive, "", 1);
}

/* name_size: with the NUL, and more for padding. */
static inline void archive_entry(struct test_archive *archive, unsigned mode, const char *name,
	size_t name_size, const void *data, size_t size)
{
	char header[111];

	snprintf(header, sizeof(header),
		"070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1u, mode, 0u, 0u, 1u,
		0u, (unsigned)size, 0u, 0u, 0u, 0u, (unsigned)name_size, 0u);
	archive_bytes(archive, header, 110);
	for (size_t i = 0; i < name_size; i++)
		archive_bytes(archive, i < strlen(name) ? &name[i] : "", 1);
	archive_pad(archive);
	archive_bytes(archive, data, size);
	archive_pad(archive);
}

static inline void archive_file(
	struct test_archive *archive, const char *name, const void *data, size_t size)
{
	archive_entry(archive, 0100644, name, strlen(name) + 1, data, size);
}

static inline void archive_end(struct test_archive *archive)
{
	archive_entry(archive, 0, "TRAILER!!!", 11, "", 0);
}

/* --- trees --- */

#ifndef TREE_SIZE
#define TREE_SIZE 8192
#endif

/* A tree that is being written: libfdt's own errors end the test. */
struct test_tree {
	uint64_t bytes[TREE_SIZE / 8];
};

static inline void tree_begin(struct test_tree *tree, const char *name)
{
	assert_int_equal(fdt_begin_node(tree->bytes, name), 0);
}

static inline void tree_end(struct test_tree *tree)
{
	assert_int_equal(fdt_end_node(tree->bytes), 0);
}

static inline void tree_start(struct test_tree *tree)
{
	assert_int_equal(fdt_create(tree->bytes, TREE_SIZE), 0);
	assert_int_equal(fdt_finish_reservemap(tree->bytes), 0);
	tree_begin(tree, "");
}

static inline void tree_text(struct test_tree *tree, const char *name, const char *text)
{
	assert_int_equal(fdt_property_string(tree->bytes, name, text), 0);
}

static inline void tree_u32(struct test_tree *tree, const char *name, uint32_t value)
{
	assert_int_equal(fdt_property_u32(tree->bytes, name, value), 0);
}

static inline void tree_u64(struct test_tree *tree, const char *name, uint64_t value)
{
	assert_int_equal(fdt_property_u64(tree->bytes, name, value), 0);
}

static inline void tree_bytes(
	struct test_tree *tree, const char *name, const void *value, size_t size)
{
	assert_int_equal(fdt_property(tree->bytes, name, value, (int)size), 0);
}

static inline size_t tree_finish(struct test_tree *tree)
{
	tree_end(tree);
	assert_int_equal(fdt_finish(tree->bytes), 0);
	return fdt_totalsize(tree->bytes);
}

#endif
