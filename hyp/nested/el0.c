/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/barrier.h"
#include "hyp/arch/features.h"
#include "hyp/nested/context.h"
#include "hyp/nested/gic.h"

/*
 * With HCR_EL2.TGE stage 1 is off for EL0, and no virtual interrupt is taken. QEMU 10 goes by
 * SCTLR_EL1.M all the same (E2H = 0), so that is off, too. The rest of vEL1's SCTLR_EL1, and its
 * CPACR_EL1, say what EL0 may do; vCPTR_EL2 traps FP/SIMD behind that.
 */
static uint64_t cptr_of_el0(const struct nested *nested)
{
	return nested->hyp_cptr | (nested->values[VEL2_CPTR] & CPTR_EL2_TFP);
}

static void set_cptr(struct vcpu *vcpu, uint64_t cptr)
{
	if (likely(cptr == vcpu->cptr))
		return;
	vcpu->cptr = cptr;
	write_sysreg(cptr, CPTR_EL2);
	isb();
}

void nested_begin_el0(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	if (nested->vhe)
		return;
	nested->el0 = true;
	nested_gic_detach(nested);
	vcpu->hcr |= HCR_EL2_TGE;
	write_sysreg(vcpu->hcr, HCR_EL2);
	write_sysreg(VNCR_REG(nested, SCTLR_EL1) & ~SCTLR_EL1_M, SCTLR_EL1);
	write_sysreg(guest_cpacr(VNCR_REG(nested, CPACR_EL1)), CPACR_EL1);
	set_cptr(vcpu, cptr_of_el0(nested));
	vcpu->exit_table = nested_exit_table[NESTED_EXITS_EL0];
}

void nested_leave_el0(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	if (!nested->el0)
		return;
	nested->el0 = false;
	nested_gic_attach(nested);
	vcpu->hcr &= ~HCR_EL2_TGE;
	write_sysreg(vcpu->hcr, HCR_EL2);
	isb();
	vel2_write(nested, SYS_SCTLR_EL2, nested->values[VEL2_SCTLR]);
	vel2_write(nested, SYS_CPTR_EL2, nested->values[VEL2_CPTR]);
	set_cptr(vcpu, nested->hyp_cptr);
	vcpu->exit_table = nested_exit_table[NESTED_EXITS_HYP];
}

void nested_load_el0(struct nested *nested)
{
	nested_gic_detach(nested);
	set_cptr(nested->vcpu, cptr_of_el0(nested));
}

/* The trap is EL2's own, too, where FP/SIMD state is saved. */
void nested_put_el0(struct nested *nested)
{
	nested_gic_attach(nested);
	set_cptr(nested->vcpu, nested->hyp_cptr);
}
