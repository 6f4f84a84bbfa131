/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of a VM's that a rule forwards to the firmware at EL3 (call_rule.h, CALL_TO_FIRMWARE).
 *
 * What comes first ends it:
 *
 * | check                                                       | answer            | counted  |
 * | ----------------------------------------------------------- | ----------------- | -------- |
 * | no firmware that may be called (drivers/psci/smccc_client.h)| NOT_SUPPORTED     | REFUSED  |
 * | a yielding call, reserved bits, the architecture's own      | NOT_SUPPORTED     | REFUSED  |
 * | range, PSCI, SDEI                                           |                   |          |
 * | an address that is not of address_size bytes within one     | INVALID_PARAMETER | REFUSED  |
 * | page of the VM's own writable memory, or whose PA has more  |                   |          |
 * | bits than the call's registers                              |                   |          |
 * | such an address in memory that is not there yet             | given, a step at a time; the |
 * |                                                             | instruction is executed again |
 * | none of these                                               | the firmware's    | FIRMWARE |
 *
 * Nothing is sent, and no register but x0 changes, in a call that is refused. What is sent, as
 * SMC #0:
 *
 *  - the function identifier, without the hint of bit 16;
 *  - of x1-x17 those that the rule passes: of an SMC32 call w1-w7, of an SMC64 call x1-x17, before
 *    the firmware's SMCCC 1.2 x1-x7; the others are 0;
 *  - in W7[15:0] the VM as the client (DEN0028 2.11): its number in the bundle, from 1 on; 0 would
 *    be Lintel itself. W7[31:16], the Trusted OS's number, is the caller's if the rule passes x7,
 *    which is never an address;
 *  - in place of an address the PA behind it. The VM's memory can't go away meanwhile: it is taken
 *    only when all vCPUs are off, and this one is in the call.
 *
 * What comes back, into the registers that the rule lists and no others: of an SMC32 call w0-w7, of
 * an SMC64 call x0-x17, before SMCCC 1.2 0-3.
 *
 * The call is made on the CPU that the vCPU runs on, with interrupts masked: the firmware sees a
 * physical CPU, and takes as long as it takes. (What a rule forwards is the choice of who writes
 * the bundle.)
 */
#ifndef HYP_SMCCC_FIRMWARE_H
#define HYP_SMCCC_FIRMWARE_H

#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/dispatch.h"

/* DEN0028 table 7-1: an argument that can't be */
#define SMCCC_INVALID_PARAMETER ((uint64_t)-3)

/*
 * Forwards a call that `rule` is about; `function` is what the caller has in w0, with or without
 * the hint. EXIT_REPEAT while memory at an address of its is being given.
 */
enum exit_result firmware_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint32_t function);

#endif
