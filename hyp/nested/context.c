/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/context.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/features.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/shadow.h"
#include "hyp/nested/timer.h"

enum exit_result (*const *nested_exit_table[NR_NESTED_EXITS])(struct vcpu *vcpu, uint64_t esr);

/* What a vCPU has in HCR_EL2 whichever context it is in: what the scheduler and inject_serror() put
 * there. */
#define HCR_KEPT (HCR_EL2_TWI | HCR_EL2_TWE | HCR_EL2_VSE)

/* ---- registers of EL1 that are switched ---- */

static __always_inline void save_hyp(struct nested *nested)
{
#define X(name) nested->hyp_live[SWITCHED_##name] = save_sysreg(name##_EL1);
	SWITCHED_REGISTERS(X)
#undef X
	if (nested->vhe)
		nested->hyp_live[SWITCHED_CNTKCTL] = save_sysreg(CNTKCTL_EL1);
}

static __always_inline void load_hyp(const struct nested *nested)
{
#define X(name) restore_sysreg(nested->hyp_live[SWITCHED_##name], name##_EL1);
	SWITCHED_REGISTERS(X)
#undef X
	if (nested->vhe)
		restore_sysreg(nested->hyp_live[SWITCHED_CNTKCTL], CNTKCTL_EL1);
}

static __always_inline void save_inner(struct nested *nested)
{
	uint64_t *page = nested->page;

#define X(name) page[VNCR_##name##_EL1 / 8] = save_sysreg(name##_EL1);
	SWITCHED_REGISTERS(X)
#undef X
	if (nested->vhe)
		nested->values[VEL2_CNTKCTL_EL1] = save_sysreg(CNTKCTL_EL1);
}

static __always_inline void load_inner(const struct nested *nested)
{
	const uint64_t *page = nested->page;

#define X(name) restore_sysreg(page[VNCR_##name##_EL1 / 8], name##_EL1);
	SWITCHED_REGISTERS(X)
#undef X
	if (nested->vhe)
		restore_sysreg(nested->values[VEL2_CNTKCTL_EL1], CNTKCTL_EL1);
}

/* ---- controls of EL2 ---- */

static __always_inline void write_controls(const struct vcpu *vcpu)
{
	restore_sysreg(vcpu->hcr, HCR_EL2);
	restore_sysreg(vcpu->mdcr, MDCR_EL2);
	restore_sysreg(vcpu->cptr, CPTR_EL2);
	restore_sysreg(vcpu->vmpidr, VMPIDR_EL2);
	restore_sysreg(vcpu->vtcr, VTCR_EL2);
	restore_sysreg(vcpu->vttbr, VTTBR_EL2);
}

uint64_t nested_hyp_hcr(const struct nested *nested)
{
	return nested->base_hcr | (nested->vhe ? NESTED_HCR_BITS & ~HCR_EL2_NV1 : NESTED_HCR_BITS);
}

/* CPACR_EL1 at vEL2 is vCPTR_EL2 in VHE form: there is one copy of it. */
uint64_t nested_hyp_cptr(const struct nested *nested)
{
	return nested->base_cptr | (nested->vhe ? CPTR_EL2_TCPAC : 0);
}

/*
 * Virtual SErrors: what is pending for L1 waits while inner (nested->serror; nested_before_entry()
 * looks at it), and what L1 has made pending for its guest, in its own HCR_EL2.VSE and VSESR_EL2,
 * is so in the CPU. One that was taken is no longer pending: the CPU clears its VSE, and so does
 * this L1's.
 */
static __noinline void serrors_to_inner(struct nested *nested, struct vcpu *vcpu)
{
	nested->serror = vcpu->hcr & read_sysreg(HCR_EL2) & HCR_EL2_VSE;
	vcpu->hcr = (vcpu->hcr & ~HCR_EL2_VSE) | (VNCR_REG(nested, HCR_EL2) & HCR_EL2_VSE);
	if (!cpu_features.ras)
		return;
	nested->vsesr = read_sysreg(VSESR_EL2);
	write_sysreg(VNCR_REG(nested, VSESR_EL2), VSESR_EL2);
}

static __noinline void serrors_to_hyp(struct nested *nested, struct vcpu *vcpu)
{
	if ((vcpu->hcr & HCR_EL2_VSE) && !(read_sysreg(HCR_EL2) & HCR_EL2_VSE))
		VNCR_REG(nested, HCR_EL2) &= ~HCR_EL2_VSE;
	vcpu->hcr = (vcpu->hcr & ~HCR_EL2_VSE) | nested->serror;
	nested->serror = 0;
	if (cpu_features.ras)
		write_sysreg(nested->vsesr, VSESR_EL2);
}

