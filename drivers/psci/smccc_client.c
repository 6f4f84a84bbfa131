/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/psci/smccc_client.h"
#include "drivers/psci/psci_client.h"
#include "hyp/arch/smc.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/log.h"

#define FN_VERSION  UINT32_C(0x80000000)
#define FN_FEATURES UINT32_C(0x80000001)

/* The first that has PSCI_VERSION: the one before is older than the calling convention. */
#define PSCI_0_2    2

static uint32_t version;

static bool has_el3(void)
{
	return FIELD_GET(ID_AA64PFR0_EL1_EL3, read_sysreg(ID_AA64PFR0_EL1)) != 0;
}

/* Only the person says that there is somebody at EL3. */
static bool is_trusted(void)
{
	if (has_el3())
		return true;
	log_warn("lintel.firmware=smccc: this CPU has no EL3 (ID_AA64PFR0_EL1.EL3): no firmware is "
		 "called");
	return false;
}

static uint32_t ask_version(void)
{
	int32_t answer = (int32_t)smc_call4(FN_VERSION, 0, 0, 0);

	return answer < (int32_t)SMCCC_CLIENT_1_1 ? SMCCC_CLIENT_1_0 : (uint32_t)answer;
}

void smccc_client_init(enum smccc_client_mode mode)
{
	version = 0;
	if (mode == SMCCC_CLIENT_NONE)
		return;
	if (mode == SMCCC_CLIENT_TRUST && is_trusted())
		version = ask_version();
	else if (psci_client_version() >= PSCI_0_2)
		version = psci_client_features(FN_VERSION) < 0 ? SMCCC_CLIENT_1_0 : ask_version();
	if (version)
		log_info("firmware at EL3: SMCCC %u.%u", version >> 16, version & 0xffff);
}

uint32_t smccc_client_version(void)
{
	return version;
}

int32_t smccc_client_features(uint32_t function)
{
	if (version < SMCCC_CLIENT_1_1)
		return SMCCC_CLIENT_NOT_SUPPORTED;
	return (int32_t)smc_call4(FN_FEATURES, function, 0, 0);
}
