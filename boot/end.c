/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/end.h"
#include "drivers/psci/psci_client.h"
#include "drivers/semihosting/semihosting.h"
#include "hyp/arch/barrier.h"
#include "hyp/base/log.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/options.h"
#include "hyp/monitor/results.h"

__noreturn void end_machine(int status)
{
	console_drain();
	if (options.exit == OPTION_EXIT_SEMIHOSTING)
		semihosting_exit((unsigned)status);
	if (options.exit == OPTION_EXIT_POWER_OFF && psci_client_available())
		psci_client_system_off();
	log_info("the machine may be switched off now");
	console_drain();
	for (;;)
		wfi();
}

void end_of_vms(void)
{
	end_machine(monitor_summary());
}
