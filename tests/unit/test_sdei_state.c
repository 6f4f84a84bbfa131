/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDEI's table of states cell by cell, as DEN0054 has it, and the rules by which events are found,
 * bound, chosen and begun.
 *
 * links: hyp/smccc/sdei_state.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/smccc/sdei_state.h"
#include "tests/unit/fake/cpu.h"

#define CPUS 3

static struct sdei_vm *sdei;

static int begin(void **state)
{
	(void)state;
	fake_cpu_reset();
	sdei = calloc(1, sizeof(*sdei) + CPUS * sizeof(struct sdei_cpu));
	sdei_state_create(sdei, CPUS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(sdei);
	return 0;
}

/* ---- the table ---- */

#define G   SDEI_REGISTERED
#define GE  (G | SDEI_ENABLED)
#define GR  (G | SDEI_RUNNING)
#define GER (GE | SDEI_RUNNING)
#define RUN SDEI_RUNNING

#define OK_ 0
#define NO  SDEI_DENIED
#define PND SDEI_PENDING

/* Written down once more: from, step, answer, to. */
static const struct {
	unsigned from;
	enum sdei_step step;
	int answer;
	unsigned to;
} cells[] = {
	{ 0, SDEI_STEP_REGISTER, OK_, G },
	{ 0, SDEI_STEP_ENABLE, NO, 0 },
	{ 0, SDEI_STEP_DISABLE, NO, 0 },
	{ 0, SDEI_STEP_UNREGISTER, NO, 0 },
	{ 0, SDEI_STEP_ROUTING_SET, NO, 0 },
	{ 0, SDEI_STEP_RELEASE, OK_, 0 },
	{ 0, SDEI_STEP_BEGIN, NO, 0 },
	{ 0, SDEI_STEP_COMPLETE, NO, 0 },
	{ G, SDEI_STEP_REGISTER, NO, G },
	{ G, SDEI_STEP_ENABLE, OK_, GE },
	{ G, SDEI_STEP_DISABLE, OK_, G },
	{ G, SDEI_STEP_UNREGISTER, OK_, 0 },
	{ G, SDEI_STEP_ROUTING_SET, OK_, G },
	{ G, SDEI_STEP_RELEASE, NO, G },
	{ G, SDEI_STEP_BEGIN, NO, G },
	{ G, SDEI_STEP_COMPLETE, NO, G },
	{ GE, SDEI_STEP_REGISTER, NO, GE },
	{ GE, SDEI_STEP_ENABLE, OK_, GE },
	{ GE, SDEI_STEP_DISABLE, OK_, G },
	{ GE, SDEI_STEP_UNREGISTER, OK_, 0 },
	{ GE, SDEI_STEP_ROUTING_SET, NO, GE },
	{ GE, SDEI_STEP_RELEASE, NO, GE },
	{ GE, SDEI_STEP_BEGIN, OK_, GER },
	{ GE, SDEI_STEP_COMPLETE, NO, GE },
	{ GR, SDEI_STEP_REGISTER, NO, GR },
	{ GR, SDEI_STEP_ENABLE, OK_, GER },
	{ GR, SDEI_STEP_DISABLE, OK_, GR },
	{ GR, SDEI_STEP_UNREGISTER, PND, RUN },
	{ GR, SDEI_STEP_ROUTING_SET, NO, GR },
	{ GR, SDEI_STEP_RELEASE, NO, GR },
	{ GR, SDEI_STEP_BEGIN, NO, GR },
	{ GR, SDEI_STEP_COMPLETE, OK_, G },
	{ GER, SDEI_STEP_REGISTER, NO, GER },
	{ GER, SDEI_STEP_ENABLE, OK_, GER },
	{ GER, SDEI_STEP_DISABLE, OK_, GR },
	{ GER, SDEI_STEP_UNREGISTER, PND, RUN },
	{ GER, SDEI_STEP_ROUTING_SET, NO, GER },
	{ GER, SDEI_STEP_RELEASE, NO, GER },
	{ GER, SDEI_STEP_BEGIN, NO, GER },
	{ GER, SDEI_STEP_COMPLETE, OK_, GE },
	{ RUN, SDEI_STEP_REGISTER, NO, RUN },
	{ RUN, SDEI_STEP_ENABLE, NO, RUN },
	{ RUN, SDEI_STEP_DISABLE, NO, RUN },
	{ RUN, SDEI_STEP_UNREGISTER, PND, RUN },
	{ RUN, SDEI_STEP_ROUTING_SET, NO, RUN },
	{ RUN, SDEI_STEP_RELEASE, NO, RUN },
	{ RUN, SDEI_STEP_BEGIN, NO, RUN },
	{ RUN, SDEI_STEP_COMPLETE, OK_, 0 },
};
_Static_assert(ARRAY_SIZE(cells) == 6 * NR_SDEI_STEPS, "all cells");

static void test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cells); i++) {
		struct sdei_registration registration = { .state = (uint8_t)cells[i].from };

		assert_int_equal(sdei_may(cells[i].from, cells[i].step), cells[i].answer);
		assert_int_equal(registration.state, cells[i].from);
		assert_int_equal(sdei_step(&registration, cells[i].step), cells[i].answer);
		assert_int_equal(registration.state, cells[i].to);
	}
}

