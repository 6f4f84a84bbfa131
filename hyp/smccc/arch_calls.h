/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Arm architecture calls (DEN0028 section 7). The handlers are in calls.def.
 *
 * The speculation workarounds are answered by what the CPU says of itself, else by the firmware at
 * EL3 where it has SMCCC 1.1; a call that the firmware says is needed is passed to it.
 *
 * | call         | CPU              | ARCH_FEATURES                          | the call        |
 * | ------------ | ---------------- | -------------------------------------- | --------------- |
 * | WORKAROUND_1 | CSV2             | 1: not affected                        | 0               |
 * | WORKAROUND_3 | CSV2_3, or ECBHB | 1: not affected                        | 0               |
 * | 1, 3         | neither          | the firmware's: 0, 1, NOT_SUPPORTED    | to the firmware |
 * | WORKAROUND_2 | any              | 1 if the firmware says so, else        | NOT_SUPPORTED   |
 * |              |                  | NOT_SUPPORTED: the CPU's switch isn't  |                 |
 * |              |                  | kept for each vCPU                     |                 |
 */
#ifndef HYP_SMCCC_ARCH_CALLS_H
#define HYP_SMCCC_ARCH_CALLS_H

#include "hyp/smccc/dispatch.h"

#endif
