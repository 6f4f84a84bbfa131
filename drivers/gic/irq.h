/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical interrupts to their handlers: one table indexed by INTID, the same on every CPU.
 */
#ifndef DRIVERS_GIC_IRQ_H
#define DRIVERS_GIC_IRQ_H

#include "drivers/gic/gicv3_cpu.h"
#include "hyp/arch/cpu.h"
#include "hyp/base/compiler.h"
#include "hyp/base/status.h"

/*
 * Called with interrupts masked, after the priority drop. Without IRQ_KEEP_ACTIVE the interrupt is
 * deactivated when the handler returns; a level-sensitive one comes again at once if its source
 * still asserts it.
 */
typedef void (*irq_handler)(void *context, uint32_t intid);

enum irq_flags {
	IRQ_NORMAL = 0,
	/*
	 * Stays active after the handler: a guest ends it through a list register with the HW bit,
	 * or the handler calls gicv3_deactivate() itself.
	 */
	IRQ_KEEP_ACTIVE = 1,
};

struct irq_row {
	irq_handler handler; /* never NULL */
	void *context;
	uint64_t flags; /* enum irq_flags */
};

extern struct irq_row irq_table[GIC_INTID_LIMIT];

/* Every row gets the handler for interrupts nobody registered: counts, logs at a limited rate,
 * disables. Boot, once. */
void irq_init(void);

/*
 * Registers the handler of an SGI, PPI (for all CPUs) or SPI. It neither configures nor enables the
 * interrupt. ERR_RANGE: no such INTID on this machine; ERR_EXISTS: taken.
 */
enum status __must_check irq_register(
	uint32_t intid, irq_handler handler, void *context, enum irq_flags flags);

/* Gives it back; the interrupt must be disabled. */
void irq_unregister(uint32_t intid);

/* How many interrupts came that nobody had registered. */
uint64_t irq_unexpected_count(void);

/* The handler's step alone, for an INTID that was acknowledged (< GIC_INTID_LIMIT). */
static inline void irq_dispatch(uint32_t intid)
{
	const struct irq_row *row = &irq_table[intid];

	row->handler(row->context, intid);
}

/* One that was acknowledged: drop, handler, deactivate. False when none was pending. */
static inline bool irq_handle(uint32_t intid)
{
	if (unlikely(intid >= GIC_INTID_LIMIT))
		return false;

	const struct irq_row *row = &irq_table[intid];

	gicv3_drop(intid);
	row->handler(row->context, intid);
	if (likely(!(row->flags & IRQ_KEEP_ACTIVE)))
		gicv3_deactivate(intid);
	return true;
}

/* Takes one interrupt while no guest runs, and records it in the trace. False when none was
 * pending. */
static inline bool irq_take(void)
{
	uint32_t intid = gicv3_acknowledge();

	if (likely(intid < GIC_INTID_LIMIT))
		trace_record(&this_cpu()->trace, TRACE_WHAT(TRACE_IRQ) | intid, 0);
	return irq_handle(intid);
}

#endif
