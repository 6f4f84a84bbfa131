/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/manifest.h"
#include "drivers/dt/dt.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"

#define SCHEMA_ROW_ROOT(...)
#define SCHEMA_ROW_SHM(...)
#define SCHEMA_ROW_VM(id, prop, kind, need, low, high, multiple, text) \
	[SCHEMA_VM_##id] = { .name = prop,                             \
		.type = TYPE_##kind,                                   \
		.required = need,                                      \
		.min = low,                                            \
		.max = high,                                           \
		.align = multiple,                                     \
		.field = offsetof(struct vm_config, id),               \
		.expected = text },

static const struct schema_row vm_schema[SCHEMA_VM_COUNT] = {
#define SCHEMA(node, ...) SCHEMA_ROW_##node(__VA_ARGS__)
#include "hyp/bundle/schema.def"
#undef SCHEMA
};
_Static_assert(SCHEMA_VM_COUNT <= 64, "one bit of vm_config.given each");

struct parser {
	struct dt_walk walk;
	const struct cpio_archive *archive;
	void (*found)(void *context, const struct vm_config *config);
	void *context;
	unsigned vms, bad;
	char names[MAX_VMS][VM_NAME_MAX + 1]; /* of the VMs so far */
};

/* The VM that is being read. */
struct vm_parse {
	struct vm_config config;
	unsigned errors;
};

/* --- showing a value that is wrong, as dtc would write it --- */

static bool is_text(const uint8_t *data, uint32_t length)
{
	if (length < 2 || data[length - 1])
		return false;
	for (uint32_t i = 0; i < length - 1; i++)
		if (data[i] < ' ' || data[i] > '~')
			return false;
	return true;
}

void manifest_show_value(const struct dt_walk *walk, char out[MANIFEST_VALUE_MAX])
{
	uint32_t length = walk->length;
	size_t used = 0;

	if (!length) {
		format(out, MANIFEST_VALUE_MAX, "no value");
	} else if (is_text(walk->data, length)) {
		used = format(out, MANIFEST_VALUE_MAX, "\"%.40s\"", (const char *)walk->data);
		if (length > 41)
			format(out + used, MANIFEST_VALUE_MAX - used, "...");
	} else if (length % MANIFEST_CELL == 0) {
		uint32_t shown = MIN(length / MANIFEST_CELL, 3);

		for (uint32_t i = 0; i < shown; i++)
			used += format(out + used, MANIFEST_VALUE_MAX - used, "%s0x%x",
				i ? " " : "<", dt_be32(walk->data + i * MANIFEST_CELL));
		format(out + used, MANIFEST_VALUE_MAX - used,
			length / MANIFEST_CELL > shown ? " ...>" : ">");
	} else {
		format(out, MANIFEST_VALUE_MAX, "%u bytes", length);
	}
}

/* --- one property of a VM --- */

static void vm_error(
	struct vm_parse *vm, const char *property, const char *what, const char *expected)
{
	vm->errors++;
	log_error("manifest: /vms/%s: %s: %s, expected %s", vm->config.name, property, what,
		expected);
}

/* A string without a NUL inside, of a length between the row's limits. */
static bool read_string(
	const struct schema_row *row, const struct dt_walk *walk, const char **value)
{
	const char *text = (const char *)walk->data;

	if (!walk->length || strnlen(text, walk->length) != walk->length - 1)
		return false;
	if (row->type == TYPE_STRING &&
		(walk->length - 1 < row->min || walk->length - 1 > row->max))
		return false;
	*value = text;
	return true;
}

bool manifest_read_number(const struct schema_row *row, const struct dt_walk *walk, uint64_t *value)
{
	if (walk->length == MANIFEST_CELL)
		*value = dt_be32(walk->data);
	else if (walk->length == 2 * MANIFEST_CELL && row->type == TYPE_U64)
		*value = dt_be64(walk->data);
	else
		return false;
	/* The limits of alignment are powers of two. */
	return *value >= row->min && *value <= row->max && IS_ALIGNED(*value, row->align);
}

/* Which of the row's words the text is. */
static bool read_choice(const struct schema_row *row, const struct dt_walk *walk, uint64_t *value)
{
	const char *text, *word = row->expected;

	if (!read_string(row, walk, &text))
		return false;
	for (uint64_t i = 0;; i++) {
		size_t length = strcspn(word, "|");

		if (strlen(text) == length && memcmp(text, word, length) == 0) {
			*value = i;
			return true;
		}
		if (!word[length])
			return false;
		word += length + 1;
	}
}

