/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/aarch32.h"
#include "hyp/base/string.h"
#include "hyp/vm/vm.h"

/* SCTLR out of reset: SPAN, nTWE, nTWI, CP15BEN, LSMAOE, nTLSMD, and what is RES1. */
#define SCTLR_RESET    UINT64_C(0x00c50838)

#define PSTATE_RESET32 (PSTATE_NRW | PSTATE_A | PSTATE_I | PSTATE_F | AARCH32_SVC)

void aarch32_begin(struct vcpu *vcpu)
{
	vcpu->regs.pstate = PSTATE_RESET32 | (vcpu->regs.pc & 1 ? PSTATE_AA32_T : 0);
	vcpu->regs.pc = (uint32_t)vcpu->regs.pc & ~(uint32_t)1;
	vcpu->bank[BANK_SCTLR_EL1] = SCTLR_RESET;
	memset(vcpu->bank32, 0, sizeof(vcpu->bank32));
}

/* r13 and r14 of usr and sys, hyp (which EL1 hasn't got), irq, svc, abt, und are x13 to x23. */
static unsigned banked_pair(unsigned mode)
{
	switch (mode) {
	case AARCH32_IRQ:
		return 16;
	case AARCH32_SVC:
		return 18;
	case AARCH32_ABT:
		return 20;
	case AARCH32_UND:
		return 22;
	default:
		return 0;
	}
}

unsigned aarch32_register(unsigned mode, unsigned n)
{
	unsigned pair = banked_pair(mode);

	if (n == 15)
		return 31;
	if (mode == AARCH32_FIQ && n >= 8 && n <= 14)
		return n + 16; /* x24 to x30 */
	if (pair != 0 && (n == 13 || n == 14))
		return pair + (n == 13 ? 1 : 0); /* the link register stands first */
	return n;
}

static void reset_vcpu(struct vcpu *vcpu)
{
	vcpu->aarch32 = vcpu->vm->policy.aarch32;
	if (!vcpu->aarch32)
		return;
	vcpu->hcr &= ~HCR_EL2_RW;
	vcpu->on_demand |= (uint32_t)BIT(PART_AARCH32);
}

#define NONE(name)
#define EL1(name)
#define PAUTH(name)
#define RAS(name)
#define TIMER(name)
#define VIF(name)
#define DEBUG(name)
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) bank(name)

static void put(struct vcpu *vcpu)
{
#define AARCH32(name) vcpu->bank32[BANK32_##name] = save_sysreg(name);
#include "hyp/arch/sysreg.def"
#undef AARCH32
}

static void load(struct vcpu *vcpu)
{
#define AARCH32(name) restore_sysreg(vcpu->bank32[BANK32_##name], name);
#include "hyp/arch/sysreg.def"
#undef AARCH32
}

const struct vm_part aarch32_part = {
	.name = "AArch32 registers",
	.vcpu_reset = reset_vcpu,
	.vcpu_load = load,
	.vcpu_put = put,
	.on_demand = true,
};
