/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/vif.h"
#include "hyp/arch/barrier.h"

/* Five preemption bits are 32 levels, one register of 32 bits (IHI 0069H, 12.4.3). */
#define PREBITS_ONE_REGISTER 5

struct vif_info vif;

static struct vif_info read_info(void)
{
	uint64_t vtr = read_sysreg(ICH_VTR_EL2);
	unsigned preemption = (unsigned)FIELD_GET(VTR_PREBITS, vtr) + 1;

	return (struct vif_info){
		.lrs = MIN((unsigned)FIELD_GET(VTR_LISTREGS, vtr) + 1, VIF_LRS_MAX),
		.aprs = preemption <= PREBITS_ONE_REGISTER
			? 1
			: MIN(1U << (preemption - PREBITS_ONE_REGISTER), VIF_APRS_MAX),
		.priority_bits = (unsigned)FIELD_GET(VTR_PRIBITS, vtr) + 1,
		.preemption_bits = preemption,
		.id_bits = FIELD_GET(VTR_IDBITS, vtr) ? 24 : 16,
		.a3v = vtr & VTR_A3V,
		.seis = vtr & VTR_SEIS,
		.tdir = vtr & VTR_TDS,
	};
}

void vif_cpu_init(void)
{
	static const struct vif_aprs none;
	struct vif_info info = read_info();

	/* A vCPU may run anywhere: what it gets is what every CPU has. CPUs start one after
	 * another. */
	if (vif.lrs == 0) {
		vif = info;
	} else {
		vif.lrs = MIN(vif.lrs, info.lrs);
		vif.aprs = MIN(vif.aprs, info.aprs);
		vif.priority_bits = MIN(vif.priority_bits, info.priority_bits);
		vif.preemption_bits = MIN(vif.preemption_bits, info.preemption_bits);
		vif.id_bits = MIN(vif.id_bits, info.id_bits);
		vif.a3v &= info.a3v;
		vif.tdir &= info.tdir;
	}
	vif_hcr_write(0);
	vif_vmcr_write(0);
	for (unsigned i = 0; i < info.lrs; i++)
		vif_lr_write(i, 0);
	vif_aprs_restore(&none);
	isb();
}

void vif_more_aprs_save(struct vif_aprs *to)
{
	if (vif.aprs == 4) {
		to->ap0[3] = (uint32_t)read_sysreg(ICH_AP0R3_EL2);
		to->ap1[3] = read_sysreg(ICH_AP1R3_EL2);
		to->ap0[2] = (uint32_t)read_sysreg(ICH_AP0R2_EL2);
		to->ap1[2] = read_sysreg(ICH_AP1R2_EL2);
	}
	to->ap0[1] = (uint32_t)read_sysreg(ICH_AP0R1_EL2);
	to->ap1[1] = read_sysreg(ICH_AP1R1_EL2);
}

void vif_more_aprs_restore(const struct vif_aprs *from)
{
	if (vif.aprs == 4) {
		write_sysreg(from->ap0[3], ICH_AP0R3_EL2);
		write_sysreg(from->ap1[3], ICH_AP1R3_EL2);
		write_sysreg(from->ap0[2], ICH_AP0R2_EL2);
		write_sysreg(from->ap1[2], ICH_AP1R2_EL2);
	}
	write_sysreg(from->ap0[1], ICH_AP0R1_EL2);
	write_sysreg(from->ap1[1], ICH_AP1R1_EL2);
}
