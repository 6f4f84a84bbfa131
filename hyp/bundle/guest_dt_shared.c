/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest is told of memory that it shares: a node of /reserved-memory, so that Linux leaves
 * it alone, and the two PL061s of hyp/vdev/shmem.h, whose lines have names.
 */
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/guest_dt_parts.h"

#define IRQ_SPI        0
#define IRQ_LEVEL_HIGH 4

/* "REGION-from-MEMBER" */
#define LINE_NAME_MAX  (2 * VM_NAME_MAX + sizeof("-from-"))

/* Nodes, properties and their names, but for those of lines: one region takes some 900. */
#define ROOM_BASE      256
#define ROOM_REGION    (1280 + 2 * SHMEM_MEMBERS_MAX * LINE_NAME_MAX)

static void write_memory(struct dt_writer *writer, const struct shmem_view *view)
{
	const struct shmem_config *config = view->config;
	char name[VM_NAME_MAX + 1 + 20];

	format(name, sizeof(name), "%s@%llx", config->name, (unsigned long long)view->memory);
	dt_writer_begin(writer, name);
	dt_writer_text(writer, "compatible", "lintel,shared-memory");
	dt_writer_list(writer, "reg", (uint32_t)(view->memory >> 32), (uint32_t)view->memory,
		(uint32_t)(config->size >> 32), (uint32_t)config->size);
	dt_writer_flag(writer, "no-map");
	if ((config->readers >> view->self) & 1)
		dt_writer_flag(writer, "read-only");
	dt_writer_end(writer);
}

/* The member's own line leads nowhere: it has no name. */
static void write_line_names(
	struct dt_writer *writer, const struct shmem_view *view, const char *direction)
{
	char names[SHMEM_MEMBERS_MAX * LINE_NAME_MAX];
	size_t used = 0;

	for (unsigned i = 0; i < view->config->members; i++) {
		if (i != view->self)
			used += format(names + used, LINE_NAME_MAX, "%s-%s-%s", view->config->name,
				direction, view->config->member[i]);
		names[used++] = '\0';
	}
	dt_writer_bytes(writer, "gpio-line-names", names, used);
}

static void write_chip(struct dt_writer *writer, const struct shmem_view *view,
	const char *direction, uint64_t address, unsigned spi, uint32_t clock)
{
	static const char compatible[] = "arm,pl061\0arm,primecell";
	char name[32];

	format(name, sizeof(name), "gpio@%llx", (unsigned long long)address);
	dt_writer_begin(writer, name);
	dt_writer_bytes(writer, "compatible", compatible, sizeof(compatible));
	dt_writer_list(writer, "reg", (uint32_t)(address >> 32), (uint32_t)address, 0, VGPIO_SIZE);
	dt_writer_list(writer, "interrupts", IRQ_SPI, spi, IRQ_LEVEL_HIGH);
	dt_writer_list(writer, "clocks", clock);
	dt_writer_text(writer, "clock-names", "apb_pclk");
	dt_writer_flag(writer, "gpio-controller");
	dt_writer_list(writer, "#gpio-cells", 2);
	dt_writer_flag(writer, "interrupt-controller");
	dt_writer_list(writer, "#interrupt-cells", 2);
	write_line_names(writer, view, direction);
	dt_writer_end(writer);
}

void guest_dt_write_shared(
	struct dt_writer *writer, const struct guest_dt_config *config, uint32_t clock)
{
	if (config->nr_shared == 0)
		return;
	dt_writer_begin(writer, "reserved-memory");
	dt_writer_list(writer, "#address-cells", 2);
	dt_writer_list(writer, "#size-cells", 2);
	dt_writer_flag(writer, "ranges");
	for (unsigned i = 0; i < config->nr_shared; i++)
		write_memory(writer, &config->shared[i]);
	dt_writer_end(writer);
	for (unsigned i = 0; i < config->nr_shared; i++) {
		const struct shmem_view *view = &config->shared[i];

		write_chip(writer, view, "from", view->in, view->in_spi, clock);
		write_chip(writer, view, "to", view->out, view->out_spi, clock);
	}
}

size_t guest_dt_shared_room(const struct guest_dt_config *config)
{
	return config->nr_shared ? ROOM_BASE + config->nr_shared * ROOM_REGION : 0;
}
