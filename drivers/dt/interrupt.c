/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/scan.h"
#include "hyp/base/string.h"

/* The GIC's specifier: type, number, flags (Linux binding arm,gic-v3.yaml, arm,gic.yaml). */
#define GIC_CELLS_MIN   3
#define GIC_CELLS_MAX   4 /* the fourth names a partition of CPUs */
#define GIC_TYPE_SPI    0
#define GIC_TYPE_PPI    1
#define GIC_SPI_BASE    32
#define GIC_PPI_BASE    16
#define GIC_SPI_NUMBERS 988
#define GIC_PPI_NUMBERS 16
#define TIMER_NAMES_MAX 16
#define GIC_FLAG_EDGES  3u /* rising 1, falling 2; level high 4, low 8 */

static uint32_t specifier_intid(const uint8_t *cells, bool *edge)
{
	uint32_t type = dt_be32(cells);
	uint32_t number = dt_be32(cells + DT_CELL_SIZE);

	if (edge)
		*edge = dt_be32(cells + 2 * DT_CELL_SIZE) & GIC_FLAG_EDGES;
	if (type == GIC_TYPE_SPI && number < GIC_SPI_NUMBERS)
		return GIC_SPI_BASE + number;
	if (type == GIC_TYPE_PPI && number < GIC_PPI_NUMBERS)
		return GIC_PPI_BASE + number;
	return MACHINE_NO_INTID;
}

uint32_t dt_interrupt_intid(
	const struct dt_scan *scan, const struct dt_interrupt *from, unsigned index, bool *edge)
{
	uint32_t cells = scan->gic_cells + (from->extended ? 1 : 0);
	uint64_t offset = (uint64_t)index * cells * DT_CELL_SIZE;
	uint32_t parent = from->parent;

	if (scan->gic_cells < GIC_CELLS_MIN || scan->gic_cells > GIC_CELLS_MAX ||
		offset + cells * DT_CELL_SIZE > from->length)
		return MACHINE_NO_INTID;

	const uint8_t *at = from->cells + offset;

	if (from->extended) {
		/* All entries are taken for the GIC's: one of another controller hides those behind
		 * it. */
		for (unsigned i = 0; i <= index; i++) {
			parent = dt_be32(from->cells + (size_t)i * cells * DT_CELL_SIZE);
			if (parent != scan->gic_phandle)
				return MACHINE_NO_INTID;
		}
		at += DT_CELL_SIZE;
	}
	if (parent != scan->gic_phandle)
		return MACHINE_NO_INTID;
	return specifier_intid(at, edge);
}

/* Which of the timer's interrupts a name means: the binding's names, in the binding's order. */
static int timer_ppi_by_name(const char *name, size_t length)
{
	static const char *const names[TIMER_PPI_COUNT] = {
		[TIMER_PPI_SECURE] = "sec-phys",
		[TIMER_PPI_PHYSICAL] = "phys",
		[TIMER_PPI_VIRTUAL] = "virt",
		[TIMER_PPI_HYP] = "hyp-phys",
		[TIMER_PPI_HYP_VIRTUAL] = "hyp-virt",
	};

	for (unsigned i = 0; i < TIMER_PPI_COUNT; i++) {
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
			return (int)i;
	}
	return -1;
}

static void resolve_timer(struct dt_scan *scan)
{
	struct machine_timer *timer = &scan->machine->timer;
	const char *name = (const char *)scan->timer_names.data;

	if (!name) {
		for (unsigned i = 0; i < TIMER_PPI_COUNT; i++)
			timer->intid[i] =
				dt_interrupt_intid(scan, &scan->timer_interrupts, i, NULL);
		return;
	}
	const char *end = name + scan->timer_names.length;

	for (unsigned index = 0; name < end && index < TIMER_NAMES_MAX; index++) {
		size_t length = strnlen(name, (size_t)(end - name));
		int which = timer_ppi_by_name(name, length);

		if (which >= 0)
			timer->intid[which] =
				dt_interrupt_intid(scan, &scan->timer_interrupts, index, NULL);
		if (length == (size_t)(end - name))
			break;
		name += length + 1;
	}
}

void dt_resolve_interrupts(struct dt_scan *scan)
{
	struct machine *machine = scan->machine;

	if (machine->gic.version == GIC_NONE)
		return;
	for (unsigned i = 0; i < machine->uart_count; i++) {
		struct machine_uart *uart = &machine->uarts[i];

		uart->intid = dt_interrupt_intid(scan, &scan->uart_interrupts[i], 0, &uart->edge);
	}
	resolve_timer(scan);
	machine->pmu_intid = dt_interrupt_intid(scan, &scan->pmu_interrupts, 0, NULL);

	/* The GIC is its own interrupt parent, whether or not it says so. */
	scan->gic_interrupts.parent = scan->gic_phandle;
	machine->gic.maintenance_intid = dt_interrupt_intid(scan, &scan->gic_interrupts, 0, NULL);
}
