/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped MSR, MRS and SYS (EC 0x18): from the encoding to the row of hyp/arch/sysreg.def in two
 * indexed steps, then by the row's trap class. What has no row is UNDEFINED, but for the space of
 * the ID registers (hyp/trap/idreg.h).
 */
#ifndef HYP_TRAP_SYSREG_H
#define HYP_TRAP_SYSREG_H

#include "hyp/arch/sysreg.h"
#include "hyp/vm/vcpu.h"

/* Boot CPU, once: builds the index. */
void sysreg_init(void);

enum exit_result sysreg_handle(struct vcpu *vcpu, uint64_t esr);

/*
 * Does an access at EL0 trap for Lintel alone: debug's registers, those of hidden features, and
 * those that the architecture leaves to the implementation? What EL1 can deny EL0 is not among them
 * (cache maintenance, timers).
 */
bool sysreg_is_own_at_el0(unsigned encoding);

/* "SCTLR_EL1", or NULL for an encoding (SYSREG_ENC()) without a row. */
const char *sysreg_name(unsigned encoding);

#endif
