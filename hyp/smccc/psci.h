/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI 1.1 for guests (Arm DEN0022), by HVC and SMC.
 *
 * | function (number)                | widths | what is done                                     |
 * | -------------------------------- | ------ | ------------------------------------------------ |
 * | VERSION (0)                      | 32     | 1.1                                              |
 * | CPU_SUSPEND (1)                  | 32, 64 | standby: waits as WFI does; power down: waits,   |
 * |                                  |        | then goes on at the entry point with the state   |
 * |                                  |        | of a CPU that was off                            |
 * | CPU_OFF (2)                      | 32     | the vCPU is off; when it was the last its VM is  |
 * |                                  |        | powered off                                      |
 * | CPU_ON (3)                       | 32, 64 | target, its state, entry address: in this order  |
 * | AFFINITY_INFO (4)                | 32, 64 | levels 0 to 3                                    |
 * | MIGRATE_INFO_TYPE (6)            | 32     | 2: no Trusted OS that would migrate              |
 * | SYSTEM_OFF (8), SYSTEM_RESET (9) | 32     | of the VM                                        |
 * | PSCI_FEATURES (10)               | 32     |                                                  |
 * | SYSTEM_RESET2 (18)               | 32, 64 | warm reset (type 0), as SYSTEM_RESET             |
 *
 * Everything else is NOT_SUPPORTED. CPU_ON leaves no window between OFF and ON: of two callers one
 * gets SUCCESS, the other ALREADY_ON. The GIC's and the timers' state is kept while a vCPU is
 * suspended.
 */
#ifndef HYP_SMCCC_PSCI_H
#define HYP_SMCCC_PSCI_H

#include "hyp/smccc/dispatch.h"

#define PSCI_BASE      UINT32_C(0x84000000)
#define PSCI_FUNCTIONS 32 /* numbers 0 to 31, both widths */

#endif
