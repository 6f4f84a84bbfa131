/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/smccc_stubs.h"

smccc_service smccc_stub_hook;

static enum exit_result stub(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	if (smccc_stub_hook)
		return smccc_stub_hook(vcpu, conduit, function);
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

#define CALL(service, number, name, widths, since, handler, text)           \
	__attribute__((weak)) enum exit_result handler(                     \
		struct vcpu *vcpu, enum conduit conduit, uint32_t function) \
	{                                                                   \
		return stub(vcpu, conduit, function);                       \
	}
#include "hyp/smccc/calls.def"
