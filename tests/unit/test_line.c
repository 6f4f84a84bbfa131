/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines: which there may be, what raising one and its end do, and whom their actions reach. The
 * vGIC and the scheduler are what they are told, and a result.
 *
 * links: hyp/vdev/line.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/line.h"
#include "hyp/vdev/shmem.h"
#include "hyp/vdev/vgic.h"
#include "mm/page.h"

/* ---- the rooms around it ---- */

static struct vm made[3];
static struct vcpu vcpus[3][2];
static unsigned raised[3][VGIC_NR_INTIDS], signalled[3][2], allocations, allocation_fails;
static int opened[3][VGIC_NR_INTIDS]; /* 1: edge, 2: level */
static enum vgic_rise rise;
static bool is_off;

static unsigned number_of(const struct vm *vm)
{
	return (unsigned)(vm - made);
}

void *mm_zalloc(size_t size)
{
	if (allocation_fails && !--allocation_fails)
		return NULL;
	allocations++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations -= memory != NULL;
	free(memory);
}

enum vgic_rise vgic_raise_line(struct vm *vm, unsigned intid)
{
	raised[number_of(vm)][intid]++;
	return rise;
}

void vgic_open_line(struct vm *vm, unsigned intid, bool resample)
{
	opened[number_of(vm)][intid] = resample ? 2 : 1;
}

bool vcpu_signal(struct vcpu *vcpu)
{
	signalled[number_of(vcpu->vm)][vcpu->id]++;
	return !is_off;
}

/* ---- VMs and lines ---- */

static unsigned life; /* names differ from test to test: lines stay */

static int begin(void **state)
{
	(void)state;
	life++;
	memset(made, 0, sizeof(made));
	memset(raised, 0, sizeof(raised));
	memset(signalled, 0, sizeof(signalled));
	memset(opened, 0, sizeof(opened));
	rise = VGIC_RISE_DONE;
	is_off = false;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(made[i].name, sizeof(made[i].name), "%c%u", 'a' + i, life);
		made[i].nr_vcpus = 2;
		for (unsigned n = 0; n < 2; n++) {
			vcpus[i][n] = (struct vcpu){ .vm = &made[i], .id = n };
			made[i].vcpus[n] = &vcpus[i][n];
		}
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		line_destroy(&made[i]);
	return 0;
}

static struct line_config config(const char *name, char vm, unsigned spi)
{
	struct line_config result = { .spi = spi, .level = true };

	snprintf(result.name, sizeof(result.name), "%s%u", name, life);
	snprintf(result.vm, sizeof(result.vm), "%c%u", vm, life);
	return result;
}

static void add(const char *name, char vm, unsigned spi)
{
	struct line_config line = config(name, vm, spi);

	assert_int_equal(line_add(&line), OK);
}

static void on_eoi(struct line_config *line, enum bell_kind kind, const char *name, unsigned vcpu)
{
	line->on_eoi.kind = kind;
	line->on_eoi.vcpu = vcpu;
	snprintf(line->on_eoi.name, sizeof(line->on_eoi.name), "%s%u", name, life);
}

static struct line *find(const char *name)
{
	char full[VM_NAME_MAX + 1];

	snprintf(full, sizeof(full), "%s%u", name, life);
	return line_find(full);
}

static void create(unsigned n)
{
	assert_int_equal(line_create(&made[n]), OK);
}

static struct line_view view(unsigned vm, unsigned nth)
{
	struct line_view result = { 0 };

	for (unsigned i = 0; i <= line_total(); i++) {
		if (line_view(&made[vm], i, &result) && nth-- == 0)
			return result;
	}
	fail();
	return result;
}

/* ---- the tests ---- */

static void is_found(void **state)
{
	struct line_view seen;
	unsigned before = line_total();

	(void)state;
	add("x", 'a', 100);
	add("y", 'a', 0);
	add("z", 'b', 100);
	assert_null(find("w"));
	assert_non_null(find("x"));
	assert_ptr_not_equal(find("x"), find("z"));
	create(0);
	create(1);
	assert_int_equal(view(0, 0).config->spi, 100);
	assert_int_equal(view(0, 1).config->spi, 0);
	assert_int_equal(line_total(), before + 3);
	assert_false(line_view(&made[0], before + 2, &seen));
	assert_false(line_view(&made[0], before + 3, &seen));
	assert_int_equal(view(1, 0).config->spi, 100);
	assert_false(line_view(&made[2], before, &seen));
}

