/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The four timers of a guest hypervisor: which are in the CPU in each context, what watches the
 * others, and whose the CPU's two physical interrupts are when contexts change.
 *
 * links: tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c
 * hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c
 * hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c
 * hyp/vdev/vgic_detached.c hyp/vdev/vgic_shared.c hyp/vdev/vtimer.c hyp/vm/timer.c
 * hyp/nested/timer.c hyp/nested/timer_access.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/arch/features.h"
#include "hyp/nested/timer.h"
#include "hyp/vm/timer.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define VIRTUAL    0
#define PHYSICAL   1
#define ICENABLER  0x180
#define ISENABLER  0x100
#define ISPENDR    0x200
#define ISACTIVER  0x300
#define LOOK_AGAIN UINT64_C(10000000) /* VTIMER_LOOK_AGAIN_MS at the model's 1 GHz */

#define CNTV       27
#define CNTP       30
#define CNTHV      28
#define CNTHP      26

struct cpu_features cpu_features;

static struct nested nested, sibling; /* of vCPU 0, and of vCPU 1, which is never loaded */
static uint64_t page[512], sibling_page[512];

static struct vcpu *vcpu(void)
{
	return model_vcpu(0);
}

/* ---- the vCPU comes and goes, its contexts change ---- */

static void out(unsigned cpu)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	if (cpus[cpu].current == vcpu())
		nested_timer_put(&nested);
	fake_cpu_switch(before);
	model_switch(cpu, NULL);
}

static void in(unsigned cpu)
{
	unsigned before = this_cpu()->index;

	model_switch(cpu, vcpu());
	fake_cpu_switch(cpu);
	nested_timer_load(&nested);
	fake_cpu_switch(before);
	model_run_all();
}

static void block(void)
{
	vcpu()->state = VCPU_BLOCKED;
	out(0);
}

static void enter(void)
{
	nested_timer_enter(&nested);
	nested.hyp_live[SWITCHED_CNTKCTL] = fake_reg(CNTKCTL_EL1);
	nested.inner = true;
	model_run_all();
}

static void leave(void)
{
	nested_timer_leave(&nested);
	fake_reg(CNTKCTL_EL1) = nested.hyp_live[SWITCHED_CNTKCTL];
	nested.inner = false;
	model_run_all();
}

static void begin(bool vhe, bool ecv)
{
	model_create(2, 4);
	guest_setup(0x80);
	assert_int_equal(timer_queue_init(), OK);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		fake_cpu_switch(cpu);
		timer_clear_deadline();
		timer_queue_init_cpu();
	}
	fake_cpu_switch(0);
	model_switch(0, NULL);
	model_switch(1, NULL);
	cpu_features.ecv = ecv;
	memset(page, 0, sizeof(page));
	nested = (struct nested){ .page = page, .vcpu = vcpu(), .vhe = vhe };
	nested.values[VEL2_CNTHCTL] = vhe ? 0xc00 : 3;
	vcpu()->part[PART_NESTED] = &nested;
	sibling = (struct nested){ .page = sibling_page, .vcpu = model_vcpu(1), .vhe = vhe };
	model_vcpu(1)->part[PART_NESTED] = &sibling;
	assert_int_equal(nested_timer_create(model_vm), OK);
	nested_timer_reset(&nested);
	in(0);
}

static int begin_vhe(void **state)
{
	(void)state;
	begin(true, true);
	return 0;
}

static int begin_non_vhe(void **state)
{
	(void)state;
	begin(false, true);
	return 0;
}

static int begin_blind(void **state)
{
	(void)state;
	begin(true, false);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_cpu_switch(0);
	out(0);
	out(1);
	nested_timer_destroy(model_vm);
	assert_null(nested.timer);
	vcpu()->part[PART_NESTED] = model_vcpu(1)->part[PART_NESTED] = NULL;
	model_destroy();
	return 0;
}

/* ---- what L1 and its guest do ---- */

static uint64_t offset_of(unsigned ppi)
{
	if (ppi == CNTV)
		return model_vm->cntvoff + page[VNCR_CNTVOFF_EL2 / 8];
	return ppi == CNTHV ? model_vm->cntvoff : 0;
}

/* By registers of the CPU. */
static void set_live(unsigned ppi, uint64_t ctl, int64_t in_ticks)
{
	unsigned which = ppi == CNTV || ppi == CNTHV ? VIRTUAL : PHYSICAL;
	struct model_cpu *cpu = &model_cpus[this_cpu()->index];

	cpu->ctl[which] = ctl;
	cpu->cval[which] = model_counter + (uint64_t)in_ticks - offset_of(ppi);
	model_run_all();
}

