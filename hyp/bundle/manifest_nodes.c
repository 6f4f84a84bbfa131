/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/dt.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

struct manifest_names manifest_names;

void manifest_error(struct manifest_reader *reader, const char *property, const char *what,
	const char *expected)
{
	reader->node->errors++;
	log_error("manifest: /%s/%.40s: %s: %s, expected %s", reader->kind->parent,
		reader->node->name, property, what, expected);
}

const struct manifest_name *manifest_check_name(struct manifest_reader *reader,
	const char *property, const char *name, enum manifest_node_kind kind, const char *noun)
{
	const struct manifest_name *found = manifest_names_find(&manifest_names, kind, name);
	char shown[MANIFEST_VALUE_MAX], expected[80];

	if (found)
		return found;
	format(shown, sizeof(shown), "\"%.40s\"", name);
	format(expected, sizeof(expected),
		"the name of a %s of the bundle, which has none of that name", noun);
	manifest_error(reader, property, shown, expected);
	return NULL;
}

static bool is_member(const struct manifest_members *members, const char *name)
{
	for (unsigned i = 0; i < members->count; i++)
		if (strcmp(members->name[i], name) == 0)
			return true;
	return false;
}

void manifest_add_members(struct manifest_reader *reader, const char *property,
	const struct manifest_list *names, struct manifest_members *members)
{
	char text[MANIFEST_VALUE_MAX], most[MANIFEST_VALUE_MAX];

	for (unsigned i = 0; i < names->count; i++) {
		if (!manifest_check_vm(reader, property, names->name[i]))
			continue;
		format(text, sizeof(text), "\"%.40s\"", names->name[i]);
		if (is_member(members, names->name[i])) {
			manifest_error(reader, property, text, "each VM once");
		} else if (members->count == members->max) {
			format(most, sizeof(most), "at most %u members and readers", members->max);
			manifest_error(reader, property, text, most);
			return;
		} else {
			format(members->name[members->count++], VM_NAME_MAX + 1, "%s",
				names->name[i]);
		}
	}
}

/* --- one node --- */

/* Every property's name, for the message on an unknown one. */
static void list_names(const struct manifest_kind *kind, char *out, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; i < kind->row_count && used < size; i++)
		used += format(
			out + used, size - used, "%s%s", i ? ", " : "one of ", kind->rows[i].name);
}

static void read_property(struct manifest_reader *reader, const char *name)
{
	const struct manifest_kind *kind = reader->kind;
	struct manifest_node *node = reader->node;
	char shown[MANIFEST_VALUE_MAX], words[MANIFEST_VALUE_MAX], text[512];

	for (unsigned i = 0; i < kind->row_count; i++) {
		const char *expected;

		if (strcmp(kind->rows[i].name, name) != 0)
			continue;
		if (node->given & BIT(i)) {
			manifest_error(reader, name, "given twice", "it once");
			return;
		}
		node->given |= BIT(i);
		expected = manifest_read_value(
			&kind->rows[i], &reader->walk, reader->archive, node, words);
		if (expected) {
			manifest_show_value(&reader->walk, shown);
			manifest_error(reader, name, shown, expected);
		}
		return;
	}
	list_names(kind, text, sizeof(text));
	manifest_error(reader, name, "unknown property", text);
}

static void name_error(struct manifest_reader *reader, const char *what)
{
	reader->node->errors++;
	log_error("manifest: /%s/%.40s: %s", reader->kind->parent, reader->node->name, what);
}

static void check_name(struct manifest_reader *reader)
{
	const struct manifest_kind *kind = reader->kind;
	const char *name = reader->node->name;
	struct manifest_name *known = manifest_names_find(&manifest_names, kind->kind, name);
	char text[128];

	if (!manifest_name_ok(name)) {
		format(text, sizeof(text),
			"the %s's name, expected a letter, then letters, digits, '_', '.' or '-', "
			"at most %u characters",
			kind->noun, VM_NAME_MAX);
		name_error(reader, text);
	} else if (known && known->read) {
		format(text, sizeof(text), "a second %s of that name", kind->noun);
		name_error(reader, text);
	}
	if (!known)
		known = manifest_names_add(&manifest_names, kind->kind, name);
	if (known)
		known->read = true;
	if (reader->count++ >= kind->max || !known) {
		format(text, sizeof(text), "expected at most %u %ss", kind->max, kind->noun);
		name_error(reader, text);
	}
}

static void finish(struct manifest_reader *reader)
{
	const struct manifest_kind *kind = reader->kind;
	struct manifest_node *node = reader->node;
	char words[MANIFEST_VALUE_MAX];

	for (unsigned i = 0; i < kind->row_count; i++)
		if (kind->rows[i].required && !(node->given & BIT(i)))
			manifest_error(reader, kind->rows[i].name, "missing",
				manifest_expected(&kind->rows[i], words));
	kind->finish(reader, node);
	reader->bad += node->errors != 0;
}

