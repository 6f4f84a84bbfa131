/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shadow stage 2: what the CPU walks while an inner guest runs: the guest hypervisor's stage 2 and
 * the VM's own in one.
 *
 * Key: {vVTTBR_EL2 without CnP, vVTCR_EL2} while vHCR_EL2.VM (or DC), else the VMID alone: then
 * addresses are those of the VM, whose own tables are used under a VMID of the shadow's. Several
 * for each VM, made at its creation from its budget, recycled.
 *
 * A limit: vCPUs that use one vVMID with different vVTCR_EL2, or vHCR_EL2.{VM,FWB,CD}, have shadows
 * and so VMIDs of their own; a broadcast TLBI of stage 1 by the inner guest itself, which is not
 * trapped, reaches only those with its own.
 */
#ifndef HYP_NESTED_SHADOW_H
#define HYP_NESTED_SHADOW_H

#include "hyp/nested/nested.h"

/* For nested_create(), vm->part[PART_NESTED]'s owner. */
enum status shadow_create(struct vm *vm) __must_check;
void shadow_destroy(struct vm *vm);
void shadow_reset(struct vm *vm);

/*
 * The one for L1's vHCR_EL2, vVTTBR_EL2 and vVTCR_EL2 as they are now, which the vCPU holds from
 * here on instead of any other: it keeps its VMID and root until the vCPU takes another one, or
 * shadow_reset() lets go of all (nested->controls.shadow is NULL then). Never fails: the least
 * recently used that nobody holds is emptied and used anew.
 */
struct shadow *shadow_take(struct nested *nested);
/* An inner guest begins on this CPU with the one that was taken: nested->shadow, and vcpu->vttbr
 * (not yet in the CPU). */
void shadow_enter(struct nested *nested, struct shadow *shadow);
/* The inner guest is left; vcpu->vttbr and vtcr are the VM's own again. */
void shadow_release(struct nested *nested);

/*
 * The vCPU is (again) to run on this CPU with the shadow in force: drops from its TLB what a
 * sibling may have left there under the same VMID.
 */
void shadow_load(struct nested *nested);

/* vVTTBR_EL2's VMID, as many bits of it as vVTCR_EL2.VS says. */
uint16_t shadow_vvmid(const struct nested *nested);

/* A stage-2 abort of the inner guest (instruction or data). */
enum shadow_verdict {
	SHADOW_RESUME, /* mapped, or being given: the guest executes it again */
	SHADOW_FAULT,  /* L1's: *esr has the class and level of its stage 2; *hpfar too */
	SHADOW_DEVICE, /* L1 maps a device of the VM's: *ipa is L1's address of it; to be emulated
			*/
	SHADOW_ABSENT, /* L1 maps what is nowhere: an external abort */
	SHADOW_ROM,    /* L1 allows a write to what L0 has read-only: *ipa */
	SHADOW_PLAIN,  /* L1's stage 2 is off: answered as any guest's, by the VM's own */
};

/*
 * The usual one first: has L1 mapped nothing there? The ESR_EL2 that it is told, with HPFAR_EL2 as
 * the CPU has it; 0: shadow_abort() says what it is.
 */
uint64_t shadow_look(struct nested *nested, uint64_t esr);
enum shadow_verdict shadow_abort(struct nested *nested, uint64_t *esr, uint64_t *hpfar, ipa_t *ipa);

#endif
