/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/dispatch.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/psci.h"

_Static_assert(NR_PSCI_CALLS == PSCI_FUNCTIONS, "a counter for each function");

enum { W32 = BIT(0), W64 = BIT(1), W_BOTH = W32 | W64 };

static const struct {
	uint32_t function; /* SMC32 */
	unsigned widths;
	smccc_service handler;
	enum smccc_service_id service;
} rows[] = {
#define CALL(service, number, name, widths, since, handler, text) \
	{ SMCCC_BASE_##service + (number), widths, handler, SMCCC_SERVICE_##service },
#include "hyp/smccc/calls.def"
};

static const enum call_class classes[NR_SMCCC_SERVICES] = {
	[SMCCC_SERVICE_ARCH] = CALL_ARCH,
	[SMCCC_SERVICE_SDEI] = CALL_SDEI,
	[SMCCC_SERVICE_TRNG] = CALL_TRNG,
	[SMCCC_SERVICE_PV_TIME] = CALL_PV_TIME,
	[SMCCC_SERVICE_VENDOR] = CALL_VENDOR,
};

static int find(uint32_t function)
{
	unsigned width = function & SMCCC_64 ? W64 : W32;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].function == (function & ~(uint32_t)SMCCC_64) &&
			(rows[i].widths & width))
			return (int)i;
	}
	return -1;
}

bool smccc_offers(uint32_t function)
{
	return find(function) >= 0;
}

enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vcpu->calls[CALL_REFUSED]++;
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

static bool is_acceptable(const struct vcpu *vcpu, uint32_t function, uint16_t immediate)
{
	if (immediate != 0 || !(function & SMCCC_FAST))
		return false;
	return !(function & SMCCC_64) || !(vcpu->regs.pstate & PSTATE_NRW);
}

enum exit_result smccc_handle(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate)
{
	uint32_t function = (uint32_t)vcpu->regs.x[0];
	int found = is_acceptable(vcpu, function, immediate) ? find(function) : -1;

	if (found < 0)
		return smccc_not_supported(vcpu, conduit, function);
	if (rows[found].service == SMCCC_SERVICE_PSCI)
		vcpu->psci_calls[function % PSCI_FUNCTIONS]++;
	else
		vcpu->calls[classes[rows[found].service]]++;
	return rows[found].handler(vcpu, conduit, function);
}
