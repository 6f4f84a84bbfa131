/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a VM: made, loaded in steps, run, restarted, stopped by its own wish or by a fault;
 * vCPUs that come and go; what is loaded into a CPU and taken out. The scheduler is the real one,
 * the guest a function.
 *
 * links: hyp/vm/lifecycle.c hyp/vm/start.c hyp/vm/vm.c hyp/vm/vcpu.c hyp/vm/sched.c hyp/vm/bank.c
 * hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c hyp/vm/sched_config.c
 * hyp/vm/report.c drivers/timer/timer.c hyp/arch/features.c hyp/arch/el2_controls.c
 * hyp/base/status.c hyp/base/format.c
 */
#include "tests/unit/test_lifecycle.h"

/* --- making one --- */

static void test_create(void **state)
{
	(void)state;
	vm = make("one", 3);
	assert_string_equal(vm->name, "one");
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(nr_vms, 1);
	assert_ptr_equal(vms[0], vm);
	assert_string_equal(calls, "c0c1c2");
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(vm->vcpus[i]->vm, vm);
		assert_int_equal(vm->vcpus[i]->id, i);
		assert_int_equal(vm->vcpus[i]->state, VCPU_OFF);
		assert_int_equal(vm->vcpus[i]->vmpidr, 0x80000000 | i);
		assert_ptr_equal(vm->vcpus[i]->cpu, &cpus[i % 2]);
	}
	assert_null(vm->vcpus[3]);
	assert_int_equal(make("a name that is far longer than thirty-one characters", 1)->id, 1);
	assert_int_equal(strlen(vms[1]->name), VM_NAME_MAX);
}

static void test_create_refused(void **state)
{
	static const struct {
		uint64_t base, size;
		unsigned vcpus;
	} rows[] = {
		{ 0x40000000, MIB(64), 0 },
		{ 0x40000000, MIB(64), MAX_VCPUS + 1 },
		{ 0x40000000, 0, 1 },
		{ 0x40000000, MIB(1), 1 },
		{ 0x40100000, MIB(64), 1 },
		{ UINT64_C(0xfffffffffff00000) & ~(BLOCK_SIZE - 1), MIB(64), 1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			vm_create("x", IPA(rows[i].base), rows[i].size, rows[i].vcpus, &vm),
			ERR_INVALID);
	cpu_features.pa_bits = 30; /* RAM that this machine can't address */
	assert_int_equal(vm_create("x", RAM_BASE, RAM_SIZE, 1, &vm), ERR_RANGE);
	assert_int_equal(nr_vms, 0);
	assert_int_equal(allocated, 0);
	nr_vms = MAX_VMS;
	assert_int_equal(vm_create("x", RAM_BASE, RAM_SIZE, 1, &vm), ERR_NO_MEMORY);
	nr_vms = 0;
}

/* Whatever fails: what was made before is given back. */
static void test_create_fails(void **state)
{
	static const enum status status[] = { OK, ERR_NO_MEMORY };

	(void)state;
	for (fail_in = 0; fail_in < 4; fail_in++) {
		int n = fail_in;

		assert_int_equal(vm_create("x", RAM_BASE, RAM_SIZE, 3, &vm), ERR_NO_MEMORY);
		assert_int_equal(allocated, 0);
		assert_int_equal(stage2s, 0);
		fail_in = n;
	}
	fail_in = -1;
	create_status = ERR_NO_MEMORY;
	assert_int_equal(vm_create("x", RAM_BASE, RAM_SIZE, 1, &vm), ERR_NO_MEMORY);
	create_status = OK;
	add_status = ERR_NO_MEMORY;
	assert_int_equal(vm_create("x", RAM_BASE, RAM_SIZE, 1, &vm), ERR_NO_MEMORY);
	assert_int_equal(stage2s, 0);
	add_status = OK;
	assert_string_equal(calls, "");
	part_status[2] = status[1];
	assert_int_equal(vm_create("x", RAM_BASE, RAM_SIZE, 1, &vm), ERR_NO_MEMORY);
	assert_string_equal(calls, "c0c1c2d1d0");
	assert_int_equal(stage2s, 0);
	assert_int_equal(allocated, 0);
	assert_int_equal(nr_vms, 0);
}

/* What was made last is taken back as if it had never been. */
static void test_discard(void **state)
{
	struct vm *first;
	int before;

	(void)state;
	first = make("first", 1);
	before = allocated;
	vm = make("second", 2);
	calls[0] = '\0';
	vm_discard(vm);
	assert_string_equal(calls, "d2d1d0");
	assert_int_equal(allocated, before);
	assert_int_equal(stage2s, 1);
	assert_int_equal(nr_vms, 1);
	assert_ptr_equal(vms[0], first);
	assert_null(vms[1]);
	/* Its CPUs are free again: the next one's vCPUs go where its own did. */
	vm = make("third", 2);
	assert_int_equal(vm->id, 1);
	assert_ptr_not_equal(vm->vcpus[0]->cpu, vm->vcpus[1]->cpu);
	vm_discard(vm);
	vm_discard(first);
	assert_int_equal(allocated, 0);
}

/* --- running --- */

static void test_start(void **state)
{
	const struct guest_regs *regs;

	(void)state;
	fake_reg(CNTPCT_EL0) = 5000;
	start(2, does_nothing);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->boots, 1);
	assert_int_equal(vm->cntvoff, 5000);
	assert_int_equal(vm->live_vcpus, 1);
	assert_int_equal(runs, 1);
	assert_ptr_equal(seen[0], vm->vcpus[0]);
	assert_int_equal(vm->vcpus[1]->state, VCPU_OFF);
	assert_string_equal(calls, "r0r1r2v0v1v2l0l1l2");
	regs = &vm->vcpus[0]->regs;
	assert_int_equal(regs->pc, ENTRY);
	assert_int_equal(regs->x[0], DT);
	for (unsigned i = 1; i < 31; i++)
		assert_int_equal(regs->x[i], 0);
	assert_int_equal(regs->pstate, PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H);
	assert_int_equal(vm_start(vm), ERR_BUSY);
	assert_int_equal(all_stopped, 0);
}