static const unsigned ctl_names[][2] = {
	[CNTV] = { SYS_CNTV_CTL_EL02, SYS_CNTV_CTL_EL0 },
	[CNTP] = { SYS_CNTP_CTL_EL02, SYS_CNTP_CTL_EL0 },
	[CNTHV] = { SYS_CNTHV_CTL_EL2, SYS_CNTHV_CTL_EL2 },
	[CNTHP] = { SYS_CNTHP_CTL_EL2, SYS_CNTHP_CTL_EL2 },
};
static const unsigned cval_names[][2] = {
	[CNTV] = { SYS_CNTV_CVAL_EL02, SYS_CNTV_CVAL_EL0 },
	[CNTP] = { SYS_CNTP_CVAL_EL02, SYS_CNTP_CVAL_EL0 },
	[CNTHV] = { SYS_CNTHV_CVAL_EL2, SYS_CNTHV_CVAL_EL2 },
	[CNTHP] = { SYS_CNTHP_CVAL_EL2, SYS_CNTHP_CVAL_EL2 },
};
static const unsigned tval_names[][2] = {
	[CNTV] = { SYS_CNTV_TVAL_EL02, SYS_CNTV_TVAL_EL0 },
	[CNTP] = { SYS_CNTP_TVAL_EL02, SYS_CNTP_TVAL_EL0 },
	[CNTHV] = { SYS_CNTHV_TVAL_EL2, SYS_CNTHV_TVAL_EL2 },
	[CNTHP] = { SYS_CNTHP_TVAL_EL2, SYS_CNTHP_TVAL_EL2 },
};

static uint64_t trapped_read(unsigned encoding)
{
	uint64_t value = ~UINT64_C(0);

	assert_true(nested_timer_read(&nested, encoding, &value));
	return value;
}

static void trapped_write(unsigned encoding, uint64_t value)
{
	assert_true(nested_timer_write(&nested, encoding, value));
	model_run_all();
}

/* At vEL2, by trapped accesses. */
static void set_trapped(unsigned ppi, uint64_t ctl, int64_t in_ticks)
{
	trapped_write(ctl_names[ppi][!nested.vhe], 0);
	trapped_write(
		cval_names[ppi][!nested.vhe], model_counter + (uint64_t)in_ticks - offset_of(ppi));
	trapped_write(ctl_names[ppi][!nested.vhe], ctl);
}

static uint64_t ctl_of(unsigned ppi)
{
	return trapped_read(ctl_names[ppi][!nested.vhe]);
}

static void pass(uint64_t ticks)
{
	model_counter += ticks;
	model_run_all();
}

static void expect_nothing(void)
{
	assert_int_equal(guest_signalled(this_cpu()->index, NULL), MODEL_SPURIOUS);
}

static void expect_signalled(unsigned ppi)
{
	assert_int_equal(guest_signalled(this_cpu()->index, NULL), ppi);
}

static void ack(unsigned ppi)
{
	assert_int_equal(guest_ack(this_cpu()->index, true), ppi);
}

static void eoi(unsigned ppi)
{
	guest_eoi(this_cpu()->index, ppi, true);
	model_run_all();
}

static uint32_t phys_active(void)
{
	return model_cpus[this_cpu()->index].phys_active;
}

static bool reads_pending(unsigned ppi)
{
	return guest_read(0, SGI_FRAME(0, ISPENDR), 4) & BIT(ppi);
}

/* ---- who is in the CPU ---- */

static void vhe_has_its_own_two_in_the_cpu(void **state)
{
	(void)state;
	assert_int_equal(model_cpus[0].cntvoff, model_vm->cntvoff);
	set_live(CNTHV, TIMER_CTL_ENABLE, 10);
	set_live(CNTHP, TIMER_CTL_ENABLE, 20);
	expect_nothing();
	pass(10);
	ack(CNTHV);
	assert_int_equal(phys_active(), BIT(27));
	set_live(CNTHV, TIMER_CTL_ENABLE, 1000);
	eoi(CNTHV);
	assert_int_equal(phys_active(), 0);
	pass(10);
	ack(CNTHP);
	assert_int_equal(phys_active(), BIT(30));
	set_live(CNTHP, 0, 0);
	eoi(CNTHP);
	assert_int_equal(phys_active(), 0);
	/* By vEL2's own names, too. */
	assert_int_equal(ctl_of(CNTHV), TIMER_CTL_ENABLE);
	set_trapped(CNTHV, TIMER_CTL_ENABLE, 5);
	assert_int_equal(model_cpus[0].cval[VIRTUAL], model_counter + 5 - model_vm->cntvoff);
	pass(5);
	expect_signalled(CNTHV);
	assert_int_equal(ctl_of(CNTHV), TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS);
}

