/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every request in every state of a VM; pausing, policies, waiting for a start, and what happens
 * when two requests meet.
 *
 * links: hyp/vm/lifecycle.c hyp/vm/start.c hyp/vm/vm.c hyp/vm/vcpu.c hyp/vm/sched.c hyp/vm/bank.c
 * hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c hyp/vm/sched_config.c
 * hyp/vm/report.c drivers/timer/timer.c hyp/arch/features.c hyp/arch/el2_controls.c
 * hyp/base/status.c hyp/base/format.c
 */
#include "drivers/timer/timer.h"
#include "tests/unit/test_lifecycle.h"

#define SECOND 1000000 /* ticks */

/* --- one clock for all CPUs --- */

static uint64_t now;

static uint64_t read_clock(unsigned encoding, uint64_t value)
{
	return encoding == SYS_CNTPCT_EL0 ? now : go_idle(encoding, value);
}

static int setup_clock(void **state)
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
static void settle(void)
{
	for (unsigned i = 0; i < 3; i++) {
		runs = 0;
		loop_on(1, guest);
		loop_on(0, guest);
	}
	fake_cpu_switch(0);
}

static void fire(struct vm *which)
{
	assert_ptr_equal(start_timer, &which->start_timer);
	start_timer = NULL;
	which->start_timer.fn(&which->start_timer);
}

/* A VM that runs: vCPU 0 on CPU 0, vCPU 1 on CPU 1, both wait. */
static struct vm *running(const char *name)
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

static void check_settled(enum vm_state wanted)
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

static void off(struct vcpu *vcpu)
{
	vcpu_request_local(vcpu, WORK_STOP);
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

static void crash(struct vcpu *vcpu)
{
	vm_fail(vcpu, "it crashed");
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

/* --- policies --- */

static void test_on_crash_pause(void **state)
{
	(void)state;
	running("it");
	vm->policy.on_crash = VM_ACTION_PAUSE;
	crash(vm->vcpus[0]);
	assert_non_null(strstr(fake_log, "it crashed; the VM is paused\n"));
	assert_int_equal(vm->state, VM_PAUSING);
	/* Whatever the others do until they are paused. */
	crash(vm->vcpus[1]);
	vm_power_off(vm);
	vm_reset(vm);
	vm_watchdog_expired(vm);
	assert_int_equal(vm_resume(vm), ERR_FAULT);
	settle();
	check_settled(VM_PAUSED);
	assert_int_equal(vm->end, VM_END_FAULT);
	fake_log[0] = '\0';
	assert_int_equal(vm_resume(vm), ERR_FAULT);
	assert_non_null(strstr(
		fake_log, "VM it has crashed: it can be stopped or restarted, not resumed\n"));
	assert_int_equal(vm_restart(vm), OK);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(vm->boots, 2);
	/* One that was being paused anyway. */
	assert_int_equal(vm_pause(vm), OK);
	crash(vm->vcpus[0]);
	settle();
	check_settled(VM_PAUSED);
	assert_int_equal(vm->end, VM_END_FAULT);
	assert_int_equal(vm_stop(vm), OK);
	settle();
	check_settled(VM_STOPPED);
}

/* The last vCPU that is not paused calls CPU_OFF: nobody is left to be looked at. */
static void test_crashed_and_off(void **state)
{
	(void)state;
	vm = make("it", 1);
	vm->policy.on_crash = VM_ACTION_PAUSE;
	vm->policy.on_off = VM_ACTION_RESTART;
	assert_int_equal(vm_start(vm), OK);
	settle();
	assert_int_equal(vm_fault(vm), VM_ACTION_PAUSE);
	off(vm->vcpus[0]);
	settle();
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_FAULT);
}

static unsigned crashes_wanted;
static uint64_t crash_after;

static void crashes(struct vcpu *vcpu)
{
	if (vcpu->vm->boots > crashes_wanted) {
		assert_true(sched_block(vcpu));
		return;
	}
	now += crash_after;
	crash(vcpu);
}

static void run_crashes(unsigned wanted, uint64_t after)
{
	crashes_wanted = wanted;
	crash_after = after;
	guest_does = crashes;
	vm = make("it", 1);
	vm->policy.on_crash = VM_ACTION_RESTART;
	assert_int_equal(vm_start(vm), OK);
	for (unsigned i = 0; i < wanted + 1; i++)
		settle();
}

static void test_on_crash_restart(void **state)
{
	(void)state;
	run_crashes(4, 100);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->boots, 5);
	assert_non_null(strstr(fake_log, "it crashed; the VM is restarted\n"));
}

