/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

/* --- showing a value that is wrong, as dtc would write it --- */

static bool is_text(const uint8_t *data, uint32_t length)
{
	if (length < 2 || data[length - 1])
		return false;
	for (uint32_t i = 0; i < length - 1; i++)
		if (data[i] < ' ' || data[i] > '~')
			return false;
	return true;
}

void manifest_show_value(const struct dt_walk *walk, char out[MANIFEST_VALUE_MAX])
{
	uint32_t length = walk->length;
	size_t used = 0;

	if (!length) {
		format(out, MANIFEST_VALUE_MAX, "no value");
	} else if (is_text(walk->data, length)) {
		used = format(out, MANIFEST_VALUE_MAX, "\"%.40s\"", (const char *)walk->data);
		if (length > 41)
			format(out + used, MANIFEST_VALUE_MAX - used, "...");
	} else if (length % MANIFEST_CELL == 0) {
		uint32_t shown = MIN(length / MANIFEST_CELL, 3);

		for (uint32_t i = 0; i < shown; i++)
			used += format(out + used, MANIFEST_VALUE_MAX - used, "%s0x%x",
				i ? " " : "<", dt_be32(walk->data + i * MANIFEST_CELL));
		format(out + used, MANIFEST_VALUE_MAX - used,
			length / MANIFEST_CELL > shown ? " ...>" : ">");
	} else {
		format(out, MANIFEST_VALUE_MAX, "%u bytes", length);
	}
}

/* --- reading --- */

/* A string without a NUL inside, of a length between the row's limits. */
static bool read_string(
	const struct schema_row *row, const struct dt_walk *walk, const char **value)
{
	const char *text = (const char *)walk->data;

	if (!walk->length || strnlen(text, walk->length) != walk->length - 1)
		return false;
	if (row->type == TYPE_STRING &&
		(walk->length - 1 < row->min || walk->length - 1 > row->max))
		return false;
	*value = text;
	return true;
}

/* A number of one cell, or of two where the row's type is U64, within the row's limits. */
static bool read_number(const struct schema_row *row, const struct dt_walk *walk, uint64_t *value)
{
	if (walk->length == MANIFEST_CELL)
		*value = dt_be32(walk->data);
	else if (walk->length == 2 * MANIFEST_CELL && row->type == TYPE_U64)
		*value = dt_be64(walk->data);
	else
		return false;
	/* The limits of alignment are powers of two. */
	return *value >= row->min && *value <= row->max && IS_ALIGNED(*value, row->align);
}

/* Which of the row's words the text is. */
static bool read_choice(const struct schema_row *row, const struct dt_walk *walk, uint64_t *value)
{
	const char *text, *word = row->expected;

	if (!read_string(row, walk, &text))
		return false;
	for (uint64_t i = 0;; i++) {
		size_t length = strcspn(word, "|");

		if (strlen(text) == length && memcmp(text, word, length) == 0) {
			*value = i;
			return true;
		}
		if (!word[length])
			return false;
		word += length + 1;
	}
}

static bool read_cells(
	const struct schema_row *row, const struct dt_walk *walk, struct manifest_cells *cells)
{
	struct manifest_cells found = { walk->data, walk->length / MANIFEST_CELL };

	if (!walk->length || walk->length % MANIFEST_CELL != 0)
		return false;
	for (unsigned i = 0; i < found.count; i++) {
		uint32_t value = manifest_cell(&found, i);

		if (value < row->min || value > row->max || !IS_ALIGNED(value, row->align))
			return false;
	}
	*cells = found;
	return true;
}

static bool read_names(
	const struct schema_row *row, const struct dt_walk *walk, struct manifest_list *names)
{
	const char *at = (const char *)walk->data, *end = at + walk->length;

	while (at < end) {
		size_t length = strnlen(at, (size_t)(end - at));

		if (length == 0 || at + length == end || names->count == row->max)
			return false;
		names->name[names->count++] = at;
		at += length + 1;
	}
	return names->count >= row->min;
}

/* The file that a property names: NULL, or what was expected. */
static const char *read_file(const struct schema_row *row, const struct dt_walk *walk,
	const struct cpio_archive *archive, const struct cpio_file **file)
{
	const char *name;

	if (!read_string(row, walk, &name))
		return row->expected;
	*file = cpio_find(archive, name);
	if (!*file)
		return "the name of a file in the bundle, which has none of that name";
	return (*file)->size ? NULL : "a file that is not empty";
}

const char *manifest_expected(const struct schema_row *row, char words[MANIFEST_VALUE_MAX])
{
	const char *word = row->expected;
	size_t used;

	if (row->type != TYPE_CHOICE)
		return row->expected;
	used = format(words, MANIFEST_VALUE_MAX, "one of ");
	for (; used < MANIFEST_VALUE_MAX; word++) {
		size_t length = strcspn(word, "|");

		used += format(words + used, MANIFEST_VALUE_MAX - used, "\"%.*s\"%s", (int)length,
			word, word[length] ? ", " : "");
		word += length;
		if (!*word)
			break;
	}
	return words;
}

const char *manifest_read_value(const struct schema_row *row, const struct dt_walk *walk,
	const struct cpio_archive *archive, void *structure, char words[MANIFEST_VALUE_MAX])
{
	void *field = (uint8_t *)structure + row->field;
	bool good;

	switch (row->type) {
	case TYPE_FILE:
		return read_file(row, walk, archive, field);
	case TYPE_CHOICE:
		good = read_choice(row, walk, field);
		break;
	case TYPE_STRING:
		good = read_string(row, walk, field);
		break;
	case TYPE_FLAG:
		*(uint64_t *)field = 1;
		good = walk->length == 0;
		break;
	case TYPE_CELLS:
		good = read_cells(row, walk, field);
		break;
	case TYPE_NAMES:
		good = read_names(row, walk, field);
		break;
	default:
		good = read_number(row, walk, field);
	}
	return good ? NULL : manifest_expected(row, words);
}
