/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the manifest's parsers read with, and nobody else: values (manifest_value.c), names of nodes
 * (manifest_names.c), and nodes that are all of one kind, as those of /vms are (manifest_nodes.c).
 * A parser of such nodes says what their properties are and judges what one says about another.
 */
#ifndef HYP_BUNDLE_MANIFEST_PARSE_H
#define HYP_BUNDLE_MANIFEST_PARSE_H

#include "drivers/dt/walk.h"
#include "hyp/bundle/manifest.h"

/* The root's nodes. */
#define MANIFEST_VMS         "vms"
#define MANIFEST_SHARED      "shared-memory"
#define MANIFEST_ROMS        "read-only"
#define MANIFEST_DOORBELLS   "doorbells"
#define MANIFEST_LINES       "lines"
#define MANIFEST_RULES       "smccc"
#define MANIFEST_EVENTS      "sdei-events"

#define MANIFEST_VALUE_MAX   64 /* characters of a value in a message */
#define MANIFEST_CELL        sizeof(uint32_t)
#define MANIFEST_MEMBERS_MAX 16 /* names in a list */

/* --- values --- */

/* What is said of one property; see schema.def. */
struct schema_row {
	const char *name;
	/* and what is filled: */
	enum {
		TYPE_FILE,   /* const struct cpio_file * */
		TYPE_STRING, /* const char * */
		TYPE_U32,    /* uint64_t, as the next three */
		TYPE_U64,
		TYPE_FLAG,
		TYPE_CHOICE,
		TYPE_CELLS, /* struct manifest_cells */
		TYPE_NAMES, /* struct manifest_list */
	} type;
	bool required;
	uint64_t min, max, align;
	size_t field;         /* offset in the structure that is filled */
	const char *expected; /* TYPE_CHOICE: the words */
};

#define REQUIRED true
#define OPTIONAL false

/* A row of the schema, whose field is `id` of a structure at `offset` of the one that is filled. */
#define SCHEMA_ROW(offset, structure, id, prop, kind, need, low, high, multiple, text) \
	{ .name = prop,                                                                \
		.type = TYPE_##kind,                                                   \
		.required = need,                                                      \
		.min = low,                                                            \
		.max = high,                                                           \
		.align = multiple,                                                     \
		.field = (offset) + offsetof(structure, id),                           \
		.expected = text },

/* A list of names, in the tree. */
struct manifest_list {
	unsigned count;
	const char *name[MANIFEST_MEMBERS_MAX];
};

/* The value that the walk is at, as dtc would write it, cut to a readable length. */
void manifest_show_value(const struct dt_walk *walk, char out[MANIFEST_VALUE_MAX]);

/*
 * Reads the value that the walk is at into the field of `structure` that the row is for. Returns
 * NULL; or what was expected, if it is not that (perhaps in `words`). Files are those of `archive`.
 */
const char *manifest_read_value(const struct schema_row *row, const struct dt_walk *walk,
	const struct cpio_archive *archive, void *structure, char words[MANIFEST_VALUE_MAX]);

/* What is expected of a property's value, for people; a choice's words perhaps in `words`. */
const char *manifest_expected(const struct schema_row *row, char words[MANIFEST_VALUE_MAX]);

/* --- names --- */

/* What a node is, by where it stands. */
enum manifest_node_kind {
	NODE_VM,
	NODE_SHARED,
	NODE_ROM,
	NODE_DOORBELL,
	NODE_LINE,
	NODE_RULE,
	NODE_EVENT
};

/* Nodes of all kinds that are noted at a time. */
#define MANIFEST_NAMES_MAX    (MAX_VMS + LINES_MAX + DOORBELLS_MAX)
#define MANIFEST_NAME_BUCKETS 512
_Static_assert(CALL_RULES_MAX <= DOORBELLS_MAX && SDEI_EVENTS_MAX * MAX_VMS <= DOORBELLS_MAX,
	"kinds that are read one after the other");

