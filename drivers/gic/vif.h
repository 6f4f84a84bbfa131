/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual CPU interface (IHI 0069 section 6, 12.4): list registers and their kin, of the CPU
 * that executes it.
 *
 * Only registers that ICH_VTR_EL2 says exist are touched: the others are UNDEFINED. On every exit's
 * path, so inline.
 */
#ifndef DRIVERS_GIC_VIF_H
#define DRIVERS_GIC_VIF_H

#include "hyp/arch/sysreg.h"
#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

#define VIF_LRS_MAX      16
#define VIF_APRS_MAX     4

/* ICH_LR<n>_EL2 */
#define LR_VINTID        GENMASK(31, 0)
#define LR_PINTID        GENMASK(44, 32) /* with LR_HW */
#define LR_EOI           BIT(41) /* without LR_HW: maintenance interrupt when it becomes inactive */
#define LR_PRIORITY      GENMASK(55, 48)
#define LR_NMI           BIT(59)
#define LR_GROUP1        BIT(60)
#define LR_HW            BIT(61)
#define LR_STATE         GENMASK(63, 62)
#define LR_STATE_SHIFT   62
#define LR_PENDING       BIT(62)
#define LR_ACTIVE        BIT(63)

/* ICH_HCR_EL2 */
#define VIF_HCR_EN       BIT(0)
#define VIF_HCR_UIE      BIT(1) /* maintenance interrupt when none or one list register is in use */
#define VIF_HCR_LRENPIE  BIT(2) /* ... when EOIcount is not 0 */
#define VIF_HCR_NPIE     BIT(3) /* ... when no list register is pending */
#define VIF_HCR_VGRP0EIE BIT(4)
#define VIF_HCR_VGRP0DIE BIT(5)
#define VIF_HCR_VGRP1EIE BIT(6)
#define VIF_HCR_VGRP1DIE BIT(7)
#define VIF_HCR_TC       BIT(10)
#define VIF_HCR_TALL0    BIT(11)
#define VIF_HCR_TALL1    BIT(12)
#define VIF_HCR_TSEI     BIT(13)
#define VIF_HCR_TDIR     BIT(14)
#define VIF_HCR_EOICOUNT GENMASK(31, 27)

/* ICH_MISR_EL2 */
#define VIF_MISR_EOI     BIT(0)
#define VIF_MISR_U       BIT(1)
#define VIF_MISR_LRENP   BIT(2)
#define VIF_MISR_NP      BIT(3)
#define VIF_MISR_VGRP0E  BIT(4)
#define VIF_MISR_VGRP0D  BIT(5)
#define VIF_MISR_VGRP1E  BIT(6)
#define VIF_MISR_VGRP1D  BIT(7)

/* ICH_VMCR_EL2 */
#define VIF_VMCR_VENG0   BIT(0)
#define VIF_VMCR_VENG1   BIT(1)
#define VIF_VMCR_VACKCTL BIT(2)
#define VIF_VMCR_VFIQEN  BIT(3)
#define VIF_VMCR_VCBPR   BIT(4)
#define VIF_VMCR_VEOIM   BIT(9)
#define VIF_VMCR_VBPR1   GENMASK(20, 18)
#define VIF_VMCR_VBPR0   GENMASK(23, 21)
#define VIF_VMCR_VPMR    GENMASK(31, 24)

/* ICH_VTR_EL2; numbers of bits and of list registers less one */
#define VTR_LISTREGS     GENMASK(4, 0)
#define VTR_TDS          BIT(19)
#define VTR_NV4          BIT(20) /* no direct injection */
#define VTR_A3V          BIT(21)
#define VTR_SEIS         BIT(22)
#define VTR_IDBITS       GENMASK(25, 23)
#define VTR_PREBITS      GENMASK(28, 26)
#define VTR_PRIBITS      GENMASK(31, 29)

/* What ICH_VTR_EL2 says; the same on every CPU (vif_init() takes the smallest). */
struct vif_info {
	unsigned lrs;           /* list registers: 1..16 */
	unsigned aprs;          /* active priority registers of each group: 1, 2 or 4 */
	unsigned priority_bits; /* 5..8 */
	unsigned preemption_bits;
	unsigned id_bits; /* 16 or 24 */
	bool a3v, seis, tdir;
};

