/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What AArch32 at EL1 adds to others' files, for tests that have no such VM: weak, so that a test
 * that links the real sources has those.
 */
#include "hyp/vm/aarch32.h"
#include "hyp/vm/inject32.h"

__weak void aarch32_begin(struct vcpu *vcpu)
{
	(void)vcpu;
}

__weak unsigned aarch32_register(unsigned mode, unsigned n)
{
	(void)mode;
	return n;
}

__weak void inject32_now(struct vcpu *vcpu)
{
	(void)vcpu;
}

__weak bool inject32_at_vector(const struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

__weak uint64_t inject32_vsesr(uint64_t iss)
{
	return iss;
}