/* Names of nodes, each found in one step or a few. None: count and first are zeros. */
struct manifest_names {
	unsigned count;
	uint16_t first[MANIFEST_NAME_BUCKETS]; /* number + 1 of a bucket's newest; 0: none */
	struct manifest_name {
		const char *name;
		const char *vm; /* NODE_LINE: whose it is, if it says so well; else NULL */
		uint16_t next;  /* number + 1 of the next older one */
		uint8_t kind;
		uint8_t vcpus; /* NODE_VM: how many it has, if it says so well */
		bool read;     /* and not only noted */
		bool aarch32;  /* NODE_VM: it says so */
		bool virtual_el2;
	} name[MANIFEST_NAMES_MAX];
};

/* Notes one; NULL: no room is left. */
struct manifest_name *manifest_names_add(
	struct manifest_names *names, enum manifest_node_kind kind, const char *name);

/* NULL: there is none of that name and kind. */
struct manifest_name *manifest_names_find(
	struct manifest_names *names, enum manifest_node_kind kind, const char *name);

/* A letter, then letters, digits, '_', '.' or '-', at most VM_NAME_MAX characters. */
bool manifest_name_ok(const char *name);

/* --- nodes --- */

/* One node, at the beginning of the structure that its properties fill. */
struct manifest_node {
	const char *name;
	uint64_t given; /* a bit for each row: the property is there */
	unsigned errors;
};

struct manifest_reader;

/* Nodes that stand in one node and have the same properties. */
struct manifest_kind {
	enum manifest_node_kind kind;
	const char *parent; /* the root's node that they stand in */
	const char *noun;   /* what one is called: "VM" */
	unsigned max;       /* how many there may be */
	const struct schema_row *rows;
	unsigned row_count;
	const void *defaults; /* a structure as it is before its properties are read */
	size_t size;          /* of it */
	/* All of its properties were read, and those that must be there are noted as errors where
	 * they are not. Judges the rest; what has no errors then is good. */
	void (*finish)(struct manifest_reader *reader, struct manifest_node *node);
};

struct manifest_reader {
	const struct manifest_kind *kind;
	const struct cpio_archive *archive;
	struct manifest_node *node; /* room for one: kind->size bytes */
	struct dt_walk walk;
	unsigned count, bad; /* nodes so far; and errors: those that have any, and strays */
	bool broken;         /* the tree; set by manifest_read_kind() */
};

/* The names of the nodes that the manifest's parsers have noted since manifest_start(). */
extern struct manifest_names manifest_names;

/* Starts a walk over the manifest and forgets all names; ERR_CORRUPT, logged: it is no devicetree.
 */
enum status manifest_start(struct dt_walk *walk, const void *tree, uint64_t size) __must_check;

/* The name of the property that the walk is at; NULL: the tree is broken. */
static inline const char *manifest_property_name(const struct dt_walk *walk)
{
	size_t length;

	return dt_walk_property_name(walk, &length);
}

/* Reads the nodes of one that the walk is behind the DT_BEGIN of, to behind its DT_END. False: the
 * tree is broken. */
bool manifest_read_nodes(struct manifest_reader *reader) __must_check;

/*
 * The same for all of the root's nodes that hold such, in the manifest at `tree`; VMs and lines may
 * be named before they come. Where the tree is broken, the rest is left out, and reader->broken is
 * set. ERR_CORRUPT, logged: it is no devicetree. *bad: how many have errors.
 */
enum status manifest_read_kind(struct manifest_reader *reader, const void *tree, uint64_t size,
	unsigned *bad) __must_check;

/* The node has an error: says so, as "/vms/NAME: property: what, expected ...". */
void manifest_error(struct manifest_reader *reader, const char *property, const char *what,
	const char *expected);

/* The node of that kind and name, of those that were noted; NULL: there is none, which is an error
 * of the property. `noun` is what such a node is called. */
const struct manifest_name *manifest_check_name(struct manifest_reader *reader,
	const char *property, const char *name, enum manifest_node_kind kind, const char *noun);

/* The same for a VM. */
static inline const struct manifest_name *manifest_check_vm(
	struct manifest_reader *reader, const char *property, const char *name)
{
	return manifest_check_name(reader, property, name, NODE_VM, "VM");
}

/* VMs that are members of something: each once. */
struct manifest_members {
	char (*name)[VM_NAME_MAX + 1];
	unsigned count, max;
};

/* Adds those that a property names; what may not be is an error of the property. */
void manifest_add_members(struct manifest_reader *reader, const char *property,
	const struct manifest_list *names, struct manifest_members *members);

#endif
