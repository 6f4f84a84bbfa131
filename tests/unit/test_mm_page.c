/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page-ownership table and the allocator on it.
 *
 * links: mm/page.c mm/page_init.c mm/page_table.c hyp/base/bitmap.c hyp/base/panic.c hyp/base/log.c
 * hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/panic.h"
#include "mm/page.h"
#include "mm/page_rules.h"
#include "mm/page_table.h"
#include "mm/phys.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM  UINT64_C(0x40000000)
#define VM1  OWNER_FIRST_VM
#define VM2  (OWNER_FIRST_VM + 1)
#define JUNK 0x5a

static struct page_range lintel_range(uint64_t base, uint64_t size)
{
	return (struct page_range){ base, size, OWNER_LINTEL };
}

static struct page_range firmware_range(uint64_t base, uint64_t size)
{
	return (struct page_range){ base, size, OWNER_FIRMWARE };
}

/* One bank with junk in its first few MiB; the table lies at its start. */
static void start(uint64_t size)
{
	struct page_range ram = { RAM, size, 0 };

	fake_memory_reset();
	fake_memory_add(RAM, ALIGN_UP(size, BLOCK_SIZE));
	memset(fake_memory_at(RAM), JUNK, MIN(size, MIB(16)));
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	assert_true(page_ready());
}

static struct page_stats stats(void)
{
	struct page_stats s;

	page_get_stats(&s);
	return s;
}

