/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/arch_calls.h"
#include "drivers/psci/smccc_client.h"
#include "hyp/arch/features.h"
#include "hyp/arch/smc.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/string.h"
#include "hyp/smccc/firmware.h"
#include "hyp/vm/vm.h"

#define NEEDED       0
#define CSV2_HISTORY 3 /* ID_AA64PFR0_EL1.CSV2: nor by branch history (FEAT_CSV2_3) */

/* --- who the machine is --- */

static struct {
	bool known, named;
	uint32_t version, revision;
	uint64_t name[SOC_NAME_WORDS];
} soc;

static void ask_soc_name(void)
{
	struct smc_regs regs = { .x = { SMCCC_ARCH_SOC_ID_64, SOC_ID_NAME } };

	if (smccc_client_version() < SMCCC_CLIENT_1_2 ||
		smccc_client_features(SMCCC_ARCH_SOC_ID_64) < 0)
		return;
	smc_call(&regs);
	soc.named = regs.x[0] == 0;
	for (unsigned i = 0; i < SOC_NAME_WORDS; i++)
		soc.name[i] = regs.x[i + 1];
}

static void ask_soc(void)
{
	soc.known = soc.named = false;
	if (smccc_client_features(SMCCC_ARCH_SOC_ID) < 0)
		return;
	soc.version = (uint32_t)smc_call4(SMCCC_ARCH_SOC_ID, SOC_ID_VERSION, 0, 0);
	soc.revision = (uint32_t)smc_call4(SMCCC_ARCH_SOC_ID, SOC_ID_REVISION, 0, 0);
	soc.known = (int32_t)soc.version >= 0 && (int32_t)soc.revision >= 0;
	if (soc.known)
		ask_soc_name();
}

static bool has_soc_id(const struct vcpu *vcpu, uint32_t function)
{
	if (smccc_too_wide(vcpu, function))
		return false;
	if (vcpu->vm->policy.has_soc_id)
		return !(function & SMCCC_64);
	return soc.known && (!(function & SMCCC_64) || soc.named);
}

enum exit_result arch_soc_id(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	const struct vm_policy *policy = &vcpu->vm->policy;
	bool own = policy->has_soc_id;

	if (!has_soc_id(vcpu, function))
		return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
	switch ((uint32_t)vcpu->regs.x[1]) {
	case SOC_ID_VERSION:
		return smccc_return(vcpu, conduit, own ? policy->soc_version : soc.version);
	case SOC_ID_REVISION:
		return smccc_return(vcpu, conduit, own ? policy->soc_revision : soc.revision);
	case SOC_ID_NAME:
		if (!(function & SMCCC_64))
			break;
		memcpy(&vcpu->regs.x[1], soc.name, sizeof(soc.name));
		return smccc_return(vcpu, conduit, 0);
	default:
		break;
	}
	return smccc_return(vcpu, conduit, SMCCC_INVALID_PARAMETER);
}

/* --- what EL3 would have to allow, were it the guest's --- */

static uint64_t available_scr(void)
{
	uint64_t scr = 0;

	if (cpu_features.pauth)
		scr |= SCR_EL3_APK | SCR_EL3_API;
	if (cpu_features.ras)
		scr |= SCR_EL3_TERR;
	if (FIELD_GET(ID_AA64ISAR0_EL1_RNDR, read_sysreg(ID_AA64ISAR0_EL1)))
		scr |= SCR_EL3_TRNDR;
	return scr;
}

/* False: a register of which the call doesn't tell. */
static bool available(uint64_t selector, uint64_t *features)
{
	switch (selector) {
	case FEATURE_SELECTOR_SCR_EL3:
		*features = available_scr();
		return true;
	case FEATURE_SELECTOR_CPTR_EL3:
		*features = CPTR_EL3_TFP | CPTR_EL3_TCPAC;
		return true;
	case FEATURE_SELECTOR_MDCR_EL3:
		*features = MDCR_EL3_TDA | MDCR_EL3_TDOSA;
		return true;
	case FEATURE_SELECTOR_MPAM3_EL3:
		*features = 0;
		return true;
	default:
		return false;
	}
}

enum exit_result arch_feature_availability(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	if (!available(vcpu->regs.x[1], &vcpu->regs.x[1]))
		return smccc_return(vcpu, conduit, SMCCC_INVALID_PARAMETER);
	return smccc_return(vcpu, conduit, 0);
}

/* --- workarounds --- */

/* In the order of what a guest must be told when CPUs differ. */
enum severity { NOT_AFFECTED, NOT_REQUIRED, NOT_MITIGATED, MITIGATED_BY_CALL };

static const uint64_t answers[] = {
	[NOT_AFFECTED] = SMCCC_NOT_AFFECTED,
	[NOT_REQUIRED] = SMCCC_NOT_REQUIRED,
	[NOT_MITIGATED] = SMCCC_NOT_SUPPORTED,
	[MITIGATED_BY_CALL] = NEEDED,
};

static enum severity by_firmware(uint32_t function)
{
	switch (smccc_client_features(function)) {
	case 0:
		return MITIGATED_BY_CALL;
	case 1:
		return NOT_AFFECTED;
	default:
		return NOT_MITIGATED;
	}
}