/* No end of crashes, as long as it gets somewhere between them. */
static void test_slow_crashes(void **state)
{
	(void)state;
	run_crashes(12, SECOND);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->boots, 13);
}

static void test_crash_loop(void **state)
{
	(void)state;
	run_crashes(1000, SECOND - 10);
	check_settled(VM_STOPPED);
	assert_int_equal(vm->end, VM_END_FAULT);
	assert_int_equal(vm->boots, 5);
	assert_non_null(strstr(fake_log,
		"it crashed; the VM is stopped: each time it is restarted it crashes at once\n"));
	assert_int_equal(all_stopped, 1);
	/* By hand it is tried as often again. */
	assert_int_equal(vm_start(vm), OK);
	for (unsigned i = 0; i < 10; i++)
		settle();
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->boots, 10);
}

static void test_on_off_restart(void **state)
{
	(void)state;
	running("it");
	vm->policy.on_off = VM_ACTION_RESTART;
	vm->policy.keep_memory = true;
	vm_power_off(vm);
	assert_int_equal(vm->state, VM_RESETTING);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(vm->boots, 2);
	assert_int_equal(emptied, 1); /* it was off: no memory lives through that */
	/* So does the last CPU_OFF. */
	off(vm->vcpus[0]);
	vcpu_wake(vm->vcpus[0]);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(vm->boots, 3);
	assert_int_equal(vm_stop(vm), OK);
	settle();
	check_settled(VM_STOPPED);
}

static uint64_t cleaned(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < fake_op_count; i++) {
		if (fake_ops[i].kind != FAKE_CACHE_CLEAN_INVALIDATE)
			continue;
		assert_true(fake_ops[i].extra <= KIB(512));
		bytes += fake_ops[i].extra;
	}
	fake_op_count = 0;
	return bytes;
}

/* In the very last step. */
static void stop_it(void)
{
	if (vm->load_position != RAM_SIZE - KIB(512))
		return;
	lookup_hook = NULL;
	assert_int_equal(vm->state, VM_LOADING);
	assert_int_equal(vm_stop(vm), OK);
}

static void test_keep_memory(void **state)
{
	(void)state;
	running("it");
	vm->policy.keep_memory = true;
	touched[3] = touched[31] = true;
	vm_reset(vm);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(emptied, 0);
	assert_true(touched[3] && touched[31]);
	assert_int_equal(cleaned(), 3 * BLOCK_SIZE);
	assert_int_equal(vm_restart(vm), OK);
	settle();
	vm_watchdog_expired(vm);
	settle();
	assert_int_equal(vm->boots, 4);
	assert_int_equal(emptied, 0);
	/* Stopped while it is being cleaned: all goes. */
	vm_reset(vm);
	lookup_hook = stop_it;
	settle();
	check_settled(VM_STOPPED);
	assert_int_equal(emptied, 1);
	assert_false(touched[31]);
	assert_int_equal(vm_start(vm), OK);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(emptied, 1);
}

static void test_watchdog(void **state)
{
	(void)state;
	running("it");
	vm_watchdog_expired(vm);
	assert_non_null(strstr(fake_log, "VM it: its watchdog has expired; the VM is restarted\n"));
	vm_watchdog_expired(vm);
	assert_int_equal(vm->watchdog_restarts, 1);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(vm->boots, 2);
}

/* --- requests in the middle of loading --- */

static unsigned hook_at, hook_calls;
static bool hook_restarts;

static void stops(struct vm *loading)
{
	if (++hook_calls != hook_at)
		return;
	assert_int_equal(vm_restart(loading), ERR_BUSY);
	assert_int_equal(vm_stop(loading), OK);
	assert_int_equal(loading->state, VM_STOPPING);
	if (hook_restarts) {
		assert_int_equal(vm_restart(loading), OK);
		assert_int_equal(loading->state, VM_LOADING);
	}
}

