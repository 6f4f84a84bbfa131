/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/dt.h"
#include "drivers/dt/scan.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

/* The current node is complete: what is it? */
static void node_done(struct dt_scan *scan)
{
	if (scan->depth == 0)
		return;

	enum dt_place parent = dt_parent(scan)->place;

	if (parent == DT_PLACE_CPUS) {
		if (dt_text_is(scan, PROP_DEVICE_TYPE, "cpu"))
			dt_node_cpu(scan);
		return;
	}
	if (!dt_enabled(scan))
		return;
	if (parent == DT_PLACE_RESERVED)
		dt_node_reserved(scan);
	else if (parent == DT_PLACE_ROOT && dt_text_is(scan, PROP_DEVICE_TYPE, "memory"))
		dt_node_memory(scan);
	else if (dt_has(scan, PROP_COMPATIBLE))
		dt_node_device(scan);
	else if (parent == DT_PLACE_ROOT && dt_name_is(scan, "chosen"))
		dt_node_chosen(scan);
}

/* What the current node is to its children; false when nothing in them concerns Lintel. */
static bool place_of(const struct dt_scan *scan, enum dt_place *place)
{
	if (scan->depth == 0) {
		*place = DT_PLACE_ROOT;
		return true;
	}
	enum dt_place parent = dt_parent(scan)->place;

	if (!dt_enabled(scan))
		return false;
	if (parent == DT_PLACE_ROOT && dt_name_is(scan, "cpus"))
		*place = DT_PLACE_CPUS;
	else if (parent == DT_PLACE_ROOT && dt_name_is(scan, "reserved-memory"))
		*place = DT_PLACE_RESERVED;
	else if (parent == DT_PLACE_ROOT && dt_name_is(scan, "firmware"))
		*place = DT_PLACE_OTHER;
	else if (dt_has(scan, PROP_RANGES) && (parent == DT_PLACE_ROOT || parent == DT_PLACE_BUS))
		*place = DT_PLACE_BUS;
	else
		return false;
	return true;
}

/* Makes the current node the parent of what follows. False: it was passed over, with all its
 * children. */
static bool enter_children(struct dt_scan *scan, bool *broken)
{
	const struct dt_value *ranges = &scan->node.values[PROP_RANGES];
	struct dt_frame frame = {
		.name = scan->node.name,
		.address_cells = dt_u32(scan, PROP_ADDRESS_CELLS, DT_ROOT_ADDRESS_CELLS),
		.size_cells = dt_u32(scan, PROP_SIZE_CELLS, DT_ROOT_SIZE_CELLS),
		.ranges = dt_has(scan, PROP_RANGES) ? ranges->data : NULL,
		.ranges_length = dt_has(scan, PROP_RANGES) ? ranges->length : 0,
		.interrupt_parent = dt_u32(scan, PROP_INTERRUPT_PARENT,
			scan->depth ? dt_parent(scan)->interrupt_parent : 0),
	};
	bool enter = place_of(scan, &frame.place);

	/* Such as PCI's three cells: nothing below can be translated. */
	if (frame.address_cells > DT_CELLS_MAX || frame.size_cells > DT_CELLS_MAX) {
		enter = false;
		if (scan->depth == 0)
			dt_complain(scan, "#address-cells %u, #size-cells %u: expected at most 2",
				frame.address_cells, frame.size_cells);
	}
	if (enter && frame.ranges_length > DT_RANGES_MAX) {
		dt_complain(scan, "ranges: %u bytes, expected at most %u", frame.ranges_length,
			(unsigned)DT_RANGES_MAX);
		enter = false;
	}
	if (enter && scan->depth == DT_DEPTH_MAX - 1) {
		dt_complain(scan, "nested deeper than %u nodes", DT_DEPTH_MAX);
		enter = false;
	}
	if (enter) {
		scan->frames[scan->depth++] = frame;
		return true;
	}
	/* The first child has begun: its end and the node's own are to come. */
	*broken = !dt_walk_skip(&scan->walk, 2);
	return false;
}

/* A DT_BEGIN was passed. False: the structure is broken. */
static bool begin_node(struct dt_scan *scan)
{
	const char *name = scan->walk.name;
	bool broken = false;

	if (scan->open) {
		node_done(scan);
		if (!enter_children(scan, &broken)) {
			scan->open = false;
			return !broken;
		}
	}
	scan->open = true;
	scan->node.name = name;
	scan->node.present = 0;
	scan->in_aliases = scan->depth == 1 && dt_name_is(scan, "aliases");
	return true;
}

static bool property(struct dt_scan *scan)
{
	if (!scan->open)
		return false;
	if (unlikely(scan->in_aliases)) {
		dt_alias(scan);
		return true;
	}
	enum dt_property id = dt_property_id(&scan->walk, &scan->cache);

	if (id == PROP_UNNAMED)
		return false;
	if (id < PROP_COUNT) {
		scan->node.present |= BIT(id);
		scan->node.values[id] = (struct dt_value){ scan->walk.data, scan->walk.length };
	}
	return true;
}

static void end_node(struct dt_scan *scan)
{
	if (scan->open) {
		node_done(scan);
		scan->open = false;
	} else {
		scan->depth--;
	}
}

/* From the root's begin to its end, and the end of the block. False: broken. */
static bool scan_nodes(struct dt_scan *scan)
{
	if (dt_walk_next(&scan->walk) != DT_BEGIN || !begin_node(scan))
		return false;
	while (scan->open || scan->depth) {
		bool ok;

		switch (dt_walk_next(&scan->walk)) {
		case DT_PROPERTY:
			ok = property(scan);
			break;
		case DT_BEGIN:
			ok = begin_node(scan);
			break;
		case DT_END:
			end_node(scan);
			ok = true;
			break;
		default:
			ok = false;
			break;
		}
		if (!ok)
			return false;
	}
	return dt_walk_next(&scan->walk) == DT_FINISH;
}

static enum status check_complete(const struct dt_scan *scan)
{
	const struct machine *machine = scan->machine;

	if (scan->reserved_overflow) {
		log_error("devicetree: more than %u pieces of reserved memory: the others would be "
			  "given away",
			MACHINE_RESERVED_MAX);
		return ERR_NOT_SUPPORTED;
	}
	if (machine->memory_count == 0) {
		log_error("devicetree: no usable memory: expected a node of the root with "
			  "device_type \"memory\" and a reg");
		return ERR_NOT_FOUND;
	}
	if (machine->cpu_count == 0) {
		log_error("devicetree: no CPU: expected nodes below /cpus with device_type \"cpu\" "
			  "and a reg");
		return ERR_NOT_FOUND;
	}
	return OK;
}

enum status dt_scan(void *dtb, uint64_t size, struct machine *machine)
{
	struct dt_scan scan = { .machine = machine };

	*machine =
		(struct machine){ .tree = dtb, .bootargs = "", .stdout_path = "", .console = -1 };
	enum status status = dt_walk_start(&scan.walk, dtb, size);

	if (status)
		return status;
	machine->tree_size = dt_be32((const uint8_t *)dtb + offsetof(struct fdt_header, totalsize));

	const uint32_t *start = scan.walk.at;

	dt_reservation_block(&scan);
	if (!scan_nodes(&scan)) {
		log_error("devicetree: broken at byte 0x%llx of its structure block",
			(unsigned long long)(scan.walk.at - start) * sizeof(*start));
		return ERR_CORRUPT;
	}
	dt_resolve_interrupts(&scan);
	dt_resolve_console(&scan);
	return check_complete(&scan);
}