static void spis_that_are_taken(void **state)
{
	static const unsigned taken[] = { 1, 2, 10, SHMEM_SPI, SHMEM_SPI + 31, 256, 1000 };
	static const unsigned free[] = { 0, 3, 9, 11, SHMEM_SPI - 1, SHMEM_SPI + 32, 255 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++) {
		struct line_config line = config("x", 'a', taken[i]);

		assert_int_equal(line_add(&line), ERR_RANGE);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(free); i++) {
		char name[] = { (char)('a' + i), '\0' };

		add(name, 'a', free[i]);
	}
}

static void names_and_spis_are_one_lines(void **state)
{
	struct line_config line = config("x", 'a', 100);

	(void)state;
	assert_int_equal(line_add(&line), OK);
	assert_int_equal(line_add(&line), ERR_EXISTS);
	line.spi = 101;
	assert_int_equal(line_add(&line), ERR_EXISTS);
	line = config("y", 'a', 100);
	assert_int_equal(line_add(&line), ERR_EXISTS);
	line = config("y", 'b', 100);
	assert_int_equal(line_add(&line), OK);
	line = config("z", 'b', 101);
	line.level = false;
	on_eoi(&line, BELL_LINE, "x", 0);
	assert_int_equal(line_add(&line), ERR_INVALID);
	line.on_eoi.kind = BELL_COUNT;
	assert_int_equal(line_add(&line), OK);
}

static void is_raised(void **state)
{
	struct line *line;

	(void)state;
	add("x", 'b', 100);
	line = find("x");
	assert_false(line_raise(line));
	create(0);
	create(1);
	assert_int_equal(view(1, 0).dropped, 1);
	assert_true(line_raise(line));
	assert_int_equal(raised[1][132], 1);
	rise = VGIC_RISE_HIGH;
	assert_true(line_raise(line));
	rise = VGIC_RISE_DOWN;
	assert_false(line_raise(line));
	assert_int_equal(view(1, 0).raises, 4);
	assert_int_equal(view(1, 0).coalesced, 1);
	assert_int_equal(view(1, 0).dropped, 2);
	/* Its VM fails to be made, after all. */
	line_destroy(&made[1]);
	rise = VGIC_RISE_DONE;
	assert_false(line_raise(line));
	assert_int_equal(raised[1][132], 3);
}

static void opens_those_of_a_vm(void **state)
{
	struct line_config line = config("y", 'a', 101);

	(void)state;
	add("x", 'a', 100);
	add("z", 'b', 102);
	line.level = false;
	assert_int_equal(line_add(&line), OK);
	for (unsigned i = 0; i < 3; i++) {
		create(i);
		line_open(&made[i]);
	}
	for (unsigned vm = 0; vm < 3; vm++) {
		for (unsigned intid = 0; intid < VGIC_NR_INTIDS; intid++) {
			int expected = 0;

			if (vm == 0 && intid == 132)
				expected = 2;
			if (vm == 0 && intid == 133)
				expected = 1;
			if (vm == 1 && intid == 134)
				expected = 2;
			assert_int_equal(opened[vm][intid], expected);
		}
	}
}

static void comes_back_as_another_line(void **state)
{
	struct line_config line = config("x", 'a', 100);

	(void)state;
	/* The other one is made later than this, and its VM earlier. */
	on_eoi(&line, BELL_LINE, "y", 0);
	assert_int_equal(line_add(&line), OK);
	add("y", 'b', 101);
	create(1);
	create(0);
	line_ended(&made[0], 132);
	assert_int_equal(raised[1][133], 1);
	assert_int_equal(view(0, 0).ends, 1);
	assert_int_equal(view(1, 0).raises, 1);
	/* The end of the other one is only counted. */
	line_ended(&made[1], 133);
	assert_int_equal(view(1, 0).ends, 1);
	assert_int_equal(view(1, 0).unheard, 0);
	assert_int_equal(raised[0][132], 0);
	assert_int_equal(raised[1][133], 1);
	/* It isn't running. */
	rise = VGIC_RISE_DOWN;
	line_ended(&made[0], 132);
	assert_int_equal(view(0, 0).ends, 2);
	assert_int_equal(view(0, 0).unheard, 1);
	assert_int_equal(view(1, 0).dropped, 1);
}

