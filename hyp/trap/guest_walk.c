/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/guest_walk.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/vm.h"

struct regime guest_regime(const struct vcpu *vcpu)
{
	return (struct regime){
		.kind = REGIME_EL10,
		.pa_bits = vcpu->vm->stage2.ipa_bits,
		.granules = regime_granules(read_sysreg(ID_AA64MMFR0_EL1)),
		.ttbr0 = read_sysreg(TTBR0_EL1),
		.ttbr1 = read_sysreg(TTBR1_EL1),
		.tcr = read_sysreg(TCR_EL1),
		.sctlr = read_sysreg(SCTLR_EL1),
		.mair = read_sysreg(MAIR_EL1),
		.hcr = vcpu->hcr,
	};
}

bool guest_at_el0(const struct vcpu *vcpu)
{
	return (vcpu->regs.pstate & (PSTATE_MODE_MASK & ~PSTATE_SP)) == 0;
}

enum status guest_walk(struct vcpu *vcpu, uint64_t va, bool fetch, struct s1_result *result)
{
	struct regime regime = guest_regime(vcpu);
	struct s1_memory memory = s1_memory_of(&vcpu->vm->stage2);

	return walk_s1(&regime, &memory, GVA(va), fetch, guest_at_el0(vcpu), result);
}

bool guest_big_endian(const struct vcpu *vcpu)
{
	if (vcpu->regs.pstate & PSTATE_NRW)
		return vcpu->regs.pstate & PSTATE_AA32_E;
	return read_sysreg(SCTLR_EL1) & (guest_at_el0(vcpu) ? SCTLR_EL1_E0E : SCTLR_EL1_EE);
}

enum status guest_fetch(struct vcpu *vcpu, uint32_t *instruction)
{
	struct regime regime = guest_regime(vcpu);

	return walk_s1_fetch(
		&regime, &vcpu->vm->stage2, GVA(vcpu->regs.pc), guest_at_el0(vcpu), instruction);
}
