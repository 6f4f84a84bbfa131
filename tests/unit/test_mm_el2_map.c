/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's own map: what is mapped how, and what is not.
 *
 * links: mm/el2_map.c mm/stage2_regs.c mm/pgtable.c mm/pgtable_desc.c mm/page.c mm/page_init.c
 * mm/page_table.c hyp/base/bitmap.c hyp/base/panic.c hyp/base/log.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/panic.h"
#include "mm/el2_map.h"
#include "mm/pgtable_desc.h"
#include "mm/phys.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM        UINT64_C(0x40000000)
#define IMAGE      (RAM + MIB(2))
#define DTB        (RAM + MIB(72) + 0x800)
#define UART       UINT64_C(0x9000000)
#define GICD       UINT64_C(0x8000000)

#define STACKS     4
#define STACK_SIZE KIB(16)

static struct pgtable_leaf walk(uint64_t va)
{
	struct pgtable_leaf leaf;

	el2_map_walk(va, &leaf);
	return leaf;
}

static void check(uint64_t va, unsigned level, uint64_t prot, enum mem_type type)
{
	struct pgtable_leaf leaf = walk(va);

	assert_true(leaf.valid);
	assert_int_equal(leaf.pa.pa, va);
	assert_int_equal(leaf.level, level);
	assert_int_equal(leaf.prot, prot);
	assert_int_equal(leaf.type, type);
}

static void early(void)
{
	el2_map_init(48, false);
	assert_int_equal(el2_map_early(IMAGE, IMAGE + 0x20000, MEM_RX, MEM_NORMAL), OK);
	assert_int_equal(el2_map_early(IMAGE + 0x20000, IMAGE + 0x30000, MEM_R, MEM_NORMAL), OK);
	assert_int_equal(el2_map_early(IMAGE + 0x30000, IMAGE + 0x50000, MEM_RW, MEM_NORMAL), OK);
	assert_int_equal(el2_map_early(DTB, DTB + 0x2000, MEM_RW, MEM_NORMAL), OK);
	assert_int_equal(el2_map_early(UART, UART + 0x100, MEM_RW, MEM_DEVICE_nGnRE), OK);
}

static enum status memory(uint64_t ram_size, unsigned stacks)
{
	struct page_range ram[] = { { RAM, ram_size, 0 }, { BIT(48) - MIB(4), MIB(8), 0 },
		{ BIT(49), MIB(8), 0 } };
	struct page_range taken[] = {
		{ IMAGE, 0x50000, OWNER_LINTEL },
		{ DTB, 0x1800, OWNER_LINTEL },
		{ RAM + MIB(100) + 0x3000, 0x4000, OWNER_FIRMWARE },
	};

	fake_memory_reset();
	fake_memory_add(RAM, ram_size);
	fake_memory_add(BIT(48) - MIB(4), MIB(4));
	return el2_map_memory(ram, ARRAY_SIZE(ram), taken, ARRAY_SIZE(taken), stacks, STACK_SIZE);
}

static void registers(void **state)
{
	(void)state;
	el2_map_init(40, false);
	/* RES1 31 and 23, PS, TG0=4K, ISH, WB, WB, T0SZ. */
	assert_int_equal(el2_map_tcr(), 0x80803500 | 2 << 16 | 24);
	el2_map_init(48, false);
	assert_int_equal(el2_map_tcr(), 0x80803500 | 5 << 16 | 16);
	assert_int_equal(el2_map_ttbr0() % PAGE_SIZE, 0);
	el2_map_init(32, false);
	assert_int_equal(el2_map_tcr(), 0x80803500 | 0 << 16 | 32);
	assert_int_equal(EL2_SCTLR & 0x80005, 0x80005); /* WXN, C, M */
	assert_int_equal(EL2_SCTLR & BIT(25), 0);       /* little-endian */
	assert_int_equal(EL2_MAIR & 0xff, 0xff);
}

