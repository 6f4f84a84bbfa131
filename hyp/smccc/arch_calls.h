/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Arm architecture calls (DEN0028 section 7). The handlers are in calls.def.
 *
 * | call                 | answer | | -------------------- |
 * ----------------------------------------------------------------------- | | VERSION | 1.4 | |
 * ARCH_FEATURES        | what of this table and of stolen time the VM may call, by this conduit  |
 * | SOC_ID               | the manifest's soc-id, else the firmware's, else NOT_SUPPORTED; SMC64, |
 * |                      | which has the SoC's name too, only where the firmware has that | |
 * FEATURE_AVAILABILITY | for SCR_EL3, CPTR_EL3, MDCR_EL3, MPAM3_EL3: a set bit is a feature that |
 * |                      | the guest is shown and may use (bits that trap are shown inverted) | |
 * WORKAROUND_1, 2, 3   | below                                                                   |
 *
 * The speculation workarounds are answered by what the CPU says of itself, else by the firmware at
 * EL3. vCPUs move between CPUs, so that what a guest is told is the worst of all of them:
 *
 * | call         | this CPU                   | firmware   | ARCH_FEATURES             | the call |
 * | ------------ | -------------------------- | ---------- | ------------------------- |
 * --------------- | | WORKAROUND_1 | CSV2                       |            | 1: not affected | 0
 * | | WORKAROUND_3 | CSV2_3, or CSV2 and ECBHB  |            | 1: not affected           | 0 | | 1,
 * 3         | otherwise                  | 0          | 0: needed                 | to the firmware
 * | |              |                            | 1          | 1                         | 0 | | |
 * | none       | NOT_SUPPORTED             | NOT_SUPPORTED   | | WORKAROUND_2 | SSBS: the guest has
 * the    |            | NOT_SUPPORTED             | NOT_SUPPORTED   | |              | switch
 * itself              |            |                           |                 | |              |
 * otherwise                  | 0          | NOT_REQUIRED: Lintel has  | 0               | | | | |
 * it on, on every CPU       |                 | |              |                            | 1,
 * NOT_REQ | 1, NOT_REQUIRED           | 0               | |              | | none       |
 * NOT_SUPPORTED             | NOT_SUPPORTED   | | worst        | 0, NOT_SUPPORTED, NOT_REQUIRED, 1:
 * in this order (a call where one CPU needs it is   | |              | harmless on the others) |
 *
 * WORKAROUND_2 is not left to guests where the firmware would switch it: a guest that switches on
 * every entry from user space (Linux does) would go to EL3 each time, for less safety than it has
 * like this.
 *
 * Calls that come to 0 without a look at anything, and those that the firmware must be called for,
 * are answered in vectors.S, when they are made by AArch64 with immediate 0 and don't need a step
 * or a landing pad to be thought of: `struct workarounds` of each vCPU (hyp/arch/workarounds.h)
 * says which. The rows of a VM's table don't matter: nobody can take the architecture's range from
 * Lintel (call_rule.h).
 */
#ifndef HYP_SMCCC_ARCH_CALLS_H
#define HYP_SMCCC_ARCH_CALLS_H

#include "hyp/smccc/dispatch.h"
#include "hyp/vm/part.h"

#define SMCCC_VERSION_1_4               UINT32_C(0x10004)
#define SMCCC_ARCH_SOC_ID               UINT32_C(0x80000002)
#define SMCCC_ARCH_SOC_ID_64            UINT32_C(0xc0000002)
#define SMCCC_ARCH_FEATURE_AVAILABILITY UINT32_C(0xc0000003)

#define SMCCC_NOT_AFFECTED              UINT64_C(1)
#define SMCCC_NOT_REQUIRED              ((uint64_t)-2)

/* SMCCC_ARCH_SOC_ID: what is asked for, in w1 */
enum soc_id_type { SOC_ID_VERSION, SOC_ID_REVISION, SOC_ID_NAME };
#define SOC_NAME_WORDS             17 /* x1-x17: ASCII, zeros at the end */

/* SMCCC_ARCH_FEATURE_AVAILABILITY: the register asked for, in x1, as MRS encodes it */
#define FEATURE_SELECTOR_SCR_EL3   UINT64_C(0x1e1100)
#define FEATURE_SELECTOR_CPTR_EL3  UINT64_C(0x1e1140)
#define FEATURE_SELECTOR_MDCR_EL3  UINT64_C(0x1e1320)
#define FEATURE_SELECTOR_MPAM3_EL3 UINT64_C(0x1ea500)

/* Boot CPU, once, after cpu_features_init() and smccc_client_init(): asks the firmware who the
 * machine is. */
void arch_calls_init(void);

/* Each CPU, after it and before the first VM is made: which workarounds it needs. */
void arch_calls_init_cpu(void);

/* Tells each vCPU's vector what it may answer. */
extern const struct vm_part workaround_part;

#endif