static void test_stop_while_loading(void **state)
{
	for (hook_at = 1; hook_at <= 3; hook_at++) {
		hook_calls = 0;
		hook_restarts = false;
		vm = make("it", 2);
		load_hook = stops;
		assert_int_equal(vm_start(vm), OK);
		settle();
		check_settled(VM_STOPPED);
		assert_int_equal(vm->end, VM_END_STOPPED);
		assert_int_equal(vm->boots, 0);
		assert_int_equal(emptied, 1);
		assert_int_equal(all_stopped, 1);
		assert_int_equal(vm_restart(vm), OK);
		settle();
		check_settled(VM_RUNNING);
		assert_int_equal(teardown(state), 0);
		setup_clock(state);
	}
}

static void test_stop_and_restart_while_loading(void **state)
{
	for (hook_at = 1; hook_at <= 3; hook_at++) {
		hook_calls = 0;
		hook_restarts = true;
		vm = make("it", 2);
		load_hook = stops;
		assert_int_equal(vm_start(vm), OK);
		settle();
		check_settled(VM_RUNNING);
		assert_int_equal(vm->boots, 1);
		assert_int_equal(emptied, 1);
		assert_int_equal(hook_calls, hook_at + 3); /* from the beginning */
		assert_int_equal(teardown(state), 0);
		setup_clock(state);
	}
}

/* An image that can't be loaded, of a VM that was stopped just then. */
static void test_stop_and_load_fails(void **state)
{
	(void)state;
	hook_at = 2;
	hook_calls = 0;
	hook_restarts = false;
	load_status = ERR_CORRUPT;
	vm = make("it", 2);
	load_hook = stops;
	assert_int_equal(vm_start(vm), OK);
	settle();
	check_settled(VM_STOPPED);
	assert_int_equal(vm->end, VM_END_STOPPED);
}

/* --- waiting --- */

static void test_delay(void **state)
{
	struct vm *other;

	(void)state;
	other = running("other");
	vm = make("late", 1);
	vm->policy.start_delay_ms = 250;
	assert_int_equal(vm_autostart(vm), OK);
	assert_int_equal(vm->state, VM_WAITING);
	assert_int_equal(start_timer->deadline, 5000 + timer_ms_to_ticks(250));
	assert_int_equal(vm_stop(other), OK);
	settle();
	assert_int_equal(other->state, VM_STOPPED);
	assert_int_equal(all_stopped, 0); /* one is still to come */
	fire(vm);
	assert_int_equal(vm->state, VM_WAITING); /* a job is to do it */
	settle();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->boots, 1);
}

static void test_delay_cut_short(void **state)
{
	(void)state;
	vm = make("late", 1);
	vm->policy.start_delay_ms = 250;
	assert_int_equal(vm_autostart(vm), OK);
	assert_int_equal(vm_start(vm), OK);
	assert_int_equal(vm->state, VM_LOADING);
	assert_null(start_timer);
	/* Its function was running already, elsewhere. */
	vm->start_timer.fn(&vm->start_timer);
	settle();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->boots, 1);
}

static void test_delay_cancelled(void **state)
{
	(void)state;
	vm = make("late", 1);
	vm->policy.start_delay_ms = 250;
	assert_int_equal(vm_autostart(vm), OK);
	assert_int_equal(vm_stop(vm), OK);
	assert_null(start_timer);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(all_stopped, 1);
	vm->start_timer.fn(&vm->start_timer);
	settle();
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->boots, 0);
}

static struct vm *waiter(const char *name, struct vm *other, bool when_running)
{
	struct vm *made = make(name, 1);

	made->start_after = other;
	made->policy.start_when_running = when_running;
	return made;
}

static void test_start_after(void **state)
{
	struct vm *first, *ended, *with, *delayed;

	(void)state;
	first = make("first", 1);
	ended = waiter("ended", first, false);
	with = waiter("with", first, true);
	delayed = waiter("delayed", first, true);
	delayed->policy.start_delay_ms = 5;
	assert_int_equal(vm_start(first), OK);
	settle();
	assert_int_equal(with->state, VM_RUNNING);
	assert_int_equal(delayed->state, VM_WAITING);
	assert_int_equal(ended->state, VM_STOPPED);
	fire(delayed);
	settle();
	assert_int_equal(delayed->state, VM_RUNNING);
	/* Not with a second start. */
	vm_reset(first);
	settle();
	assert_int_equal(ended->state, VM_STOPPED);
	vm_power_off(first);
	settle();
	assert_int_equal(first->state, VM_STOPPED);
	assert_int_equal(ended->state, VM_RUNNING);
	assert_int_equal(with->boots, 1);
	assert_string_equal(fake_log, "");
}

