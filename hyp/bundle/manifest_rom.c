/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/format.h"
#include "hyp/bundle/manifest_parse.h"

/* One region as the manifest has it: each field is named after its property. */
struct rom {
	struct manifest_node node;
	const struct cpio_file *file;
	uint64_t address, size;
	struct manifest_list members;
	uint64_t stores; /* the word: abort, ignore */
};
_Static_assert(ROM_END == 0x40000000 && ROM_SIZE_MAX == 0x10000000, "address, size in schema.def");
_Static_assert(ROM_MEMBERS_MAX == 16 && ROM_MEMBERS_MAX <= MANIFEST_MEMBERS_MAX, "members");

static const struct schema_row rows[] = {
#define SCHEMA_ROM(...) SCHEMA_ROW(0, struct rom, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};

struct rom_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct rom_config *config);
	void *context;
};

/* The file must fit, and the region must be where no RAM or device is. */
static void check_place(struct manifest_reader *reader, const struct rom *rom, uint64_t size)
{
	char text[MANIFEST_VALUE_MAX], expected[MANIFEST_VALUE_MAX];
	uint64_t end = rom->address + size;

	if (rom->size && rom->size < rom->file->size) {
		format(text, sizeof(text), "0x%llx", (unsigned long long)rom->size);
		format(expected, sizeof(expected), "at least the file's 0x%llx bytes",
			(unsigned long long)rom->file->size);
		manifest_error(reader, "size", text, expected);
	}
	format(text, sizeof(text), "0x%llx to 0x%llx", (unsigned long long)rom->address,
		(unsigned long long)end);
	if (rom->file->size > ROM_SIZE_MAX)
		manifest_error(reader, "file", rom->file->name, "one of at most 256 MiB");
	else if (end > ROM_END)
		manifest_error(reader, "address", text, "its end at 0x40000000 or below");
	else if (rom->address < ROM_DEVICES_END && ROM_DEVICES_FIRST < end)
		manifest_error(reader, "address", text,
			"a place outside 0x8000000 to 0xb000000, where devices are");
}

static void finish(struct manifest_reader *reader, struct manifest_node *node)
{
	struct rom_reader *all = container_of(reader, struct rom_reader, reader);
	const struct rom *rom = container_of(node, struct rom, node);
	struct rom_config config = { .address = rom->address, .ignore_stores = rom->stores != 0 };
	struct manifest_members members = { config.member, 0, ROM_MEMBERS_MAX };

	manifest_add_members(reader, "members", &rom->members, &members);
	if (node->errors)
		return;
	config.file = rom->file->data;
	config.file_size = rom->file->size;
	config.size = ALIGN_UP(MAX(rom->size, rom->file->size), PAGE_SIZE);
	config.members = members.count;
	check_place(reader, rom, config.size);
	if (node->errors)
		return;
	format(config.name, sizeof(config.name), "%s", node->name);
	all->found(all->context, &config);
}

enum status manifest_read_roms(const void *tree, uint64_t size, const struct cpio_archive *archive,
	void (*found)(void *context, const struct rom_config *config), void *context, unsigned *bad)
{
	static const struct rom defaults;
	static const struct manifest_kind kind = {
		.kind = NODE_ROM,
		.parent = MANIFEST_ROMS,
		.noun = "region",
		.max = ROM_REGIONS_MAX,
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish,
	};
	struct rom rom;
	struct rom_reader all = {
		.reader = { .kind = &kind, .archive = archive, .node = &rom.node },
		.found = found,
		.context = context,
	};

	return manifest_read_kind(&all.reader, tree, size, bad);
}
