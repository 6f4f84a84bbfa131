/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/dispatch.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/smccc/psci.h"

_Static_assert(NR_PSCI_CALLS == PSCI_FUNCTIONS, "a counter for each function");

static enum exit_result standard_call(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t number = function & SMCCC_NUMBER;

	if (number < PSCI_FUNCTIONS) {
		vcpu->psci_calls[number]++;
		return psci_call(vcpu, conduit, function);
	}
	vcpu->calls[CALL_STANDARD]++;
	return smccc_not_supported(vcpu, conduit, function);
}

static enum exit_result counted_arch_call(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	vcpu->calls[CALL_ARCH]++;
	return arch_call(vcpu, conduit, function);
}

static enum exit_result counted_vendor_call(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	vcpu->calls[CALL_VENDOR]++;
	return vendor_call(vcpu, conduit, function);
}

/* By owner; what is NULL is offered by nobody. */
static const smccc_service services[FIELD_GET(SMCCC_OWNER, ~0) + 1] = {
	[SMCCC_OWNER_ARCH] = counted_arch_call,
	[SMCCC_OWNER_STANDARD] = standard_call,
	[SMCCC_OWNER_VENDOR_HYP] = counted_vendor_call,
};

enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vcpu->calls[CALL_REFUSED]++;
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

static bool is_acceptable(const struct vcpu *vcpu, uint32_t function, uint16_t immediate)
{
	if (immediate != 0 || !(function & SMCCC_FAST) || (function & SMCCC_RESERVED))
		return false;
	return !(function & SMCCC_64) || !(vcpu->regs.pstate & PSTATE_NRW);
}

static __noinline enum exit_result any_call(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function, uint16_t immediate)
{
	smccc_service service = services[FIELD_GET(SMCCC_OWNER, function)];

	if (!service || !is_acceptable(vcpu, function, immediate))
		service = smccc_not_supported;
	return service(vcpu, conduit, function);
}

enum exit_result smccc_handle(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate)
{
	uint32_t function = (uint32_t)vcpu->regs.x[0];
	uint32_t number = function - PSCI_BASE;

	/* In one step what is called most: PSCI, SMC32. */
	if (likely(number < PSCI_FUNCTIONS && immediate == 0)) {
		vcpu->psci_calls[number]++;
		return psci_functions32[number](vcpu, conduit, function);
	}
	return any_call(vcpu, conduit, function, immediate);
}
