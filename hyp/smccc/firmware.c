/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/firmware.h"

enum exit_result firmware_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint32_t function)
{
	(void)rule;
	return smccc_not_supported(vcpu, conduit, function);
}
