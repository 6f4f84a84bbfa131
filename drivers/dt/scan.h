/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scan's own state, shared by the files of this folder and by nobody else.
 *
 * In a flattened tree a node's properties come before its children, so one struct dt_node is
 * enough: it is judged when its first child begins or the node ends. A struct dt_frame is what its
 * children need to know of it.
 */
#ifndef DRIVERS_DT_SCAN_H
#define DRIVERS_DT_SCAN_H

#include "drivers/dt/machine.h"
#include "drivers/dt/property.h"
#include "drivers/dt/walk.h"
#include "hyp/base/compiler.h"
#include "hyp/base/status.h"

#define DT_DEPTH_MAX   32
#define DT_ALIASES_MAX 32
#define DT_COMPLAINTS  16 /* after so many warnings a broken tree is not commented any more */
#define DT_CELLS_MAX   2
#define DT_RANGES_MAX \
	KIB(8) /* bytes of a ranges property: bounds the work a broken tree can cause */
#define DT_CELL_SIZE          4
#define DT_ROOT_ADDRESS_CELLS 2 /* without the property: Devicetree Specification 2.3.5 */
#define DT_ROOT_SIZE_CELLS    1

enum dt_place {
	DT_PLACE_ROOT,
	DT_PLACE_BUS, /* its children's addresses can be translated */
	DT_PLACE_CPUS,
	DT_PLACE_RESERVED,
	DT_PLACE_OTHER, /* children without addresses */
};

struct dt_frame {
	const char *name;
	enum dt_place place;
	uint32_t address_cells, size_cells; /* for its children's reg */
	uint32_t interrupt_parent;          /* a phandle, inherited; 0 unknown */
	const uint8_t *ranges;
	uint32_t ranges_length;
};

struct dt_value {
	const uint8_t *data;
	uint32_t length;
};

struct dt_node {
	const char *name;
	uint64_t present; /* bit per enum dt_property */
	struct dt_value values[PROP_COUNT];
};

/* An interrupt specifier, understood when the interrupt controller is known. */
struct dt_interrupt {
	const uint8_t *cells;
	uint32_t length; /* bytes from there on */
	uint32_t parent; /* phandle; 0 unknown */
	bool extended;   /* each specifier follows its own phandle */
};

struct dt_alias {
	const char *name;
	size_t name_length;
	const char *path;
};

struct dt_scan {
	struct dt_walk walk;
	struct machine *machine;
	struct dt_frame
		frames[DT_DEPTH_MAX]; /* of the open nodes' ancestors: frames[0] is the root */
	unsigned depth;               /* frames in use: the current node's depth below the root */
	bool open;                    /* the current node's properties are being read */
	bool in_aliases;
	bool reserved_overflow;
	struct dt_node node;
	struct dt_name_cache cache;
	struct dt_value unknown_device; /* the last "compatible" that nobody knew: devices often
					   come in rows */
	unsigned complaints;

	struct dt_alias aliases[DT_ALIASES_MAX];
	unsigned alias_count;
	unsigned uarts_seen;

	uint32_t gic_phandle, gic_cells;
	struct dt_interrupt uart_interrupts[MACHINE_UARTS_MAX];
	struct dt_interrupt timer_interrupts, pmu_interrupts, gic_interrupts;
	struct dt_value timer_names;
};

_Static_assert(PROP_COUNT <= 64, "one bit of dt_node.present each");

/* --- node.c: reading the current node --- */

static inline bool dt_has(const struct dt_scan *scan, enum dt_property id)
{
	return (scan->node.present >> id) & 1;
}

/* The frame of the current node's parent; not for the root. */
static inline const struct dt_frame *dt_parent(const struct dt_scan *scan)
{
	return &scan->frames[scan->depth - 1];
}

/* The property is a text, and it is this one. */
bool dt_text_is(const struct dt_scan *scan, enum dt_property id, const char *text);

/* The property as text, NUL-terminated; NULL when absent, empty or without its NUL (then complained
 * of). */
const char *dt_text(struct dt_scan *scan, enum dt_property id);

/* A property of one cell; `fallback` when absent or (complained of) not of that length. */
uint32_t dt_u32(struct dt_scan *scan, enum dt_property id, uint32_t fallback);

/* A property of one or two cells; as dt_u32. */
uint64_t dt_u64(struct dt_scan *scan, enum dt_property id, uint64_t fallback);

/* Status is "okay", "ok" or absent. */
bool dt_enabled(const struct dt_scan *scan);

/* True if the current node's name is `name`, without a unit address. */
bool dt_name_is(const struct dt_scan *scan, const char *name);

/* Entries of the current node's reg: 0 when there is none or it is malformed (complained of). */
unsigned dt_reg_count(struct dt_scan *scan);

/*
 * Entry `index` of the current node's reg as a physical address: through the ranges of all buses
 * above it. False, complained of, when it has no such entry, or one that wraps, or no translation.
 */
bool dt_reg(struct dt_scan *scan, unsigned index, struct machine_region *out);

/* The current node's interrupts, for later. */
struct dt_interrupt dt_interrupts(struct dt_scan *scan);

/* The current node's path, cut to fit; returns its full length. */
size_t dt_path(const struct dt_scan *scan, char *out, size_t size);

/* Warns, with the node's path: "devicetree: PATH: ...". */
void dt_complain(struct dt_scan *scan, const char *fmt, ...) __printf_like(2, 3);

/* --- memory.c, chosen.c, device.c: what the current node means --- */

void dt_node_memory(struct dt_scan *scan);
void dt_node_reserved(struct dt_scan *scan);
void dt_node_cpu(struct dt_scan *scan);
void dt_node_chosen(struct dt_scan *scan);
void dt_reservation_block(struct dt_scan *scan);
void dt_alias(struct dt_scan *scan);

/* A node known by its "compatible", or none that Lintel knows. */
void dt_node_device(struct dt_scan *scan);

/* --- interrupt.c --- */

/* Entry `index` of an interrupt list as INTID; MACHINE_NO_INTID when absent or not the GIC's. */
uint32_t dt_interrupt_intid(
	const struct dt_scan *scan, const struct dt_interrupt *from, unsigned index, bool *edge);

/* Once the whole tree was seen: gives UARTs, timer, PMU and GIC their INTIDs. */
void dt_resolve_interrupts(struct dt_scan *scan);

/* Once the whole tree was seen: which UART stdout-path means. */
void dt_resolve_console(struct dt_scan *scan);

#endif
