/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI for guests: suspending in both formats of power_state and both modes, the statistics, and
 * what others do at the same time.
 *
 * links: hyp/smccc/psci.c hyp/smccc/psci_suspend.c hyp/smccc/psci_stat.c hyp/smccc/psci_system.c
 * hyp/smccc/dispatch.c tests/unit/smccc_stubs.c tests/unit/psci_model.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/sysreg_fields.h"
#include "tests/unit/psci_model.h"

#define DOWN          BIT(16)
#define LEVEL(n)      ((uint64_t)(n) << 24)
#define EXTENDED_DOWN BIT(30)
#define MODE_PLATFORM 0
#define MODE_OS       1

static unsigned events_masked;

void sdei_woken(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, me);
	assert_false(spin_is_locked(&model_vm.lock));
	events_masked++;
}

/* The vCPU that was suspended has an interrupt, and runs again. */
static void wake(void)
{
	bool had = pending;

	assert_non_null(me->wait_over);
	me->state = VCPU_RUNNING;
	me->regs.pc = 0;
	pending = true;
	assert_true(me->wait_over(me));
	pending = had;
	assert_null(me->wait_over);
	assert_false(me->signalled);
	assert_int_equal(vpsci_cpu_of(me)->suspended, PSCI_RUNNING);
}

static uint64_t count_of(unsigned target, uint64_t power_state)
{
	uint64_t wide = (uint64_t)call(FN64(STAT_COUNT), target, power_state, 0);

	assert_int_equal(call(FN(STAT_COUNT), JUNK | target, JUNK | power_state, 0), wide);
	return wide;
}

static uint64_t residency_of(unsigned target, uint64_t power_state)
{
	return (uint64_t)call(FN64(STAT_RESIDENCY), target, power_state, 0);
}

/* --- standby --- */

static void check_standby(uint64_t function, uint64_t power_state)
{
	for (unsigned conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
		assert_int_equal(call_by(conduit, function, power_state, 0, 0), EXIT_WAIT);
		assert_int_equal(me->regs.x[0], PSCI_SUCCESS);
		assert_int_equal(vpsci_cpu_of(me)->suspended, PSCI_STANDBY);
		wake();
	}
}

static void test_standby(void **state)
{
	(void)state;
	check_standby(FN64(CPU_SUSPEND), 0);
	/* Levels, and the identifier, are the platform's; the entry isn't looked at. */
	check_standby(FN(CPU_SUSPEND), JUNK | 0x0200ffff);
	check_standby(FN64(CPU_SUSPEND), 0x01001234);
	assert_int_equal(count_of(0, 0), 2);
	assert_int_equal(count_of(0, LEVEL(1)), 2);
	assert_int_equal(count_of(0, LEVEL(2)), 2);
	assert_int_equal(register_resets + blocks_tried, 0);
	/* There is a reason to wake already. */
	pending = true;
	BOTH_WIDTHS(PSCI_SUCCESS, CPU_SUSPEND, 0, 0, 0);
	assert_null(me->wait_over);
	pending = false;
	me->signalled = true;
	assert_int_equal(call_by(SMCCC_HVC, FN(CPU_SUSPEND), 0, 0, 0), EXIT_RESUME);
	assert_false(me->signalled);
	assert_null(me->wait_over);
	assert_int_equal(call_by(SMCCC_HVC, FN(CPU_SUSPEND), 0, 0, 0), EXIT_WAIT);
	wake();
}

/* Woken without an interrupt, a signal or an event: it waits on, and is seen to. */
static void check_waits_on(uint64_t power_state)
{
	model_setup(NULL);
	blocks = true;
	call_by(SMCCC_HVC, FN64(CPU_SUSPEND), power_state, ENTRY, 0);
	me->regs.pc = 0;
	for (unsigned i = 0; i < 3; i++) {
		assert_non_null(me->wait_over);
		assert_false(me->wait_over(me));
		assert_int_not_equal(vpsci_cpu_of(me)->suspended, PSCI_RUNNING);
	}
	assert_int_equal(count_of(0, power_state), 1);
}

