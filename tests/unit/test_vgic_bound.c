/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bound interrupts: never the guest's while they are bound, whatever it does to its distributor;
 * who is told; taken, ended, and pending again; and how they come back.
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
#define LEVEL            100 /* level-triggered SPI */
#define EDGE_SPI         101
#define LINE             102 /* falls at its end */
#define PPI              20
#define ICENABLER(intid) GICD(0x180 + (intid) / 32 * 4)
#define ISPENDR(intid)   GICD(0x200 + (intid) / 32 * 4)
#define ICPENDR(intid)   GICD(0x280 + (intid) / 32 * 4)
#define ICFGR(intid)     GICD(0xc00 + (intid) / 16 * 4)
#define ISACTIVER(intid) GICD(0x300 + (intid) / 32 * 4)
#define ICACTIVER(intid) GICD(0x380 + (intid) / 32 * 4)
#define IROUTER(intid)   GICD(0x6000 + 8 * (intid))
#define EDGE(intid)      (UINT32_C(2) << (2 * ((intid) % 16)))
#define BIT_OF(intid)    BIT((intid) % 32)

static int begin_with(unsigned vcpus)
{
	model_create(vcpus, 4);
	guest_setup(PRIORITY);
	guest_write(0, ICFGR(EDGE_SPI), 4, EDGE(EDGE_SPI));
	vgic_open_line(model_vm, LINE, true);
	return 0;
}

static int begin_one(void **state)
{
	(void)state;
	return begin_with(1);
}

static int begin_two(void **state)
{
	(void)state;
	return begin_with(2);
}

static int end(void **state)
{
	(void)state;
	model_destroy();
	return 0;
}

static struct vcpu *me(void)
{
	return model_vcpu(0);
}

static void expect_no_interrupt(unsigned cpu)
{
	model_run_all();
	assert_int_equal(guest_signalled(cpu, NULL), MODEL_SPURIOUS);
	assert_false(vgic_has_pending(model_vcpu(cpu)));
}

static bool told(unsigned id)
{
	bool parts = model_vcpu(id)->work & WORK_PARTS;

	model_vcpu(id)->work &= ~(uint64_t)WORK_PARTS;
	return parts;
}

/* Which interrupt is pending for an event, of those there are; 0: none. */
static unsigned pending(unsigned id)
{
	struct vgic_bound bound;
	unsigned found = 0;

	if (!vgic_bound_pending(model_vcpu(id), &bound))
		return 0;
	for (unsigned intid = 0; intid < VGIC_NR_INTIDS; intid++) {
		if (bound.pending[intid / 32] & BIT_OF(intid)) {
			assert_int_equal(found, 0);
			found = intid;
		}
	}
	assert_int_not_equal(found, 0);
	return found;
}

/* As a call that is repeated until there is an answer. */
static enum vgic_bind_result try_bind(unsigned intid)
{
	enum vgic_bind_result result = vgic_bind(me(), intid);

	for (unsigned i = 0; i < 3 && result == VGIC_BIND_AGAIN; i++) {
		model_run_all();
		result = vgic_bind(me(), intid);
	}
	return result;
}

static void bind(unsigned intid)
{
	assert_int_equal(try_bind(intid), VGIC_BIND_DONE);
	if (intid >= VGIC_SPI_FIRST)
		vgic_bound_tell(model_vm, intid, me());
	model_run_all();
	assert_true(vgic_any_bound(model_vm));
}

/* SGIs, the timers and what isn't there can't be bound. */
static void test_which(void **state)
{
	(void)state;
	for (unsigned intid = 0; intid < 2 * VGIC_NR_INTIDS; intid++) {
		bool can = intid >= 16 && intid < VGIC_NR_INTIDS && intid != VTIMER_PPI_VIRTUAL &&
			intid != VTIMER_PPI_PHYSICAL;

		assert_int_equal(vgic_can_bind(model_vm, intid), can);
	}
}