/* ---- events ---- */

static unsigned configure(uint32_t number, unsigned intid, bool critical)
{
	struct sdei_event_config config = {
		.number = number, .intid = intid, .critical = critical
	};

	assert_int_equal(sdei_state_configure(sdei, &config), OK);
	return sdei_find(sdei, number);
}

static void test_find(void **state)
{
	unsigned place;

	(void)state;
	assert_int_equal(sdei_find(sdei, 0), SDEI_EVENT_0);
	assert_int_equal(sdei_find(sdei, 1), SDEI_NOTHING);
	assert_int_equal(sdei_find(sdei, UINT64_C(1) << 32), SDEI_NOTHING);
	assert_int_equal(sdei_find(sdei, 0x40000001), SDEI_NOTHING);
	place = configure(0x40000001, 40, true);
	assert_int_equal(place, SDEI_CONFIGURED);
	assert_true(sdei->events[place].shared && sdei->events[place].critical);
	place = configure(0x40000002, 17, false);
	assert_int_equal(place, SDEI_CONFIGURED + 1);
	assert_false(sdei->events[place].shared || sdei->events[place].critical);
	assert_int_equal(sdei->of_intid[17], place);
	assert_int_equal(sdei_find(sdei, UINT64_C(0x140000001)), SDEI_NOTHING);
	sdei_state_reset(sdei);
	assert_int_equal(sdei_find(sdei, 0x40000002), place);
	assert_ptr_equal(sdei_registration(sdei, 2, place), &sdei->cpus[2].private[place]);
	assert_ptr_equal(sdei_registration(sdei, 2, place - 1), &sdei->shared[place - 1]);
}

static void test_configured_full(void **state)
{
	struct sdei_event_config config = { .number = 0x41000000, .intid = 287 };

	(void)state;
	for (unsigned i = 0; i < SDEI_EVENTS_MAX; i++)
		configure(0x40000000 + i, 32 + i, false);
	assert_int_equal(sdei_state_configure(sdei, &config), ERR_NO_MEMORY);
	assert_int_equal(sdei_find(sdei, 0x41000000), SDEI_NOTHING);
	assert_int_equal(sdei->of_intid[287], 0);
}

