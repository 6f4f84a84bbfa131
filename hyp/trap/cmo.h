/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance that reaches EL2.
 *
 * By address it does so only when stage 2 has nothing at the address (data abort with CM = 1, Arm ARM D7.5.9): the region
 * decides. By set and way it is trapped (HCR_EL2.TSW), for it can't be virtualised line by line.
 *
 * | region                | data abort with CM = 1                                                     |
 * | --------------------- | -------------------------------------------------------------------------- |
 * | RAM, not yet given    | given, and the instruction is executed again                               |
 * | an emulated device    | skipped: nothing of it is in a cache                                       |
 * | nothing               | skipped likewise                                                           |
 */
#ifndef HYP_TRAP_CMO_H
#define HYP_TRAP_CMO_H

#include "hyp/vm/vcpu.h"

/* A stage-2 data abort with CM = 1 and S1PTW = 0; device: an emulated device is at ipa. */
enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa, bool device);

/*
 * DC ISW, CSW, CISW: skipped. What they are used for, cleaning caches before they are switched off or after they were,
 * can't be done by set and way on a machine with other CPUs and a system cache (Arm ARM D7.5.9.5); memory that Lintel
 * gives to a guest is clean to the point of coherency already.
 */
enum exit_result cmo_set_way(struct vcpu *vcpu);

#endif