static void early_map(void **state)
{
	(void)state;
	early();
	check(IMAGE, 3, MEM_RX, MEM_NORMAL);
	check(IMAGE + 0x1ffff, 3, MEM_RX, MEM_NORMAL);
	check(IMAGE + 0x20000, 3, MEM_R, MEM_NORMAL);
	check(IMAGE + 0x4ffff, 3, MEM_RW, MEM_NORMAL);
	assert_false(walk(IMAGE - 1).valid || walk(IMAGE + 0x50000).valid);
	check(DTB & ~0xfffUL, 3, MEM_RW, MEM_NORMAL);
	check(DTB + 0x27ff, 3, MEM_RW, MEM_NORMAL);
	check(UART + 0xfff, 3, MEM_RW, MEM_DEVICE_nGnRE);
	/* Never writable and executable; nothing for an empty range. */
	assert_int_equal(el2_map_early(RAM, RAM + 1, MEM_RWX, MEM_NORMAL), ERR_INVALID);
	assert_int_equal(el2_map_early(RAM, RAM, MEM_RW, MEM_NORMAL), OK);
	assert_int_equal(el2_map_early(RAM + PAGE_SIZE, RAM, MEM_RW, MEM_NORMAL), ERR_INVALID);
	assert_false(walk(RAM).valid);
	/* What is mapped already stays as it is. */
	assert_int_equal(el2_map_early(IMAGE, IMAGE + 0x60000, MEM_RW, MEM_NORMAL), OK);
	check(IMAGE, 3, MEM_RX, MEM_NORMAL);
	check(IMAGE + 0x5ffff, 3, MEM_RW, MEM_NORMAL);
}

static void guarded_text(void **state)
{
	(void)state;
	el2_map_init(48, true);
	assert_int_equal(el2_map_early(IMAGE, IMAGE + 0x1000, MEM_RX, MEM_NORMAL), OK);
	assert_true(walk(IMAGE).desc & DESC_S1_GP);
}

/* The pool runs out: the call that fails maps nothing, and what it took is there for the next. */
static void pool_is_limited(void **state)
{
	unsigned n = 0;

	(void)state;
	el2_map_init(48, false);
	/* Three tables for this, then two for each: one is left at the end. */
	assert_int_equal(el2_map_early(GIB(600), GIB(600) + 1, MEM_RW, MEM_NORMAL), OK);
	while (el2_map_early(GIB(n), GIB(n) + 1, MEM_RW, MEM_NORMAL) == OK)
		n++;
	assert_int_equal(n, 5);
	assert_false(walk(GIB(n)).valid);
	fake_cpu_reset();
	assert_int_equal(el2_map_early(GIB(n), GIB(n) + 1, MEM_RW, MEM_NORMAL), ERR_NO_MEMORY);
	assert_int_equal(fake_ops_of(FAKE_TLB_EL2_VA), 1);
	assert_int_equal(el2_map_early(GIB(n), GIB(n) + MIB(2), MEM_RW, MEM_NORMAL), OK);
	check(GIB(n), 2, MEM_RW, MEM_NORMAL);
	/* Starting anew, the pool is empty tables again. */
	el2_map_init(48, false);
	assert_false(walk(0).valid || walk(GIB(600)).valid);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(el2_map_early(GIB(i), GIB(i) + 1, MEM_RW, MEM_NORMAL), OK);
	assert_false(walk(PAGE_SIZE).valid);
}

/* No table left for RAM, in the pool or in RAM itself: start-up ends, with an error. */
static void no_table_for_memory(void **state)
{
	struct page_range ram = { RAM, MIB(4), 0 };
	struct page_range taken[] = {
		{ RAM + PAGE_SIZE, MIB(3) - PAGE_SIZE, OWNER_LINTEL },
		{ RAM + MIB(3), PAGE_SIZE, OWNER_FIRMWARE },
		{ RAM + MIB(3) + 6 * PAGE_SIZE, MIB(1) - 6 * PAGE_SIZE, OWNER_LINTEL },
	};

	(void)state;
	fake_memory_reset();
	fake_memory_add(RAM, MIB(4));
	for (unsigned stacks = 0; stacks < 2; stacks++) {
		/* The room for the stack is taken too if there is to be none. */
		taken[2].base = RAM + MIB(3) + (stacks ? 6 : 1) * PAGE_SIZE;
		taken[2].size = RAM + MIB(4) - taken[2].base;
		el2_map_init(48, false);
		assert_int_equal(el2_map_early(RAM, RAM + 1, MEM_RW, MEM_NORMAL), OK);
		for (unsigned i = 0; i < 6; i++)
			assert_int_equal(
				el2_map_early(GIB(3 + i), GIB(3 + i) + 1, MEM_RW, MEM_NORMAL), OK);
		assert_int_equal(
			el2_map_memory(&ram, 1, taken, 3, stacks, 4 * PAGE_SIZE), ERR_NO_MEMORY);
		assert_true(page_ready());
		assert_int_equal(page_count_of(OWNER_NONE), 0);
	}
}

