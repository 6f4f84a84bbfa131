/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/inject32.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/vm/aarch32.h"

#define HIGH_VECTORS UINT32_C(0xffff0000)
#define VBAR32_MASK  GENMASK(31, 5)

/* VSESR_EL2 for AArch32: AET has two bits there, ExT is bit 12 as in DFSR. */
#define VSESR32_AET  GENMASK(15, 14)
#define ISS_AET_LOW  GENMASK(11, 10)

/* Fault status of the short format, FS[4:0] (Arm ARM G8.2.30) */
enum {
	FS_ALIGNMENT = 0x01,
	FS_ACCESS_FLAG_1 = 0x03,
	FS_TRANSLATION_1 = 0x05,
	FS_ACCESS_FLAG_2 = 0x06,
	FS_TRANSLATION_2 = 0x07,
	FS_EXTERNAL = 0x08,
	FS_DOMAIN_1 = 0x09,
	FS_DOMAIN_2 = 0x0b,
	FS_EXTERNAL_ON_WALK_1 = 0x0c,
	FS_PERMISSION_1 = 0x0d,
	FS_EXTERNAL_ON_WALK_2 = 0x0e,
	FS_PERMISSION_2 = 0x0f,
	FS_TLB_CONFLICT = 0x10,
	FS_LOCKDOWN = 0x14,
	FS_EXCLUSIVE = 0x15,
};

/* The faults of tables, which have a level. The short format has 1 and 2, and no address size
 * fault: its addresses have always the same size. */
static unsigned short_status_of_tables(uint64_t fsc)
{
	bool first = (fsc & FSC_LEVEL_MASK) <= 1;

	switch (fsc & FSC_TYPE_MASK) {
	case FSC_TRANSLATION:
		return first ? FS_TRANSLATION_1 : FS_TRANSLATION_2;
	case FSC_ACCESS_FLAG:
		return first ? FS_ACCESS_FLAG_1 : FS_ACCESS_FLAG_2;
	case FSC_PERMISSION:
		return first ? FS_PERMISSION_1 : FS_PERMISSION_2;
	case FSC_DOMAIN:
		return first ? FS_DOMAIN_1 : FS_DOMAIN_2;
	case FSC_EXTERNAL_ON_WALK:
		return first ? FS_EXTERNAL_ON_WALK_1 : FS_EXTERNAL_ON_WALK_2;
	default:
		return FS_EXTERNAL;
	}
}

static unsigned short_status(uint64_t fsc)
{
	switch (fsc) {
	case FSC_ALIGNMENT:
		return FS_ALIGNMENT;
	case FSC_TLB_CONFLICT:
		return FS_TLB_CONFLICT;
	case FSC_LOCKDOWN:
		return FS_LOCKDOWN;
	case FSC_EXCLUSIVE:
		return FS_EXCLUSIVE;
	default:
		return short_status_of_tables(fsc);
	}
}

uint32_t inject32_fsr(uint64_t iss, bool data, bool long_format)
{
	uint64_t fsr;

	if (long_format) {
		fsr = FSR32_LPAE | FIELD_PREP(FSR32_STATUS, FIELD_GET(FSC_MASK, iss));
	} else {
		unsigned status = short_status(iss & FSC_MASK);

		fsr = (status & BIT(4) ? FSR32_FS_HIGH : 0) | FIELD_PREP(FSR32_FS, status);
	}
	if (iss & ISS_EA)
		fsr |= FSR32_EXT;
	if (iss & ISS_FNV)
		fsr |= FSR32_FNV;
	if (data && (iss & ISS_WNR))
		fsr |= FSR32_WNR;
	if (data && (iss & ISS_CM))
		fsr |= FSR32_CM;
	return (uint32_t)fsr;
}

uint64_t inject32_vsesr(uint64_t iss)
{
	if (iss & ISS_SERROR_IDS)
		return 0;
	return FIELD_PREP(VSESR32_AET, FIELD_GET(ISS_AET_LOW, iss)) |
		(iss & ISS_EA ? FSR32_EXT : 0);
}

