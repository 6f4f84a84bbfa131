/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/wfx.h"
#include "hyp/arch/esr.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/sched.h"

enum exit_result wfx_handle(struct vcpu *vcpu, uint64_t esr)
{
	/*
	 * What the guest spins for may be up to a sibling that was taken from this CPU. If not, it
	 * spins on until its turn is over: WFE may always end early.
	 */
	if (FIELD_GET(ISS_WFX_TI, esr) != ISS_WFX_WFI) {
		sched_yield_to_sibling(vcpu);
		return EXIT_SKIP;
	}
	return vgic_has_pending(vcpu) ? EXIT_SKIP : EXIT_WAIT;
}