static __always_inline void controls_of_inner(struct nested *nested, struct vcpu *vcpu)
{
	uint64_t vhcr = VNCR_REG(nested, HCR_EL2);

	if (unlikely((vcpu->hcr | vhcr) & HCR_EL2_VSE))
		serrors_to_inner(nested, vcpu);
	vcpu->waits = vhcr & (HCR_EL2_TWI | HCR_EL2_TWE);
	vcpu->hcr = forward_hcr(nested) | (vcpu->hcr & HCR_KEPT) | vcpu->waits;
	vcpu->cptr = forward_cptr(nested);
	nested->inner_mdcr = forward_mdcr(nested) & ~vcpu->mdcr;
	vcpu->mdcr |= nested->inner_mdcr;
	vcpu->vmpidr = VNCR_REG(nested, VMPIDR_EL2);
}

static __always_inline void controls_of_hyp(struct nested *nested, struct vcpu *vcpu)
{
	if (unlikely((vcpu->hcr & HCR_EL2_VSE) | nested->serror))
		serrors_to_hyp(nested, vcpu);
	vcpu->hcr = nested_hyp_hcr(nested) | (vcpu->hcr & HCR_KEPT & ~vcpu->waits);
	vcpu->waits = 0;
	vcpu->cptr = nested_hyp_cptr(nested);
	vcpu->mdcr &= ~nested->inner_mdcr;
	vcpu->vmpidr = nested->vmpidr;
}

/* ---- the rest of the CPU's state, which comes and goes with the vCPU, too ---- */

static __always_inline void begin_inner(struct nested *nested)
{
	uint64_t vpidr = VNCR_REG(nested, VPIDR_EL2);

	if (unlikely(vpidr != nested->midr))
		write_sysreg(vpidr, VPIDR_EL2);
	forward_enter(nested);
	if (nested->inner_lrs)
		nested_gic_enter(nested);
}

static __always_inline void end_inner(struct nested *nested)
{
	if (nested->inner_lrs)
		nested_gic_leave(nested);
	forward_leave(nested);
	if (unlikely(VNCR_REG(nested, VPIDR_EL2) != nested->midr))
		write_sysreg(nested->midr, VPIDR_EL2);
}

/* CPTR_EL2.TFP of L1's is EL2's own, too, where the vCPU's FP/SIMD state is saved and loaded. */
static void set_cptr(struct vcpu *vcpu, uint64_t cptr)
{
	if (likely(cptr == vcpu->cptr))
		return;
	vcpu->cptr = cptr;
	write_sysreg(cptr, CPTR_EL2);
	isb();
}

void nested_load(struct nested *nested)
{
	write_sysreg((uintptr_t)nested->page, VNCR_EL2);
	trace_vcpu(nested->vcpu, TRACE_LEVEL, nested->inner);
	if (!nested->inner) {
		nested_timer_load(nested);
		return;
	}
	shadow_load(nested);
	begin_inner(nested);
	nested_timer_load(nested);
	set_cptr(nested->vcpu, forward_cptr(nested));
}

void nested_put(struct nested *nested)
{
	nested_timer_put(nested);
	if (!nested->inner)
		return;
	end_inner(nested);
	set_cptr(nested->vcpu, nested->vcpu->cptr & ~CPTR_EL2_TFP);
}

/* ---- from one to the other ---- */

void nested_enter_inner(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	nested_timer_enter(nested);
	save_hyp(nested);
	nested->inner = true;
	nested->eret_count++;
	nested->inner_irq_exits -= vcpu->irq_exits;
	trace_vcpu(vcpu, TRACE_LEVEL, 1);
	shadow_take(nested);
	controls_of_inner(nested, vcpu);
	write_controls(vcpu);
	/* In force before a register of the other regime is written (speculative walks). */
	isb();
	load_inner(nested);
	nested->inner_lrs = VNCR_REG(nested, HCR_EL2) & HCR_EL2_IMO;
	begin_inner(nested);
	vcpu->exit_table = nested_exit_table[NESTED_EXITS_INNER];
	vcpu->take = NULL;
}

void nested_enter_hyp(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	end_inner(nested);
	nested_timer_leave(nested);
	save_inner(nested);
	shadow_release(nested);
	controls_of_hyp(nested, vcpu);
	write_controls(vcpu);
	isb();
	load_hyp(nested);
	nested->inner = nested->inner_lrs = false;
	nested->taken_count++;
	nested->inner_irq_exits += vcpu->irq_exits;
	trace_vcpu(vcpu, TRACE_LEVEL, 0);
	vcpu->exit_table = nested_exit_table[NESTED_EXITS_HYP];
	vcpu->take = nested_take_recorded;
}
