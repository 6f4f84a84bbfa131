/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The GICv3 memory-mapped registers (IHI 0069H, 12.8 to 12.11), and what the files of this folder
 * share.
 *
 * A redistributor's SGI frame has the distributor's layout for INTIDs 0 to 31, so one set of
 * functions serves both.
 */
#ifndef DRIVERS_GIC_GICV3_H
#define DRIVERS_GIC_GICV3_H

#include "drivers/gic/gic.h"
#include "hyp/arch/lock.h"

/* Distributor, and (from IGROUPR to ICFGR) the SGI frame */
#define GICD_CTLR           0x0000
#define GICD_TYPER          0x0004
#define GICD_IGROUPR        0x0080
#define GICD_ISENABLER      0x0100
#define GICD_ICENABLER      0x0180
#define GICD_ISPENDR        0x0200
#define GICD_ICPENDR        0x0280
#define GICD_ISACTIVER      0x0300
#define GICD_ICACTIVER      0x0380
#define GICD_IPRIORITYR     0x0400
#define GICD_ICFGR          0x0c00
#define GICD_IROUTER        0x6000
#define GIC_PIDR2           0xffe8 /* of every 64 KiB frame */

/* Bits 1 and 4 have these meanings in the non-secure view and where there is one security state
 * alike. */
#define GICD_CTLR_GROUP1    BIT(1)
#define GICD_CTLR_ARE       BIT(4)
#define GICD_CTLR_RWP       BIT(31)
#define GICD_TYPER_LINES    GENMASK(4, 0)
#define GIC_PIDR2_ARCH      GENMASK(7, 4)
#define GIC_ARCH_V3         3
#define GIC_ARCH_V4         4

/* Redistributor */
#define GICR_CTLR           0x0000
#define GICR_TYPER          0x0008
#define GICR_WAKER          0x0014
#define GICR_SGI_FRAME      0x10000
#define GICR_CTLR_RWP       BIT(3)
#define GICR_TYPER_VLPIS    BIT(1)
#define GICR_TYPER_LAST     BIT(4)
#define GICR_TYPER_AFFINITY GENMASK(63, 32)
#define GICR_WAKER_SLEEP    BIT(1)   /* ProcessorSleep */
#define GICR_WAKER_CHILDREN BIT(2)   /* ChildrenAsleep */
#define GICR_FRAMES_SIZE    KIB(128) /* RD and SGI frame */
#define GICR_FRAMES_SIZE_V4 KIB(256) /* and two for virtual LPIs */

#define GIC_WORD_INTIDS     32 /* of a register with one bit each */
#define GIC_CONFIG_INTIDS   16 /* of ICFGR, two bits each */
#define GIC_CONFIG_EDGE     UINT32_C(2)

/* Polls for a register write or a wake-up to take effect: far more than any hardware takes. */
#define GIC_POLLS_MAX       1000000

struct gicv3 {
	volatile uint8_t *dist;
	volatile uint8_t *redist[MACHINE_GICR_REGIONS_MAX];
	uint64_t redist_size[MACHINE_GICR_REGIONS_MAX];
	unsigned redist_count;
	uint64_t redist_stride; /* 0: by each frame's TYPER */
	volatile uint8_t
		*frames[MACHINE_CPUS_MAX]; /* RD frame of each of Lintel's CPUs, once found */
	uint32_t typer;
	unsigned intid_limit;
	uint32_t maintenance_intid;
	struct spinlock lock; /* read-modify-write of ICFGR */
};

extern struct gicv3 gicv3;

/* The frame that has the interrupt's registers. */
static inline volatile uint8_t *gicv3_frame(unsigned cpu, uint32_t intid)
{
	return intid < GIC_SPI_FIRST ? gicv3.frames[cpu] + GICR_SGI_FRAME : gicv3.dist;
}

/* One word of 32 INTIDs: off, not pending, not active, group 1, GIC_PRIORITY, level. */
void gicv3_reset_word(volatile uint8_t *frame, unsigned word);

/* Waits (bounded) until writes to the distributor, or to a CPU's redistributor, have taken effect.
 */
void gicv3_dist_wait(void);
void gicv3_redist_wait(unsigned cpu);

/* gicv3_dist.c: checks and resets the distributor. gicv3_redist.c: finds and resets a CPU's
 * redistributor. */
enum status __must_check gicv3_dist_init(void);
enum status __must_check gicv3_redist_init(unsigned cpu, uint64_t mpidr);

#endif
