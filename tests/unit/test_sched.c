/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which vCPU runs where: placing, powering on and off, blocking and waking without a lost wake-up,
 * turns, slices, jobs. The loop runs for real; a test gets out of it when the CPU goes idle.
 *
 * links: hyp/vm/sched.c hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c
 * hyp/vm/sched_config.c drivers/timer/timer.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/sched_state.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

#define CPUS  3
#define VCPUS 4
#define HZ    1000000

static struct vm vm;
static struct vcpu vcpus[VCPUS];
struct vm *vms[MAX_VMS];
unsigned nr_vms;

/* --- what sched.c calls --- */

struct irq_row irq_table[GIC_INTID_LIMIT];
static enum status register_status;

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	if (register_status == OK)
		irq_table[intid] = (struct irq_row){ handler, context, flags };
	return register_status;
}

static unsigned loads, puts;

void vcpu_load(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu->cpu, this_cpu());
	assert_int_equal(vcpu->state, VCPU_RUNNING);
	if (this_cpu()->current && this_cpu()->current != vcpu)
		vcpu_put(this_cpu()->current);
	this_cpu()->current = vcpu;
	vcpu->loaded = true;
	loads++;
}

void vcpu_put(struct vcpu *vcpu)
{
	if (this_cpu()->current != vcpu)
		return;
	assert_ptr_equal(vcpu->cpu, this_cpu());
	this_cpu()->current = NULL;
	vcpu->loaded = false;
	puts++;
}

/* The slice: armed by the loop, fires when a test says so. */
static struct soft_timer *slice[CPUS];
static uint64_t slice_deadline;

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	slice[this_cpu()->index] = timer;
	slice_deadline = deadline;
}

void timer_disarm(struct soft_timer *timer)
{
	if (slice[this_cpu()->index] == timer)
		slice[this_cpu()->index] = NULL;
}

static void slice_ends(void)
{
	struct soft_timer *timer = slice[this_cpu()->index];

	assert_non_null(timer);
	slice[this_cpu()->index] = NULL;
	fake_reg(CNTPCT_EL0) = MAX(fake_reg(CNTPCT_EL0), slice_deadline);
	timer->fn(timer);
}

/* --- getting in and out of the loop --- */

static jmp_buf idle;
static unsigned polls_left; /* looks for an interrupt before the CPU counts as idle */
static uint32_t kicks[CPUS];

static uint64_t acknowledge(unsigned encoding, uint64_t value)
{
	if (encoding != SYS_ICC_IAR1_EL1)
		return value;
	if (polls_left == 0)
		longjmp(idle, 1);
	polls_left--;
	return 1023;
}

/* struct cpu.kick is 1 + its number here. */
static uint64_t count_kick(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_ICC_SGI1R_EL1) {
		assert_in_range(value, 1, CPUS);
		kicks[value - 1]++;
	}
	return value;
}

static void loop(void (*run)(struct vcpu *vcpu))
{
	if (setjmp(idle) == 0)
		sched_loop(run);
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_cpu_count(CPUS);
	memset(kicks, 0, sizeof(kicks));
	memset(slice, 0, sizeof(slice));
	register_status = OK;
	loads = puts = polls_left = nr_vms = 0;
	vm = (struct vm){ .nr_vcpus = VCPUS };
	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i] = (struct vcpu){ .vm = &vm, .id = i };
		list_init(&vcpus[i].run_link);
		vm.vcpus[i] = &vcpus[i];
	}
	for (unsigned i = CPUS; i-- > 0;) {
		cpus[i].kick = 1 + i;
		fake_cpu_switch(i);
		sched_init_cpu();
	}
	fake_sysreg_read_hook = acknowledge;
	fake_sysreg_write_hook = count_kick;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sched_unplace(&vm);
	return 0;
}

/* vCPUs 0..n-1 on CPU 0 and no other, powered on, the first one first in the queue. */
static void on_cpu0(unsigned n)
{
	fake_cpu_switch(0);
	vm.nr_vcpus = n;
	nr_cpus = 1;
	sched_place(&vm);
	nr_cpus = CPUS;
	for (unsigned i = 0; i < n; i++)
		sched_power_on(&vcpus[i]);
}

/* --- placing --- */

