/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI: the end of a VM, and what its memory is after that.
 */
#include "hyp/smccc/psci.h"
#include "hyp/smccc/psci_state.h"

#define RESET2_WARM    0
#define OFF2_DEFAULT   0
#define OFF2_HIBERNATE 1

/* No guest sees what is in x0: it is not entered again before its end (psci.h). */
enum exit_result psci_system_off(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vm_power_off(vcpu->vm);
	return psci_return(vcpu, conduit, PSCI_INTERNAL_FAILURE);
}

enum exit_result psci_system_reset(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vm_reset(vcpu->vm);
	return psci_return(vcpu, conduit, PSCI_INTERNAL_FAILURE);
}

/* A cookie is for vendors' types (bit 31), of which there are none. */
enum exit_result psci_system_reset2(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	if ((uint32_t)psci_args_of(vcpu, function).a1 != RESET2_WARM)
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	return psci_system_reset(vcpu, conduit, function);
}

/* The guest has saved all that it needs: to Lintel that is no different from any other end. */
enum exit_result psci_system_off2(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	uint32_t type = (uint32_t)args.a1;

	if ((type != OFF2_DEFAULT && type != OFF2_HIBERNATE) || args.a2 != 0)
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	return psci_system_off(vcpu, conduit, function);
}

enum exit_result psci_mem_protect(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	bool enable = psci_args_of(vcpu, function).a1 != 0;

	return psci_return(vcpu, conduit,
		__atomic_exchange_n(&vcpu->vm->memory_protected, enable, __ATOMIC_SEQ_CST));
}

enum exit_result psci_mem_protect_check_range(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	const struct vm *vm = vcpu->vm;
	uint64_t offset = args.a1 - vm->ram_base.ipa;
	bool inside = args.a2 != 0 && offset < vm->ram_size && args.a2 <= vm->ram_size - offset;

	return psci_return(vcpu, conduit, inside ? PSCI_SUCCESS : PSCI_DENIED);
}
