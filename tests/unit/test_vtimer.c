/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's timers (the corner cases of a virtual timer with a list register of its own) and the
 * soft timers.
 *
 * links: tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c
 * hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c
 * hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c
 * hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c hyp/vm/timer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/vdev/vgic_fast.h"
#include "hyp/vm/timer.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define VIRTUAL   0
#define PHYSICAL  1
#define ISENABLER 0x100
#define ICENABLER 0x180
#define ISPENDR   0x200
#define ISACTIVER 0x300

static const unsigned ppi[] = { VTIMER_PPI_VIRTUAL, VTIMER_PPI_PHYSICAL };

static int begin(void **state)
{
	(void)state;
	model_create(2, 4);
	guest_setup(0x80);
	assert_int_equal(timer_queue_init(), OK);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		fake_cpu_switch(cpu);
		timer_clear_deadline();
		timer_queue_init_cpu();
	}
	fake_cpu_switch(0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	model_destroy();
	return 0;
}

/* The guest sets a timer: `in` ticks from now. */
static void set_timer(unsigned cpu, unsigned which, uint64_t ctl, int64_t in)
{
	model_cpus[cpu].ctl[which] = ctl;
	model_cpus[cpu].cval[which] =
		model_counter + (uint64_t)in - (which == VIRTUAL ? model_vm->cntvoff : 0);
	model_run_all();
}

static void pass(uint64_t ticks)
{
	model_counter += ticks;
	model_run_all();
}

static void expect_nothing(unsigned cpu)
{
	assert_int_equal(guest_signalled(cpu, NULL), MODEL_SPURIOUS);
}

static bool reads_pending(unsigned which)
{
	return guest_read(0, SGI_FRAME(0, ISPENDR), 4) & BIT(ppi[which]);
}

static bool is_phys_active(unsigned cpu, unsigned which)
{
	return model_cpus[cpu].phys_active & BIT(ppi[which]);
}

static void fires_and_is_ended_by_the_guest(void **state)
{
	(void)state;
	for (unsigned which = VIRTUAL; which <= PHYSICAL; which++) {
		for (unsigned i = 0; i < 3; i++) {
			set_timer(0, which, TIMER_CTL_ENABLE, 10);
			expect_nothing(0);
			pass(10);
			assert_int_equal(guest_ack(0, true), ppi[which]);
			assert_true(is_phys_active(0, which));
			set_timer(0, which, TIMER_CTL_ENABLE, 1000);
			guest_eoi(0, ppi[which], true);
			model_run_all();
			assert_false(is_phys_active(0, which));
			expect_nothing(0);
		}
	}
	expect_nothing(1);
}

/* It stands for none of the vCPU's: EL0 of a guest hypervisor wrote it. */
static void fires_for_nobody(void **state)
{
	(void)state;
	vgic_set_hw(vgic_cpu_of(model_vcpu(0)), &(struct vgic_hw){ 0 });
	for (unsigned which = VIRTUAL; which <= PHYSICAL; which++) {
		set_timer(0, which, TIMER_CTL_ENABLE, 0);
		expect_nothing(0);
		assert_int_equal(model_cpus[0].ctl[which], 0);
		assert_false(is_phys_active(0, which));
		assert_int_equal(guest_read(0, SGI_FRAME(0, ISPENDR), 4), 0);
	}
}

static void level_still_high_comes_again(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(guest_ack(0, true), 27);
		guest_eoi(0, 27, true);
		model_run_all();
	}
	assert_int_equal(guest_signalled(0, NULL), 27);
}

static void masked_before_it_is_ended(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	assert_int_equal(guest_ack(0, true), 27);
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE | TIMER_CTL_IMASK, 0);
	guest_eoi(0, 27, true);
	model_run_all();
	expect_nothing(0);
	assert_false(is_phys_active(0, VIRTUAL));
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	assert_int_equal(guest_signalled(0, NULL), 27);
}

/* The output is low again when Lintel gets to see the interrupt. */
static void spurious(void **state)
{
	(void)state;
	model_cpus[0].ctl[VIRTUAL] = TIMER_CTL_ENABLE;
	model_cpus[0].cval[VIRTUAL] = 0;
	assert_true(model_busy(0));
	model_cpus[0].phys_active |= (uint32_t)BIT(27);
	model_cpus[0].ctl[VIRTUAL] = 0;
	model_irq(0, 27);
	assert_false(is_phys_active(0, VIRTUAL));
	expect_nothing(0);
	/* Nor is there a vCPU. */
	model_switch(0, NULL);
	model_cpus[0].phys_active |= (uint32_t)BIT(27);
	model_irq(0, 27);
	assert_false(is_phys_active(0, VIRTUAL));
	model_switch(0, model_vcpu(0));
}