static void test_place(void **state)
{
	(void)state;
	cpus[1].online = false;
	sched_place(&vm);
	/* 0 and 2 in turns: 1 is not online. */
	assert_ptr_equal(vcpus[0].cpu, &cpus[0]);
	assert_ptr_equal(vcpus[1].cpu, &cpus[2]);
	assert_ptr_equal(vcpus[2].cpu, &cpus[0]);
	assert_ptr_equal(vcpus[3].cpu, &cpus[2]);
	cpus[1].online = true;
	struct vm other = { .nr_vcpus = 1 };
	struct vcpu alone = { .vm = &other };

	other.vcpus[0] = &alone;
	sched_place(&other);
	assert_ptr_equal(alone.cpu, &cpus[1]);
	sched_unplace(&other);
	sched_unplace(&vm);
	sched_place(&vm);
	assert_ptr_equal(vcpus[0].cpu, &cpus[0]);
	assert_ptr_equal(vcpus[1].cpu, &cpus[1]);
	assert_ptr_equal(vcpus[2].cpu, &cpus[2]);
	assert_ptr_equal(vcpus[3].cpu, &cpus[0]);
}

static void test_kick_sgi(void **state)
{
	(void)state;
	assert_non_null(irq_table[SGI_KICK].handler);
	irq_table[SGI_KICK].handler(irq_table[SGI_KICK].context, SGI_KICK);
	sched_kick(&cpus[2]);
	assert_int_equal(kicks[2], 1);
	register_status = ERR_EXISTS;
	fake_cpu_switch(0);
	if (FAKE_PANICS()) {
		sched_init_cpu();
		fail();
	}
	assert_int_equal(fake_panicked, 1);
}

/* --- power --- */

static struct vcpu *ran[16];
static unsigned runs;

static void power_off(struct vcpu *vcpu)
{
	ran[runs++] = vcpu;
	sched_power_off(vcpu);
}

static void test_power(void **state)
{
	(void)state;
	on_cpu0(2);
	assert_int_equal(kicks[0], 0); /* it is this one */
	assert_int_equal(vcpus[0].state, VCPU_READY);
	runs = 0;
	loop(power_off);
	assert_int_equal(runs, 2);
	assert_ptr_equal(ran[0], &vcpus[0]);
	assert_ptr_equal(ran[1], &vcpus[1]);
	assert_int_equal(vcpus[0].state, VCPU_OFF);
	assert_int_equal(vcpus[1].state, VCPU_OFF);
	assert_int_equal(puts, 2);
}

static void test_power_on_elsewhere(void **state)
{
	(void)state;
	fake_cpu_switch(0);
	sched_place(&vm);
	sched_power_on(&vcpus[1]);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(vcpus[1].state, VCPU_READY);
}

/* --- alone or not --- */

static void leave_blocked(struct vcpu *vcpu)
{
	ran[runs++] = vcpu;
	vcpu->work = 0;
	assert_true(sched_block(vcpu));
}

static void test_exclusive(void **state)
{
	(void)state;
	on_cpu0(1);
	vcpus[0].hcr = HCR_EL2_VM | HCR_EL2_TWI;
	runs = 0;
	loop(leave_blocked);
	assert_true(vcpus[0].exclusive);
	assert_int_equal(vcpus[0].hcr, HCR_EL2_VM);
	assert_int_equal(fake_reg(HCR_EL2), HCR_EL2_VM);
	assert_null(slice[0]);
}

static void test_shared(void **state)
{
	(void)state;
	on_cpu0(2);
	vcpus[1].hcr = HCR_EL2_VM;
	runs = 0;
	loop(leave_blocked);
	assert_int_equal(runs, 2);
	assert_false(vcpus[1].exclusive);
	assert_int_equal(vcpus[1].hcr, HCR_EL2_VM | HCR_EL2_TWI);
	assert_non_null(slice[0]);
	assert_int_equal(slice_deadline, timer_ms_to_ticks(SCHED_SLICE_MS));
	/* The other one blocked is still one that may come back. */
	vcpu_wake(&vcpus[0]);
	loop(leave_blocked);
	assert_false(vcpus[0].exclusive);
}

/* The first to come when another has the CPU to itself: that one is asked to leave, and finds WFI
 * trapped from then on. */
static unsigned step;

static void second_arrives(struct vcpu *vcpu)
{
	switch (step++) {
	case 0:
		assert_ptr_equal(vcpu, &vcpus[0]);
		assert_true(vcpu->exclusive);
		sched_power_on(&vcpus[1]);
		assert_true(vcpu->work & WORK_RESCHED);
		break;
	case 1:
		assert_ptr_equal(vcpu, &vcpus[1]);
		assert_false(vcpu->exclusive);
		assert_true(sched_block(vcpu));
		break;
	case 2:
		assert_ptr_equal(vcpu, &vcpus[0]);
		assert_false(vcpu->exclusive);
		assert_false(vcpu->work & WORK_RESCHED);
		assert_true(vcpu->hcr & HCR_EL2_TWI);
		/* alone again once the other is off: not before its next turn */
		assert_true(sched_block(vcpu));
		break;
	default:
		fail();
	}
}

