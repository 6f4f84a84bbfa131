/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device table: order, overlaps, and finding, compared with a plain search.
 *
 * links: hyp/vdev/device.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hyp/vdev/device.h"
#include "mm/page.h"

static struct vm vm;
static struct vcpu vcpus[2];
static unsigned allocations_left;
static const struct device_ops ops = { "test", NULL, NULL };

void *mm_zalloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static int begin(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	vm.nr_vcpus = 2;
	vm.vcpus[0] = &vcpus[0];
	vm.vcpus[1] = &vcpus[1];
	vm.ram_base = IPA(GIB(1));
	vm.ram_size = GIB(1);
	allocations_left = 1000;
	return 0;
}

/* Each vCPU has its own of each row; they are there after the table has grown. */
static void counts_for_each_vcpu(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(
			device_add(&vm, i * PAGE_SIZE, PAGE_SIZE, NULL, &ops, WIDTHS_ALL), OK);
	for (unsigned n = 0; n < 2; n++) {
		for (unsigned i = 0; i < 40; i++) {
			struct device_count *count = device_count(&vcpus[n], &vm.devices->rows[i]);

			assert_int_equal(count->reads + count->writes, 0);
			*count = (struct device_count){ n + 1, i };
		}
	}
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(device_count(&vcpus[0], &vm.devices->rows[i])->reads, 1);
}

static int end(void **state)
{
	(void)state;
	device_table_destroy(&vm);
	return 0;
}

static enum status add(uint64_t first, uint64_t size)
{
	return device_add(&vm, first, size, NULL, &ops, WIDTHS_ALL);
}

static struct device_region *plain_find(uint64_t ipa, unsigned width)
{
	for (unsigned i = 0; i < vm.devices->count; i++) {
		struct device_region *row = &vm.devices->rows[i];

		if (ipa >= row->first && ipa - row->first < row->size &&
			row->size - (ipa - row->first) >= width)
			return row;
	}
	return NULL;
}

static void check(uint64_t ipa)
{
	for (unsigned width = 1; width <= 8; width *= 2)
		assert_ptr_equal(device_find(vm.devices, ipa, width), plain_find(ipa, width));
}

/* At and around every edge. */
static void check_edges(void)
{
	for (unsigned i = 0; i < vm.devices->count; i++) {
		const struct device_region *row = &vm.devices->rows[i];

		for (int by = -9; by <= 9; by++) {
			check(row->first + (uint64_t)(int64_t)by);
			check(row->first + row->size + (uint64_t)(int64_t)by);
		}
		check(row->first + row->size / 2);
		if (i > 0)
			assert_true(vm.devices->rows[i - 1].first < row->first);
	}
	check(0);
	check(UINT64_MAX);
	check(GIB(1));
}

static void empty_table_has_nothing(void **state)
{
	(void)state;
	assert_int_equal(device_table_create(&vm, 4), OK);
	assert_int_equal(device_table_create(&vm, 4), ERR_EXISTS);
	assert_null(device_find(vm.devices, 0, 1));
	assert_null(device_find(vm.devices, UINT64_MAX, 1));
	assert_null(device_find(vm.devices, GIB(1), 8));
}

static void access_must_lie_inside(void **state)
{
	struct device_region *row;

	(void)state;
	assert_int_equal(add(0x9000000, KIB(4)), OK);
	row = device_find(vm.devices, 0x9000ffc, 4);
	assert_non_null(row);
	assert_int_equal(row->first, 0x9000000);
	assert_null(device_find(vm.devices, 0x9000ffc, 8));
	assert_null(device_find(vm.devices, 0x9000ffd, 4));
	assert_null(device_find(vm.devices, 0x8ffffff, 4));
	assert_null(device_find(vm.devices, 0x9001000, 1));
}

