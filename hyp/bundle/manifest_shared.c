/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

/* A list of names, in the tree. */
struct names {
	unsigned count;
	const char *name[SHMEM_MEMBERS_MAX];
};

/* One region as the manifest has it: each field is named after its property. */
struct shared {
	const char *name;
	unsigned given, errors;
	uint64_t size;
	struct names members, readers;
};

#define SCHEMA_ROW_ROOT(...)
#define SCHEMA_ROW_VM(...)
#define SCHEMA_ROW_SHM(id, prop, kind, need, low, high, multiple, text) \
	[SCHEMA_SHM_##id] = { .name = prop,                             \
		.type = TYPE_##kind,                                    \
		.required = need,                                       \
		.min = low,                                             \
		.max = high,                                            \
		.align = multiple,                                      \
		.field = offsetof(struct shared, id),                   \
		.expected = text },

static const struct schema_row schema[SCHEMA_SHM_COUNT] = {
#define SCHEMA(node, ...) SCHEMA_ROW_##node(__VA_ARGS__)
#include "hyp/bundle/schema.def"
#undef SCHEMA
};

struct parser {
	struct dt_walk walk;
	void (*found)(void *context, const struct shmem_config *config);
	void *context;
	unsigned vms, regions, bad;
	const char *vm[MAX_VMS];               /* the names of the nodes of /vms */
	const char *region[SHMEM_REGIONS_MAX]; /* and of the regions so far */
};

static void shared_error(
	struct shared *shared, const char *property, const char *what, const char *expected)
{
	shared->errors++;
	log_error("manifest: /%s/%.40s: %s: %s, expected %s", MANIFEST_SHARED, shared->name,
		property, what, expected);
}

/* --- one property --- */

static bool read_names(
	const struct schema_row *row, const struct dt_walk *walk, struct names *names)
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

static void read_property(struct shared *shared, const struct dt_walk *walk, const char *name)
{
	char text[MANIFEST_VALUE_MAX];

	for (unsigned i = 0; i < SCHEMA_SHM_COUNT; i++) {
		const struct schema_row *row = &schema[i];
		void *field = (uint8_t *)shared + row->field;

		if (strcmp(row->name, name) != 0)
			continue;
		if (shared->given & BIT(i)) {
			shared_error(shared, name, "given twice", "it once");
		} else if (row->type == TYPE_NAMES ? !read_names(row, walk, field)
						   : !manifest_read_number(row, walk, field)) {
			manifest_show_value(walk, text);
			shared_error(shared, name, text, row->expected);
		}
		shared->given |= (unsigned)BIT(i);
		return;
	}
	shared_error(shared, name, "unknown property", "one of size, members, readers");
}

/* --- one region --- */

static bool is_vm(const struct parser *parser, const char *name)
{
	for (unsigned i = 0; i < parser->vms; i++)
		if (strcmp(parser->vm[i], name) == 0)
			return true;
	return false;
}

static bool has_member(const struct shmem_config *config, const char *name)
{
	for (unsigned i = 0; i < config->members; i++)
		if (strcmp(config->member[i], name) == 0)
			return true;
	return false;
}

/* A list's names become members, if they may. */
static void add_members(const struct parser *parser, struct shared *shared, const char *property,
	const struct names *names, struct shmem_config *config)
{
	char text[MANIFEST_VALUE_MAX];

	for (unsigned i = 0; i < names->count; i++) {
		format(text, sizeof(text), "\"%.40s\"", names->name[i]);
		if (!is_vm(parser, names->name[i])) {
			shared_error(shared, property, text,
				"the name of a VM of the bundle, which has none of that name");
		} else if (has_member(config, names->name[i])) {
			shared_error(shared, property, text, "each VM once");
		} else if (config->members == SHMEM_MEMBERS_MAX) {
			shared_error(shared, property, text, "at most 8 members and readers");
			return;
		} else {
			if (names == &shared->readers)
				config->readers |= (uint8_t)BIT(config->members);
			format(config->member[config->members], VM_NAME_MAX + 1, "%s",
				names->name[i]);
			config->members++;
		}
	}
}

