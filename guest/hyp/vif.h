/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual CPU interface as EL2 has it for an inner guest: registers by numbers, list registers
 * by index (the first four), and what the tests of it share.
 */
#ifndef GUEST_HYP_VIF_H
#define GUEST_HYP_VIF_H

#include "gic.h"
#include "hyp.h"

#define ICC_SRE_EL2   S3_4_C12_C9_5
#define ICH_AP0R0_EL2 S3_4_C12_C8_0
#define ICH_AP1R0_EL2 S3_4_C12_C9_0
#define ICH_HCR_EL2   S3_4_C12_C11_0
#define ICH_VTR_EL2   S3_4_C12_C11_1
#define ICH_MISR_EL2  S3_4_C12_C11_2
#define ICH_EISR_EL2  S3_4_C12_C11_3
#define ICH_ELRSR_EL2 S3_4_C12_C11_5
#define ICH_VMCR_EL2  S3_4_C12_C11_7
#define ICH_LR0_EL2   S3_4_C12_C12_0
#define ICH_LR1_EL2   S3_4_C12_C12_1
#define ICH_LR2_EL2   S3_4_C12_C12_2
#define ICH_LR3_EL2   S3_4_C12_C12_3

#define LR_EOI        BIT(41)
#define LR_GROUP1     BIT(60)
#define LR_HW         BIT(61)
#define LR_PENDING    BIT(62)
#define LR_ACTIVE     BIT(63)
#define LR_STATE      (LR_PENDING | LR_ACTIVE)

#define VHCR_EN       BIT(0)
#define VHCR_UIE      BIT(1)
#define VHCR_LRENPIE  BIT(2)
#define VHCR_NPIE     BIT(3)
#define VHCR_VGRP0EIE BIT(4)
#define VHCR_VGRP0DIE BIT(5)
#define VHCR_VGRP1EIE BIT(6)
#define VHCR_VGRP1DIE BIT(7)
#define VHCR_TC       BIT(10)
#define VHCR_TALL0    BIT(11)
#define VHCR_TALL1    BIT(12)
#define VHCR_TDIR     BIT(14)
#define VHCR_EOICOUNT GENMASK(31, 27)

#define VMCR_VENG0    BIT(0)
#define VMCR_VENG1    BIT(1)
#define VMCR_VFIQEN   BIT(3)
#define VMCR_VEOIM    BIT(9)
#define VMCR_PMR(p)   ((u64)(p) << 24)
/* Group 1 on, all priorities. */
#define VMCR_OPEN     (VMCR_PMR(0xf8) | VMCR_VENG1 | VMCR_VFIQEN)

/* PSTATE of the inner guest: not masked. */
#define PSTATE_F      BIT(6)
#define PSTATE_I      BIT(7)

#define MAINTENANCE   25
#define PRIORITY      0x80

/* A register of the interface as the inner guest names it. */
#define ICC(crm, op2) SYSREG(3, 0, 12, crm, op2)
#define INNER_PMR     SYSREG(3, 0, 4, 6, 0)
#define INNER_IAR0    ICC(8, 0)
#define INNER_EOIR0   ICC(8, 1)
#define INNER_DIR     ICC(11, 1)
#define INNER_RPR     ICC(11, 3)
#define INNER_SGI1R   ICC(11, 5)
#define INNER_IAR1    ICC(12, 0)
#define INNER_EOIR1   ICC(12, 1)
#define INNER_HPPIR1  ICC(12, 2)
#define INNER_CTLR    ICC(12, 4)
#define INNER_IGRPEN1 ICC(12, 7)

u64 lr_get(u32 n);
void lr_set(u32 n, u64 value);

/* A group 1 interrupt of a list register, with those of the bits above. */
static inline u64 lr_of(u32 intid, u32 priority, u64 bits)
{
	return intid | (u64)priority << 48 | LR_GROUP1 | bits;
}

static inline u64 lr_hw(u32 intid, u32 pintid, u64 state)
{
	return lr_of(intid, PRIORITY, LR_HW | (u64)pintid << 32 | state);
}

/* The interface as every test begins: list registers and active priorities empty, ICH_HCR_EL2 as
 * given, VMCR_OPEN; EL2's own with nothing pending or active. */
void vif_begin(u64 hcr);
void vif_end(void);

/* The inner guest runs those words and came to their end. x is zero before. */
bool vif_ran(struct inner *inner, const u32 *words, u32 count, const char *what);
#define VIF_RUN(inner, what, ...)                    \
	vif_ran(inner, (const u32[]){ __VA_ARGS__ }, \
		sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32), what)

void test_gic_links(void);
void test_gic_maintenance(void);

#endif
