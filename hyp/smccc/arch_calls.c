/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/arch_calls.h"
#include "drivers/psci/psci_client.h"
#include "hyp/arch/smc.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"

#define NOT_AFFECTED 1
#define CALL_NEEDED  0

#define CSV2_HISTORY 3 /* ID_AA64PFR0_EL1.CSV2: nor by branch history (FEAT_CSV2_3) */

/*
 * What the firmware's ARCH_FEATURES says of a function; NOT_SUPPORTED without SMCCC 1.1 (DEN0028
 * appendix B).
 */
static uint64_t firmware_features(uint32_t function)
{
	if (!psci_client_available() || psci_client_features(SMCCC_VERSION) < 0 ||
		(int32_t)smc_call4(SMCCC_VERSION, 0, 0, 0) < (int32_t)SMCCC_VERSION_1_1)
		return SMCCC_NOT_SUPPORTED;
	return (uint64_t)(int32_t)smc_call4(SMCCC_ARCH_FEATURES, function, 0, 0);
}

static uint64_t branch_predictor_features(void)
{
	uint64_t pfr0 = read_sysreg(ID_AA64PFR0_EL1);

	return FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0) != 0
		? NOT_AFFECTED
		: firmware_features(SMCCC_ARCH_WORKAROUND_1);
}

static uint64_t branch_history_features(void)
{
	uint64_t pfr0 = read_sysreg(ID_AA64PFR0_EL1), mmfr1 = read_sysreg(ID_AA64MMFR1_EL1);

	if (FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0) >= CSV2_HISTORY ||
		FIELD_GET(ID_AA64MMFR1_EL1_ECBHB, mmfr1) != 0)
		return NOT_AFFECTED;
	return firmware_features(SMCCC_ARCH_WORKAROUND_3);
}

static uint64_t store_bypass_features(void)
{
	uint64_t answer = firmware_features(SMCCC_ARCH_WORKAROUND_2);

	return answer == NOT_AFFECTED ? answer : SMCCC_NOT_SUPPORTED;
}

static uint64_t features(uint32_t function)
{
	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return 0;
	case SMCCC_ARCH_WORKAROUND_1:
		return branch_predictor_features();
	case SMCCC_ARCH_WORKAROUND_2:
		return store_bypass_features();
	case SMCCC_ARCH_WORKAROUND_3:
		return branch_history_features();
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

/*
 * Guests call them on every exception from user space: what was found out once for a CPU is kept.
 */
static bool needed_1[MAX_CPUS], needed_3[MAX_CPUS];

/* Where it was said not to be needed nothing is done, but the call may be made. */
static uint64_t workaround(uint32_t function, bool *needed)
{
	uint64_t answer = *needed ? CALL_NEEDED : features(function);

	*needed = answer == CALL_NEEDED;
	if (*needed)
		smc_call4(function, 0, 0, 0);
	return answer == SMCCC_NOT_SUPPORTED ? answer : 0;
}

enum exit_result arch_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, SMCCC_VERSION_1_1);
}

enum exit_result arch_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, features((uint32_t)vcpu->regs.x[1]));
}

enum exit_result arch_workaround_1(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	return smccc_return(vcpu, conduit, workaround(function, &needed_1[this_cpu()->index]));
}

enum exit_result arch_workaround_3(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	return smccc_return(vcpu, conduit, workaround(function, &needed_3[this_cpu()->index]));
}
