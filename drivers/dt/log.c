/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/dt/dt.h"
#include "drivers/uart/uart.h"
#include "hyp/base/log.h"

static void log_region(const char *what, const struct machine_region *region)
{
	log_debug("%s 0x%llx-0x%llx", what, (unsigned long long)region->base.pa,
		(unsigned long long)(region->base.pa + region->size));
}

static void log_gic(const struct machine_gic *gic)
{
	if (gic->version == GIC_NONE) {
		log_warn("devicetree: no interrupt controller (expected \"arm,gic-v3\")");
		return;
	}
	log_region(gic->version == GIC_V3 ? "GICv3 distributor" : "GICv2 distributor", &gic->dist);
	for (unsigned i = 0; i < gic->redist_count; i++)
		log_region("GICv3 redistributors", &gic->redist[i]);
	if (gic->version == GIC_V2)
		log_warn("devicetree: GICv2 is not supported yet");
	else if (gic->maintenance_intid == MACHINE_NO_INTID)
		log_warn("devicetree: the interrupt controller has no maintenance interrupt");
}

void dt_log(const struct machine *machine)
{
	for (unsigned i = 0; i < machine->memory_count; i++)
		log_region("memory", &machine->memory[i]);
	for (unsigned i = 0; i < machine->reserved_count; i++)
		log_region(machine->reserved[i].no_map ? "reserved, not mapped," : "reserved",
			&machine->reserved[i].region);
	for (unsigned i = 0; i < machine->uart_count; i++)
		log_debug("UART %s at 0x%llx, %s, interrupt %u%s", machine->uarts[i].path,
			(unsigned long long)machine->uarts[i].region.base.pa,
			machine->uarts[i].driver->compatible, machine->uarts[i].intid,
			machine->console == (int)i ? ", console" : "");
	if (machine->initrd.size)
		log_region("bundle", &machine->initrd);
	if (machine->rtc.size)
		log_region("clock", &machine->rtc);
	log_gic(&machine->gic);
	log_debug("%u CPUs, timer interrupts %u %u %u %u %u", machine->cpu_count,
		machine->timer.intid[TIMER_PPI_SECURE], machine->timer.intid[TIMER_PPI_PHYSICAL],
		machine->timer.intid[TIMER_PPI_VIRTUAL], machine->timer.intid[TIMER_PPI_HYP],
		machine->timer.intid[TIMER_PPI_HYP_VIRTUAL]);
	if (machine->smmu_count)
		log_warn("devicetree: %u SMMUs, none is driven yet: devices can't be given to VMs",
			machine->smmu_count);
}
