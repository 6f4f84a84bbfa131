/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /chosen and /aliases: what the boot loader has to say.
 */
#include "drivers/dt/dt.h"
#include "drivers/dt/scan.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

static struct machine_seed seed(struct dt_scan *scan, enum dt_property id)
{
	const struct dt_value *value = &scan->node.values[id];

	if (!dt_has(scan, id) || value->length == 0)
		return (struct machine_seed){ 0 };

	/* The tree is the caller's, who gave it to be written to. */
	return (struct machine_seed){ (uint8_t *)(uintptr_t)value->data, value->length };
}

static void initrd(struct dt_scan *scan)
{
	uint64_t start = dt_u64(scan, PROP_INITRD_START, 0);
	uint64_t end = dt_u64(scan, PROP_INITRD_END, 0);

	if (!dt_has(scan, PROP_INITRD_START) && !dt_has(scan, PROP_INITRD_END))
		return;
	if (end <= start) {
		dt_complain(scan,
			"linux,initrd-start 0x%llx, linux,initrd-end 0x%llx: expected start < end",
			(unsigned long long)start, (unsigned long long)end);
		return;
	}
	scan->machine->initrd = (struct machine_region){ PA(start), end - start };
}

void dt_node_chosen(struct dt_scan *scan)
{
	struct machine *machine = scan->machine;
	const char *text = dt_text(scan, PROP_BOOTARGS);

	if (text)
		machine->bootargs = text;
	text = dt_text(scan, PROP_STDOUT_PATH);
	if (!text)
		text = dt_text(scan, PROP_STDOUT_PATH_OLD);
	if (text)
		machine->stdout_path = text;
	machine->rng_seed = seed(scan, PROP_RNG_SEED);
	machine->kaslr_seed = seed(scan, PROP_KASLR_SEED);
	initrd(scan);
}

void dt_alias(struct dt_scan *scan)
{
	size_t name_length;
	const char *name = dt_walk_property_name(&scan->walk, &name_length);
	uint32_t length = scan->walk.length;

	if (!name || length == 0 || scan->walk.data[length - 1] != '\0' ||
		scan->alias_count == DT_ALIASES_MAX)
		return;
	scan->aliases[scan->alias_count++] =
		(struct dt_alias){ name, name_length, (const char *)scan->walk.data };
}

/* The text up to ':', where options begin. */
static size_t path_length(const char *path)
{
	const char *colon = strchr(path, ':');

	return colon ? (size_t)(colon - path) : strlen(path);
}

static const char *alias_path(const struct dt_scan *scan, const char *name, size_t length)
{
	for (unsigned i = 0; i < scan->alias_count; i++) {
		if (scan->aliases[i].name_length == length &&
			memcmp(scan->aliases[i].name, name, length) == 0)
			return scan->aliases[i].path;
	}
	return NULL;
}

/* A path names a node when each step is its name, or its name up to the unit address. */
static bool path_matches(const char *path, size_t length, const char *node)
{
	const char *end = path + length;

	while (path < end) {
		if (*path == *node) {
			path++;
			node++;
		} else if (*node == '@' && *path == '/') {
			node += strcspn(node, "/");
		} else {
			return false;
		}
	}
	return *node == '\0' || (*node == '@' && !strchr(node, '/'));
}

void dt_resolve_console(struct dt_scan *scan)
{
	struct machine *machine = scan->machine;
	const char *path = machine->stdout_path;
	size_t length = path_length(path);

	if (machine->uart_count == 0)
		return;
	machine->console = 0;
	if (length && path[0] != '/') {
		path = alias_path(scan, path, length);
		if (!path) {
			log_warn("devicetree: /chosen: stdout-path: no alias \"%s\"",
				machine->stdout_path);
			return;
		}
		length = path_length(path);
	}
	for (unsigned i = 0; length && i < machine->uart_count; i++) {
		if (path_matches(path, length, machine->uarts[i].path)) {
			machine->console = (int)i;
			return;
		}
	}
	if (length)
		log_warn("devicetree: /chosen: stdout-path \"%s\" is no UART that Lintel drives",
			machine->stdout_path);
}

/* Moves a seed's bytes out; the tree keeps zeros. */
static size_t take(struct machine_seed *seed, uint8_t *out, size_t size)
{
	size_t length = MIN(seed->length, size);

	if (!seed->bytes)
		return 0;
	memcpy(out, seed->bytes, length);
	memset(seed->bytes, 0, seed->length);
	*seed = (struct machine_seed){ 0 };
	return length;
}

size_t dt_take_seeds(struct machine *machine, uint8_t *out, size_t size)
{
	size_t taken = take(&machine->rng_seed, out, size);

	return taken + take(&machine->kaslr_seed, out + taken, size - taken);
}
