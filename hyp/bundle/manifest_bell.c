/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells and interrupt lines: what they name in each other, wherever that stands in the tree.
 */
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/manifest_parse.h"
#include "hyp/vdev/vgic.h"

/* As the manifest has them: each field is named after its property. */
struct bell {
	struct manifest_node node;
	const char *vm;
	uint64_t address, width, match;
	const char *line, *signal;
	uint64_t vcpu;
};

struct line {
	struct manifest_node node;
	const char *vm;
	uint64_t spi, trigger;
	const char *eoi_line, *eoi_signal;
	uint64_t eoi_vcpu;
};
_Static_assert(VGIC_NR_SPIS == 256, "spi in schema.def");
_Static_assert(MAX_VCPUS == 16, "vcpu in schema.def");

enum { TRIGGER_LEVEL, TRIGGER_EDGE }; /* the words */

static const struct schema_row bell_rows[] = {
#define SCHEMA_BELL(...) SCHEMA_ROW(0, struct bell, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};
static const struct schema_row line_rows[] = {
#define SCHEMA_LINE(...) SCHEMA_ROW(0, struct line, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};

/* The properties' numbers. */
enum {
#define SCHEMA_BELL(id, ...) BELL_##id,
#include "hyp/bundle/schema.def"
};
enum {
#define SCHEMA_LINE(id, ...) LINE_##id,
#include "hyp/bundle/schema.def"
};

struct bell_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct doorbell_config *config);
	void *context;
};

struct line_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct line_config *config);
	void *context;
};

/* --- what a doorbell, or the end of a line's interrupt, does --- */

struct wanted {
	const char *line_property, *signal_property, *vcpu_property;
	const char *line, *signal; /* NULL: not given */
	bool has_vcpu;
	uint64_t vcpu;
};

static void check_signal(struct manifest_reader *reader, const struct wanted *wanted)
{
	const struct manifest_name *vm =
		manifest_check_vm(reader, wanted->signal_property, wanted->signal);
	char text[16], expected[MANIFEST_VALUE_MAX + VM_NAME_MAX];

	if (!vm || wanted->vcpu < vm->vcpus)
		return;
	format(text, sizeof(text), "%u", (unsigned)wanted->vcpu);
	format(expected, sizeof(expected), "the number of a vCPU of VM %.31s, 0 to %u", vm->name,
		vm->vcpus - 1u);
	manifest_error(reader, wanted->vcpu_property, text, expected);
}

static struct bell_action read_action(struct manifest_reader *reader, const struct wanted *wanted)
{
	struct bell_action action = { .kind = BELL_COUNT };

	if (wanted->line && wanted->signal) {
		manifest_error(reader, wanted->signal_property, "beside a line", "one of the two");
	} else if (wanted->line) {
		(void)!manifest_check_name(
			reader, wanted->line_property, wanted->line, NODE_LINE, "line");
		action.kind = BELL_LINE;
		format(action.name, sizeof(action.name), "%s", wanted->line);
	} else if (wanted->signal) {
		check_signal(reader, wanted);
		action.kind = BELL_SIGNAL;
		action.vcpu = (unsigned)wanted->vcpu;
		format(action.name, sizeof(action.name), "%s", wanted->signal);
	}
	if (wanted->has_vcpu && !wanted->signal) {
		char expected[MANIFEST_VALUE_MAX];

		format(expected, sizeof(expected), "%s beside it", wanted->signal_property);
		manifest_error(
			reader, wanted->vcpu_property, "only for a VM that is woken", expected);
	}
	return action;
}

/* --- doorbells --- */

static void check_width(struct manifest_reader *reader, const struct bell *bell)
{
	uint64_t width = bell->width ? bell->width : 1;
	char text[MANIFEST_VALUE_MAX], expected[MANIFEST_VALUE_MAX];

	if (width & (width - 1)) {
		format(text, sizeof(text), "%u", (unsigned)width);
		manifest_error(reader, "width", text, bell_rows[BELL_width].expected);
		return;
	}
	if (!IS_ALIGNED(bell->address, width)) {
		format(text, sizeof(text), "0x%llx", (unsigned long long)bell->address);
		format(expected, sizeof(expected), "a multiple of %u, its width", (unsigned)width);
		manifest_error(reader, "address", text, expected);
	}
	if (!(bell->node.given & BIT(BELL_match)))
		return;
	if (!bell->width)
		manifest_error(reader, "match", "only for stores of one width", "width beside it");
	if (width < sizeof(uint64_t) && bell->match >> (8 * width)) {
		format(text, sizeof(text), "0x%llx", (unsigned long long)bell->match);
		format(expected, sizeof(expected), "a number of %u bytes, its width",
			(unsigned)width);
		manifest_error(reader, "match", text, expected);
	}
}

