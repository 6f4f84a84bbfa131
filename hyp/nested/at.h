/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT at vEL2, and of an inner guest where L0 traps it: by walks of the guest's tables in software
 * (mm/walk_s1.h, mm/walk_s2.h), or by the CPU's own AT S1E1* and S1E0* where its registers are
 * live. Every way out writes PAR_EL1 (DDI 0487 C5.4, D19.2.113).
 */
#ifndef HYP_NESTED_AT_H
#define HYP_NESTED_AT_H

#include "hyp/nested/nested.h"

/* AT `encoding` (SYS_AT_*) with that operand. EXIT_SKIP; EXIT_RESUME: the guest is to execute it
 * again (memory is being given); or UNDEF. */
enum exit_result nested_at(struct vcpu *vcpu, unsigned encoding, uint64_t va);

#endif