static void whole_memory(void **state)
{
	(void)state;
	early();
	assert_int_equal(memory(GIB(3), STACKS), OK);
	/* The image as it was, RAM around it never executable. */
	check(IMAGE, 3, MEM_RX, MEM_NORMAL);
	check(IMAGE + 0x20000, 3, MEM_R, MEM_NORMAL);
	check(IMAGE + 0x50000, 3, MEM_RW, MEM_NORMAL);
	check(RAM + MIB(4), 2, MEM_RW, MEM_NORMAL);
	check(RAM + GIB(1), 1, MEM_RW, MEM_NORMAL);
	check(RAM + GIB(3) - 1, 1, MEM_RW, MEM_NORMAL);
	assert_false(walk(RAM + GIB(3)).valid || walk(RAM - 1).valid);
	/* Firmware's pages are not mapped. */
	check(RAM + MIB(100) + 0x2fff, 3, MEM_RW, MEM_NORMAL);
	assert_false(walk(RAM + MIB(100) + 0x3000).valid || walk(RAM + MIB(100) + 0x6fff).valid);
	check(RAM + MIB(100) + 0x7000, 3, MEM_RW, MEM_NORMAL);
	/* RAM up to what the CPU can address, not beyond. */
	check(BIT(48) - 1, 2, MEM_RW, MEM_NORMAL);
	assert_null(page_bank(2));
	assert_int_equal(page_bank(1)->size, MIB(4));
}

static void stacks(void **state)
{
	uint64_t lowest;

	(void)state;
	early();
	assert_int_equal(memory(GIB(1), STACKS), OK);
	lowest = ptr_to_pa(el2_stack_top(0)).pa - STACK_SIZE - PAGE_SIZE;
	assert_null(el2_stack_top(STACKS));
	for (unsigned i = 0; i < STACKS; i++) {
		uint64_t top = ptr_to_pa(el2_stack_top(i)).pa;
		uint64_t bottom = top - STACK_SIZE;

		assert_int_equal(top, lowest + (i + 1) * (STACK_SIZE + PAGE_SIZE));
		check(bottom, 3, MEM_RW, MEM_NORMAL);
		check(top - 1, 3, MEM_RW, MEM_NORMAL);
		assert_false(walk(bottom - 1).valid);
		assert_false(walk(bottom - PAGE_SIZE).valid);
		assert_true(el2_stack_is_guard(bottom - 1));
		assert_true(el2_stack_is_guard(bottom - PAGE_SIZE));
		assert_false(el2_stack_is_guard(bottom));
		assert_false(el2_stack_is_guard(top - 1));
		assert_true(page_range_owned(
			PA(bottom - PAGE_SIZE), STACK_SIZE + PAGE_SIZE, OWNER_LINTEL));
		memset(el2_stack_top(i) - STACK_SIZE, 1, STACK_SIZE);
	}
	assert_false(el2_stack_is_guard(lowest - 1));
	assert_false(el2_stack_is_guard(lowest + STACKS * (STACK_SIZE + PAGE_SIZE)));
	/* Every page of RAM is mapped but these. */
	for (uint64_t va = RAM; va < RAM + MIB(16); va += PAGE_SIZE)
		assert_int_equal(walk(va).valid, !el2_stack_is_guard(va));
	early();
	assert_int_equal(memory(GIB(1), 0), OK);
	assert_null(el2_stack_top(0));
	assert_false(el2_stack_is_guard(0));
}

static void bad_memory(void **state)
{
	struct page_range ram[PAGE_BANKS_MAX + 1] = { { RAM, MIB(16), 0 } };
	struct page_range taken[100] = { { RAM, MIB(16), OWNER_FIRMWARE } };

	(void)state;
	early();
	assert_int_equal(el2_map_memory(ram, PAGE_BANKS_MAX + 1, taken, 1, 0, 0), ERR_INVALID);
	assert_int_equal(el2_map_memory(ram, 1, taken, 100, 0, 0), ERR_INVALID);
	assert_int_equal(el2_map_memory(ram, 1, taken, 1, 1, 100), ERR_INVALID);
	assert_int_equal(el2_map_memory(ram, 1, taken, 1, 0, 0), ERR_NO_MEMORY);
	assert_int_equal(el2_map_memory(ram, 1, taken, 1, 1, PAGE_SIZE), ERR_NO_MEMORY);
	ram[0].base = BIT(50);
	assert_int_equal(el2_map_memory(ram, 1, taken, 0, 0, 0), ERR_INVALID);
}

