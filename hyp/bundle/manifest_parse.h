/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What manifest.c (VMs) and manifest_shared.c (regions that they share) both read with, and nobody
 * else.
 */
#ifndef HYP_BUNDLE_MANIFEST_PARSE_H
#define HYP_BUNDLE_MANIFEST_PARSE_H

#include "drivers/dt/walk.h"
#include "hyp/bundle/manifest.h"

#define MANIFEST_SHARED    "shared-memory"
#define MANIFEST_VALUE_MAX 64 /* characters of a value in a message */
#define MANIFEST_CELL      sizeof(uint32_t)

/* What is said of one property; see schema.def. */
struct schema_row {
	const char *name;
	enum {
		TYPE_FILE,
		TYPE_STRING,
		TYPE_U32,
		TYPE_U64,
		TYPE_FLAG,
		TYPE_CHOICE,
		TYPE_CELLS,
		TYPE_NAMES
	} type;
	bool required;
	uint64_t min, max, align;
	size_t field;         /* offset in the structure that is filled */
	const char *expected; /* TYPE_CHOICE: the words */
};

#define REQUIRED true
#define OPTIONAL false

/* Starts a walk over the manifest; ERR_CORRUPT, logged: it is no devicetree. */
enum status manifest_start(struct dt_walk *walk, const void *tree, uint64_t size) __must_check;

/* The name of the property that the walk is at; NULL: the tree is broken. */
static inline const char *manifest_property_name(const struct dt_walk *walk)
{
	size_t length;

	return dt_walk_property_name(walk, &length);
}

/* The value that the walk is at, as dtc would write it, cut to a readable length. */
void manifest_show_value(const struct dt_walk *walk, char out[MANIFEST_VALUE_MAX]);

/* A number of one cell, or of two where the row's type is U64, within the row's limits. */
bool manifest_read_number(
	const struct schema_row *row, const struct dt_walk *walk, uint64_t *value);

/* A letter, then letters, digits, '_', '.' or '-', at most VM_NAME_MAX characters. */
bool manifest_name_ok(const char *name);

#endif
