/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/tlbi.h"
#include "hyp/arch/tlb.h"

enum exit_result nested_tlbi(struct vcpu *vcpu, unsigned encoding, uint64_t operand)
{
	(void)vcpu;
	(void)encoding;
	(void)operand;
	tlb_flush_all_guests();
	return EXIT_SKIP;
}
