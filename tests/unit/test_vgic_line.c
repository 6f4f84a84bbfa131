/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines: SPIs that fall when the guest has ended them, and say so; whichever way it ends them, and
 * whatever it does to its distributor.
 *
 * links: tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c
 * hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c
 * hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c
 * hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define PRIORITY         0x80
#define LINE             100
#define PULSE            101
#define ISENABLER(intid) GICD(0x100 + (intid) / 32 * 4)
#define ICENABLER(intid) GICD(0x180 + (intid) / 32 * 4)
#define ISPENDR(intid)   GICD(0x200 + (intid) / 32 * 4)
#define ICPENDR(intid)   GICD(0x280 + (intid) / 32 * 4)
#define ISACTIVER(intid) GICD(0x300 + (intid) / 32 * 4)
#define ICACTIVER(intid) GICD(0x380 + (intid) / 32 * 4)
#define ICFGR(intid)     GICD(0xc00 + (intid) / 16 * 4)
#define EDGE(intid)      (UINT32_C(2) << (2 * ((intid) % 16)))
#define BIT_OF(intid)    BIT((intid) % 32)

static int begin_with(unsigned vcpus, unsigned lrs)
{
	model_create(vcpus, lrs);
	guest_setup(PRIORITY);
	guest_write(0, ICFGR(PULSE), 4, EDGE(PULSE));
	vgic_open_line(model_vm, LINE, true);
	vgic_open_line(model_vm, PULSE, false);
	return 0;
}

static int begin_one(void **state)
{
	(void)state;
	return begin_with(1, 4);
}

static int begin_two(void **state)
{
	(void)state;
	return begin_with(2, 4);
}

static int begin_one_register(void **state)
{
	(void)state;
	return begin_with(1, 1);
}

static int end(void **state)
{
	(void)state;
	model_destroy();
	return 0;
}

/* By who runs on that CPU. */
static enum vgic_rise raise_from(unsigned cpu, unsigned intid)
{
	unsigned before = this_cpu()->index;
	enum vgic_rise result;

	fake_cpu_switch(cpu);
	result = vgic_raise_line(model_vm, intid);
	fake_cpu_switch(before);
	return result;
}

static void raise(unsigned intid)
{
	assert_int_equal(raise_from(0, intid), VGIC_RISE_DONE);
	model_run_all();
}

static void acknowledge(unsigned cpu, unsigned intid)
{
	assert_int_equal(guest_ack(cpu, true), intid);
}

static void eoi(unsigned cpu, unsigned intid)
{
	guest_eoi(cpu, intid, true);
	model_run_all();
}

static void dir(unsigned cpu, unsigned intid)
{
	guest_dir(cpu, intid);
	model_run_all();
}

static void expect_nothing(unsigned cpu)
{
	model_run_all();
	assert_int_equal(guest_signalled(cpu, NULL), MODEL_SPURIOUS);
}

static void set_eoimode(unsigned cpu)
{
	guest_set_eoimode(cpu, true);
	/* It is seen at the next occasion. */
	model_switch(cpu, NULL);
	model_switch(cpu, model_vcpu(cpu));
	model_run_all();
}

static void falls_at_eoi(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		raise(LINE);
		acknowledge(0, LINE);
		assert_int_equal(model_ended[LINE], i - 1);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], i);
		expect_nothing(0);
		assert_int_equal(guest_read(0, ISPENDR(LINE), 4), 0);
	}
}

/* In EOImode 1 the EOI is a priority drop. */
static void falls_at_dir(void **state)
{
	(void)state;
	set_eoimode(0);
	for (unsigned i = 1; i <= 3; i++) {
		raise(LINE);
		acknowledge(0, LINE);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], i - 1);
		expect_nothing(0);
		dir(0, LINE);
		assert_int_equal(model_ended[LINE], i);
		expect_nothing(0);
	}
}

