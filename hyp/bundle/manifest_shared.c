/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

/* One region as the manifest has it: each field is named after its property. */
struct shared {
	struct manifest_node node;
	uint64_t size;
	struct manifest_list members, readers;
};

static const struct schema_row rows[] = {
#define SCHEMA_SHM(...) SCHEMA_ROW(0, struct shared, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};

struct shared_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct shmem_config *config);
	void *context;
};

static bool has_member(const struct shmem_config *config, const char *name)
{
	for (unsigned i = 0; i < config->members; i++)
		if (strcmp(config->member[i], name) == 0)
			return true;
	return false;
}

/* A list's names become members, if they may. */
static void add_members(struct manifest_reader *reader, const char *property,
	const struct manifest_list *names, struct shmem_config *config)
{
	char text[MANIFEST_VALUE_MAX];

	for (unsigned i = 0; i < names->count; i++) {
		if (!manifest_check_vm(reader, property, names->name[i]))
			continue;
		format(text, sizeof(text), "\"%.40s\"", names->name[i]);
		if (has_member(config, names->name[i])) {
			manifest_error(reader, property, text, "each VM once");
		} else if (config->members == SHMEM_MEMBERS_MAX) {
			manifest_error(reader, property, text, "at most 8 members and readers");
			return;
		} else {
			format(config->member[config->members], VM_NAME_MAX + 1, "%s",
				names->name[i]);
			config->members++;
		}
	}
}

static void finish(struct manifest_reader *reader, struct manifest_node *node)
{
	struct shared_reader *all = container_of(reader, struct shared_reader, reader);
	struct shared *shared = container_of(node, struct shared, node);
	struct shmem_config config = { .size = shared->size };
	unsigned writers;

	add_members(reader, "members", &shared->members, &config);
	writers = config.members;
	add_members(reader, "readers", &shared->readers, &config);
	config.readers = (uint8_t)(BIT(config.members) - BIT(writers));
	if (!node->errors && config.members < 2)
		manifest_error(reader, "members", "only one VM",
			"two, or readers beside it: nobody is there to share with");
	if (node->errors)
		return;
	format(config.name, sizeof(config.name), "%s", node->name);
	all->found(all->context, &config);
}

enum status manifest_read_shared(const void *tree, uint64_t size,
	void (*found)(void *context, const struct shmem_config *config), void *context,
	unsigned *bad)
{
	static const struct shared defaults;
	static const struct manifest_kind kind = {
		.kind = NODE_SHARED,
		.parent = MANIFEST_SHARED,
		.noun = "region",
		.max = SHMEM_REGIONS_MAX,
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish,
	};
	struct shared shared;
	struct shared_reader all = {
		.reader = { .kind = &kind, .node = &shared.node },
		.found = found,
		.context = context,
	};

	return manifest_read_kind(&all.reader, tree, size, bad);
}
