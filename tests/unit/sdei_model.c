/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/sdei_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hyp/arch/at.h"
#include "hyp/arch/features.h"
#include "hyp/vm/inject.h"
#include "tests/unit/fake/cpu.h"

enum exit_result sdei_model_result;
struct cpu_features cpu_features;

uint64_t inject_new_pstate(uint64_t pstate, uint64_t sctlr, bool has_pan, bool has_ssbs)
{
	(void)sctlr, (void)has_pan, (void)has_ssbs;
	return pstate | NEW_PSTATE;
}

/* Every page leads to itself, but for one that isn't mapped. */
static uint64_t translate(uint64_t va)
{
	return va >= UINT64_C(1) << 40 ? PAR_F : va & PAR_PA;
}

void sdei_model_create(unsigned nr_vcpus)
{
	model_create(nr_vcpus, 4);
	guest_setup(0x80);
	fake_at_hook = translate;
	model_vm->ram_base = IPA(RAM_BASE);
	model_vm->ram_size = RAM_SIZE;
	if (!model_vm->name[0])
		snprintf(model_vm->name, sizeof(model_vm->name), "model");
	assert_int_equal(sdei_part.create(model_vm), OK);
	for (unsigned i = 0; i < nr_vcpus; i++) {
		sdei_part.vcpu_reset(model_vcpu(i));
		fake_cpu_switch(i);
		fake_reg(VBAR_EL1) = VBAR;
	}
	fake_cpu_switch(0);
}

void sdei_model_destroy(void)
{
	sdei_part.destroy(model_vm);
	model_destroy();
}

int64_t sdei_model_call(unsigned cpu, smccc_service handler, uint64_t x1, uint64_t x2, uint64_t x3,
	uint64_t x4, uint64_t x5)
{
	struct vcpu *vcpu = model_vcpu(cpu);
	uint64_t *x = vcpu->regs.x;

	fake_cpu_switch(cpu);
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	x[4] = x4;
	x[5] = x5;
	sdei_model_result = handler(vcpu, SMCCC_HVC, 0);
	assert_false(spin_is_locked(&sdei_of(model_vm)->lock));
	return (int64_t)x[0];
}

int64_t sdei_model_register(unsigned cpu, uint64_t number, uint64_t flags, uint64_t affinity)
{
	return sdei_model_call(cpu, sdei_event_register, number, HANDLER + 16 * (number & 0xff),
		ARGUMENT, flags, affinity);
}

void sdei_model_enable(unsigned cpu, uint64_t number)
{
	assert_int_equal(sdei_model_register(cpu, number, 0, 0), SDEI_SUCCESS);
	assert_int_equal(CALL1(cpu, event_enable, number), SDEI_SUCCESS);
}

void sdei_model_run(void)
{
	bool again = true;

	while (again) {
		again = false;
		model_run_all();
		for (unsigned i = 0; i < model_vm->nr_vcpus; i++) {
			struct vcpu *vcpu = model_vcpu(i);

			if (!(vcpu->work & WORK_PARTS))
				continue;
			vcpu->work &= ~(uint64_t)WORK_PARTS;
			fake_cpu_switch(i);
			sdei_part.vcpu_enter(vcpu);
			again = true;
		}
	}
}

void sdei_model_fill(unsigned cpu, uint64_t seed)
{
	struct guest_regs *regs = &model_vcpu(cpu)->regs;

	for (unsigned i = 0; i < 31; i++)
		regs->x[i] = seed << 8 | i;
	regs->pc = seed << 8 | 0xf0;
	regs->pstate = seed << 8;
	fake_cpu_switch(cpu);
	fake_reg(ELR_EL1) = seed;
	fake_reg(SPSR_EL1) = seed;
}

bool sdei_model_in(unsigned cpu, uint64_t number)
{
	const struct guest_regs *regs = &model_vcpu(cpu)->regs;

	return regs->pc == HANDLER + 16 * (number & 0xff) && regs->x[0] == number &&
		regs->x[1] == ARGUMENT;
}

bool sdei_model_is_back(unsigned cpu, uint64_t seed)
{
	const struct guest_regs *regs = &model_vcpu(cpu)->regs;

	for (unsigned i = 0; i < 18; i++) {
		if (regs->x[i] != (seed << 8 | i))
			return false;
	}
	return regs->pc == (seed << 8 | 0xf0) && regs->pstate == seed << 8;
}

void sdei_model_complete(unsigned cpu)
{
	CALL1(cpu, event_complete, 0);
	assert_int_equal(sdei_model_result, EXIT_SWITCH);
}
