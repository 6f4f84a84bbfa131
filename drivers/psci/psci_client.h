/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel as a client of the PSCI (DEN0022) of the firmware at EL3, by SMC.
 *
 * Nothing is called unless the devicetree has a PSCI node with method "smc": an SMC into an EL3
 * without code hangs.
 */
#ifndef DRIVERS_PSCI_PSCI_CLIENT_H
#define DRIVERS_PSCI_PSCI_CLIENT_H

#include "drivers/dt/machine.h"
#include "hyp/base/compiler.h"
#include "hyp/base/status.h"

/* DEN0022 table 6, return codes */
enum psci_result {
	PSCI_SUCCESS = 0,
	PSCI_NOT_SUPPORTED = -1,
	PSCI_INVALID_PARAMETERS = -2,
	PSCI_DENIED = -3,
	PSCI_ALREADY_ON = -4,
	PSCI_ON_PENDING = -5,
	PSCI_INTERNAL_FAILURE = -6,
	PSCI_NOT_PRESENT = -7,
	PSCI_DISABLED = -8,
	PSCI_INVALID_ADDRESS = -9,
};

/*
 * Boot, once: learns the conduit and asks the version. ERR_NOT_SUPPORTED when there is no PSCI that
 * may be called (said why in the log): then the calls below return PSCI_NOT_SUPPORTED and nothing
 * else happens.
 */
enum status __must_check psci_client_init(const struct machine_psci *from);

/* True if calls reach the firmware. */
bool psci_client_available(void);

/* PSCI_VERSION: major in bits 31:16, minor in 15:0; 0 when there is none. Known from
 * psci_client_init(). */
uint32_t psci_client_version(void);

/*
 * Starts a CPU at physical address `entry`, at EL2, with `context` in x0. Of mpidr only the
 * affinity fields are passed (bits 31, 30, 24 of MPIDR_EL1 are not affinity). PSCI_SUCCESS says the
 * firmware took the order, not that the CPU runs: the caller waits, with a limit.
 */
enum psci_result psci_client_cpu_on(uint64_t mpidr, pa_t entry, uint64_t context);

/* Switches this CPU off: returns only on failure. */
enum psci_result psci_client_cpu_off(void);

/* Asks for the machine's end: return only if the firmware can't. */
void psci_client_system_off(void);
void psci_client_system_reset(void);

/* PSCI_FEATURES of a function ID: negative when not implemented (before PSCI 1.0 always
 * PSCI_NOT_SUPPORTED). */
int32_t psci_client_features(uint32_t function);

/* "denied", "already on", ... */
const char *psci_result_name(enum psci_result result);

#endif
