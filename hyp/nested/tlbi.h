/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLBI at vEL2, and of an inner guest where L0 traps it: what must go from the TLBs of all CPUs and
 * from the shadows. DDI 0487 D8.14.
 */
#ifndef HYP_NESTED_TLBI_H
#define HYP_NESTED_TLBI_H

#include "hyp/nested/nested.h"

/* TLBI `encoding` (op0 1, CRn 8 or 9). EXIT_SKIP; or UNDEF: a form that L1's ID registers don't
 * have. */
enum exit_result nested_tlbi(struct vcpu *vcpu, unsigned encoding, uint64_t operand);

#endif
