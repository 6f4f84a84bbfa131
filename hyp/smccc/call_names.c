/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/call_names.h"

/* Those that are counted one by one. */
#define NAME_ARCH(number, name)
#define NAME_PSCI(number, name) [number] = #name,
#define NAME_SDEI(number, name)
#define NAME_TRNG(number, name)
#define NAME_PV_TIME(number, name)
#define NAME_VENDOR(number, name)

static const char *const psci_names[NR_PSCI_CALLS] = {
#define CALL(service, number, name, widths, since, handler, text) NAME_##service(number, name)
#include "hyp/smccc/calls.def"
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
