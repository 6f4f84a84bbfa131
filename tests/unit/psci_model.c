/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/psci_model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vdev/vgic.h"
#include "mm/page.h"

struct vm model_vm;
struct vcpu model_vcpus[VCPUS];

struct vcpu *powered_on;
uint64_t powered_pc, powered_x0;
unsigned power_offs, resets, register_resets, blocks_tried;
enum status power_on_status;
bool pending, blocks;
void (*power_on_hook)(void);
void (*pending_hook)(void);
int model_allocated;
bool model_no_memory;

struct timer_scale timer_scale = {
	.ns_per_tick = UINT64_C(1) << 32,
	.ticks_per_ns = UINT64_C(1) << 32,
	.hz = HZ,
};

void *mm_zalloc(size_t size)
{
	if (model_no_memory)
		return NULL;
	model_allocated++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	model_allocated--;
	free(memory);
}

enum status vcpu_power_on(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	if (power_on_hook)
		power_on_hook();
	assert_false(spin_is_locked(&model_vm.lock));
	powered_on = vcpu;
	powered_pc = pc;
	powered_x0 = x0;
	return power_on_status;
}

void vm_power_off(struct vm *of)
{
	assert_ptr_equal(of, &model_vm);
	power_offs++;
}

void vm_reset(struct vm *of)
{
	assert_ptr_equal(of, &model_vm);
	resets++;
}

static bool wakes(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, me);
	/* Nothing that comes from now on is missed: who wakes it is noticed. */
	assert_non_null(vcpu->wait_over);
	assert_false(spin_is_locked(&model_vm.lock));
	if (pending_hook)
		pending_hook();
	return pending;
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	assert_int_equal(vpsci_cpu_of(vcpu)->suspended, PSCI_STANDBY);
	return wakes(vcpu);
}

/* Without power there is no CPU interface to ask. */
bool vgic_requests_wake(struct vcpu *vcpu)
{
	assert_int_equal(vpsci_cpu_of(vcpu)->suspended, PSCI_DOWN);
	return wakes(vcpu);
}

bool sched_block(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, me);
	assert_non_null(vcpu->wait_over);
	blocks_tried++;
	if (blocks)
		vcpu->state = VCPU_BLOCKED;
	return blocks;
}

void vcpu_power_down(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	assert_ptr_equal(vcpu, me);
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	vcpu->regs.pc = pc;
	vcpu->regs.x[0] = x0;
	register_resets++;
}

bool psci_client_available(void)
{
	return false;
}

int32_t psci_client_features(uint32_t function)
{
	(void)function;
	return PSCI_NOT_SUPPORTED;
}

void model_set_time(uint64_t ns)
{
	fake_reg(CNTPCT_EL0) = ns;
}

int model_setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	if (model_vm.part[PART_PSCI])
		psci_part.destroy(&model_vm);
	memset(&model_vm, 0, sizeof(model_vm));
	memset(model_vcpus, 0, sizeof(model_vcpus));
	model_vm.ram_base = IPA(RAM_BASE);
	model_vm.ram_size = RAM_SIZE;
	model_vm.nr_vcpus = VCPUS;
	for (unsigned i = 0; i < VCPUS; i++) {
		model_vm.vcpus[i] = &model_vcpus[i];
		model_vcpus[i].vm = &model_vm;
		model_vcpus[i].id = i;
		model_vcpus[i].state = VCPU_OFF;
	}
	me->state = VCPU_RUNNING;
	me->regs.pstate = PSTATE_EL1H;
	powered_on = NULL;
	power_on_status = OK;
	power_on_hook = pending_hook = NULL;
	power_offs = resets = register_resets = blocks_tried = 0;
	pending = blocks = model_no_memory = false;
	assert_int_equal(psci_part.create(&model_vm), OK);
	psci_part.reset(&model_vm);
	return 0;
}

int model_teardown(void **state)
{
	(void)state;
	psci_part.destroy(&model_vm);
	assert_null(model_vm.part[PART_PSCI]);
	assert_int_equal(model_allocated, 0);
	return 0;
}

enum exit_result call_by(
	enum conduit conduit, uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	enum exit_result result;

	for (unsigned i = 4; i < 31; i++)
		me->regs.x[i] = i * UINT64_C(0x1111111111);
	me->regs.x[0] = function;
	me->regs.x[1] = a1;
	me->regs.x[2] = a2;
	me->regs.x[3] = a3;
	result = smccc_handle(me, conduit, 0);
	assert_false(spin_is_locked(&model_vm.lock));
	return result;
}

int64_t call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	static const enum exit_result results[] = { EXIT_RESUME, EXIT_SKIP };
	static const enum conduit conduits[] = { SMCCC_HVC, SMCCC_SMC };

	for (unsigned c = 0; c < 2; c++) {
		assert_int_equal(call_by(conduits[c], function, a1, a2, a3), results[c]);
		assert_int_equal(me->regs.x[1], a1);
		assert_int_equal(me->regs.x[2], a2);
		assert_int_equal(me->regs.x[3], a3);
		for (unsigned i = 4; i < 31; i++)
			assert_int_equal(me->regs.x[i], i * UINT64_C(0x1111111111));
		assert_int_equal(me->regs.pc, 0);
	}
	return (int64_t)me->regs.x[0];
}
