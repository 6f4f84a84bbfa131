/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/vendor.h"

/*
 * 6b7e2d0a-3c51-4f29-9e8d-4c696e74656c ("Lintel" at the end), the four words as SMCCC passes a
 * UUID.
 */
static const uint32_t lintel_uid[4] = { 0x0a2d7e6b, 0x294f513c, 0x694c8d9e, 0x6c65746e };

#define REVISION_MAJOR 0
#define REVISION_MINOR 1

enum exit_result vendor_uid(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	for (unsigned i = 1; i < ARRAY_SIZE(lintel_uid); i++)
		vcpu->regs.x[i] = lintel_uid[i];
	return smccc_return(vcpu, conduit, lintel_uid[0]);
}

enum exit_result vendor_revision(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vcpu->regs.x[1] = REVISION_MINOR;
	return smccc_return(vcpu, conduit, REVISION_MAJOR);
}