static void inner_has_those_of_the_page(void **state)
{
	(void)state;
	page[VNCR_CNTVOFF_EL2 / 8] = 300;
	set_trapped(CNTV, TIMER_CTL_ENABLE, 1000);
	set_trapped(CNTP, TIMER_CTL_ENABLE, 2000);
	set_live(CNTHV, TIMER_CTL_ENABLE, 5000);
	set_live(CNTHP, TIMER_CTL_ENABLE | TIMER_CTL_IMASK, 6000);
	enter();
	assert_int_equal(model_cpus[0].cntvoff, model_vm->cntvoff + 300);
	assert_int_equal(model_cpus[0].cval[VIRTUAL], page[VNCR_CNTV_CVAL_EL0 / 8]);
	assert_int_equal(model_cpus[0].ctl[VIRTUAL], TIMER_CTL_ENABLE);
	assert_int_equal(model_cpus[0].cval[PHYSICAL], model_counter + 2000);
	pass(999);
	expect_nothing();
	pass(1);
	ack(CNTV);
	assert_int_equal(phys_active(), BIT(27));
	set_live(CNTV, TIMER_CTL_ENABLE, 10000);
	eoi(CNTV);
	pass(1000);
	ack(CNTP);
	set_live(CNTP, 0, 0);
	eoi(CNTP);
	assert_int_equal(phys_active(), 0);
	leave();
	assert_int_equal(model_cpus[0].cntvoff, model_vm->cntvoff);
	assert_int_equal(model_cpus[0].ctl[VIRTUAL], TIMER_CTL_ENABLE);
	assert_int_equal(model_cpus[0].ctl[PHYSICAL], TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
	assert_int_equal(page[VNCR_CNTV_CTL_EL0 / 8], TIMER_CTL_ENABLE);
	assert_int_equal(page[VNCR_CNTP_CTL_EL0 / 8], 0);
	pass(3000);
	ack(CNTHV);
}

static void non_vhe_has_none_while_hyp(void **state)
{
	(void)state;
	set_trapped(CNTHP, TIMER_CTL_ENABLE, 10);
	set_trapped(CNTV, TIMER_CTL_ENABLE, 20);
	set_trapped(CNTP, TIMER_CTL_ENABLE, 30);
	assert_int_equal(model_cpus[0].ctl[VIRTUAL] | model_cpus[0].ctl[PHYSICAL], 0);
	pass(10);
	ack(CNTHP);
	assert_int_equal(phys_active(), 0);
	assert_int_equal(ctl_of(CNTHP), TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS);
	set_trapped(CNTHP, 0, 0);
	eoi(CNTHP);
	pass(10);
	ack(CNTV);
	set_trapped(CNTV, 0, 0);
	eoi(CNTV);
	pass(10);
	ack(CNTP);
	/* The level is still high: it comes again. */
	eoi(CNTP);
	ack(CNTP);
	set_trapped(CNTP, 0, 0);
	eoi(CNTP);
	expect_nothing();
}

/* ---- those that aren't there are watched ---- */

static void hyp_timers_fire_while_inner(void **state)
{
	(void)state;
	set_live(CNTHV, TIMER_CTL_ENABLE, 100);
	set_live(CNTHP, TIMER_CTL_ENABLE, 50);
	enter();
	expect_nothing();
	pass(50);
	expect_signalled(CNTHP);
	assert_int_equal(phys_active(), 0);
	pass(50);
	ack(CNTHP);
	eoi(CNTHP);
	leave();
	/* Both are in the CPU again, and high. */
	assert_int_equal(guest_ack(0, true), CNTHP);
	set_live(CNTHP, 0, 0);
	eoi(CNTHP);
	ack(CNTHV);
	assert_int_equal(phys_active(), BIT(27));
	set_live(CNTHV, 0, 0);
	eoi(CNTHV);
	expect_nothing();
	assert_int_equal(phys_active(), 0);
}

static void inner_timers_fire_while_hyp(void **state)
{
	(void)state;
	page[VNCR_CNTVOFF_EL2 / 8] = 77;
	enter();
	set_live(CNTV, TIMER_CTL_ENABLE, 100);
	set_live(CNTP, TIMER_CTL_ENABLE, 200);
	leave();
	pass(99);
	expect_nothing();
	assert_int_equal(ctl_of(CNTV), TIMER_CTL_ENABLE);
	pass(1);
	ack(CNTV);
	assert_int_equal(ctl_of(CNTV), TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS);
	assert_int_equal(page[VNCR_CNTV_CTL_EL0 / 8], TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS);
	set_trapped(CNTV, TIMER_CTL_ENABLE, 1000);
	eoi(CNTV);
	expect_nothing();
	pass(100);
	ack(CNTP);
	set_trapped(CNTP, TIMER_CTL_ENABLE | TIMER_CTL_IMASK, -5);
	assert_int_equal(ctl_of(CNTP), TIMER_CTL_ENABLE | TIMER_CTL_IMASK | TIMER_CTL_ISTATUS);
	eoi(CNTP);
	expect_nothing();
}

/* The soft timer is armed for the earliest, and moved only for an earlier one. */
/* Whenever the time comes, before, while or after it is put into memory: it is signalled once. */
static void fires_as_it_is_put_into_memory(void **state)
{
	(void)state;
	for (int64_t ticks = 0; ticks < 20; ticks++) {
		enter();
		set_live(CNTV, TIMER_CTL_ENABLE, ticks);
		set_live(CNTP, 0, 0);
		model_pace = 1;
		leave();
		model_pace = 0;
		pass(100);
		ack(CNTV);
		set_trapped(CNTV, 0, 0);
		eoi(CNTV);
		expect_nothing();
	}
}

static void changes_cost_nothing(void **state)
{
	unsigned sets;

	(void)state;
	set_live(CNTHV, TIMER_CTL_ENABLE, 1000);
	enter();
	set_live(CNTV, TIMER_CTL_ENABLE, 2000);
	leave();
	sets = fake_sysreg_writes(SYS_CNTHP_CVAL_EL2);
	for (unsigned i = 0; i < 5; i++) {
		enter();
		leave();
	}
	assert_int_equal(fake_sysreg_writes(SYS_CNTHP_CVAL_EL2), sets);
	assert_false(vcpu()->work);
	pass(1000);
	ack(CNTHV);
	set_live(CNTHV, 0, 0);
	eoi(CNTHV);
	pass(1000);
	ack(CNTV);
}

static void disabled_meanwhile(void **state)
{
	(void)state;
	set_live(CNTHV, TIMER_CTL_ENABLE, 100);
	enter();
	leave();
	set_live(CNTHV, 0, 0);
	enter();
	pass(100);
	expect_nothing();
	leave();
	expect_nothing();
	set_trapped(CNTV, TIMER_CTL_ENABLE, 100);
	set_trapped(CNTV, 0, 0);
	pass(100);
	expect_nothing();
	/* Pending already. */
	set_trapped(CNTV, TIMER_CTL_ENABLE, 0);
	expect_signalled(CNTV);
	set_trapped(CNTV, 0, 0);
	expect_nothing();
}

/* ---- pending or active when the context changes ---- */

/* An interrupt of the inner guest's timer that is taken at vEL2: active there when the guest goes
 * on, ended by that. */
static void active_over_both_changes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		enter();
		set_live(CNTV, TIMER_CTL_ENABLE, 10);
		pass(10);
		expect_signalled(CNTV);
		assert_int_equal(phys_active(), BIT(27));
		leave();
		/* vEL2's own can come. */
		assert_int_equal(phys_active(), 0);
		ack(CNTV);
		set_live(CNTHV, TIMER_CTL_ENABLE, 5);
		pass(5);
		assert_int_equal(phys_active(), BIT(27));
		expect_nothing(); /* its priority is the same */
		set_live(CNTHV, 0, 0);
		assert_true(guest_read(0, SGI_FRAME(0, ISACTIVER), 4) & BIT(CNTV));
		assert_int_equal(phys_active(), 0);
		enter();
		/* Does not come once more. */
		assert_int_equal(phys_active(), BIT(27));
		expect_nothing();
		set_live(CNTV, TIMER_CTL_ENABLE, 1000);
		eoi(CNTV);
		assert_int_equal(phys_active(), 0);
		expect_nothing();
		leave();
		expect_nothing();
	}
}

