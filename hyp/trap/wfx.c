/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/wfx.h"
#include "hyp/arch/esr.h"
#include "hyp/vdev/vgic.h"

enum exit_result wfx_handle(struct vcpu *vcpu, uint64_t esr)
{
	/* Others may have the CPU meanwhile; what the guest spins for may come from one of them. */
	if (FIELD_GET(ISS_WFX_TI, esr) != ISS_WFX_WFI) {
		vcpu_request_local(vcpu, WORK_RESCHED);
		return EXIT_SKIP;
	}
	return vgic_has_pending(vcpu) ? EXIT_SKIP : EXIT_WAIT;
}