/* A level: pending while it is high and not taken, again after the end; back as an interrupt. */
static void test_level(void **state)
{
	(void)state;
	bind(LEVEL);
	assert_false(told(0));
	vgic_set_spi(model_vm, LEVEL, true);
	assert_true(told(0));
	expect_no_interrupt(0);
	assert_int_equal(pending(0), LEVEL);
	assert_true(vgic_bound_take(me(), LEVEL));
	assert_false(vgic_bound_take(me(), LEVEL));
	assert_int_equal(pending(0), 0);
	assert_false(told(0));
	vgic_bound_end(me(), LEVEL);
	assert_true(told(0));
	assert_int_equal(pending(0), LEVEL);
	vgic_set_spi(model_vm, LEVEL, false);
	assert_int_equal(pending(0), 0);
	assert_false(vgic_bound_take(me(), LEVEL));
	vgic_set_spi(model_vm, LEVEL, true);
	vgic_unbind(me(), LEVEL);
	vgic_unbind(me(), LEVEL);
	assert_false(vgic_any_bound(model_vm));
	assert_int_equal(pending(0), 0);
	model_run_all();
	assert_int_equal(guest_ack(0, true), LEVEL);
}

/* An edge: once for each that comes while it isn't taken, once more for those that come then. What
 * the guest has disabled is an event all the same. ISPENDR and ICPENDR are edges, too. */
