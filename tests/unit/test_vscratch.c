/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scratch: what is asked for, the rows it becomes, and that they are memory.
 *
 * links: hyp/vdev/vscratch.c hyp/vdev/device.c hyp/base/format.c hyp/base/status.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hyp/vdev/vscratch.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define BASE UINT64_C(0xb000000)

static struct vm vm;
static struct vcpu vcpu;
static unsigned allocations, allocations_left;

void *mm_zalloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	allocations++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations -= memory != NULL;
	free(memory);
}

static int begin(void **state)
{
	(void)state;
	fake_cpu_reset();
	vm = (struct vm){ .name = "it",
		.nr_vcpus = 1,
		.vcpus = { &vcpu },
		.ram_base = { GIB(1) },
		.ram_size = GIB(1) };
	allocations_left = 1000;
	return 0;
}

/* Nothing is left behind, whatever the test did. */
static int end(void **state)
{
	(void)state;
	vscratch_part.destroy(&vm);
	device_table_destroy(&vm);
	assert_null(vm.part[PART_VSCRATCH]);
	assert_int_equal(allocations, 0);
	return 0;
}

static void make(uint64_t address, uint64_t size, uint64_t count)
{
	assert_int_equal(vscratch_add("it", address, size, count), OK);
	assert_int_equal(vscratch_part.create(&vm), OK);
}

static uint64_t read(uint64_t address, unsigned width)
{
	struct device_region *row = device_find(vm.devices, address, width);
	uint64_t value = UINT64_C(0x5a5a5a5a5a5a5a5a);

	assert_non_null(row);
	assert_int_equal(
		row->ops->read(&vcpu, row->device, address - row->first, width, &value), MMIO_DONE);
	return value;
}

static void write(uint64_t address, unsigned width, uint64_t value)
{
	struct device_region *row = device_find(vm.devices, address, width);

	assert_non_null(row);
	assert_int_equal(
		row->ops->write(&vcpu, row->device, address - row->first, width, value), MMIO_DONE);
}

/* Every width at every offset, beside an array that is written the same way. */
static void is_memory(void **state)
{
	uint8_t model[64] = { 0 };
	uint64_t random = 1;

	(void)state;
	make(BASE, sizeof(model), 1);
	for (unsigned round = 0; round < 2000; round++) {
		unsigned width, offset;
		uint64_t value;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		width = 1U << (random >> 62);
		offset = (unsigned)(random >> 32) % (sizeof(model) - width + 1);
		value = random & (~UINT64_C(0) >> (64 - 8 * width));
		write(BASE + offset, width, value);
		memcpy(model + offset, &value, width);
		for (width = 1; width <= 8; width *= 2) {
			for (unsigned at = 0; at + width <= sizeof(model); at++) {
				uint64_t there = 0;

				memcpy(&there, model + at, width);
				assert_int_equal(read(BASE + at, width), there);
			}
		}
	}
}

/* Side by side, each its own, of any size. */
static void rows(void **state)
{
	(void)state;
	make(BASE + 1, 3, 5);
	assert_int_equal(vm.devices->count, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(vm.devices->rows[i].first, BASE + 1 + 3 * i);
		assert_int_equal(vm.devices->rows[i].size, 3);
		assert_int_equal(vm.devices->rows[i].widths, WIDTHS_ALL);
		write(BASE + 1 + 3 * i, 1, 0x10 + i);
		write(BASE + 2 + 3 * i, 2, 0xa0b0 + i);
	}
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(read(BASE + 1 + 3 * i, 2), 0xb010 + 0x101 * i);
		assert_int_equal(read(BASE + 3 + 3 * i, 1), 0xa0);
	}
	/* Over a row's end. */
	assert_null(device_find(vm.devices, BASE + 3, 2));
	assert_null(device_find(vm.devices, BASE + 16, 1));
	assert_null(device_find(vm.devices, BASE, 1));
}

