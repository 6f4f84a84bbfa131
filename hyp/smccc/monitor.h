/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that another VM answers (CALL_TO_MONITOR).
 */
#ifndef HYP_SMCCC_MONITOR_H
#define HYP_SMCCC_MONITOR_H

#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/dispatch.h"

enum exit_result monitor_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint16_t immediate);

#endif
