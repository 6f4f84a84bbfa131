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
#define HCR_KEPT (HCR_EL2_TWI | HCR_EL2_TWE)

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

/* A word of the page as the CPU's register has it. */
static __always_inline uint64_t inner_form(const struct nested *nested, unsigned offset)
{
	uint64_t value = nested->page[offset / 8];

	return offset == VNCR_CPACR_EL1 ? (value & CPACR_EL1_FPEN) | nested->own_cpacr : value;
}

/* And back: what the guest may read. */
static __always_inline uint64_t shown_form(unsigned offset, uint64_t value)
{
	return offset == VNCR_CPACR_EL1 ? value & CPACR_EL1_FPEN : value;
}

static __always_inline void save_inner(struct nested *nested)
{
	uint64_t *page = nested->page;

#define X(name) \
	page[VNCR_##name##_EL1 / 8] = shown_form(VNCR_##name##_EL1, save_sysreg(name##_EL1));
	SWITCHED_REGISTERS(X)
#undef X
	if (nested->vhe)
		nested->values[VEL2_CNTKCTL_EL1] = save_sysreg(CNTKCTL_EL1);
}

static __always_inline void load_inner(const struct nested *nested)
{
#define X(name) restore_sysreg(inner_form(nested, VNCR_##name##_EL1), name##_EL1);
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
	/* VTCR_EL2 is the same: shadows are as the VM's own stage 2 is. */
	restore_sysreg(vcpu->vttbr, VTTBR_EL2);
}

static uint64_t hyp_hcr_of(const struct nested *nested)
{
	return nested->base_hcr | (nested->vhe ? NESTED_HCR_BITS & ~HCR_EL2_NV1 : NESTED_HCR_BITS);
}

/* CPACR_EL1 at vEL2 is vCPTR_EL2 in VHE form: there is one copy of it. */
static uint64_t hyp_cptr_of(const struct nested *nested)
{
	return nested->base_cptr | (nested->vhe ? CPTR_EL2_TCPAC : 0);
}

/*
 * A virtual SError that is pending for L1 waits while inner: nested_before_entry() looks at it.
 * (One that L1 has made pending for its guest is forward.h's.)
 */
static __noinline void keep_serror(struct nested *nested, struct vcpu *vcpu)
{
	nested->serror = read_sysreg(HCR_EL2) & HCR_EL2_VSE;
	vcpu->hcr &= ~HCR_EL2_VSE;
	if (cpu_features.ras)
		nested->vsesr = read_sysreg(VSESR_EL2);
}

static __noinline void restore_serror(struct nested *nested, struct vcpu *vcpu)
{
	vcpu->hcr |= nested->serror;
	nested->serror = 0;
	if (cpu_features.ras)
		write_sysreg(nested->vsesr, VSESR_EL2);
}

/* What L1's controls mean for the CPU's: found anew when one of them has changed. */
static void compute_controls(struct nested *nested)
{
	struct nested_controls *known = &nested->controls;

	known->vhcr = VNCR_REG(nested, HCR_EL2);
	known->vttbr = VNCR_REG(nested, VTTBR_EL2);
	known->vtcr = VNCR_REG(nested, VTCR_EL2);
	known->vhcrx = VNCR_REG(nested, HCRX_EL2);
	known->vcptr = nested->values[VEL2_CPTR];
	known->vmdcr = nested->values[VEL2_MDCR];
	known->waits = known->vhcr & (HCR_EL2_TWI | HCR_EL2_TWE);
	known->hcr = forward_hcr(nested) | known->waits;
	known->hcrx = forward_hcrx(nested);
	known->cptr = forward_cptr(nested);
	known->mdcr = forward_mdcr(nested);
	known->forwards = forward_always(nested);
	known->shadow = NULL;
}

static __noinline void renew_controls(struct nested *nested)
{
	compute_controls(nested);
	nested->controls.shadow = shadow_take(nested);
}

void nested_reset_controls(struct nested *nested)
{
	nested->hyp_hcr = hyp_hcr_of(nested);
	nested->hyp_cptr = hyp_cptr_of(nested);
	nested->own_hcrx = cpu_features.hcrx ? guest_hcrx() : 0;
	nested->own_cpacr = guest_cpacr(0);
	nested->inner_mdcr = nested->serror = 0;
	compute_controls(nested);
}

static __always_inline void controls_of_inner(struct nested *nested, struct vcpu *vcpu)
{
	const struct nested_controls *known = &nested->controls;

	if (unlikely(vcpu->hcr & HCR_EL2_VSE))
		keep_serror(nested, vcpu);
	if (unlikely(VNCR_REG(nested, HCR_EL2) != known->vhcr) ||
		unlikely(VNCR_REG(nested, VTTBR_EL2) != known->vttbr) ||
		unlikely(VNCR_REG(nested, VTCR_EL2) != known->vtcr) ||
		unlikely(VNCR_REG(nested, HCRX_EL2) != known->vhcrx) ||
		unlikely(nested->values[VEL2_CPTR] != known->vcptr) ||
		unlikely(nested->values[VEL2_MDCR] != known->vmdcr) || unlikely(!known->shadow))
		renew_controls(nested);
	shadow_enter(nested, known->shadow);
	vcpu->waits = known->waits;
	nested->own_waits = vcpu->hcr & HCR_KEPT;
	vcpu->hcr = known->hcr | nested->own_waits;
	vcpu->cptr = known->cptr;
	nested->inner_mdcr = known->mdcr & ~vcpu->mdcr;
	vcpu->mdcr |= nested->inner_mdcr;
	vcpu->vmpidr = VNCR_REG(nested, VMPIDR_EL2);
}

static __always_inline void controls_of_hyp(struct nested *nested, struct vcpu *vcpu)
{
	/* Where both trap it L0's bit does not show. */
	uint64_t kept = (vcpu->hcr & HCR_KEPT & ~vcpu->waits) | nested->own_waits;

	vcpu->hcr = nested->hyp_hcr | kept;
	vcpu->waits = 0;
	vcpu->cptr = nested->hyp_cptr;
	vcpu->mdcr &= ~nested->inner_mdcr;
	vcpu->vmpidr = nested->vmpidr;
	if (unlikely(nested->serror))
		restore_serror(nested, vcpu);
}

/* ---- the rest of the CPU's state, which comes and goes with the vCPU, too ---- */

static __always_inline void begin_inner(struct nested *nested)
{
	uint64_t vpidr = VNCR_REG(nested, VPIDR_EL2);

	if (unlikely(vpidr != nested->midr))
		write_sysreg(vpidr, VPIDR_EL2);
	if (unlikely(nested->controls.hcrx != nested->own_hcrx))
		write_sysreg(nested->controls.hcrx, HCRX_EL2);
	if (unlikely(forward_needed(nested, nested->controls.forwards)))
		forward_enter(nested);
	if (nested->inner_lrs)
		nested_gic_enter(nested);
}

static __always_inline void end_inner(struct nested *nested)
{
	if (nested->inner_lrs)
		nested_gic_leave(nested);
	if (unlikely(nested->controls.hcrx != nested->own_hcrx))
		write_sysreg(nested->own_hcrx, HCRX_EL2);
	if (unlikely(nested->forwarded | forward_disr()))
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
		if (unlikely(nested->el0))
			nested_load_el0(nested);
		return;
	}
	shadow_load(nested);
	/* Before the list registers: what of them is linked to a timer's interrupt that is active
	 * finds the physical one. */
	nested_timer_load(nested);
	begin_inner(nested);
	/* The scheduler will say; whatever that is, it may be trapped. */
	nested->own_waits = HCR_EL2_TWI;
	set_cptr(nested->vcpu, nested->controls.cptr);
}

void nested_put(struct nested *nested)
{
	nested_timer_put(nested);
	if (unlikely(nested->el0))
		nested_put_el0(nested);
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