/* With several vCPUs the DIR is trapped, and may come from any of them. */
static void falls_at_a_trapped_dir(void **state)
{
	(void)state;
	set_eoimode(0);
	set_eoimode(1);
	raise(LINE);
	acknowledge(0, LINE);
	eoi(0, LINE);
	dir(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	raise(LINE);
	acknowledge(0, LINE);
	eoi(0, LINE);
	dir(1, LINE);
	assert_int_equal(model_ended[LINE], 2);
	expect_nothing(0);
	/* It is active in no list register. */
	raise(LINE);
	acknowledge(0, LINE);
	eoi(0, LINE);
	model_switch(0, NULL);
	dir(1, LINE);
	assert_int_equal(model_ended[LINE], 3);
	dir(1, LINE);
	assert_int_equal(model_ended[LINE], 3);
}

static void high_already(void **state)
{
	(void)state;
	raise(LINE);
	assert_int_equal(raise_from(0, LINE), VGIC_RISE_HIGH);
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	expect_nothing(0);
	/* Before it was in a list register at all. */
	assert_int_equal(raise_from(0, LINE), VGIC_RISE_DONE);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 2);
	expect_nothing(0);
}

/* From elsewhere it can't be seen whether the guest has acknowledged it. */
static void high_already_from_elsewhere(void **state)
{
	(void)state;
	raise(LINE);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 2);
	expect_nothing(0);
	/* Unless its vCPU comes out before it does. */
	raise(LINE);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	model_switch(0, NULL);
	model_switch(0, model_vcpu(0));
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 3);
	expect_nothing(0);
}

static void raised_between_acknowledgement_and_end(void **state)
{
	(void)state;
	for (unsigned from = 0; from < 2; from++) {
		unsigned before = model_ended[LINE];

		raise(LINE);
		acknowledge(0, LINE);
		assert_int_equal(raise_from(from, LINE), VGIC_RISE_HIGH);
		assert_int_equal(raise_from(from, LINE), VGIC_RISE_HIGH);
		model_run_all();
		expect_nothing(0);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], before + 1);
		acknowledge(0, LINE);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], before + 2);
		expect_nothing(0);
	}
}

/* The guest has ended it, and Lintel has not looked yet. */
static void raised_behind_the_end(void **state)
{
	(void)state;
	for (unsigned from = 0; from < 2; from++) {
		unsigned before = model_ended[LINE];

		raise(LINE);
		acknowledge(0, LINE);
		guest_eoi(0, LINE, true);
		assert_int_equal(raise_from(from, LINE), VGIC_RISE_HIGH);
		model_run_all();
		assert_int_equal(model_ended[LINE], before + 1);
		acknowledge(0, LINE);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], before + 2);
		expect_nothing(0);
	}
}

static void raised_while_active_outside(void **state)
{
	(void)state;
	raise(LINE);
	acknowledge(0, LINE);
	model_switch(0, NULL);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	model_switch(0, model_vcpu(0));
	model_run_all();
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 2);
	expect_nothing(0);
}

/* The vCPU leaves when it has just ended it. */
static void ended_right_before_it_leaves(void **state)
{
	(void)state;
	raise(LINE);
	acknowledge(0, LINE);
	guest_eoi(0, LINE, true);
	model_switch(0, NULL);
	assert_int_equal(model_ended[LINE], 1);
	model_switch(0, model_vcpu(0));
	expect_nothing(0);
}

/* One list register: what is active beside another one is ended by EOIcount. */
static void ended_outside_the_registers(void **state)
{
	(void)state;
	guest_write(0, GICD(0x400 + 40), 1, 0x40);
	raise(LINE);
	acknowledge(0, LINE);
	vgic_set_spi(model_vm, 40, true);
	model_run_all();
	acknowledge(0, 40);
	vgic_set_spi(model_vm, 40, false);
	eoi(0, 40);
	assert_int_equal(model_ended[LINE], 0);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	assert_int_equal(model_ended[40], 0);
	expect_nothing(0);
}

static void cleared_by_icactiver(void **state)
{
	(void)state;
	/* By itself, by another, and while its vCPU is away. */
	for (unsigned i = 0; i < 3; i++) {
		raise(LINE);
		acknowledge(0, LINE);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], 2 * i + 1);
		raise(LINE);
		acknowledge(0, LINE);
		model_cpus[0].ap1 = 0;
		if (i == 2)
			model_switch(0, NULL);
		guest_write(i ? 1 : 0, ICACTIVER(LINE), 4, BIT_OF(LINE));
		model_run_all();
		assert_int_equal(model_ended[LINE], 2 * i + 2);
		guest_write(1, ICACTIVER(LINE), 4, BIT_OF(LINE));
		model_run_all();
		assert_int_equal(model_ended[LINE], 2 * i + 2);
		if (i == 2)
			model_switch(0, model_vcpu(0));
		expect_nothing(0);
	}
}

