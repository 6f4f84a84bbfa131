/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU whose CPU interface is detached: its interrupts wait in software state, it is told of
 * them, and nobody touches the list registers of its CPU; the links of its inner guest's
 * interrupts.
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

#include "drivers/timer/timer.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define PRIORITY 0x80
#define PPI      22
#define SPI      40

static bool level;
static unsigned asked;

static int begin(void **state)
{
	(void)state;
	model_create(2, 4);
	guest_setup(PRIORITY);
	level = false;
	asked = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (model_detached(0))
		model_attach(0);
	model_destroy();
	return 0;
}

static void take(unsigned intid)
{
	assert_int_equal(guest_ack(0, true), intid);
	guest_eoi(0, intid, true);
	model_run_all();
}

static void expect_nothing(void)
{
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

static bool is_told(void)
{
	return model_vcpu(0)->work & WORK_VGIC;
}

/* It must be told by itself; and the run loop's look must agree. */
static void expect_told(bool expected)
{
	if (expected)
		assert_true(is_told());
	model_run_all();
	assert_int_equal(model_has_pending(0), expected);
}

/* ---- out and in ---- */

static void nothing_to_keep(void **state)
{
	uint64_t vmcr = model_cpus[0].vmcr;

	(void)state;
	model_detach(0);
	assert_false(is_told());
	expect_told(false);
	model_attach(0);
	assert_int_equal(model_cpus[0].vmcr, vmcr);
	assert_int_equal(model_cpus[0].ap1, 0);
	assert_int_equal(model_cpus[0].hcr, VIF_HCR_EN);
	assert_false(is_told());
}

static void interface_is_kept(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), SPI);
	guest_set_pmr(0, 0xc0);
	model_detach(0);
	assert_int_equal(guest_read(1, GICD(0x304), 4), BIT(SPI - 32));
	model_attach(0);
	assert_int_equal(model_cpus[0].ap1, BIT(PRIORITY >> 3));
	assert_int_equal(FIELD_GET(VIF_VMCR_VPMR, model_cpus[0].vmcr), 0xc0);
	vgic_set_spi(model_vm, SPI, false);
	guest_eoi(0, SPI, true);
	model_run_all();
	expect_nothing();
	assert_int_equal(guest_read(0, GICD(0x304), 4), 0);
}

static void pending_before(void **state)
{
	(void)state;
	vgic_set_ppi(model_vcpu(0), PPI, true);
	model_run_all();
	assert_int_equal(guest_signalled(0, NULL), PPI);
	model_detach(0);
	expect_told(true);
	model_attach(0);
	vgic_set_ppi(model_vcpu(0), PPI, false);
	expect_nothing();
}

/* What is active, or masked, is not news. */
static void nothing_to_tell(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, 0x400 + PPI), 1, 0xf8);
	vgic_set_ppi(model_vcpu(0), PPI, true);
	model_run_all();
	model_detach(0);
	assert_false(is_told());
	expect_told(false);
	/* Of the same priority as one that is active. */
	model_attach(0);
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), SPI);
	model_detach(0);
	vgic_set_spi(model_vm, SPI + 1, true);
	model_run_all();
	expect_told(false);
	guest_write(1, GICD(0x400 + SPI + 1), 1, PRIORITY - 8);
	expect_told(true);
}

static void more_than_fit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		guest_write(0, GICD(0x400 + SPI + i), 1, 0x80 - 8 * i);
		guest_write(0, GICD(0x204), 4, BIT(SPI - 32 + i));
		assert_int_equal(guest_ack(0, true), SPI + i);
		model_run_all();
	}
	/* One of those that are in no list register. */
	guest_eoi(0, SPI + 6, true);
	guest_eoi(0, SPI + 5, true);
	model_detach(0);
	assert_int_equal(guest_read(1, GICD(0x304), 4), (uint64_t)0x1f << (SPI - 32));
	model_attach(0);
	for (unsigned i = 5; i-- > 0;) {
		guest_eoi(0, SPI + i, true);
		model_run_all();
	}
	assert_int_equal(guest_read(1, GICD(0x304), 4), 0);
}

/* ---- what comes meanwhile ---- */

static void spi_comes(void **state)
{
	(void)state;
	model_detach(0);
	vgic_set_spi(model_vm, SPI, true);
	expect_told(true);
	vgic_set_spi(model_vm, SPI, false);
	expect_told(false);
	guest_write(1, GICD(0x204), 4, BIT(SPI - 32));
	expect_told(true);
	guest_write(1, GICD(0x284), 4, BIT(SPI - 32));
	expect_told(false);
	guest_write(1, GICD(0xc00 + SPI / 4), 4, (uint64_t)2 << 2 * (SPI % 16));
	guest_write(1, GICD(0x204), 4, BIT(SPI - 32));
	expect_told(true);
	guest_write(1, GICD(0x284), 4, BIT(SPI - 32));
	expect_told(false);
}

