/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of requests and of ends share: one clock for both CPUs, a VM that runs, and what
 * must be true of one that has settled.
 */
#ifndef TESTS_UNIT_LIFECYCLE_CLOCK_H
#define TESTS_UNIT_LIFECYCLE_CLOCK_H

#include "drivers/timer/timer.h"
#include "tests/unit/test_lifecycle.h"

#define SECOND 1000000 /* ticks */

static uint64_t now;

static inline uint64_t read_clock(unsigned encoding, uint64_t value)
{
	return encoding == SYS_CNTPCT_EL0 ? now : go_idle(encoding, value);
}

static inline int setup_clock(void **state)
{
	static const struct machine_timer timer = { .clock_hz = SECOND };
	int status = setup(state);

	for (unsigned i = 2; i-- > 0;) {
		fake_cpu_switch(i);
		fake_reg(CNTFRQ_EL0) = SECOND;
	}
	assert_int_equal(timer_init(&timer), OK);
	fake_sysreg_read_hook = read_clock;
	now = 5000;
	guest_does = does_nothing;
	runs = 0;
	vm = NULL;
	return status;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_clock, teardown)

/* Both CPUs, until nothing is left to do. */
static inline void settle(void)
{
	for (unsigned i = 0; i < 3; i++) {
		runs = 0;
		loop_on(1, guest);
		loop_on(0, guest);
	}
	fake_cpu_switch(0);
}

static inline void fire(struct vm *which)
{
	assert_ptr_equal(start_timer, &which->start_timer);
	start_timer = NULL;
	which->start_timer.fn(&which->start_timer);
}

/* A VM that runs: vCPU 0 on CPU 0, vCPU 1 on CPU 1, both wait. */
static inline struct vm *running(const char *name)
{
	vm = make(name, 2);
	assert_int_equal(vm_start(vm), OK);
	settle();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vcpu_power_on(vm->vcpus[1], ENTRY, 1), OK);
	settle();
	assert_int_equal(vm->live_vcpus, 2);
	calls[0] = '\0';
	return vm;
}

static inline void check_settled(enum vm_state wanted)
{
	bool stopped = wanted == VM_STOPPED || wanted == VM_WAITING;

	assert_int_equal(vm->state, wanted);
	assert_false(spin_is_locked(&vm->lock));
	assert_int_equal(touched[0], !stopped);
	if (stopped)
		assert_int_equal(vm->live_vcpus, 0);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		enum vcpu_state state = vm->vcpus[i]->state;

		if (stopped)
			assert_int_equal(state, VCPU_OFF);
		else if (state != VCPU_OFF)
			assert_int_equal(state, wanted == VM_PAUSED ? VCPU_PAUSED : VCPU_BLOCKED);
	}
	if (wanted == VM_RUNNING)
		assert_int_equal(vm->end, VM_END_NONE);
}

static inline void off(struct vcpu *vcpu)
{
	vcpu_request_local(vcpu, WORK_STOP);
}

static inline void crash(struct vcpu *vcpu)
{
	vm_fail(vcpu, "it crashed");
}

#endif
