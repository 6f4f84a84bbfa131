/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/gic_status.h"

uint32_t gic_eisr(const uint64_t *page)
{
	uint32_t owing = 0;

	for (unsigned i = 0; i < vif.lrs; i++)
		owing |= gic_owes_eoi(PAGE_ICH_LR(page, i)) ? (uint32_t)BIT(i) : 0;
	return owing;
}

/* State and HW as one number: 0 is inactive without HW, 1 inactive with HW. */
uint32_t gic_elrsr(const uint64_t *page)
{
	const uint64_t *lr = &PAGE_ICH_LR(page, 0);
	uint32_t empty = 0;

	for (uint32_t bit = 1, end = 1U << vif.lrs; bit != end; bit <<= 1, lr++) {
		uint64_t top = *lr >> 61;

		if (top == 0 ? !(*lr & LR_EOI) : top == 1)
			empty |= bit;
	}
	return empty;
}

static uint32_t misr_of_groups(uint64_t hcr, uint64_t vmcr)
{
	uint32_t misr = 0;

	if (vmcr & VIF_VMCR_VENG0)
		misr |= hcr & VIF_HCR_VGRP0EIE ? (uint32_t)VIF_MISR_VGRP0E : 0;
	else
		misr |= hcr & VIF_HCR_VGRP0DIE ? (uint32_t)VIF_MISR_VGRP0D : 0;
	if (vmcr & VIF_VMCR_VENG1)
		misr |= hcr & VIF_HCR_VGRP1EIE ? (uint32_t)VIF_MISR_VGRP1E : 0;
	else
		misr |= hcr & VIF_HCR_VGRP1DIE ? (uint32_t)VIF_MISR_VGRP1D : 0;
	return misr;
}

uint32_t gic_misr(const uint64_t *page)
{
	uint64_t hcr = PAGE_ICH_HCR(page);
	uint32_t misr = misr_of_groups(hcr, PAGE_ICH_VMCR(page));
	unsigned valid = 0, pending = 0;

	for (unsigned i = 0; i < vif.lrs; i++) {
		uint64_t state = PAGE_ICH_LR(page, i) & LR_STATE;

		valid += state != 0;
		pending += state == LR_PENDING;
	}
	if (gic_eisr(page))
		misr |= (uint32_t)VIF_MISR_EOI;
	if ((hcr & VIF_HCR_UIE) && valid <= 1)
		misr |= (uint32_t)VIF_MISR_U;
	if ((hcr & VIF_HCR_LRENPIE) && (hcr & VIF_HCR_EOICOUNT))
		misr |= (uint32_t)VIF_MISR_LRENP;
	if ((hcr & VIF_HCR_NPIE) && pending == 0)
		misr |= (uint32_t)VIF_MISR_NP;
	return misr;
}

uint64_t gic_vtr(void)
{
	return FIELD_PREP(VTR_LISTREGS, vif.lrs - 1) |
		FIELD_PREP(VTR_PRIBITS, vif.priority_bits - 1) |
		FIELD_PREP(VTR_PREBITS, vif.preemption_bits - 1) |
		FIELD_PREP(VTR_IDBITS, vif.id_bits == 24) | (vif.seis ? VTR_SEIS : 0) |
		(vif.a3v ? VTR_A3V : 0) | (vif.tdir ? VTR_TDS : 0) | VTR_NV4;
}

/* ---- traps ---- */

#define TC        VIF_HCR_TC
#define TALL0     VIF_HCR_TALL0
#define TALL1     VIF_HCR_TALL1
#define TDIR      (VIF_HCR_TDIR | VIF_HCR_TC)

/* CRn 12, by CRm and op2. */
#define FIRST_CRM 8
static const uint16_t traps[5][8] = {
	/* IAR0, EOIR0, HPPIR0, BPR0, AP0R<n> */
	{ TALL0, TALL0, TALL0, TALL0, TALL0, TALL0, TALL0, TALL0 },
	/* AP1R<n>, -, NMIAR1 */
	{ TALL1, TALL1, TALL1, TALL1, 0, TALL1 },
	{ 0 },
	/* -, DIR, -, RPR, -, SGI1R, ASGI1R, SGI0R */
	{ 0, TDIR, 0, TC, 0, TC, TC, TC },
	/* IAR1, EOIR1, HPPIR1, BPR1, CTLR, SRE, IGRPEN0, IGRPEN1 */
	{ TALL1, TALL1, TALL1, TALL1, TC, 0, TALL0, TALL1 },
};

uint64_t gic_traps_of(unsigned encoding)
{
	unsigned crm = SYSREG_CRM(encoding) - FIRST_CRM;

	if (encoding == SYS_ICC_PMR_EL1)
		return TC;
	if (SYSREG_OP0(encoding) != 3 || SYSREG_OP1(encoding) != 0 || SYSREG_CRN(encoding) != 12 ||
		crm >= ARRAY_SIZE(traps))
		return 0;
	return traps[crm][SYSREG_OP2(encoding)];
}