static void ended_while_hyp(void **state)
{
	(void)state;
	enter();
	set_live(CNTP, TIMER_CTL_ENABLE, 10);
	pass(10);
	ack(CNTP);
	leave();
	assert_int_equal(phys_active(), 0);
	/* The level is high all the time. */
	eoi(CNTP);
	expect_signalled(CNTP);
	enter();
	expect_signalled(CNTP);
	assert_int_equal(phys_active(), BIT(30));
	set_live(CNTP, 0, 0);
	leave();
	expect_nothing();
	assert_int_equal(phys_active(), 0);
	assert_false(reads_pending(CNTP));
}

static void disabled_at_the_gic(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, ICENABLER), 4, BIT(CNTHV) | BIT(CNTV));
	set_live(CNTHV, TIMER_CTL_ENABLE, 10);
	pass(10);
	expect_nothing();
	assert_true(reads_pending(CNTHV));
	enter();
	set_live(CNTV, TIMER_CTL_ENABLE, 10);
	pass(10);
	expect_nothing();
	assert_true(reads_pending(CNTV));
	assert_true(reads_pending(CNTHV));
	assert_true(model_cpus[0].phys_enabled & BIT(27));
	leave();
	guest_write(0, SGI_FRAME(0, ISENABLER), 4, BIT(CNTHV));
	ack(CNTHV);
	set_live(CNTHV, 0, 0);
	eoi(CNTHV);
	expect_nothing();
	guest_write(0, SGI_FRAME(0, ISENABLER), 4, BIT(CNTV));
	ack(CNTV);
}

