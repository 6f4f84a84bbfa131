/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/gic.h"
#include "drivers/gic/gicv3.h"
#include "drivers/gic/gicv3_cpu.h"
#include "drivers/gic/irq.h"
#include "drivers/gic/vif.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/mmio.h"
#include "hyp/base/log.h"
#include "mm/el2_map.h"

#define GICD_SIZE_MIN KIB(64)

_Static_assert(MAX_CPUS <= MACHINE_CPUS_MAX, "a redistributor for each CPU");

struct gicv3 gicv3;

static enum status map_frames(const struct machine_gic *from)
{
	volatile void *at;

	if (from->dist.size < GICD_SIZE_MIN) {
		log_error("GIC: distributor of 0x%llx bytes, expected at least 0x%llx",
			(unsigned long long)from->dist.size, (unsigned long long)GICD_SIZE_MIN);
		return ERR_INVALID;
	}
	enum status status = el2_map_device(from->dist.base, from->dist.size, &at);

	if (status)
		return status;
	gicv3.dist = at;
	for (unsigned i = 0; i < from->redist_count; i++) {
		status = el2_map_device(from->redist[i].base, from->redist[i].size, &at);
		if (status)
			return status;
		gicv3.redist[i] = at;
		gicv3.redist_size[i] = from->redist[i].size;
	}
	gicv3.redist_count = from->redist_count;
	return OK;
}

enum status gic_init(const struct machine *machine)
{
	const struct machine_gic *from = &machine->gic;

	irq_init();
	if (from->version != GIC_V3) {
		log_error("GIC: %s, expected a GICv3 (devicetree: compatible \"arm,gic-v3\")",
			from->version == GIC_V2 ? "GICv2 is not supported yet" : "none found");
		return ERR_NOT_SUPPORTED;
	}
	enum status status = map_frames(from);

	if (status)
		return status;
	gicv3.redist_stride = from->redist_stride;
	gicv3.maintenance_intid = from->maintenance_intid;
	return gicv3_dist_init();
}

enum status gic_cpu_init(unsigned cpu, uint64_t mpidr)
{
	enum status status = cpu < MACHINE_CPUS_MAX ? gicv3_cpu_init() : ERR_RANGE;

	if (status == OK)
		status = gicv3_redist_init(cpu, mpidr);
	if (status == OK)
		vif_cpu_init();
	return status;
}

unsigned gic_intid_limit(void)
{
	return gicv3.intid_limit;
}

uint32_t gic_maintenance_intid(void)
{
	return gicv3.maintenance_intid;
}

uint32_t gic_typer(void)
{
	return gicv3.typer;
}

/* Registers with one bit for each interrupt. */
static volatile uint8_t *word_of(unsigned cpu, uint32_t intid, unsigned registers)
{
	return gicv3_frame(cpu, intid) + registers + intid / GIC_WORD_INTIDS * sizeof(uint32_t);
}

static uint32_t bit_of(uint32_t intid)
{
	return (uint32_t)BIT(intid % GIC_WORD_INTIDS);
}

static void write_bit(unsigned cpu, uint32_t intid, unsigned registers)
{
	mmio_write32(word_of(cpu, intid, registers), bit_of(intid));
}

static bool read_bit(unsigned cpu, uint32_t intid, unsigned registers)
{
	return mmio_read32(word_of(cpu, intid, registers)) & bit_of(intid);
}

void gic_enable(unsigned cpu, uint32_t intid)
{
	write_bit(cpu, intid, GICD_ISENABLER);
}

void gic_disable(unsigned cpu, uint32_t intid)
{
	write_bit(cpu, intid, GICD_ICENABLER);
	if (intid < GIC_SPI_FIRST)
		gicv3_redist_wait(cpu);
	else
		gicv3_dist_wait();
}

bool gic_is_enabled(unsigned cpu, uint32_t intid)
{
	return read_bit(cpu, intid, GICD_ISENABLER);
}

void gic_set_priority(unsigned cpu, uint32_t intid, uint8_t priority)
{
	mmio_write8(gicv3_frame(cpu, intid) + GICD_IPRIORITYR + intid, priority);
}

void gic_set_edge(unsigned cpu, uint32_t intid, bool edge)
{
	volatile uint8_t *config =
		gicv3_frame(cpu, intid) + GICD_ICFGR + intid / GIC_CONFIG_INTIDS * sizeof(uint32_t);
	uint32_t bit = GIC_CONFIG_EDGE << (intid % GIC_CONFIG_INTIDS * 2);

	if (intid < GIC_PPI_FIRST)
		return;
	spin_lock(&gicv3.lock);

	uint32_t value = mmio_read32(config);

	mmio_write32(config, edge ? value | bit : value & ~bit);
	spin_unlock(&gicv3.lock);
}

void gic_set_active(unsigned cpu, uint32_t intid)
{
	write_bit(cpu, intid, GICD_ISACTIVER);
}

void gic_clear_active(unsigned cpu, uint32_t intid)
{
	write_bit(cpu, intid, GICD_ICACTIVER);
}

bool gic_is_active(unsigned cpu, uint32_t intid)
{
	return read_bit(cpu, intid, GICD_ISACTIVER);
}

void gic_set_pending(unsigned cpu, uint32_t intid)
{
	write_bit(cpu, intid, GICD_ISPENDR);
}

void gic_clear_pending(unsigned cpu, uint32_t intid)
{
	write_bit(cpu, intid, GICD_ICPENDR);
}

bool gic_is_pending(unsigned cpu, uint32_t intid)
{
	return read_bit(cpu, intid, GICD_ISPENDR);
}
