/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/barrier.h"
#include "hyp/nested/context.h"
#include "hyp/nested/gic.h"

/*
 * With HCR_EL2.TGE stage 1 is off for EL0, and no virtual interrupt is taken. QEMU 10 goes by
 * SCTLR_EL1.M all the same (E2H = 0), so that is off, too.
 */
void nested_begin_el0(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	if (nested->vhe)
		return;
	nested->el0 = true;
	nested_gic_detach(nested);
	vcpu->hcr |= HCR_EL2_TGE;
	write_sysreg(vcpu->hcr, HCR_EL2);
	write_sysreg(read_sysreg(SCTLR_EL1) & ~SCTLR_EL1_M, SCTLR_EL1);
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
	vcpu->exit_table = nested_exit_table[NESTED_EXITS_HYP];
}