/* Made pending, and active, by software. */
static void by_software(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, ISPENDR), 4, BIT(CNTV) | BIT(CNTHP));
	enter();
	leave();
	ack(CNTHP);
	eoi(CNTHP);
	ack(CNTV);
	enter();
	eoi(CNTV);
	expect_nothing();
	guest_write(0, SGI_FRAME(0, ISACTIVER), 4, BIT(CNTHV));
	leave();
	assert_int_equal(phys_active(), BIT(27));
	set_live(CNTHV, TIMER_CTL_ENABLE, 0);
	expect_nothing();
	guest_write(0, SGI_FRAME(0, 0x380), 4, BIT(CNTHV));
	expect_signalled(CNTHV);
}

/* ---- a vCPU comes and goes ---- */

static void moves_with_the_vcpu(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		bool inner = i == 1;

		if (inner)
			enter();
		set_live(inner ? CNTV : CNTHV, TIMER_CTL_ENABLE, 0);
		ack(inner ? CNTV : CNTHV);
		out(0);
		assert_int_equal(model_cpus[0].ctl[VIRTUAL], 0);
		assert_int_equal(fake_reg(CNTHCTL_EL2), 3);
		fake_cpu_switch(1);
		in(1);
		assert_int_equal(phys_active(), BIT(27));
		expect_nothing();
		set_live(inner ? CNTV : CNTHV, 0, 0);
		eoi(inner ? CNTV : CNTHV);
		assert_int_equal(phys_active(), 0);
		out(1);
		fake_cpu_switch(0);
		in(0);
		expect_nothing();
	}
	leave();
}

/* All four wake it, in both contexts. */
static void wakes_a_blocked_vcpu(void **state)
{
	static const unsigned all[] = { CNTV, CNTP, CNTHV, CNTHP };

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(all); i++) {
		unsigned ppi = all[i / 2];
		bool inner = i & 1, live;

		if (!nested.vhe && ppi == CNTHV)
			continue;
		live = nested.vhe ? ppi == CNTHV || ppi == CNTHP : false;
		if (live)
			set_live(ppi, TIMER_CTL_ENABLE, 100);
		else
			set_trapped(ppi, TIMER_CTL_ENABLE, 100);
		if (inner)
			enter();
		block();
		pass(99);
		assert_int_equal(vcpu()->state, VCPU_BLOCKED);
		pass(1);
		assert_int_equal(vcpu()->state, VCPU_READY);
		in(0);
		expect_signalled(ppi);
		assert_true(vgic_has_pending(vcpu()));
		if (inner)
			leave();
		ack(ppi);
		if (live)
			set_live(ppi, 0, 0);
		else
			set_trapped(ppi, 0, 0);
		eoi(ppi);
		expect_nothing();
		assert_int_equal(phys_active(), 0);
	}
}

