/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel as a client of the firmware at EL3 by the SMC Calling Convention (DEN0028), beyond PSCI.
 *
 * An SMC into an EL3 without code hangs, and without EL3 it may be Undefined. So somebody has to
 * say that there is firmware (lintel.firmware=):
 *
 * | mode  | calls are made when                                                               |
 * | ----- | --------------------------------------------------------------------------------- |
 * | AUTO  | the devicetree has PSCI with method "smc", and its PSCI_VERSION has answered      |
 * | TRUST | the CPU has EL3: the person says that firmware without such a node takes any call |
 * | NONE  | never                                                                             |
 *
 * SMCCC 1.1 or later is believed when PSCI_FEATURES knows SMCCC_VERSION (DEN0028 appendix B), or
 * with TRUST. Everything else is 1.0.
 */
#ifndef DRIVERS_PSCI_SMCCC_CLIENT_H
#define DRIVERS_PSCI_SMCCC_CLIENT_H

#include "hyp/base/types.h"

enum smccc_client_mode { SMCCC_CLIENT_AUTO, SMCCC_CLIENT_TRUST, SMCCC_CLIENT_NONE };

/* DEN0028 table 7-1 */
#define SMCCC_CLIENT_NOT_SUPPORTED (-1)

/* As SMCCC_VERSION gives them: major in bits 30:16. */
#define SMCCC_CLIENT_1_0           UINT32_C(0x10000)
#define SMCCC_CLIENT_1_1           UINT32_C(0x10001)
#define SMCCC_CLIENT_1_2           UINT32_C(0x10002)

/* Boot, once, after psci_client_init(): finds out what may be called, and logs it. */
void smccc_client_init(enum smccc_client_mode mode);

/* The firmware's version of SMCCC; 0: there is none that may be called. */
uint32_t smccc_client_version(void);

/*
 * SMCCC_ARCH_FEATURES of a function, as the firmware answers on this CPU: negative when it hasn't
 * got it, SMCCC_CLIENT_NOT_SUPPORTED before SMCCC 1.1.
 */
int32_t smccc_client_features(uint32_t function);

#endif
