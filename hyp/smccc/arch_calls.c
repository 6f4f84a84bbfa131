/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/arch_calls.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/dispatch.h"

#define NOT_AFFECTED 1

/* 6b7e2d0a-3c51-4f29-9e8d-4c696e74656c ("Lintel" at the end), the four words as SMCCC passes a UUID. */
static const uint32_t lintel_uid[4] = { 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e };

#define REVISION_MAJOR 0
#define REVISION_MINOR 1

/* ID_AA64PFR0_EL1.CSV2: branches are not predicted from what another context has trained. */
static uint64_t branch_predictor_workaround(void)
{
	uint64_t pfr0 = read_sysreg(ID_AA64PFR0_EL1);

	return FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0) != 0 ? NOT_AFFECTED : SMCCC_NOT_SUPPORTED;
}

/* CSV2_3: neither by branch history. */
static uint64_t branch_history_workaround(void)
{
	uint64_t pfr0 = read_sysreg(ID_AA64PFR0_EL1);

	return FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0) >= 3 ? NOT_AFFECTED : SMCCC_NOT_SUPPORTED;
}

uint64_t arch_features(uint32_t function)
{
	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return 0;
	case SMCCC_ARCH_WORKAROUND_1:
		return branch_predictor_workaround();
	case SMCCC_ARCH_WORKAROUND_3:
		return branch_history_workaround();
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

enum exit_result arch_call(struct vcpu *vcpu, uint32_t function)
{
	uint64_t *x = vcpu->regs.x;

	switch (function) {
	case SMCCC_VERSION:
		x[0] = SMCCC_VERSION_1_1;
		break;
	case SMCCC_ARCH_FEATURES:
		x[0] = arch_features((uint32_t)x[1]);
		break;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_3:
		/* Where it was said to be there, nothing has to be done. */
		x[0] = arch_features(function) == SMCCC_NOT_SUPPORTED ? SMCCC_NOT_SUPPORTED : 0;
		break;
	default:
		x[0] = SMCCC_NOT_SUPPORTED;
	}
	return EXIT_RESUME;
}

enum exit_result vendor_call(struct vcpu *vcpu, uint32_t function)
{
	uint64_t *x = vcpu->regs.x;

	if (function == SMCCC_VENDOR_HYP_UID) {
		for (unsigned i = 0; i < ARRAY_SIZE(lintel_uid); i++)
			x[i] = lintel_uid[i];
	} else if (function == SMCCC_VENDOR_HYP_REVISION) {
		x[0] = REVISION_MAJOR;
		x[1] = REVISION_MINOR;
	} else {
		x[0] = SMCCC_NOT_SUPPORTED;
	}
	return EXIT_RESUME;
}