/* It waits on its CPU, which is idle: nothing is unloaded. */
static void wakes_a_blocked_vcpu_that_is_loaded(void **state)
{
	(void)state;
	set_trapped(CNTV, TIMER_CTL_ENABLE, 100);
	vcpu()->state = VCPU_BLOCKED;
	pass(100);
	assert_int_equal(vcpu()->state, VCPU_READY);
	vcpu()->state = VCPU_RUNNING;
	expect_signalled(CNTV);
	set_trapped(CNTV, 0, 0);
	set_live(CNTHP, TIMER_CTL_ENABLE, 100);
	vcpu()->state = VCPU_BLOCKED;
	pass(100);
	assert_int_equal(vcpu()->state, VCPU_READY);
	vcpu()->state = VCPU_RUNNING;
}

static void does_not_wake_for_what_is_masked(void **state)
{
	(void)state;
	set_trapped(CNTV, TIMER_CTL_ENABLE, 0);
	guest_set_pmr(0, 0);
	block();
	pass(LOOK_AGAIN - 1);
	assert_int_equal(vcpu()->state, VCPU_BLOCKED);
	pass(1);
	assert_int_equal(vcpu()->state, VCPU_READY);
	in(0);
	guest_set_pmr(0, 0xf8);
	expect_signalled(CNTV);
}

/* It came between the look at what is pending and the end of its turn. */
static void fires_as_it_blocks(void **state)
{
	(void)state;
	set_trapped(CNTV, TIMER_CTL_ENABLE, 100);
	model_counter += 100;
	block();
	model_run_all();
	assert_int_equal(vcpu()->state, VCPU_READY);
}

/* Nobody comes for one that never fires; nor for one that was off. */
static void never(void **state)
{
	(void)state;
	trapped_write(SYS_CNTP_CVAL_EL02, UINT64_MAX);
	trapped_write(SYS_CNTP_CTL_EL02, TIMER_CTL_ENABLE);
	trapped_write(SYS_CNTV_CTL_EL02, TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
	page[VNCR_CNTVOFF_EL2 / 8] = 1000000;
	enter();
	leave();
	block();
	pass(100000000);
	assert_int_equal(vcpu()->state, VCPU_BLOCKED);
}

/* ---- registers ---- */

static void names_of_each_form(void **state)
{
	uint64_t value;

	(void)state;
	for (unsigned ppi = CNTHP; ppi <= CNTP; ppi++) {
		if (ppi == 29)
			continue;
		for (unsigned vhe = 0; vhe < 2; vhe++) {
			bool is_el2 = ppi == CNTHP || ppi == CNTHV;
			bool exists = is_el2 ? nested.vhe || ppi == CNTHP : vhe == nested.vhe;

			assert_int_equal(
				nested_timer_read(&nested, ctl_names[ppi][!vhe], &value), exists);
			assert_int_equal(
				nested_timer_write(&nested, cval_names[ppi][!vhe], 0), exists);
			assert_int_equal(
				nested_timer_write(&nested, tval_names[ppi][!vhe], 0), exists);
		}
	}
	assert_int_equal(nested_timer_read(&nested, SYS_CNTKCTL_EL12, &value), nested.vhe);
	assert_int_equal(nested_timer_write(&nested, SYS_CNTKCTL_EL12, 0), nested.vhe);
	assert_false(nested_timer_read(&nested, SYS_CNTFRQ_EL0, &value));
	assert_false(nested_timer_write(&nested, SYS_CNTPCT_EL0, 0));
	assert_false(nested_timer_read(&nested, SYS_PMEVCNTR0_EL0, &value));
	assert_false(nested_timer_read(&nested, SYS_SCTLR_EL1, &value));
}

static void tval(void **state)
{
	static const unsigned all[] = { CNTV, CNTP, CNTHV, CNTHP };

	(void)state;
	page[VNCR_CNTVOFF_EL2 / 8] = 123;
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		unsigned ppi = all[i], name = tval_names[ppi][!nested.vhe];

		if (ppi == CNTHV || (nested.vhe && ppi == CNTHP))
			continue; /* the CPU's */
		trapped_write(name, 100);
		assert_int_equal(trapped_read(cval_names[ppi][!nested.vhe]),
			model_counter + 100 - offset_of(ppi));
		pass(40);
		assert_int_equal(trapped_read(name), 60);
		pass(61);
		assert_int_equal(trapped_read(name), UINT32_MAX);
		trapped_write(name, (uint32_t)-5);
		assert_int_equal(trapped_read(cval_names[ppi][!nested.vhe]),
			model_counter - 5 - offset_of(ppi));
	}
}

