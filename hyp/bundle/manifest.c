/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/manifest.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"
#include "hyp/vdev/vscratch.h"

/* The VM that is being read. */
struct vm_parse {
	struct manifest_node node;
	struct vm_config config;
};

static const struct schema_row rows[] = {
#define SCHEMA_VM(...) SCHEMA_ROW(offsetof(struct vm_parse, config), struct vm_config, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};
_Static_assert(SCHEMA_VM_COUNT <= 64, "one bit of vm_config.given each");

struct vm_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct vm_config *config);
	void *context;
};

/* --- one VM --- */

/* Threes of numbers within the device's limits; else an error. */
static void check_scratch(struct manifest_reader *reader, const struct manifest_cells *cells)
{
	char what[MANIFEST_VALUE_MAX] = "";
	uint64_t sum = 0;

	if (cells->count % 3 != 0 || cells->count > 3 * VSCRATCH_PIECES_MAX)
		format(what, sizeof(what), "%u numbers", cells->count);
	for (unsigned i = 0; !what[0] && i < cells->count; i += 3) {
		uint64_t size = manifest_cell(cells, i + 1), count = manifest_cell(cells, i + 2);

		if (size == 0 || size > VSCRATCH_SIZE_MAX || count == 0 ||
			count > VSCRATCH_COUNT_MAX)
			format(what, sizeof(what), "<0x%x 0x%x 0x%x>", manifest_cell(cells, i),
				(unsigned)size, (unsigned)count);
		sum += size * count;
	}
	if (!what[0] && sum > VSCRATCH_TOTAL_MAX)
		format(what, sizeof(what), "%llu bytes together", (unsigned long long)sum);
	if (what[0])
		manifest_error(reader, "scratch", what, rows[SCHEMA_VM_scratch].expected);
}

/* A guest hypervisor: its HVCs are for itself, and its EL2 has no AArch32. */
static void check_virtual_el2(struct manifest_reader *reader, const struct vm_config *config)
{
	if (config->aarch32)
		manifest_error(reader, "virtual-el2", "beside aarch32", "one of the two");
	if (vm_config_has(config, SCHEMA_VM_psci_conduit) && !config->psci_conduit)
		manifest_error(reader, "psci-conduit",
			"\"hvc\", which a guest with virtual-el2 takes itself", "\"smc\"");
}

/* What one property says about another. */
static void check_whole(struct manifest_reader *reader, const struct vm_config *config)
{
	if (vm_config_has(config, SCHEMA_VM_entry) &&
		!vm_config_has(config, SCHEMA_VM_load_address))
		manifest_error(reader, "entry", "only for a flat binary", "load-address beside it");
	if (vm_config_has(config, SCHEMA_VM_start_when) &&
		!vm_config_has(config, SCHEMA_VM_start_after))
		manifest_error(reader, "start-when", "only for a VM that waits for another one",
			"start-after beside it");
	if (config->aarch32 && !vm_config_has(config, SCHEMA_VM_load_address))
		manifest_error(reader, "aarch32", "an arm64 Image doesn't run on AArch32",
			"a flat binary: load-address beside it");
	if (config->soc_id.count && config->soc_id.count != 2) {
		char text[MANIFEST_VALUE_MAX];

		format(text, sizeof(text), "%u numbers", config->soc_id.count);
		manifest_error(reader, "soc-id", text, rows[SCHEMA_VM_soc_id].expected);
	}
	check_scratch(reader, &config->scratch);
	if (vm_config_has(config, SCHEMA_VM_virtual_el2))
		check_virtual_el2(reader, config);
}

static void finish(struct manifest_reader *reader, struct manifest_node *node)
{
	struct vm_reader *all = container_of(reader, struct vm_reader, reader);
	struct vm_config *config = &container_of(node, struct vm_parse, node)->config;

	config->given = node->given;
	config->number = reader->count;
	format(config->name, sizeof(config->name), "%s", node->name);
	check_whole(reader, config);
	if (!node->errors)
		all->found(all->context, config);
}

/* --- the root --- */

