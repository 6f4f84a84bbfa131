/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMC and HVC by the SMC Calling Convention (Arm DEN0028): which service a function identifier belongs to.
 *
 * Order of checks: immediate (anything but 0: NOT_SUPPORTED) → function identifier → an SMC64 call from AArch32
 * (NOT_SUPPORTED) → the range it is in → the service. What is in no range: NOT_SUPPORTED. x4-x17 are preserved unless a
 * service returns results there.
 */
#ifndef HYP_SMCCC_DISPATCH_H
#define HYP_SMCCC_DISPATCH_H

#include "hyp/vm/vcpu.h"

enum conduit { SMCCC_HVC, SMCCC_SMC };

/* DEN0028 2.5: function identifiers */
#define SMCCC_FAST    BIT(31)
#define SMCCC_64      BIT(30)
#define SMCCC_OWNER   GENMASK(29, 24)
#define SMCCC_NUMBER  GENMASK(15, 0)

/* DEN0028 table 7-1, general service queries and Arm architecture calls */
#define SMCCC_VERSION		 UINT32_C(0x80000000)
#define SMCCC_ARCH_FEATURES	 UINT32_C(0x80000001)
#define SMCCC_ARCH_WORKAROUND_1	 UINT32_C(0x80008000)
#define SMCCC_ARCH_WORKAROUND_2	 UINT32_C(0x80007fff)
#define SMCCC_ARCH_WORKAROUND_3	 UINT32_C(0x80003fff)
#define SMCCC_VENDOR_HYP_UID	 UINT32_C(0x8600ff01)
#define SMCCC_VENDOR_HYP_REVISION UINT32_C(0x8600ff03)

#define SMCCC_NOT_SUPPORTED ((uint64_t)-1)

/* What SMCCC_VERSION says. */
#define SMCCC_VERSION_1_1 UINT32_C(0x10001)

/*
 * A call of the vCPU that runs here, by either conduit. An SMC is a trap, so the result moves past it; an HVC returns
 * past itself.
 */
enum exit_result smccc_handle(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate);

/* A service: `function` is in its range; sets x0 (and what else it returns). EXIT_RESUME: done; or EXIT_WAIT. */
typedef enum exit_result (*smccc_service)(struct vcpu *vcpu, uint32_t function);

#endif
