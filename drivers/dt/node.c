/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>

#include "drivers/dt/scan.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

#define COMPLAINT_SIZE 160

static const struct dt_value *value_of(const struct dt_scan *scan, enum dt_property id)
{
	return &scan->node.values[id];
}

size_t dt_path(const struct dt_scan *scan, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (unsigned level = 1; level <= scan->depth; level++) {
		const char *name =
			level == scan->depth ? scan->node.name : scan->frames[level].name;

		length += format(
			out + MIN(length, size - 1), size - MIN(length, size - 1), "/%s", name);
	}
	if (scan->depth == 0)
		length = format(out, size, "/");
	return length;
}

void dt_complain(struct dt_scan *scan, const char *fmt, ...)
{
	char path[MACHINE_PATH_MAX], text[COMPLAINT_SIZE];
	va_list args;

	if (scan->complaints++ >= DT_COMPLAINTS)
		return;
	dt_path(scan, path, sizeof(path));
	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	log_warn("devicetree: %s: %s", path, text);
}

bool dt_text_is(const struct dt_scan *scan, enum dt_property id, const char *text)
{
	size_t size = strlen(text) + 1;

	return dt_has(scan, id) && value_of(scan, id)->length == size &&
		memcmp(value_of(scan, id)->data, text, size) == 0;
}

const char *dt_text(struct dt_scan *scan, enum dt_property id)
{
	if (!dt_has(scan, id))
		return NULL;

	const struct dt_value *value = value_of(scan, id);

	if (value->length == 0 || value->data[value->length - 1] != '\0') {
		dt_complain(scan, "%s: expected text that ends with NUL", dt_property_names[id]);
		return NULL;
	}
	return (const char *)value->data;
}

uint32_t dt_u32(struct dt_scan *scan, enum dt_property id, uint32_t fallback)
{
	if (!dt_has(scan, id))
		return fallback;
	if (value_of(scan, id)->length != DT_CELL_SIZE) {
		dt_complain(scan, "%s: %u bytes, expected one cell (4 bytes)",
			dt_property_names[id], value_of(scan, id)->length);
		return fallback;
	}
	return dt_be32(value_of(scan, id)->data);
}

uint64_t dt_u64(struct dt_scan *scan, enum dt_property id, uint64_t fallback)
{
	if (!dt_has(scan, id))
		return fallback;

	const struct dt_value *value = value_of(scan, id);

	if (value->length == DT_CELL_SIZE)
		return dt_be32(value->data);
	if (value->length == 2 * DT_CELL_SIZE)
		return dt_be64(value->data);
	dt_complain(scan, "%s: %u bytes, expected one or two cells (4 or 8 bytes)",
		dt_property_names[id], value->length);
	return fallback;
}

bool dt_enabled(const struct dt_scan *scan)
{
	return !dt_has(scan, PROP_STATUS) || dt_text_is(scan, PROP_STATUS, "okay") ||
		dt_text_is(scan, PROP_STATUS, "ok");
}

/* A number of `cells` cells (0, 1 or 2). */
static uint64_t read_cells(const uint8_t *from, uint32_t cells)
{
	if (cells == 0)
		return 0;
	return cells == 1 ? dt_be32(from) : dt_be64(from);
}

unsigned dt_reg_count(struct dt_scan *scan)
{
	const struct dt_frame *parent = dt_parent(scan);
	uint32_t row = (parent->address_cells + parent->size_cells) * DT_CELL_SIZE;

	if (!dt_has(scan, PROP_REG))
		return 0;
	if (parent->address_cells == 0 || value_of(scan, PROP_REG)->length % row) {
		dt_complain(scan, "reg: %u bytes, expected a multiple of %u (%u + %u cells)",
			value_of(scan, PROP_REG)->length, row, parent->address_cells,
			parent->size_cells);
		return 0;
	}
	return value_of(scan, PROP_REG)->length / row;
}

/* Moves an address range from the children's addresses of `frame` to its parent's. */
static bool translate_step(const struct dt_frame *frame, const struct dt_frame *parent,
	uint64_t *address, uint64_t size)
{
	uint32_t row = frame->address_cells + parent->address_cells + frame->size_cells;
	const uint8_t *at = frame->ranges;

	if (frame->ranges_length == 0)
		return frame->ranges != NULL;
	for (uint32_t left = frame->ranges_length; left >= row * DT_CELL_SIZE;
		left -= row * DT_CELL_SIZE, at += row * DT_CELL_SIZE) {
		uint64_t child = read_cells(at, frame->address_cells);
		uint64_t target =
			read_cells(at + frame->address_cells * DT_CELL_SIZE, parent->address_cells);
		uint64_t length = read_cells(
			at + (frame->address_cells + parent->address_cells) * DT_CELL_SIZE,
			frame->size_cells);

		if (*address < child || *address - child >= length ||
			size > length - (*address - child))
			continue;
		*address = target + (*address - child);
		return *address >= target;
	}
	return false;
}

bool dt_reg(struct dt_scan *scan, unsigned index, struct machine_region *out)
{
	unsigned count = dt_reg_count(scan);
	const struct dt_frame *parent = dt_parent(scan);
	uint32_t row = (parent->address_cells + parent->size_cells) * DT_CELL_SIZE;

	if (index >= count) {
		dt_complain(scan, "reg: %u entries, expected at least %u", count, index + 1);
		return false;
	}
	const uint8_t *at = value_of(scan, PROP_REG)->data + (size_t)index * row;
	uint64_t address = read_cells(at, parent->address_cells);
	uint64_t size = read_cells(at + parent->address_cells * DT_CELL_SIZE, parent->size_cells);
	uint64_t start = address;

	for (unsigned level = scan->depth - 1; level > 0; level--) {
		if (!translate_step(
			    &scan->frames[level], &scan->frames[level - 1], &address, size)) {
			dt_complain(scan, "reg: 0x%llx is in no range of a bus above it",
				(unsigned long long)start);
			return false;
		}
	}
	if (address + size < address) {
		dt_complain(scan, "reg: 0x%llx, size 0x%llx: expected not to wrap",
			(unsigned long long)address, (unsigned long long)size);
		return false;
	}
	*out = (struct machine_region){ PA(address), size };
	return true;
}

struct dt_interrupt dt_interrupts(struct dt_scan *scan)
{
	bool extended = dt_has(scan, PROP_INTERRUPTS_EXTENDED);
	enum dt_property id = extended ? PROP_INTERRUPTS_EXTENDED : PROP_INTERRUPTS;
	uint32_t inherited = scan->depth ? dt_parent(scan)->interrupt_parent : 0;

	if (!dt_has(scan, id))
		return (struct dt_interrupt){ 0 };
	return (struct dt_interrupt){
		.cells = value_of(scan, id)->data,
		.length = value_of(scan, id)->length,
		.parent = dt_u32(scan, PROP_INTERRUPT_PARENT, inherited),
		.extended = extended,
	};
}

bool dt_name_is(const struct dt_scan *scan, const char *name)
{
	return scan->node.name[0] == name[0] && strcmp(scan->node.name, name) == 0;
}