/* Slots of both kinds, all of them; which interrupt has one already; and a reset. */
static void test_slots(void **state)
{
	unsigned place, again;

	(void)state;
	configure(0x40000001, 40, false);
	assert_int_equal(sdei_take_slot(sdei, 40, &place), SDEI_INVALID_PARAMETERS);
	for (unsigned i = 0; i < SDEI_SHARED_SLOTS; i++) {
		assert_int_equal(sdei_take_slot(sdei, 100 + i, &place), SDEI_SUCCESS);
		assert_int_equal(place, SDEI_SHARED_BOUND + i);
		assert_true(sdei_is_slot(place) && sdei->events[place].shared);
		assert_int_equal(sdei_find(sdei, sdei->events[place].number), place);
	}
	assert_int_equal(sdei_take_slot(sdei, 99, &place), SDEI_OUT_OF_RESOURCE);
	for (unsigned i = 0; i < SDEI_PRIVATE_SLOTS; i++) {
		assert_int_equal(sdei_take_slot(sdei, 16 + i, &place), SDEI_SUCCESS);
		assert_int_equal(place, SDEI_PRIVATE_BOUND + i);
		assert_true(sdei_is_slot(place));
		assert_false(sdei->events[place].shared || sdei->events[place].critical);
	}
	assert_int_equal(sdei_take_slot(sdei, 31, &place), SDEI_OUT_OF_RESOURCE);
	assert_int_equal(sdei_take_slot(sdei, 117, &again), SDEI_SUCCESS);
	assert_int_equal(again, SDEI_SHARED_BOUND + 17);
	sdei_free_slot(sdei, again);
	assert_int_equal(sdei_find(sdei, SDEI_BOUND_NUMBER + again), SDEI_NOTHING);
	assert_int_equal(sdei_take_slot(sdei, 99, &place), SDEI_SUCCESS);
	assert_int_equal(place, again);
	assert_false(sdei_is_slot(SDEI_EVENT_0) || sdei_is_slot(SDEI_CONFIGURED) ||
		sdei_is_slot(SDEI_NOTHING));
	sdei_state_reset(sdei);
	assert_int_equal(sdei->of_intid[99], 0);
	assert_int_equal(sdei->of_intid[40], SDEI_CONFIGURED);
	for (place = SDEI_PRIVATE_BOUND; place < SDEI_EVENTS; place++)
		assert_false(sdei->events[place].present);
}

/* ---- whose turn ---- */

/* Registered and enabled on all vCPUs. */
static void enable(unsigned place)
{
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		sdei_registration(sdei, cpu, place)->state = GE;
}

static void unmask(unsigned cpu)
{
	sdei->cpus[cpu].masked = false;
}

static void test_may_begin(void **state)
{
	unsigned normal = configure(0x40000001, 40, false), critical = configure(0x40000002, 41, 1);

	(void)state;
	enable(0);
	enable(normal);
	enable(critical);
	assert_false(sdei_may_begin(sdei, 0, SDEI_EVENT_0));
	unmask(0);
	for (unsigned was = 0; was < 8; was++) {
		if ((was & GE) == SDEI_ENABLED)
			continue;
		sdei->cpus[0].private[0].state = (uint8_t)was;
		assert_int_equal(sdei_may_begin(sdei, 0, SDEI_EVENT_0), was == GE);
	}
	enable(0);
	/* A normal one keeps out normal ones, a critical one all. */
	sdei_begin(sdei, 0, SDEI_EVENT_0);
	assert_int_equal(sdei_innermost(&sdei->cpus[0]), SDEI_NORMAL);
	assert_false(sdei_may_begin(sdei, 0, normal));
	assert_true(sdei_may_begin(sdei, 0, critical));
	assert_false(sdei_may_begin(sdei, 1, critical));
	unmask(1);
	assert_true(sdei_may_begin(sdei, 1, critical));
	sdei_begin(sdei, 0, critical);
	assert_int_equal(sdei_innermost(&sdei->cpus[0]), SDEI_CRITICAL);
	assert_false(sdei_may_begin(sdei, 1, critical));
	assert_int_equal(sdei_end(sdei, 0), critical);
	assert_int_equal(sdei_end(sdei, 0), SDEI_EVENT_0);
	assert_int_equal(sdei_innermost(&sdei->cpus[0]), NR_SDEI_PRIORITIES);
	sdei_begin(sdei, 0, critical);
	assert_false(sdei_may_begin(sdei, 0, normal));
	assert_false(sdei_may_begin(sdei, 0, SDEI_EVENT_0));
	assert_int_equal(sdei_end(sdei, 0), critical);
	/* RM_PE */
	sdei->shared[normal].to_one = true;
	sdei->shared[normal].target = 1;
	assert_false(sdei_may_begin(sdei, 0, normal));
	assert_true(sdei_may_begin(sdei, 1, normal));
}

