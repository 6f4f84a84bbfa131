/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes after a VM's end (policies, crashes, the watchdog), requests in the middle of loading,
 * and waiting for a start.
 *
 * links: hyp/vm/lifecycle.c hyp/vm/start.c hyp/vm/vm.c hyp/vm/vcpu.c hyp/vm/sched.c hyp/vm/bank.c
 * hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c hyp/vm/sched_config.c
 * hyp/vm/report.c drivers/timer/timer.c hyp/arch/features.c hyp/arch/el2_controls.c
 * hyp/base/status.c hyp/base/format.c
 */
#include "tests/unit/lifecycle_clock.h"

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

static void check_no_return(void (*ends)(struct vm *vm), enum vm_end before, enum vm_state state)
{
	running("it");
	vm->policy.on_crash = VM_ACTION_PAUSE;
	if (before == VM_END_FAULT)
		crash(vm->vcpus[1]);
	else if (before == VM_END_POWER_OFF)
		vm_power_off(vm);
	else if (before == VM_END_RESET)
		vm_reset(vm);
	else if (state == VM_PAUSING)
		assert_int_equal(vm_pause(vm), OK);
	assert_int_equal(vm->state, state);
	ends(vm);
	/* Looked at before the guest is entered: hyp/trap/exit.c. */
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		assert_true(vm->vcpus[i]->work & (before == VM_END_FAULT ? WORK_PAUSE : WORK_STOP));
	if (before == VM_END_FAULT)
		assert_int_equal(vm_resume(vm), ERR_FAULT);
	settle();
	assert_true(vm_stop(vm) == OK || vm->state == VM_STOPPED);
	settle();
	check_settled(VM_STOPPED);
}

/* A guest is not entered again behind a call that ends it, whatever its VM is in already: it never
 * sees what that call has left in x0. */
static void test_no_return(void **state)
{
	void (*const ends[])(struct vm * vm) = { vm_power_off, vm_reset };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		check_no_return(ends[i], VM_END_NONE, VM_RUNNING);
		check_no_return(ends[i], VM_END_NONE, VM_PAUSING);
		check_no_return(ends[i], VM_END_FAULT, VM_PAUSING);
		check_no_return(ends[i], VM_END_POWER_OFF, VM_STOPPING);
		check_no_return(ends[i], VM_END_RESET, VM_RESETTING);
	}
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

/* on-reset = "keep", but the guest protects its memory: no restart leaves any of it. */
static void test_protected_memory(void **state)
{
	(void)state;
	running("it");
	vm->policy.keep_memory = true;
	vm->policy.on_crash = VM_ACTION_RESTART;
	vm->memory_protected = true;
	vm_reset(vm);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(emptied, 1);
	vm_watchdog_expired(vm);
	settle();
	assert_int_equal(emptied, 2);
	assert_int_equal(vm_fault(vm), VM_ACTION_RESTART);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(emptied, 3);
	assert_int_equal(vm_restart(vm), OK);
	settle();
	assert_int_equal(emptied, 4);
	/* Not any more. */
	assert_true(vm->memory_protected);
	vm->memory_protected = false;
	vm_reset(vm);
	settle();
	check_settled(VM_RUNNING);
	assert_int_equal(emptied, 4);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_on_crash_pause),
		CASE(test_crashed_and_off),
		CASE(test_no_return),
		CASE(test_on_crash_restart),
		CASE(test_slow_crashes),
		CASE(test_crash_loop),
		CASE(test_on_off_restart),
		CASE(test_keep_memory),
		CASE(test_protected_memory),
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
	};

	return cmocka_run_group_tests_name("lifecycle_ends", tests, NULL, NULL);
}