/* Nodes of the root that others than manifest_read() read. */
static bool read_elsewhere(const char *name)
{
	static const char *const names[] = { MANIFEST_SHARED, MANIFEST_ROMS, MANIFEST_DOORBELLS,
		MANIFEST_LINES, MANIFEST_RULES, MANIFEST_EVENTS };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* /compatible, which the schema says is the only property there. */
static enum status root_property(const struct dt_walk *walk, bool *compatible)
{
	const char *name = manifest_property_name(walk);
	char shown[MANIFEST_VALUE_MAX];

	if (!name)
		return ERR_CORRUPT;
	if (strcmp(name, "compatible") != 0) {
		log_error("manifest: /: %s: unknown property, expected only compatible", name);
		return OK;
	}
	if (walk->length != sizeof(MANIFEST_COMPATIBLE) ||
		memcmp(walk->data, MANIFEST_COMPATIBLE, sizeof(MANIFEST_COMPATIBLE)) != 0) {
		manifest_show_value(walk, shown);
		log_error(
			"manifest: /: compatible: %s, expected \"%s\"", shown, MANIFEST_COMPATIBLE);
		return ERR_NOT_SUPPORTED;
	}
	*compatible = true;
	return OK;
}

static enum status root_node(struct manifest_reader *reader, bool compatible)
{
	const char *name = reader->walk.name;

	if (!compatible) {
		log_error("manifest: /: compatible: missing, expected \"%s\"", MANIFEST_COMPATIBLE);
		return ERR_NOT_SUPPORTED;
	}
	if (strcmp(name, MANIFEST_VMS) == 0)
		return manifest_read_nodes(reader) ? OK : ERR_CORRUPT;
	if (!read_elsewhere(name)) {
		log_error("manifest: /%s: unknown node, expected only " MANIFEST_VMS
			  ", " MANIFEST_SHARED ", " MANIFEST_ROMS ", " MANIFEST_DOORBELLS
			  ", " MANIFEST_LINES ", " MANIFEST_RULES " and " MANIFEST_EVENTS,
			name);
		reader->bad++;
	}
	return dt_walk_skip(&reader->walk, 1) ? OK : ERR_CORRUPT;
}

static enum status read_root(struct manifest_reader *reader)
{
	bool compatible = false;
	enum status status;

	if (dt_walk_next(&reader->walk) != DT_BEGIN)
		return ERR_CORRUPT;
	for (;;) {
		switch (dt_walk_next(&reader->walk)) {
		case DT_PROPERTY:
			status = root_property(&reader->walk, &compatible);
			break;
		case DT_BEGIN:
			status = root_node(reader, compatible);
			break;
		case DT_END:
			return OK;
		default:
			return ERR_CORRUPT;
		}
		if (status)
			return status;
	}
}

enum status manifest_read(const void *tree, uint64_t size, const struct cpio_archive *archive,
	void (*found)(void *context, const struct vm_config *config), void *context, unsigned *bad)
{
	static const struct vm_parse defaults = {
		.config = { .vcpus = 1, .autostart = 1, .bootargs = "" },
	};
	static const struct manifest_kind kind = {
		.kind = NODE_VM,
		.parent = MANIFEST_VMS,
		.noun = "VM",
		.max = MAX_VMS,
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish,
	};
	struct vm_parse vm;
	struct vm_reader all = {
		.reader = { .kind = &kind, .archive = archive, .node = &vm.node },
		.found = found,
		.context = context,
	};
	enum status status = manifest_start(&all.reader.walk, tree, size);

	*bad = 0;
	if (status)
		return status;
	status = read_root(&all.reader);
	*bad = all.reader.bad;
	if (status == ERR_CORRUPT)
		log_error("manifest: %s breaks the format of a devicetree (after %u VMs)",
			MANIFEST_FILE, all.reader.count);
	if (status)
		return status;
	if (!all.reader.count) {
		log_error("manifest: /vms: no VM, expected at least one node in it");
		return ERR_NOT_FOUND;
	}
	return OK;
}