static void sgi_comes(void **state)
{
	(void)state;
	model_detach(0);
	guest_sgi(1, 3 << 24 | 1);
	expect_told(true);
	assert_int_equal(guest_read(1, SGI_FRAME(0, 0x200), 4), BIT(3));
	model_attach(0);
	take(3);
	expect_nothing();
}

static void sgi_to_self(void **state)
{
	(void)state;
	guest_sgi(0, 3 << 24 | 1);
	model_run_all();
	take(3);
	/* It has a list register no more. */
	model_detach(0);
	guest_sgi(0, 3 << 24 | 1);
	expect_told(true);
}

static void interface_says_no(void **state)
{
	(void)state;
	guest_set_pmr(0, PRIORITY);
	model_detach(0);
	vgic_set_spi(model_vm, SPI, true);
	expect_told(false);
	model_attach(0);
	guest_set_pmr(0, 0xf8);
	guest_set_groups(0, true, false);
	model_detach(0);
	expect_told(false);
	model_attach(0);
	guest_set_groups(0, false, true);
	assert_int_equal(guest_signalled(0, NULL), SPI);
}

static void active_from_elsewhere(void **state)
{
	(void)state;
	model_detach(0);
	guest_write(1, SGI_FRAME(0, 0x300), 4, BIT(PPI));
	vgic_set_ppi(model_vcpu(0), PPI, true);
	expect_told(false);
	assert_int_equal(guest_read(1, SGI_FRAME(0, 0x300), 4), BIT(PPI));
	guest_write(1, SGI_FRAME(0, 0x380), 4, BIT(PPI));
	expect_told(true);
	assert_int_equal(guest_read(1, SGI_FRAME(0, 0x300), 4), 0);
}

/* A maintenance interrupt is of whoever has the interface. */
static void maintenance(void **state)
{
	(void)state;
	model_detach(0);
	model_irq(0, 25);
	assert_true(is_told());
	expect_told(false);
}

/* ---- timers ---- */

static void timer_on(uint64_t in)
{
	model_cpus[0].cval[1] = model_counter + in;
	model_cpus[0].ctl[1] = TIMER_CTL_ENABLE;
}

static void timer_comes(void **state)
{
	(void)state;
	timer_on(10);
	model_detach(0);
	model_run_all();
	expect_told(false);
	model_counter += 10;
	model_run_all();
	assert_true(model_has_pending(0));
	assert_true(model_cpus[0].phys_active & BIT(30));
	model_attach(0);
	model_cpus[0].ctl[1] = 0;
	take(30);
	assert_int_equal(model_cpus[0].phys_active, 0);
	expect_nothing();
}

static void timer_falls(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	model_detach(0);
	expect_told(true);
	model_cpus[0].ctl[1] = 0;
	expect_told(false);
	assert_int_equal(model_cpus[0].phys_active, 0);
}

/* The handler is asked to look at once: the run loop would enter the guest otherwise. */
static void timer_tells(void **state)
{
	(void)state;
	model_detach(0);
	timer_on(0);
	model_cpus[0].phys_active |= BIT(30);
	assert_false(is_told());
	model_irq(0, 30);
	assert_true(is_told());
}

/* Active because software says so: then its coming is not the end of it. */
static void timer_active_by_software(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, 0x300), 4, BIT(30));
	model_detach(0);
	timer_on(0);
	model_run_all();
	assert_false(model_has_pending(0));
	guest_write(1, SGI_FRAME(0, 0x380), 4, BIT(30));
	expect_told(true);
	model_cpus[0].ctl[1] = 0;
	expect_told(false);
}

static void timer_taken_by_outer(void)
{
	guest_set_eoimode(0, true);
	timer_on(0);
	model_run_all();
	assert_int_equal(guest_ack(0, true), 30);
	guest_eoi(0, 30, true);
	model_detach(0);
	/* The physical interrupt is active until the inner guest has ended it. */
	assert_true(model_cpus[0].phys_active & BIT(30));
	expect_told(false);
}

static void hw_link(void **state)
{
	uint32_t pintid = 0;

	(void)state;
	timer_taken_by_outer();
	assert_int_equal(vgic_link(model_vcpu(0), 30, &pintid), VGIC_LINK_HW);
	assert_int_equal(pintid, 30);
	/* As the CPU does it. */
	model_cpus[0].ctl[1] = 0;
	model_cpus[0].phys_active = 0;
	vgic_end_link(model_vcpu(0), 30, true);
	assert_int_equal(vgic_link(model_vcpu(0), 30, &pintid), VGIC_LINK_INACTIVE);
	model_attach(0);
	expect_nothing();
}

/* It comes again before anybody has seen its end. */
static void hw_link_comes_again(void **state)
{
	(void)state;
	timer_taken_by_outer();
	model_cpus[0].phys_active = 0;
	model_run_all();
	assert_true(model_has_pending(0));
	assert_true(model_cpus[0].phys_active & BIT(30));
	vgic_end_link(model_vcpu(0), 30, true);
	assert_true(model_cpus[0].phys_active & BIT(30));
	assert_true(model_has_pending(0));
	model_attach(0);
	model_cpus[0].ctl[1] = 0;
	take(30);
	guest_dir(0, 30);
	assert_int_equal(model_cpus[0].phys_active, 0);
}