/* The model has no TVAL: the fake CPU keeps what is written. */
static void tval_in_the_cpu(void **state)
{
	(void)state;
	trapped_write(SYS_CNTHV_TVAL_EL2, 5);
	assert_int_equal(fake_reg(CNTV_TVAL_EL0), 5);
	trapped_write(SYS_CNTHP_TVAL_EL2, 6);
	assert_int_equal(fake_reg(CNTP_TVAL_EL0), 6);
	assert_int_equal(trapped_read(SYS_CNTHV_TVAL_EL2), 5);
	assert_int_equal(trapped_read(SYS_CNTHP_TVAL_EL2), 6);
	trapped_write(SYS_CNTHP_CVAL_EL2, 1234);
	assert_int_equal(model_cpus[0].cval[PHYSICAL], 1234);
	assert_int_equal(trapped_read(SYS_CNTHP_CVAL_EL2), 1234);
	trapped_write(SYS_CNTHV_CVAL_EL2, 4321);
	assert_int_equal(trapped_read(SYS_CNTHV_CVAL_EL2), 4321);
	assert_int_equal(model_cpus[0].cval[VIRTUAL], 4321);
	trapped_write(SYS_CNTHP_CTL_EL2, TIMER_CTL_IMASK);
	assert_int_equal(trapped_read(SYS_CNTHP_CTL_EL2), TIMER_CTL_IMASK);
}

static void counters(void **state)
{
	(void)state;
	page[VNCR_CNTVOFF_EL2 / 8] = 123;
	assert_int_equal(trapped_read(SYS_CNTPCT_EL0), model_counter);
	assert_int_equal(trapped_read(SYS_CNTPCTSS_EL0), model_counter);
	assert_int_equal(trapped_read(SYS_CNTVCT_EL0),
		model_counter - model_vm->cntvoff - (nested.vhe ? 0 : 123));
	assert_int_equal(trapped_read(SYS_CNTVCTSS_EL0), trapped_read(SYS_CNTVCT_EL0));
}

#define PCTEN BIT(0)
#define PCEN  BIT(1)
#define TVT   BIT(13)
#define TVCT  BIT(14)
#define NVP   BIT(15)
#define NVV   BIT(16)

static void controls_vhe(void **state)
{
	(void)state;
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN | NVP | NVV);
	assert_int_equal(trapped_read(SYS_CNTHCTL_EL2), 0xc00);
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN);
	leave();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN | NVP | NVV);
	/* What CNTKCTL_EL1 has of it is there. */
	trapped_write(SYS_CNTHCTL_EL2, ~UINT64_C(0));
	assert_int_equal(trapped_read(SYS_CNTHCTL_EL2), GENMASK(11, 0) | GENMASK(17, 13));
	assert_int_equal(fake_reg(CNTKCTL_EL1), GENMASK(9, 0) | BIT(17));
	fake_reg(CNTKCTL_EL1) = 0x84;
	assert_int_equal(trapped_read(SYS_CNTHCTL_EL2), 0xc84 | GENMASK(16, 13));
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN | TVT | TVCT | 0x84);
	out(0);
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN);
	fake_reg(CNTKCTL_EL1) = 0;
	in(0);
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN | TVT | TVCT | 0x84);
	leave();
	trapped_write(SYS_CNTHCTL_EL2, BIT(10));
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN);
	leave();
	trapped_write(SYS_CNTHCTL_EL2, BIT(11));
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCEN);
	leave();
	trapped_write(SYS_CNTKCTL_EL12, 0x55);
	assert_int_equal(nested.values[VEL2_CNTKCTL_EL1], 0x55);
	assert_int_equal(trapped_read(SYS_CNTKCTL_EL12), 0x55);
}

static void controls_non_vhe(void **state)
{
	(void)state;
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | TVT | TVCT);
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN);
	leave();
	fake_reg(CNTKCTL_EL1) = 0x33;
	trapped_write(SYS_CNTHCTL_EL2, ~UINT64_C(0));
	assert_int_equal(trapped_read(SYS_CNTHCTL_EL2), 0xff | GENMASK(17, 13));
	assert_int_equal(fake_reg(CNTKCTL_EL1), 0x33);
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | TVT | TVCT | 0xfc);
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN | TVT | TVCT | 0xfc);
	leave();
	trapped_write(SYS_CNTHCTL_EL2, 0);
	enter();
	assert_int_equal(fake_reg(CNTHCTL_EL2), 0);
	leave();
}

