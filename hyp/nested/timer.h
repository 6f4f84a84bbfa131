/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four timers for a guest hypervisor: CNTV and CNTP of vEL1 (PPI 27, 30), CNTHP and CNTHV of vEL2
 * (PPI 26, 28). Two are in the CPU's CNTV and CNTP:
 *
 *   hyp, VHE      vCNTHV, vCNTHP       (L1 uses them by the names CNTV_*_EL0, CNTP_*_EL0)
 *   hyp, non-VHE  none: vCNTHP by traps; CNTV_*_EL0 and CNTP_*_EL0 are vEL1's, in the page
 *   inner         vCNTV (with CNTVOFF_EL2 = VM's + vCNTVOFF), vCNTP
 *
 * The others are watched by soft timers. vEL1's CTL and CVAL are in the page while hyp.
 */
#ifndef HYP_NESTED_TIMER_H
#define HYP_NESTED_TIMER_H

#include "hyp/nested/nested.h"

enum status nested_timer_create(struct vm *vm) __must_check;
void nested_timer_destroy(struct vm *vm);
void nested_timer_reset(struct nested *nested);

/* The context changes, nested->inner is still the old one: other timers go into the CPU. */
void nested_timer_enter(struct nested *nested);
void nested_timer_leave(struct nested *nested);

/* The vCPU comes to a CPU, and leaves it: after, and before, the parts' own vcpu_load and vcpu_put.
 */
void nested_timer_load(struct nested *nested);
void nested_timer_put(struct nested *nested);

/* CNTHP_*, CNTHV_*, CNTHCTL_EL2, CNT{P,V}_*_EL02, CNTKCTL_EL12, and EL0's names where they trap.
 * False: not one of them. */
bool nested_timer_read(struct nested *nested, unsigned encoding, uint64_t *value);
bool nested_timer_write(struct nested *nested, unsigned encoding, uint64_t value);

#endif
