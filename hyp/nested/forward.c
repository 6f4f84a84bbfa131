/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/forward.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_index.h"
#include "hyp/nested/forward_table.h"

/* ---- L1's registers ---- */

static uint64_t vhcr(const struct nested *nested)
{
	return VNCR_REG(nested, HCR_EL2);
}

/* vHCRX_EL2; without it nothing of it is in force. */
static uint64_t vhcrx(const struct nested *nested)
{
	return cpu_features.hcrx ? VNCR_REG(nested, HCRX_EL2) : 0;
}

/* The first two bits of CNTHCTL_EL2 are ten higher with E2H = 1; the others are where they are. */
#define CNTHCTL_VHE_SHIFT 10
#define CNTHCTL_ENABLES   (CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN)
#define CNTHCTL_TRAPS     (CNTHCTL_EL2_EL1TVT | CNTHCTL_EL2_EL1TVCT)

static uint64_t vcnthctl(const struct nested *nested)
{
	uint64_t value = nested->values[VEL2_CNTHCTL];
	uint64_t enables = nested->vhe ? value >> CNTHCTL_VHE_SHIFT : value;

	return (enables & CNTHCTL_ENABLES) | (value & CNTHCTL_TRAPS);
}

bool forward_traps_fp(const struct nested *nested)
{
	uint64_t cptr = nested->values[VEL2_CPTR];

	/* With E2H: 0b01 traps EL0 under TGE alone, 0b11 nothing. */
	if (nested->vhe)
		return !(FIELD_GET(CPACR_EL1_FPEN, cptr) & 1);
	return cptr & CPTR_EL2_TFP;
}

/* ---- by gate ---- */

static bool is_set(const struct nested *nested, enum gate_number number)
{
	const struct gate *gate = &gates[number];
	uint64_t hcr = vhcr(nested), cnthctl = vcnthctl(nested);

	return (hcr & gate->hcr) || (~hcr & gate->hcr_clear) ||
		(nested->values[VEL2_MDCR] & gate->mdcr) ||
		(nested->values[VEL2_CPTR] & gate->cptr) || (cnthctl & gate->cnthctl) ||
		(~cnthctl & gate->cnthctl_clear) || (VNCR_REG(nested, ICH_HCR_EL2) & gate->ich_hcr);
}

/* The place of each fine-grained trap register in the page. */
static const uint16_t fine_places[NR_FINE_REGISTERS] = {
	[FINE_HFGRTR] = VNCR_HFGRTR_EL2,
	[FINE_HFGWTR] = VNCR_HFGWTR_EL2,
	[FINE_HFGITR] = VNCR_HFGITR_EL2,
	[FINE_HDFGRTR] = VNCR_HDFGRTR_EL2,
	[FINE_HDFGWTR] = VNCR_HDFGWTR_EL2,
};

uint64_t forward_fine(const struct nested *nested, enum fine_register number)
{
	return nested->page[fine_places[number] / sizeof(uint64_t)];
}

static bool is_set_fine(const struct nested *nested, fine_t fine)
{
	if (fine == FINE_NONE || !cpu_features.fgt)
		return false;
	return forward_fine(nested, FINE_REGISTER(fine)) & BIT(FINE_BIT(fine));
}

static enum gate_number by_access(unsigned row, bool read)
{
	return (enum gate_number)(
		read ? forward_rows[row].gate_read : forward_rows[row].gate_write);
}

static bool by_row(const struct nested *nested, unsigned row, bool read)
{
	const struct forward_row *traps = &forward_rows[row];
	enum gate_number gate = by_access(row, read);

	return is_set_fine(nested, read ? traps->fine_read : traps->fine_write) ||
		(gate != GATE_NONE && is_set(nested, gate));
}

/* ---- by range ---- */

/* nXS forms are those with CRn = 9; vHCRX_EL2.FGTnXS takes them out of the fine-grained traps. */
static bool tlbi(const struct nested *nested, unsigned encoding)
{
	uint64_t hcr = vhcr(nested);
	bool nxs = SYSREG_CRN(encoding) == CRN_TLBI_NXS;
	struct tlbi_form form;

	if (!tlbi_form_of(encoding, &form))
		return false;
	if (!(nxs && (vhcrx(nested) & HCRX_EL2_FGTNXS)) && is_set_fine(nested, form.fine))
		return true;
	return (hcr & HCR_EL2_TTLB) || (form.inner && (hcr & HCR_EL2_TTLBIS)) ||
		(form.outer && (hcr & HCR_EL2_TTLBOS));
}

