/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/dt.h"
#include "drivers/dt/walk.h"
#include "hyp/base/string.h"
#include "hyp/bundle/guest_dt.h"
#include "hyp/bundle/guest_dt_parts.h"

#define DEPTH_ROOT            1
#define DEPTH_CHILD           2
/* Devicetree Specification 2.3.5: what holds where a node says nothing. */
#define DEFAULT_ADDRESS_CELLS 2
#define DEFAULT_SIZE_CELLS    1

/* Sizes in a flattened tree: a token, a property's header, a reservation. */
#define TOKEN_SIZE            4
#define PROPERTY_SIZE         12
#define RESERVATION_SIZE      16

struct copy {
	struct dt_walk walk;
	struct dt_writer writer;
	const struct guest_dt_config *config;
	struct guest_dt *out;
	unsigned depth; /* open nodes: 1 in the root */
	bool in_chosen; /* directly in /chosen */
	bool chosen_done;
	uint32_t address_cells, size_cells; /* of the root */
};

static bool is_memory(const char *name)
{
	return strncmp(name, "memory", 6) == 0 && (name[6] == '\0' || name[6] == '@');
}

/* Lintel has written it, or it would be wrong for this VM. */
static bool left_out(const struct copy *copy, const char *name)
{
	static const char *const always[] = {
		"linux,initrd-start",
		"linux,initrd-end",
		"kaslr-seed",
		"rng-seed",
	};

	if (!copy->in_chosen)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(always); i++)
		if (strcmp(name, always[i]) == 0)
			return true;
	return copy->config->bootargs && strcmp(name, "bootargs") == 0;
}

static enum status copy_property(struct copy *copy)
{
	struct dt_walk *walk = &copy->walk;
	size_t length;
	const char *name = dt_walk_property_name(walk, &length);

	if (!name)
		return ERR_CORRUPT;
	if (copy->depth == DEPTH_ROOT && walk->length == sizeof(uint32_t)) {
		if (strcmp(name, "#address-cells") == 0)
			copy->address_cells = dt_be32(walk->data);
		else if (strcmp(name, "#size-cells") == 0)
			copy->size_cells = dt_be32(walk->data);
	}
	if (!left_out(copy, name))
		dt_writer_bytes(&copy->writer, name, walk->data, walk->length);
	return OK;
}

static enum status copy_begin(struct copy *copy)
{
	const char *name = copy->walk.name;

	if (copy->depth == DEPTH_ROOT && is_memory(name))
		return dt_walk_skip(&copy->walk, 1) ? OK : ERR_CORRUPT;
	dt_writer_begin(&copy->writer, name);
	copy->depth++;
	copy->in_chosen = false;
	if (copy->depth == DEPTH_CHILD && strcmp(name, "chosen") == 0 && !copy->chosen_done) {
		copy->in_chosen = copy->chosen_done = true;
		guest_dt_write_chosen(&copy->writer, copy->config, copy->out);
	}
	return OK;
}

/* Before the root ends: what was left out, or never there. */
static enum status add_missing(struct copy *copy)
{
	const struct guest_dt_config *config = copy->config;

	if (copy->address_cells < 1 || copy->address_cells > 2 || copy->size_cells < 1 ||
		copy->size_cells > 2)
		return ERR_RANGE;
	if ((copy->address_cells == 1 && config->ram_base >> 32) ||
		(copy->size_cells == 1 && config->ram_size >> 32))
		return ERR_RANGE;
	guest_dt_write_memory(&copy->writer, config, copy->address_cells, copy->size_cells);
	if (!copy->chosen_done) {
		dt_writer_begin(&copy->writer, "chosen");
		guest_dt_write_chosen(&copy->writer, config, copy->out);
		dt_writer_end(&copy->writer);
	}
	return OK;
}

static enum status copy_end(struct copy *copy)
{
	enum status status = copy->depth == DEPTH_ROOT ? add_missing(copy) : OK;

	copy->in_chosen = false;
	copy->depth--;
	dt_writer_end(&copy->writer);
	return status;
}

static enum status copy_nodes(struct copy *copy)
{
	enum status status = OK;

	if (dt_walk_next(&copy->walk) != DT_BEGIN)
		return ERR_CORRUPT;
	dt_writer_begin(&copy->writer, "");
	copy->depth = DEPTH_ROOT;
	while (!status && copy->depth) {
		switch (dt_walk_next(&copy->walk)) {
		case DT_PROPERTY:
			status = copy_property(copy);
			break;
		case DT_BEGIN:
			status = copy_begin(copy);
			break;
		case DT_END:
			status = copy_end(copy);
			break;
		default:
			return ERR_CORRUPT;
		}
	}
	return status;
}

static void copy_reservations(struct copy *copy)
{
	const uint64_t *entry = copy->walk.reservations;

	for (; copy->walk.reservations_end - entry >= 2; entry += 2) {
		uint64_t address = dt_be64(entry), size = dt_be64(entry + 1);

		if (!address && !size)
			break;
		dt_writer_reserve(&copy->writer, address, size);
	}
	dt_writer_reserved(&copy->writer);
}

enum status guest_dt_copy_room(
	const struct guest_dt_config *config, const void *source, size_t source_size, size_t *room)
{
	struct dt_walk walk;
	const uint64_t *entry;

	if (source_size < DT_HEADER_SIZE || dt_walk_start(&walk, source, source_size))
		return ERR_CORRUPT;
	entry = walk.reservations;
	*room = guest_dt_room(config);
	for (; walk.reservations_end - entry >= 2 && (entry[0] || entry[1]); entry += 2)
		*room += RESERVATION_SIZE;
	for (;;) {
		size_t length;

		switch (dt_walk_next(&walk)) {
		case DT_PROPERTY:
			if (!dt_walk_property_name(&walk, &length))
				return ERR_CORRUPT;
			*room += PROPERTY_SIZE + ALIGN_UP(walk.length, TOKEN_SIZE) + length + 1;
			break;
		case DT_BEGIN:
			*room += TOKEN_SIZE + ALIGN_UP(strlen(walk.name) + 1, TOKEN_SIZE);
			break;
		case DT_END:
			*room += TOKEN_SIZE;
			break;
		case DT_FINISH:
			return OK;
		default:
			return ERR_CORRUPT;
		}
	}
}

enum status guest_dt_copy(const struct guest_dt_config *config, const void *source,
	size_t source_size, void *buffer, size_t size, struct guest_dt *out)
{
	struct copy copy = {
		.config = config,
		.out = out,
		.address_cells = DEFAULT_ADDRESS_CELLS,
		.size_cells = DEFAULT_SIZE_CELLS,
	};
	enum status status;

	if (source_size < DT_HEADER_SIZE || dt_walk_start(&copy.walk, source, source_size))
		return ERR_CORRUPT;
	*out = (struct guest_dt){ .tree = buffer };
	dt_writer_start(&copy.writer, buffer, size);
	copy_reservations(&copy);
	status = copy_nodes(&copy);
	return status ? status : dt_writer_finish(&copy.writer, &out->size);
}
