/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel's services (hyp/smccc) for a guest hypervisor: all by SMC.
 *
 * | call                             | whose | | -------------------------------- |
 * ------------------------------------------------------------ | | SMC at vEL2 | Lintel's, by the
 * VM's table                                  | | HVC at vEL2, HVC of inner        | L1's; the VM's
 * table for HVC says so, too                    | | SMC of inner, vHCR_EL2.TSC = 1   | L1's | | SMC
 * of inner, vHCR_EL2.TSC = 0   | Lintel's, as at vEL2, but for SDEI: NOT_SUPPORTED, since its | |
 * | client is vEL2                                               |
 *
 * A vCPU that is switched on, and one that comes back from a power-down, whoever asked for it,
 * begins at vEL2. The handler of an SDEI event runs at vEL2, from whatever was interrupted, and
 * COMPLETE goes back to that as firmware's ERET would: by PSTATE and vHCR_EL2.TGE. The workaround
 * calls are not answered by the vector, which doesn't know whose they are.
 */
#ifndef HYP_NESTED_SERVICES_H
#define HYP_NESTED_SERVICES_H

#include "hyp/nested/nested.h"

/* For nested_create(): call tables and workaround calls. ERR_NO_MEMORY. */
enum status nested_services_create(struct vm *vm) __must_check;

/* vcpu->el2. */
extern const struct vcpu_el2_ops nested_el2_ops;

/* Its part of vcpu_power_down(): it is hyp again, vEL2's and vEL1's registers are reset, but for
 * the timers'. */
void nested_power_down(struct vcpu *vcpu);

/* An SMC of the inner guest that L1 doesn't trap. */
enum exit_result nested_inner_smc(struct vcpu *vcpu, uint64_t esr);

#endif