static void devices(void **state)
{
	volatile void *registers;

	(void)state;
	early();
	assert_int_equal(memory(GIB(1), STACKS), OK);
	assert_int_equal(el2_map_device(PA(GICD), 0x10000, &registers), OK);
	assert_ptr_equal(registers, (void *)GICD);
	check(GICD + 0xffff, 3, MEM_RW, MEM_DEVICE_nGnRE);
	assert_false(walk(GICD + 0x10000).valid);
	/* Overlapping what is there as a device; not page-aligned. */
	assert_int_equal(el2_map_device(PA(GICD + 0xf010), 0x2000, &registers), OK);
	assert_ptr_equal(registers, (void *)(GICD + 0xf010));
	check(GICD + 0x11fff, 3, MEM_RW, MEM_DEVICE_nGnRE);
	assert_int_equal(el2_map_device(PA(UART), 0x1000, &registers), OK);
	assert_int_equal(el2_map_device(PA(GIB(256)), GIB(1), &registers), OK);
	check(GIB(256), 1, MEM_RW, MEM_DEVICE_nGnRE);

	registers = NULL;
	assert_int_equal(el2_map_device(PA(RAM), 0x1000, &registers), ERR_INVALID);
	assert_int_equal(el2_map_device(PA(RAM - 4), 8, &registers), ERR_INVALID);
	assert_int_equal(el2_map_device(PA(GICD), 0, &registers), ERR_INVALID);
	assert_int_equal(el2_map_device(PA(BIT(48)), 0x1000, &registers), ERR_RANGE);
	assert_int_equal(el2_map_device(PA(BIT(48) - 0x1000), 0x2000, &registers), ERR_RANGE);
	assert_int_equal(el2_map_device(PA(GICD), -1UL, &registers), ERR_RANGE);
	assert_null(registers);
	/* What boot has mapped as memory outside RAM is no device. */
	assert_int_equal(el2_map_early(GIB(9), GIB(9) + 1, MEM_RW, MEM_NORMAL), OK);
	assert_int_equal(el2_map_device(PA(GIB(9)), 0x1000, &registers), ERR_INVALID);
}

/* No page left for a table: the half that was made is given back. */
static void device_without_memory(void **state)
{
	volatile void *registers;
	uint64_t free;
	pa_t page;
	unsigned n = 0;

	(void)state;
	early();
	assert_int_equal(memory(GIB(1), 0), OK);
	while (el2_map_device(PA(GIB(64 + n)), 0x1000, &registers) == OK && n < 20)
		n++;
	assert_int_equal(n, 20);
	while (page_alloc(OWNER_FIRST_VM, &page) == OK)
		continue;
	assert_int_equal(page_free(page, 1, OWNER_FIRST_VM), OK);
	free = page_count_of(OWNER_NONE);
	assert_int_equal(el2_map_device(PA(GIB(100)), 0x1000, &registers), ERR_NO_MEMORY);
	assert_int_equal(page_count_of(OWNER_NONE), free);
	assert_false(walk(GIB(100)).valid);
	/* Large enough to have all of EL2's TLB entries dropped when the tables go. */
	assert_int_equal(el2_map_device(PA(GIB(100) - MIB(1)), MIB(2), &registers), ERR_NO_MEMORY);
	assert_int_equal(page_count_of(OWNER_NONE), free);
}

static jmp_buf panicked;

static void on_panic(void)
{
	longjmp(panicked, 1);
}

static void impossible_size(void **state)
{
	(void)state;
	panic_hook = on_panic;
	if (setjmp(panicked) == 0) {
		el2_map_init(52, false);
		fail();
	}
	panic_hook = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),
		cmocka_unit_test(early_map),
		cmocka_unit_test(guarded_text),
		cmocka_unit_test(pool_is_limited),
		cmocka_unit_test(whole_memory),
		cmocka_unit_test(no_table_for_memory),
		cmocka_unit_test(stacks),
		cmocka_unit_test(bad_memory),
		cmocka_unit_test(devices),
		cmocka_unit_test(device_without_memory),
		cmocka_unit_test(impossible_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
