/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exits of a vCPU that has a virtual EL2 (hyp/nested/nested.h): two more exit tables
 * (hyp/trap/exit.h), for its two contexts.
 *
 * At vEL2 (hyp): what is the virtual EL2's own goes to hyp/nested (EL2's registers, ERET, HVC,
 * which it takes itself); all else is answered as any guest's: SMC, aborts on the VM's own stage 2,
 * ID registers ...
 *
 * Of the inner guest, in this order:
 *   1. a stage-2 abort: the shadow is filled, or it is L1's, or of a device that L1 has given to
 * its guest;
 *   2. what L1 has asked for (hyp/nested/forward.h, gic.h): EXIT_REFLECT;
 *   3. what L0 traps for itself: as any guest's.
 */
#ifndef HYP_TRAP_VIRTUAL_EL2_H
#define HYP_TRAP_VIRTUAL_EL2_H

#include "hyp/trap/exit.h"

/* Boot CPU, once, before the first VM is made. */
void virtual_el2_init(void);

#endif
