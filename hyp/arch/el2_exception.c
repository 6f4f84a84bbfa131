/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/el2_exception.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/esr.h"
#include "hyp/base/panic.h"

extern const char __uaccess_start[], __uaccess_end[], __uaccess_fixup[];

static const char *const vector_names[] = {
	"synchronous exception with SP_EL0",
	"IRQ with SP_EL0",
	"FIQ with SP_EL0",
	"SError with SP_EL0",
	"synchronous exception",
	"IRQ",
	"FIQ",
	"SError",
};

static const struct el2_frame *panic_frames[MAX_CPUS];

const struct el2_frame *el2_exception_frame(void)
{
	return panic_frames[this_cpu()->index];
}

static bool is_fault_safe_copy(const struct el2_frame *frame, uint64_t esr)
{
	return ESR_GET_EC(esr) == EC_DATA_ABORT_SAME && frame->pc >= (uintptr_t)__uaccess_start &&
		frame->pc < (uintptr_t)__uaccess_end;
}

void el2_exception(struct el2_frame *frame, enum el2_vector vector)
{
	uint64_t esr = read_sysreg(ESR_EL2);

	if (vector == EL2_SYNC && is_fault_safe_copy(frame, esr)) {
		frame->pc = (uintptr_t)__uaccess_fixup;
		return;
	}
	panic_frames[this_cpu()->index] = frame;
	panic("%s taken from EL2: ESR %016lx FAR %016lx PC %016lx", vector_names[vector],
		(unsigned long)esr, (unsigned long)read_sysreg(FAR_EL2), (unsigned long)frame->pc);
}
