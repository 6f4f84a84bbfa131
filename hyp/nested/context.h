/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two contexts of a vCPU with a virtual EL2, in the CPU's registers (states: nested.h).
 */
#ifndef HYP_NESTED_CONTEXT_H
#define HYP_NESTED_CONTEXT_H

#include "hyp/nested/nested.h"

/* Of HCR_EL2, what makes EL1 a virtual EL2. */
#define NESTED_HCR_BITS (HCR_EL2_NV | HCR_EL2_NV1 | HCR_EL2_NV2 | HCR_EL2_AT | HCR_EL2_TTLB)

/* Of a vCPU that is being reset, base_hcr, base_cptr and the registers of vEL2 set: its controls in
 * both contexts. */
void nested_reset_controls(struct nested *nested);

/* The vCPU has just been loaded on this CPU, all but this part of it; or it is about to leave it.
 */
void nested_load(struct nested *nested);
void nested_put(struct nested *nested);

/*
 * Without VHE an application at EL0 under vTGE = 1 runs in no context of its own: hyp, with the
 * CPU's TGE set, so that whatever it does comes to EL2, and from there to vEL2. It begins by ERET,
 * and ends when an exception is taken.
 */
void nested_begin_el0(struct vcpu *vcpu);
void nested_leave_el0(struct vcpu *vcpu);
/* Its part of nested_load() and nested_put(). */
void nested_load_el0(struct nested *nested);
void nested_put_el0(struct nested *nested);

/* vcpu->take while hyp: the recorded exception happens at vEL2. */
void nested_take_recorded(struct vcpu *vcpu);

#endif
