/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/sysreg.h"
#include "hyp/base/string.h"

void nested_sysreg_init(void)
{
}

void nested_sysreg_reset(struct nested *nested)
{
	memset(nested->page, 0, PAGE_SIZE);
	memset(nested->values, 0, sizeof(nested->values));
	nested->values[VEL2_SCTLR] = 0x30c50830;
}

bool nested_sysreg(struct vcpu *vcpu, uint64_t esr, enum exit_result *result)
{
	(void)vcpu;
	(void)esr;
	(void)result;
	return false;
}
