/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT at vEL2, and of an inner guest where L0 traps it: by walks of the guest's tables in software
 * (mm/walk_s1.h, mm/walk_s2.h), or by the CPU's own AT S1E1* and S1E0* where its registers are
 * live. Every way out writes PAR_EL1 (DDI 0487 C5.4, D19.2.113).
 */
#ifndef HYP_NESTED_AT_H
#define HYP_NESTED_AT_H

#include "hyp/nested/nested.h"

/*
 * AT `encoding` (SYS_AT_*) with that operand, executed at vEL2, or by the inner guest. EXIT_SKIP;
 * EXIT_RESUME: the guest is to execute it again (memory is being given); or UNDEF: what the CPU
 * lacks, what only EL2 has, and other encodings.
 *
 * The CPU's own AT is asked first where the regime is that of its EL1 registers as they are: what
 * vEL2 asks of itself, and the inner guest of itself. A translation is believed if it leads to
 * where the guest may have memory, a fault of stage 1 if it is of permission or of the access flag.
 * What else it says may come of Lintel's own stage 2, or of a larger machine than the guest is
 * shown: the walk says what it is.
 */
enum exit_result nested_at(struct vcpu *vcpu, unsigned encoding, uint64_t va);

/* Boot CPU, once: how this CPU writes what PAR_EL1 leaves to it. */
void nested_at_init(void);

#endif
