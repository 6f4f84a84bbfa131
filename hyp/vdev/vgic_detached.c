/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU that runs without its CPU interface, which its inner guest has (vgic_detach(), vgic.h),
 * and what a list register of such a guest does to the interrupts of its hypervisor.
 */
#include "drivers/gic/gicv3_cpu.h"
#include "hyp/vdev/vgic_fast.h"
#include "hyp/vdev/vgic_state.h"

static bool signals(struct vgic_cpu *cpu)
{
	return vgic_software_signals(cpu, cpu->look & VGIC_LOOK_BANKS, 0);
}

/* `look` stays as folding leaves it: what is pending now, and not signalled, may be later, when
 * something else has been ended. */
void vgic_detach_more(struct vgic_cpu *cpu)
{
	if (cpu->special & VGIC_MANY_APRS)
		vif_more_aprs_save(&cpu->aprs);
	vgic_lock(cpu->vgic);
	vgic_fold(cpu);
	cpu->special &= ~(uint32_t)VGIC_ACTIVE_OUTSIDE;
	vgic_settle_detached(cpu);
	if (signals(cpu))
		vcpu_request_local(cpu->vcpu, WORK_VGIC);
	vgic_unlock(cpu->vgic);
}

void vgic_attach_more(struct vgic_cpu *cpu)
{
	if (cpu->special & VGIC_MANY_APRS)
		vif_more_aprs_restore(&cpu->aprs);
	if (!cpu->look)
		return;
	vgic_lock(cpu->vgic);
	vgic_settle(cpu);
	vgic_unlock(cpu->vgic);
}

bool vgic_detached_signals(struct vgic_cpu *cpu)
{
	bool any;

	if (!READ_ONCE(cpu->look))
		return false;
	vgic_lock(cpu->vgic);
	any = signals(cpu);
	vgic_unlock(cpu->vgic);
	return any;
}

/* ---- interrupts of the vCPU's that stand behind those of its inner guest ---- */

enum vgic_link vgic_link(struct vcpu *vcpu, unsigned intid, uint32_t *pintid)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	uint32_t bit = vgic_bit(intid);

	if (intid < GIC_PPI_FIRST || intid >= VGIC_NR_INTIDS)
		return VGIC_LINK_NONE;
	if (!(READ_ONCE(vgic_bank_of(cpu, vgic_word(intid))->active) & bit))
		return VGIC_LINK_INACTIVE;
	if (intid >= VGIC_SPI_FIRST || !(cpu->hw_held & bit))
		return VGIC_LINK_SOFT;
	*pintid = cpu->pintid[intid];
	return VGIC_LINK_HW;
}

/*
 * Not active any more: its physical interrupt has come again since (vgic_pend_hw()), which is what
 * ended it.
 */
void vgic_end_link(struct vcpu *vcpu, unsigned intid, bool hw)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	struct vgic_cpu *owner = intid < VGIC_SPI_FIRST ? cpu : NULL;
	unsigned word = vgic_word(intid);

	if (intid < GIC_PPI_FIRST || intid >= VGIC_NR_INTIDS)
		return;
	vgic_lock(cpu->vgic);
	if (!owner || (cpu->bank.active & vgic_bit(intid))) {
		if (hw && owner)
			cpu->hw_held &= ~vgic_bit(intid);
		vgic_clear_active(cpu->vgic, owner, word, vgic_bit(intid));
	}
	vgic_unlock(cpu->vgic);
}

/* ---- wires whose level is asked for ---- */

void vgic_sample_ppi(struct vcpu *vcpu, unsigned intid, bool (*level)(struct vcpu *vcpu))
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	cpu->sample = level;
	cpu->sampled = vgic_bit(intid);
}

void vgic_sample(struct vgic_cpu *cpu)
{
	bool high = cpu->sample(cpu->vcpu), was_high = cpu->bank.line & cpu->sampled;

	if (high == was_high)
		return;
	cpu->bank.line ^= cpu->sampled;
	if (high) {
		cpu->bank.latch |= cpu->sampled & cpu->bank.edge;
		vgic_route(cpu->vgic, cpu, 0, cpu->sampled);
	}
}