/* Pending in a list register, then masked, then the guest does something that folds. */
static void dropped_before_it_is_taken(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	assert_int_equal(guest_signalled(0, NULL), 27);
	set_timer(0, VIRTUAL, 0, 0);
	assert_false(reads_pending(VIRTUAL));
	expect_nothing(0);
	assert_false(is_phys_active(0, VIRTUAL));
}

/* With the PPI disabled the guest reads ISPENDR: the output as it is now. */
static void polled_while_disabled(void **state)
{
	(void)state;
	for (unsigned which = VIRTUAL; which <= PHYSICAL; which++) {
		guest_write(0, SGI_FRAME(0, 0x180), 4, BIT(ppi[which]));
		assert_false(model_cpus[0].phys_enabled & BIT(ppi[which]));
		set_timer(0, which, TIMER_CTL_ENABLE, 10);
		assert_false(reads_pending(which));
		pass(10);
		assert_true(reads_pending(which));
		expect_nothing(0);
		set_timer(0, which, TIMER_CTL_ENABLE | TIMER_CTL_IMASK, 0);
		assert_false(reads_pending(which));
		set_timer(0, which, TIMER_CTL_ENABLE, 0);
		guest_write(0, SGI_FRAME(0, 0x100), 4, BIT(ppi[which]));
		assert_int_equal(guest_ack(0, true), ppi[which]);
		assert_true(guest_read(0, SGI_FRAME(0, ISACTIVER), 4) & BIT(ppi[which]));
		set_timer(0, which, 0, 0);
		guest_eoi(0, ppi[which], true);
		model_run_all();
		assert_false(guest_read(0, SGI_FRAME(0, ISACTIVER), 4) & BIT(ppi[which]));
	}
}

/* Another vCPU reads it too. */
static void polled_by_another(void **state)
{
	(void)state;
	guest_write(1, SGI_FRAME(1, 0x180), 4, BIT(27));
	set_timer(1, VIRTUAL, TIMER_CTL_ENABLE, 0);
	assert_true(guest_read(0, SGI_FRAME(1, ISPENDR), 4) & BIT(27));
	set_timer(1, VIRTUAL, 0, 0);
	assert_false(guest_read(0, SGI_FRAME(1, ISPENDR), 4) & BIT(27));
	set_timer(1, VIRTUAL, TIMER_CTL_ENABLE, 20);
	model_switch(1, NULL);
	assert_false(guest_read(0, SGI_FRAME(1, ISPENDR), 4) & BIT(27));
	pass(20);
	assert_true(guest_read(0, SGI_FRAME(1, ISPENDR), 4) & BIT(27));
}

static void disabled_while_pending(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	guest_write(0, SGI_FRAME(0, 0x180), 4, BIT(27));
	expect_nothing(0);
	guest_write(0, SGI_FRAME(0, 0x100), 4, BIT(27));
	assert_int_equal(guest_ack(0, true), 27);
	set_timer(0, VIRTUAL, 0, 0);
	guest_eoi(0, 27, true);
	model_run_all();
	expect_nothing(0);
}

/* ISPENDR makes it pending beside its wire. */
static void pended_by_hand(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, ISPENDR), 4, BIT(27));
	assert_int_equal(guest_ack(0, true), 27);
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	guest_write(0, SGI_FRAME(0, ISPENDR), 4, BIT(27));
	guest_eoi(0, 27, true);
	model_run_all();
	/* Wire and latch together are one pending interrupt; then the wire's again. */
	assert_int_equal(guest_ack(0, true), 27);
	guest_eoi(0, 27, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), 27);
	set_timer(0, VIRTUAL, 0, 0);
	guest_eoi(0, 27, true);
	model_run_all();
	expect_nothing(0);
}

static void put_and_loaded_while_pending(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	model_switch(0, NULL);
	assert_int_equal(model_cpus[0].ctl[VIRTUAL], 0);
	model_switch(0, model_vcpu(0));
	assert_true(is_phys_active(0, VIRTUAL)); /* straight into a list register */
	model_run_all();
	assert_int_equal(guest_ack(0, true), 27);
	set_timer(0, VIRTUAL, 0, 0);
	guest_eoi(0, 27, true);
	model_run_all();
	expect_nothing(0);
}

