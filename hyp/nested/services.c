/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/services.h"
#include "hyp/base/string.h"
#include "hyp/nested/timer.h"
#include "hyp/smccc/call_table.h"

#define SDEI_FUNCTIONS 0x20

enum status nested_services_create(struct vm *vm)
{
	enum status status = call_tables_reflect_hvc(vm);

	for (unsigned i = 0; status == OK && i < vm->nr_vcpus; i++)
		memset(vm->vcpus[i]->workarounds.keys, 0, sizeof(vm->vcpus[i]->workarounds.keys));
	return status;
}

const struct vcpu_el2_ops nested_el2_ops = {
	.enter = nested_go_to_hyp,
	.new_pstate = nested_new_pstate,
	.leave = nested_return,
};

/* In the page are vEL1's timers, which are kept; vEL2's are in memory of their own. */
void nested_power_down(struct vcpu *vcpu)
{
	static const unsigned kept[] = { VNCR_CNTVOFF_EL2, VNCR_CNTV_CTL_EL0, VNCR_CNTV_CVAL_EL0,
		VNCR_CNTP_CTL_EL0, VNCR_CNTP_CVAL_EL0 };
	struct nested *nested = nested_of(vcpu);
	uint64_t words[ARRAY_SIZE(kept)];

	if (!nested)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
		words[i] = nested->page[kept[i] / 8];
	nested_reset_registers(nested);
	nested_timer_set_controls(nested);
	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
		nested->page[kept[i] / 8] = words[i];
}

enum exit_result nested_inner_smc(struct vcpu *vcpu, uint64_t esr)
{
	uint32_t function = (uint32_t)vcpu->regs.x[0] & ~(uint32_t)(SMCCC_64 | SMCCC_HINT);

	if (function - SMCCC_BASE_SDEI < SDEI_FUNCTIONS)
		return smccc_not_supported(vcpu, SMCCC_SMC, function);
	return smccc_smc(vcpu, esr);
}
