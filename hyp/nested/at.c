/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at.h"
#include "hyp/vm/inject.h"

enum exit_result nested_at(struct vcpu *vcpu, unsigned encoding, uint64_t va)
{
	(void)encoding;
	(void)va;
	return inject_undefined(vcpu);
}
