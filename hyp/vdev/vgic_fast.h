/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way into a list register: for an interrupt of word 0 (SGI, PPI) that was in one before,
 * which is free again. Takes no lock and changes no software state: what is known of the interrupt
 * stays true. An interrupt that is active has a list register even when it, or its group, is
 * disabled: so it asks whether the interrupt may be delivered. Who disables it meanwhile has the
 * list registers folded (vgic_ask_fold()).
 */
#ifndef HYP_VDEV_VGIC_FAST_H
#define HYP_VDEV_VGIC_FAST_H

#include "hyp/vdev/vgic_state.h"
#include "hyp/vdev/vtimer.h"

/*
 * Makes interrupt `intid` (0..31) of the vCPU, which is loaded here, pending in its list register.
 * False: it has none, or it is in use, or there is something else to be done first: nothing was
 * done.
 */
static __always_inline bool vgic_pend_fast(struct vgic_cpu *cpu, unsigned intid)
{
	unsigned lr = cpu->lr_of[intid];

	if (unlikely(!((vif_free() >> lr) & 1)) || unlikely(READ_ONCE(cpu->look)) ||
		unlikely(!((READ_ONCE(cpu->deliverable) >> intid) & 1)))
		return false;
	if (likely(lr == 0))
		vif_lr_write(0, cpu->template[intid]);
	else
		vif_lr_write(lr, cpu->template[intid]);
	return true;
}

static __always_inline void vgic_load_interface(struct vgic_cpu *cpu)
{
	uint64_t hcr = vgic_plain_hcr(cpu);

	cpu->hcr = hcr;
	vif_vmcr_write(cpu->vmcr);
	vif_first_aprs_restore(&cpu->aprs);
	vif_hcr_write(hcr);
}

/*
 * vgic_load(vcpu, 0) of a vCPU that has nothing to bring along, for a CPU whose timers' interrupts
 * are enabled as it wants them. False: nothing was done.
 */
static __always_inline bool vgic_load_fast(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	struct vgic *vgic = cpu->vgic;
	const struct cpu *here = this_cpu();
	uint32_t news;

	vgic_lock(vgic);
	news = (cpu->bank.active | (cpu->bank.enable ^ vtimer_enabled_ppis[here->index])) &
		cpu->hw_backed;
	if (unlikely(news | cpu->look | cpu->special | vgic->kicks)) {
		vgic_unlock(vgic);
		return false;
	}
	cpu->loaded_on = here;
	spin_unlock(&vgic->lock);
	vgic_load_interface(cpu);
	return true;
}

/* The rest of both, for a vCPU that has anything in list registers or to put there. */
void vgic_detach_more(struct vgic_cpu *cpu);
void vgic_attach_more(struct vgic_cpu *cpu);

/* See vgic.h: the CPU interface of the vCPU that is loaded here, out of the CPU and into it. */
static __always_inline void vgic_detach(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	cpu->vmcr = vif_vmcr_read();
	vif_first_aprs_save(&cpu->aprs);
	if (unlikely(cpu->used | cpu->special | READ_ONCE(cpu->look)))
		vgic_detach_more(cpu);
	cpu->special |= (uint32_t)VGIC_DETACHED;
}

static __always_inline void vgic_attach(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	cpu->special &= ~(uint32_t)VGIC_DETACHED;
	vgic_load_interface(cpu);
	if (unlikely(cpu->special | READ_ONCE(cpu->look)))
		vgic_attach_more(cpu);
}

/* False: there is nothing for a vCPU that is detached, nor asked of it; no need to ask
 * vgic_has_pending(). */
static __always_inline bool vgic_may_have_pending(const struct vcpu *vcpu)
{
	const struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	return READ_ONCE(cpu->look) | READ_ONCE(cpu->inbox);
}

/* The long way. */
void vgic_pend_hw_slow(struct vgic_cpu *cpu, unsigned intid);

/* See vgic.h. */
static __always_inline void vgic_pend_hw(struct vcpu *vcpu, unsigned intid)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	if (unlikely(!vgic_pend_fast(cpu, intid)))
		vgic_pend_hw_slow(cpu, intid);
}

/* The PPI of the vCPU that a timer of the CPU is for. */
static __always_inline unsigned vgic_hw_source(const struct vcpu *vcpu, unsigned source)
{
	return VGIC_SOURCE_PPI(vgic_cpu_of(vcpu)->hw_source, source);
}

static __always_inline void vgic_set_hw(struct vgic_cpu *cpu, const struct vgic_hw *hw)
{
	cpu->hw_backed = hw->ppis;
	cpu->hw_source = hw->source;
}

/*
 * Other timers of the vCPU, which is loaded here, are in the CPU from now on; both are off, and
 * that is in force. False: one of those that were or one of those that are now has an interrupt
 * pending or active, or in a list register that remembers it: nothing was done,
 * vgic_switch_hw_more() does it. Who makes one pending or active on another CPU at the same time
 * sets `look`, and what becomes of it is decided when that is looked at.
 */
static __always_inline bool vgic_switch_hw(struct vcpu *vcpu, const struct vgic_hw *hw)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	const struct vgic_bank *bank = &cpu->bank;

	if (unlikely((bank->in_lr | bank->active | bank->line | cpu->hw_held) & cpu->hw_named))
		return false;
	vgic_set_hw(cpu, hw);
	return true;
}

/*
 * The same, whatever there is: `lines` are the levels of all of them. Those that come into the CPU
 * and are high or active have their physical interrupt made active, those that leave it are
 * software's. Returns which of them were pending or active before.
 */
uint32_t vgic_switch_hw_more(struct vcpu *vcpu, const struct vgic_hw *hw, uint32_t lines);

#endif
