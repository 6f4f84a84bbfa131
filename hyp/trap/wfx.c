/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/wfx.h"
#include "hyp/arch/esr.h"
#include "hyp/vdev/vgic.h"

#define ISS_WFX_TI_WFE BIT(0) /* WFE (1), WFET (3) */
#define ISS_WFX_TI_T   BIT(1) /* with a timeout: WFIT (2), WFET (3) */

enum exit_result wfx_handle(struct vcpu *vcpu, uint64_t esr)
{
	/* Others may have the CPU meanwhile; what the guest spins for may come from one of them. */
	if (esr & (ISS_WFX_TI_WFE | ISS_WFX_TI_T)) {
		vcpu_request_local(vcpu, WORK_RESCHED);
		return EXIT_SKIP;
	}
	return vgic_has_pending(vcpu) ? EXIT_SKIP : EXIT_WAIT;
}
