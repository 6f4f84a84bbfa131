/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions for an EL1 that is AArch32: what hyp/vm/inject.h records is made to happen.
 *
 *   recorded              taken as                 LR                                 masks
 *   EC_INSN_ABORT_LOWER   Prefetch Abort, abt      the instruction + 4                A, I
 *   EC_DATA_ABORT_LOWER   Data Abort, abt          the instruction + 8                A, I
 *   anything else         Undefined, und           the instruction + 4, 2 in Thumb    I
 *
 * AArch32 has no way to report a trap as such: what AArch64 gets with a syndrome of its own is
 * Undefined here. Source: Arm ARM G1.12, AArch32.EnterMode(), AArch32.TakeDataAbortException() and
 * its kin; G8.2.30 DFSR, G8.2.70 IFSR.
 */
#ifndef HYP_VM_INJECT32_H
#define HYP_VM_INJECT32_H

#include "hyp/vm/vcpu.h"

/* DFSR and IFSR */
#define FSR32_FNV     BIT(16)
#define FSR32_CM      BIT(13) /* DFSR */
#define FSR32_EXT     BIT(12)
#define FSR32_WNR     BIT(11) /* DFSR */
#define FSR32_FS_HIGH BIT(10) /* short format: FS[4] */
#define FSR32_LPAE    BIT(9)  /* long format: STATUS, the code of AArch64, is in bits 5:0 */
#define FSR32_FS      GENMASK(3, 0)
#define FSR32_STATUS  GENMASK(5, 0)

/* TTBCR, the low half of TCR_EL1 */
#define TTBCR_EAE     BIT(31) /* long descriptors, and the long format of DFSR and IFSR */

/* SCTLR, where it differs from SCTLR_EL1 */
#define SCTLR32_V     BIT(13)
#define SCTLR32_TE    BIT(30)
#define SCTLR32_DSSBS BIT(31)

#define VECTOR32_UND  0x04
#define VECTOR32_PABT 0x0c
#define VECTOR32_DABT 0x10

/* For inject_now(): makes vcpu->inject happen. The vCPU is loaded. */
void inject32_now(struct vcpu *vcpu);

/* The vCPU is where it would take a Prefetch Abort: nothing can be injected where that can't be
 * fetched. */
bool inject32_at_vector(const struct vcpu *vcpu);

/* Pure: PSTATE at the handler in `mode`, in SPSR_EL2's format. */
uint64_t inject32_new_pstate(
	uint64_t pstate, uint64_t sctlr, unsigned mode, bool has_pan, bool has_ssbs);

/* Pure: an interrupted PSTATE (SPSR_EL2's format) as SPSR_<mode> has it. */
uint32_t inject32_spsr(uint64_t pstate);

/* Pure: DFSR (data) or IFSR for an ISS of AArch64: its FSC, WnR, CM, EA and FnV. */
uint32_t inject32_fsr(uint64_t iss, bool data, bool long_format);

/* Pure: VSESR_EL2 for an SError with that ISS, as a guest with an AArch32 EL1 finds it in DFSR. */
uint64_t inject32_vsesr(uint64_t iss);

#endif