static void icpendr_changes_nothing(void **state)
{
	(void)state;
	raise(LINE);
	guest_write(0, ICPENDR(LINE), 4, BIT_OF(LINE));
	model_run_all();
	assert_int_equal(guest_read(0, ISPENDR(LINE), 4), BIT_OF(LINE));
	acknowledge(0, LINE);
	guest_write(0, ICPENDR(LINE), 4, BIT_OF(LINE));
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	expect_nothing(0);
}

static void pended_by_the_guest(void **state)
{
	(void)state;
	guest_write(0, ISPENDR(LINE), 4, BIT_OF(LINE));
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 0);
	/* Raised while that one is active: for one more. */
	guest_write(0, ISPENDR(LINE), 4, BIT_OF(LINE));
	model_run_all();
	acknowledge(0, LINE);
	assert_int_equal(raise_from(0, LINE), VGIC_RISE_DONE);
	model_run_all();
	expect_nothing(0);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 0);
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	expect_nothing(0);
	/* Raised from elsewhere while it waits: then its vCPU comes out and goes in. */
	guest_write(0, ISPENDR(LINE), 4, BIT_OF(LINE));
	model_run_all();
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_DONE);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	model_switch(0, NULL);
	assert_int_equal(guest_read(1, ISPENDR(LINE), 4), BIT_OF(LINE));
	model_switch(0, model_vcpu(0));
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 2);
	expect_nothing(0);
}

static void disabled_and_enabled(void **state)
{
	(void)state;
	guest_write(0, ICENABLER(LINE), 4, BIT_OF(LINE));
	raise(LINE);
	expect_nothing(0);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	guest_write(0, ISENABLER(LINE), 4, BIT_OF(LINE));
	model_run_all();
	acknowledge(0, LINE);
	guest_write(0, ICENABLER(LINE), 4, BIT_OF(LINE));
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	guest_write(0, ISENABLER(LINE), 4, BIT_OF(LINE));
	expect_nothing(0);
}

/* The guest says that it is edge-triggered: it works all the same. */
static void made_edge_triggered(void **state)
{
	(void)state;
	guest_write(0, ICENABLER(LINE), 4, BIT_OF(LINE));
	guest_write(0, ICFGR(LINE), 4, EDGE(LINE) | EDGE(PULSE));
	guest_write(0, ISENABLER(LINE), 4, BIT_OF(LINE));
	raise(LINE);
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	expect_nothing(0);
	/* Raised while it is active; and made pending by the guest, too, which is the same one. */
	for (unsigned i = 0; i < 2; i++) {
		raise(LINE);
		acknowledge(0, LINE);
		assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
		if (i)
			guest_write(0, ISPENDR(LINE), 4, BIT_OF(LINE));
		expect_nothing(0);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], 2 * i + 2);
		acknowledge(0, LINE);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], 2 * i + 3);
		expect_nothing(0);
	}
}

static void made_edge_triggered_while_high(void **state)
{
	(void)state;
	guest_write(0, ICENABLER(LINE), 4, BIT_OF(LINE));
	raise(LINE);
	guest_write(0, ICFGR(LINE), 4, EDGE(LINE) | EDGE(PULSE));
	guest_write(0, ISENABLER(LINE), 4, BIT_OF(LINE));
	expect_nothing(0);
	assert_int_equal(raise_from(0, LINE), VGIC_RISE_HIGH);
	model_run_all();
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	expect_nothing(0);
}