static bool by_range(const struct nested *nested, unsigned encoding, bool read)
{
	unsigned crn = SYSREG_CRN(encoding);

	if (SYSREG_OP0(encoding) == 1 && (crn == CRN_TLBI || crn == CRN_TLBI_NXS))
		return !read && tlbi(nested, encoding);
	/* Those that the architecture leaves to the implementation. */
	if ((SYSREG_OP0(encoding) & 1) && (crn == 11 || crn == 15))
		return vhcr(nested) & HCR_EL2_TIDCP;
	if (encoding >= ID_SPACE_FIRST && encoding <= ID_SPACE_LAST)
		return read && (vhcr(nested) & HCR_EL2_TID3);
	return false;
}

bool forward_sysreg(const struct nested *nested, uint64_t esr)
{
	unsigned encoding = sysreg_encoding_of(esr), row = sysreg_row(encoding);
	bool read = esr & ISS_SYS_READ;

	return by_row(nested, row, read) || by_range(nested, encoding, read);
}

/* ---- other classes ---- */

static bool wfx(const struct nested *nested, uint64_t esr)
{
	unsigned which = (unsigned)FIELD_GET(ISS_WFX_TI, esr);
	bool event = which == ISS_WFX_WFE || which == ISS_WFX_WFET;

	return vhcr(nested) & (event ? HCR_EL2_TWE : HCR_EL2_TWI);
}

static bool svc(const struct nested *nested, uint64_t esr)
{
	uint64_t pstate = nested->vcpu->regs.pstate;
	bool el0 = ESR_GET_EC(esr) == EC_SVC32 || (pstate & PSTATE_MODE_MASK) == PSTATE_EL0T;

	return is_set_fine(
		nested, el0 ? FINE(HFGITR, HFGITR_SVC_EL0) : FINE(HFGITR, HFGITR_SVC_EL1));
}

/* T<n> of HSTR_EL2, for MCR and MRC by CRn, for MCRR and MRRC by CRm; there is no T4 and no T14. */
static bool hstr(const struct nested *nested, uint64_t esr)
{
	unsigned n = (unsigned)(ESR_GET_EC(esr) == EC_CP15_MCRR ? FIELD_GET(ISS_SYS_CRM, esr)
								: FIELD_GET(ISS_SYS_CRN, esr));

	return VNCR_REG(nested, HSTR_EL2) & HSTR_TRAPS & BIT(n);
}

/* A coprocessor register as AArch32 has it at EL0, under an EL1 that is AArch64. */
static bool coprocessor(const struct nested *nested, uint64_t esr)
{
	unsigned ec = ESR_GET_EC(esr), encoding = forward32_register(esr);
	bool cp15 = ec == EC_CP15_MCR || ec == EC_CP15_MCRR, read = esr & ISS_SYS_READ;

	if (cp15 && hstr(nested, esr))
		return true;
	if (ec == EC_CP15_MCR && forward32_is_implementation_defined(esr))
		return vhcr(nested) & HCR_EL2_TIDCP;
	/* None of those of CP14 has a fine-grained trap here. */
	if (encoding == 0)
		return false;
	if (!cp15)
		return is_set(nested, by_access(sysreg_row(encoding), read));
	return by_row(nested, sysreg_row(encoding), read);
}

bool forward_class(const struct nested *nested, uint64_t esr)
{
	switch (ESR_GET_EC(esr)) {
	case EC_WFX:
		return wfx(nested, esr);
	case EC_CP15_MCR:
	case EC_CP15_MCRR:
	case EC_CP14_MCR:
	case EC_CP14_LDC:
	case EC_CP14_MRRC:
		return coprocessor(nested, esr);
	case EC_FP:
		return forward_traps_fp(nested);
	case EC_PAUTH:
		return cpu_features.pauth && !(vhcr(nested) & HCR_EL2_API);
	case EC_HVC64:
	case EC_HVC32:
		return !(vhcr(nested) & HCR_EL2_HCD);
	case EC_SMC64:
	case EC_SMC32:
		return vhcr(nested) & HCR_EL2_TSC;
	case EC_ERET:
		return is_set_fine(nested, FINE(HFGITR, HFGITR_ERET));
	case EC_SVC64:
	case EC_SVC32:
		return svc(nested, esr);
	case EC_MOPS:
		return vhcrx(nested) & HCRX_EL2_MCE2;
	case EC_BREAKPOINT_LOWER:
	case EC_STEP_LOWER:
	case EC_WATCHPOINT_LOWER:
	case EC_BKPT32:
	case EC_VECTOR_CATCH32:
	case EC_BRK64:
		return nested->values[VEL2_MDCR] & MDCR_EL2_TDE;
	default:
		return false;
	}
}
