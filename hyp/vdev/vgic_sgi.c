/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Software-generated interrupts: ICC_SGI1R_EL1 and its kin. Takes no lock.
 */
#include "drivers/gic/gicv3_cpu.h"
#include "hyp/vdev/vgic_fast.h"

/* vCPUs have affinity 0.0.0.n with n below 16: any other cluster, and any other range of Aff0, has
 * nobody. */
#define OTHER_CLUSTERS (ICC_SGIR_AFF1 | ICC_SGIR_AFF2 | ICC_SGIR_AFF3 | ICC_SGIR_RS)
_Static_assert(MAX_VCPUS <= 16, "one target list reaches all vCPUs");

enum exit_result vgic_sgi_write(struct vcpu *vcpu, unsigned encoding, uint64_t value)
{
	struct vgic *vgic = vgic_of(vcpu->vm);
	unsigned sgi = (unsigned)FIELD_GET(ICC_SGIR_INTID, value);
	/* SGI1R makes group 1 interrupts, the others group 0 ones: where the target's IGROUPR0 says
	 * otherwise, none. */
	uint32_t group1 = encoding == SYS_ICC_SGI1R_EL1;
	uint32_t targets = vgic->all & (uint32_t)(value & ICC_SGIR_TARGETS);

	if (unlikely(value & (OTHER_CLUSTERS | ICC_SGIR_IRM))) {
		if (!(value & ICC_SGIR_IRM))
			return EXIT_SKIP;
		targets = vgic->all & ~(uint32_t)BIT(vcpu->id);
	}
	for_each_bit(id, targets)
	{
		struct vgic_cpu *cpu = vgic->cpus[id];

		if (((cpu->bank.group >> sgi) & 1) != group1)
			continue;
		if (id == vcpu->id && likely(vgic_pend_fast(cpu, sgi)))
			continue;
		__atomic_fetch_or(&cpu->inbox, (uint32_t)BIT(sgi), __ATOMIC_RELEASE);
		vcpu_request(cpu->vcpu, WORK_VGIC);
	}
	return EXIT_SKIP;
}