static enum severity branch_predictor(uint64_t pfr0)
{
	return FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0) != 0 ? NOT_AFFECTED
							  : by_firmware(SMCCC_ARCH_WORKAROUND_1);
}

/* The call covers what WORKAROUND_1 does, too. */
static enum severity branch_history(uint64_t pfr0)
{
	uint64_t csv2 = FIELD_GET(ID_AA64PFR0_EL1_CSV2, pfr0);
	uint64_t mmfr1 = read_sysreg(ID_AA64MMFR1_EL1);

	if (csv2 >= CSV2_HISTORY || (csv2 && FIELD_GET(ID_AA64MMFR1_EL1_ECBHB, mmfr1)))
		return NOT_AFFECTED;
	return by_firmware(SMCCC_ARCH_WORKAROUND_3);
}

/* Where it can be switched it is switched on. */
static enum severity store_bypass(void)
{
	if (FIELD_GET(ID_AA64PFR1_EL1_SSBS, read_sysreg(ID_AA64PFR1_EL1)))
		return NOT_MITIGATED;
	switch (smccc_client_features(SMCCC_ARCH_WORKAROUND_2)) {
	case 0:
		smc_call4(SMCCC_ARCH_WORKAROUND_2, 1, 0, 0);
		return NOT_REQUIRED;
	case 1:
		return NOT_AFFECTED;
	case -2:
		return NOT_REQUIRED;
	default:
		return NOT_MITIGATED;
	}
}

static const uint32_t workaround_functions[] = {
	SMCCC_ARCH_WORKAROUND_1,
	SMCCC_ARCH_WORKAROUND_2,
	SMCCC_ARCH_WORKAROUND_3,
};

/* The worst so far; CPUs come up side by side. */
static enum severity worst[ARRAY_SIZE(workaround_functions)];

static void note(unsigned which, enum severity severity)
{
	enum severity before = __atomic_load_n(&worst[which], __ATOMIC_RELAXED);

	while (before < severity &&
		!__atomic_compare_exchange_n(&worst[which], &before, severity, false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void arch_calls_init(void)
{
	memset(worst, 0, sizeof(worst));
	ask_soc();
}

void arch_calls_init_cpu(void)
{
	uint64_t pfr0 = read_sysreg(ID_AA64PFR0_EL1);

	note(0, branch_predictor(pfr0));
	note(1, store_bypass());
	note(2, branch_history(pfr0));
}

static uint64_t answer_of(uint32_t function)
{
	for (unsigned i = 0; i < ARRAY_SIZE(workaround_functions); i++) {
		if (workaround_functions[i] == function)
			return answers[worst[i]];
	}
	return SMCCC_NOT_SUPPORTED;
}

/* Where it was said not to be needed nothing is done, but the call may be made. */
static enum exit_result workaround(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint64_t answer = answer_of(function);

	if (answer == NEEDED)
		smc_call4(function, 0, 0, 0);
	return smccc_return(vcpu, conduit, answer == SMCCC_NOT_SUPPORTED ? answer : 0);
}

enum exit_result arch_workaround_1(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	return workaround(vcpu, conduit, function);
}

enum exit_result arch_workaround_2(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	return workaround(vcpu, conduit, function);
}

enum exit_result arch_workaround_3(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	return workaround(vcpu, conduit, function);
}

/* The vector's: those that come to nothing, and those that the firmware does. */
static void tell_vector(struct workarounds *vector)
{
	memset(vector, 0, sizeof(*vector));
	for (unsigned i = 0; i < ARRAY_SIZE(workaround_functions); i++) {
		uint32_t function = workaround_functions[i];
		uint64_t *key = &vector->keys[WORKAROUND_INDEX(function)];

		if (worst[i] == MITIGATED_BY_CALL)
			*key = WORKAROUND_KEY(function);
		else if (worst[i] != NOT_MITIGATED)
			*key = WORKAROUND_LOCAL_KEY(function);
	}
}

static enum status create(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		tell_vector(&vm->vcpus[i]->workarounds);
	return OK;
}

const struct vm_part workaround_part = {
	.name = "workaround calls",
	.create = create,
};

/* --- which version, which of them --- */

enum exit_result arch_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, SMCCC_VERSION_1_4);
}

/* Only the architecture's calls and stolen time are asked for like this (DEN0028 7.3, DEN0057). */
static bool is_discoverable(uint32_t function)
{
	uint32_t narrow = function & ~(uint32_t)SMCCC_64;

	return narrow >> 16 == SMCCC_BASE_ARCH >> 16 || narrow >> 4 == SMCCC_BASE_PV_TIME >> 4;
}

static uint64_t features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	switch (function) {
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		return answer_of(function);
	case SMCCC_ARCH_SOC_ID:
	case SMCCC_ARCH_SOC_ID_64:
		return has_soc_id(vcpu, function) ? 0 : SMCCC_NOT_SUPPORTED;
	default:
		return is_discoverable(function) && smccc_offered_to(vcpu, conduit, function)
			? 0
			: SMCCC_NOT_SUPPORTED;
	}
}

enum exit_result arch_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, features(vcpu, conduit, (uint32_t)vcpu->regs.x[1]));
}
