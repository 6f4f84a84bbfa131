/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nested GIC: ICH_* of the guest hypervisor, its list registers for its guest, its maintenance
 * interrupt (IHI 0069H 12.4).
 *
 * ICH_LR<n>_EL2, ICH_AP*R<n>_EL2, ICH_HCR_EL2 and ICH_VMCR_EL2 are in the page: L1 writes them
 * unseen. They go into the CPU when its inner guest begins with vHCR_EL2.IMO = 1, and come back
 * when it ends.
 */
#ifndef HYP_NESTED_GIC_H
#define HYP_NESTED_GIC_H

#include "hyp/nested/nested.h"

enum status nested_gic_create(struct vm *vm) __must_check;
void nested_gic_destroy(struct vm *vm);
void nested_gic_reset(struct nested *nested);

/*
 * The inner guest begins, with vHCR_EL2.IMO: L0's list registers for L1 are put away (L1's
 * interrupts are kept by the vGIC in software meanwhile), the page's loaded. And its end: they go
 * back to the page, with what the hardware-linked ones ended in L1's own GIC; L0's are in force
 * again, and the maintenance interrupt of L1 (PPI 25) has its level.
 */
void nested_gic_enter(struct nested *nested);
void nested_gic_leave(struct nested *nested);

/* An inner guest with its own list registers runs: is there an interrupt for L1 that would be
 * signalled to it (PSTATE not looked at)? Brings the vGIC's software state up to date. */
bool nested_gic_signals(struct nested *nested);
/* Would one be signalled to the inner guest itself (and end its WFI)? */
bool nested_gic_inner_signals(struct nested *nested);

/* ICH_VTR_EL2, ICH_MISR_EL2, ICH_EISR_EL2, ICH_ELRSR_EL2, ICC_SRE_EL2, which trap at vEL2. False:
 * not one of them, or not that way. */
bool nested_gic_read(struct nested *nested, unsigned encoding, uint64_t *value);
bool nested_gic_write(struct nested *nested, unsigned encoding, uint64_t value);

#endif
