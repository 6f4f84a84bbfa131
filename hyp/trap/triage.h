/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts that are not a plain load or store to a device: placed first, then judged.
 *
 * Order of checks for a data abort:
 *   1. external aborts (FSC 0x10, 0x14..0x17): the guest gets them as its own.
 *   2. the fault came from the walk of the guest's tables (S1PTW): RAM that isn't there yet is
 * given; else an external abort on the walk, at the level of the guest's walk.
 *   3. the IPA: HPFAR_EL2 where the architecture defines it; on a permission fault by a walk of
 * FAR.
 *   4. cache maintenance (CM): hyp/trap/cmo.c.
 *   5. a device (hyp/vdev/device.h): emulated, by the syndrome.
 *   6. RAM that isn't there yet: given, and the access is made again.
 *   7. beyond the VM's IPA space: address size fault, level 0.
 *   8. nothing: synchronous external abort; but a guest whose own exception vector is there would
 * take that for ever, so it is stopped, with what it wanted to report.
 */
#ifndef HYP_TRAP_TRIAGE_H
#define HYP_TRAP_TRIAGE_H

#include "hyp/vm/vcpu.h"

enum exit_result triage_data(struct vcpu *vcpu, uint64_t esr);
enum exit_result triage_instruction(struct vcpu *vcpu, uint64_t esr);

#endif