static void put_and_loaded_while_active(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	assert_int_equal(guest_ack(0, true), 27);
	model_switch(0, NULL);
	model_switch(0, model_vcpu(0));
	model_run_all();
	assert_true(is_phys_active(0, VIRTUAL));
	expect_nothing(0);
	guest_eoi(0, 27, true);
	model_run_all();
	assert_int_equal(guest_signalled(0, NULL), 27);
}

/* Another vCPU on the same CPU has timers of its own, and its own idea of which are enabled. */
static void two_vcpus_on_one_cpu(void **state)
{
	(void)state;
	guest_write(1, SGI_FRAME(1, 0x180), 4, BIT(30));
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 10);
	model_switch(1, NULL);
	model_switch(0, model_vcpu(1));
	model_run_all();
	assert_int_equal(model_cpus[0].ctl[VIRTUAL], 0);
	assert_true(model_cpus[0].phys_enabled & BIT(27));
	assert_false(model_cpus[0].phys_enabled & BIT(30));
	pass(20);
	expect_nothing(0);
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
	assert_int_equal(guest_ack(0, true), 27);
	model_switch(0, model_vcpu(0));
	model_run_all();
	assert_true(model_cpus[0].phys_enabled & BIT(30));
	assert_int_equal(guest_ack(0, true), 27);
}

static void counter_offset(void **state)
{
	(void)state;
	assert_int_equal(model_cpus[0].cntvoff, 500);
	/* A compare value that no counter reaches. */
	model_cpus[0].ctl[VIRTUAL] = TIMER_CTL_ENABLE;
	model_cpus[0].cval[VIRTUAL] = UINT64_MAX - 1;
	model_vcpu(0)->state = VCPU_BLOCKED;
	model_switch(0, NULL);
	pass(1000);
	assert_int_equal(model_vcpu(0)->state, VCPU_BLOCKED);
	assert_false(vtimer_lines(model_vcpu(0)));
}

/* While it waits, unloaded, its timers wake it: when they are due, not before. */
static void wakes_a_blocked_vcpu(void **state)
{
	(void)state;
	for (unsigned which = VIRTUAL; which <= PHYSICAL; which++) {
		set_timer(0, which, TIMER_CTL_ENABLE, 100);
		model_vcpu(0)->state = VCPU_BLOCKED;
		model_switch(0, NULL);
		pass(99);
		assert_int_equal(model_vcpu(0)->state, VCPU_BLOCKED);
		assert_false(vgic_has_pending(model_vcpu(0)));
		pass(1);
		assert_int_equal(model_vcpu(0)->state, VCPU_READY);
		assert_true(vgic_has_pending(model_vcpu(0)));
		model_switch(0, model_vcpu(0));
		model_run_all();
		assert_int_equal(guest_ack(0, true), ppi[which]);
		set_timer(0, which, 0, 0);
		guest_eoi(0, ppi[which], true);
		model_run_all();
	}
}

/*
 * Waits with an interrupt that it can't get, by its priority mask or because the PPI is off: is not
 * woken at once, again and again, but is looked at in a while.
 */
static void does_not_wake_for_what_is_masked(void **state)
{
	uint64_t again = timer_ms_to_ticks(10);

	(void)state;
	for (unsigned by_priority = 0; by_priority < 2; by_priority++) {
		if (by_priority)
			model_cpus[0].vmcr &= ~VIF_VMCR_VPMR;
		else
			guest_write(0, SGI_FRAME(0, ICENABLER), 4, BIT(27));
		model_run_all();
		set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 0);
		assert_false(vgic_has_pending(model_vcpu(0)));
		model_vcpu(0)->state = VCPU_BLOCKED;
		model_switch(0, NULL);
		pass(again - 1);
		assert_int_equal(model_vcpu(0)->state, VCPU_BLOCKED);
		pass(1);
		assert_int_equal(model_vcpu(0)->state, VCPU_READY);
		model_switch(0, model_vcpu(0));
		set_timer(0, VIRTUAL, 0, 0);
		guest_write(0, SGI_FRAME(0, ISENABLER), 4, BIT(27));
		model_run_all();
	}
}

/* It fired after Lintel had looked whether the vCPU must wait: woken at once. */
static void wakes_for_what_came_meanwhile(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 10);
	assert_false(vgic_has_pending(model_vcpu(0)));
	model_counter += 10;
	model_vcpu(0)->state = VCPU_BLOCKED;
	model_switch(0, NULL);
	model_run_all();
	assert_int_equal(model_vcpu(0)->state, VCPU_READY);
	model_switch(0, model_vcpu(0));
	model_run_all();
	assert_int_equal(guest_ack(0, true), 27);
}