static struct vm *first_vm, *second_vm;

/* The counter is read for the trace when the second VM begins to load. */
static uint64_t restarts_the_first(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_CNTPCT_EL0 && second_vm->state == VM_LOADING) {
		fake_sysreg_read_hook = go_idle;
		assert_int_equal(first_vm->state, VM_STOPPING);
		assert_int_equal(vm_restart(first_vm), OK);
	}
	return go_idle(encoding, value);
}

/* In the last moment: others have been told of its end, but it has not stopped yet. */
static void test_restart_at_the_end(void **state)
{
	(void)state;
	first_vm = make("first", 1);
	second_vm = waiter("second", first_vm, false);
	assert_int_equal(vm_start(first_vm), OK);
	settle();
	fake_sysreg_read_hook = restarts_the_first;
	vm_power_off(first_vm);
	settle();
	assert_ptr_equal(fake_sysreg_read_hook, go_idle);
	assert_int_equal(first_vm->state, VM_RUNNING);
	assert_int_equal(first_vm->boots, 2);
	assert_int_equal(second_vm->state, VM_RUNNING);
	assert_int_equal(all_stopped, 0);
}

/* All that ran has ended, but the next one takes its place first. */
static void test_chain(void **state)
{
	struct vm *first, *second;

	(void)state;
	first = make("first", 1);
	second = waiter("second", first, false);
	assert_int_equal(vm_start(first), OK);
	settle();
	vm_power_off(first);
	settle();
	assert_int_equal(second->state, VM_RUNNING);
	assert_int_equal(all_stopped, 0);
	vm_power_off(second);
	settle();
	assert_int_equal(all_stopped, 1);
}

static void test_start_after_nothing(void **state)
{
	struct vm *first, *with, *ended;

	(void)state;
	load_status = ERR_CORRUPT;
	first = make("first", 1);
	with = waiter("with", first, true);
	ended = waiter("ended", first, false);
	assert_int_equal(vm_start(first), OK);
	settle();
	assert_int_equal(first->end, VM_END_FAULT);
	assert_int_equal(with->state, VM_STOPPED);
	assert_int_equal(with->boots, 0);
	assert_null(with->start_after);
	assert_non_null(strstr(fake_log,
		"VM with is not started: VM first, for whose start it waits, has ended without "
		"one\n"));
	assert_int_equal(ended->end, VM_END_FAULT); /* it was tried */
	assert_int_equal(all_stopped, 1);
}

static void test_waiter_by_hand(void **state)
{
	struct vm *first, *early, *never;

	(void)state;
	first = make("first", 1);
	early = waiter("early", first, false);
	never = waiter("never", first, false);
	assert_int_equal(vm_start(first), OK);
	assert_int_equal(vm_start(early), OK);
	assert_int_equal(vm_stop(never), OK);
	assert_null(never->start_after);
	assert_int_equal(vm_stop(never), ERR_BUSY);
	settle();
	vm_power_off(first);
	settle();
	assert_int_equal(early->boots, 1);
	assert_int_equal(never->boots, 0);
	assert_string_equal(fake_log, "");
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
		CASE(test_on_crash_pause),
		CASE(test_crashed_and_off),
		CASE(test_on_crash_restart),
		CASE(test_slow_crashes),
		CASE(test_crash_loop),
		CASE(test_on_off_restart),
		CASE(test_keep_memory),
		CASE(test_watchdog),
		CASE(test_stop_while_loading),
		CASE(test_stop_and_restart_while_loading),
		CASE(test_stop_and_load_fails),
		CASE(test_delay),
		CASE(test_delay_cut_short),
		CASE(test_delay_cancelled),
		CASE(test_start_after),
		CASE(test_chain),
		CASE(test_restart_at_the_end),
		CASE(test_start_after_nothing),
		CASE(test_waiter_by_hand),
		CASE(test_thousand_restarts),
		CASE(test_anything),
	};

	return cmocka_run_group_tests_name("lifecycle_states", tests, NULL, NULL);
}