static bool read_cells(
	const struct schema_row *row, const struct dt_walk *walk, struct manifest_cells *cells)
{
	if (!walk->length || walk->length % MANIFEST_CELL != 0)
		return false;
	*cells = (struct manifest_cells){ walk->data, walk->length / MANIFEST_CELL };
	for (unsigned i = 0; i < cells->count; i++) {
		uint32_t value = dt_be32(walk->data + i * MANIFEST_CELL);

		if (value < row->min || value > row->max || !IS_ALIGNED(value, row->align))
			return false;
	}
	return true;
}

/* The file that a property names. */
static bool read_file(struct vm_parse *vm, const struct parser *parser,
	const struct schema_row *row, const struct cpio_file **file)
{
	const char *name;
	char shown[MANIFEST_VALUE_MAX];

	if (!read_string(row, &parser->walk, &name))
		return false;
	*file = cpio_find(parser->archive, name);
	if (*file && (*file)->size)
		return true;
	manifest_show_value(&parser->walk, shown);
	vm_error(vm, row->name, shown,
		*file ? "a file that is not empty"
		      : "the name of a file in the bundle, which has none of that name");
	return true;
}

static bool read_value(
	struct vm_parse *vm, const struct parser *parser, const struct schema_row *row)
{
	void *field = (uint8_t *)&vm->config + row->field;

	switch (row->type) {
	case TYPE_FILE:
		return read_file(vm, parser, row, field);
	case TYPE_STRING:
		return read_string(row, &parser->walk, field);
	case TYPE_FLAG:
		*(uint64_t *)field = 1;
		return parser->walk.length == 0;
	case TYPE_CELLS:
		return read_cells(row, &parser->walk, field);
	case TYPE_CHOICE:
		return read_choice(row, &parser->walk, field);
	case TYPE_NAMES:
		return false;
	default:
		return manifest_read_number(row, &parser->walk, field);
	}
}

/* A value that is wrong, and what should be there: of a choice, its words. */
static void wrong_value(
	struct vm_parse *vm, const struct parser *parser, const struct schema_row *row)
{
	char text[MANIFEST_VALUE_MAX], words[MANIFEST_VALUE_MAX];
	const char *word = row->expected;
	size_t used;

	manifest_show_value(&parser->walk, text);
	if (row->type != TYPE_CHOICE) {
		vm_error(vm, row->name, text, row->expected);
		return;
	}
	used = format(words, sizeof(words), "one of ");
	for (; used < sizeof(words); word++) {
		size_t length = strcspn(word, "|");

		used += format(words + used, sizeof(words) - used, "\"%.*s\"%s", (int)length, word,
			word[length] ? ", " : "");
		word += length;
		if (!*word)
			break;
	}
	vm_error(vm, row->name, text, words);
}

/* Every property's name, for the message on an unknown one. */
static void list_names(char *out, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; i < SCHEMA_VM_COUNT && used < size; i++)
		used += format(
			out + used, size - used, "%s%s", i ? ", " : "one of ", vm_schema[i].name);
}

static void vm_property(struct vm_parse *vm, const struct parser *parser, const char *name)
{
	char text[512];

	for (unsigned i = 0; i < SCHEMA_VM_COUNT; i++) {
		const struct schema_row *row = &vm_schema[i];

		if (strcmp(row->name, name) != 0)
			continue;
		if (vm_config_has(&vm->config, i)) {
			vm_error(vm, name, "given twice", "it once");
		} else if (!read_value(vm, parser, row)) {
			wrong_value(vm, parser, row);
		}
		vm->config.given |= BIT(i);
		return;
	}
	list_names(text, sizeof(text));
	vm_error(vm, name, "unknown property", text);
}

/* --- one VM --- */

