/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/call_names.h"

/* DEN0022 table 5: numbers of the functions, the same for both widths. */
static const char *const psci_names[NR_PSCI_CALLS] = {
	"PSCI_VERSION",
	"CPU_SUSPEND",
	"CPU_OFF",
	"CPU_ON",
	"AFFINITY_INFO",
	"MIGRATE",
	"MIGRATE_INFO_TYPE",
	"MIGRATE_INFO_UP_CPU",
	"SYSTEM_OFF",
	"SYSTEM_RESET",
	"PSCI_FEATURES",
	"CPU_FREEZE",
	"CPU_DEFAULT_SUSPEND",
	"NODE_HW_STATE",
	"SYSTEM_SUSPEND",
	"PSCI_SET_SUSPEND_MODE",
	"PSCI_STAT_RESIDENCY",
	"PSCI_STAT_COUNT",
	"SYSTEM_RESET2",
	"MEM_PROTECT",
	"MEM_PROTECT_CHECK_RANGE",
	"SYSTEM_OFF2",
	"CLEAN_INV_MEMREGION",
	"CLEAN_INV_MEMREGION_ATTRIBUTES",
};

const char *psci_function_name(unsigned number)
{
	return number < NR_PSCI_CALLS && psci_names[number] ? psci_names[number] : "PSCI, reserved";
}

const char *call_class_name(enum call_class which)
{
	static const char *const names[NR_CALL_CLASSES] = {
		[CALL_ARCH] = "Arm architecture calls",
		[CALL_SDEI] = "SDEI",
		[CALL_TRNG] = "TRNG",
		[CALL_PV_TIME] = "stolen time",
		[CALL_VENDOR] = "hypervisor's own calls",
		[CALL_FIRMWARE] = "forwarded to the firmware",
		[CALL_MONITOR] = "forwarded to another VM",
		[CALL_UNANSWERED] = "of these: it did not answer",
		[CALL_REFUSED] = "refused: not supported",
	};

	return names[which];
}