/* Events find it masked when its state was lost, but not before it is woken. */
static void test_events(void **state)
{
	(void)state;
	events_masked = 0;
	check_waits_on(0);
	wake();
	pending = true;
	BOTH_WIDTHS(PSCI_SUCCESS, CPU_SUSPEND, 0, 0, 0);
	assert_int_equal(events_masked, 0);
	check_waits_on(DOWN);
	assert_int_equal(events_masked, 0);
	wake();
	assert_int_equal(events_masked, 1);
	pending = true;
	call_by(SMCCC_HVC, FN64(DEFAULT_SUSPEND), ENTRY, 0, 0);
	assert_int_equal(events_masked, 2);
	call_by(SMCCC_HVC, FN64(SYSTEM_SUSPEND), ENTRY, 0, 0);
	assert_int_equal(events_masked, 3);
}

static void test_wake_for_nothing(void **state)
{
	static const uint64_t power_states[] = { 0, DOWN, DOWN | LEVEL(2) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(power_states); i++) {
		check_waits_on(power_states[i]);
		wake();
		check_waits_on(power_states[i]);
		me->signalled = true;
		assert_true(me->wait_over(me));
		assert_false(me->signalled);
		check_waits_on(power_states[i]);
		me->parts_wait = true;
		assert_true(me->wait_over(me));
		assert_true(me->parts_wait); /* the run loop's */
		assert_null(me->wait_over);
		assert_int_equal(vpsci_cpu_of(me)->suspended, PSCI_RUNNING);
	}
}

/*
 * Every single bit of a power_state in a VM of either format; low and high StateID bits go. It has
 * 32 bits in both widths.
 */
static void check_bits(bool extended, uint64_t valid)
{
	model_vm.policy.extended_states = extended;
	blocks = true;
	for (unsigned bit = 0; bit < 32; bit++) {
		enum exit_result result =
			call_by(SMCCC_HVC, FN64(CPU_SUSPEND), JUNK | BIT(bit), ENTRY, 0);

		if (!(valid & BIT(bit))) {
			assert_int_equal(result, EXIT_RESUME);
			assert_int_equal((int64_t)me->regs.x[0], PSCI_INVALID_PARAMETERS);
			assert_null(me->wait_over);
			/* Before the entry is looked at. */
			call_by(SMCCC_HVC, FN64(CPU_SUSPEND), BIT(bit) | DOWN, 0, 0);
			assert_int_equal((int64_t)me->regs.x[0], PSCI_INVALID_PARAMETERS);
			assert_int_equal(call(FN(CPU_SUSPEND), JUNK | BIT(bit), ENTRY, 0),
				PSCI_INVALID_PARAMETERS);
			continue;
		}
		assert_int_equal(
			result, BIT(bit) & (DOWN | EXTENDED_DOWN) ? EXIT_RESCHEDULE : EXIT_WAIT);
		wake();
	}
}

static void test_formats(void **state)
{
	check_bits(false, 0x0301ffff);
	/* A level that there isn't. */
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, CPU_SUSPEND, LEVEL(3), ENTRY, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, CPU_SUSPEND, LEVEL(3) | DOWN, ENTRY, 0);
	model_setup(state);
	check_bits(true, 0x4000ffff);
	/* The levels of extended ones. */
	assert_int_equal(count_of(0, 0x0001), 4 + 4); /* core, and what says nothing */
	assert_int_equal(count_of(0, 0x0010), 4);
	assert_int_equal(count_of(0, 0x0100), 4);
	assert_int_equal(count_of(0, EXTENDED_DOWN), 1);
	assert_int_equal(count_of(0, EXTENDED_DOWN | 0x333), 0);
}

/* --- power down --- */

static void expect_entered(uint64_t context)
{
	assert_int_equal(me->regs.pc, ENTRY);
	assert_int_equal(me->regs.x[0], context);
	for (unsigned i = 1; i < 31; i++)
		assert_int_equal(me->regs.x[i], 0);
	assert_int_equal(register_resets, 1);
}