extern struct vif_info vif;

/* The active priorities of both groups; saved and restored with a vCPU, not on each exit. */
struct vif_aprs {
	uint32_t ap0[VIF_APRS_MAX];
	uint64_t ap1[VIF_APRS_MAX]; /* bit 63 of the first: NMI */
};

/*
 * On each CPU, after gic_cpu_init(): reads ICH_VTR_EL2 and puts the interface to rest (off, list
 * registers and active priorities empty). Called by gic_cpu_init().
 */
void vif_cpu_init(void);

/* Active priorities of the vCPU that ran here; all zero in a vCPU that was just reset. Those of
 * more than one register for each group. */
void vif_more_aprs_save(struct vif_aprs *to);
void vif_more_aprs_restore(const struct vif_aprs *from);

/* The first of each group. */
static inline void vif_first_aprs_save(struct vif_aprs *to)
{
	to->ap0[0] = (uint32_t)read_sysreg(ICH_AP0R0_EL2);
	to->ap1[0] = read_sysreg(ICH_AP1R0_EL2);
}

static inline void vif_first_aprs_restore(const struct vif_aprs *from)
{
	write_sysreg(from->ap0[0], ICH_AP0R0_EL2);
	write_sysreg(from->ap1[0], ICH_AP1R0_EL2);
}

/* All. */
static inline void vif_aprs_save(struct vif_aprs *to)
{
	if (unlikely(vif.aprs != 1))
		vif_more_aprs_save(to);
	vif_first_aprs_save(to);
}

static inline void vif_aprs_restore(const struct vif_aprs *from)
{
	if (unlikely(vif.aprs != 1))
		vif_more_aprs_restore(from);
	vif_first_aprs_restore(from);
}

/* Bit n: list register n is free (neither pending nor active, and no maintenance interrupt owed for
 * it). */
static inline uint32_t vif_free(void)
{
	return (uint32_t)read_sysreg(ICH_ELRSR_EL2);
}

/* Bit n: list register n became inactive with LR_EOI set. */
static inline uint32_t vif_ended(void)
{
	return (uint32_t)read_sysreg(ICH_EISR_EL2);
}

static inline uint32_t vif_misr(void)
{
	return (uint32_t)read_sysreg(ICH_MISR_EL2);
}

static inline uint64_t vif_hcr_read(void)
{
	return read_sysreg(ICH_HCR_EL2);
}

static inline void vif_hcr_write(uint64_t value)
{
	write_sysreg(value, ICH_HCR_EL2);
}

static inline uint64_t vif_vmcr_read(void)
{
	return read_sysreg(ICH_VMCR_EL2);
}

static inline void vif_vmcr_write(uint64_t value)
{
	write_sysreg(value, ICH_VMCR_EL2);
}

/* clang-format off */
#define VIF_LR_EACH(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
/* clang-format on */

/* List register `index` (< vif.lrs). With a constant index, one instruction. */
static __always_inline uint64_t vif_lr_read(unsigned index)
{
	switch (index) {
#define VIF_LR_READ(n) \
	case n:        \
		return read_sysreg(ICH_LR##n##_EL2);
		VIF_LR_EACH(VIF_LR_READ)
#undef VIF_LR_READ
	default:
		return 0;
	}
}

/* The same, and it is empty then. */
static __always_inline uint64_t vif_lr_take(unsigned index)
{
	uint64_t value;

	switch (index) {
#define VIF_LR_TAKE(n)                                \
	case n:                                       \
		value = read_sysreg(ICH_LR##n##_EL2); \
		write_sysreg(0, ICH_LR##n##_EL2);     \
		return value;
		VIF_LR_EACH(VIF_LR_TAKE)
#undef VIF_LR_TAKE
	default:
		return 0;
	}
}

static __always_inline void vif_lr_write(unsigned index, uint64_t value)
{
	switch (index) {
#define VIF_LR_WRITE(n)                               \
	case n:                                       \
		write_sysreg(value, ICH_LR##n##_EL2); \
		break;
		VIF_LR_EACH(VIF_LR_WRITE)
#undef VIF_LR_WRITE
	default:
		break;
	}
}

#endif
