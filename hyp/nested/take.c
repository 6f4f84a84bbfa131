/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/nested/context.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/gic.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"

#define VECTOR_IRQ    0x80
#define VECTOR_SERROR 0x180

/* PSTATE.M as L1 has it, for that of the CPU while hyp: EL1t and EL1h are EL2t and EL2h. */
static uint64_t spsr_of_hyp(uint64_t pstate)
{
	uint64_t mode = pstate & PSTATE_MODE_MASK;

	return !(pstate & PSTATE_NRW) && mode >= PSTATE_EL1T ? pstate + (PSTATE_EL2H - PSTATE_EL1H)
							     : pstate;
}

static __always_inline uint64_t vector_offset(const struct vcpu *vcpu, bool inner)
{
	if (inner)
		return vcpu->regs.pstate & PSTATE_NRW ? 0x600 : 0x400;
	return inject_vector_offset(vcpu->regs.pstate);
}

static __always_inline uint64_t go_to_hyp(struct vcpu *vcpu)
{
	uint64_t pstate = vcpu->regs.pstate;

	if (likely(nested_of(vcpu)->inner)) {
		nested_enter_hyp(vcpu);
		return pstate;
	}
	nested_leave_el0(vcpu);
	return spsr_of_hyp(pstate);
}

uint64_t nested_go_to_hyp(struct vcpu *vcpu)
{
	return go_to_hyp(vcpu);
}

/* PAN is set by SPAN = 0 only under {E2H,TGE} = {1,1}; without VHE the CPU's SCTLR_EL1 has SPAN =
 * 1. */
static __always_inline uint64_t new_pstate(const struct vcpu *vcpu, uint64_t interrupted)
{
	uint64_t sctlr = read_sysreg(SCTLR_EL1);

	if (!nested_host_el0(nested_of(vcpu)))
		sctlr |= SCTLR_EL1_SPAN;
	return inject_new_pstate(interrupted, sctlr, cpu_features.pan, cpu_features.ssbs);
}

uint64_t nested_new_pstate(const struct vcpu *vcpu, uint64_t interrupted)
{
	return new_pstate(vcpu, interrupted);
}

/* AArch64.TakeException to EL2 (DDI 0487 D1.3.6). */
static __always_inline void take(struct vcpu *vcpu, uint64_t offset)
{
	uint64_t vector = vector_offset(vcpu, nested_of(vcpu)->inner) + offset;

	write_sysreg(go_to_hyp(vcpu), SPSR_EL1);
	write_sysreg(vcpu->regs.pc, ELR_EL1);
	vcpu->regs.pstate = new_pstate(vcpu, vcpu->regs.pstate);
	vcpu->regs.pc = read_sysreg(VBAR_EL1) + vector;
}

/* Aborts have one EC for the same EL and one for a lower one. */
static __always_inline uint64_t esr_from(const struct vcpu *vcpu, uint64_t esr)
{
	unsigned ec = (unsigned)ESR_GET_EC(esr);

	if (!nested_of(vcpu)->inner && !(vcpu->regs.pstate & PSTATE_NRW) &&
		(vcpu->regs.pstate & PSTATE_MODE_MASK) >= PSTATE_EL1T &&
		(ec == EC_DATA_ABORT_LOWER || ec == EC_INSN_ABORT_LOWER))
		return esr + (ESR_MAKE(EC_DATA_ABORT_SAME - EC_DATA_ABORT_LOWER, 0) & ESR_EC_MASK);
	return esr;
}

void nested_take_sync(struct vcpu *vcpu, uint64_t esr)
{
	esr = esr_from(vcpu, esr);
	take(vcpu, 0);
	write_sysreg(esr, ESR_EL1);
}

void nested_take_abort(struct vcpu *vcpu, uint64_t esr, uint64_t far, uint64_t hpfar)
{
	struct nested *nested = nested_of(vcpu);

	nested_take_sync(vcpu, esr);
	write_sysreg(far, FAR_EL1);
	nested->values[VEL2_HPFAR] = hpfar;
}

void nested_take_recorded(struct vcpu *vcpu)
{
	uint64_t far = vcpu->inject.far;

	nested_take_sync(vcpu, vcpu->inject.esr);
	if (vcpu->inject.has_far)
		write_sysreg(far, FAR_EL1);
}

/* A physical SError while inner that is L1's by vHCR_EL2.AMO, or TEA; or one that was pending for
 * L1. */
static void take_serror(struct vcpu *vcpu, uint64_t iss)
{
	take(vcpu, VECTOR_SERROR);
	write_sysreg(ESR_MAKE(EC_SERROR, iss), ESR_EL1);
}

bool nested_take_serror(struct vcpu *vcpu, uint64_t iss)
{
	if (!(VNCR_REG(nested_of(vcpu), HCR_EL2) & HCR_EL2_AMO)) {
		forward_serror(nested_of(vcpu));
		return false;
	}
	take_serror(vcpu, iss);
	return true;
}

void nested_take_irq(struct vcpu *vcpu)
{
	take(vcpu, VECTOR_IRQ);
}

void nested_reflect(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t far = read_sysreg(FAR_EL2);

	switch (ESR_GET_EC(esr)) {
	case EC_INSN_ABORT_LOWER:
	case EC_DATA_ABORT_LOWER:
	case EC_PC_ALIGNMENT:
	case EC_WATCHPOINT_LOWER:
		nested_take_sync(vcpu, esr);
		write_sysreg(far, FAR_EL1);
		break;
	default:
		nested_take_sync(vcpu, esr);
		break;
	}
}

void nested_before_entry(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	if (unlikely(nested->serror) && nested_take_serror(vcpu, nested->vsesr & ESR_ISS_MASK)) {
		/* It isn't pending any more: that went back to the CPU with the context. */
		vcpu->hcr &= ~HCR_EL2_VSE;
		write_sysreg(vcpu->hcr, HCR_EL2);
		return;
	}
	if (nested->inner ? nested->inner_lrs && nested_gic_signals(nested)
			  : nested->el0 && vgic_has_pending(vcpu))
		nested_take_irq(vcpu);
}
