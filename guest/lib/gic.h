/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GICv3: distributor, redistributors (128 KiB for each CPU, in order), CPU interface by system
 * registers. INTIDs 0-15 are SGIs, 16-31 PPIs (both in a redistributor), 32 on SPIs.
 */
#ifndef GUEST_LIB_GIC_H
#define GUEST_LIB_GIC_H

#include "exception.h"
#include "mmio.h"
#include "regs.h"

#define GICD_CTLR            0x0000
#define GICD_TYPER           0x0004
#define GICD_IIDR            0x0008
#define GICD_TYPER2          0x000c
#define GICD_STATUSR         0x0010
#define GICD_SETSPI_NSR      0x0040
#define GICD_CLRSPI_NSR      0x0048
#define GICD_IROUTER         0x6000
#define GICD_ITARGETSR       0x0800
#define GICD_NSACR           0x0e00
#define GICD_SGIR            0x0f00
#define GIC_PIDR2            0xffe8

#define GICR_CTLR            0x0000
#define GICR_IIDR            0x0004
#define GICR_TYPER           0x0008
#define GICR_STATUSR         0x0010
#define GICR_WAKER           0x0014
#define GICR_SGI_BASE        0x10000

/* Banks that a distributor has from INTID 32 on and a redistributor's SGI frame for 0-31. */
#define GIC_IGROUPR          0x0080
#define GIC_ISENABLER        0x0100
#define GIC_ICENABLER        0x0180
#define GIC_ISPENDR          0x0200
#define GIC_ICPENDR          0x0280
#define GIC_ISACTIVER        0x0300
#define GIC_ICACTIVER        0x0380
#define GIC_IPRIORITYR       0x0400
#define GIC_ICFGR            0x0c00
#define GIC_IGRPMODR         0x0d00

#define GICD_CTLR_GRP0       BIT(0)
#define GICD_CTLR_GRP1       BIT(1)
#define GICD_CTLR_ARE        BIT(4)
#define GICD_CTLR_DS         BIT(6)
#define GICD_CTLR_RWP        BIT(31)

#define IROUTER_IRM          BIT(31)
#define SGI1R_IRM            BIT(40)

#define INTID_NONE           1023
#define SPI_BASE             32
#define GIC_DEFAULT_PRIORITY 0xa0
#define GIC_PMR_ALL          0xff

/* Distributor: all SPIs group 1, off, priority a0, to this CPU; then on. */
void gic_init(void);
/* This CPU's redistributor and CPU interface: all off and idle, group 1, PMR open, EOImode 0. */
void gic_init_cpu(void);

/* The base of a CPU's two redistributor frames. */
static inline u64 gicr(u32 cpu)
{
	return GICR_BASE + cpu * GICR_STRIDE;
}

/* The address of a bank's first register for `intid`, in the frame of `cpu` for SGIs and PPIs. */
static inline u64 gic_bank(u32 cpu, u32 intid, u64 bank)
{
	return (intid < SPI_BASE ? gicr(cpu) + GICR_SGI_BASE : GICD_BASE) + bank;
}

/* Set or clear one interrupt's bit by writing one to a set or clear register. */
void gic_write_bit(u32 cpu, u32 intid, u64 bank);
bool gic_read_bit(u32 cpu, u32 intid, u64 bank);

/* For this CPU's SGIs and PPIs, or SPIs. */
void gic_enable(u32 intid);
void gic_disable(u32 intid);
void gic_set_pending(u32 intid);
void gic_clear_pending(u32 intid);
bool gic_is_pending(u32 intid);
bool gic_is_active(u32 intid);
void gic_clear_active(u32 intid);
void gic_set_priority(u32 intid, u8 priority);
void gic_set_group(u32 intid, u32 group);
void gic_set_edge(u32 intid, bool edge);
/* Sends SPI `intid` to one CPU. */
void gic_route(u32 intid, u32 cpu);
/* Group 1 SGI `intid` to one CPU. */
void gic_send_sgi(u32 intid, u32 cpu);
/* Number of INTIDs that the distributor has. */
u32 gic_intids(void);

/* Called for each interrupt acknowledged, between acknowledge and end of interrupt. */
typedef void (*gic_handler)(u32 intid, struct regs *regs);
/* Takes IRQs from now on: acknowledge, `handler`, EOI (and DIR where EOImode is 1). */
void gic_set_handler(gic_handler handler);
/* Taken so far on a CPU, by INTID (up to GIC_COUNTED) and spurious ones. */
#define GIC_COUNTED 160
u32 gic_taken(u32 cpu, u32 intid);
u32 gic_spurious(u32 cpu);
void gic_clear_counts(void);

static inline u32 gic_ack(void)
{
	u32 intid = (u32)mrs(ICC_IAR1_EL1);

	dsb(sy);
	return intid;
}

static inline void gic_eoi(u32 intid)
{
	msr(ICC_EOIR1_EL1, intid);
	isb();
}

static inline void gic_deactivate(u32 intid)
{
	msr(ICC_DIR_EL1, intid);
	isb();
}

#endif
