/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMC and HVC by the SMC Calling Convention (Arm DEN0028): which service a function identifier
 * belongs to.
 *
 * Order of checks: immediate (anything but 0: NOT_SUPPORTED) → fast call (yielding ones:
 * NOT_SUPPORTED) → an SMC64 call from AArch32 (NOT_SUPPORTED) → the owner's service → the function.
 * What is in none: NOT_SUPPORTED. Results are in x0-x3; x4-x17 are preserved.
 */
#ifndef HYP_SMCCC_DISPATCH_H
#define HYP_SMCCC_DISPATCH_H

#include "hyp/vm/vcpu.h"

enum conduit { SMCCC_SMC, SMCCC_HVC };

/* DEN0028 2.5: function identifiers */
#define SMCCC_FAST                BIT(31)
#define SMCCC_64                  BIT(30)
#define SMCCC_OWNER               GENMASK(29, 24)
#define SMCCC_RESERVED            GENMASK(23, 16) /* must be zero in a fast call (before SMCCC 1.3) */
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
 * it; an HVC returns past itself.
 */
enum exit_result smccc_handle(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate);

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

/* Is there a row of calls.def for this function identifier, in this width? */
bool smccc_offers(uint32_t function);

/* The service for what nobody offers. */
enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function);

#endif
