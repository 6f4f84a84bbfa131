/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ID registers as a guest sees them (HCR_EL2.TID3, TID1): what the CPU has and Lintel supports,
 * field by field.
 *
 * A field that idreg.c does not name reads as zero: what Lintel has never heard of is not there.
 * What is hidden and can be switched off or trapped is (hyp/arch/el2_controls.c). A VM with a
 * virtual EL2 sees EL2, and of its features what hyp/nested/ has, in the form of its own.
 */
#ifndef HYP_TRAP_IDREG_H
#define HYP_TRAP_IDREG_H

#include "hyp/vm/vcpu.h"

/* Boot CPU, once, after cpu_features_init(): reads the machine's ID registers and works out what
 * guests see. */
void idreg_init(void);

/*
 * The value of an ID register (SYS_*) for this vCPU: any of the space 3, 0, c0, c1..c7, 0..7
 * (unallocated: zero), REVIDR_EL1, AIDR_EL1. False for any other encoding. ID_AA64MMFR0_EL1.PARange
 * says what the VM's stage 2 takes.
 */
bool idreg_read(const struct vcpu *vcpu, unsigned encoding, uint64_t *value);

#endif