/* ---- without FEAT_ECV: L1 writes to the page ---- */

static void unseen_writes(void **state)
{
	(void)state;
	assert_int_equal(fake_reg(CNTHCTL_EL2), PCTEN | PCEN);
	trapped_write(SYS_CNTHCTL_EL2, ~UINT64_C(0));
	assert_int_equal(trapped_read(SYS_CNTHCTL_EL2), GENMASK(11, 0));
	page[VNCR_CNTV_CVAL_EL0 / 8] = model_counter + 100 - offset_of(CNTV);
	page[VNCR_CNTV_CTL_EL0 / 8] = TIMER_CTL_ENABLE;
	pass(LOOK_AGAIN);
	ack(CNTV);
	assert_int_equal(page[VNCR_CNTV_CTL_EL0 / 8], TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS);
	page[VNCR_CNTV_CTL_EL0 / 8] = 0;
	pass(LOOK_AGAIN);
	eoi(CNTV);
	expect_nothing();
	/* When it blocks it is looked at, and when the context changes. */
	page[VNCR_CNTV_CVAL_EL0 / 8] = model_counter + 100 - offset_of(CNTV);
	page[VNCR_CNTV_CTL_EL0 / 8] = TIMER_CTL_ENABLE;
	block();
	pass(100);
	assert_int_equal(vcpu()->state, VCPU_READY);
	in(0);
	expect_signalled(CNTV);
	page[VNCR_CNTV_CTL_EL0 / 8] = 0;
	enter();
	expect_nothing();
	/* Not while inner. */
	pass(LOOK_AGAIN);
	assert_false(fake_sysreg_get(SYS_CNTHP_CTL_EL2));
	leave();
	assert_true(fake_sysreg_get(SYS_CNTHP_CTL_EL2));
}

static void reset(void **state)
{
	(void)state;
	set_trapped(CNTV, TIMER_CTL_ENABLE, 100);
	set_live(CNTHV, TIMER_CTL_ENABLE, 100);
	block();
	nested_timer_reset(&nested);
	pass(100);
	assert_int_equal(vcpu()->state, VCPU_BLOCKED);
	in(0);
	expect_nothing();
	assert_int_equal(ctl_of(CNTHV) | ctl_of(CNTV), 0);
}

#define VHE(test)     cmocka_unit_test_setup_teardown(test, begin_vhe, end)
#define NON_VHE(test) cmocka_unit_test_setup_teardown(test, begin_non_vhe, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VHE(vhe_has_its_own_two_in_the_cpu),
		VHE(inner_has_those_of_the_page),
		NON_VHE(non_vhe_has_none_while_hyp),
		VHE(hyp_timers_fire_while_inner),
		VHE(inner_timers_fire_while_hyp),
		NON_VHE(inner_timers_fire_while_hyp),
		VHE(fires_as_it_is_put_into_memory),
		NON_VHE(fires_as_it_is_put_into_memory),
		VHE(changes_cost_nothing),
		VHE(disabled_meanwhile),
		VHE(active_over_both_changes),
		VHE(ended_while_hyp),
		NON_VHE(ended_while_hyp),
		VHE(disabled_at_the_gic),
		VHE(by_software),
		VHE(moves_with_the_vcpu),
		VHE(wakes_a_blocked_vcpu),
		NON_VHE(wakes_a_blocked_vcpu),
		VHE(wakes_a_blocked_vcpu_that_is_loaded),
		VHE(does_not_wake_for_what_is_masked),
		NON_VHE(does_not_wake_for_what_is_masked),
		VHE(fires_as_it_blocks),
		NON_VHE(fires_as_it_blocks),
		VHE(never),
		VHE(names_of_each_form),
		NON_VHE(names_of_each_form),
		VHE(tval),
		NON_VHE(tval),
		VHE(tval_in_the_cpu),
		VHE(counters),
		NON_VHE(counters),
		VHE(controls_vhe),
		NON_VHE(controls_non_vhe),
		cmocka_unit_test_setup_teardown(unseen_writes, begin_blind, end),
		VHE(reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
