/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICH_* registers that follow from others, computed from the page of VNCR_EL2 (IHI 0069H 12.4).
 * Pure; `page` is the whole page, list registers are its first vif.lrs.
 */
#ifndef HYP_NESTED_GIC_STATUS_H
#define HYP_NESTED_GIC_STATUS_H

#include "drivers/gic/vif.h"

/* What is in the page. */
#define PAGE_ICH_LR(page, n)   ((page)[VNCR_ICH_LR0_EL2 / 8 + (n)])
#define PAGE_ICH_HCR(page)     ((page)[VNCR_ICH_HCR_EL2 / 8])
#define PAGE_ICH_VMCR(page)    ((page)[VNCR_ICH_VMCR_EL2 / 8])
#define PAGE_ICH_AP0R(page, n) ((page)[VNCR_ICH_AP0R0_EL2 / 8 + (n)])
#define PAGE_ICH_AP1R(page, n) ((page)[VNCR_ICH_AP1R0_EL2 / 8 + (n)])

/* The list register is inactive, but owes a maintenance interrupt. */
static inline bool gic_owes_eoi(uint64_t lr)
{
	return (lr & (LR_STATE | LR_HW | LR_EOI)) == LR_EOI;
}

/* ICH_EISR_EL2: bit n: list register n owes one. */
uint32_t gic_eisr(const uint64_t *page);

/* ICH_ELRSR_EL2: bit n: list register n is inactive and owes none. */
uint32_t gic_elrsr(const uint64_t *page);

/* ICH_MISR_EL2. It doesn't depend on ICH_HCR_EL2.En; the interrupt does. */
uint32_t gic_misr(const uint64_t *page);

/* ICH_VTR_EL2: that of the machine, without direct injection. */
uint64_t gic_vtr(void);

/* The bits of ICH_HCR_EL2 that trap an ICC register; 0: none does. */
uint64_t gic_traps_of(unsigned encoding);

#endif
