/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every request in every state of a VM; pausing; many restarts, and anything at any time.
 *
 * links: hyp/vm/lifecycle.c hyp/vm/start.c hyp/vm/vm.c hyp/vm/vcpu.c hyp/vm/sched.c hyp/vm/bank.c
 * hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c hyp/vm/sched_config.c
 * hyp/vm/report.c drivers/timer/timer.c hyp/arch/features.c hyp/arch/el2_controls.c
 * hyp/base/status.c hyp/base/format.c
 */
#include "tests/unit/lifecycle_clock.h"

/* --- the table --- */

enum from {
	FROM_STOPPED,
	FROM_WAITING,
	FROM_LOADING,
	FROM_RUNNING,
	FROM_PAUSING,
	FROM_PAUSED,
	FROM_CRASHED,
	FROM_STOPPING,
	FROM_EMPTYING,
	FROM_RESETTING,
	FROMS
};

/* Brings a new VM there. */
static void bring_to(enum from from)
{
	if (from == FROM_STOPPED || from == FROM_WAITING || from == FROM_LOADING) {
		vm = make("it", 2);
		if (from == FROM_WAITING) {
			vm->policy.start_delay_ms = 7;
			assert_int_equal(vm_autostart(vm), OK);
		} else if (from == FROM_LOADING) {
			assert_int_equal(vm_start(vm), OK);
		}
		return;
	}
	running("it");
	if (from == FROM_CRASHED) {
		vm->policy.on_crash = VM_ACTION_PAUSE;
		assert_int_equal(vm_fault(vm), VM_ACTION_PAUSE);
		vm->policy.on_crash = VM_ACTION_STOP;
	}
	if (from == FROM_PAUSING || from == FROM_PAUSED)
		assert_int_equal(vm_pause(vm), OK);
	if (from == FROM_PAUSED || from == FROM_CRASHED)
		settle();
	if (from == FROM_STOPPING || from == FROM_EMPTYING)
		assert_int_equal(vm_stop(vm), OK);
	if (from == FROM_RESETTING)
		vm_reset(vm);
	if (from == FROM_EMPTYING) {
		runs = 0;
		vm->vcpus[1]->work = 0; /* it leaves last, where the job isn't */
		loop_on(0, guest);
		vcpu_request(vm->vcpus[1], WORK_STOP);
		loop_on(1, guest);
		assert_int_equal(vm->live_vcpus, 0);
	}
}

static const enum vm_state state_of[FROMS] = {
	[FROM_STOPPED] = VM_STOPPED,
	[FROM_WAITING] = VM_WAITING,
	[FROM_LOADING] = VM_LOADING,
	[FROM_RUNNING] = VM_RUNNING,
	[FROM_PAUSING] = VM_PAUSING,
	[FROM_PAUSED] = VM_PAUSED,
	[FROM_CRASHED] = VM_PAUSED,
	[FROM_STOPPING] = VM_STOPPING,
	[FROM_EMPTYING] = VM_STOPPING,
	[FROM_RESETTING] = VM_RESETTING,
};

/* Where it ends up when it is left alone. */
static enum vm_state settles(enum vm_state state)
{
	switch (state) {
	case VM_LOADING:
	case VM_RESETTING:
		return VM_RUNNING;
	case VM_PAUSING:
		return VM_PAUSED;
	case VM_STOPPING:
		return VM_STOPPED;
	default:
		return state;
	}
}

enum request {
	START,
	AUTOSTART,
	PAUSE,
	RESUME,
	STOP,
	RESTART,
	POWER_OFF,
	RESET,
	FAULT,
	WATCHDOG,
	CPU_ON,
	REQUESTS
};

/* vCPU 1 is switched off first, where there is one, so that it can be switched on. */
static enum status request(enum request what)
{
	switch (what) {
	case START:
		return vm_start(vm);
	case AUTOSTART:
		return vm_autostart(vm);
	case PAUSE:
		return vm_pause(vm);
	case RESUME:
		return vm_resume(vm);
	case STOP:
		return vm_stop(vm);
	case RESTART:
		return vm_restart(vm);
	case POWER_OFF:
		vm_power_off(vm);
		return OK;
	case RESET:
		vm_reset(vm);
		return OK;
	case FAULT:
		vm_fault(vm);
		return OK;
	case WATCHDOG:
		vm_watchdog_expired(vm);
		return OK;
	default:
		return vcpu_power_on(vm->vcpus[1], ENTRY, 0);
	}
}