bool manifest_name_ok(const char *name)
{
	size_t length = strnlen(name, VM_NAME_MAX + 1);

	if (!length || length > VM_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool other = (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';

		if (!letter && !(other && i))
			return false;
	}
	return true;
}

static void check_name(struct parser *parser, struct vm_parse *vm, const char *name)
{
	format(vm->config.name, sizeof(vm->config.name), "%s", name);
	if (!manifest_name_ok(name)) {
		vm->errors++;
		log_error("manifest: /vms/%.40s: the VM's name, expected a letter, then letters, "
			  "digits, '_', '.' or '-', at most %u characters",
			name, VM_NAME_MAX);
		return;
	}
	for (unsigned i = 0; i < MIN(parser->vms, MAX_VMS); i++) {
		if (strcmp(parser->names[i], name) == 0) {
			vm->errors++;
			log_error("manifest: /vms/%s: a second VM of that name", name);
		}
	}
	if (parser->vms >= MAX_VMS) {
		vm->errors++;
		log_error("manifest: /vms/%s: expected at most %u VMs", name, MAX_VMS);
		return;
	}
	memcpy(parser->names[parser->vms], vm->config.name, sizeof(vm->config.name));
}

/* What one property says about another. */
static void check_whole(struct vm_parse *vm)
{
	const struct vm_config *config = &vm->config;

	for (unsigned i = 0; i < SCHEMA_VM_COUNT; i++)
		if (vm_schema[i].required && !vm_config_has(config, i))
			vm_error(vm, vm_schema[i].name, "missing", vm_schema[i].expected);
	if (vm_config_has(config, SCHEMA_VM_entry) &&
		!vm_config_has(config, SCHEMA_VM_load_address))
		vm_error(vm, "entry", "only for a flat binary", "load-address beside it");
	if (vm_config_has(config, SCHEMA_VM_start_when) &&
		!vm_config_has(config, SCHEMA_VM_start_after))
		vm_error(vm, "start-when", "only for a VM that waits for another one",
			"start-after beside it");
}

/* From behind the VM's DT_BEGIN to behind its DT_END. False: the tree is broken. */
static bool read_vm(struct parser *parser)
{
	struct vm_parse vm = { .config = { .vcpus = 1, .autostart = 1, .bootargs = "" } };
	struct dt_walk *walk = &parser->walk;

	check_name(parser, &vm, walk->name);
	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY: {
			const char *name = manifest_property_name(walk);

			if (!name)
				return false;
			vm_property(&vm, parser, name);
			break;
		}
		case DT_BEGIN:
			vm_error(&vm, walk->name, "unknown node", "no nodes in a VM");
			if (!dt_walk_skip(walk, 1))
				return false;
			break;
		case DT_END:
			check_whole(&vm);
			parser->vms++;
			if (vm.errors)
				parser->bad++;
			else
				parser->found(parser->context, &vm.config);
			return true;
		default:
			return false;
		}
	}
}

/* --- the nodes around them --- */

static bool read_vms(struct parser *parser)
{
	struct dt_walk *walk = &parser->walk;

	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY: {
			const char *name = manifest_property_name(walk);

			if (!name)
				return false;
			log_error("manifest: /vms: %s: unknown property, expected none here", name);
			break;
		}
		case DT_BEGIN:
			if (!read_vm(parser))
				return false;
			break;
		case DT_END:
			return true;
		default:
			return false;
		}
	}
}

/* /compatible, which the schema says is the only property there. */
static enum status root_property(struct parser *parser, bool *compatible)
{
	const struct dt_walk *walk = &parser->walk;
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

static enum status read_root(struct parser *parser)
{
	struct dt_walk *walk = &parser->walk;
	bool compatible = false;
	enum status status;

	if (dt_walk_next(walk) != DT_BEGIN)
		return ERR_CORRUPT;
	for (;;) {
		switch (dt_walk_next(walk)) {
		case DT_PROPERTY:
			status = root_property(parser, &compatible);
			if (status)
				return status;
			break;
		case DT_BEGIN:
			if (!compatible) {
				log_error("manifest: /: compatible: missing, expected \"%s\"",
					MANIFEST_COMPATIBLE);
				return ERR_NOT_SUPPORTED;
			}
			if (strcmp(walk->name, "vms") == 0) {
				if (!read_vms(parser))
					return ERR_CORRUPT;
				break;
			}
			/* manifest_read_shared() has read that one. */
			if (strcmp(walk->name, MANIFEST_SHARED) != 0)
				log_error("manifest: /%s: unknown node, expected only vms and "
					  "shared-memory",
					walk->name);
			if (!dt_walk_skip(walk, 1))
				return ERR_CORRUPT;
			break;
		case DT_END:
			return OK;
		default:
			return ERR_CORRUPT;
		}
	}
}

enum status manifest_start(struct dt_walk *walk, const void *tree, uint64_t size)
{
	/* The header is read before its size is believed. */
	if (size >= DT_HEADER_SIZE && dt_walk_start(walk, tree, size) == OK)
		return OK;
	log_error("manifest: %s is no devicetree that can be read, expected one made by dtc",
		MANIFEST_FILE);
	return ERR_CORRUPT;
}

enum status manifest_read(const void *tree, uint64_t size, const struct cpio_archive *archive,
	void (*found)(void *context, const struct vm_config *config), void *context, unsigned *bad)
{
	struct parser parser = { .archive = archive, .found = found, .context = context };
	enum status status = manifest_start(&parser.walk, tree, size);

	*bad = 0;
	if (status)
		return status;
	status = read_root(&parser);
	*bad = parser.bad;
	if (status == ERR_CORRUPT)
		log_error("manifest: %s breaks the format of a devicetree (after %u VMs)",
			MANIFEST_FILE, parser.vms);
	if (status)
		return status;
	if (!parser.vms) {
		log_error("manifest: /vms: no VM, expected at least one node in it");
		return ERR_NOT_FOUND;
	}
	return OK;
}