static void test_load_fails(void **state)
{
	(void)state;
	load_status = ERR_CORRUPT;
	start(1, does_nothing);
	assert_int_equal(runs, 0);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_FAULT);
	assert_int_equal(all_stopped, 1);
	assert_non_null(strstr(fake_log, "test"));
	/* It can be started again. */
	load_status = OK;
	fake_cpu_switch(0);
	assert_int_equal(vm_start(vm), OK);
	loop_on(0, guest);
	assert_int_equal(runs, 1);
	assert_int_equal(vm->state, VM_RUNNING);
}

/* --- the end --- */

static void powers_off(struct vcpu *vcpu)
{
	vm_power_off(vcpu->vm);
	assert_int_equal(vcpu->vm->state, VM_STOPPING);
	assert_true(vcpu->work & WORK_STOP);
}

static void test_power_off(void **state)
{
	(void)state;
	start(1, powers_off);
	assert_int_equal(runs, 1);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_POWER_OFF);
	assert_int_equal(vm->live_vcpus, 0);
	assert_int_equal(vm->vcpus[0]->state, VCPU_OFF);
	assert_false(vm->vcpus[0]->loaded);
	assert_int_equal(all_stopped, 1);
	/* Nothing for one that isn't running. */
	vm_power_off(vm);
	vm_reset(vm);
	vm_fault(vm);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_POWER_OFF);
}

