/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a guest's SMC come to Lintel? HCR_EL2.TSC says so, but a CPU without EL3 may ignore it
 * (Arm ARM, HCR_EL2.TSC; before Armv8.3 always), and nothing says that it does. So it is tried.
 *
 * | ID_AA64PFR0_EL1.EL3 | a few instructions at EL1, at boot                     | trapped |
 * | ------------------- | ------------------------------------------------------ | ------- |
 * | not 0               | not run: an SMC that got through to an EL3 without     | yes     |
 * |                     | code would hang, and TSC works where there is EL3      |         |
 * | 0                   | the SMC is an exit (EC 0x17)                           | yes     |
 * |                     | it is Undefined, or somebody else has answered         | no      |
 * |                     | (a simulator's own firmware)                           |         |
 * |                     | anything else                                          | no      |
 *
 * Each CPU is tried, for a vCPU may move to any. Where one doesn't, an SMC is none of Lintel's
 * business: guests are served by HVC alone, and rules for SMC alone are refused.
 */
#ifndef HYP_SMCCC_SMC_TRAP_H
#define HYP_SMCCC_SMC_TRAP_H

#include "hyp/base/types.h"

/* Each CPU, once, when EL2's controls are set up and before a guest runs: finds out, and says so in
 * the log at the first that doesn't. first: the boot CPU, before all others. */
void smc_trap_init_cpu(bool first);

/* Before that: true. */
bool smccc_smc_is_trapped(void);

#endif