/* The calls that power down: their arguments before the entry. */
static const struct down_call {
	unsigned function, before;
	uint64_t power_state; /* CPU_SUSPEND's */
	uint64_t same;        /* it is counted as this one */
} down_calls[] = {
	{ CPU_SUSPEND, 1, DOWN, DOWN },
	{ CPU_SUSPEND, 1, DOWN | LEVEL(1) | 0x77, DOWN | LEVEL(1) },
	{ DEFAULT_SUSPEND, 0, 0, DOWN },
	{ SYSTEM_SUSPEND, 0, 0, DOWN | LEVEL(2) },
};

static enum exit_result call_down(const struct down_call *row, enum conduit conduit, bool wide,
	uint64_t entry, uint64_t context)
{
	uint64_t function = wide ? FN64(row->function) : FN(row->function);

	if (row->before)
		return call_by(conduit, function, row->power_state, entry, context);
	return call_by(conduit, function, entry, context, JUNK);
}

static void check_down(const struct down_call *row, enum conduit conduit, bool wide)
{
	/* Blocks; has an interrupt; has work to do. Nothing may move the PC afterwards. */
	static const struct {
		bool pending, blocks;
		enum exit_result result;
	} ways[] = {
		{ false, true, EXIT_RESCHEDULE },
		{ true, true, EXIT_SWITCH },
		{ false, false, EXIT_SWITCH },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		model_setup(NULL);
		pending = ways[i].pending;
		blocks = ways[i].blocks;
		assert_int_equal(
			call_down(row, conduit, wide, wide ? ENTRY : JUNK | ENTRY, JUNK | 5),
			ways[i].result);
		expect_entered(wide ? JUNK | 5 : 5);
		assert_int_equal(blocks_tried, !pending);
		if (pending) {
			assert_null(me->wait_over);
		} else {
			assert_int_equal(vpsci_cpu_of(me)->suspended, PSCI_DOWN);
			wake();
		}
		me->regs.pc = 0;
		assert_int_equal(count_of(0, row->same), 1);
	}
}

static void test_power_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(down_calls); i++) {
		for (unsigned conduit = SMCCC_SMC; conduit <= SMCCC_HVC; conduit++) {
			check_down(&down_calls[i], conduit, true);
			check_down(&down_calls[i], conduit, false);
		}
	}
}

