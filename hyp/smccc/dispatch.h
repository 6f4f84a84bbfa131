/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMC and HVC by the SMC Calling Convention (Arm DEN0028): what becomes of a call.
 *
 * Order of checks:
 *
 *   1. An AArch32 instruction whose condition fails is skipped (hyp/trap/exit.c): nothing happens.
 *   2. The immediate. Of a call with another one than 0 nothing else is looked at: 3 and 4 are left
 *      out, its row in the table is the immediate's.
 *   3. The function identifier is w0: x0's upper half doesn't count. An SMC64 call from AArch32 is
 *      NOT_SUPPORTED.
 *   4. The SVE hint (bit 16) of a fast call is dropped.
 *   5. The row of the VM's table for this conduit (call_table.h) says what is done:
 *
 *      | action   | done                                                                         |
 *      | -------- | ---------------------------------------------------------------------------- |
 *      | handle   | the function's handler (calls.def); without one: NOT_SUPPORTED               |
 *      | deny     | NOT_SUPPORTED                                                                |
 *      | undef    | an Undefined Instruction exception, whose return address is the call         |
 *      | firmware | firmware_forward() (firmware.h)                                              |
 *      | monitor  | monitor_forward() (monitor.h)                                                |
 *      | reflect  | an exception to the guest's EL2: every HVC of a VM with a virtual one        |
 *
 * NOT_SUPPORTED is -1 in x0, 64 bits wide. A handler writes no more than its function's results:
 * x4-x17 are preserved but for them, x18-x30 always.
 */
#ifndef HYP_SMCCC_DISPATCH_H
#define HYP_SMCCC_DISPATCH_H

#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/vcpu.h"

enum conduit { SMCCC_SMC, SMCCC_HVC };

/* DEN0028 2.5: function identifiers */
#define SMCCC_FAST                BIT(31)
#define SMCCC_64                  BIT(30)
#define SMCCC_OWNER               GENMASK(29, 24)
#define SMCCC_RESERVED            GENMASK(23, 17) /* must be zero in a fast call */
#define SMCCC_HINT                UINT32_C(0x10000) /* of a fast call: no live SVE state (SMCCC 1.3) */
#define SMCCC_NUMBER              GENMASK(15, 0)

/* Owners (DEN0028 table 2-1) */
#define SMCCC_OWNER_ARCH          0
#define SMCCC_OWNER_STANDARD      4
#define SMCCC_OWNER_VENDOR_HYP    6

/* DEN0028 7, general service queries and Arm architecture calls */
#define SMCCC_VERSION             UINT32_C(0x80000000)
#define SMCCC_ARCH_FEATURES       UINT32_C(0x80000001)
#define SMCCC_ARCH_WORKAROUND_1   UINT32_C(0x80008000)
#define SMCCC_ARCH_WORKAROUND_2   UINT32_C(0x80007fff)
#define SMCCC_ARCH_WORKAROUND_3   UINT32_C(0x80003fff)
#define SMCCC_VENDOR_HYP_UID      UINT32_C(0x8600ff01)
#define SMCCC_VENDOR_HYP_REVISION UINT32_C(0x8600ff03)

#define SMCCC_NOT_SUPPORTED       ((uint64_t)-1)

/*
 * The services that Lintel has, and their first SMC32 function identifiers (DEN0028 table 2-1,
 * DEN0022, DEN0054, DEN0098, DEN0057). Their functions are in calls.def.
 */
enum smccc_service_id {
	SMCCC_SERVICE_ARCH,
	SMCCC_SERVICE_PSCI,
	SMCCC_SERVICE_SDEI,
	SMCCC_SERVICE_TRNG,
	SMCCC_SERVICE_PV_TIME,
	SMCCC_SERVICE_VENDOR,
	NR_SMCCC_SERVICES,
};
#define SMCCC_BASE_ARCH    UINT32_C(0x80000000) /* 0x10000 functions */
#define SMCCC_BASE_PSCI    UINT32_C(0x84000000) /* 0x20 */
#define SMCCC_BASE_SDEI    UINT32_C(0x84000020) /* 0x20 */
#define SMCCC_BASE_TRNG    UINT32_C(0x84000050) /* 0x10 */
#define SMCCC_BASE_PV_TIME UINT32_C(0x85000020) /* 0x10 */
#define SMCCC_BASE_VENDOR  UINT32_C(0x86000000) /* 0x10000 */

/* What SMCCC_VERSION says. */
#define SMCCC_VERSION_1_1  UINT32_C(0x10001)

/*
 * A call of the vCPU that runs here, by either conduit. An SMC is a trap, so the result moves past
 * it; an HVC returns past itself. A vCPU without a table has the defaults.
 */
enum exit_result smccc_handle(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate);

/* The same as rows of the exit table: from AArch64, where a function that is handled goes the short
 * way, and from AArch32. */
enum exit_result smccc_smc(struct vcpu *vcpu, uint64_t esr);
enum exit_result smccc_hvc(struct vcpu *vcpu, uint64_t esr);
enum exit_result smccc_smc32(struct vcpu *vcpu, uint64_t esr);
enum exit_result smccc_hvc32(struct vcpu *vcpu, uint64_t esr);

/*
 * A service, or one function of it. Ends with smccc_return(), or with the result of whatever else
 * it does to the vCPU.
 */
typedef enum exit_result (*smccc_service)(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function);

_Static_assert(SMCCC_HVC == (int)EXIT_RESUME && SMCCC_SMC == (int)EXIT_SKIP, "see smccc_return()");

/* The call is answered: `value` goes into x0. */
static inline enum exit_result smccc_return(struct vcpu *vcpu, enum conduit conduit, uint64_t value)
{
	vcpu->regs.x[0] = value;
	return (enum exit_result)conduit;
}

/* The handlers of calls.def; each is in its service's file. */
#define CALL(service, number, name, widths, since, handler, text) \
	enum exit_result handler(struct vcpu *vcpu, enum conduit conduit, uint32_t function);
#include "hyp/smccc/calls.def"

/* The rows of calls.def. */
enum { W32 = BIT(0), W64 = BIT(1), W_BOTH = W32 | W64 };

struct smccc_call {
	uint32_t function; /* SMC32 */
	unsigned widths;   /* W32, W64 */
	smccc_service handler;
	enum smccc_service_id service;
	enum call_class counted; /* not PSCI's: each function has a counter */
};
extern const struct smccc_call smccc_calls[];
extern const unsigned nr_smccc_calls;

/* An SMC64 function, and a caller that is AArch32: for it there is none of them. */
static inline bool smccc_too_wide(const struct vcpu *vcpu, uint32_t function)
{
	return (function & SMCCC_64) && (vcpu->regs.pstate & PSTATE_NRW);
}

/* Is there a row of calls.def for this function identifier, in this width? */
bool smccc_offers(uint32_t function);

/* And does the VM's table let it be handled, when it is called by this conduit, as the vCPU is now?
 * That is what FEATURES calls must say. */
bool smccc_offered_to(const struct vcpu *vcpu, enum conduit conduit, uint32_t function);

/* The service for what nobody offers. */
enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function);

#endif
