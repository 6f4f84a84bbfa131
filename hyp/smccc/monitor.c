/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/monitor.h"

enum exit_result monitor_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint16_t immediate)
{
	(void)rule;
	(void)immediate;
	return smccc_not_supported(vcpu, conduit, (uint32_t)vcpu->regs.x[0]);
}
