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

/* Single loads and ATs that survive an abort (uaccess.h, at.h): where each is, and where it goes on
 * then, both relative to the member. */
struct uaccess_row {
	int32_t load, fixup;
};
extern const struct uaccess_row __uaccess_table_start[], __uaccess_table_end[];

/* Where an access that a guest's memory may abort goes on; 0: it was none. */
static uint64_t fixup_of(uint64_t pc)
{
	const struct uaccess_row *row;

	if (pc >= (uintptr_t)__uaccess_start && pc < (uintptr_t)__uaccess_end)
		return (uintptr_t)__uaccess_fixup;
	for (row = __uaccess_table_start; row < __uaccess_table_end; row++)
		if (pc == (uintptr_t)&row->load + (uint64_t)(int64_t)row->load)
			return (uintptr_t)&row->fixup + (uint64_t)(int64_t)row->fixup;
	return 0;
}

void el2_exception(struct el2_frame *frame, enum el2_vector vector)
{
	uint64_t esr = read_sysreg(ESR_EL2);

	uint64_t fixup = ESR_GET_EC(esr) == EC_DATA_ABORT_SAME ? fixup_of(frame->pc) : 0;

	if (vector == EL2_SYNC && fixup != 0) {
		frame->pc = fixup;
		return;
	}
	panic_frames[this_cpu()->index] = frame;
	panic("%s taken from EL2: ESR %016lx FAR %016lx PC %016lx", vector_names[vector],
		(unsigned long)esr, (unsigned long)read_sysreg(FAR_EL2), (unsigned long)frame->pc);
}
