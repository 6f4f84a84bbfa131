/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU interface by system registers (IHI 0069 12.2), for the CPU that executes it.
 *
 * On every interrupt's path, so inline.
 */
#ifndef DRIVERS_GIC_GICV3_CPU_H
#define DRIVERS_GIC_GICV3_CPU_H

#include "drivers/gic/gic.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/types.h"

/* ICC_SGI1R_EL1: the targets of an SGI. */
#define ICC_SGIR_TARGETS GENMASK(15, 0)
#define ICC_SGIR_AFF1    GENMASK(23, 16)
#define ICC_SGIR_INTID   GENMASK(27, 24)
#define ICC_SGIR_AFF2    GENMASK(39, 32)
#define ICC_SGIR_IRM     BIT(40)
#define ICC_SGIR_RS      GENMASK(47, 44)
#define ICC_SGIR_AFF3    GENMASK(55, 48)

/*
 * Acknowledges the highest-priority pending group 1 interrupt: it becomes active. Returns its
 * INTID, or one >= GIC_INTID_LIMIT when there is none. What the sender wrote before is visible
 * after it.
 */
static inline uint32_t gicv3_acknowledge(void)
{
	uint32_t intid = (uint32_t)read_sysreg(ICC_IAR1_EL1);

	dsb_sy();
	return intid;
}

/* Priority drop: others may come; this one stays active until gicv3_deactivate(). */
static inline void gicv3_drop(uint32_t intid)
{
	write_sysreg(intid, ICC_EOIR1_EL1);
}

/* Ends the active state of an interrupt after gicv3_drop(). */
static inline void gicv3_deactivate(uint32_t intid)
{
	write_sysreg(intid, ICC_DIR_EL1);
}

/* The value that sends SGI `sgi` (0..15) to the CPU with this affinity: constant for each CPU, so
 * keep it. */
static inline uint64_t gicv3_sgi_value(uint64_t mpidr, unsigned sgi)
{
	uint64_t aff0 = mpidr & 0xff;

	return BIT(aff0 & 0xf) | FIELD_PREP(ICC_SGIR_RS, aff0 >> 4) |
		FIELD_PREP(ICC_SGIR_INTID, sgi) | FIELD_PREP(ICC_SGIR_AFF1, mpidr >> 8) |
		FIELD_PREP(ICC_SGIR_AFF2, mpidr >> 16) | FIELD_PREP(ICC_SGIR_AFF3, mpidr >> 32);
}

/* Sends what gicv3_sgi_value() made. What was written before is visible to the receiver. */
static inline void gicv3_send_sgi(uint64_t value)
{
	dsb_ishst();
	write_sysreg(value, ICC_SGI1R_EL1);
	isb();
}

/* Sends SGI `sgi` to all CPUs but this one. */
static inline void gicv3_send_sgi_others(unsigned sgi)
{
	gicv3_send_sgi(ICC_SGIR_IRM | FIELD_PREP(ICC_SGIR_INTID, sgi));
}

/* This CPU's interface: SRE, all priorities, EOImode 1, group 1 on. Called by gic_cpu_init(). */
enum status __must_check gicv3_cpu_init(void);

#endif
