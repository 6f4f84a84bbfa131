/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nested GIC: ICH_* of the guest hypervisor, its list registers for its guest, its maintenance
 * interrupt (IHI 0069H 12.4).
 *
 * ICH_LR<n>_EL2, ICH_AP*R<n>_EL2, ICH_HCR_EL2 and ICH_VMCR_EL2 are in the page: L1 writes them
 * unseen. They go into the CPU when its inner guest begins with vHCR_EL2.IMO = 1, and come back
 * when it ends; L1's own CPU interface is detached meanwhile (vgic_detach()). Where vHCR_EL2.IMO =
 * 0 the CPU's stay L1's, for its inner guest as well. L1 has IMO and FMO alike: what differs is
 * said once, and FMO is taken to be as IMO.
 *
 * A list register keeps its number. Of those in the CPU:
 *
 *   loaded  state not 0 in the page. Not loaded, though: INTIDs that can't be, and the second one
 * of an INTID: for the CPU they are UNPREDICTABLE; they stay in the page as they are; linked  HW =
 * 1 in the page, and pINTID is a PPI or SPI of L1's own GIC. When it becomes inactive so does that
 * interrupt of L1's; backed  of these, HW = 1 in the CPU, too: L1's is active, and holds a physical
 * interrupt active. A linked one of an active interrupt that is not backed has a maintenance
 * interrupt at its end: L1's interrupt may come again only then.
 *
 * The CPU's maintenance interrupt while inner: nested_gic_signals() finds out why, gives L1 its own
 * (PPI 25, if its list registers say so), and disarms what was the cause until the next begin, for
 * an L1 that doesn't take PPI 25 would be out again at once.
 *
 * PPI 25 is ICH_HCR_EL2.En && ICH_MISR_EL2 != 0, as far as L0 can see it: at the begin and end of
 * the inner guest, when L1 reads ICH_MISR_EL2 or its pending state, or ends the interrupt.
 */
#ifndef HYP_NESTED_GIC_H
#define HYP_NESTED_GIC_H

#include "hyp/nested/nested.h"

/* What the guest's devicetree says. */
#define NESTED_PPI_MAINTENANCE 25

enum status nested_gic_create(struct vm *vm) __must_check;
void nested_gic_destroy(struct vm *vm);
/* Of a vCPU that isn't loaded; what is in the page of it, too. */
void nested_gic_reset(struct nested *nested);

/*
 * The inner guest begins, with vHCR_EL2.IMO: L0's list registers for L1 are put away (L1's
 * interrupts are kept by the vGIC in software meanwhile), the page's loaded. And its end: they go
 * back to the page, with what the hardware-linked ones ended in L1's own GIC; L0's are in force
 * again, and the maintenance interrupt of L1 (PPI 25) has its level.
 *
 * The same when the vCPU comes to a CPU (enter after all else has been loaded) and leaves it (leave
 * before anything else is put). An interrupt for L1, whether it was pending before or comes later,
 * asks for WORK_VGIC: then nested_gic_signals() says whether it is signalled.
 */
void nested_gic_enter(struct nested *nested);
void nested_gic_leave(struct nested *nested);

/*
 * An application at EL0 directly under vEL2 without VHE begins and ends (el0.c): the CPU takes no
 * virtual interrupt then, so that L1's are kept by the vGIC in software meanwhile.
 */
void nested_gic_detach(struct nested *nested);
void nested_gic_attach(struct nested *nested);

/* An inner guest with its own list registers runs: is there an interrupt for L1 that would be
 * signalled to it (PSTATE not looked at)? Brings the vGIC's software state up to date. */
bool nested_gic_signals(struct nested *nested);
/* Would one be signalled to the inner guest itself (and end its WFI)? */
bool nested_gic_inner_signals(struct nested *nested);

/* Does an access of the inner guest's to an ICC register, with its own list registers, belong to
 * L1: by ICH_HCR_EL2's traps, or an SGI? */
bool nested_gic_forwards(const struct nested *nested, unsigned encoding);

/* ICH_VTR_EL2, ICH_MISR_EL2, ICH_EISR_EL2, ICH_ELRSR_EL2, ICC_SRE_EL2, which trap at vEL2. False:
 * not one of them, or not that way. */
bool nested_gic_read(struct nested *nested, unsigned encoding, uint64_t *value);
bool nested_gic_write(struct nested *nested, unsigned encoding, uint64_t value);

#endif