static void test_second_arrives(void **state)
{
	(void)state;
	on_cpu0(1);
	vcpus[1].cpu = &cpus[0];
	step = 0;
	loop(second_arrives);
	assert_int_equal(step, 3);
	vcpus[1].cpu = NULL;
	vcpus[1].state = VCPU_OFF;
}

/* --- blocking and waking --- */

static void block_with_work(struct vcpu *vcpu)
{
	static const uint64_t reasons[] = { WORK_VGIC, WORK_STOP, WORK_PARTS, WORK_WAKE };

	for (unsigned i = 0; i < ARRAY_SIZE(reasons); i++) {
		vcpu->work = reasons[i];
		assert_false(sched_block(vcpu));
		assert_int_equal(vcpu->state, VCPU_RUNNING);
		vcpu->work |= WORK_RESCHED;
		assert_false(sched_block(vcpu));
	}
	/* Only asked to give up the CPU: that it does by blocking. */
	vcpu->work = WORK_RESCHED;
	assert_true(sched_block(vcpu));
	assert_int_equal(vcpu->state, VCPU_BLOCKED);
	runs++;
}

static void test_block(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(block_with_work);
	assert_int_equal(runs, 1);
	/* It stays blocked until somebody wakes it; then it runs once more. */
	loop(block_with_work);
	assert_int_equal(runs, 1);
	vcpu_wake(&vcpus[0]);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_true(vcpus[0].work & WORK_WAKE);
	vcpu_wake(&vcpus[0]); /* twice is no harm */
	loop(block_with_work);
	assert_int_equal(runs, 2);
}

/* Woken after it blocked, but before its CPU has left it: once in the queue, not twice and not
 * lost. */
static void blocked_and_woken(struct vcpu *vcpu)
{
	runs++;
	if (runs > 1) {
		vcpu->work = 0;
		assert_true(sched_block(vcpu));
		return;
	}
	assert_true(sched_block(vcpu));
	vcpu_wake(vcpu);
	assert_int_equal(vcpu->state, VCPU_READY);
}

static void test_wake_at_once(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(blocked_and_woken);
	assert_int_equal(runs, 2);
	assert_int_equal(vcpus[0].state, VCPU_BLOCKED);
}

/* --- handing over --- */

static void hand_over(struct vcpu *vcpu)
{
	ran[runs++] = vcpu;
	vcpu->work = 0;
	if (runs == 1) {
		fake_reg(CNTPCT_EL0) += 5;
		vcpus[1].ready_since = 0;
		vcpu_hand_over(&vcpus[1]);
		assert_int_equal(vcpus[1].ready_since, fake_reg(CNTPCT_EL0));
		assert_int_equal(vcpus[1].state, VCPU_READY);
		assert_int_equal(vcpus[1].work, WORK_WAKE);
		/* Once more, and one that runs: it will look. */
		vcpu_hand_over(&vcpus[1]);
		vcpu_hand_over(vcpu);
		assert_int_equal(vcpu->work, WORK_WAKE);
		vcpu->work = 0;
	}
	assert_true(sched_block(vcpu));
}

/* The other one runs next, on this CPU, though another is idle. */
static void test_hand_over(void **state)
{
	uint64_t wakes;

	(void)state;
	on_cpu0(2);
	runs = 0;
	loop(leave_blocked);
	wakes = vcpus[1].wakes;
	vcpu_wake(&vcpus[0]);
	sched_idle_cpus = BIT(1);
	runs = 0;
	loop(hand_over);
	assert_int_equal(runs, 2);
	assert_ptr_equal(ran[0], &vcpus[0]);
	assert_ptr_equal(ran[1], &vcpus[1]);
	assert_ptr_equal(vcpus[1].cpu, &cpus[0]);
	assert_int_equal(vcpus[1].wakes, wakes + 1);
	assert_int_equal(kicks[1], 0);
	/* One that belongs to another CPU is woken there. */
	fake_cpu_switch(1);
	sched_idle_cpus = 0;
	vcpu_hand_over(&vcpus[0]);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_ptr_equal(vcpus[0].cpu, &cpus[0]);
	assert_int_equal(kicks[0], 1);
	fake_cpu_switch(0);
}

/* --- signals --- */

