/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PPIs that share the physical interrupts of the CPU's two timers: which of them are those now
 * (vgic_switch_hw()).
 *
 * The physical interrupt is active on behalf of the one that is in the CPU (hw_held), and of no
 * other. So it is let go when that one leaves the CPU, pending or active as it may be: from then on
 * it is a wire, ended by software. And it is made active when one that is pending or active comes,
 * so that it does not come once more.
 */
#include "drivers/gic/gic.h"
#include "hyp/vdev/vgic_fast.h"

void vgic_share_hw(struct vcpu *vcpu)
{
	vgic_cpu_of(vcpu)->hw_shared = true;
	vgic_set_hw(vgic_cpu_of(vcpu), &(struct vgic_hw){ 0 });
}

/* The lock is held; the list registers are folded. */
static void switch_all(struct vgic_cpu *cpu, const struct vgic_hw *hw, uint32_t lines)
{
	struct vgic_bank *bank = &cpu->bank;
	uint32_t held;

	for_each_bit(n, cpu->hw_held) vgic_release_hw(cpu, n);
	vgic_set_hw(cpu, hw);
	bank->line = (bank->line & ~cpu->hw_named) | (lines & cpu->hw_named & ~hw->ppis);
	held = ((lines & bank->enable) | bank->active) & hw->ppis;
	cpu->hw_held = held;
	for_each_bit(n, held) gic_set_active(cpu->loaded_on->index, cpu->pintid[n]);
	if ((vgic_pending_private(cpu) | bank->active) & cpu->hw_named)
		cpu->look |= 1;
}

uint32_t vgic_switch_hw_more(struct vcpu *vcpu, const struct vgic_hw *hw, uint32_t lines)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	uint32_t before;

	vgic_lock(cpu->vgic);
	vgic_fold(cpu);
	vgic_do_requests(cpu);
	before = (vgic_pending_private(cpu) | cpu->bank.active) & cpu->hw_named;
	switch_all(cpu, hw, lines);
	if (cpu->look)
		vcpu_request_local(vcpu, WORK_VGIC);
	vgic_unlock(cpu->vgic);
	return before;
}