static void test_power_down_entry(void **state)
{
	static const uint64_t bad[] = { 0, RAM_BASE - 4, RAM_BASE + RAM_SIZE, ENTRY + 1, ENTRY + 2,
		0x09000000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		BOTH_WIDTHS(PSCI_INVALID_ADDRESS, CPU_SUSPEND, DOWN, bad[i], 0);
		BOTH_WIDTHS(PSCI_INVALID_ADDRESS, DEFAULT_SUSPEND, bad[i], 0, 0);
		BOTH_WIDTHS(PSCI_INVALID_ADDRESS, SYSTEM_SUSPEND, bad[i], 0, 0);
	}
	assert_int_equal(call(FN64(CPU_SUSPEND), DOWN, ENTRY | BIT(40), 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(register_resets + blocks_tried, 0);
	assert_null(me->wait_over);
	for (unsigned level = 0; level < PSCI_LEVELS; level++)
		assert_int_equal(count_of(0, DOWN | LEVEL(level)), 0);
}

static void test_system_suspend(void **state)
{
	static const enum vcpu_state on[] = { VCPU_READY, VCPU_RUNNING, VCPU_BLOCKED, VCPU_PAUSED };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(on); i++) {
		model_vcpus[3].state = on[i];
		BOTH_WIDTHS(PSCI_DENIED, SYSTEM_SUSPEND, ENTRY, 0, 0);
		/* Before the entry is looked at. */
		BOTH_WIDTHS(PSCI_DENIED, SYSTEM_SUSPEND, 1, 0, 0);
	}
	assert_int_equal(register_resets, 0);
	model_vcpus[3].state = VCPU_OFF;
	blocks = true;
	assert_int_equal(call_by(SMCCC_HVC, FN64(SYSTEM_SUSPEND), ENTRY, 3, 0), EXIT_RESCHEDULE);
	wake();
}

/* --- the mode --- */

static int64_t set_mode(uint64_t mode)
{
	return call(FN(SET_SUSPEND_MODE), mode, 0, 0);
}

static void stay_suspended(unsigned index, struct power_state power_state)
{
	model_vcpus[index].state = VCPU_BLOCKED;
	psci_stat_begin(&model_vcpus[index], power_state);
}

static void test_mode(void **state)
{
	(void)state;
	assert_int_equal(set_mode(2), PSCI_INVALID_PARAMETERS);
	assert_int_equal(set_mode(0xffffffff), PSCI_INVALID_PARAMETERS);
	assert_int_equal(set_mode(MODE_PLATFORM), 0);
	assert_false(vpsci_of(&model_vm)->os_initiated);
	/* Others may run. */
	model_vcpus[1].state = VCPU_RUNNING;
	assert_int_equal(set_mode(JUNK | MODE_OS), 0);
	assert_true(vpsci_of(&model_vm)->os_initiated);
	assert_int_equal(set_mode(MODE_OS), 0);
	/* But not on the way back. */
	assert_int_equal(set_mode(MODE_PLATFORM), PSCI_DENIED);
	assert_true(vpsci_of(&model_vm)->os_initiated);
	model_vcpus[1].state = VCPU_OFF;
	assert_int_equal(set_mode(MODE_PLATFORM), 0);
	assert_false(vpsci_of(&model_vm)->os_initiated);
	/* CPU_DEFAULT_SUSPEND says nothing of levels; CPU_SUSPEND did: until the next start. */
	pending = true;
	call_by(SMCCC_HVC, FN64(DEFAULT_SUSPEND), ENTRY, 0, 0);
	me->regs.pc = 0;
	assert_int_equal(set_mode(MODE_OS), 0);
	assert_int_equal(set_mode(MODE_PLATFORM), 0);
	call_by(SMCCC_HVC, FN64(CPU_SUSPEND), BIT(31), ENTRY, 0);
	assert_int_equal(set_mode(MODE_OS), 0); /* it was refused */
	assert_int_equal(set_mode(MODE_PLATFORM), 0);
	call_by(SMCCC_HVC, FN64(CPU_SUSPEND), 0, ENTRY, 0);
	assert_int_equal(set_mode(MODE_OS), PSCI_DENIED);
	assert_int_equal(set_mode(MODE_PLATFORM), 0); /* it is that already */
	psci_part.reset(&model_vm);
	assert_int_equal(set_mode(MODE_OS), 0);
	psci_part.reset(&model_vm);
	assert_false(vpsci_of(&model_vm)->os_initiated);
}

/* What another vCPU is in, against what the caller asks for, OS-initiated. */
static void test_os_initiated(void **state)
{
	static const struct {
		bool running;
		struct power_state other;
		int standby, down; /* above level 0 */
	} rows[] = {
		{ true, { 0, false }, PSCI_DENIED, PSCI_DENIED },
		{ false, { 0, false }, PSCI_SUCCESS, PSCI_INVALID_PARAMETERS },
		{ false, { 0, true }, PSCI_SUCCESS, PSCI_SUCCESS },
		{ false, { 1, true }, PSCI_SUCCESS, PSCI_SUCCESS },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (uint64_t level = 1; level < PSCI_LEVELS; level++) {
			model_setup(state);
			assert_int_equal(set_mode(MODE_OS), 0);
			pending = true;
			stay_suspended(1, (struct power_state){ 0, true });
			if (rows[i].running)
				model_vcpus[2].state = VCPU_BLOCKED; /* WFI */
			else
				stay_suspended(2, rows[i].other);
			assert_int_equal(
				call(FN64(CPU_SUSPEND), LEVEL(level), 0, 0), rows[i].standby);
			BOTH_WIDTHS(rows[i].standby, CPU_SUSPEND, LEVEL(level), 0, 0);
			call_by(SMCCC_HVC, FN64(CPU_SUSPEND), LEVEL(level) | DOWN, ENTRY, 0);
			assert_int_equal(register_resets, rows[i].down == PSCI_SUCCESS);
			if (rows[i].down != PSCI_SUCCESS) {
				BOTH_WIDTHS(
					rows[i].down, CPU_SUSPEND, LEVEL(level) | DOWN, ENTRY, 0);
				assert_int_equal(count_of(0, LEVEL(level) | DOWN), 0);
			}
			me->regs.pc = 0;
			/* The entry is looked at before the others are. */
			BOTH_WIDTHS(PSCI_INVALID_ADDRESS, CPU_SUSPEND, LEVEL(level) | DOWN, 0, 0);
			/* Each on its own is always right. */
			BOTH_WIDTHS(PSCI_SUCCESS, CPU_SUSPEND, 0, 0, 0);
		}
	}
	/* One that runs counts more than one that is not deep enough, whatever the order. */
	model_setup(state);
	assert_int_equal(set_mode(MODE_OS), 0);
	stay_suspended(1, (struct power_state){ 0, false });
	model_vcpus[2].state = VCPU_RUNNING;
	BOTH_WIDTHS(PSCI_DENIED, CPU_SUSPEND, LEVEL(1) | DOWN, ENTRY, 0);
	stay_suspended(2, (struct power_state){ 0, false });
	model_vcpus[1].state = VCPU_RUNNING;
	psci_stat_end(&model_vcpus[1]);
	BOTH_WIDTHS(PSCI_DENIED, CPU_SUSPEND, LEVEL(1) | DOWN, ENTRY, 0);
}

/* Platform-coordinated, a level is only a wish. */
static void test_platform_coordinated(void **state)
{
	(void)state;
	pending = true;
	model_vcpus[1].state = VCPU_RUNNING;
	BOTH_WIDTHS(PSCI_SUCCESS, CPU_SUSPEND, LEVEL(2), 0, 0);
	assert_int_equal(
		call_by(SMCCC_HVC, FN64(CPU_SUSPEND), LEVEL(2) | DOWN, ENTRY, 0), EXIT_SWITCH);
}

/* --- statistics, and the state of nodes --- */

static void test_statistics(void **state)
{
	(void)state;
	model_vm.cntvoff = 1000;
	model_set_time(5000);
	blocks = true;
	call_by(SMCCC_HVC, FN64(CPU_SUSPEND), DOWN, ENTRY, 0);
	me->regs.pc = 0;
	/* While it is there: as another vCPU would see it. */
	model_set_time(5000 + 3999);
	assert_int_equal(residency_of(0, DOWN), 3);
	assert_int_equal(residency_of(0, 0), 0);
	/* Paused meanwhile: that time has not been. */
	model_vm.cntvoff += 1000000;
	model_set_time(5000 + 1000000 + 7500);
	wake();
	model_set_time(9000000);
	assert_int_equal(residency_of(0, DOWN | 0x1234), 7);
	assert_int_equal(count_of(0, DOWN), 1);
	/* Wide enough for the call. */
	vpsci_cpu_of(me)->stats[1].ticks += UINT64_C(0x1234567890) * 1000;
	vpsci_cpu_of(me)->stats[1].count += UINT64_C(0x900000000);
	assert_int_equal(residency_of(BIT(31) | 0, DOWN), 0x1234567897);
	assert_int_equal(call(FN(STAT_RESIDENCY), 0, DOWN, 0), 0x34567897);
	assert_int_equal(call(FN64(STAT_COUNT), 0, DOWN, 0), UINT64_C(0x900000001));
	assert_int_equal(call(FN(STAT_COUNT), 0, DOWN, 0), 1);
	/* Others have their own. */
	assert_int_equal(residency_of(1, DOWN) + count_of(1, DOWN), 0);
	psci_part.reset(&model_vm);
	assert_int_equal(residency_of(0, DOWN) + count_of(0, DOWN), 0);
}

static void test_statistics_of_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NR_POWER_STATES; i++)
		vpsci_cpu_of(me)->stats[i].count = vpsci_cpu_of(me)->stats[i].ticks = 5000;
	for (unsigned n = STAT_RESIDENCY; n <= STAT_COUNT; n++) {
		uint64_t good = n == STAT_COUNT ? 5000 : 5;

		BOTH_WIDTHS(good, n, 0, 0, 0);
		BOTH_WIDTHS(0, n, VCPUS, 0, 0);
		BOTH_WIDTHS(0, n, 0x100, 0, 0);
		BOTH_WIDTHS(0, n, BIT(24), 0, 0);
		BOTH_WIDTHS(0, n, 0, LEVEL(3), 0);
		BOTH_WIDTHS(0, n, 0, BIT(17), 0);
		BOTH_WIDTHS(0, n, 0, EXTENDED_DOWN, 0);
		assert_int_equal(call(FN64(n), 0, JUNK, 0), good);
		assert_int_equal(call(FN64(n), BIT(63), 0, 0), 0);
		model_vm.policy.extended_states = true;
		BOTH_WIDTHS(good, n, 0, EXTENDED_DOWN, 0);
		BOTH_WIDTHS(0, n, 0, DOWN, 0);
		model_vm.policy.extended_states = false;
	}
}

