/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a guest's devicetree says that PSCI and SDEI are called: as the manifest wants it, if that is
 * answered.
 */
#include "hyp/bundle/guest_dt.h"
#include "hyp/smccc/call_rule.h"
#include "hyp/smccc/dispatch.h"

/* A call of the service that is answered whenever the service is. */
#define PSCI_VERSION SMCCC_BASE_PSCI
#define SDEI_VERSION (SMCCC_BASE_SDEI | SMCCC_64)

static bool psci_answers(const char *vm, bool smc)
{
	enum call_action action = call_rule_action(vm, smc, PSCI_VERSION);

	return action == CALL_HANDLE || action == CALL_TO_MONITOR;
}

/* A monitor can answer SDEI's calls, but can't give the guest an event. */
static bool sdei_answers(const char *vm, bool smc)
{
	return smccc_offers(SDEI_VERSION) && call_rule_action(vm, smc, SDEI_VERSION) == CALL_HANDLE;
}

static enum guest_conduit choose(
	const char *vm, bool smc, bool smc_traps, bool (*answers)(const char *vm, bool smc))
{
	if (smc && smc_traps && answers(vm, true))
		return GUEST_SMC;
	if (answers(vm, false))
		return GUEST_HVC;
	return smc_traps && answers(vm, true) ? GUEST_SMC : GUEST_NEITHER;
}

void guest_dt_choose_conduits(
	const char *vm, bool smc, bool smc_traps, struct guest_dt_config *config)
{
	config->psci = choose(vm, smc, smc_traps, psci_answers);
	config->sdei = choose(vm, smc, smc_traps, sdei_answers);
}

void guest_dt_only_smc(struct guest_dt_config *config)
{
	if (config->psci == GUEST_HVC)
		config->psci = GUEST_NEITHER;
	if (config->sdei == GUEST_HVC)
		config->sdei = GUEST_NEITHER;
}