/* Woken by something else before: the timer is the hardware's again. */
static void does_not_wake_what_runs(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 100);
	model_vcpu(0)->state = VCPU_BLOCKED;
	model_switch(0, NULL);
	model_switch(0, model_vcpu(0));
	model_run_all();
	set_timer(0, VIRTUAL, 0, 0);
	model_kicks = 0;
	pass(200);
	assert_int_equal(model_kicks, 0);
}

/* Loaded and waiting, on a CPU that is idle: the physical interrupt wakes it. */
static void wakes_a_loaded_vcpu(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 10);
	model_vcpu(0)->state = VCPU_BLOCKED;
	pass(10);
	assert_int_equal(model_vcpu(0)->state, VCPU_READY);
	assert_int_equal(guest_signalled(0, NULL), 27);
	model_vcpu(0)->state = VCPU_RUNNING;
}

static void does_not_wake_what_is_off(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 10);
	model_switch(0, NULL);
	model_vcpu(0)->state = VCPU_OFF;
	model_kicks = 0;
	pass(100);
	assert_int_equal(model_kicks, 0);
	vtimer_part.vcpu_reset(model_vcpu(0));
	vgic_part.vcpu_reset(model_vcpu(0));
	model_switch(0, model_vcpu(0));
	assert_int_equal(model_cpus[0].ctl[VIRTUAL], 0);
	model_run_all();
	expect_nothing(0);
}

/* Its VM is paused: the virtual timer is due so much later, the physical one when the machine's
 * counter says so. */
static void paused(void **state)
{
	(void)state;
	set_timer(0, VIRTUAL, TIMER_CTL_ENABLE, 100);
	set_timer(0, PHYSICAL, TIMER_CTL_ENABLE, 500);
	model_switch(0, NULL);
	model_vcpu(0)->state = VCPU_PAUSED;
	model_kicks = 0;
	pass(1000);
	assert_int_equal(model_vcpu(0)->state, VCPU_PAUSED);
	assert_int_equal(model_kicks, 0);
	model_vm->cntvoff += 1000; /* as vm_resume() does */
	assert_int_equal(vtimer_lines(model_vcpu(0)), BIT(ppi[PHYSICAL]));
	model_vcpu(0)->state = VCPU_RUNNING;
	model_switch(0, model_vcpu(0));
	assert_int_equal(model_cpus[0].cntvoff, 1500);
	model_run_all();
	assert_int_equal(guest_ack(0, true), ppi[PHYSICAL]);
	set_timer(0, PHYSICAL, 0, 0);
	guest_eoi(0, ppi[PHYSICAL], true);
	pass(99);
	expect_nothing(0);
	pass(1);
	assert_int_equal(guest_ack(0, true), ppi[VIRTUAL]);
}

/* ---- soft timers ---- */

static unsigned fired[8], fired_count;
static struct soft_timer timers[4];

static void note(struct soft_timer *timer)
{
	fired[fired_count++ % ARRAY_SIZE(fired)] = (unsigned)(timer - timers);
}

static void again(struct soft_timer *timer)
{
	note(timer);
	if (fired_count < 3)
		timer_arm(timer, timer->deadline + 10);
}

static void arm_all(void)
{
	static const unsigned in[] = { 30, 10, 40, 20 };

	fired_count = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(timers); i++) {
		soft_timer_init(&timers[i], note);
		timer_arm(&timers[i], model_counter + in[i]);
		assert_true(timer_armed(&timers[i]));
	}
}

static void soft_timers_fire_in_order(void **state)
{
	static const unsigned order[] = { 1, 3, 0, 2 };

	(void)state;
	arm_all();
	pass(9);
	assert_int_equal(fired_count, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		pass(i == 0 ? 1 : 10);
		assert_int_equal(fired_count, i + 1);
		assert_int_equal(fired[i], order[i]);
		assert_false(timer_armed(&timers[order[i]]));
	}
	arm_all();
	pass(1000);
	assert_int_equal(fired_count, 4);
	assert_memory_equal(fired, order, sizeof(order));
}

static void soft_timers_are_disarmed(void **state)
{
	(void)state;
	arm_all();
	timer_disarm(&timers[1]);
	timer_disarm(&timers[1]);
	fake_cpu_switch(1);
	timer_disarm(&timers[0]);
	fake_cpu_switch(0);
	pass(25);
	assert_int_equal(fired_count, 1);
	pass(100);
	assert_int_equal(fired_count, 2);
	assert_int_equal(fired[1], 2);
}