static void test_node_hw_state(void **state)
{
	(void)state;
	BOTH_WIDTHS(0, NODE_HW_STATE, 0, 0, 0);
	BOTH_WIDTHS(1, NODE_HW_STATE, BIT(31) | 1, 0, 0);
	model_vcpus[1].state = VCPU_BLOCKED;
	BOTH_WIDTHS(0, NODE_HW_STATE, 1, 0, 0);
	stay_suspended(1, (struct power_state){ 0, false });
	BOTH_WIDTHS(2, NODE_HW_STATE, 1, 0, 0);
	stay_suspended(1, (struct power_state){ 1, true });
	BOTH_WIDTHS(1, NODE_HW_STATE, 1, 0, 0);
	/* The caller's nodes are on. */
	BOTH_WIDTHS(0, NODE_HW_STATE, 1, 1, 0);
	BOTH_WIDTHS(0, NODE_HW_STATE, 2, 2, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, NODE_HW_STATE, 0, 3, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, NODE_HW_STATE, VCPUS, 0, 0);
	BOTH_WIDTHS(PSCI_INVALID_PARAMETERS, NODE_HW_STATE, 0x100, 1, 0);
	assert_int_equal(call(FN64(NODE_HW_STATE), 1, JUNK, 0), 1);
	assert_int_equal(call(FN64(NODE_HW_STATE), 1, JUNK | 1, 0), 0);
	assert_int_equal(call(FN64(NODE_HW_STATE), BIT(40), 0, 0), PSCI_INVALID_PARAMETERS);
}

