/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WFI and WFE that trapped (HCR_EL2.TWI, TWE). WFIT and WFET are hidden (ID_AA64ISAR2_EL1.WFxT),
 * but a guest that executes them where the CPU has them anyway gets what WFI and WFE would do:
 * returning early is always allowed.
 */
#ifndef HYP_TRAP_WFX_H
#define HYP_TRAP_WFX_H

#include "hyp/vm/vcpu.h"

enum exit_result wfx_handle(struct vcpu *vcpu, uint64_t esr);

#endif