static void test_order(void **state)
{
	unsigned second = configure(0x40000002, 40, false), first = configure(0x40000001, 41, 0),
		 critical = configure(0x40000003, 42, true);

	(void)state;
	assert_true(sdei_is_before(sdei, critical, SDEI_EVENT_0));
	assert_false(sdei_is_before(sdei, SDEI_EVENT_0, critical));
	assert_true(sdei_is_before(sdei, SDEI_EVENT_0, first));
	assert_true(sdei_is_before(sdei, first, second));
	assert_false(sdei_is_before(sdei, second, first));
}

static void test_choose(void **state)
{
	unsigned place = configure(0x40000001, 40, false), critical = configure(0x40000002, 41, 1);

	(void)state;
	enable(0);
	assert_int_equal(sdei_choose(sdei, place), SDEI_NOTHING);
	enable(place);
	enable(critical);
	assert_int_equal(sdei_choose(sdei, place), SDEI_NOTHING);
	unmask(1);
	unmask(2);
	assert_int_equal(sdei_choose(sdei, place), 1);
	sdei->told[place] = 2;
	assert_int_equal(sdei_choose(sdei, place), 2);
	/* The one told before is busy: the next; all are: one that isn't masked. */
	sdei_begin(sdei, 2, SDEI_EVENT_0);
	assert_int_equal(sdei_choose(sdei, place), 1);
	sdei_begin(sdei, 1, SDEI_EVENT_0);
	assert_int_equal(sdei_choose(sdei, place), 1);
	assert_int_equal(sdei_choose(sdei, critical), 1);
	sdei->shared[place].to_one = true;
	sdei->shared[place].target = 2;
	assert_int_equal(sdei_choose(sdei, place), 2);
	sdei->cpus[2].masked = true;
	assert_int_equal(sdei_choose(sdei, place), SDEI_NOTHING);
	sdei->cpus[2].masked = false;
	sdei->shared[place].state = G;
	assert_int_equal(sdei_choose(sdei, place), SDEI_NOTHING);
}

static void test_resets(void **state)
{
	unsigned shared = configure(0x40000001, 40, false), private = configure(0x40000002, 20, 0);

	(void)state;
	assert_false(sdei_any_private(sdei) || sdei_any_running(sdei));
	sdei->shared[shared].state = GE;
	assert_true(sdei_is_used(sdei, shared));
	assert_false(sdei_any_private(sdei));
	sdei->cpus[2].private[private].state = GE;
	assert_true(sdei_is_used(sdei, private));
	assert_true(sdei_any_private(sdei));
	unmask(2);
	sdei->cpus[2].signalled = true;
	sdei_begin(sdei, 2, private);
	assert_true(sdei_any_running(sdei));
	sdei_state_reset_cpu(sdei, 2);
	assert_false(sdei_any_private(sdei) || sdei_any_running(sdei));
	assert_true(sdei->cpus[2].masked);
	assert_false(sdei->cpus[2].signalled);
	assert_true(sdei_is_used(sdei, shared));
	sdei->told[shared] = 1;
	sdei_state_reset(sdei);
	assert_false(sdei_is_used(sdei, shared));
	assert_int_equal(sdei->told[shared], SDEI_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_find, begin, end),
		cmocka_unit_test_setup_teardown(test_configured_full, begin, end),
		cmocka_unit_test_setup_teardown(test_slots, begin, end),
		cmocka_unit_test_setup_teardown(test_may_begin, begin, end),
		cmocka_unit_test_setup_teardown(test_order, begin, end),
		cmocka_unit_test_setup_teardown(test_choose, begin, end),
		cmocka_unit_test_setup_teardown(test_resets, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
