/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/esr.h"
#include "hyp/trap/triage.h"
#include "hyp/vm/vm.h"

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio: spreads each bit */

/* What says of the syndrome that it is the same abort: not which table level was missing. */
#define ESR_SAME   (ESR_EC_MASK | ISS_CM | ISS_S1PTW | ISS_WNR | FSC_TYPE_MASK)

/* Different where any register is, but for one in 2^64. */
static uint64_t sum_of(const struct guest_regs *regs)
{
	uint64_t sum = regs->pstate;

	for (unsigned i = 0; i < ARRAY_SIZE(regs->x); i++)
		sum = (sum ^ regs->x[i]) * MULTIPLIER + (sum >> 32);
	return sum;
}

enum exit_result triage_retry(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	struct retry_note *last = &vcpu->retry;
	struct retry_note now = {
		.pc = vcpu->regs.pc,
		.far = far,
		.registers = sum_of(&vcpu->regs),
		.esr = (uint32_t)(esr & ESR_SAME),
		.count = 1,
	};

	if (last->count == 0 || last->pc != now.pc || last->far != now.far ||
		last->esr != now.esr || last->registers != now.registers) {
		*last = now;
		return EXIT_RESUME;
	}
	if (last->count < RETRIES_MAX) {
		last->count++;
		return EXIT_RESUME;
	}
	if (last->count == RETRIES_MAX) {
		last->count++;
		vcpu_log(vcpu,
			"tried %d times to access 0x%lx and still gets ESR 0x%lx, though what it "
			"needs is there: it goes on trying when others had their turn",
			RETRIES_MAX, (unsigned long)far, (unsigned long)esr);
	}
	return EXIT_RESCHEDULE;
}