/* Blocked, ready, on two CPUs: all leave, and the last one out closes the door. */
static void test_power_off_all(void **state)
{
	(void)state;
	start(4, does_nothing);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(vcpu_power_on(vm->vcpus[i], ENTRY + i, i), OK);
	assert_int_equal(vm->live_vcpus, 4);
	loop_on(1, guest); /* 1 and 3 are blocked, 2 is ready on CPU 0 */
	assert_int_equal(vm->vcpus[1]->state, VCPU_BLOCKED);
	assert_int_equal(vm->vcpus[2]->state, VCPU_READY);
	fake_cpu_switch(0);
	vm_power_off(vm);
	runs = 0;
	loop_on(0, guest);
	/* CPU 0 also takes one that waits for CPU 1; the other is in CPU 1's registers. */
	assert_int_equal(vm->state, VM_STOPPING);
	assert_int_equal(vm->live_vcpus, 1);
	assert_int_equal(all_stopped, 0);
	loop_on(1, guest);
	assert_int_equal(vm->live_vcpus, 0);
	assert_int_equal(vm->state, VM_STOPPING); /* until its memory is given back */
	assert_int_equal(all_stopped, 0);
	loop_on(0, guest);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(emptied, 1);
	assert_int_equal(all_stopped, 1);
	assert_int_equal(runs, 0); /* none entered the guest again */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(vm->vcpus[i]->state, VCPU_OFF);
}

/* The machine ends with the last VM, not before. */
static void test_all_stopped(void **state)
{
	struct vm *other;

	(void)state;
	start(1, does_nothing);
	other = vm;
	start(1, powers_off);
	loop_on(1, guest); /* the second VM's vCPU may be there */
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(other->state, VM_RUNNING);
	assert_int_equal(all_stopped, 0);
	fake_cpu_switch(0);
	vm_power_off(other);
	loop_on(0, guest);
	assert_int_equal(other->state, VM_STOPPED);
	assert_int_equal(all_stopped, 1);
}

/* --- restart --- */

static void resets_once(struct vcpu *vcpu)
{
	if (vcpu->vm->boots == 1) {
		vcpu->regs.x[5] = 55;
		vcpu->bank[BANK_VBAR_EL1] = 66;
		vm_reset(vcpu->vm);
		assert_int_equal(vcpu->vm->state, VM_RESETTING);
		return;
	}
	assert_true(sched_block(vcpu));
}

static void test_reset(void **state)
{
	(void)state;
	start(1, resets_once);
	assert_int_equal(runs, 2);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->end, VM_END_NONE);
	assert_int_equal(vm->boots, 2);
	assert_int_equal(emptied, 1); /* the first time there is nothing to be given back */
	assert_int_equal(vm->live_vcpus, 1);
	assert_int_equal(all_stopped, 0);
	assert_int_equal(vm->vcpus[0]->regs.x[5], 0);
	assert_int_equal(vm->vcpus[0]->regs.pc, ENTRY);
	assert_string_equal(calls, "r0r1r2v0v1v2l0l1l2p2p1p0r0r1r2v0v1v2l0l1l2");
}

/* --- faults --- */

static void fails(struct vcpu *vcpu)
{
	vcpu->regs.pc = 0x1234;
	vm_fail(vcpu, "it did %s, which it must not", "something");
}

static void test_fail(void **state)
{
	(void)state;
	start(1, fails);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_FAULT);
	assert_non_null(strstr(fake_log,
		"VM test, vCPU 0, PC 0x1234: it did something, which it must not; the VM is "
		"stopped"));
	assert_int_equal(all_stopped, 1);
}

/* Who, where, what. */
static void test_log(void **state)
{
	(void)state;
	fake_sysreg_read_hook = NULL;
	vm = make("test", 1);
	vm->vcpus[0]->regs.pc = 0x40001000;
	vcpu_log(vm->vcpus[0], "it said %d", 5);
	assert_string_equal(fake_log, "VM test, vCPU 0, PC 0x40001000: it said 5\n");
}

/* --- vCPUs --- */

static void goes_off(struct vcpu *vcpu)
{
	vm_vcpu_off(vcpu);
	assert_int_equal(vcpu->state, VCPU_OFF);
	assert_false(vcpu->loaded);
}

