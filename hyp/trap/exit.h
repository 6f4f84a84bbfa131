/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run loop: from one entry into a guest to the next.
 *
 *   vcpu_enter → exit_table[EC] → handler → exit_finish → vcpu_enter
 *
 * A handler gets the vCPU (loaded on this CPU) and ESR_EL2, decides, and says what is to be done
 * (enum exit_result). exit_finish() is the one place that moves a guest's PC, apart from functions
 * that load a whole context.
 */
#ifndef HYP_TRAP_EXIT_H
#define HYP_TRAP_EXIT_H

#include "hyp/vm/vcpu.h"

typedef enum exit_result (*exit_handler)(struct vcpu *vcpu, uint64_t esr);

/* By ESR_EL2.EC; none is NULL. */
extern const exit_handler exit_table[NR_EXIT_CLASSES];

/* What each class is, in words. */
const char *exit_class_name(unsigned ec);

/* This CPU's loop, for ever: runs the vCPUs whose turn it is (hyp/vm/sched.h). */
__noreturn void exit_loop(void);

/* Acts on a result. False: the vCPU gives up the CPU. */
bool exit_finish(struct vcpu *vcpu, uint64_t esr, enum exit_result result);

/*
 * Moves past the instruction that trapped: 4 bytes, or 2 for a 16-bit one (IL = 0), with the IT
 * state of AArch32 (ITAdvance), PSTATE.BTYPE and the single-step state. Pure.
 */
void exit_skip_instruction(struct guest_regs *regs, uint64_t esr);

/*
 * For AArch32: does the instruction that trapped, of one of the classes with a condition, pass it?
 * (Arm ARM ConditionHolds; COND or IT)
 */
bool exit_condition_holds(uint64_t pstate, uint64_t esr);

/* lintel.measure=masked: enter through a function that keeps cpu->longest_masked. */
void exit_measure_masked(struct cpu *cpu);

#endif
