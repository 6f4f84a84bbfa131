/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions for a guest's EL1.
 *
 * A handler records one with the inject_record_*() functions and returns their value (EXIT_INJECT);
 * exit_finish() then calls inject_now(), which writes ELR_EL1, SPSR_EL1, ESR_EL1, FAR_EL1 and moves
 * the guest to its vector; where EL1 is AArch32, hyp/vm/inject32.h does. Source: Arm ARM D1.3
 * (exception entry), AArch64.TakeException().
 */
#ifndef HYP_VM_INJECT_H
#define HYP_VM_INJECT_H

#include "hyp/vm/vcpu.h"

/* Undefined Instruction: EC 0, IL 1. */
enum exit_result inject_undefined(struct vcpu *vcpu);

/*
 * Synchronous external abort; far: the guest's address. esr: of the abort that came to EL2, whose
 * class (fetch or data), WnR and CM the guest's is to have.
 */
enum exit_result inject_external_abort(struct vcpu *vcpu, uint64_t esr, uint64_t far);

/* The same on the walk of the guest's own tables, at `level`. */
enum exit_result inject_external_abort_on_walk(
	struct vcpu *vcpu, uint64_t esr, uint64_t far, unsigned level);

/* A data abort with any ISS (DFSC, CM, WnR ...), or an instruction abort with IFSC. */
enum exit_result inject_data_abort(struct vcpu *vcpu, uint64_t iss, uint64_t far);
enum exit_result inject_instruction_abort(struct vcpu *vcpu, uint64_t iss, uint64_t far);

/* A trapped MSR/MRS reflected as it is (EC 0x18 with ISS), or any other synchronous class. */
enum exit_result inject_sync(struct vcpu *vcpu, uint64_t esr);

/* An SError with ISS (virtual SError: taken when the guest unmasks it). */
void inject_serror(struct vcpu *vcpu, uint64_t iss);

/*
 * An instruction that the vCPU has left behind turns out to be Undefined: the exception happens
 * now, as if taken from it, at pc with that PSTATE. The vCPU is loaded.
 */
void inject_undefined_at(struct vcpu *vcpu, uint64_t pc, uint64_t pstate);

/* Makes the recorded exception happen. The vCPU is loaded. */
void inject_now(struct vcpu *vcpu);

/*
 * The PSTATE and vector offset an exception to EL1 gets, from the interrupted PSTATE and SCTLR_EL1.
 * Pure: vector is 0x000, 0x200, 0x400 or 0x600 (+ 0 sync).
 */
uint64_t inject_new_pstate(uint64_t pstate, uint64_t sctlr, bool has_pan, bool has_ssbs);
uint64_t inject_vector_offset(uint64_t pstate);

#endif