static void test_vcpu_off(void **state)
{
	(void)state;
	start(2, does_nothing);
	assert_int_equal(vcpu_power_on(vm->vcpus[1], ENTRY, 1), OK);
	assert_int_equal(vcpu_power_on(vm->vcpus[1], ENTRY, 1), ERR_BUSY);
	guest_does = goes_off;
	loop_on(1, guest);
	assert_int_equal(vm->live_vcpus, 1);
	assert_int_equal(vm->state, VM_RUNNING);
	/* On again, with state of its own. */
	vm->vcpus[1]->regs.x[3] = 3;
	vm->vcpus[1]->hcr = 0;
	vm->vcpus[1]->work = WORK_STOP;
	assert_int_equal(vcpu_power_on(vm->vcpus[1], ENTRY + 8, 42), OK);
	assert_int_equal(vm->vcpus[1]->regs.pc, ENTRY + 8);
	assert_int_equal(vm->vcpus[1]->regs.x[0], 42);
	assert_int_equal(vm->vcpus[1]->regs.x[3], 0);
	assert_int_equal(vm->vcpus[1]->hcr, guest_hcr());
	assert_int_equal(vm->vcpus[1]->work & WORK_STOP, 0);
	loop_on(1, guest);
	/* The last one: nobody is left who could switch one on. */
	vcpu_wake(vm->vcpus[0]);
	loop_on(0, guest);
	assert_int_equal(vm->live_vcpus, 0);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_POWER_OFF);
	assert_int_equal(all_stopped, 1);
	assert_int_equal(vcpu_power_on(vm->vcpus[1], ENTRY, 1), ERR_BUSY);
}

/* --- into a CPU and out of it --- */

static void test_load_put(void **state)
{
	struct vcpu *a, *b;

	(void)state;
	vm = make("test", 2);
	a = vm->vcpus[0];
	b = vm->vcpus[1];
	a->signalled = true;
	vcpu_reset(a, ENTRY, 0);
	vcpu_reset(b, ENTRY, 0);
	assert_false(a->signalled);
	a->hcr |= HCR_EL2_TWI;
	a->bank[BANK_TTBR0_EL1] = 0xa;
	b->bank[BANK_TTBR0_EL1] = 0xb;
	fake_sysreg_read_hook = NULL;
	calls[0] = '\0';
	fp_saves = fp_restores = 0;
	assert_int_equal(a->on_demand, 0);
	a->on_demand = BIT(3);
	vcpu_load(a);
	assert_true(a->loaded);
	assert_ptr_equal(cpus[0].current, a);
	assert_int_equal(fake_reg(HCR_EL2), a->hcr);
	assert_int_equal(fake_reg(MDCR_EL2), a->mdcr);
	assert_int_equal(fake_reg(CPTR_EL2), a->cptr);
	assert_int_equal(fake_reg(VMPIDR_EL2), 0x80000000);
	assert_int_equal(fake_reg(VTCR_EL2), 0x12340000);
	assert_int_equal(fake_reg(VTTBR_EL2), 0x56780000);
	assert_int_equal(fake_reg(TTBR0_EL1), 0xa);
	fake_reg(TTBR0_EL1) = 0xaa; /* the guest writes */
	unsigned accesses = fake_sysreg_accesses;

	vcpu_load(a);
	assert_int_equal(fake_sysreg_accesses, accesses);
	vcpu_load(b);
	assert_false(a->loaded);
	assert_true(b->loaded);
	assert_int_equal(a->bank[BANK_TTBR0_EL1], 0xaa);
	assert_int_equal(fake_reg(TTBR0_EL1), 0xb);
	assert_int_equal(fake_reg(VMPIDR_EL2), 0x80000001);
	vcpu_put(a); /* it isn't here */
	assert_ptr_equal(cpus[0].current, b);
	vcpu_put(b);
	assert_null(cpus[0].current);
	assert_string_equal(calls, "l0l1l2l3p3p2p1p0l0l1l2p2p1p0");
	assert_int_equal(fp_saves, 2);
	assert_int_equal(fp_restores, 2);
}

/* A virtual SError that the guest has taken (the CPU clears VSE) does not come again with the next
 * load. */
