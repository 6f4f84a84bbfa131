/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/gicv3_cpu.h"
#include "hyp/base/log.h"

#define ID_AA64PFR0_GIC  GENMASK(27, 24)

#define ICC_SRE_SRE      BIT(0)
#define ICC_SRE_DFB      BIT(1)
#define ICC_SRE_DIB      BIT(2)
#define ICC_SRE_ENABLE   BIT(3) /* EL1 may access its own */

#define ICC_PMR_ALL      0xff /* every priority passes */
#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_IGRPEN1_ON   BIT(0)

enum status gicv3_cpu_init(void)
{
	if (FIELD_GET(ID_AA64PFR0_GIC, read_sysreg(ID_AA64PFR0_EL1)) == 0) {
		log_error("GIC: this CPU has no GIC system registers");
		return ERR_NOT_SUPPORTED;
	}
	write_sysreg(ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB | ICC_SRE_ENABLE, ICC_SRE_EL2);
	isb();
	if (!(read_sysreg(ICC_SRE_EL2) & ICC_SRE_SRE)) {
		log_error(
			"GIC: firmware denies EL2 the system registers (ICC_SRE_EL2.SRE stays 0)");
		return ERR_NOT_SUPPORTED;
	}
	write_sysreg(ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB, ICC_SRE_EL1);
	isb();
	write_sysreg(ICC_PMR_ALL, ICC_PMR_EL1);
	write_sysreg(0, ICC_BPR1_EL1);
	write_sysreg(ICC_CTLR_EOIMODE, ICC_CTLR_EL1);
	write_sysreg(0, ICC_AP1R0_EL1); /* a boot loader may have left priorities active */
	isb();
	write_sysreg(ICC_IGRPEN1_ON, ICC_IGRPEN1_EL1);
	isb();
	return OK;
}