struct cell {
	enum vm_state to;
	enum status status;
};

#define TO(state)              \
	{                      \
		VM_##state, OK \
	}
#define BUSY(state)                  \
	{                            \
		VM_##state, ERR_BUSY \
	}
#define NO_RESUME                    \
	{                            \
		VM_PAUSED, ERR_FAULT \
	}

/* The order of enum from; the comment is the order of the columns. */
static const struct cell table[REQUESTS][FROMS] = {
	/* STOPPED, WAITING, LOADING, RUNNING, PAUSING, PAUSED, crashed, STOPPING, emptying,
	   RESETTING */
	[START] = { TO(LOADING), TO(LOADING), BUSY(LOADING), BUSY(RUNNING), BUSY(PAUSING),
		BUSY(PAUSED), BUSY(PAUSED), BUSY(STOPPING), BUSY(STOPPING), BUSY(RESETTING) },
	[AUTOSTART] = { TO(LOADING), BUSY(WAITING), BUSY(LOADING), BUSY(RUNNING), BUSY(PAUSING),
		BUSY(PAUSED), BUSY(PAUSED), BUSY(STOPPING), BUSY(STOPPING), BUSY(RESETTING) },
	[PAUSE] = { BUSY(STOPPED), BUSY(WAITING), BUSY(LOADING), TO(PAUSING), TO(PAUSING),
		TO(PAUSED), TO(PAUSED), BUSY(STOPPING), BUSY(STOPPING), BUSY(RESETTING) },
	[RESUME] = { BUSY(STOPPED), BUSY(WAITING), BUSY(LOADING), TO(RUNNING), TO(RUNNING),
		TO(RUNNING), NO_RESUME, BUSY(STOPPING), BUSY(STOPPING), BUSY(RESETTING) },
	[STOP] = { BUSY(STOPPED), TO(STOPPED), TO(STOPPING), TO(STOPPING), TO(STOPPING),
		TO(STOPPING), TO(STOPPING), BUSY(STOPPING), BUSY(STOPPING), TO(STOPPING) },
	[RESTART] = { TO(LOADING), TO(LOADING), BUSY(LOADING), TO(RESETTING), TO(RESETTING),
		TO(RESETTING), TO(RESETTING), TO(RESETTING), TO(LOADING), BUSY(RESETTING) },
	[POWER_OFF] = { TO(STOPPED), TO(WAITING), TO(LOADING), TO(STOPPING), TO(STOPPING),
		TO(STOPPING), TO(PAUSED), TO(STOPPING), TO(STOPPING), TO(RESETTING) },
	[RESET] = { TO(STOPPED), TO(WAITING), TO(LOADING), TO(RESETTING), TO(RESETTING),
		TO(RESETTING), TO(PAUSED), TO(STOPPING), TO(STOPPING), TO(RESETTING) },
	[FAULT] = { TO(STOPPED), TO(WAITING), TO(LOADING), TO(STOPPING), TO(STOPPING), TO(STOPPING),
		TO(PAUSED), TO(STOPPING), TO(STOPPING), TO(RESETTING) },
	[WATCHDOG] = { TO(STOPPED), TO(WAITING), TO(LOADING), TO(RESETTING), TO(RESETTING),
		TO(RESETTING), TO(PAUSED), TO(STOPPING), TO(STOPPING), TO(RESETTING) },
	/* vCPU 1 is on wherever there are vCPUs; where it is off there is no VM to be on in. */
	[CPU_ON] = { BUSY(STOPPED), BUSY(WAITING), BUSY(LOADING), BUSY(RUNNING), BUSY(PAUSING),
		BUSY(PAUSED), BUSY(PAUSED), BUSY(STOPPING), BUSY(STOPPING), BUSY(RESETTING) },
};

static enum vm_end end_of(enum request what)
{
	switch (what) {
	case POWER_OFF:
		return VM_END_POWER_OFF;
	case RESET:
	case RESTART:
		return VM_END_RESET;
	case FAULT:
		return VM_END_FAULT;
	case WATCHDOG:
		return VM_END_WATCHDOG;
	default:
		return VM_END_STOPPED;
	}
}

