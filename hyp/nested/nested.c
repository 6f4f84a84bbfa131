/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/nested.h"

void nested_reflect(struct vcpu *vcpu, uint64_t esr)
{
	(void)vcpu;
	(void)esr;
}

void nested_before_entry(struct vcpu *vcpu)
{
	(void)vcpu;
}

enum status nested_create(struct vm *vm)
{
	(void)vm;
	return ERR_NOT_SUPPORTED;
}

const struct vm_part nested_part = {
	.name = "virtual EL2",
	.on_demand = true,
};