static void soft_timers_move(void **state)
{
	(void)state;
	arm_all();
	timer_arm(&timers[2], model_counter + 5);
	timer_arm(&timers[1], model_counter + 50);
	pass(5);
	assert_int_equal(fired_count, 1);
	assert_int_equal(fired[0], 2);
	pass(40);
	assert_int_equal(fired_count, 3);
	/* To another CPU, which is where it fires. */
	fake_cpu_switch(1);
	timer_arm(&timers[1], model_counter + 50);
	fake_cpu_switch(0);
	model_counter += 50;
	model_run(0);
	assert_int_equal(fired_count, 3);
	model_run(1);
	assert_int_equal(fired_count, 4);
}

static void soft_timer_in_the_past_and_again(void **state)
{
	(void)state;
	fired_count = 0;
	soft_timer_init(&timers[0], again);
	timer_arm(&timers[0], model_counter - 1);
	model_run_all();
	assert_int_equal(fired_count, 1);
	assert_true(timer_armed(&timers[0]));
	pass(10);
	assert_int_equal(fired_count, 2);
	pass(10);
	assert_int_equal(fired_count, 3);
	assert_false(timer_armed(&timers[0]));
	pass(100);
	assert_int_equal(fired_count, 3);
}

static void own_again(struct soft_timer *timer)
{
	note(timer);
	if (fired_count < 3)
		timer_arm_own(timer, model_counter + 15);
}

/* The CPU's own timer beside those in the list: the alarm is always the earliest, or earlier. */
static void own_timer_beside_others(void **state)
{
	static const unsigned order[] = { 1, 3, 0, 2 };

	(void)state;
	arm_all();
	timers[0].fn = own_again;
	timer_disarm(&timers[0]);
	timer_arm_own(&timers[0], model_counter + 100);
	timer_arm_own(&timers[0], model_counter + 30);
	pass(30);
	assert_int_equal(fired_count, 3);
	assert_memory_equal(fired, order, 3 * sizeof(order[0]));
	/* Both at once: the list's first. */
	fired_count = 0;
	timer_arm_own(&timers[0], model_counter + 10);
	pass(10);
	assert_int_equal(fired_count, 2);
	assert_int_equal(fired[0], 2);
	assert_int_equal(fired[1], 0);
	pass(14);
	assert_int_equal(fired_count, 2);
	pass(1);
	assert_int_equal(fired_count, 3);
	pass(1000);
	assert_int_equal(fired_count, 3);
	/* Nothing is left that it could fire for, however far a clock may be moved on. */
	assert_int_equal(fake_reg(CNTHP_CTL_EL2), 0);
}

/* A later end than the alarm stands for does not touch it; when it comes, it is set anew. */
static void own_timer_moves(void **state)
{
	unsigned writes;

	(void)state;
	fired_count = 0;
	soft_timer_init(&timers[0], note);
	timer_arm_own(&timers[0], model_counter + 10);
	writes = fake_sysreg_writes(SYS_CNTHP_CVAL_EL2);
	timer_arm_own(&timers[0], model_counter + 20);
	assert_int_equal(fake_sysreg_writes(SYS_CNTHP_CVAL_EL2), writes);
	pass(10);
	assert_int_equal(fired_count, 0);
	assert_int_equal(fake_reg(CNTHP_CVAL_EL2), model_counter + 10);
	pass(10);
	assert_int_equal(fired_count, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(fires_and_is_ended_by_the_guest),
		CASE(fires_for_nobody),
		CASE(level_still_high_comes_again),
		CASE(masked_before_it_is_ended),
		CASE(spurious),
		CASE(dropped_before_it_is_taken),
		CASE(polled_while_disabled),
		CASE(polled_by_another),
		CASE(disabled_while_pending),
		CASE(pended_by_hand),
		CASE(put_and_loaded_while_pending),
		CASE(put_and_loaded_while_active),
		CASE(two_vcpus_on_one_cpu),
		CASE(counter_offset),
		CASE(wakes_a_blocked_vcpu),
		CASE(does_not_wake_for_what_is_masked),
		CASE(wakes_for_what_came_meanwhile),
		CASE(does_not_wake_what_runs),
		CASE(wakes_a_loaded_vcpu),
		CASE(does_not_wake_what_is_off),
		CASE(paused),
		CASE(soft_timers_fire_in_order),
		CASE(soft_timers_are_disarmed),
		CASE(soft_timers_move),
		CASE(soft_timer_in_the_past_and_again),
		CASE(own_timer_beside_others),
		CASE(own_timer_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