static void test_edge(void **state)
{
	(void)state;
	guest_write(0, ICENABLER(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	bind(EDGE_SPI);
	vgic_set_spi(model_vm, EDGE_SPI, true);
	vgic_set_spi(model_vm, EDGE_SPI, false);
	vgic_set_spi(model_vm, EDGE_SPI, true);
	assert_true(vgic_bound_take(me(), EDGE_SPI));
	vgic_bound_end(me(), EDGE_SPI);
	assert_int_equal(pending(0), 0);
	told(0);
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	assert_int_equal(pending(0), EDGE_SPI);
	assert_true(vgic_bound_take(me(), EDGE_SPI));
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	assert_int_equal(pending(0), 0);
	told(0);
	vgic_bound_end(me(), EDGE_SPI);
	assert_true(told(0));
	assert_int_equal(pending(0), EDGE_SPI);
	guest_write(0, ICPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	assert_int_equal(pending(0), 0);
	/* What came and was not taken is forgotten. */
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	vgic_unbind(me(), EDGE_SPI);
	guest_write(0, GICD(0x100 + EDGE_SPI / 32 * 4), 4, BIT_OF(EDGE_SPI));
	expect_no_interrupt(0);
}

/* A line falls at the end of its event, says so, and is high again if it was raised meanwhile. */
static void test_line(void **state)
{
	(void)state;
	bind(LINE);
	assert_int_equal(vgic_raise_line(model_vm, LINE), VGIC_RISE_DONE);
	assert_true(told(0));
	assert_int_equal(vgic_raise_line(model_vm, LINE), VGIC_RISE_HIGH);
	assert_true(vgic_bound_take(me(), LINE));
	assert_int_equal(model_ended[LINE], 0);
	vgic_raise_line(model_vm, LINE);
	told(0);
	vgic_bound_end(me(), LINE);
	assert_int_equal(model_ended[LINE], 1);
	assert_true(told(0));
	assert_true(vgic_bound_take(me(), LINE));
	vgic_bound_end(me(), LINE);
	assert_int_equal(model_ended[LINE], 2);
	assert_int_equal(pending(0), 0);
	assert_false(told(0));
	/* Unbound before its end: that is the end. */
	vgic_raise_line(model_vm, LINE);
	assert_true(vgic_bound_take(me(), LINE));
	vgic_unbind(me(), LINE);
	assert_int_equal(model_ended[LINE], 3);
	expect_no_interrupt(0);
}

/* Pending when it is bound: in a list register already, or not. Active: it can't be bound. */
static void test_before(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, LEVEL, true);
	model_run_all();
	assert_int_equal(guest_signalled(0, NULL), LEVEL);
	bind(LEVEL);
	expect_no_interrupt(0);
	assert_int_equal(pending(0), LEVEL);
	assert_true(told(0));
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	model_run_all();
	assert_int_equal(guest_ack(0, true), EDGE_SPI);
	assert_int_equal(vgic_bind(me(), EDGE_SPI), VGIC_BIND_ACTIVE);
	assert_int_equal(pending(0), LEVEL);
	guest_eoi(0, EDGE_SPI, true);
	model_run_all();
	assert_int_equal(vgic_bind(me(), EDGE_SPI), VGIC_BIND_DONE);
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	expect_no_interrupt(0);
}

/* What another vCPU has in a list register comes back as an event; what it takes between the time
 * when it said that and the time when that is looked at stays its interrupt. */
static void test_elsewhere(void **state)
{
	(void)state;
	guest_write(0, IROUTER(LEVEL), 8, 1);
	guest_write(0, IROUTER(EDGE_SPI), 8, 1);
	vgic_set_spi(model_vm, LEVEL, true);
	model_run_all();
	assert_int_equal(guest_signalled(1, NULL), LEVEL);
	bind(LEVEL);
	expect_no_interrupt(1);
	assert_int_equal(pending(0), LEVEL);
	vgic_set_spi(model_vm, LEVEL, false);
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	model_run_all();
	assert_int_equal(vgic_bind(me(), EDGE_SPI), VGIC_BIND_AGAIN);
	assert_int_equal(vgic_bind(me(), EDGE_SPI), VGIC_BIND_AGAIN);
	model_run_all();
	assert_int_equal(guest_ack(1, true), EDGE_SPI);
	assert_int_equal(vgic_bind(me(), EDGE_SPI), VGIC_BIND_DONE);
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	model_run_all();
	assert_int_equal(guest_signalled(1, NULL), MODEL_SPURIOUS);
	assert_int_equal(pending(0), EDGE_SPI);
	guest_eoi(1, EDGE_SPI, true);
	expect_no_interrupt(1);
}

/* Whether another vCPU's is active is what that one says: not what was known before. */
static void test_active_elsewhere(void **state)
{
	(void)state;
	guest_write(0, IROUTER(EDGE_SPI), 8, 1);
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	model_run_all();
	assert_int_equal(guest_ack(1, true), EDGE_SPI);
	assert_int_equal(try_bind(EDGE_SPI), VGIC_BIND_ACTIVE);
	assert_false(vgic_any_bound(model_vm));
	assert_int_equal(try_bind(EDGE_SPI), VGIC_BIND_ACTIVE);
	/* It is known to be active, and goes on elsewhere. */
	model_switch(1, NULL);
	assert_int_equal(vgic_bind(me(), EDGE_SPI), VGIC_BIND_ACTIVE);
	model_switch(1, model_vcpu(1));
	model_run_all();
	guest_eoi(1, EDGE_SPI, true);
	bind(EDGE_SPI);
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	expect_no_interrupt(1);
	assert_int_equal(pending(0), EDGE_SPI);
}

/* What another vCPU has pending in a list register is told when that is folded, though an event's
 * vCPU was named before, and looked. */
static void test_elsewhere_told(void **state)
{
	static const unsigned intids[] = { LEVEL, EDGE_SPI };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(intids); i++) {
		unsigned intid = intids[i];

		guest_write(0, IROUTER(intid), 8, 1);
		vgic_set_spi(model_vm, intid, true);
		model_run_all();
		assert_int_equal(guest_signalled(1, NULL), intid);
		assert_int_equal(try_bind(intid), VGIC_BIND_DONE);
		vgic_bound_tell(model_vm, intid, me());
		told(0);
		model_run(1);
		assert_true(told(0));
		assert_int_equal(pending(0), intid);
		assert_true(vgic_bound_take(me(), intid));
	}
}

/* A line that another vCPU takes while it is bound, and that is raised again: it is told when that
 * one has ended it, by its list register or by ICACTIVER. The guest has made it edge-triggered: the
 * first time is not pending any more. */
static void test_line_elsewhere(void **state)
{
	(void)state;
	guest_write(0, IROUTER(LINE), 8, 1);
	guest_write(0, ICFGR(LINE), 4, EDGE(LINE));
	for (unsigned by_register = 0; by_register < 2; by_register++) {
		vgic_raise_line(model_vm, LINE);
		model_run_all();
		assert_int_equal(try_bind(LINE), VGIC_BIND_DONE);
		vgic_bound_tell(model_vm, LINE, me());
		assert_int_equal(guest_ack(1, true), LINE);
		model_run_all();
		vgic_raise_line(model_vm, LINE);
		assert_false(told(0));
		assert_int_equal(pending(0), 0);
		if (by_register)
			guest_write(0, ICACTIVER(LINE), 4, BIT_OF(LINE));
		else
			guest_eoi(1, LINE, true);
		model_run_all();
		assert_true(told(0));
		assert_int_equal(pending(0), LINE);
		assert_true(vgic_bound_take(me(), LINE));
		vgic_bound_end(me(), LINE);
		vgic_unbind(me(), LINE);
	}
}

/* The guest makes one active itself: that is in a list register, but what comes then is an event,
 * also when others of its bank are put into list registers. */
static void test_made_active(void **state)
{
	(void)state;
	bind(EDGE_SPI);
	guest_write(0, ISACTIVER(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	model_run_all();
	guest_write(0, ISPENDR(EDGE_SPI), 4, BIT_OF(EDGE_SPI));
	vgic_raise_line(model_vm, LINE);
	model_run_all();
	assert_int_equal(pending(0), EDGE_SPI);
	assert_int_equal(guest_ack(0, true), LINE);
}

/* One vCPU is told of an SPI, or nobody; whoever it is told of later learns what is pending. */
static void test_told(void **state)
{
	(void)state;
	bind(LEVEL);
	vgic_bound_tell(model_vm, LEVEL, NULL);
	vgic_set_spi(model_vm, LEVEL, true);
	assert_false(told(0));
	assert_false(told(1));
	vgic_bound_tell(model_vm, LEVEL, model_vcpu(1));
	assert_false(told(0));
	assert_true(told(1));
	/* Each sees it, one takes it. */
	assert_int_equal(pending(0), LEVEL);
	assert_int_equal(pending(1), LEVEL);
	assert_true(vgic_bound_take(model_vcpu(1), LEVEL));
	assert_false(vgic_bound_take(me(), LEVEL));
	vgic_bound_tell(model_vm, LEVEL, me());
	assert_false(told(0));
	vgic_bound_end(model_vcpu(1), LEVEL);
	assert_true(told(0));
	assert_false(told(1));
}

/* A PPI is bound on one vCPU, which is told; on the other it is an interrupt. */
static void test_ppi(void **state)
{
	(void)state;
	bind(PPI);
	vgic_set_ppi(me(), PPI, true);
	vgic_set_ppi(model_vcpu(1), PPI, true);
	assert_true(told(0));
	assert_false(told(1));
	assert_int_equal(pending(0), PPI);
	assert_int_equal(pending(1), 0);
	expect_no_interrupt(0);
	assert_int_equal(guest_signalled(1, NULL), PPI);
	assert_true(vgic_bound_take(me(), PPI));
	vgic_set_ppi(me(), PPI, false);
	vgic_bound_end(me(), PPI);
	assert_int_equal(pending(0), 0);
	vgic_unbind(me(), PPI);
	vgic_set_ppi(me(), PPI, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), PPI);
}

/* A vCPU that isn't loaded does not wake for it as for an interrupt; a reset unbinds all. */
static void test_unloaded_and_reset(void **state)
{
	(void)state;
	bind(LEVEL);
	bind(PPI);
	model_switch(0, NULL);
	vgic_set_spi(model_vm, LEVEL, true);
	assert_true(told(0));
	assert_false(vgic_has_pending(me()));
	vgic_part.reset(model_vm);
	assert_false(vgic_any_bound(model_vm));
	assert_int_equal(pending(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_which, begin_two, end),
		cmocka_unit_test_setup_teardown(test_level, begin_one, end),
		cmocka_unit_test_setup_teardown(test_edge, begin_one, end),
		cmocka_unit_test_setup_teardown(test_line, begin_one, end),
		cmocka_unit_test_setup_teardown(test_before, begin_one, end),
		cmocka_unit_test_setup_teardown(test_elsewhere, begin_two, end),
		cmocka_unit_test_setup_teardown(test_active_elsewhere, begin_two, end),
		cmocka_unit_test_setup_teardown(test_elsewhere_told, begin_two, end),
		cmocka_unit_test_setup_teardown(test_line_elsewhere, begin_two, end),
		cmocka_unit_test_setup_teardown(test_made_active, begin_one, end),
		cmocka_unit_test_setup_teardown(test_told, begin_two, end),
		cmocka_unit_test_setup_teardown(test_ppi, begin_two, end),
		cmocka_unit_test_setup_teardown(test_unloaded_and_reset, begin_one, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
