/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/psci/psci_client.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/smc.h"
#include "hyp/base/log.h"

/* DEN0022, 5.1: function IDs of the SMC32 and (CPU_ON) SMC64 conventions */
#define FN_VERSION      UINT32_C(0x84000000)
#define FN_CPU_OFF      UINT32_C(0x84000002)
#define FN_CPU_ON       UINT32_C(0xc4000003)
#define FN_SYSTEM_OFF   UINT32_C(0x84000008)
#define FN_SYSTEM_RESET UINT32_C(0x84000009)
#define FN_FEATURES     UINT32_C(0x8400000a)

#define VERSION_0_1     UINT32_C(0x00000001)
#define VERSION_1_0     UINT32_C(0x00010000)

/* Function IDs; 0 where the firmware has no such call. */
static struct {
	uint32_t version;
	uint32_t cpu_on, cpu_off, system_off, system_reset;
} client;

static int32_t call(uint32_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	if (function == 0)
		return PSCI_NOT_SUPPORTED;
	return (int32_t)smc_call4(function, a1, a2, a3);
}

static enum status usable(const struct machine_psci *from)
{
	switch (from->conduit) {
	case PSCI_CONDUIT_SMC:
		return OK;
	case PSCI_CONDUIT_HVC:
		log_warn("PSCI: the devicetree says method \"hvc\", which is a call to EL2, "
			 "where Lintel is: only one CPU is used");
		break;
	case PSCI_CONDUIT_UNKNOWN:
		log_warn("PSCI: the devicetree gives no method Lintel knows: only one CPU is used");
		break;
	case PSCI_CONDUIT_NONE:
		log_warn(
			"PSCI: none in the devicetree: only one CPU is used, and the machine can't "
			"be switched off");
		break;
	}
	return ERR_NOT_SUPPORTED;
}

enum status psci_client_init(const struct machine_psci *from)
{
	__builtin_memset(&client, 0, sizeof(client));

	enum status status = usable(from);

	if (status)
		return status;
	if (!from->standard_ids) {
		client.version = VERSION_0_1;
		client.cpu_on = from->cpu_on_id;
		client.cpu_off = from->cpu_off_id;
		return OK;
	}
	int32_t version = call(FN_VERSION, 0, 0, 0);

	if (version <= 0) {
		log_warn("PSCI: firmware answers PSCI_VERSION with %d: not used", version);
		return ERR_NOT_SUPPORTED;
	}
	client.version = (uint32_t)version;
	client.cpu_on = FN_CPU_ON;
	client.cpu_off = FN_CPU_OFF;
	client.system_off = FN_SYSTEM_OFF;
	client.system_reset = FN_SYSTEM_RESET;
	return OK;
}

bool psci_client_available(void)
{
	return client.version != 0;
}

uint32_t psci_client_version(void)
{
	return client.version;
}

enum psci_result psci_client_cpu_on(uint64_t mpidr, pa_t entry, uint64_t context)
{
	return (enum psci_result)call(
		client.cpu_on, mpidr & MPIDR_AFFINITY_MASK, entry.pa, context);
}

enum psci_result psci_client_cpu_off(void)
{
	return (enum psci_result)call(client.cpu_off, 0, 0, 0);
}

void psci_client_system_off(void)
{
	(void)call(client.system_off, 0, 0, 0);
}

void psci_client_system_reset(void)
{
	(void)call(client.system_reset, 0, 0, 0);
}

int32_t psci_client_features(uint32_t function)
{
	return call(client.version >= VERSION_1_0 ? FN_FEATURES : 0, function, 0, 0);
}

const char *psci_result_name(enum psci_result result)
{
	static const char *const names[] = {
		[-PSCI_SUCCESS] = "success",
		[-PSCI_NOT_SUPPORTED] = "not supported",
		[-PSCI_INVALID_PARAMETERS] = "invalid parameters",
		[-PSCI_DENIED] = "denied",
		[-PSCI_ALREADY_ON] = "already on",
		[-PSCI_ON_PENDING] = "on pending",
		[-PSCI_INTERNAL_FAILURE] = "internal failure",
		[-PSCI_NOT_PRESENT] = "not present",
		[-PSCI_DISABLED] = "disabled",
		[-PSCI_INVALID_ADDRESS] = "invalid address",
	};
	int index = -(int)result;

	return index >= 0 && index < (int)ARRAY_SIZE(names) ? names[index] : "unknown result";
}