/* --- what comes at the worst moment --- */

static void signal_now(void)
{
	me->signalled = true;
	me->work |= WORK_WAKE;
}

/* A signal after the call has looked for one: it is left for the run loop, which sees the work. */
static void test_late_signal(void **state)
{
	(void)state;
	pending_hook = signal_now;
	assert_int_equal(call_by(SMCCC_SMC, FN64(CPU_SUSPEND), 0, 0, 0), EXIT_WAIT);
	assert_true(me->work & WORK_WAKE);
	assert_true(me->signalled);
	wake();
	/* The same without the state that it would be taken back from. */
	assert_int_equal(call_by(SMCCC_SMC, FN64(CPU_SUSPEND), DOWN, ENTRY, 0), EXIT_SWITCH);
	assert_non_null(me->wait_over);
	wake();
}

/* The last one out is switched on again by a third, which then leaves: nobody is overlooked. */
static void swap(void)
{
	model_vcpus[1].state = VCPU_READY;
	model_vcpus[2].state = VCPU_OFF;
}

static void test_others_swap(void **state)
{
	(void)state;
	model_vcpus[2].state = VCPU_RUNNING;
	BOTH_WIDTHS(PSCI_DENIED, SYSTEM_SUSPEND, ENTRY, 0, 0);
	swap();
	BOTH_WIDTHS(PSCI_DENIED, SYSTEM_SUSPEND, ENTRY, 0, 0);
	/* Who switches on needs the lock that is held while they are counted. */
	assert_false(spin_is_locked(&model_vm.lock));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, model_setup, model_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_standby),
		CASE(test_wake_for_nothing),
		CASE(test_events),
		CASE(test_formats),
		CASE(test_power_down),
		CASE(test_power_down_entry),
		CASE(test_system_suspend),
		CASE(test_mode),
		CASE(test_os_initiated),
		CASE(test_platform_coordinated),
		CASE(test_statistics),
		CASE(test_statistics_of_nothing),
		CASE(test_node_hw_state),
		CASE(test_late_signal),
		CASE(test_others_swap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
