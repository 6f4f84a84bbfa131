/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/pmu/pmu.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg.h"

#define PMCR_E             BIT(0)
#define PMCR_P             BIT(1)          /* resets the event counters */
#define PMCR_N             GENMASK(15, 11) /* event counters */
#define PMEVTYPER_NSH      BIT(27)         /* count at EL2 too */
#define EVENT_INST_RETIRED UINT64_C(0x08)
#define COUNTER_0          BIT(0)

static const struct cpu *counting;

bool pmu_count_start(void)
{
	if (!cpu_features.pmu || FIELD_GET(PMCR_N, read_sysreg(PMCR_EL0)) == 0)
		return false;
	write_sysreg(PMEVTYPER_NSH | EVENT_INST_RETIRED, PMEVTYPER0_EL0);
	write_sysreg(COUNTER_0, PMOVSCLR_EL0);
	write_sysreg(COUNTER_0, PMCNTENSET_EL0);
	write_sysreg(PMCR_E | PMCR_P, PMCR_EL0);
	isb();
	counting = this_cpu();
	return true;
}

bool pmu_count_read(uint64_t *instructions)
{
	if (counting != this_cpu())
		return false;
	isb();
	*instructions = read_sysreg(PMEVCNTR0_EL0) & GENMASK(31, 0);
	return !(read_sysreg(PMOVSCLR_EL0) & COUNTER_0);
}