static void pulses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		raise(PULSE);
		acknowledge(0, PULSE);
		assert_int_equal(raise_from(1, PULSE), VGIC_RISE_DONE);
		assert_int_equal(raise_from(1, PULSE), VGIC_RISE_HIGH);
		model_run_all();
		eoi(0, PULSE);
		acknowledge(0, PULSE);
		eoi(0, PULSE);
		expect_nothing(0);
	}
	assert_int_equal(model_ended[PULSE], 0);
	/* The guest has left it level-sensitive: nothing comes of it, not even later. */
	guest_write(0, ICFGR(PULSE), 4, 0);
	assert_int_equal(raise_from(0, PULSE), VGIC_RISE_DOWN);
	expect_nothing(0);
	guest_write(0, ICFGR(PULSE), 4, EDGE(PULSE));
	expect_nothing(0);
	raise(PULSE);
	acknowledge(0, PULSE);
	eoi(0, PULSE);
	expect_nothing(0);
}

static void closed_until_it_runs(void **state)
{
	(void)state;
	raise(LINE);
	acknowledge(0, LINE);
	assert_int_equal(raise_from(1, LINE), VGIC_RISE_HIGH);
	raise(PULSE);
	model_switch(0, NULL);
	model_switch(1, NULL);
	vgic_part.reset(model_vm);
	assert_int_equal(model_ended[LINE], 0);
	assert_int_equal(raise_from(0, LINE), VGIC_RISE_DOWN);
	assert_int_equal(raise_from(0, PULSE), VGIC_RISE_DOWN);
	assert_int_equal(raise_from(0, LINE + 32), VGIC_RISE_DOWN);
	for (unsigned i = 0; i < 2; i++) {
		vgic_part.vcpu_reset(model_vcpu(i));
		model_switch(i, model_vcpu(i));
	}
	vgic_open_line(model_vm, LINE, true);
	vgic_open_line(model_vm, LINE, true);
	guest_setup(PRIORITY);
	expect_nothing(0);
	raise(LINE);
	acknowledge(0, LINE);
	eoi(0, LINE);
	assert_int_equal(model_ended[LINE], 1);
	expect_nothing(0);
}

/* Whoever is told of the end raises it again at once. */
static unsigned left;

static void raise_again(unsigned intid)
{
	if (left-- > 0)
		assert_int_equal(vgic_raise_line(model_vm, intid), VGIC_RISE_DONE);
}

static void resampled(void **state)
{
	(void)state;
	model_on_end = raise_again;
	left = 100;
	raise(LINE);
	for (unsigned i = 0; i <= 100; i++) {
		acknowledge(0, LINE);
		eoi(0, LINE);
		assert_int_equal(model_ended[LINE], i + 1);
	}
	expect_nothing(0);
}

/* Several at once, of several words, beside one that is no line. */
static void several_at_once(void **state)
{
	static const unsigned intids[] = { 33, 64, 287 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(intids); i++) {
		vgic_open_line(model_vm, intids[i], true);
		raise(intids[i]);
	}
	vgic_set_spi(model_vm, 65, true);
	model_run_all();
	vgic_set_spi(model_vm, 65, false);
	for (unsigned i = 0; i < ARRAY_SIZE(intids); i++) {
		acknowledge(0, intids[i]);
		guest_eoi(0, intids[i], true);
	}
	model_run_all();
	for (unsigned i = 0; i < ARRAY_SIZE(intids); i++)
		assert_int_equal(model_ended[intids[i]], 1);
	assert_int_equal(model_ended[65], 0);
	expect_nothing(0);
}

#define CASE(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(falls_at_eoi, begin_one),
		CASE(falls_at_dir, begin_one),
		CASE(falls_at_a_trapped_dir, begin_two),
		CASE(high_already, begin_two),
		CASE(high_already_from_elsewhere, begin_two),
		CASE(raised_between_acknowledgement_and_end, begin_two),
		CASE(raised_behind_the_end, begin_two),
		CASE(raised_while_active_outside, begin_two),
		CASE(ended_right_before_it_leaves, begin_one),
		CASE(ended_outside_the_registers, begin_one_register),
		CASE(cleared_by_icactiver, begin_two),
		CASE(icpendr_changes_nothing, begin_one),
		CASE(pended_by_the_guest, begin_two),
		CASE(disabled_and_enabled, begin_two),
		CASE(made_edge_triggered, begin_two),
		CASE(made_edge_triggered_while_high, begin_one),
		CASE(pulses, begin_two),
		CASE(closed_until_it_runs, begin_two),
		CASE(resampled, begin_one),
		CASE(several_at_once, begin_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
