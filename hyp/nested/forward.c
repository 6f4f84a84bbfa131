/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/forward.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"

uint64_t forward_hcr(const struct nested *nested)
{
	(void)nested;
	return guest_hcr() | HCR_EL2_AT | HCR_EL2_TTLB;
}

uint64_t forward_cptr(const struct nested *nested)
{
	(void)nested;
	return guest_cptr();
}

uint64_t forward_mdcr(const struct nested *nested)
{
	(void)nested;
	return guest_mdcr();
}

void forward_enter(struct nested *nested)
{
	(void)nested;
}

void forward_leave(struct nested *nested)
{
	(void)nested;
}

bool forward_sysreg(const struct nested *nested, uint64_t esr)
{
	(void)nested;
	(void)esr;
	return false;
}

bool forward_class(const struct nested *nested, uint64_t esr)
{
	(void)nested;
	return ESR_GET_EC(esr) == EC_HVC64;
}
