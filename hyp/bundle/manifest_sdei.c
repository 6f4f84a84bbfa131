/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The events of /sdei-events, each by itself: whether two have one number or one interrupt is
 * judged by hyp/smccc/sdei_event.h.
 */
#include "hyp/base/format.h"
#include "hyp/bundle/manifest_parse.h"
#include "hyp/vdev/vgic.h"

/* One as the manifest has it: each field is named after its property. */
struct event {
	struct manifest_node node;
	const char *vm;
	uint64_t event, priority, spi, ppi;
};
_Static_assert(VGIC_NR_SPIS == 256, "spi in schema.def");

enum { PRIORITY_NORMAL, PRIORITY_CRITICAL }; /* the words */

#define FIRST_PPI 16
#define FIRST_SPI 32

static const struct schema_row rows[] = {
#define SCHEMA_SDEI(...) SCHEMA_ROW(0, struct event, __VA_ARGS__)
#include "hyp/bundle/schema.def"
};

/* The properties' numbers. */
enum {
#define SCHEMA_SDEI(id, ...) EVENT_##id,
#include "hyp/bundle/schema.def"
};

struct event_reader {
	struct manifest_reader reader;
	void (*found)(void *context, const struct sdei_event_config *config);
	void *context;
};

static void finish(struct manifest_reader *reader, struct manifest_node *node)
{
	struct event_reader *all = container_of(reader, struct event_reader, reader);
	const struct event *event = container_of(node, struct event, node);
	bool spi = node->given & BIT(EVENT_spi), ppi = node->given & BIT(EVENT_ppi);
	struct sdei_event_config config = {
		.number = (uint32_t)event->event,
		.critical = event->priority == PRIORITY_CRITICAL,
		.intid = (unsigned)(ppi ? FIRST_PPI + event->ppi : FIRST_SPI + event->spi),
	};

	const struct manifest_name *vm =
		event->vm ? manifest_check_vm(reader, "vm", event->vm) : NULL;

	if (vm && vm->aarch32)
		manifest_error(
			reader, "vm", "one with aarch32, which has no SDEI", "one without it");
	if (spi && ppi)
		manifest_error(reader, "ppi", "beside spi", "one of the two");
	else if (!spi && !ppi)
		manifest_error(reader, "spi", "missing", "spi or ppi");
	if (node->errors)
		return;
	format(config.name, sizeof(config.name), "%s", node->name);
	format(config.vm, sizeof(config.vm), "%s", event->vm);
	all->found(all->context, &config);
}

enum status manifest_read_events(const void *tree, uint64_t size,
	void (*found)(void *context, const struct sdei_event_config *config), void *context,
	unsigned *bad)
{
	static const struct event defaults;
	static const struct manifest_kind kind = {
		.kind = NODE_EVENT,
		.parent = MANIFEST_EVENTS,
		.noun = "event",
		.max = SDEI_EVENTS_MAX * MAX_VMS,
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
		.defaults = &defaults,
		.size = sizeof(defaults),
		.finish = finish,
	};
	struct event event;
	struct event_reader all = {
		.reader = { .kind = &kind, .node = &event.node },
		.found = found,
		.context = context,
	};

	return manifest_read_kind(&all.reader, tree, size, bad);
}