/* From behind the node's DT_BEGIN to behind its DT_END. False: the tree is broken. */
static bool read_node(struct manifest_reader *reader)
{
	struct dt_walk *walk = &reader->walk;
	char text[MANIFEST_VALUE_MAX];

	memcpy(reader->node, reader->kind->defaults, reader->kind->size);
	reader->node->name = walk->name;
	check_name(reader);
	for (;;) {
		const char *name;

		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			name = manifest_property_name(walk);
			if (!name)
				return false;
			read_property(reader, name);
			break;
		case DT_BEGIN:
			format(text, sizeof(text), "no nodes in a %s", reader->kind->noun);
			manifest_error(reader, walk->name, "unknown node", text);
			if (!dt_walk_skip(walk, 1))
				return false;
			break;
		case DT_END:
			finish(reader);
			return true;
		default:
			return false;
		}
	}
}

/* --- the nodes around them --- */

bool manifest_read_nodes(struct manifest_reader *reader)
{
	struct dt_walk *walk = &reader->walk;

	for (;;) {
		const char *name;

		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			name = manifest_property_name(walk);
			if (!name)
				return false;
			log_error("manifest: /%s: %s: unknown property, expected none here",
				reader->kind->parent, name);
			reader->bad++;
			break;
		case DT_BEGIN:
			if (!read_node(reader))
				return false;
			break;
		case DT_END:
			return true;
		default:
			return false;
		}
	}
}

enum found { FOUND, NO_MORE, BROKEN };

/* Goes to behind the DT_BEGIN of the root's next node of that name. */
static enum found find(struct dt_walk *walk, const char *node)
{
	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			break;
		case DT_BEGIN:
			if (strcmp(walk->name, node) == 0)
				return FOUND;
			if (!dt_walk_skip(walk, 1))
				return BROKEN;
			break;
		case DT_END:
			return NO_MORE;
		default:
			return BROKEN;
		}
	}
}

/* What others ask of a node that they name. */
static void note_property(const struct dt_walk *walk, struct manifest_name *noted, const char *name)
{
	if (strcmp(name, "vcpus") == 0 && walk->length == MANIFEST_CELL)
		noted->vcpus = (uint8_t)MIN(dt_be32(walk->data), MAX_VCPUS);
	if (strcmp(name, "aarch32") == 0)
		noted->aarch32 = true;
	if (strcmp(name, "virtual-el2") == 0)
		noted->virtual_el2 = true;
	if (strcmp(name, "vm") == 0 && walk->length &&
		strnlen((const char *)walk->data, walk->length) == walk->length - 1)
		noted->vm = (const char *)walk->data;
}

/* Notes one node (`noted` NULL: only passes it), to behind its DT_END. False: the tree is broken.
 */
static bool note_node(struct dt_walk *walk, struct manifest_name *noted)
{
	for (;;) {
		const char *name;

		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			name = manifest_property_name(walk);
			if (noted && name)
				note_property(walk, noted, name);
			break;
		case DT_BEGIN:
			if (!dt_walk_skip(walk, 1))
				return false;
			break;
		case DT_END:
			return true;
		default:
			return false;
		}
	}
}

/* Those in one of the root's nodes. False: the tree is broken. */
static bool note_nodes(struct dt_walk *walk, enum manifest_node_kind kind, unsigned *left)
{
	struct manifest_name *noted;

	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			break;
		case DT_BEGIN:
			noted = *left ? manifest_names_add(&manifest_names, kind, walk->name)
				      : NULL;
			if (noted) {
				noted->vcpus = 1;
				--*left;
			}
			if (!note_node(walk, noted))
				return false;
			break;
		case DT_END:
			return true;
		default:
			return false;
		}
	}
}

/* The names of the nodes in the root's nodes `parent`, at most `max` of them. */
static void note_kind(
	const struct dt_walk *start, const char *parent, enum manifest_node_kind kind, unsigned max)
{
	struct dt_walk walk = *start;
	bool good = dt_walk_next(&walk) == DT_BEGIN;

	while (good && find(&walk, parent) == FOUND)
		good = note_nodes(&walk, kind, &max);
}

enum status manifest_start(struct dt_walk *walk, const void *tree, uint64_t size)
{
	manifest_names.count = 0;
	memset(manifest_names.first, 0, sizeof(manifest_names.first));
	/* The header is read before its size is believed. */
	if (size >= DT_HEADER_SIZE && dt_walk_start(walk, tree, size) == OK)
		return OK;
	log_error("manifest: %s is no devicetree that can be read, expected one made by dtc",
		MANIFEST_FILE);
	return ERR_CORRUPT;
}

enum status manifest_read_kind(
	struct manifest_reader *reader, const void *tree, uint64_t size, unsigned *bad)
{
	struct dt_walk start;
	enum status status = manifest_start(&start, tree, size);
	enum found next = BROKEN;

	*bad = 0;
	if (status)
		return status;
	reader->walk = start;
	if (dt_walk_next(&reader->walk) == DT_BEGIN)
		next = find(&reader->walk, reader->kind->parent);
	if (next == FOUND) {
		note_kind(&start, MANIFEST_VMS, NODE_VM, MAX_VMS);
		note_kind(&start, MANIFEST_LINES, NODE_LINE, LINES_MAX);
	}
	while (next == FOUND)
		next = manifest_read_nodes(reader) ? find(&reader->walk, reader->kind->parent)
						   : BROKEN;
	reader->broken = next == BROKEN;
	*bad = reader->bad;
	return OK;
}
