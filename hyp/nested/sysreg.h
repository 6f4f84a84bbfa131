/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trapped accesses at vEL2 (EC 0x18): EL2's registers that NV2 leaves to L0, the EL12 and EL02
 * names, AT, TLBI, ICH_*, timers.
 */
#ifndef HYP_NESTED_SYSREG_H
#define HYP_NESTED_SYSREG_H

#include "hyp/nested/nested.h"

/* Boot CPU, once. */
void nested_sysreg_init(void);

/* Reset values of vEL2, and of vEL1, into the page and values[] of a vCPU that is not loaded. */
void nested_sysreg_reset(struct nested *nested);

/*
 * An access at vEL2 that is the virtual EL2's business. False: it isn't (an ID register, ICC_*,
 * debug registers ...): it is answered as any guest's.
 */
bool nested_sysreg(struct vcpu *vcpu, uint64_t esr, enum exit_result *result);

#endif
