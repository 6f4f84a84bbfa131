/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/sysreg.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_index.h"
#include "hyp/base/string.h"
#include "hyp/nested/at.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/timer.h"
#include "hyp/nested/tlbi.h"

enum vel2_class {
	VEL2_CLASS_NONE,
	VEL2_CLASS_VALUE,
	VEL2_CLASS_VHE,
	VEL2_CLASS_ZERO,
	VEL2_CLASS_RESET,
	VEL2_CLASS_CPACR,
	VEL2_CLASS_GIC,
	VEL2_CLASS_TIMER,
};

#define CLASS_(class) VEL2_CLASS_##class
#define CLASS(class)  CLASS_(class)

/* By sysreg_row(). */
static const uint8_t classes[NR_SYSREG_ROWS] = {
	[SYSREG_ROW_NONE] = VEL2_CLASS_NONE,
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, vncr, ...) \
	[SYSREG_ROW_##name] = CLASS(SYSREG_COLUMN_VEL2(__VA_ARGS__)),
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

void nested_sysreg_init(void)
{
	sysreg_index_init();
}

/* ---- accesses ---- */

/* AT is SYS 1, op1, c7, c8 and c9; TLBI 1, op1, c8 and c9 (the latter: nXS). */
#define CRN_AT       7
#define CRN_TLBI     8
#define CRN_TLBI_NXS 9
#define CRM_AT_FIRST 8
#define CRM_AT_LAST  9

static bool instruction(
	struct vcpu *vcpu, unsigned encoding, uint64_t esr, enum exit_result *result)
{
	unsigned crn = SYSREG_CRN(encoding), crm = SYSREG_CRM(encoding);
	uint64_t operand = vcpu_get_x(vcpu, (unsigned)FIELD_GET(ISS_SYS_RT, esr));

	if (esr & ISS_SYS_READ)
		return false;
	if (crn == CRN_AT && crm >= CRM_AT_FIRST && crm <= CRM_AT_LAST)
		*result = nested_at(vcpu, encoding, operand);
	else if (crn == CRN_TLBI || crn == CRN_TLBI_NXS)
		*result = nested_tlbi(vcpu, encoding, operand);
	else
		return false;
	return true;
}

static bool read_register(
	struct nested *nested, enum vel2_class class, unsigned encoding, uint64_t *value)
{
	switch (class) {
	case VEL2_CLASS_VHE:
		if (!nested->vhe)
			return false;
		/* fall through */
	case VEL2_CLASS_VALUE:
		*value = vel2_read(nested, encoding);
		return true;
	case VEL2_CLASS_ZERO:
		*value = 0;
		return true;
	case VEL2_CLASS_RESET:
		*value = nested->vcpu->vm->entry.pc;
		return true;
	case VEL2_CLASS_CPACR:
		*value =
			nested->vhe ? vel2_read(nested, SYS_CPTR_EL2) : VNCR_REG(nested, CPACR_EL1);
		return true;
	case VEL2_CLASS_GIC:
		return nested_gic_read(nested, encoding, value);
	case VEL2_CLASS_TIMER:
		return nested_timer_read(nested, encoding, value);
	default:
		return false;
	}
}

static bool write_register(
	struct nested *nested, enum vel2_class class, unsigned encoding, uint64_t value)
{
	switch (class) {
	case VEL2_CLASS_VHE:
		if (!nested->vhe)
			return false;
		/* fall through */
	case VEL2_CLASS_VALUE:
		vel2_write(nested, encoding, value);
		return true;
	case VEL2_CLASS_ZERO:
		return true;
	case VEL2_CLASS_CPACR:
		if (nested->vhe)
			vel2_write(nested, SYS_CPTR_EL2, value);
		else
			VNCR_REG(nested, CPACR_EL1) = value;
		return true;
	case VEL2_CLASS_GIC:
		return nested_gic_write(nested, encoding, value);
	case VEL2_CLASS_TIMER:
		return nested_timer_write(nested, encoding, value);
	default:
		return false;
	}
}

bool nested_sysreg(struct vcpu *vcpu, uint64_t esr, enum exit_result *result)
{
	struct nested *nested = nested_of(vcpu);
	unsigned encoding = sysreg_encoding_of(esr);
	unsigned rt = (unsigned)FIELD_GET(ISS_SYS_RT, esr);
	enum vel2_class class;
	uint64_t value;

	if (SYSREG_OP0(encoding) == 1)
		return instruction(vcpu, encoding, esr, result);
	class = (enum vel2_class)classes[sysreg_row(encoding)];
	if (class == VEL2_CLASS_NONE)
		return false;
	if (esr & ISS_SYS_READ) {
		if (!read_register(nested, class, encoding, &value))
			return false;
		vcpu_set_x(vcpu, rt, value);
	} else if (!write_register(nested, class, encoding, vcpu_get_x(vcpu, rt))) {
		return false;
	}
	*result = EXIT_SKIP;
	return true;
}

/* ---- reset ---- */

/*
 * Most of it is UNKNOWN by the architecture, and 0 here. SCTLR_EL2, TCR_EL2 without VHE: RES1, and
 * all else off. CPTR_EL2 without VHE: RES1, FP not trapped. CNTHCTL_EL2: EL1 has its counter and
 * timer. HCR_EL2.RW is RAO: EL1 has no AArch32.
 */
#define SCTLR_EL2_RESET   UINT64_C(0x30c50830)
#define TCR_EL2_RESET     UINT64_C(0x80800000)
#define CPTR_EL2_RESET    UINT64_C(0x33ff)
#define CNTHCTL_RESET     (CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN)
#define CNTHCTL_VHE_SHIFT 10 /* the same two with E2H = 1 */
#define PAGE_WORDS        512

void nested_sysreg_reset(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;
	uint64_t *values = nested->values;

	memset(nested->page, 0, PAGE_WORDS * sizeof(nested->page[0]));
	memset(nested->values, 0, sizeof(nested->values));
	memset(nested->hyp_live, 0, sizeof(nested->hyp_live));
	VNCR_REG(nested, HCR_EL2) = HCR_EL2_RW | (nested->vhe ? HCR_EL2_E2H : 0);
	VNCR_REG(nested, VPIDR_EL2) = read_sysreg(MIDR_EL1);
	VNCR_REG(nested, VMPIDR_EL2) = vcpu->vmpidr;
	/* vEL1's, as vcpu_reset() has made it. The bank is vEL2's: vel2_reset(). */
	VNCR_REG(nested, SCTLR_EL1) = vcpu->bank[BANK_SCTLR_EL1];
	values[VEL2_SCTLR] = SCTLR_EL2_RESET;
	if (nested->vhe) {
		values[VEL2_CNTHCTL] = CNTHCTL_RESET << CNTHCTL_VHE_SHIFT;
		return;
	}
	values[VEL2_CNTHCTL] = CNTHCTL_RESET;
	values[VEL2_TCR] = TCR_EL2_RESET;
	values[VEL2_CPTR] = CPTR_EL2_RESET;
}
