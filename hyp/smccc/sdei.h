/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDEI 1.1 for guests (Arm DEN0054): a guest's EL1 is the client, Lintel the dispatcher. What
 * events are, and their states: sdei_state.h. What a guest gets: docs/sdei.md.
 *
 * The order of checks of each call, of which the first that fails is answered; nothing has changed
 * then:
 *
 *   EVENT_REGISTER      event, flags, handler (INVALID_PARAMETERS), state (DENIED); shared with
 *                       RM_PE: affinity (INVALID_PARAMETERS) before state; an interrupt that is
 *                       active (DENIED)
 *   EVENT_ENABLE, _DISABLE, _UNREGISTER, INTERRUPT_RELEASE
 *                       event (INVALID_PARAMETERS), state (DENIED, PENDING)
 *   EVENT_ROUTING_SET   event, shared, mode, affinity (INVALID_PARAMETERS), state (DENIED)
 *   EVENT_CONTEXT       number of the register (INVALID_PARAMETERS), a handler runs (DENIED)
 *   EVENT_COMPLETE, _AND_RESUME
 *                       a handler runs (DENIED), the address is aligned (INVALID_PARAMETERS)
 *   EVENT_GET_INFO      event, what (INVALID_PARAMETERS), registered (DENIED), RM_PE
 *                       (INVALID_PARAMETERS)
 *   INTERRUPT_BIND      interrupt (INVALID_PARAMETERS), a slot (OUT_OF_RESOURCE)
 *   EVENT_SIGNAL        event 0, affinity (INVALID_PARAMETERS)
 *   PRIVATE_RESET       no handler runs on this vCPU (DENIED)
 *   SHARED_RESET        no handler runs, and no private event is registered, on any vCPU (DENIED)
 *
 * Reserved bits of a handler's flags must be 0. A handler is in the VM's RAM, where the guest's
 * EL1 maps it as it calls; it is not 0, and a multiple of 4.
 */
#ifndef HYP_SMCCC_SDEI_H
#define HYP_SMCCC_SDEI_H

#include "hyp/smccc/dispatch.h"
#include "hyp/smccc/sdei_state.h"

/* The row for boot/parts.c (sdei_deliver.c). */
extern const struct vm_part sdei_part;

/*
 * The vCPU goes off: its private events are unregistered, it is masked, handlers that it runs are
 * over, shared events go to others. It runs here or isn't loaded.
 */
void sdei_cpu_off(struct vcpu *vcpu);

/*
 * The vCPU comes back from a power-down (CPU_SUSPEND) that was perhaps ended by an event: it is
 * masked, for its MMU is off and its vectors aren't set. Nothing of its events is forgotten.
 */
void sdei_woken(struct vcpu *vcpu);

static inline struct sdei_vm *sdei_of(const struct vm *vm)
{
	return vm->part[PART_SDEI];
}

static inline struct sdei_cpu *sdei_cpu_of(const struct vcpu *vcpu)
{
	return &sdei_of(vcpu->vm)->cpus[vcpu->id];
}

/* ---- between the files of SDEI; the lock is held ---- */

/* sdei_bind.c: the configured events of a VM that is being made. */
enum status sdei_configure_vm(struct sdei_vm *sdei, struct vm *vm) __must_check;

/* A shared event's vCPU is chosen anew, and told if it is another one; and of all of them. */
void sdei_retarget(struct sdei_vm *sdei, struct vm *vm, unsigned place);
void sdei_retarget_all(struct sdei_vm *sdei, struct vm *vm);

/* An RM_ANY event is pending and can't begin on the vCPU that has looked: one where it can is told,
 * or the VM waits. */
void sdei_hand_over(struct sdei_vm *sdei, struct vm *vm, unsigned place);

/* The registration is gone: what was pending for it, too, and its interrupt is one again. */
void sdei_forget(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place);

/* The vCPU's innermost handler is over. */
void sdei_finish(struct sdei_vm *sdei, struct vcpu *vcpu);

#endif
