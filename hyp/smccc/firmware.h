/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that are passed to the firmware at EL3 (CALL_TO_FIRMWARE).
 */
#ifndef HYP_SMCCC_FIRMWARE_H
#define HYP_SMCCC_FIRMWARE_H

#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/dispatch.h"

/* `function` is w0 without the hint bit. */
enum exit_result firmware_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint32_t function);

#endif