static void check_cell(enum request what, enum from from)
{
	const struct cell *cell = &table[what][from];
	enum vm_end before;

	bring_to(from);
	assert_int_equal(vm->state, state_of[from]);
	before = vm->end;
	assert_int_equal(request(what), cell->status);
	assert_int_equal(vm->state, cell->to);
	if (cell->to == state_of[from])
		assert_int_equal(vm->end, before);
	else if (cell->to == VM_STOPPING || (cell->to == VM_RESETTING && from < FROM_STOPPING))
		assert_int_equal(vm->end, end_of(what));
	settle();
	check_settled(settles(cell->to));
	assert_int_equal(all_stopped, vm->state == VM_STOPPED && state_of[from] != VM_STOPPED);
	if (all_stopped)
		return;
	/* And it can be stopped wherever it is. */
	if (vm->state != VM_STOPPED) {
		assert_int_equal(vm_stop(vm), OK);
		settle();
		check_settled(VM_STOPPED);
		assert_int_equal(all_stopped, 1);
	}
}

static void test_every_cell(void **state)
{
	for (enum request what = START; what < REQUESTS; what++) {
		for (enum from from = FROM_STOPPED; from < FROMS; from++) {
			check_cell(what, from);
			assert_int_equal(teardown(state), 0);
			setup_clock(state);
		}
	}
}

/* --- pausing --- */

static void test_pause(void **state)
{
	(void)state;
	running("it");
	assert_int_equal(vm->cntvoff, 5000);
	now = 10000;
	assert_int_equal(vm_pause(vm), OK);
	assert_string_equal(calls, "");
	loop_on(0, guest);
	assert_int_equal(vm->vcpus[0]->state, VCPU_PAUSED);
	assert_false(vm->vcpus[0]->loaded);
	assert_int_equal(vm->state, VM_PAUSING);
	assert_int_equal(vm->paused_vcpus, 1);
	now = 11000;
	calls[0] = '\0';
	loop_on(1, guest);
	assert_int_equal(vm->state, VM_PAUSED);
	assert_int_equal(vm->paused_at, 11000);
	assert_string_equal(calls, "p2p1p0P0P1P2");
	/* What is asked of a vCPU meanwhile waits. */
	vcpu_wake(vm->vcpus[0]);
	vcpu_request(vm->vcpus[1], WORK_VGIC);
	settle();
	assert_int_equal(runs, 0);
	assert_int_equal(vm->vcpus[0]->state, VCPU_PAUSED);
	calls[0] = '\0';
	now = 31000;
	assert_int_equal(vm_resume(vm), OK);
	assert_int_equal(vm->cntvoff, 25000);
	assert_string_equal(calls, "R0R1R2");
	assert_int_equal(seen_cntvoff, 25000);
	assert_int_equal(vm->vcpus[0]->state, VCPU_READY);
	runs = 0;
	loop_on(0, guest);
	loop_on(1, guest);
	assert_int_equal(runs, 2);
	settle();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->vcpus[1]->state, VCPU_BLOCKED);
	/* And again. */
	assert_int_equal(vm_pause(vm), OK);
	settle();
	assert_int_equal(vm->state, VM_PAUSED);
	assert_int_equal(vm->paused_vcpus, 2);
}

static void test_counter_runs_on(void **state)
{
	(void)state;
	running("it");
	vm->policy.counter_runs_on = true;
	assert_int_equal(vm_pause(vm), OK);
	settle();
	now += 777;
	assert_int_equal(vm_resume(vm), OK);
	assert_int_equal(vm->cntvoff, 5000);
}

/* Resumed before all were paused: there was no pause. */
static void test_resume_while_pausing(void **state)
{
	(void)state;
	running("it");
	assert_int_equal(vm_pause(vm), OK);
	loop_on(0, guest);
	assert_int_equal(vm->vcpus[0]->state, VCPU_PAUSED);
	calls[0] = '\0';
	now = 90000;
	assert_int_equal(vm_resume(vm), OK);
	assert_int_equal(vm->cntvoff, 5000);
	assert_string_equal(calls, "");
	runs = 0;
	loop_on(0, guest);
	loop_on(1, guest); /* it has seen WORK_PAUSE, too late, and enters the guest all the same */
	assert_int_equal(runs, 2);
	assert_int_equal(vm->state, VM_RUNNING);
	settle();
	check_settled(VM_RUNNING);
}