/* Ended by software although it is backed: then the physical one must be released. */
static void hw_ended_by_software(void **state)
{
	(void)state;
	timer_taken_by_outer();
	model_cpus[0].ctl[1] = 0;
	vgic_end_link(model_vcpu(0), 30, false);
	assert_int_equal(model_cpus[0].phys_active, 0);
	timer_on(0);
	model_run_all();
	model_attach(0);
	take(30);
	guest_dir(0, 30);
}

static void hw_cleared_by_other(void **state)
{
	(void)state;
	timer_taken_by_outer();
	model_cpus[0].ctl[1] = 0;
	guest_write(1, SGI_FRAME(0, 0x380), 4, BIT(30));
	model_run_all();
	assert_int_equal(model_cpus[0].phys_active, 0);
	expect_told(false);
}

/* ---- links ---- */

static void soft_link(void **state)
{
	uint32_t pintid = 77;

	(void)state;
	assert_int_equal(vgic_link(model_vcpu(0), PPI, &pintid), VGIC_LINK_INACTIVE);
	vgic_set_ppi(model_vcpu(0), PPI, true);
	vgic_set_spi(model_vm, SPI, true);
	guest_write(0, GICD(0x400 + SPI), 1, 0x40);
	model_run_all();
	assert_int_equal(guest_ack(0, true), SPI);
	vgic_set_spi(model_vm, SPI, false);
	guest_set_eoimode(0, true);
	guest_eoi(0, SPI, true);
	assert_int_equal(guest_ack(0, true), PPI);
	guest_eoi(0, PPI, true);
	model_run_all();
	model_detach(0);
	expect_told(false);
	assert_int_equal(vgic_link(model_vcpu(0), PPI, &pintid), VGIC_LINK_SOFT);
	assert_int_equal(vgic_link(model_vcpu(0), SPI, &pintid), VGIC_LINK_SOFT);
	assert_int_equal(pintid, 77);
	vgic_end_link(model_vcpu(0), SPI, false);
	model_run_all();
	expect_told(false);
	/* Its wire is still high. */
	vgic_end_link(model_vcpu(0), PPI, false);
	expect_told(true);
	assert_int_equal(guest_read(0, GICD(0x304), 4), 0);
}

static void no_link(void **state)
{
	static const unsigned none[] = { 0, 15, VGIC_NR_INTIDS, 1023, 8191 };
	uint32_t pintid = 77;

	(void)state;
	model_detach(0);
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(vgic_link(model_vcpu(0), none[i], &pintid), VGIC_LINK_NONE);
		vgic_end_link(model_vcpu(0), none[i], false);
	}
	assert_int_equal(pintid, 77);
	vgic_end_link(model_vcpu(0), PPI, true);
	expect_told(false);
}

/* ---- sampled wires ---- */

static bool sample(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, model_vcpu(0));
	asked++;
	return level;
}

/* Its cause went away unseen: it does not come again after its end. */
static void sampled_at_end(void **state)
{
	(void)state;
	vgic_sample_ppi(model_vcpu(0), PPI, sample);
	level = true;
	vgic_set_ppi(model_vcpu(0), PPI, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), PPI);
	level = false;
	guest_eoi(0, PPI, true);
	model_run_all();
	assert_true(asked > 0);
	expect_nothing();
	/* And still there. */
	level = true;
	vgic_set_ppi(model_vcpu(0), PPI, true);
	model_run_all();
	take(PPI);
	assert_int_equal(guest_signalled(0, NULL), PPI);
}

static void sampled_at_read(void **state)
{
	(void)state;
	vgic_sample_ppi(model_vcpu(0), PPI, sample);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), 0);
	level = true;
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), BIT(PPI));
	assert_int_equal(guest_signalled(0, NULL), PPI);
	level = false;
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), 0);
	expect_nothing();
}

/* An edge is what it rises by. */
static void sampled_edge(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, 0xc04), 4, UINT32_MAX);
	vgic_sample_ppi(model_vcpu(0), PPI, sample);
	level = true;
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), BIT(PPI));
	take(PPI);
	expect_nothing();
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(nothing_to_keep),
		test(interface_is_kept),
		test(pending_before),
		test(nothing_to_tell),
		test(more_than_fit),
		test(spi_comes),
		test(sgi_comes),
		test(sgi_to_self),
		test(interface_says_no),
		test(active_from_elsewhere),
		test(maintenance),
		test(timer_comes),
		test(timer_falls),
		test(timer_tells),
		test(timer_active_by_software),
		test(hw_link),
		test(hw_link_comes_again),
		test(hw_ended_by_software),
		test(hw_cleared_by_other),
		test(soft_link),
		test(no_link),
		test(sampled_at_end),
		test(sampled_at_read),
		test(sampled_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
