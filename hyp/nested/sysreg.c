/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/sysreg.h"

void nested_sysreg_init(void)
{
}

bool nested_sysreg(struct vcpu *vcpu, uint64_t esr, enum exit_result *result)
{
	(void)vcpu;
	(void)esr;
	(void)result;
	return false;
}