static void pauses_and_switches_on(struct vcpu *vcpu)
{
	if (vm->state == VM_RUNNING && vm->live_vcpus == 1 && vm->boots == 1 && now == 5000) {
		assert_int_equal(vm_pause(vcpu->vm), OK);
		assert_int_equal(vcpu_power_on(vm->vcpus[1], ENTRY, 1), OK);
		assert_int_equal(vm->state, VM_PAUSING);
		return;
	}
	assert_true(sched_block(vcpu));
}

static void test_cpu_on_while_pausing(void **state)
{
	(void)state;
	vm = make("it", 2);
	guest_does = pauses_and_switches_on;
	assert_int_equal(vm_start(vm), OK);
	settle();
	assert_int_equal(vm->state, VM_PAUSED);
	assert_int_equal(vm->paused_vcpus, 2);
	assert_int_equal(vm->vcpus[1]->state, VCPU_PAUSED);
	assert_int_equal(vm->vcpus[1]->regs.pc, ENTRY);
	now++;
	assert_int_equal(vm_resume(vm), OK);
	runs = 0;
	loop_on(1, guest);
	assert_int_equal(runs, 1);
	assert_ptr_equal(seen[0], vm->vcpus[1]);
}

/* What vCPU 1 does, with the VM PAUSING and vCPU 0 PAUSED. */
static void last_one_does(void (*does)(struct vcpu *vcpu))
{
	running("it");
	assert_int_equal(vm_pause(vm), OK);
	loop_on(0, guest);
	assert_int_equal(vm->vcpus[0]->state, VCPU_PAUSED);
	fake_cpu_switch(1);
	does(vm->vcpus[1]);
}

static void test_cpu_off_while_pausing(void **state)
{
	(void)state;
	last_one_does(off);
	loop_on(1, guest);
	assert_int_equal(vm->vcpus[1]->state, VCPU_OFF);
	assert_int_equal(vm->live_vcpus, 1);
	assert_int_equal(vm->state, VM_PAUSED);
	assert_int_equal(vm_resume(vm), OK);
	settle();
	assert_int_equal(vm->state, VM_RUNNING);
	/* The very last one. */
	assert_int_equal(vm_pause(vm), OK);
	off(vm->vcpus[0]);
	settle();
	check_settled(VM_STOPPED);
	assert_int_equal(vm->end, VM_END_POWER_OFF);
	assert_int_equal(all_stopped, 1);
}

static void system_off(struct vcpu *vcpu)
{
	vm_power_off(vcpu->vm);
}

static void test_off_while_pausing(void **state)
{
	(void)state;
	last_one_does(system_off);
	assert_int_equal(vm->state, VM_STOPPING);
	assert_int_equal(vm->vcpus[0]->state, VCPU_READY);
	assert_int_equal(vm_pause(vm), ERR_BUSY);
	settle();
	check_settled(VM_STOPPED);
	assert_int_equal(vm->end, VM_END_POWER_OFF);
}

static void test_crash_while_pausing(void **state)
{
	(void)state;
	last_one_does(crash);
	assert_non_null(strstr(fake_log, "it crashed; the VM is stopped\n"));
	settle();
	check_settled(VM_STOPPED);
	assert_int_equal(vm->end, VM_END_FAULT);
}

/* A stop or a restart ends a pause as a resume does: what was missed is not in the counter. */
static void test_restart_paused(void **state)
{
	(void)state;
	running("it");
	assert_int_equal(vm_pause(vm), OK);
	settle();
	now += 4000;
	assert_int_equal(vm_restart(vm), OK);
	assert_int_equal(vm->cntvoff, 9000);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(vm->cntvoff, 9000);
	assert_int_equal(vm->boots, 2);
	assert_null(strstr(calls, "R0"));
}

/* --- many times --- */

