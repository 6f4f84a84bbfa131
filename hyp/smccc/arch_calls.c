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
 * 6b7e2d0a-3c51-4f29-9e8d-4c696e74656c ("Lintel" at the end), the four words as SMCCC passes a
 * UUID.
 */
static const uint32_t lintel_uid[4] = { 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e };

#define REVISION_MAJOR 0
#define REVISION_MINOR 1

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

enum exit_result arch_call(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	switch (function) {
	case SMCCC_VERSION:
		return smccc_return(vcpu, conduit, SMCCC_VERSION_1_1);
	case SMCCC_ARCH_FEATURES:
		return smccc_return(vcpu, conduit, features((uint32_t)vcpu->regs.x[1]));
	case SMCCC_ARCH_WORKAROUND_1:
		return smccc_return(
			vcpu, conduit, workaround(function, &needed_1[this_cpu()->index]));
	case SMCCC_ARCH_WORKAROUND_3:
		return smccc_return(
			vcpu, conduit, workaround(function, &needed_3[this_cpu()->index]));
	default:
		return smccc_not_supported(vcpu, conduit, function);
	}
}

enum exit_result vendor_call(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint64_t *x = vcpu->regs.x;

	if (function == SMCCC_VENDOR_HYP_UID) {
		for (unsigned i = 1; i < ARRAY_SIZE(lintel_uid); i++)
			x[i] = lintel_uid[i];
		return smccc_return(vcpu, conduit, lintel_uid[0]);
	}
	if (function == SMCCC_VENDOR_HYP_REVISION) {
		x[1] = REVISION_MINOR;
		return smccc_return(vcpu, conduit, REVISION_MAJOR);
	}
	return smccc_not_supported(vcpu, conduit, function);
}
