/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by set and way.
 *
 * It is always trapped (HCR_EL2.TSW), for it can't be done line by line: other CPUs
 * and system caches have copies, and the numbers mean nothing to whoever may run the vCPU next.
 * What guests want by it is to have all their memory clean when they switch their caches on or off.
 * So:
 *
 *   1. The first one: all memory that the VM has is cleaned and invalidated by address, in steps
 *      between which the vCPU gives up its CPU. From then on writes to the registers of class VM
 *      are trapped too (HCR_EL2.TVM).
 *   2. More of them: skipped, as they are parts of the same.
 *   3. SCTLR_EL1 switches the caches (M and C) on or off: everything once more.
 *   4. Any of those registers is written, the flush is complete and the caches are on: TVM is off
 *      again, and the next set/way is a first one.
 *
 * With FEAT_S2FWB none of that is needed: their memory is cacheable for guests with their caches
 * off as well, so that they see what was stored in any case, and it is skipped at once. (No VM has
 * a real device that would look past the caches.)
 */
#ifndef HYP_TRAP_SETWAY_H
#define HYP_TRAP_SETWAY_H

#include "hyp/vm/vcpu.h"

/* DC ISW, CSW, CISW. EXIT_RESCHEDULE: there is more to do, the instruction is executed again. */
enum exit_result setway_handle(struct vcpu *vcpu);

/*
 * A trapped write to a register of class VM (hyp/arch/sysreg.def): written for the guest; result as
 * above.
 */
enum exit_result setway_write_vm_register(struct vcpu *vcpu, unsigned encoding, uint64_t value);

#endif