static void test_thousand_restarts(void **state)
{
	int before;

	(void)state;
	running("it");
	before = allocated;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(vm_restart(vm), OK);
		settle();
		assert_int_equal(vm->state, VM_RUNNING);
		fake_op_count = 0;
		calls[0] = '\0';
	}
	assert_int_equal(vm->boots, 1001);
	assert_int_equal(vm->live_vcpus, 1);
	assert_int_equal(allocated, before);
	assert_int_equal(emptied, 1000);
}

/* --- anything at any time --- */

#define SEQUENCES 300
#define STEPS     200

static uint64_t random_state;

static unsigned roll(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % n;
}

/* A guest's step: with the others it may end its VM, a CPU, or nothing. */
static void does_anything(struct vcpu *vcpu)
{
	runs = 0;
	now += roll(SECOND);
	switch (roll(12)) {
	case 0:
		vm_power_off(vm);
		break;
	case 1:
		vm_reset(vm);
		break;
	case 2:
		crash(vcpu);
		break;
	case 3:
		off(vcpu);
		break;
	case 4:
	case 5:
		(void)!vcpu_power_on(vm->vcpus[roll(vm->nr_vcpus)], ENTRY, 0);
		break;
	default:
		(void)!sched_block(vcpu);
		break;
	}
}

static void check_invariants(void)
{
	unsigned live = 0, paused = 0;
	bool on = vm->state == VM_RUNNING || vm->state == VM_PAUSING || vm->state == VM_PAUSED;

	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		live += vm->vcpus[i]->state != VCPU_OFF;
		paused += vm->vcpus[i]->state == VCPU_PAUSED;
	}
	assert_false(spin_is_locked(&vm->lock));
	assert_int_equal(vm->live_vcpus, live);
	if (on)
		assert_true(live > 0);
	else if (vm->state != VM_STOPPING && vm->state != VM_RESETTING)
		assert_int_equal(live, 0);
	if (vm->state == VM_PAUSING || vm->state == VM_PAUSED)
		assert_int_equal(vm->paused_vcpus, paused);
	else
		assert_int_equal(paused + vm->paused_vcpus, 0);
	assert_int_equal(vm->state == VM_PAUSED, on && paused == live);
	if (vm->state == VM_STOPPED || vm->state == VM_WAITING)
		assert_false(touched[0]);
	assert_true(vm->cntvoff <= now);
}

static void take_a_step(void)
{
	switch (roll(8)) {
	case 0:
		(void)!request((enum request)roll(REQUESTS));
		break;
	case 1:
		if (start_timer)
			fire(vm);
		break;
	default:
		fake_cpu_switch(roll(2));
		polls_left = roll(4);
		if (setjmp(idle) == 0)
			sched_loop(guest);
		break;
	}
	now += roll(1000);
	fake_log[0] = calls[0] = '\0';
	fake_op_count = 0;
}

static void test_anything(void **state)
{
	for (unsigned i = 0; i < SEQUENCES; i++) {
		random_state = i;
		guest_does = does_anything;
		vm = make("it", 2 + roll(3));
		vm->policy = (struct vm_policy){ .on_off = (enum vm_action)roll(2),
			.on_crash = (enum vm_action)roll(3),
			.keep_memory = roll(2),
			.counter_runs_on = roll(2),
			.start_delay_ms = roll(2) };
		for (unsigned s = 0; s < STEPS; s++) {
			take_a_step();
			check_invariants();
		}
		guest_does = does_nothing;
		settle();
		if (vm->state != VM_STOPPED)
			assert_int_equal(vm_stop(vm), OK);
		settle();
		check_settled(VM_STOPPED);
		assert_true(all_stopped > 0 || vm->boots == 0);
		assert_int_equal(teardown(state), 0);
		setup_clock(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_every_cell),
		CASE(test_pause),
		CASE(test_counter_runs_on),
		CASE(test_resume_while_pausing),
		CASE(test_cpu_on_while_pausing),
		CASE(test_cpu_off_while_pausing),
		CASE(test_off_while_pausing),
		CASE(test_crash_while_pausing),
		CASE(test_restart_paused),
		CASE(test_thousand_restarts),
		CASE(test_anything),
	};

	return cmocka_run_group_tests_name("lifecycle_states", tests, NULL, NULL);
}