static void test_signal_blocked(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(leave_blocked);
	assert_true(vcpu_signal(&vcpus[0]));
	assert_int_equal(vcpus[0].state, VCPU_READY);
	/* That was all: the next time it blocks. */
	loop(leave_blocked);
	assert_int_equal(runs, 2);
	assert_int_equal(vcpus[0].state, VCPU_BLOCKED);
	/* Before it runs, and twice: one more of its waits ends. */
	assert_true(vcpu_signal(&vcpus[0]));
	assert_true(vcpu_signal(&vcpus[0]));
	assert_true(vcpu_signal(&vcpus[0]));
	assert_true(vcpus[0].signalled);
	vcpus[0].state = VCPU_OFF;
	assert_false(vcpu_signal(&vcpus[0]));
	vcpus[0].state = VCPU_READY;
}

static bool goes_on(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

/* It waits for more than an interrupt: it is told to look, and the signal is left for its WFI. */
static void test_signal_waiting(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	vcpus[0].wait_over = goes_on;
	loop(leave_blocked);
	assert_int_equal(vcpus[0].state, VCPU_BLOCKED);
	assert_true(vcpu_signal(&vcpus[0]));
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_true(vcpus[0].work & WORK_WAKE);
	assert_true(vcpus[0].signalled);
	vcpus[0].work = 0;
	loop(leave_blocked);
	assert_int_equal(vcpus[0].state, VCPU_BLOCKED);
	assert_true(vcpus[0].signalled);
	vcpus[0].wait_over = NULL;
	vcpus[0].signalled = false;
	vcpus[0].state = VCPU_READY;
}

/*
 * It has done already what it was woken for when the waker comes to see that it is blocked, again:
 * a wake-up with nothing to do. It looks whether its wait is over, rather than go on.
 */
static void test_late_wake(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	vcpus[0].wait_over = goes_on;
	loop(leave_blocked);
	vcpu_request(&vcpus[0], 0);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_int_equal(vcpus[0].work, WORK_WAKE);
	vcpus[0].work = 0;
	vcpus[0].wait_over = NULL;
	loop(leave_blocked);
	/* A WFI simply ends. */
	vcpu_request(&vcpus[0], 0);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_int_equal(vcpus[0].work, 0);
}

/* One that is off has no next wait. */
static void test_signal_off(void **state)
{
	(void)state;
	on_cpu0(1);
	vcpus[0].state = VCPU_OFF;
	assert_false(vcpu_signal(&vcpus[0]));
	assert_int_equal(vcpus[0].state, VCPU_OFF);
	assert_false(vcpus[0].signalled);
	vcpus[0].state = VCPU_READY;
}

static void pause_then_block(struct vcpu *vcpu)
{
	if (runs++ == 0) {
		assert_true(sched_pause(vcpu));
		return;
	}
	assert_false(sched_block(vcpu));
	assert_true(sched_block(vcpu));
}

/* It was paused between its look at memory and its WFI, and is signalled then. */
static void test_signal_paused(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(pause_then_block);
	assert_int_equal(vcpus[0].state, VCPU_PAUSED);
	assert_true(vcpu_signal(&vcpus[0]));
	assert_int_equal(vcpus[0].state, VCPU_PAUSED);
	sched_unpause(&vcpus[0]);
	loop(pause_then_block);
	assert_int_equal(runs, 2);
	assert_int_equal(vcpus[0].state, VCPU_BLOCKED);
}

/* Between its look at memory and its WFI, from another CPU. It was out meanwhile. */
static void signalled_while_it_runs(struct vcpu *vcpu)
{
	runs++;
	fake_cpu_switch(1);
	assert_true(vcpu_signal(vcpu));
	assert_int_equal(kicks[0], 1);
	fake_cpu_switch(0);
	assert_int_equal(vcpu->work, WORK_WAKE);
	vcpu->work = 0;
	assert_false(sched_block(vcpu));
	assert_true(sched_block(vcpu));
}

static void test_signal_running(void **state)
{
	(void)state;
	on_cpu0(2);
	runs = 0;
	vcpus[1].state = VCPU_RUNNING;
	sched_take(sched_own_queue(), &vcpus[1]);
	vcpus[1].state = VCPU_OFF;
	loop(signalled_while_it_runs);
	assert_int_equal(runs, 1);
	assert_int_equal(vcpus[0].state, VCPU_BLOCKED);
}

/* It has its CPU to itself: its WFI isn't trapped, until the signal. */
static void signalled_while_exclusive(struct vcpu *vcpu)
{
	switch (step++) {
	case 0:
		assert_true(vcpu->exclusive);
		assert_false(vcpu->hcr & HCR_EL2_TWI);
		fake_cpu_switch(1);
		assert_true(vcpu_signal(vcpu));
		assert_int_equal(kicks[0], 1);
		fake_cpu_switch(0);
		assert_true(vcpu->work & WORK_RESCHED);
		break;
	case 1:
		assert_true(vcpu->exclusive);
		assert_true(vcpu->hcr & HCR_EL2_TWI);
		vcpu->work = 0;
		assert_false(sched_block(vcpu));
		vcpu->work = WORK_RESCHED;
		break;
	case 2:
		assert_true(vcpu->exclusive);
		assert_false(vcpu->hcr & HCR_EL2_TWI);
		assert_true(sched_block(vcpu));
		break;
	default:
		fail();
	}
}

static void test_signal_exclusive(void **state)
{
	(void)state;
	on_cpu0(1);
	step = 0;
	loop(signalled_while_exclusive);
	assert_int_equal(step, 3);
}

/* From another CPU: a kick where it is needed, and only there. */
static void test_request_from_elsewhere(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(leave_blocked);
	fake_cpu_switch(1);
	vcpu_request(&vcpus[0], WORK_VGIC);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_int_equal(kicks[0], 1);
	vcpu_request(&vcpus[0], WORK_VGIC); /* READY: it will look anyway */
	assert_int_equal(kicks[0], 1);
	vcpus[0].state = VCPU_RUNNING;
	vcpu_request(&vcpus[0], WORK_PARTS);
	assert_int_equal(kicks[0], 2);
	assert_int_equal(vcpus[0].work, WORK_VGIC | WORK_PARTS);
	fake_cpu_switch(0);
	vcpu_request(&vcpus[0], WORK_WAKE);
	assert_int_equal(kicks[0], 2); /* it runs here */
	vcpus[0].state = VCPU_READY;
}

static void test_request_off(void **state)
{
	(void)state;
	vm.nr_vcpus = 1;
	sched_place(&vm);
	fake_cpu_switch(1);
	vcpu_request(&vcpus[0], WORK_VGIC);
	assert_int_equal(vcpus[0].state, VCPU_OFF);
	assert_int_equal(kicks[0], 0);
	assert_int_equal(vcpus[0].work, WORK_VGIC);
}

/* --- pausing --- */

static bool pause_worked;

static void leave_paused(struct vcpu *vcpu)
{
	ran[runs++] = vcpu;
	if (runs > 1) {
		vcpu->work = 0;
		assert_true(sched_block(vcpu));
		return;
	}
	pause_worked = sched_pause(vcpu);
	if (!pause_worked)
		vcpu->work = 0;
}

static void test_pause(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(leave_paused);
	assert_int_equal(runs, 1);
	assert_true(pause_worked);
	assert_int_equal(vcpus[0].state, VCPU_PAUSED);
	assert_int_equal(puts, 1);
	assert_null(cpus[0].current);
	/* What is asked of it waits. */
	vcpu_request(&vcpus[0], WORK_VGIC | WORK_WAKE | WORK_PAUSE);
	assert_int_equal(vcpus[0].state, VCPU_PAUSED);
	fake_cpu_switch(1);
	sched_unpause(&vcpus[0]);
	assert_int_equal(kicks[0], 1);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_int_equal(vcpus[0].work, WORK_VGIC | WORK_WAKE | WORK_PAUSE);
	sched_unpause(&vcpus[0]); /* twice is no harm */
	fake_cpu_switch(0);
	loop(leave_paused);
	assert_int_equal(runs, 2);
}

static void test_stop_paused(void **state)
{
	(void)state;
	on_cpu0(1);
	runs = 0;
	loop(leave_paused);
	fake_cpu_switch(1);
	vcpu_request(&vcpus[0], WORK_STOP);
	assert_int_equal(vcpus[0].state, VCPU_READY);
	assert_int_equal(kicks[0], 1);
	fake_cpu_switch(0);
	loop(leave_paused);
	assert_int_equal(runs, 2);
}

/* Asked to stop while it pauses: it does not. */
static void test_stop_while_pausing(void **state)
{
	(void)state;
	on_cpu0(1);
	vcpus[0].work = WORK_STOP;
	runs = 0;
	loop(leave_paused);
	assert_false(pause_worked);
	assert_int_equal(runs, 2);
}

/* --- turns --- */

static void use_up_slice(struct vcpu *vcpu)
{
	ran[runs++] = vcpu;
	if (runs == 7) {
		sched_power_off(vcpu);
		return;
	}
	if (runs > 7) {
		assert_true(sched_block(vcpu));
		return;
	}
	slice_ends();
	assert_true(vcpu->work & WORK_RESCHED);
}

static void test_turns(void **state)
{
	(void)state;
	on_cpu0(3);
	runs = 0;
	loop(use_up_slice);
	/* 0 1 2, again and again; 0 goes; then each once. */
	for (unsigned i = 0; i < 7; i++)
		assert_ptr_equal(ran[i], &vcpus[i % 3]);
	assert_ptr_equal(ran[7], &vcpus[1]);
	assert_ptr_equal(ran[8], &vcpus[2]);
	assert_int_equal(runs, 9);
	assert_int_equal(vcpus[0].work & WORK_RESCHED, 0);
}

/*
 * Two that wake each other and then wait, and one that only computes: it gets its turns. Who wakes
 * another is asked to give up the CPU, and does before it comes to its own WFI.
 */
static unsigned turns_of[VCPUS];
static bool about_to_wait[VCPUS];

static void ping_pong(struct vcpu *vcpu)
{
	turns_of[vcpu->id]++;
	if (runs++ > 60)
		longjmp(idle, 1);
	if (vcpu->id == 2) {
		slice_ends(); /* it would go on for ever */
		return;
	}
	if (vcpu->work & WORK_WAKE)
		about_to_wait[vcpu->id] = false;
	vcpu->work &= ~(uint64_t)WORK_WAKE;
	if (!about_to_wait[vcpu->id]) {
		about_to_wait[vcpu->id] = true;
		vcpu_wake(&vcpus[1 - vcpu->id]);
		if (vcpu->work & WORK_RESCHED)
			return;
	}
	sched_block(vcpu);
}

static void test_fair(void **state)
{
	(void)state;
	on_cpu0(3);
	runs = 0;
	memset(turns_of, 0, sizeof(turns_of));
	memset(about_to_wait, 0, sizeof(about_to_wait));
	loop(ping_pong);
	assert_true(turns_of[0] > 5);
	assert_true(turns_of[1] > 5);
	assert_true(turns_of[2] > 5);
}

/* The slice ends when nobody runs: nothing happens. */
static void test_late_slice(void **state)
{
	(void)state;
	on_cpu0(2);
	runs = 0;
	loop(leave_blocked);
	slice_ends();
	assert_int_equal(vcpus[0].work & WORK_RESCHED, 0);
	assert_int_equal(vcpus[1].work & WORK_RESCHED, 0);
}

/* --- one that spins --- */

static struct vm other_vm;

static void spin(struct vcpu *vcpu)
{
	ran[runs++] = vcpu;
	vcpu->work = 0;
	switch (runs) {
	case 1: /* 0; the others have not run yet: nobody was preempted */
		assert_false(sched_yield_to_sibling(vcpu));
		assert_int_equal(vcpu->work, 0);
		slice_ends();
		return;
	case 2: /* 1, another VM's */
		assert_false(sched_yield_to_sibling(vcpu));
		slice_ends();
		return;
	case 3: /* 2; 0 and 1 were preempted, 0 is its sibling */
		assert_true(vcpu->hcr & HCR_EL2_TWE);
		vcpus[0].vruntime += 1000000000; /* not its turn at all */
		assert_true(sched_yield_to_sibling(vcpu));
		assert_int_equal(vcpu->work, WORK_RESCHED);
		return;
	default:
		assert_true(sched_block(vcpu));
	}
}

static void test_yield(void **state)
{
	(void)state;
	other_vm = (struct vm){ .nr_vcpus = 1 };
	on_cpu0(3);
	vcpus[1].vm = &other_vm;
	runs = 0;
	loop(spin);
	assert_ptr_equal(ran[2], &vcpus[2]);
	assert_ptr_equal(ran[3], &vcpus[0]);
	assert_int_equal(runs, 6);
	assert_false(sched_yield_to_sibling(&vcpus[0])); /* nobody is READY */
}

/* --- who may use what --- */

static struct vm config_vms[3];
static struct vcpu config_vcpus[3][2];

static struct vm *make_vm(unsigned n, const char *name, unsigned count)
{
	struct vm *made = &config_vms[n];

	*made = (struct vm){ .nr_vcpus = count };
	strcpy(made->name, name);
	for (unsigned i = 0; i < count; i++) {
		config_vcpus[n][i] = (struct vcpu){ .vm = made, .id = i };
		list_init(&config_vcpus[n][i].run_link);
		made->vcpus[i] = &config_vcpus[n][i];
	}
	sched_place(made);
	vms[nr_vms++] = made;
	return made;
}

static bool said(const char *text)
{
	bool found = strstr(fake_log, text) != NULL;

	if (!found)
		print_error("logged: %s", fake_log);
	return found;
}

static void test_missing_cpus(void **state)
{
	struct sched_config config = { .cpus = BIT(1) | BIT(2) | BIT(3) | BIT(63) };

	(void)state;
	assert_int_equal(sched_check("a", 1, &config), OK);
	assert_int_equal(config.cpus, BIT(1) | BIT(2));
	assert_true(said("vm a: cpus: this machine has no CPU 3, left out (it has 0 to 2)"));
	assert_true(said("no CPU 63"));
	config.cpus = BIT(3);
	assert_int_equal(sched_check("b", 1, &config), ERR_NOT_FOUND);
	assert_true(said("vm b: cpus: none is left, expected some of 0 to 2"));
}

static void test_weight(void **state)
{
	struct sched_config config = { .weight = 50 };

	(void)state;
	make_vm(0, "a", 2);
	assert_int_equal(config_vcpus[0][0].vtime_rate, VTIME_TICK);
	sched_configure(&config_vms[0], &config);
	assert_int_equal(config_vcpus[0][0].vtime_rate, 2 * VTIME_TICK);
	config.weight = 1000;
	sched_configure(&config_vms[0], &config);
	assert_int_equal(config_vcpus[0][1].vtime_rate, VTIME_TICK / 10);
	sched_unplace(&config_vms[0]);
}

/* Three CPUs: a pinned VM of two takes the higher ones, and one stays for the others. */
static void test_pinned(void **state)
{
	struct sched_config pinned = { .pinned = true }, any = { 0 };

	(void)state;
	assert_int_equal(sched_check("a", 1, &any), OK);
	make_vm(0, "a", 1);
	assert_int_equal(sched_check("big", 3, &pinned), ERR_NOT_FOUND);
	assert_true(said("vm big: pinned: needs 3 CPUs of its own, but of the 3 that it may use 2 "
			 "are free"));
	assert_int_equal(sched_check("b", 2, &pinned), OK);
	sched_configure(make_vm(1, "b", 2), &pinned);
	assert_int_equal(sched_pinned_cpus, BIT(1) | BIT(2));
	assert_ptr_equal(config_vcpus[1][0].cpu, &cpus[1]);
	assert_ptr_equal(config_vcpus[1][1].cpu, &cpus[2]);
	/* Two that want the same one. */
	pinned.cpus = BIT(2);
	assert_int_equal(sched_check("c", 1, &pinned), ERR_NOT_FOUND);
	assert_true(said("vm c: pinned: needs 1 CPU of its own, but of the 1 that it may use 0 are "
			 "free"));
	assert_true(said("vm c: CPU 2 is pinned to VM b"));
	pinned.cpus = BIT(0);
	assert_int_equal(sched_check("d", 1, &pinned), ERR_NOT_FOUND);
	assert_true(said("vm d: CPU 0 is the last that VM a may use"));
	any.cpus = BIT(1);
	assert_int_equal(sched_check("e", 1, &any), ERR_NOT_FOUND);
	assert_true(said("vm e: every CPU that it may use is pinned to another VM"));
	/* Who is powered on now does not begin on a pinned one, wherever it was placed. */
	config_vcpus[0][0].cpu = &cpus[2];
	assert_ptr_equal(sched_choose_start(&config_vcpus[0][0]), &cpus[0]);
	sched_unplace(&config_vms[1]);
	sched_unplace(&config_vms[0]);
	assert_int_equal(sched_pinned_cpus, 0);
}

/* A CPU where somebody lives can't become another's own. */
static void test_pinned_in_use(void **state)
{
	struct sched_config pinned = { .pinned = true, .cpus = BIT(0) };

	(void)state;
	on_cpu0(1);
	assert_int_equal(sched_check("b", 1, &pinned), ERR_NOT_FOUND);
	assert_true(said("vm b: CPU 0 is in use"));
}

/* --- exclusive, and its end --- */

static void leave_running(struct vcpu *vcpu)
{
	if (vcpu->exclusive)
		longjmp(idle, 1); /* it is in WFI, untrapped */
	assert_true(sched_block(vcpu));
}

/* A crowd on one CPU ends it on the others too, from the first moment. */
static void test_crowd_elsewhere(void **state)
{
	(void)state;
	on_cpu0(1);
	loop(leave_running);
	assert_true(vcpus[0].exclusive);
	for (unsigned i = 1; i < 3; i++) {
		vcpus[i].cpu = &cpus[1];
		vcpus[i].cpus = BIT(1);
		vcpus[i].vtime_rate = VTIME_TICK;
	}
	sched_power_on(&vcpus[1]);
	assert_int_equal(kicks[0], 0);
	assert_int_equal(vcpus[0].work & WORK_RESCHED, 0);
	fake_cpu_switch(1);
	sched_power_on(&vcpus[2]);
	assert_int_equal(kicks[0], 1);
	assert_true(vcpus[0].work & WORK_RESCHED);
	/* And only once. */
	runs = 0;
	loop(power_off);
	assert_int_equal(runs, 2);
	assert_int_equal(kicks[0], 1);
}

/* --- jobs --- */

static struct sched_job jobs[2];
static unsigned job_steps[2], job_left[2];
static char order[64];

static void note(char what)
{
	size_t length = strlen(order);

	assert_true(length < sizeof(order) - 1);
	order[length] = what;
	order[length + 1] = '\0';
}

static bool job_step(struct sched_job *job)
{
	unsigned n = job == &jobs[1];

	note(n ? 'B' : 'A');
	job_steps[n]++;
	return --job_left[n] != 0;
}

static void add_jobs(unsigned a, unsigned b)
{
	order[0] = '\0';
	memset(job_steps, 0, sizeof(job_steps));
	for (unsigned n = 0; n < 2; n++) {
		job_left[n] = n ? b : a;
		jobs[n].step = job_step;
		list_init(&jobs[n].link);
		if (job_left[n] != 0)
			sched_add_job(&cpus[0], &jobs[n]);
	}
}

static void test_jobs(void **state)
{
	(void)state;
	fake_cpu_switch(0);
	polls_left = 7;
	add_jobs(4, 2);
	loop(leave_blocked);
	assert_string_equal(order, "ABABAA");
	/* Interrupts are looked at after each step. */
	assert_int_equal(polls_left, 0);
}

static void run_and_note(struct vcpu *vcpu)
{
	assert_false(vcpu->exclusive && job_left[0] != 0);
	note('v');
	if (job_left[0] == 0) {
		vcpu->work = 0;
		assert_true(sched_block(vcpu));
	}
}

/* A vCPU and a job take turns. */
static void test_job_beside_vcpu(void **state)
{
	(void)state;
	on_cpu0(1);
	add_jobs(3, 0);
	loop(run_and_note);
	assert_string_equal(order, "AvAvAv");
}

static void add_while_running(struct vcpu *vcpu)
{
	if (step++ == 0) {
		sched_add_job(&cpus[0], &jobs[0]);
		assert_true(vcpu->work & WORK_RESCHED);
		return;
	}
	assert_true(sched_block(vcpu));
}

static void test_job_arrives(void **state)
{
	(void)state;
	on_cpu0(1);
	add_jobs(0, 0);
	job_left[0] = 1;
	step = 0;
	loop(add_while_running);
	assert_int_equal(step, 2);
	assert_string_equal(order, "A");
	fake_cpu_switch(1);
	job_left[0] = 1;
	sched_add_job(&cpus[0], &jobs[0]);
	assert_int_equal(kicks[0], 1);
	fake_cpu_switch(0);
	polls_left = 1;
	loop(leave_blocked);
	assert_string_equal(order, "AA");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_place),
		TEST(test_kick_sgi),
		TEST(test_power),
		TEST(test_power_on_elsewhere),
		TEST(test_exclusive),
		TEST(test_hand_over),
		TEST(test_signal_blocked),
		TEST(test_signal_waiting),
		TEST(test_late_wake),
		TEST(test_signal_off),
		TEST(test_signal_paused),
		TEST(test_signal_running),
		TEST(test_signal_exclusive),
		TEST(test_shared),
		TEST(test_second_arrives),
		TEST(test_block),
		TEST(test_wake_at_once),
		TEST(test_request_from_elsewhere),
		TEST(test_request_off),
		TEST(test_pause),
		TEST(test_stop_paused),
		TEST(test_stop_while_pausing),
		TEST(test_turns),
		TEST(test_fair),
		TEST(test_late_slice),
		TEST(test_yield),
		TEST(test_missing_cpus),
		TEST(test_weight),
		TEST(test_pinned),
		TEST(test_pinned_in_use),
		TEST(test_crowd_elsewhere),
		TEST(test_jobs),
		TEST(test_job_beside_vcpu),
		TEST(test_job_arrives),
	};

	fake_reg(CNTFRQ_EL0) = HZ;
	return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
