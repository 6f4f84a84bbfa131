/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts arrive here. A plain load or store to a device, which the syndrome describes, is
 * done at once; all else is triage.h's. So is one at the beginning of a page, if it may have begun
 * in the page before.
 */
#ifndef HYP_TRAP_ABORT_H
#define HYP_TRAP_ABORT_H

#include "hyp/vm/vcpu.h"

struct device_region;

/* EC_DATA_ABORT_LOWER. */
enum exit_result abort_handle_data(struct vcpu *vcpu, uint64_t esr);

/* An access that the syndrome describes (ISV = 1), which lies in the region as a whole. */
enum exit_result abort_emulate(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t ipa, uint64_t far);

#endif
