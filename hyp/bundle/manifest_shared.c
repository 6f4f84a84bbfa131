/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

/* One region as the manifest has it: each field is named after its property. */
struct shared {
	struct manifest_node node;
	uint64_t size;
	struct manifest_list members, readers;
	uint64_t reader_stores; /* the word: abort, ignore */
};

static const struct schema_row rows[] = {
#define SCHEMA_SHM(...) SCHEMA_ROW(0, struct shared, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};

/* The properties' numbers. */
enum {
#define SCHEMA_SHM(id, ...) SHARED_##id,
#include "hyp/bundle/schema.def"
};

struct shared_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct shmem_config *config);
	void *context;
};

static void finish(struct manifest_reader *reader, struct manifest_node *node)
{
	struct shared_reader *all = container_of(reader, struct shared_reader, reader);
	struct shared *shared = container_of(node, struct shared, node);
	struct shmem_config config = {
		.size = shared->size,
		.ignore_stores = shared->reader_stores != 0,
	};
	struct manifest_members members = { config.member, 0, SHMEM_MEMBERS_MAX };
	unsigned writers;

	manifest_add_members(reader, "members", &shared->members, &members);
	writers = members.count;
	manifest_add_members(reader, "readers", &shared->readers, &members);
	config.members = members.count;
	config.readers = (uint8_t)(BIT(config.members) - BIT(writers));
	if (!node->errors && config.members < 2)
		manifest_error(reader, "members", "only one VM",
			"two, or readers beside it: nobody is there to share with");
	if ((node->given & BIT(SHARED_reader_stores)) && !(node->given & BIT(SHARED_readers)))
		manifest_error(reader, "reader-stores", "only for a region with readers",
			"readers beside it");
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