static void test_serror_once(void **state)
{
	struct vcpu *a;

	(void)state;
	vm = make("test", 1);
	a = vm->vcpus[0];
	vcpu_reset(a, ENTRY, 0);
	fake_sysreg_read_hook = NULL;
	vcpu_load(a);
	a->hcr |= HCR_EL2_VSE; /* as inject_serror() does */
	fake_reg(HCR_EL2) = a->hcr;
	vcpu_put(a);
	vcpu_load(a);
	assert_true(fake_reg(HCR_EL2) & HCR_EL2_VSE); /* still to be taken */
	fake_reg(HCR_EL2) &= ~HCR_EL2_VSE;
	vcpu_put(a);
	vcpu_load(a);
	assert_int_equal(fake_reg(HCR_EL2) & HCR_EL2_VSE, 0);
	vcpu_put(a);
}

static void reset_fpsimd(struct vcpu *vcpu)
{
	assert_false(vcpu->loaded);
	note("FP");
}

static void reset_debug(struct vcpu *vcpu)
{
	assert_false(vcpu->loaded);
	note("DEBUG");
}

/* What a power-down loses is lost in memory: nothing of it is in registers then, to be saved over
 * it. */
static void lose(struct vcpu *vcpu)
{
	assert_null(cpus[0].current);
	assert_int_equal(vcpu->regs.pc, ENTRY);
	strcat(calls, "LOSE");
}

static void test_power_down(void **state)
{
	static const struct vcpu_el2_ops el2;
	struct vm_part own[NR_PARTS];
	struct vcpu *a;

	(void)state;
	vm = make("test", 1);
	a = vm->vcpus[0];
	vcpu_reset(a, ENTRY, 0);
	memcpy(own, parts, sizeof(own));
	own[PART_FPSIMD].vcpu_reset = reset_fpsimd;
	own[PART_DEBUG].vcpu_reset = reset_debug;
	vm_parts = own;
	fake_sysreg_read_hook = NULL;
	a->on_demand = BIT(3);
	vcpu_load(a);
	a->hcr |= HCR_EL2_VSE | HCR_EL2_TWI;
	fake_reg(HCR_EL2) = a->hcr;
	fake_reg(TTBR0_EL1) = 0xaa;
	a->regs.x[5] = 5;
	a->inject.far = 6;
	calls[0] = '\0';
	vcpu_power_down(a, ENTRY + 8, 42);
	assert_string_equal(calls, "p3p2p1p0FPDEBUGl0l1l2l3");
	assert_ptr_equal(cpus[0].current, a);
	assert_int_equal(a->regs.pc, ENTRY + 8);
	assert_int_equal(a->regs.x[0], 42);
	assert_int_equal(a->regs.x[5], 0);
	assert_int_equal(a->inject.far, 0);
	assert_int_equal(fake_reg(TTBR0_EL1), 0);
	assert_int_equal(fake_reg(HCR_EL2), (guest_hcr() | HCR_EL2_TWI) & ~HCR_EL2_VSE);
	assert_int_equal(a->on_demand, BIT(3));
	/* What parts lose, after the registers. */
	own[PART_NESTED].vcpu_power_down = lose;
	a->el2 = &el2;
	calls[0] = '\0';
	vcpu_power_down(a, ENTRY, 0);
	assert_string_equal(calls, "p3p2p1p0FPDEBUGLOSEl0l1l2l3");
	vcpu_put(a);
	vcpu_reset(a, ENTRY, 0);
	assert_null(a->el2);
	vm_parts = parts;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_create_refused),
		TEST(test_create_fails),
		TEST(test_discard),
		TEST(test_start),
		TEST(test_load_fails),
		TEST(test_power_off),
		TEST(test_power_off_all),
		TEST(test_all_stopped),
		TEST(test_reset),
		TEST(test_fail),
		TEST(test_log),
		TEST(test_vcpu_off),
		TEST(test_load_put),
		TEST(test_serror_once),
		TEST(test_power_down),
	};

	return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
