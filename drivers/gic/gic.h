/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's interrupt controller as Lintel uses it: GICv3 (IHI 0069), non-secure view, group 1,
 * EOImode 1.
 *
 * `cpu` is Lintel's number of a CPU (an index into machine.cpus); it selects the redistributor for
 * an SGI or PPI and is ignored for an SPI. Every function may be called on any CPU, the
 * redistributor's owner or not, unless it says otherwise. None takes a lock: each is a write to a
 * set/clear register, or concerns one interrupt that one owner configures.
 */
#ifndef DRIVERS_GIC_GIC_H
#define DRIVERS_GIC_GIC_H

#include "drivers/dt/machine.h"
#include "hyp/base/compiler.h"
#include "hyp/base/status.h"

#define GIC_SGIS        16
#define GIC_PPI_FIRST   16
#define GIC_SPI_FIRST   32
#define GIC_INTID_LIMIT 1020 /* INTIDs from here on are special (1020..1023) or extended */
#define GIC_SPURIOUS    1023

/* All of Lintel's interrupts have one priority: none preempts another. */
#define GIC_PRIORITY    0xa0

/*
 * Boot CPU, once: maps the frames that the devicetree names, checks that they are a GICv3, resets
 * the distributor (all SPIs off, group 1, GIC_PRIORITY, level, routed to nobody in particular) and
 * enables it. ERR_NOT_SUPPORTED for GICv2 and none at all; ERR_IO for frames that don't answer as a
 * GICv3. Logged.
 */
enum status __must_check gic_init(const struct machine *machine);

/*
 * On each CPU, the boot CPU included, after gic_init(): finds its redistributor by affinity, wakes
 * it, resets SGIs and PPIs (off, group 1, GIC_PRIORITY, PPIs level), and sets the CPU interface up.
 * SGIs are enabled at the end; PPIs are not. ERR_NOT_FOUND: no redistributor has this affinity;
 * ERR_IO: it won't wake; ERR_NOT_SUPPORTED: firmware denies EL2 the system register interface.
 */
enum status __must_check gic_cpu_init(unsigned cpu, uint64_t mpidr);

/* INTIDs of SPIs end before this (32..1020). */
unsigned gic_intid_limit(void);

void gic_enable(unsigned cpu, uint32_t intid);

/* Returns when the interrupt can no more be delivered (RWP). */
void gic_disable(unsigned cpu, uint32_t intid);
bool gic_is_enabled(unsigned cpu, uint32_t intid);

void gic_set_priority(unsigned cpu, uint32_t intid, uint8_t priority);

/* Edge-triggered, or level-sensitive. The interrupt must be disabled. No effect on SGIs. */
void gic_set_edge(unsigned cpu, uint32_t intid, bool edge);

/* Routes an SPI to the CPU with this affinity. */
void gic_route(uint32_t intid, uint64_t mpidr);

void gic_set_active(unsigned cpu, uint32_t intid);
void gic_clear_active(unsigned cpu, uint32_t intid);
bool gic_is_active(unsigned cpu, uint32_t intid);

void gic_set_pending(unsigned cpu, uint32_t intid);
void gic_clear_pending(unsigned cpu, uint32_t intid);
bool gic_is_pending(unsigned cpu, uint32_t intid);

/* The PPI of the virtual interface's maintenance interrupt, or MACHINE_NO_INTID. */
uint32_t gic_maintenance_intid(void);

/* GICD_TYPER as read at initialisation. */
uint32_t gic_typer(void);

#endif
