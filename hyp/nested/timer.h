/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four timers for a guest hypervisor: CNTV and CNTP of vEL1 (PPI 27, 30), CNTHP and CNTHV of vEL2
 * (PPI 26, 28). Arm ARM D12.
 *
 * Two at a time are in the CPU's CNTV and CNTP while the vCPU is loaded:
 *
 *   hyp, VHE      vCNTHV, vCNTHP       (L1 uses them by the names CNTV_*_EL0, CNTP_*_EL0)
 *   hyp, non-VHE  none: all by traps
 *   inner         vCNTV (with CNTVOFF_EL2 = VM's + vCNTVOFF), vCNTP
 *
 * Of the others, and of all of a vCPU that isn't loaded, CTL and CVAL are in memory: vEL1's in the
 * page, vEL2's in struct nested_timer. While the vCPU is loaded, or blocked, one soft timer watches
 * those in memory. It is armed for the earliest of them or for an earlier time: it is moved when
 * one comes that is earlier, not when that one goes; what it finds nothing for it is armed anew.
 *
 * Interrupts: the PPIs of the two in the CPU come as its physical interrupts 27 and 30
 * (vgic_switch_hw()), those of the others are wires of the vGIC.
 *
 * What traps at vEL2: CNTHP_*, CNTHV_*, CNTHCTL_EL2, CNTKCTL_EL12, TVAL_EL02 always. CTL and CVAL
 * of vEL1 (EL02 names with VHE; CNTV_*_EL0, CNTP_*_EL0 without) would go to the page, where nobody
 * makes ISTATUS: with FEAT_ECV they are made to trap, too. Without it they don't (but for CNTP
 * without VHE): while hyp the page is looked at every VTIMER_LOOK_AGAIN_MS, at each context change
 * and when the vCPU blocks, and has ISTATUS as it was then.
 *
 * CNTVCT_EL0 at vEL2: with VHE there is no offset, whatever vCNTVOFF_EL2 is. Without VHE there is,
 * and it may change unseen: the access traps (FEAT_ECV); else the offset is the one of the last
 * context change. The virtual counter of such a VM is its physical one (vm->cntvoff is 0), or
 * CNTVCT would not be CNTPCT - vCNTVOFF for the inner guest, as L1 reckons; and there is no
 * CNTPOFF_EL2 (L1 sees ECV = 1 at most).
 *
 * CNTHCTL_EL2 of the CPU is this file's while such a vCPU is loaded: what traps for hyp, see above;
 * what L1's own has trap while inner; L1's event stream.
 */
#ifndef HYP_NESTED_TIMER_H
#define HYP_NESTED_TIMER_H

#include "hyp/nested/nested.h"

/* For nested_create(): PPIs, memory. ERR_NO_MEMORY. */
enum status nested_timer_create(struct vm *vm) __must_check;
void nested_timer_destroy(struct vm *vm);

/* All off; vCNTHCTL_EL2 (values[]) has its reset value already. The vCPU isn't loaded. */
void nested_timer_reset(struct nested *nested);

/* vCNTHCTL_EL2 (values[]) has changed: what CNTHCTL_EL2 of the CPU is to be in each context. */
void nested_timer_set_controls(struct nested *nested);

/* The context changes, nested->inner is still the old one, and so is CNTKCTL_EL1: other timers go
 * into the CPU. The list registers are those of L1's own interrupts, or detached. */
void nested_timer_enter(struct nested *nested);
void nested_timer_leave(struct nested *nested);

/* The vCPU comes to a CPU, and leaves it: after, and before, the parts' own vcpu_load and vcpu_put.
 */
void nested_timer_load(struct nested *nested);
void nested_timer_put(struct nested *nested);

/*
 * Accesses at vEL2: CNTHP_*, CNTHV_*, CNTHCTL_EL2, CNT{P,V}_*_EL02, CNTKCTL_EL12, and EL0's names
 * where they trap. False: not one of them, or not in this form: UNDEFINED.
 */
bool nested_timer_read(struct nested *nested, unsigned encoding, uint64_t *value);
bool nested_timer_write(struct nested *nested, unsigned encoding, uint64_t value);

#endif
