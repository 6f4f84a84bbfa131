/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address that reaches EL2; by set and way: setway.h.
 *
 * It does so only when stage 2 has nothing at the address, or not the right (data abort
 * with CM = 1, Arm ARM D7.5.9): the region decides.
 *
 * | region                     | data abort with CM = 1                                       |
 * | -------------------------- | ------------------------------------------------------------ |
 * | RAM, ROM, not yet given    | given, and the instruction is executed again                 |
 * | ROM, DC IVAC not permitted | the line is cleaned and invalidated for the guest, which is  |
 * |                            | what stage 2 makes of DC IVAC anyway; skipped                |
 * | an emulated device         | skipped: nothing of it is in a cache                         |
 * | nothing                    | skipped likewise                                             |
 * | beyond the IPA space       | address size fault                                           |
 */
#ifndef HYP_TRAP_CMO_H
#define HYP_TRAP_CMO_H

#include "hyp/vm/vcpu.h"

/*
 * A stage-2 data abort of cache maintenance, with S1PTW = 0; device: an emulated device is at ipa.
 */
enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa, bool device);

#endif