static bool is_zero(pa_t pa, uint64_t size)
{
	const uint8_t *bytes = pa_to_ptr(pa);

	for (uint64_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* What must hold after every call: the figures are what the table says. */
static void check_invariants(void)
{
	uint64_t pages[OWNER_COUNT] = { 0 }, whole = 0, promised = 0, total = 0;

	for (unsigned b = 0; b < page_table.bank_count; b++) {
		const struct page_bank *bank = &page_table.bank[b];

		for (unsigned i = 0; i < bank->blocks; i++) {
			unsigned free = 0;

			for (unsigned p = 0; p < PAGES_PER_BLOCK; p++) {
				owner_t owner = page_owner_at(bank, i, p);

				if (owner == OWNER_ABSENT)
					continue;
				total++;
				assert_true(owner < OWNER_COUNT);
				pages[owner]++;
				free += owner == OWNER_NONE;
				if (bank->block[i].owner == BLOCK_SPLIT)
					assert_int_equal(bitmap_test(bank->leaf[i].free, p),
						owner == OWNER_NONE);
			}
			whole += bank->block[i].owner == OWNER_NONE;
			assert_int_equal(
				bitmap_test(bank->whole, i), bank->block[i].owner == OWNER_NONE);
			assert_int_equal(bitmap_test(bank->partial, i),
				bank->block[i].owner == BLOCK_SPLIT && free != 0);
			if (bank->block[i].owner == BLOCK_SPLIT) {
				assert_int_equal(bank->block[i].free, free);
				assert_true(free != PAGES_PER_BLOCK);
			}
		}
	}
	assert_int_equal(total, page_table.total_pages);
	assert_int_equal(whole, page_table.free_blocks);
	for (unsigned i = 0; i < OWNER_COUNT; i++) {
		assert_int_equal(pages[i], page_count_of((owner_t)i));
		promised += block_promised((owner_t)i);
	}
	assert_int_equal(promised, page_table.promised);
	assert_true(page_table.promised <= page_table.free_blocks);
}

/* --- the rules --- */

static void rules(void **state)
{
	static const owner_t owners[] = { OWNER_NONE, OWNER_LINTEL, OWNER_FIRMWARE, 3, VM1 - 1, VM1,
		VM2, OWNER_COUNT - 1, OWNER_COUNT, BLOCK_SPLIT, OWNER_ABSENT };
	static const bool can[] = { 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0 };

	(void)state;
	for (unsigned from = 0; from < ARRAY_SIZE(owners); from++) {
		assert_int_equal(owner_can_receive(owners[from]), can[from]);
		for (unsigned to = 0; to < ARRAY_SIZE(owners); to++) {
			bool good = from != to && (can[from] || from == 0) && (can[to] || to == 0);

			for (unsigned now = 0; now < ARRAY_SIZE(owners); now++)
				assert_int_equal(
					owner_transition(owners[now], owners[from], owners[to]),
					!good                 ? ERR_INVALID
						: now == from ? OK
							      : ERR_NOT_OWNER);
		}
	}
	assert_true(owner_needs_wipe(VM1, VM2, PAGE_WIPE));
	assert_true(owner_needs_wipe(VM1, VM2, PAGE_KEEP));
	assert_true(owner_needs_wipe(OWNER_LINTEL, VM2, PAGE_WIPE));
	assert_false(owner_needs_wipe(OWNER_LINTEL, VM2, PAGE_KEEP));
	assert_false(owner_needs_wipe(VM1, OWNER_LINTEL, PAGE_KEEP));
	assert_true(blocks_available(5, 5, 1, 1));
	assert_true(blocks_available(5, 4, 0, 1));
	assert_false(blocks_available(5, 5, 0, 1));
	assert_true(blocks_available(5, 5, 5, 5));
	assert_false(blocks_available(5, 5, 5, 6));
	assert_false(blocks_available(2, 5, 1, 1));
}

/* --- wiping --- */

/* A guest may look past the caches: what it gets is clean to memory. Lintel does not. */
static void cleaned_for_guests(void **state)
{
	pa_t page;

	(void)state;
	start(MIB(8));
	fake_cpu_reset();
	assert_int_equal(page_alloc(OWNER_LINTEL, &page), OK);
	assert_int_equal(fake_op_count, 0);
	assert_int_equal(page_alloc(VM1, &page), OK);
	assert_int_equal(fake_ops_of(FAKE_CACHE_CLEAN_INVALIDATE), 1);
	assert_int_equal(fake_ops[0].address, (uintptr_t)pa_to_ptr(page));
	assert_int_equal(fake_ops[0].extra, PAGE_SIZE);
	assert_int_equal(page_transfer(page, 1, VM1, VM2, PAGE_WIPE), OK);
	assert_int_equal(fake_ops_of(FAKE_CACHE_CLEAN_INVALIDATE), 2);
	assert_int_equal(block_take(VM1, &page), OK);
	assert_int_equal(fake_ops_of(FAKE_CACHE_CLEAN_INVALIDATE), 2);
	assert_false(is_zero(page, 1));
	assert_int_equal(block_alloc(VM1, &page), OK);
	assert_int_equal(fake_ops[2].extra, BLOCK_SIZE);
}

/* --- the start --- */

static void placing(void **state)
{
	struct page_range ram[2] = { { GIB(1), MIB(8), 0 }, { GIB(4), GIB(1), 0 } };
	struct page_range taken[4] = { lintel_range(GIB(1) + MIB(2), MIB(1)) }, table;
	struct page_range many[PAGE_BANKS_MAX + 1] = { { 0 } };
	uint64_t base;

	(void)state;
	assert_int_equal(page_table_place(ram, 1, taken, 1, &table), OK);
	assert_int_equal(table.base, GIB(1));
	assert_int_equal(table.owner, OWNER_LINTEL);
	assert_true(table.size >= 4 * 1024 && table.size <= 3 * PAGE_SIZE);
	/* 0.06 % of RAM: too large for the stretch before the image, so after it. */
	taken[0] = lintel_range(GIB(1) + 0x1000, MIB(2) + 0x234);
	assert_int_equal(page_table_place(ram, 2, taken, 1, &table), OK);
	assert_int_equal(table.base, GIB(1) + MIB(2) + 0x2000);
	assert_true(table.size > KIB(512) && table.size < KIB(600));
	/* In another bank. */
	taken[0] = firmware_range(GIB(1), MIB(8) - 0x1000);
	assert_int_equal(page_table_place(ram, 2, taken, 1, &table), OK);
	assert_int_equal(table.base, GIB(4));
	taken[1] = firmware_range(GIB(4), GIB(2));
	assert_int_equal(page_table_place(ram, 2, taken, 2, &table), ERR_NO_MEMORY);
	/* Exactly as large as the hole between two. */
	taken[0] = firmware_range(GIB(1), MIB(1));
	taken[1] = firmware_range(GIB(1) + MIB(1) + 0x3000, 1);
	assert_int_equal(page_place(ram, 1, taken, 2, 0x3000, &base), OK);
	assert_int_equal(base, GIB(1) + MIB(1));
	assert_int_equal(page_place(ram, 1, taken, 2, 0x4000, &base), OK);
	assert_int_equal(base, GIB(1) + MIB(1) + 0x4000);
	taken[2] = firmware_range(GIB(1) + MIB(2), 0);
	assert_int_equal(page_place(ram, 1, taken, 3, 0x4000, &base), OK);

	assert_int_equal(page_table_place(ram, 0, taken, 0, &table), ERR_INVALID);
	assert_int_equal(page_table_place(many, 1, taken, 0, &table), ERR_INVALID);
	assert_int_equal(page_table_place(many, PAGE_BANKS_MAX + 1, taken, 0, &table), ERR_INVALID);
	taken[0].owner = VM1;
	assert_int_equal(page_table_place(ram, 1, taken, 1, &table), ERR_INVALID);
	taken[0] = lintel_range(UINT64_MAX - 5, 10);
	assert_int_equal(page_table_place(ram, 1, taken, 1, &table), ERR_INVALID);
	ram[1] = (struct page_range){ GIB(1) + MIB(7), MIB(2), 0 };
	assert_int_equal(page_table_place(ram, 2, taken, 0, &table), ERR_INVALID);
	ram[1] = (struct page_range){ MIB(1), UINT64_MAX, 0 };
	assert_int_equal(page_table_place(ram, 2, taken, 0, &table), ERR_INVALID);
	assert_int_equal(page_init(ram, 2, taken, 0), ERR_INVALID);
}

/* Banks with odd ends, holes, reserved pieces that overlap. */
static void initial_owners(void **state)
{
	struct page_range ram[] = {
		{ RAM + 0x1800, MIB(7), 0 },          /* odd start, ends inside a block */
		{ RAM + MIB(7) + 0x9000, MIB(5), 0 }, /* begins in the same block */
		{ UINT64_C(0x800000000), MIB(64), 0 }, { GIB(3), 0x800, 0 }, /* not even a page */
	};
	struct page_range taken[] = {
		firmware_range(RAM + MIB(2), MIB(2)),
		firmware_range(RAM + MIB(4) + 0x1800, 0x1000),
		lintel_range(RAM + MIB(3), 0x1001),
		firmware_range(RAM + MIB(3) + 0x1000, 0x1000),
		firmware_range(0, 0x1000), /* no RAM at all */
		lintel_range(UINT64_C(0x800000000) + MIB(60), MIB(100)),
	};
	owner_t owner;

	(void)state;
	fake_memory_reset();
	fake_memory_add(RAM, MIB(16));
	fake_memory_add(UINT64_C(0x800000000), MIB(64));
	assert_int_equal(page_init(ram, ARRAY_SIZE(ram), taken, ARRAY_SIZE(taken)), OK);
	check_invariants();
	assert_int_equal(page_owner(PA(RAM + 0x1fff)), OWNER_ABSENT);
	assert_int_equal(page_owner(PA(RAM + 0x2000)), OWNER_LINTEL); /* the table */
	assert_int_equal(page_owner(PA(RAM + MIB(2) - 1)), OWNER_NONE);
	assert_int_equal(page_owner(PA(RAM + MIB(2))), OWNER_FIRMWARE);
	assert_int_equal(page_owner(PA(RAM + MIB(3))), OWNER_LINTEL);
	assert_int_equal(page_owner(PA(RAM + MIB(3) + 0x1fff)), OWNER_LINTEL);
	assert_int_equal(page_owner(PA(RAM + MIB(3) + 0x2000)), OWNER_FIRMWARE);
	assert_int_equal(page_owner(PA(RAM + MIB(4))), OWNER_NONE);
	assert_int_equal(page_owner(PA(RAM + MIB(4) + 0x1000)), OWNER_FIRMWARE);
	assert_int_equal(page_owner(PA(RAM + MIB(4) + 0x2fff)), OWNER_FIRMWARE);
	assert_int_equal(page_owner(PA(RAM + MIB(4) + 0x3000)), OWNER_NONE);
	assert_int_equal(page_owner(PA(RAM + MIB(7) + 0x0fff)), OWNER_NONE);
	assert_int_equal(page_owner(PA(RAM + MIB(7) + 0x1000)), OWNER_ABSENT);
	assert_int_equal(page_owner(PA(RAM + MIB(7) + 0x9000)), OWNER_NONE);
	assert_int_equal(page_owner(PA(RAM + MIB(12) + 0x9000)), OWNER_ABSENT);
	assert_int_equal(page_owner(PA(UINT64_C(0x800000000) + MIB(60))), OWNER_LINTEL);
	assert_int_equal(page_owner(PA(GIB(3))), OWNER_ABSENT);
	assert_int_equal(stats().total_pages, (MIB(7) - 0x1000 + MIB(5) + MIB(64)) / PAGE_SIZE);
	assert_int_equal(stats().firmware_pages, 512 - 2 + 2);
	assert_int_equal(stats().table_bytes % PAGE_SIZE, 0);

	assert_int_equal(page_run(PA(RAM + MIB(2)), GIB(4), &owner), RAM + MIB(3));
	assert_int_equal(owner, OWNER_FIRMWARE);
	assert_int_equal(
		page_run(PA(RAM + MIB(2)), RAM + MIB(2) + 0x5000, &owner), RAM + MIB(2) + 0x5000);
	assert_int_equal(
		page_run(PA(RAM + MIB(4) + 0x3000), GIB(4), &owner), RAM + MIB(7) + 0x1000);
	assert_int_equal(owner, OWNER_NONE);
	assert_int_equal(
		page_run(PA(RAM + MIB(7) + 0x1000), GIB(4), &owner), RAM + MIB(7) + 0x9000);
	assert_int_equal(owner, OWNER_ABSENT);
	assert_int_equal(page_run(PA(GIB(3)), GIB(4), &owner), GIB(4));
	assert_int_equal(page_run(PA(0), GIB(4), &owner), RAM + 0x2000);
	assert_int_equal(page_run(PA(UINT64_C(0x800000000)), UINT64_C(0x900000000), &owner),
		UINT64_C(0x800000000) + MIB(60));
	assert_true(page_range_owned(PA(RAM + MIB(7) + 0xf00), 0x100, OWNER_NONE));
	assert_false(page_range_owned(PA(RAM + MIB(7) + 0xf00), 0x101, OWNER_NONE));
	assert_true(page_range_owned(PA(0), RAM, OWNER_ABSENT));
	assert_false(page_range_owned(PA(0), RAM + 0x2001, OWNER_ABSENT));
	assert_int_equal(page_bank(0)->base, RAM + 0x2000);
	assert_int_equal(page_bank(2)->size, MIB(64));
	assert_null(page_bank(3));
	assert_int_equal(page_count_of(OWNER_ABSENT), 0);
	assert_int_equal(block_promised(OWNER_ABSENT), 0);
}

/* One bank right after the other: a run goes on. */
static void adjacent_banks(void **state)
{
	struct page_range ram[] = { { RAM, MIB(6), 0 }, { RAM + MIB(6), MIB(6), 0 } };
	owner_t owner;
	pa_t page;

	(void)state;
	fake_memory_reset();
	fake_memory_add(RAM, MIB(12));
	assert_int_equal(page_init(ram, 2, NULL, 0), OK);
	assert_int_equal(page_run(PA(RAM + MIB(4)), RAM + MIB(12), &owner), RAM + MIB(12));
	assert_int_equal(page_run(PA(RAM + MIB(4)), RAM + MIB(20), &owner), RAM + MIB(12));
	/* Pages across the border are freed as one. */
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(block_alloc(OWNER_LINTEL, &page), OK);
	assert_int_equal(block_alloc(OWNER_LINTEL, &page), ERR_NO_MEMORY);
	assert_int_equal(page_free(PA(RAM + MIB(5)), 512, OWNER_LINTEL), OK);
	check_invariants();
	assert_int_equal(page_free(PA(RAM + MIB(4)), 256, OWNER_LINTEL), OK);
	check_invariants();
	assert_int_equal(stats().free_blocks, 1);
}

/* Start-up touches little: no list of pages is written but for blocks that are split. */
static void init_is_cheap(void **state)
{
	struct page_range ram = { RAM, GIB(64), 0 }, table;
	const uint8_t *leaf;

	(void)state;
	fake_memory_reset();
	fake_memory_add(RAM, GIB(64));
	assert_int_equal(page_table_place(&ram, 1, NULL, 0, &table), OK);
	leaf = fake_memory_at(table.base + table.size - 2 * sizeof(struct page_leaf));
	memset(fake_memory_at(table.base), JUNK, table.size);
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	assert_int_equal(leaf[0], JUNK);
	assert_int_equal(stats().free_blocks,
		GIB(64) / BLOCK_SIZE - (table.size + BLOCK_SIZE - 1) / BLOCK_SIZE);
}

/* --- giving and taking --- */

static void pages(void **state)
{
	pa_t page, other;
	uint64_t free;

	(void)state;
	start(MIB(8));
	free = stats().free_pages;
	assert_int_equal(page_alloc(VM1, &page), OK);
	assert_true(is_zero(page, PAGE_SIZE));
	assert_int_equal(page_owner(page), VM1);
	assert_int_equal(page_alloc(OWNER_LINTEL, &other), OK);
	assert_int_equal(other.pa, page.pa + PAGE_SIZE);
	assert_int_equal(stats().free_pages, free - 2);
	check_invariants();

	assert_int_equal(page_free(page, 1, VM2), ERR_NOT_OWNER);
	assert_int_equal(page_free(page, 2, VM1), ERR_NOT_OWNER);
	assert_int_equal(page_free(PA(page.pa + 1), 1, VM1), ERR_INVALID);
	assert_int_equal(page_free(page, 0, VM1), ERR_INVALID);
	assert_int_equal(page_free(page, UINT64_MAX, VM1), ERR_INVALID);
	assert_int_equal(page_free(page, UINT64_MAX / PAGE_SIZE, VM1), ERR_INVALID);
	assert_int_equal(page_free(PA(GIB(8)), 1, VM1), ERR_NOT_OWNER);
	assert_int_equal(page_free(PA(GIB(8)), 1, OWNER_ABSENT), ERR_INVALID);
	assert_int_equal(page_free(page, 1, OWNER_FIRMWARE), ERR_INVALID);
	assert_int_equal(page_free(page, 1, OWNER_NONE), ERR_INVALID);
	assert_int_equal(page_owner(page), VM1);

	/* The next owner finds zeros. */
	memset(pa_to_ptr(page), JUNK, PAGE_SIZE);
	assert_int_equal(page_free(page, 1, VM1), OK);
	assert_int_equal(page_free(page, 1, VM1), ERR_NOT_OWNER);
	assert_int_equal(page_alloc(VM2, &other), OK);
	assert_int_equal(other.pa, page.pa);
	assert_true(is_zero(other, PAGE_SIZE));
	assert_int_equal(page_alloc(OWNER_NONE, &page), ERR_INVALID);
	assert_int_equal(page_alloc(OWNER_FIRMWARE, &page), ERR_INVALID);
	assert_int_equal(page_alloc(OWNER_COUNT, &page), ERR_INVALID);
	check_invariants();
}

static void contiguous(void **state)
{
	pa_t first, page[6];
	void *memory;

	(void)state;
	start(MIB(8));
	/* Room in the block of the table: the smallest gaps are used first if they fit. */
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(page_alloc(VM1, &page[i]), OK);
	assert_int_equal(page_free(page[1], 1, VM1), OK);
	assert_int_equal(page_free(page[3], 2, VM1), OK);
	assert_int_equal(page_alloc_contiguous(VM2, 3, &first), OK);
	assert_int_equal(first.pa, page[5].pa + PAGE_SIZE);
	assert_int_equal(page_alloc_contiguous(VM2, 2, &first), OK);
	assert_int_equal(first.pa % (2 * PAGE_SIZE), 0);
	assert_int_equal(page_alloc_contiguous(VM2, 16, &first), OK);
	assert_int_equal(first.pa % (16 * PAGE_SIZE), 0);
	assert_true(is_zero(first, 16 * PAGE_SIZE));
	/* Nearly a block: the first one has not got it. */
	assert_int_equal(page_alloc_contiguous(VM2, 511, &first), OK);
	assert_int_equal(first.pa, RAM + MIB(2));
	assert_int_equal(page_alloc_contiguous(VM2, 512, &first), OK);
	assert_int_equal(first.pa, RAM + MIB(4));
	assert_int_equal(page_alloc_contiguous(VM2, 512, &first), OK);
	assert_int_equal(page_alloc_contiguous(VM2, 512, &first), ERR_NO_MEMORY);
	assert_int_equal(page_alloc_contiguous(VM2, 0, &first), ERR_INVALID);
	assert_int_equal(page_alloc_contiguous(VM2, 513, &first), ERR_INVALID);
	check_invariants();
	/* The last single pages. */
	while (page_alloc(VM1, &first) == OK)
		continue;
	assert_int_equal(stats().free_pages, 0);
	assert_null(mm_zalloc(1));
	/* What comes back is found again, wherever it is. */
	assert_int_equal(page_free(PA(RAM + MIB(6)), 1, VM2), OK);
	assert_int_equal(page_free(page[5], 1, VM1), OK);
	assert_int_equal(page_alloc(VM1, &first), OK);
	assert_int_equal(first.pa, page[5].pa);
	assert_int_equal(page_alloc(VM1, &first), OK);
	assert_int_equal(first.pa, RAM + MIB(6));
	check_invariants();

	start(MIB(8));
	memory = mm_zalloc(PAGE_SIZE + 1);
	assert_non_null(memory);
	assert_int_equal(page_owner(ptr_to_pa(memory)), OWNER_LINTEL);
	assert_int_equal(page_owner(PA(ptr_to_pa(memory).pa + PAGE_SIZE)), OWNER_LINTEL);
	mm_free(memory, PAGE_SIZE + 1);
	assert_int_equal(page_owner(ptr_to_pa(memory)), OWNER_NONE);
	mm_free(NULL, 5);
	assert_null(mm_zalloc(0));
	assert_null(mm_zalloc(BLOCK_SIZE + 1));
	memory = mm_zalloc(BLOCK_SIZE);
	assert_non_null(memory);
	mm_free(memory, BLOCK_SIZE);
	check_invariants();
}

static void promises(void **state)
{
	pa_t block, page;

	(void)state;
	start(MIB(12)); /* the first block has the table: five whole ones */
	assert_int_equal(stats().free_blocks, 5);
	assert_int_equal(block_reserve(VM1, 3), OK);
	assert_int_equal(block_reserve(VM2, 3), ERR_NO_MEMORY);
	assert_int_equal(block_reserve(VM2, UINT64_MAX), ERR_NO_MEMORY);
	assert_int_equal(block_reserve(OWNER_FIRMWARE, 1), ERR_INVALID);
	assert_int_equal(block_reserve(VM2, 1), OK);
	/* One left for everybody. */
	assert_int_equal(block_alloc(OWNER_LINTEL, &block), OK);
	assert_int_equal(block_alloc(OWNER_LINTEL, &block), ERR_NO_MEMORY);
	assert_int_equal(block_alloc(VM2 + 1, &block), ERR_NO_MEMORY);
	assert_int_equal(block_alloc(OWNER_NONE, &block), ERR_INVALID);
	/* Single pages don't eat promised blocks, not even the owner's own. */
	while (page_alloc(VM1, &page) == OK)
		continue;
	assert_int_equal(stats().free_blocks, 4);
	check_invariants();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(block_promised(VM1), 3 - i);
		assert_int_equal(block_alloc(VM1, &block), OK);
		assert_true(is_zero(block, BLOCK_SIZE));
	}
	assert_int_equal(block_alloc(VM1, &block), ERR_NO_MEMORY);
	/* Back with a new promise: nobody else gets it. */
	assert_int_equal(block_free(PA(RAM + MIB(4)), VM2, true), ERR_NOT_OWNER);
	assert_int_equal(block_free(PA(RAM + MIB(4) + PAGE_SIZE), VM1, true), ERR_INVALID);
	assert_int_equal(block_free(PA(RAM + MIB(4)), VM1, true), OK);
	assert_int_equal(block_promised(VM1), 1);
	assert_int_equal(block_reserve(VM2, 1), ERR_NO_MEMORY);
	block_unreserve(VM1, 5);
	block_unreserve(OWNER_NONE, 5);
	assert_int_equal(block_promised(VM1), 0);
	assert_int_equal(block_reserve(VM2, 1), OK);
	check_invariants();
	assert_int_equal(block_free(PA(RAM + MIB(6)), VM1, false), OK);
	assert_int_equal(block_promised(VM1), 0);
	check_invariants();
}

static void transfer(void **state)
{
	pa_t block, page;

	(void)state;
	start(MIB(8));
	assert_int_equal(block_alloc(VM1, &block), OK);
	memset(pa_to_ptr(block), JUNK, BLOCK_SIZE);
	page = PA(block.pa + 5 * PAGE_SIZE);
	assert_int_equal(page_transfer(page, 2, VM1, VM2, PAGE_WIPE), OK);
	assert_int_equal(page_owner(page), VM2);
	assert_true(is_zero(page, 2 * PAGE_SIZE));
	assert_false(is_zero(PA(page.pa + 2 * PAGE_SIZE), 1));
	check_invariants();
	/* Between two VMs contents never go along. */
	memset(pa_to_ptr(page), JUNK, PAGE_SIZE);
	assert_int_equal(page_transfer(page, 1, VM2, VM1, PAGE_KEEP), OK);
	assert_true(is_zero(page, PAGE_SIZE));
	/* From and to Lintel they do, when asked. */
	memset(pa_to_ptr(page), JUNK, PAGE_SIZE);
	assert_int_equal(page_transfer(page, 1, VM1, OWNER_LINTEL, PAGE_KEEP), OK);
	assert_int_equal(page_transfer(page, 1, OWNER_LINTEL, VM2, PAGE_KEEP), OK);
	assert_false(is_zero(page, 1));
	assert_int_equal(page_transfer(page, 1, VM2, OWNER_LINTEL, PAGE_WIPE), OK);
	assert_true(is_zero(page, PAGE_SIZE));
	memset(pa_to_ptr(page), JUNK, PAGE_SIZE);
	assert_int_equal(page_transfer(page, 1, OWNER_LINTEL, VM1, PAGE_WIPE), OK);
	assert_true(is_zero(page, PAGE_SIZE));
	assert_int_equal(page_transfer(PA(page.pa + PAGE_SIZE), 1, VM2, VM1, PAGE_WIPE), OK);
	assert_true(page_range_owned(block, BLOCK_SIZE, VM1));
	check_invariants();

	assert_int_equal(
		page_transfer(block, PAGE_TRANSFER_MAX + 1, VM1, VM2, PAGE_WIPE), ERR_INVALID);
	assert_int_equal(page_transfer(block, 1, VM1, VM1, PAGE_WIPE), ERR_INVALID);
	assert_int_equal(page_transfer(block, 1, OWNER_NONE, VM1, PAGE_WIPE), ERR_INVALID);
	assert_int_equal(page_transfer(block, 1, VM1, OWNER_NONE, PAGE_WIPE), ERR_INVALID);
	assert_int_equal(page_transfer(block, 1, VM2, VM1, PAGE_WIPE), ERR_NOT_OWNER);
	assert_int_equal(page_transfer(block, 1, OWNER_LINTEL, VM1, PAGE_WIPE), ERR_NOT_OWNER);
	/* One page that isn't the owner's: nothing changes. */
	assert_int_equal(
		page_transfer(PA(block.pa + BLOCK_SIZE - PAGE_SIZE), 2, VM1, VM2, PAGE_WIPE),
		ERR_NOT_OWNER);
	assert_true(page_range_owned(block, BLOCK_SIZE, VM1));
	/* A block in pieces is given back as a whole all the same. */
	assert_int_equal(block_free(block, VM1, true), OK);
	assert_int_equal(block_promised(VM1), 1);
	check_invariants();
}

static void reclaim(void **state)
{
	uint64_t free, cursor = 0;
	unsigned steps = 1;
	pa_t block, page;

	(void)state;
	start(GIB(2));
	free = stats().free_pages;
	for (unsigned i = 0; i < 700; i++) {
		assert_int_equal(block_alloc(VM1, &block), OK);
		if (i % 100 == 0) {
			assert_int_equal(page_transfer(block, 1, VM1, VM2, PAGE_WIPE), OK);
			assert_int_equal(
				page_transfer(PA(block.pa + MIB(1)), 1, VM1, VM2, PAGE_WIPE), OK);
		}
		if (i == 350) /* split, but all the VM's own again */
			assert_int_equal(page_transfer(block, 7, VM1, VM2, PAGE_WIPE), OK),
				assert_int_equal(
					page_transfer(PA(block.pa), 3, VM2, VM1, PAGE_WIPE), OK),
				assert_int_equal(page_transfer(PA(block.pa + 3 * PAGE_SIZE), 4, VM2,
							 VM1, PAGE_WIPE),
					OK);
	}
	assert_int_equal(page_alloc(VM1, &page), OK);
	while (!page_reclaim_step(VM1, &cursor, true)) {
		check_invariants();
		steps++;
	}
	assert_true(steps >= 4);
	assert_int_equal(page_count_of(VM1), 0);
	assert_int_equal(page_count_of(VM2), 14);
	assert_int_equal(block_promised(VM1), 693);
	assert_int_equal(stats().free_pages, free - 14);
	cursor = 0;
	while (!page_reclaim_step(VM2, &cursor, false))
		continue;
	assert_int_equal(stats().free_pages, free);
	check_invariants();
	assert_true(page_reclaim_step(OWNER_LINTEL, &cursor, false));
	assert_true(page_reclaim_step(OWNER_FIRMWARE, &cursor, false));
	assert_true(page_count_of(OWNER_LINTEL) != 0);
}

static jmp_buf panicked;

static void on_panic(void)
{
	longjmp(panicked, 1);
}

static void freeing_what_is_not_ours(void **state)
{
	pa_t page;

	(void)state;
	start(MIB(8));
	assert_int_equal(page_alloc(VM1, &page), OK);
	panic_hook = on_panic;
	if (setjmp(panicked) == 0) {
		mm_free(pa_to_ptr(page), 1);
		fail();
	}
	panic_hook = NULL;
}

/* --- random calls; the model is one owner for each page --- */

#define MODEL_BLOCKS 12
static owner_t model[MODEL_BLOCKS * PAGES_PER_BLOCK];

static void set_model(pa_t first, uint64_t n, owner_t owner)
{
	for (uint64_t i = 0; i < n; i++)
		model[(first.pa - RAM) / PAGE_SIZE + i] = owner;
}

/* What comes out of the allocator was free and is zero. */
static void check_given(pa_t first, uint64_t n, owner_t owner)
{
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(model[(first.pa - RAM) / PAGE_SIZE + i], OWNER_NONE);
	assert_true(is_zero(first, n * PAGE_SIZE));
	memset(pa_to_ptr(first), JUNK, n * PAGE_SIZE);
	set_model(first, n, owner);
}

static void random_step(void)
{
	static const owner_t owners[] = { OWNER_LINTEL, VM1, VM2 };
	owner_t owner = owners[rand() % 3], to = owners[rand() % 3];
	unsigned index = (unsigned)rand() % ARRAY_SIZE(model), n = 1 + (unsigned)rand() % 40;
	pa_t pa = PA(RAM + index * PAGE_SIZE);
	bool all = true;

	if (rand() % 8 == 0)
		n = 1 + (unsigned)rand() % 512;
	n = MIN(n, ARRAY_SIZE(model) - index);
	for (unsigned i = index; i < index + n; i++)
		all &= model[i] == owner;
	switch (rand() % 6) {
	case 0:
		if (page_alloc_contiguous(owner, n, &pa) == OK)
			check_given(pa, n, owner);
		break;
	case 1:
		if (block_alloc(owner, &pa) == OK)
			check_given(pa, PAGES_PER_BLOCK, owner);
		break;
	case 2:
		if (owner == OWNER_LINTEL && index < PAGES_PER_BLOCK)
			break; /* the table itself */
		assert_int_equal(page_free(pa, n, owner), all ? OK : ERR_NOT_OWNER);
		if (all)
			set_model(pa, n, OWNER_NONE);
		break;
	case 3:
		if (owner == to || index < PAGES_PER_BLOCK || n > PAGE_TRANSFER_MAX)
			break;
		assert_int_equal(
			page_transfer(pa, n, owner, to, PAGE_WIPE), all ? OK : ERR_NOT_OWNER);
		if (all) {
			assert_true(is_zero(pa, n * PAGE_SIZE));
			set_model(pa, n, to);
		}
		break;
	case 4:
		if (rand() % 2)
			block_unreserve(VM1, 1);
		else if (block_reserve(VM1, 1) == OK)
			assert_true(stats().promised_blocks <= stats().free_blocks);
		break;
	default:
		if (block_promised(VM1) != 0) {
			assert_int_equal(block_alloc(VM1, &pa), OK);
			check_given(pa, PAGES_PER_BLOCK, VM1);
		}
		break;
	}
}

static void against_model(void **state)
{
	(void)state;
	srand(7);
	start(MODEL_BLOCKS * BLOCK_SIZE);
	for (unsigned i = 0; i < ARRAY_SIZE(model); i++)
		model[i] = page_owner(PA(RAM + i * PAGE_SIZE));
	for (unsigned round = 0; round < 1500; round++) {
		random_step();
		if (round % 16 == 0)
			check_invariants();
		if (round % 200 == 199) {
			uint64_t cursor = 0;
			owner_t owner = rand() % 2 ? VM1 : VM2;

			while (!page_reclaim_step(owner, &cursor, false))
				continue;
			for (unsigned i = 0; i < ARRAY_SIZE(model); i++)
				if (model[i] == owner)
					model[i] = OWNER_NONE;
		}
		for (unsigned i = 0; i < ARRAY_SIZE(model); i += 7)
			assert_int_equal(page_owner(PA(RAM + i * PAGE_SIZE)), model[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(cleaned_for_guests),
		cmocka_unit_test(placing),
		cmocka_unit_test(initial_owners),
		cmocka_unit_test(adjacent_banks),
		cmocka_unit_test(init_is_cheap),
		cmocka_unit_test(pages),
		cmocka_unit_test(contiguous),
		cmocka_unit_test(promises),
		cmocka_unit_test(transfer),
		cmocka_unit_test(reclaim),
		cmocka_unit_test(freeing_what_is_not_ours),
		cmocka_unit_test(against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
