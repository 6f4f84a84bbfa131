/* SPDX-License-Identifier: BSD-3-Clause */
#include "el2.h"
#include "machine.h"
#include "mmu.h"

#define MMFR1_VH        GENMASK(11, 8)
#define MMFR4_E2H0      GENMASK(27, 24)
#define CPTR_VHE_FPEN   (UINT64_C(3) << 20)
#define CNTHCTL_NON_VHE UINT64_C(3)
#define CNTHCTL_VHE     UINT64_C(0xc00)

/* T0SZ 25, write-back, inner shareable: both formats have these alike. */
#define TCR_COMMON      (UINT64_C(25) | 1 << 8 | 1 << 10 | 3 << 12)
#define TCR_VHE_EPD1    BIT(23)
#define TCR_RES1        (BIT(31) | BIT(23))
#define MAIR_VALUE      UINT64_C(0x44ff04)
#define PARANGE_48      5

u32 el2_form;

/* el2.S */
void el2_set_form(u64 hcr, u64 cptr);
u64 inner_enter(struct inner *inner);

void el2_choose(void)
{
	if (mrs(CurrentEL) != CURRENT_EL2)
		return;
	if (!(mrs(id_aa64mmfr1_el1) & MMFR1_VH))
		el2_form = EL2_NON_VHE;
	else if (mrs(ID_AA64MMFR4_EL1) & MMFR4_E2H0)
		el2_form = EL2_VHE;
	else
		el2_form = arg_flag("non-vhe") ? EL2_NON_VHE : EL2_VHE;
}

u64 el2_hcr(void)
{
	return HCR_RW | HCR_API | HCR_APK | HCR_AMO | HCR_IMO | HCR_FMO |
		(el2_form == EL2_VHE ? HCR_E2H : 0);
}

void el2_setup(void)
{
	bool vhe = el2_form == EL2_VHE;

	if (mrs(CurrentEL) != CURRENT_EL2)
		return;
	el2_set_form(el2_hcr(), vhe ? CPTR_VHE_FPEN : CPTR_EL2_RES1);
	msr(CNTHCTL_EL2, vhe ? CNTHCTL_VHE : CNTHCTL_NON_VHE);
	msr(CNTVOFF_EL2, 0);
	msr(VTTBR_EL2, 0);
	msr(HSTR_EL2, 0);
	msr(VPIDR_EL2, mrs(midr_el1));
	msr(VMPIDR_EL2, mrs(mpidr_el1));
	isb();
}

u64 el2_attributes(u64 attributes)
{
	if (el2_form != EL2_NON_VHE)
		return attributes;
	/* One XN bit, where EL1 has UXN; no EL0. */
	return (attributes & ~(MAP_UXN | MAP_PXN)) | MAP_USER |
		(attributes & MAP_PXN ? MAP_UXN : 0);
}

void el2_tlbi(void)
{
	__asm__ volatile("tlbi alle2" ::: "memory");
	dsb(nsh);
	isb();
}

void el2_tlbi_all(void)
{
	dsb(ishst);
	__asm__ volatile("tlbi alle2is" ::: "memory");
	dsb(ish);
	isb();
}

void el2_mmu_enable(u64 root)
{
	u64 ps = mrs(id_aa64mmfr0_el1) & 0xf;
	bool vhe = el2_form == EL2_VHE;

	if (ps > PARANGE_48)
		ps = PARANGE_48;
	msr(MAIR_EL2, MAIR_VALUE);
	msr(TCR_EL2, TCR_COMMON | (vhe ? TCR_VHE_EPD1 | ps << 32 : TCR_RES1 | ps << 16));
	msr(TTBR0_EL2, root);
	isb();
	el2_tlbi();
	msr(SCTLR_EL2,
		(vhe ? SCTLR_RES1 : SCTLR_EL2_RES1) | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA);
	isb();
}

u64 inner_run(struct inner *inner)
{
	u64 vector = inner_enter(inner);
	u64 ec = FIELD_GET(ESR_EC, inner->esr);

	inner->hpfar = 0;
	if (vector == INNER_SYNC && (ec == EC_IABORT_EL0 || ec == EC_DABORT_EL0))
		inner->hpfar = mrs(HPFAR_EL2);
	return vector;
}
