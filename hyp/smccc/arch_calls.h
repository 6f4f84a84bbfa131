/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Arm architecture calls (DEN0028 section 7) and who Lintel is.
 */
#ifndef HYP_SMCCC_ARCH_CALLS_H
#define HYP_SMCCC_ARCH_CALLS_H

#include "hyp/vm/vcpu.h"

/*
 * SMCCC_VERSION, ARCH_FEATURES, WORKAROUND_1 to _3. The workarounds are answered by what the CPU's ID registers say:
 * 1 (not affected) or NOT_SUPPORTED (not known).
 */
enum exit_result arch_call(struct vcpu *vcpu, uint32_t function);

/* Vendor specific hypervisor service: UID (x0-x3) and revision. */
enum exit_result vendor_call(struct vcpu *vcpu, uint32_t function);

/* For PSCI_FEATURES as well: 0 or more if implemented, else SMCCC_NOT_SUPPORTED. */
uint64_t arch_features(uint32_t function);

#endif
