/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/nested/auth.h"
#include "hyp/nested/context.h"
#include "hyp/vm/inject.h"

#define SCTLR_ENIA BIT(31)
#define SCTLR_ENIB BIT(30)

/* SPSR_ELx.M of AArch64: EL and, in bit 0, which SP. */
#define MODE_EL0T  0
#define MODE_AA32  BIT(4)

/* Of PSTATE, what an illegal return takes from SPSR all the same (DDI 0487 D1.4.2,
 * SetPSTATEFromPSR). */
#define ILLEGAL_TAKEN \
	(PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

enum target { TO_ILLEGAL, TO_HYP, TO_HYP_EL0, TO_INNER };

/*
 * Where an ERET at vEL2 goes by vSPSR_EL2.M and v{E2H,TGE} (IllegalExceptionReturn): nowhere to
 * EL3, nor to modes that there aren't; EL1 not under TGE; AArch32 at EL0 alone, and where the CPU
 * has it.
 */
static __always_inline enum target target_of(const struct nested *nested, uint64_t spsr)
{
	bool tge = nested_tge(nested);

	if (spsr & MODE_AA32) {
		if (!cpu_features.aarch32_el0 || (spsr & PSTATE_MODE_MASK) != 0)
			return TO_ILLEGAL;
		return tge ? TO_HYP_EL0 : TO_INNER;
	}
	switch (spsr & PSTATE_MODE_MASK) {
	case PSTATE_EL2H:
	case PSTATE_EL2T:
		return TO_HYP;
	case PSTATE_EL1H:
	case PSTATE_EL1T:
		return tge ? TO_ILLEGAL : TO_INNER;
	case MODE_EL0T:
		return tge ? TO_HYP_EL0 : TO_INNER;
	default:
		return TO_ILLEGAL;
	}
}

/* The EL and SP stay; the next instruction is an Illegal Execution State exception. */
static uint64_t illegal_pstate(uint64_t pstate, uint64_t spsr)
{
	uint64_t taken = ILLEGAL_TAKEN | (cpu_features.pan ? PSTATE_PAN : 0);

	return (pstate & ~taken) | (spsr & taken) | PSTATE_IL;
}

/* ISS of a trapped ERETAA or ERETAB. */
#define ISS_ERET_AUTHENTICATED BIT(1)
#define ISS_ERET_B_KEY         BIT(0)

/* ERETAA, ERETAB: what vELR_EL2 is once authenticated with vEL2's SP. False: that is an exception.
 */
static __noinline bool authenticate(struct vcpu *vcpu, uint64_t esr, uint64_t *elr)
{
	struct nested *nested = nested_of(vcpu);
	struct regime regime = nested_el2_regime(nested);
	bool b_key = esr & ISS_ERET_B_KEY;
	struct pauth_key key = { vcpu->regs.apia_lo, vcpu->regs.apia_hi };
	uint64_t sp = vcpu->regs.pstate & PSTATE_SP ? read_sysreg(SP_EL1) : read_sysreg(SP_EL0);
	struct auth_kind kind =
		auth_kind(read_sysreg(ID_AA64ISAR1_EL1), read_sysreg(ID_AA64ISAR2_EL1));

	if (!(read_sysreg(SCTLR_EL1) & (b_key ? SCTLR_ENIB : SCTLR_ENIA)))
		return true;
	if (b_key)
		key = (struct pauth_key){ read_sysreg(APIBKEYLO_EL1), read_sysreg(APIBKEYHI_EL1) };
	return auth_pointer(&regime, kind, *elr, sp, key, b_key, elr);
}

static __always_inline void go(struct vcpu *vcpu, uint64_t spsr, uint64_t elr)
{
	switch (target_of(nested_of(vcpu), spsr)) {
	case TO_HYP:
		spsr -= PSTATE_EL2H - PSTATE_EL1H;
		break;
	case TO_HYP_EL0:
		nested_begin_el0(vcpu);
		break;
	case TO_INNER:
		nested_enter_inner(vcpu);
		break;
	default:
		spsr = illegal_pstate(vcpu->regs.pstate, spsr);
		break;
	}
	vcpu->regs.pc = elr;
	vcpu->regs.pstate = spsr;
	/* For an interrupt that L1 has not taken the vGIC has asked for work. */
	if (unlikely(nested_of(vcpu)->serror))
		nested_before_entry(vcpu);
}

void nested_return(struct vcpu *vcpu, uint64_t spsr, uint64_t elr)
{
	go(vcpu, spsr, elr);
}

enum exit_result nested_eret(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t spsr = read_sysreg(SPSR_EL1), elr = read_sysreg(ELR_EL1);

	if (unlikely(esr & ISS_ERET_AUTHENTICATED) && !authenticate(vcpu, esr, &elr))
		return inject_sync(vcpu, ESR_MAKE(EC_FPAC, esr & ISS_ERET_B_KEY));
	go(vcpu, spsr, elr);
	return EXIT_RESUME;
}