/* What an exception leaves of PSTATE. */
#define PSTATE32_KEPT                                                                              \
	(PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V | PSTATE_AA32_Q | PSTATE_AA32_GE | PSTATE_DIT | \
		PSTATE_PAN | PSTATE_A | PSTATE_F)

uint64_t inject32_new_pstate(
	uint64_t pstate, uint64_t sctlr, unsigned mode, bool has_pan, bool has_ssbs)
{
	uint64_t new = (pstate & PSTATE32_KEPT) | PSTATE_NRW | mode | PSTATE_I;

	if (mode == AARCH32_ABT)
		new |= PSTATE_A;
	if (sctlr & SCTLR32_TE)
		new |= PSTATE_AA32_T;
	if (sctlr & SCTLR_EL1_EE)
		new |= PSTATE_AA32_E;
	if (!has_pan)
		new &= ~PSTATE_PAN;
	else if (!(sctlr & SCTLR_EL1_SPAN))
		new |= PSTATE_PAN;
	if (has_ssbs && (sctlr & SCTLR32_DSSBS))
		new |= PSTATE_AA32_SSBS;
	return new;
}

uint32_t inject32_spsr(uint64_t pstate)
{
	uint64_t spsr = pstate & ~(PSTATE_DIT | PSTATE_SS);

	return (uint32_t)(pstate & PSTATE_DIT ? spsr | PSTATE_AA32_DIT : spsr);
}

static uint64_t vector(unsigned offset)
{
	if (read_sysreg(SCTLR_EL1) & SCTLR32_V)
		return HIGH_VECTORS + offset;
	return (read_sysreg(VBAR_EL1) & VBAR32_MASK) + offset;
}

static void enter(struct vcpu *vcpu, unsigned mode, unsigned offset)
{
	vcpu->regs.pstate = inject32_new_pstate(vcpu->regs.pstate, read_sysreg(SCTLR_EL1), mode,
		cpu_features.pan, cpu_features.ssbs);
	vcpu->regs.pc = vector(offset);
}

static void take_undefined(struct vcpu *vcpu)
{
	uint64_t pstate = vcpu->regs.pstate;

	write_sysreg(inject32_spsr(pstate), SPSR_UND);
	vcpu->regs.x[AARCH32_LR_UND] = (uint32_t)(vcpu->regs.pc + (pstate & PSTATE_AA32_T ? 2 : 4));
	enter(vcpu, AARCH32_UND, VECTOR32_UND);
}

static void take_abort(struct vcpu *vcpu, unsigned offset, unsigned distance)
{
	write_sysreg(inject32_spsr(vcpu->regs.pstate), SPSR_ABT);
	vcpu->regs.x[AARCH32_LR_ABT] = (uint32_t)(vcpu->regs.pc + distance);
	enter(vcpu, AARCH32_ABT, offset);
}

/* DFAR is FAR_EL1[31:0], IFAR is FAR_EL1[63:32]. */
static void write_far(uint64_t half, uint64_t address)
{
	uint64_t other = read_sysreg(FAR_EL1) & ~half;

	write_sysreg(other | (half & (address | address << 32)), FAR_EL1);
}

void inject32_now(struct vcpu *vcpu)
{
	const struct injection *inject = &vcpu->inject;
	uint64_t address = (uint32_t)inject->far;
	bool long_format = read_sysreg(TCR_EL1) & TTBCR_EAE;

	switch (ESR_GET_EC(inject->esr)) {
	case EC_INSN_ABORT_LOWER:
		write_sysreg(inject32_fsr(inject->esr, false, long_format), IFSR32_EL2);
		write_far(GENMASK(63, 32), address);
		take_abort(vcpu, VECTOR32_PABT, 4);
		break;
	case EC_DATA_ABORT_LOWER:
		write_sysreg(inject32_fsr(inject->esr, true, long_format), ESR_EL1);
		write_far(GENMASK(31, 0), address);
		take_abort(vcpu, VECTOR32_DABT, 8);
		break;
	default:
		take_undefined(vcpu);
		break;
	}
}

bool inject32_at_vector(const struct vcpu *vcpu)
{
	return vcpu->regs.pc == vector(VECTOR32_PABT) &&
		(vcpu->regs.pstate & AARCH32_MODE_MASK) == AARCH32_ABT;
}
