/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance that reaches EL2.
 *
 * By address it does so only when stage 2 has nothing at the address, or not the right (data abort
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
 *
 * By set and way it is always trapped (HCR_EL2.TSW), for it can't be done line by line: other CPUs
 * and system caches have copies, and the numbers mean nothing to whoever may run the vCPU next.
 * What guests want by it is to have all their memory clean when they switch their caches on or off.
 * So:
 *
 *   1. The first one: all memory that the VM has is cleaned and invalidated by address, in steps
 *      between which the vCPU gives up its CPU. From then on writes to the registers of class VM
 *      are trapped too (HCR_EL2.TVM).
 *   2. More of them: skipped, for nothing has changed.
 *   3. SCTLR_EL1 switches the caches (M and C) on or off: everything once more; when they are on,
 *      TVM is off again.
 */
#ifndef HYP_TRAP_CMO_H
#define HYP_TRAP_CMO_H

#include "hyp/vm/vcpu.h"

/*
 * A stage-2 data abort of cache maintenance, with S1PTW = 0; device: an emulated device is at ipa.
 */
enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa, bool device);

/* DC ISW, CSW, CISW. EXIT_RESCHEDULE: there is more to do, the instruction is executed again. */
enum exit_result cmo_set_way(struct vcpu *vcpu);

/*
 * A trapped write to a register of class VM (hyp/arch/sysreg.def): written for the guest; result as
 * above.
 */
enum exit_result cmo_write_vm_register(struct vcpu *vcpu, unsigned encoding, uint64_t value);

#endif
