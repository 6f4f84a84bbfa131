/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Not linked: compiled to assembly, from which the build makes asm_offsets.h for the .S files.
 */
#include "hyp/arch/cpu.h"
#include "hyp/arch/el2_exception.h"
#include "hyp/vm/vcpu.h"

#define DEFINE(name, value) __asm__ volatile("\n.ascii \"->" #name " %c0\"" : : "i"(value))

void asm_offsets(void);

void asm_offsets(void)
{
	DEFINE(GUEST_X0, offsetof(struct guest_regs, x));
	DEFINE(GUEST_X30, offsetof(struct guest_regs, x[30]));
	DEFINE(GUEST_HOST_SP, offsetof(struct guest_regs, host_sp));
	DEFINE(GUEST_PC, offsetof(struct guest_regs, pc));
	DEFINE(GUEST_APIA, offsetof(struct guest_regs, apia_lo));
	DEFINE(VCPU_WORKAROUND_KEYS, offsetof(struct vcpu, workarounds.keys));
	DEFINE(WORKAROUND_INDEX_SHIFT, WORKAROUND_INDEX_SHIFT);
	DEFINE(WORKAROUND_LOCAL_BIT, WORKAROUND_LOCAL_BIT);
	DEFINE(VCPU_WORKAROUND_COUNT, offsetof(struct vcpu, workarounds.count));
	DEFINE(CPU_EMERGENCY_STACK, offsetof(struct cpu, emergency_stack));
	DEFINE(CPU_SCRATCH, offsetof(struct cpu, scratch));
	DEFINE(CPU_APIA, offsetof(struct cpu, apia_lo));
	DEFINE(CPU_STACK, offsetof(struct cpu, stack));
	DEFINE(EL2_FRAME_X2, offsetof(struct el2_frame, x[2]));
	DEFINE(EL2_FRAME_X30, offsetof(struct el2_frame, x[30]));
	DEFINE(EL2_FRAME_SP, offsetof(struct el2_frame, sp));
	DEFINE(EL2_FRAME_PC, offsetof(struct el2_frame, pc));
	DEFINE(EL2_FRAME_SIZE, sizeof(struct el2_frame));
}

_Static_assert(offsetof(struct guest_regs, pstate) == offsetof(struct guest_regs, pc) + 8,
	"stored as a pair");
_Static_assert(
	offsetof(struct guest_regs, apia_hi) == offsetof(struct guest_regs, apia_lo) + 8, "a pair");
_Static_assert(
	offsetof(struct cpu, apia_hi) == offsetof(struct cpu, apia_lo) + 8, "loaded as a pair");
_Static_assert(offsetof(struct el2_frame, pstate) == offsetof(struct el2_frame, pc) + 8, "a pair");
_Static_assert(sizeof(struct el2_frame) % 16 == 0, "the stack stays aligned");