static void comes_back_as_a_signal(void **state)
{
	struct line_config line = config("x", 'a', 100);

	(void)state;
	on_eoi(&line, BELL_SIGNAL, "b", 1);
	assert_int_equal(line_add(&line), OK);
	line = config("y", 'a', 101);
	on_eoi(&line, BELL_SIGNAL, "b", 2);
	assert_int_equal(line_add(&line), OK);
	create(0);
	/* Whom it names isn't there, is there, is off. */
	line_ended(&made[0], 132);
	assert_int_equal(view(0, 0).unheard, 1);
	create(1);
	create(2);
	line_ended(&made[0], 132);
	assert_int_equal(signalled[1][1], 1);
	assert_int_equal(view(0, 0).unheard, 1);
	is_off = true;
	line_ended(&made[0], 132);
	assert_int_equal(view(0, 0).ends, 3);
	assert_int_equal(view(0, 0).unheard, 2);
	is_off = false;
	/* It has no such vCPU. */
	line_ended(&made[0], 133);
	assert_int_equal(view(0, 1).unheard, 1);
	/* Another VM's end, and then its own. */
	line_destroy(&made[2]);
	line_ended(&made[0], 132);
	assert_int_equal(signalled[1][1], 3);
	line_destroy(&made[1]);
	line_ended(&made[0], 132);
	assert_int_equal(signalled[1][1], 3);
	assert_int_equal(signalled[1][0], 0);
}

static void names_nobody(void **state)
{
	struct line_config line = config("x", 'a', 100);

	(void)state;
	on_eoi(&line, BELL_LINE, "nobody", 0);
	assert_int_equal(line_add(&line), OK);
	create(0);
	line_ended(&made[0], 132);
	assert_int_equal(view(0, 0).ends, 1);
	assert_int_equal(view(0, 0).unheard, 1);
}

static void without_memory(void **state)
{
	unsigned before = allocations;

	(void)state;
	add("x", 'a', 100);
	allocation_fails = 1;
	assert_int_equal(line_create(&made[0]), ERR_NO_MEMORY);
	assert_false(line_raise(find("x")));
	/* A VM without lines needs none. */
	allocation_fails = 1;
	create(1);
	line_open(&made[1]);
	allocation_fails = 0;
	create(0);
	assert_true(line_raise(find("x")));
	line_destroy(&made[0]);
	assert_int_equal(allocations, before);
}

/* The first: there is nothing yet. */
static void no_memory_for_any(void **state)
{
	struct line_config line = config("x", 'a', 100);

	(void)state;
	allocation_fails = 1;
	assert_int_equal(line_add(&line), ERR_NO_MEMORY);
	assert_null(find("x"));
}

/* The last: then there is no more room. */
static void as_many_as_there_may_be(void **state)
{
	struct line_config line = config("x", 'a', 100);
	unsigned n = 0;

	(void)state;
	do {
		snprintf(line.name, sizeof(line.name), "line-%u", n);
		snprintf(line.vm, sizeof(line.vm), "vm-%u", n);
		assert_true(n++ <= LINES_MAX);
	} while (line_add(&line) == OK);
	assert_int_equal(line_add(&line), ERR_NO_MEMORY);
	assert_true(n > LINES_MAX / 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_memory_for_any),
		CASE(is_found),
		CASE(spis_that_are_taken),
		CASE(names_and_spis_are_one_lines),
		CASE(is_raised),
		CASE(opens_those_of_a_vm),
		CASE(comes_back_as_another_line),
		CASE(comes_back_as_a_signal),
		CASE(names_nobody),
		CASE(without_memory),
		CASE(as_many_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
