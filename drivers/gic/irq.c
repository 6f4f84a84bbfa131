/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/irq.h"
#include "hyp/arch/cpu.h"
#include "hyp/base/log.h"

struct irq_row irq_table[GIC_INTID_LIMIT];

static uint64_t unexpected_count;

/* An SGI costs only whoever sends it; anything else would come again and again. */
static void unexpected(void *context, uint32_t intid)
{
	(void)context;
	__atomic_fetch_add(&unexpected_count, 1, __ATOMIC_RELAXED);
	if (intid < GIC_PPI_FIRST)
		return;
	gic_disable(this_cpu()->index, intid);
	log_warn("interrupt %u that nobody waits for: switched off", intid);
}

void irq_init(void)
{
	for (unsigned i = 0; i < GIC_INTID_LIMIT; i++)
		irq_table[i] = (struct irq_row){ .handler = unexpected };
}

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	if (intid >= gic_intid_limit() || !handler)
		return ERR_RANGE;
	if (irq_table[intid].handler != unexpected)
		return ERR_EXISTS;
	irq_table[intid] = (struct irq_row){ handler, context, flags };
	return OK;
}

void irq_unregister(uint32_t intid)
{
	if (intid < GIC_INTID_LIMIT)
		irq_table[intid] = (struct irq_row){ .handler = unexpected };
}

uint64_t irq_unexpected_count(void)
{
	return __atomic_load_n(&unexpected_count, __ATOMIC_RELAXED);
}