static void several(void **state)
{
	(void)state;
	assert_int_equal(vscratch_add("it", BASE, 4, 4), OK);
	assert_int_equal(vscratch_add("it", BIT(39), KIB(64), 2), OK);
	assert_int_equal(vscratch_part.create(&vm), OK);
	assert_int_equal(vm.devices->count, 6);
	write(BIT(39) + KIB(128) - 8, 8, 77);
	write(BASE + 12, 4, 78);
	assert_int_equal(read(BIT(39) + KIB(128) - 8, 8), 77);
	vscratch_part.reset(&vm);
	assert_int_equal(read(BIT(39) + KIB(128) - 8, 8), 0);
	assert_int_equal(read(BASE + 12, 4), 0);
}

/* Only the VM that was named has them, and only once. */
static void for_one_vm(void **state)
{
	(void)state;
	assert_int_equal(vscratch_part.create(&vm), OK);
	assert_null(vm.devices);
	vscratch_part.reset(&vm);
	assert_int_equal(vscratch_add("other", BASE, 4, 4), OK);
	assert_int_equal(vscratch_part.create(&vm), OK);
	assert_null(vm.part[PART_VSCRATCH]);
	/* What was asked for another is forgotten. */
	assert_int_equal(vscratch_add("it", BASE + 0x100, 4, 1), OK);
	assert_int_equal(vscratch_part.create(&vm), OK);
	assert_int_equal(vm.devices->count, 1);
	vscratch_part.destroy(&vm);
	assert_int_equal(vscratch_part.create(&vm), OK);
	assert_null(vm.part[PART_VSCRATCH]);
}

static void limits(void **state)
{
	(void)state;
	assert_int_equal(vscratch_add("it", BASE, 0, 1), ERR_RANGE);
	assert_int_equal(vscratch_add("it", BASE, 1, 0), ERR_RANGE);
	assert_int_equal(vscratch_add("it", BASE, KIB(64) + 1, 1), ERR_RANGE);
	assert_int_equal(vscratch_add("it", BASE, 1, 4097), ERR_RANGE);
	assert_int_equal(vscratch_add("it", UINT64_MAX - 10, 6, 2), ERR_RANGE);
	assert_int_equal(vscratch_add("it", BASE, 129, 4096), ERR_NO_MEMORY);
	assert_int_equal(vscratch_add("it", BASE, 128, 4095), OK);
	assert_int_equal(vscratch_add("it", 0, 129, 1), ERR_NO_MEMORY);
	assert_int_equal(vscratch_add("it", 0, 128, 1), OK);
	assert_int_equal(vscratch_part.create(&vm), OK);
	assert_int_equal(vm.devices->count, 4096);
	for (unsigned i = 0; i < VSCRATCH_PIECES_MAX; i++)
		assert_int_equal(vscratch_add("other", i, 1, 1), OK);
	assert_int_equal(vscratch_add("other", 100, 1, 1), ERR_NO_MEMORY);
}

static void overlaps(void **state)
{
	(void)state;
	assert_int_equal(vscratch_add("it", BASE, 16, 4), OK);
	assert_int_equal(vscratch_add("it", BASE + 60, 16, 4), OK);
	assert_int_equal(vscratch_part.create(&vm), ERR_EXISTS);
	assert_non_null(strstr(fake_log,
		"vm it: scratch <0xb00003c 0x10 4>: exists already: its memory or another device "
		"is there"));
	assert_null(vm.part[PART_VSCRATCH]);
	device_table_destroy(&vm);
	assert_int_equal(vscratch_add("it", GIB(1) - 16, 16, 2), OK);
	assert_int_equal(vscratch_part.create(&vm), ERR_EXISTS);
}

static void out_of_memory(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		allocations_left = i;
		assert_int_equal(vscratch_add("it", BASE, 16, 1), OK);
		assert_int_equal(vscratch_part.create(&vm), ERR_NO_MEMORY);
		assert_null(vm.part[PART_VSCRATCH]);
		assert_int_equal(allocations, 0);
	}
	allocations_left = 5;
	make(BASE, 16, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_memory, begin, end),
		cmocka_unit_test_setup_teardown(rows, begin, end),
		cmocka_unit_test_setup_teardown(several, begin, end),
		cmocka_unit_test_setup_teardown(for_one_vm, begin, end),
		cmocka_unit_test_setup_teardown(limits, begin, end),
		cmocka_unit_test_setup_teardown(overlaps, begin, end),
		cmocka_unit_test_setup_teardown(out_of_memory, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
