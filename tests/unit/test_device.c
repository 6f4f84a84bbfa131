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

/* The quick look of the abort path: the row that takes the access, or none. */
static struct device_region *quick_find(uint64_t ipa, unsigned log2_width)
{
	struct device_region *row = device_guess(vm.devices, ipa);

	return device_takes(row, ipa - row->first, log2_width) ? row : NULL;
}

static void check(uint64_t ipa)
{
	for (unsigned n = 0; n < 4; n++) {
		struct device_region *row = plain_find(ipa, 1U << n);

		assert_ptr_equal(device_find(vm.devices, ipa, 1U << n), row);
		if (vm.devices->index)
			assert_ptr_equal(quick_find(ipa, n), row);
		else
			assert_true(!quick_find(ipa, n) || quick_find(ipa, n) == row);
	}
}

static void check_addresses(void)
{
	unsigned count = vm.devices->count;

	for (unsigned i = 0; i < count; i++) {
		const struct device_region *row = &vm.devices->rows[i];
		/* Of many, a few from every side. */
		int far = count < 100 || i % 31 == 0 || i + 3 > count ? 9 : 0;

		for (int by = -far; by <= far; by++) {
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

/* At and around every edge, without the index and with it. */
static void check_edges(void)
{
	check_addresses();
	assert_int_equal(device_table_seal(&vm), OK);
	assert_non_null(vm.devices->index);
	check_addresses();
}

static void empty_table_has_nothing(void **state)
{
	(void)state;
	assert_int_equal(device_table_create(&vm, 4), OK);
	assert_int_equal(device_table_create(&vm, 4), ERR_EXISTS);
	assert_int_equal(device_table_seal(&vm), OK);
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
	assert_int_equal(add(BIT(60), BIT(48)), ERR_INVALID);
	assert_int_equal(add(BIT(60), BIT(48) - 1), OK);
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
	/* The first node is enough. */
	assert_int_equal(vm.devices->depth, 1);
	assert_int_equal(vm.devices->nodes, 1);
}

static void crowded_and_far_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1024; i++)
		assert_int_equal(add(0xa000000 + (i * 577 % 1024) * KIB(4), KIB(4)), OK);
	check_edges();
	assert_int_equal(add(0x8000000, KIB(64)), OK);
	/* The index is of what was there before. */
	assert_null(vm.devices->index);
	check_edges();
	assert_int_equal(add(BIT(40), GIB(1)), OK);
	assert_int_equal(add(BIT(47), 1), OK);
	check_edges();
}

/* What every VM has. */
static void add_usual(void)
{
	assert_int_equal(add(0x8000000, KIB(64)), OK);
	assert_int_equal(add(0x80a0000, KIB(128)), OK);
	assert_int_equal(add(0x9000000, KIB(4)), OK);
	assert_int_equal(add(0x9010000, KIB(4)), OK);
}

static void add_cluster(uint64_t first, uint64_t size, uint64_t stride, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(add(first + i * stride, size), OK);
}

/*
 * However rows lie that make sense, three nodes are the most: two more than in the smallest table,
 * six instructions each.
 */
static void layouts_that_make_sense(void **state)
{
	static const struct {
		uint64_t first, size, stride;
		unsigned count;
	} layouts[][4] = {
		{ { 0xb000000, 4, 4, 1000 } },
		{ { 0xb000000, 8, 8, 1020 } },
		{ { 0xb000000, 8, KIB(4), 1020 } },
		{ { 0xb000000, KIB(4), KIB(4), 1020 } },
		{ { 0xb000000, KIB(64), KIB(64), 1020 } },
		{ { 0xa000000, 0x200, 0x200, 32 }, { 0xb000000, 4, 4, 988 } },
		{ { 0xb000ffc, 4, 4, 2 }, { 0x20000000, 1, 1, 500 }, { BIT(39), 2, 16, 500 } },
		{ { 0x10000000, 4, 4, 256 }, { 0x30000000, 8, 64, 256 },
			{ 0x8000000000, 4, 4, 256 }, { 0xff00000000, MIB(1), MIB(1), 252 } },
		{ { 0x3f000000, MIB(1), MIB(1), 16 }, { 0x4010000000, MIB(256), MIB(256), 1 },
			{ 0x8000000000, GIB(512), GIB(512), 1 }, { 0xb000000, 4, 4, 1000 } },
		/* pages that are crowded, each by itself */
		{ { 0xb000000, 4, 4, 16 }, { 0xb010000, 4, 4, 16 }, { 0xb020000, 4, 8, 900 },
			{ 0x1b000010, 1, 1, 60 } },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++) {
		add_usual();
		for (unsigned n = 0; n < ARRAY_SIZE(layouts[i]); n++)
			add_cluster(layouts[i][n].first, layouts[i][n].size, layouts[i][n].stride,
				layouts[i][n].count);
		check_edges();
		assert_in_range(vm.devices->depth, 1, 3);
		assert_in_range(vm.devices->index_size, 1, KIB(256));
		device_table_destroy(&vm);
	}
}

/* Nobody lays devices out like this: each begins or ends just beside a high power of two. They are
 * found all the same. */
static void layouts_that_make_none(void **state)
{
	(void)state;
	vm.ram_size = 0;
	for (unsigned bit = 3; bit < 44; bit++)
		assert_int_equal(add(BIT(bit) + 1, BIT(bit) - 1), OK);
	check_edges();
	for (unsigned bit = 3; bit < 44; bit++)
		assert_int_equal(add(BIT(bit), 1), OK);
	check_edges();
	assert_true(vm.devices->depth > 3);
}

/* Where the index would be out of all proportion, there is none. */
static void layouts_without_index(void **state)
{
	(void)state;
	vm.ram_size = 0;
	for (uint64_t i = 0; i < 512; i++) {
		assert_int_equal(add(i << 42, BIT(42) - 1), OK);
		assert_int_equal(add((i << 42) + BIT(42) - 1, 1), OK);
	}
	assert_int_equal(device_table_seal(&vm), ERR_NO_MEMORY);
	check_addresses();
}

/* The limits say the same as size and widths do. */
static void limits(void **state)
{
	static const uint16_t widths[] = { WIDTHS_ALL, WIDTHS_4_8, BIT(4), BIT(1) | BIT(2), 0 };

	(void)state;
	for (unsigned w = 0; w < ARRAY_SIZE(widths); w++) {
		for (uint64_t size = 1; size <= 20; size++) {
			uint64_t first = 0x1000 * (w * 20 + size);

			assert_int_equal(device_add(&vm, first, size, NULL, &ops, widths[w]), OK);
			for (unsigned n = 0; n < 4; n++) {
				const struct device_region *row = device_search(vm.devices, first);
				bool allowed = widths[w] & BIT(BIT(n));

				assert_int_equal(row->size, size);
				assert_int_equal(row->widths, widths[w]);
				for (uint64_t offset = 0; offset <= 20; offset++)
					assert_int_equal(device_takes(row, offset, n),
						allowed && offset + BIT(n) <= size);
				assert_false(device_takes(row, UINT64_MAX, n));
			}
		}
	}
}

/* Nothing is lost when there is no memory for the index; it can be made later. */
static void no_memory_for_the_index(void **state)
{
	(void)state;
	assert_int_equal(device_table_seal(&vm), OK); /* no table at all */
	add_usual();
	allocations_left = 0;
	assert_int_equal(device_table_seal(&vm), ERR_NO_MEMORY);
	check_addresses();
	allocations_left = 1;
	assert_int_equal(device_table_seal(&vm), OK);
	assert_int_equal(device_table_seal(&vm), OK);
	assert_int_equal(allocations_left, 0);
	check_addresses();
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
		check_addresses();
	}
	allocations_left = 3;
	assert_int_equal(add(100, 1), OK);
	allocations_left = 1;
	check_edges();
}

/* Some table, as large as it may be. */
static void full(void **state)
{
	(void)state;
	assert_int_equal(device_table_create(&vm, 20), OK);
	for (unsigned i = 0; i < DEVICE_ROWS_MAX; i++)
		assert_int_equal(add(0x8000000 + i * 16, 16), OK);
	assert_int_equal(add(0, 16), ERR_NO_MEMORY);
	assert_int_equal(device_table_seal(&vm), OK);
	for (unsigned i = 0; i < DEVICE_ROWS_MAX; i++)
		assert_ptr_equal(quick_find(0x8000000 + i * 16, 3), &vm.devices->rows[i]);
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
		cmocka_unit_test_setup_teardown(layouts_that_make_sense, begin, end),
		cmocka_unit_test_setup_teardown(layouts_that_make_none, begin, end),
		cmocka_unit_test_setup_teardown(layouts_without_index, begin, end),
		cmocka_unit_test_setup_teardown(limits, begin, end),
		cmocka_unit_test_setup_teardown(no_memory_for_the_index, begin, end),
		cmocka_unit_test_setup_teardown(full, begin, end),
		cmocka_unit_test_setup_teardown(random_tables, begin, end),
		cmocka_unit_test_setup_teardown(out_of_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