static void check_name(struct parser *parser, struct shared *shared)
{
	if (!manifest_name_ok(shared->name)) {
		shared->errors++;
		log_error(
			"manifest: /%s/%.40s: the region's name, expected a letter, then letters, "
			"digits, '_', '.' or '-', at most %u characters",
			MANIFEST_SHARED, shared->name, VM_NAME_MAX);
	}
	for (unsigned i = 0; i < MIN(parser->regions, (unsigned)SHMEM_REGIONS_MAX); i++) {
		if (strcmp(parser->region[i], shared->name) == 0) {
			shared->errors++;
			log_error("manifest: /%s/%.40s: a second region of that name",
				MANIFEST_SHARED, shared->name);
		}
	}
	if (parser->regions < SHMEM_REGIONS_MAX) {
		parser->region[parser->regions] = shared->name;
	} else {
		shared->errors++;
		log_error("manifest: /%s/%.40s: expected at most %u regions", MANIFEST_SHARED,
			shared->name, SHMEM_REGIONS_MAX);
	}
	parser->regions++;
}

/* All of its properties were read. */
static void finish(struct parser *parser, struct shared *shared)
{
	struct shmem_config config = { .size = shared->size };

	for (unsigned i = 0; i < SCHEMA_SHM_COUNT; i++)
		if (schema[i].required && !(shared->given & BIT(i)))
			shared_error(shared, schema[i].name, "missing", schema[i].expected);
	add_members(parser, shared, "members", &shared->members, &config);
	add_members(parser, shared, "readers", &shared->readers, &config);
	if (!shared->errors && config.members < 2)
		shared_error(shared, "members", "only one VM",
			"two, or readers beside it: nobody is there to share with");
	if (shared->errors) {
		parser->bad++;
		return;
	}
	format(config.name, sizeof(config.name), "%s", shared->name);
	parser->found(parser->context, &config);
}

/* From behind the region's DT_BEGIN to behind its DT_END. False: the tree is broken. */
static bool read_region(struct parser *parser)
{
	struct dt_walk *walk = &parser->walk;
	struct shared shared = { .name = walk->name };

	check_name(parser, &shared);
	for (;;) {
		const char *name;

		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			name = manifest_property_name(walk);
			if (!name)
				return false;
			read_property(&shared, walk, name);
			break;
		case DT_BEGIN:
			shared_error(&shared, walk->name, "unknown node", "no nodes in a region");
			if (!dt_walk_skip(walk, 1))
				return false;
			break;
		case DT_END:
			finish(parser, &shared);
			return true;
		default:
			return false;
		}
	}
}

/* --- the nodes around them --- */

/* One of /vms: only its name matters here. */
static bool note_vm(struct parser *parser)
{
	if (parser->vms < MAX_VMS)
		parser->vm[parser->vms++] = parser->walk.name;
	return dt_walk_skip(&parser->walk, 1);
}

static bool read_children(struct parser *parser, bool (*child)(struct parser *parser))
{
	struct dt_walk *walk = &parser->walk;

	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			if (child == read_region) {
				const char *name = manifest_property_name(walk);

				log_error("manifest: /%s: %s: unknown property, expected none here",
					MANIFEST_SHARED, name ? name : "?");
			}
			break;
		case DT_BEGIN:
			if (!child(parser))
				return false;
			break;
		case DT_END:
			return true;
		default:
			return false;
		}
	}
}

/* Calls `child` behind the DT_BEGIN of each node of /NODE, from before the root on. Where the tree
 * is broken, the rest is left out. */
static void for_children(struct parser *parser, const struct dt_walk *start, const char *node,
	bool (*child)(struct parser *parser))
{
	struct dt_walk *walk = &parser->walk;
	bool good;

	*walk = *start;
	good = dt_walk_next(walk) == DT_BEGIN;
	while (good) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			break;
		case DT_BEGIN:
			good = strcmp(walk->name, node) == 0 ? read_children(parser, child)
							     : dt_walk_skip(walk, 1);
			break;
		default:
			return;
		}
	}
}

enum status manifest_read_shared(const void *tree, uint64_t size,
	void (*found)(void *context, const struct shmem_config *config), void *context,
	unsigned *bad)
{
	struct parser parser = { .found = found, .context = context };
	struct dt_walk start;
	enum status status = manifest_start(&start, tree, size);

	*bad = 0;
	if (status)
		return status;
	for_children(&parser, &start, "vms", note_vm);
	for_children(&parser, &start, MANIFEST_SHARED, read_region);
	*bad = parser.bad;
	return OK;
}
