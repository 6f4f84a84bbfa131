/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/smccc_stubs.h"
#include "hyp/smccc/sdei.h"
#include "hyp/smccc/firmware.h"
#include "hyp/smccc/monitor.h"
#include "hyp/vm/inject.h"

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

__attribute__((weak)) enum exit_result firmware_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint32_t function)
{
	(void)rule;
	return smccc_not_supported(vcpu, conduit, function);
}

__attribute__((weak)) enum exit_result monitor_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint16_t immediate)
{
	(void)rule;
	(void)immediate;
	return smccc_not_supported(vcpu, conduit, (uint32_t)vcpu->regs.x[0]);
}

__attribute__((weak)) enum exit_result inject_undefined(struct vcpu *vcpu)
{
	(void)vcpu;
	return EXIT_INJECT;
}

__attribute__((weak)) void sdei_cpu_off(struct vcpu *vcpu)
{
	(void)vcpu;
}

__attribute__((weak)) void sdei_woken(struct vcpu *vcpu)
{
	(void)vcpu;
}
