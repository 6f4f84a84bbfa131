/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/inject.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/inject32.h"

static enum exit_result record(struct vcpu *vcpu, unsigned ec, uint64_t iss)
{
	vcpu->inject = (struct injection){ .esr = ESR_MAKE(ec, iss) };
	return EXIT_INJECT;
}

static enum exit_result record_abort(
	struct vcpu *vcpu, bool instruction, uint64_t iss, uint64_t far)
{
	record(vcpu, instruction ? EC_INSN_ABORT_LOWER : EC_DATA_ABORT_LOWER, iss);
	vcpu->inject.far = far;
	vcpu->inject.has_far = true;
	return EXIT_INJECT;
}

enum exit_result inject_undefined(struct vcpu *vcpu)
{
	return record(vcpu, EC_UNKNOWN, 0);
}

/* An abort of the guest's is reported as the exit was: for a fetch or data, and what did it. */
static enum exit_result abort_as(struct vcpu *vcpu, uint64_t esr, uint64_t fsc, uint64_t far)
{
	if (ESR_GET_EC(esr) == EC_INSN_ABORT_LOWER)
		return record_abort(vcpu, true, fsc, far);
	return record_abort(vcpu, false, (esr & (ISS_CM | ISS_WNR)) | fsc, far);
}

enum exit_result inject_external_abort(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	return abort_as(vcpu, esr, FSC_EXTERNAL, far);
}

enum exit_result inject_external_abort_on_walk(
	struct vcpu *vcpu, uint64_t esr, uint64_t far, unsigned level)
{
	return abort_as(vcpu, esr, FSC_EXTERNAL_ON_WALK + level, far);
}

enum exit_result inject_data_abort(struct vcpu *vcpu, uint64_t iss, uint64_t far)
{
	return record_abort(vcpu, false, iss, far);
}

enum exit_result inject_instruction_abort(struct vcpu *vcpu, uint64_t iss, uint64_t far)
{
	return record_abort(vcpu, true, iss, far);
}

enum exit_result inject_sync(struct vcpu *vcpu, uint64_t esr)
{
	vcpu->inject = (struct injection){ .esr = esr };
	return EXIT_INJECT;
}

static enum inject_class class_of(uint64_t esr)
{
	switch (ESR_GET_EC(esr)) {
	case EC_UNKNOWN:
		return INJECT_UNDEFINED;
	case EC_INSN_ABORT_LOWER:
		return INJECT_INSTRUCTION_ABORT;
	case EC_DATA_ABORT_LOWER:
		return INJECT_DATA_ABORT;
	case EC_SERROR:
		return INJECT_SERROR;
	default:
		return INJECT_OTHER;
	}
}

/* Counted and traced with the syndrome as the handler recorded it. */
static void note(struct vcpu *vcpu, uint64_t esr)
{
	vcpu->injected[class_of(esr)]++;
	trace_vcpu(vcpu, TRACE_INJECT, esr);
}

void inject_serror(struct vcpu *vcpu, uint64_t iss)
{
	note(vcpu, ESR_MAKE(EC_SERROR, iss));
	/* Without FEAT_RAS the syndrome is the CPU's own. */
	if (cpu_features.ras)
		write_sysreg(vcpu->aarch32 ? inject32_vsesr(iss) : iss, VSESR_EL2);
	vcpu->hcr |= HCR_EL2_VSE;
	write_sysreg(vcpu->hcr, HCR_EL2);
}

/* What an exception to EL1 leaves of PSTATE (Arm ARM D1.3.6, AArch64.TakeException). */
#define PSTATE_KEPT (PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V | PSTATE_DIT | PSTATE_PAN)

uint64_t inject_new_pstate(uint64_t pstate, uint64_t sctlr, bool has_pan, bool has_ssbs)
{
	uint64_t new =
		(pstate & PSTATE_KEPT) | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H;

	if (!has_pan)
		new &= ~PSTATE_PAN;
	else if (!(sctlr & SCTLR_EL1_SPAN))
		new |= PSTATE_PAN;
	if (has_ssbs && (sctlr & SCTLR_EL1_DSSBS))
		new |= PSTATE_SSBS;
	return new;
}

uint64_t inject_vector_offset(uint64_t pstate)
{
	if (pstate & PSTATE_NRW)
		return 0x600;
	switch (pstate & PSTATE_MODE_MASK) {
	case PSTATE_EL1H:
		return 0x200;
	case PSTATE_EL1T:
		return 0x000;
	default:
		return 0x400;
	}
}

/* Aborts have one EC for the same EL and one for a lower one; IL is 1 but for a 16-bit instruction
 * that trapped. */
static uint64_t final_esr(uint64_t esr, uint64_t pstate)
{
	unsigned ec = ESR_GET_EC(esr);
	bool from_el1 = !(pstate & PSTATE_NRW) && (pstate & PSTATE_MODE_MASK) >= PSTATE_EL1T;

	if (from_el1 && (ec == EC_DATA_ABORT_LOWER || ec == EC_INSN_ABORT_LOWER))
		esr += ESR_MAKE(EC_DATA_ABORT_SAME - EC_DATA_ABORT_LOWER, 0) & ESR_EC_MASK;
	return esr;
}

void inject_now(struct vcpu *vcpu)
{
	uint64_t pstate = vcpu->regs.pstate;
	uint64_t vector = read_sysreg(VBAR_EL1) + inject_vector_offset(pstate);
	uint64_t esr = final_esr(vcpu->inject.esr, pstate);

	note(vcpu, vcpu->inject.esr);
	if (vcpu->take) {
		vcpu->take(vcpu);
		return;
	}
	if (vcpu->aarch32) {
		inject32_now(vcpu);
		return;
	}
	write_sysreg(vcpu->regs.pc, ELR_EL1);
	write_sysreg(pstate, SPSR_EL1);
	write_sysreg(esr, ESR_EL1);
	if (vcpu->inject.has_far)
		write_sysreg(vcpu->inject.far, FAR_EL1);
	vcpu->regs.pstate = inject_new_pstate(
		pstate, read_sysreg(SCTLR_EL1), cpu_features.pan, cpu_features.ssbs);
	vcpu->regs.pc = vector;
}

void inject_undefined_at(struct vcpu *vcpu, uint64_t pc, uint64_t pstate)
{
	vcpu->regs.pc = pc;
	vcpu->regs.pstate = pstate;
	inject_undefined(vcpu);
	inject_now(vcpu);
}
