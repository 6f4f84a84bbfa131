/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/dispatch.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/smccc/psci.h"

struct smccc_range {
	uint32_t first, last;
	smccc_service service;
};

/* Sorted by what is called most; PSCI comes before it (below). Both widths are rows of their own. */
static const struct smccc_range ranges[] = {
	{ 0x80000000, 0x8000ffff, arch_call },
	{ 0xc0000000, 0xc000ffff, arch_call },
	{ SMCCC_VENDOR_HYP_UID, SMCCC_VENDOR_HYP_REVISION, vendor_call },
};

static smccc_service find(uint32_t function)
{
	/* PSCI in one step: owner 4, numbers 0 to 0x1f, both widths. */
	if (likely((function & ~(uint32_t)(SMCCC_64 | PSCI_NUMBER_MASK)) == PSCI_BASE))
		return psci_call;
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (function >= ranges[i].first && function <= ranges[i].last)
			return ranges[i].service;
	}
	return NULL;
}

static enum exit_result not_supported(struct vcpu *vcpu)
{
	vcpu->regs.x[0] = SMCCC_NOT_SUPPORTED;
	return EXIT_RESUME;
}

enum exit_result smccc_handle(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate)
{
	uint32_t function = (uint32_t)vcpu->regs.x[0];
	smccc_service service = find(function);
	enum exit_result result;

	if (unlikely(immediate != 0 || !service ||
		     ((function & SMCCC_64) && (vcpu->regs.pstate & PSTATE_NRW))))
		result = not_supported(vcpu);
	else
		result = service(vcpu, function);
	if (conduit == SMCCC_SMC && result == EXIT_RESUME)
		return EXIT_SKIP;
	return result;
}