static void finish_bell(struct manifest_reader *reader, struct manifest_node *node)
{
	struct bell_reader *all = container_of(reader, struct bell_reader, reader);
	const struct bell *bell = container_of(node, struct bell, node);
	const struct wanted wanted = {
		.line_property = "line",
		.signal_property = "signal",
		.vcpu_property = "vcpu",
		.line = bell->line,
		.signal = bell->signal,
		.has_vcpu = node->given & BIT(BELL_vcpu),
		.vcpu = bell->vcpu,
	};
	struct doorbell_config config = {
		.address = bell->address,
		.width = (unsigned)bell->width,
		.has_match = node->given & BIT(BELL_match),
		.match = bell->match,
		.action = read_action(reader, &wanted),
	};

	if (bell->vm)
		(void)!manifest_check_vm(reader, "vm", bell->vm);
	check_width(reader, bell);
	if (node->errors)
		return;
	format(config.name, sizeof(config.name), "%s", node->name);
	format(config.vm, sizeof(config.vm), "%s", bell->vm);
	all->found(all->context, &config);
}

enum status manifest_read_doorbells(const void *tree, uint64_t size,
	void (*found)(void *context, const struct doorbell_config *config), void *context,
	unsigned *bad)
{
	static const struct bell defaults;
	static const struct manifest_kind kind = {
		.kind = NODE_DOORBELL,
		.parent = MANIFEST_DOORBELLS,
		.noun = "doorbell",
		.max = DOORBELLS_MAX,
		.rows = bell_rows,
		.row_count = ARRAY_SIZE(bell_rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish_bell,
	};
	struct bell bell;
	struct bell_reader all = {
		.reader = { .kind = &kind, .node = &bell.node },
		.found = found,
		.context = context,
	};

	return manifest_read_kind(&all.reader, tree, size, bad);
}

/* --- lines --- */

static void finish_line(struct manifest_reader *reader, struct manifest_node *node)
{
	struct line_reader *all = container_of(reader, struct line_reader, reader);
	const struct line *line = container_of(node, struct line, node);
	const struct wanted wanted = {
		.line_property = "eoi-line",
		.signal_property = "eoi-signal",
		.vcpu_property = "eoi-vcpu",
		.line = line->eoi_line,
		.signal = line->eoi_signal,
		.has_vcpu = node->given & BIT(LINE_eoi_vcpu),
		.vcpu = line->eoi_vcpu,
	};
	struct line_config config = {
		.spi = (unsigned)line->spi,
		.level = line->trigger == TRIGGER_LEVEL,
		.on_eoi = read_action(reader, &wanted),
	};

	if (line->vm)
		(void)!manifest_check_vm(reader, "vm", line->vm);
	if (!config.level && (line->eoi_line || line->eoi_signal))
		manifest_error(reader, line->eoi_line ? "eoi-line" : "eoi-signal",
			"only for a level line", "trigger = \"level\"");
	if (node->errors)
		return;
	format(config.name, sizeof(config.name), "%s", node->name);
	format(config.vm, sizeof(config.vm), "%s", line->vm);
	all->found(all->context, &config);
}

enum status manifest_read_lines(const void *tree, uint64_t size,
	void (*found)(void *context, const struct line_config *config), void *context,
	unsigned *bad)
{
	static const struct line defaults;
	static const struct manifest_kind kind = {
		.kind = NODE_LINE,
		.parent = MANIFEST_LINES,
		.noun = "line",
		.max = LINES_MAX,
		.rows = line_rows,
		.row_count = ARRAY_SIZE(line_rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish_line,
	};
	struct line line;
	struct line_reader all = {
		.reader = { .kind = &kind, .node = &line.node },
		.found = found,
		.context = context,
	};

	return manifest_read_kind(&all.reader, tree, size, bad);
}
