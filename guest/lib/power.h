/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SMCCC calls and PSCI by them (Arm DEN0028 and DEN0022).
 */
#ifndef GUEST_LIB_POWER_H
#define GUEST_LIB_POWER_H

#include "base.h"

/* x0-x17 of a call, before and after. */
struct smccc {
	u64 x[18];
};

enum conduit { CONDUIT_HVC, CONDUIT_SMC };

/* Make the call with immediate 0 and all of x0-x17 in and out. */
void smccc_hvc(struct smccc *call);
void smccc_smc(struct smccc *call);

/* A call with up to three arguments: returns x0. */
u64 smccc_call(enum conduit conduit, u64 function, u64 a1, u64 a2, u64 a3);

#define PSCI_VERSION            0x84000000u
#define PSCI_CPU_SUSPEND        0xc4000001u
#define PSCI_CPU_SUSPEND_32     0x84000001u
#define PSCI_CPU_OFF            0x84000002u
#define PSCI_CPU_ON             0xc4000003u
#define PSCI_CPU_ON_32          0x84000003u
#define PSCI_AFFINITY_INFO      0xc4000004u
#define PSCI_AFFINITY_INFO_32   0x84000004u
#define PSCI_MIGRATE_INFO_TYPE  0x84000006u
#define PSCI_SYSTEM_OFF         0x84000008u
#define PSCI_SYSTEM_RESET       0x84000009u
#define PSCI_FEATURES           0x8400000au
#define PSCI_NODE_HW_STATE      0xc400000du
#define SMCCC_VERSION           0x80000000u
#define SMCCC_ARCH_FEATURES     0x80000001u
#define SMCCC_ARCH_WORKAROUND_1 0x80008000u
#define SMCCC_ARCH_WORKAROUND_2 0x80007fffu
#define SMCCC_ARCH_WORKAROUND_3 0x80003fffu
#define TRNG_RND_64             0xc4000053u

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED             (-3)
#define PSCI_ALREADY_ON         (-4)
#define PSCI_ON_PENDING         (-5)
#define PSCI_INVALID_ADDRESS    (-9)

#define PSCI_POWERDOWN          BIT(16)
#define AFFINITY_ON             0
#define AFFINITY_OFF            1
#define AFFINITY_ON_PENDING     2

/* PSCI by the conduit that the devicetree names; the result is signed, of 32 bits. */
s32 psci(u32 function, u64 a1, u64 a2, u64 a3);
/* By SYSTEM_OFF, or what stands in power_off_function (SYSTEM_OFF2). */
void __attribute__((noreturn)) power_off(void);
extern u32 power_off_function;

#endif