static void overlaps_are_refused(void **state)
{
	(void)state;
	assert_int_equal(add(0x8000000, KIB(64)), OK);
	assert_int_equal(add(0x8000000, KIB(64)), ERR_EXISTS);
	assert_int_equal(add(0x800ffff, 1), ERR_EXISTS);
	assert_int_equal(add(0x7ffffff, 2), ERR_EXISTS);
	assert_int_equal(add(0x7000000, MIB(32)), ERR_EXISTS);
	assert_int_equal(add(0x8000010, 1), ERR_EXISTS);
	assert_int_equal(add(GIB(1) - 1, 2), ERR_EXISTS);
	assert_int_equal(add(GIB(2) - 1, 1), ERR_EXISTS);
	assert_int_equal(vm.devices->count, 1);
	assert_int_equal(add(0x8010000, 1), OK);
	assert_int_equal(add(0x7ffffff, 1), OK);
	assert_int_equal(add(GIB(2), 1), OK);
	check_edges();
}

static void sizes_that_make_no_sense(void **state)
{
	(void)state;
	assert_int_equal(add(0x1000, 0), ERR_INVALID);
	assert_int_equal(add(UINT64_MAX, 2), ERR_INVALID);
	assert_int_equal(add(UINT64_MAX - 0xfff, 0x1000), OK);
	assert_int_equal(add(0, 0x1000), OK);
	check_edges();
}

static void a_vm_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(add(0x9000000, KIB(4)), OK);
	assert_int_equal(add(0x8000000, KIB(64)), OK);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(add(0x80a0000 + i * KIB(128), KIB(128)), OK);
	check_edges();
	/* Each is the first row of its piece: no search. */
	for (unsigned i = 0; i < vm.devices->count; i++) {
		const struct device_region *row = &vm.devices->rows[i];
		uint64_t piece =
			(row->first + row->size - 1 - vm.devices->base) >> vm.devices->shift;

		assert_ptr_equal(&vm.devices->rows[vm.devices->index[piece]], row);
	}
}

static void crowded_and_far_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1024; i++)
		assert_int_equal(add(0xa000000 + (i * 577 % 1024) * KIB(4), KIB(4)), OK);
	check_edges();
	assert_int_equal(add(0x8000000, KIB(64)), OK);
	check_edges();
	assert_int_equal(add(BIT(40), GIB(1)), OK);
	assert_int_equal(add(BIT(47), 1), OK);
	check_edges();
}

static void random_tables(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 60; i++) {
			uint64_t first, size;

			random = random * UINT64_C(6364136223846793005) + 1;
			first = random >> (24 + round);
			random = random * UINT64_C(6364136223846793005) + 1;
			size = (random >> 40) % 9000 + 1;
			(void)!add(first, size);
		}
		check_edges();
		device_table_destroy(&vm);
	}
}

static void out_of_memory(void **state)
{
	(void)state;
	/* The table, its rows, and what each of two vCPUs counts. */
	for (unsigned i = 0; i < 4; i++) {
		allocations_left = i;
		assert_int_equal(add(0, 1), ERR_NO_MEMORY);
		assert_null(vm.devices);
	}
	allocations_left = 4;
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(add(i * 2, 1), OK);
	for (unsigned i = 0; i < 3; i++) {
		allocations_left = i;
		assert_int_equal(add(100, 1), ERR_NO_MEMORY);
		check_edges();
	}
	allocations_left = 3;
	assert_int_equal(add(100, 1), OK);
	check_edges();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_table_has_nothing, begin, end),
		cmocka_unit_test_setup_teardown(counts_for_each_vcpu, begin, end),
		cmocka_unit_test_setup_teardown(access_must_lie_inside, begin, end),
		cmocka_unit_test_setup_teardown(overlaps_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(sizes_that_make_no_sense, begin, end),
		cmocka_unit_test_setup_teardown(a_vm_as_it_is, begin, end),
		cmocka_unit_test_setup_teardown(crowded_and_far_away, begin, end),
		cmocka_unit_test_setup_teardown(random_tables, begin, end),
		cmocka_unit_test_setup_teardown(out_of_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
