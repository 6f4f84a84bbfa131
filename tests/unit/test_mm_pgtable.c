/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table mapper: descriptors cell by cell, every failure, and random changes against a model.
 *
 * links: mm/pgtable.c mm/pgtable_desc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/pgtable.h"
#include "mm/pgtable_desc.h"
#include "mm/phys.h"
#include "tests/unit/fake/memory.h"

#define ARENA       UINT64_C(0x80000000)
#define ARENA_PAGES 2048

/* Tables come from here; `allow` more may be taken. */
static struct {
	bool used[ARENA_PAGES];
	unsigned in_use, allow;
	unsigned flushes;
	uint64_t flush_ia, flush_size, flush_entries;
	bool valid_at_flush; /* was the flushed address still mapped when the flush came? */
} arena;

static enum status alloc_table(struct pgtable *table, pa_t *page)
{
	(void)table;
	if (arena.allow == 0)
		return ERR_NO_MEMORY;
	arena.allow--;
	for (unsigned i = 0; i < ARENA_PAGES; i++)
		if (!arena.used[i]) {
			arena.used[i] = true;
			arena.in_use++;
			*page = PA(ARENA + i * PAGE_SIZE);
			memset(pa_to_ptr(*page), 0, PAGE_SIZE);
			return OK;
		}
	return ERR_NO_MEMORY;
}

static void free_table(struct pgtable *table, pa_t page)
{
	unsigned i = (unsigned)((page.pa - ARENA) / PAGE_SIZE);

	(void)table;
	assert_true(arena.used[i]);
	/* Whoever still walks through it finds nothing and no junk. */
	memset(pa_to_ptr(page), 0xa5, PAGE_SIZE);
	arena.used[i] = false;
	arena.in_use--;
}

static void flush_table(struct pgtable *table, uint64_t ia, uint64_t size, uint64_t entries)
{
	struct pgtable_leaf leaf;

	pgtable_walk(table, ia, &leaf);
	arena.valid_at_flush = leaf.valid;
	arena.flushes++;
	arena.flush_ia = ia;
	arena.flush_size = size;
	arena.flush_entries = entries;
	assert_true(entries != 0);
}

static const struct pgtable_ops ops = { alloc_table, free_table, flush_table };

static struct pgtable make(enum pgtable_kind kind, unsigned ia_bits)
{
	struct pgtable table = {
		.kind = kind, .ia_bits = (uint8_t)ia_bits, .pa_bits = 48, .ops = &ops
	};
	unsigned level, pages;
	pa_t page;

	memset(&arena, 0, sizeof(arena));
	fake_memory_reset();
	fake_memory_add(ARENA, ARENA_PAGES * PAGE_SIZE);
	assert_true(pgtable_geometry(kind, ia_bits, &level, &pages));
	table.start_level = (uint8_t)level;
	arena.allow = ARENA_PAGES;
	for (unsigned i = 0; i < pages; i++) {
		assert_int_equal(alloc_table(&table, &page), OK);
		if (i == 0)
			table.root = page;
	}
	return table;
}

static struct pgtable_leaf walk(const struct pgtable *table, uint64_t ia)
{
	struct pgtable_leaf leaf;

	pgtable_walk(table, ia, &leaf);
	return leaf;
}

static void check(const struct pgtable *table, uint64_t ia, uint64_t pa, unsigned level,
	uint64_t prot, enum mem_type type)
{
	struct pgtable_leaf leaf = walk(table, ia);

	assert_true(leaf.valid);
	assert_int_equal(leaf.pa.pa, pa);
	assert_int_equal(leaf.level, level);
	assert_int_equal(leaf.prot, prot);
	assert_int_equal(leaf.type, type);
}

static enum status map(struct pgtable *table, uint64_t ia, uint64_t size, uint64_t pa)
{
	return pgtable_map(table, ia, size, PA(pa), MEM_RW, MEM_NORMAL, 0);
}

static void geometry(void **state)
{
	unsigned level, pages;

	(void)state;
	for (unsigned bits = 0; bits <= 64; bits++) {
		bool good = bits >= 21 && bits <= 48;

		assert_int_equal(pgtable_geometry(PGTABLE_EL2, bits, &level, &pages), good);
		if (!good)
			continue;
		assert_int_equal(level, bits <= 30 ? 2 : bits <= 39 ? 1 : 0);
		assert_int_equal(pages, 1);
	}
	for (unsigned bits = 0; bits <= 64; bits++) {
		bool good = bits >= 25 && bits <= 48;

		assert_int_equal(pgtable_geometry(PGTABLE_STAGE2, bits, &level, &pages), good);
		if (!good)
			continue;
		assert_int_equal(level, bits <= 34 ? 2 : bits <= 43 ? 1 : 0);
		if (bits <= 30 || (bits >= 35 && bits <= 39) || bits >= 44)
			assert_int_equal(pages, 1);
		else
			assert_int_equal(pages, 1 << (bits - (bits <= 34 ? 30 : 39)));
	}
}

/* Every combination of rights and type, written out. */
static void check_leaf_bits_s2(enum pgtable_kind kind, const uint64_t attr_s2[MEM_TYPE_COUNT],
	enum mem_type type, uint64_t prot, unsigned level)
{
	struct pgtable s2 = { .kind = kind };
	bool device = type >= MEM_DEVICE_nGnRE, x = prot & MEM_X, good = !(x && device);
	uint64_t common = 1 | BIT(10) | (level == 3 ? 2 : 0) | (device ? 0 : 3 << 8), bits;

	assert_int_equal(pgtable_leaf_bits(&s2, level, prot, type, &bits), good);
	if (!good)
		return;
	assert_int_equal(bits, common | attr_s2[type] | (prot & 3) << 6 | (x ? 0 : BIT(54)));
	assert_int_equal(desc_prot(kind, bits), prot);
	assert_int_equal(desc_type(kind, bits), type);
}

static void leaf_bits(void **state)
{
	static const uint64_t attr_s2[] = { 0xf << 2, 0x5 << 2, 0x1 << 2, 0x0 << 2 };
	static const uint64_t attr_fwb[] = { 0x6 << 2, 0x5 << 2, 0x1 << 2, 0x0 << 2 };
	static const uint64_t mair[] = { 0xff, 0x44, 0x04, 0x00 };
	struct pgtable el2 = { .kind = PGTABLE_EL2 }, s2 = { .kind = PGTABLE_STAGE2 };
	uint64_t bits;

	(void)state;
	for (unsigned type = 0; type < MEM_TYPE_COUNT; type++)
		for (uint64_t prot = 0; prot < 8; prot++)
			for (unsigned level = 1; level <= 3; level++) {
				bool device = type >= MEM_DEVICE_nGnRE, x = prot & MEM_X,
				     w = prot & MEM_W;
				uint64_t common =
					1 | BIT(10) | (level == 3 ? 2 : 0) | (device ? 0 : 3 << 8);
				bool good = (prot & MEM_R) && !(w && x) && !(x && device);

				assert_int_equal(
					pgtable_leaf_bits(&el2, level, prot, type, &bits), good);
				if (good) {
					assert_int_equal(bits,
						common | BIT(6) | (uint64_t)type << 2 |
							(w ? 0 : BIT(7)) | (x ? 0 : BIT(54)));
					assert_int_equal((PGTABLE_MAIR_EL2 >> (8 * type)) & 0xff,
						mair[type]);
					assert_int_equal(desc_prot(PGTABLE_EL2, bits), prot);
					assert_int_equal(desc_type(PGTABLE_EL2, bits), type);
				}
				check_leaf_bits_s2(PGTABLE_STAGE2, attr_s2, type, prot, level);
				check_leaf_bits_s2(PGTABLE_STAGE2_FWB, attr_fwb, type, prot, level);
			}
	assert_false(pgtable_leaf_bits(&s2, 0, MEM_R, MEM_NORMAL, &bits));
	assert_false(pgtable_leaf_bits(&s2, 4, MEM_R, MEM_NORMAL, &bits));
	assert_false(pgtable_leaf_bits(&s2, 3, 8, MEM_NORMAL, &bits));
	assert_false(pgtable_leaf_bits(&s2, 3, MEM_R, MEM_TYPE_COUNT, &bits));
	assert_false(pgtable_leaf_bits(&s2, 3, MEM_RX | MEM_UNGUARDED, MEM_NORMAL, &bits));
	assert_false(pgtable_leaf_bits(&el2, 3, MEM_RW | MEM_UNGUARDED, MEM_NORMAL, &bits));
	el2.guarded = true;
	assert_true(pgtable_leaf_bits(&el2, 3, MEM_RX | MEM_UNGUARDED, MEM_NORMAL, &bits));
	assert_false(bits & BIT(50));
	assert_true(pgtable_leaf_bits(&el2, 3, MEM_RX, MEM_NORMAL, &bits));
	assert_true(bits & BIT(50));
	assert_true(pgtable_leaf_bits(&el2, 3, MEM_RW, MEM_NORMAL, &bits));
	assert_false(bits & BIT(50));
}

/* Level 0 has no blocks and level 3 no tables, and bit 1 clear at level 3 is nothing. */
static void descriptor_kinds(void **state)
{
	(void)state;
	for (unsigned level = 0; level <= 3; level++) {
		assert_false(desc_is_leaf(0, level) || desc_is_table(0, level));
		assert_false(desc_is_leaf(2, level) || desc_is_table(2, level));
		assert_int_equal(desc_is_leaf(1, level), level == 1 || level == 2);
		assert_false(desc_is_table(1, level));
		assert_int_equal(desc_is_leaf(3, level), level == 3);
		assert_int_equal(desc_is_table(3, level), level != 3);
	}
}

static void sizes(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);

	(void)state;
	/* A page, 2 MiB, 1 GiB and a mix of all. */
	assert_int_equal(map(&table, 0x1000, 0x1000, 0x7000), OK);
	check(&table, 0x1234, 0x7234, 3, MEM_RW, MEM_NORMAL);
	assert_int_equal(map(&table, MIB(2), MIB(2), MIB(64)), OK);
	check(&table, MIB(2) + 0x12345, MIB(64) + 0x12345, 2, MEM_RW, MEM_NORMAL);
	assert_int_equal(map(&table, GIB(1), GIB(1), GIB(5)), OK);
	check(&table, GIB(1) + 0x1234567, GIB(5) + 0x1234567, 1, MEM_RW, MEM_NORMAL);
	assert_int_equal(map(&table, GIB(3) - MIB(2) - 0x1000, GIB(1) + MIB(4) + 0x2000,
				 GIB(7) - MIB(2) - 0x1000),
		OK);
	check(&table, GIB(3) - MIB(2) - 0x1000, GIB(7) - MIB(2) - 0x1000, 3, MEM_RW, MEM_NORMAL);
	check(&table, GIB(3) - MIB(2), GIB(7) - MIB(2), 2, MEM_RW, MEM_NORMAL);
	check(&table, GIB(3), GIB(7), 1, MEM_RW, MEM_NORMAL);
	check(&table, GIB(4), GIB(8), 2, MEM_RW, MEM_NORMAL);
	check(&table, GIB(4) + MIB(2), GIB(8) + MIB(2), 3, MEM_RW, MEM_NORMAL);
	assert_false(walk(&table, GIB(4) + MIB(2) + 0x1000).valid);
	/* An output address that is not aligned as the input makes small pieces. */
	assert_int_equal(map(&table, GIB(16), GIB(1), GIB(32) + MIB(2)), OK);
	check(&table, GIB(16), GIB(32) + MIB(2), 2, MEM_RW, MEM_NORMAL);
	assert_int_equal(map(&table, GIB(20), MIB(2), GIB(40) + 0x1000), OK);
	check(&table, GIB(20), GIB(40) + 0x1000, 3, MEM_RW, MEM_NORMAL);
	/* The last page there is, in the second of two tables side by side. */
	assert_int_equal(map(&table, BIT(40) - 0x1000, 0x1000, 0x9000), OK);
	check(&table, BIT(40) - 1, 0x9fff, 3, MEM_RW, MEM_NORMAL);
	assert_int_equal(arena.flushes, 0);
}

static void walk_steps_over_holes(void **state)
{
	struct pgtable table = make(PGTABLE_EL2, 48);
	struct pgtable_leaf leaf;

	(void)state;
	leaf = walk(&table, BIT(40));
	assert_false(leaf.valid);
	assert_int_equal(leaf.level, 0);
	assert_int_equal(leaf.size, GIB(512));
	assert_int_equal(map(&table, MIB(2) * 3, 0x1000, 0), OK);
	leaf = walk(&table, 0);
	assert_int_equal(leaf.base, 0);
	assert_int_equal(leaf.size, MIB(2));
	leaf = walk(&table, MIB(6) + 0x5fff);
	assert_int_equal(leaf.base, MIB(6) + 0x5000);
	assert_int_equal(leaf.size, PAGE_SIZE);
	leaf = walk(&table, BIT(48));
	assert_false(leaf.valid);
	assert_int_equal(leaf.base, BIT(48));
	assert_int_equal(leaf.base + leaf.size, 0);
}

static void bad_arguments(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);

	(void)state;
	table.pa_bits = 40;
	assert_int_equal(map(&table, 0, 0, 0), ERR_INVALID);
	assert_int_equal(map(&table, 1, 0x1000, 0), ERR_INVALID);
	assert_int_equal(map(&table, 0, 0x1001, 0), ERR_INVALID);
	assert_int_equal(map(&table, 0, 0x1000, 0x800), ERR_INVALID);
	assert_int_equal(map(&table, BIT(40), 0x1000, 0), ERR_RANGE);
	assert_int_equal(map(&table, BIT(40) - 0x1000, 0x2000, 0), ERR_RANGE);
	assert_int_equal(map(&table, 0x1000, -0x1000UL, 0), ERR_RANGE);
	assert_int_equal(map(&table, 0, 0x1000, BIT(40)), ERR_RANGE);
	assert_int_equal(map(&table, 0, 0x2000, BIT(40) - 0x1000), ERR_RANGE);
	assert_int_equal(
		pgtable_map(&table, 0, 0x1000, PA(0), MEM_RX, MEM_DEVICE_nGnRE, 0), ERR_INVALID);
	assert_int_equal(pgtable_prepare(&table, 1, 0x1000), ERR_INVALID);
	assert_int_equal(pgtable_prepare(&table, BIT(40), 0x1000), ERR_RANGE);
	assert_int_equal(pgtable_unmap(&table, 0, 0), ERR_INVALID);
	assert_int_equal(pgtable_unmap(&table, BIT(40), 0x1000), ERR_RANGE);
	assert_int_equal(pgtable_clear_memory(&table, BIT(40), 0x1000), ERR_RANGE);
	assert_int_equal(pgtable_protect(&table, 0, 0x1000, 8, MEM_NORMAL), ERR_INVALID);
	assert_int_equal(pgtable_protect(&table, 0, 0x1001, MEM_R, MEM_NORMAL), ERR_INVALID);
	assert_int_equal(pgtable_join(&table, BIT(40)), 1);
	assert_int_equal(arena.in_use, 2);
}

static void exists(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);
	unsigned before;

	(void)state;
	assert_int_equal(map(&table, GIB(1) + MIB(4), 0x1000, 0), OK);
	before = arena.in_use;
	/* Nothing of it may appear, nor any table stay. */
	assert_int_equal(map(&table, MIB(1023), MIB(10), GIB(2)), ERR_EXISTS);
	assert_int_equal(arena.in_use, before);
	assert_false(walk(&table, MIB(1023)).valid);
	assert_false(walk(&table, GIB(1)).valid);
	check(&table, GIB(1) + MIB(4), 0, 3, MEM_RW, MEM_NORMAL);
	/* A whole block where a table is: by pages, around what is there. */
	assert_int_equal(pgtable_map(&table, GIB(1) + MIB(4), MIB(2), PA(MIB(16)), MEM_R,
				 MEM_NORMAL, PGTABLE_SKIP_MAPPED),
		OK);
	check(&table, GIB(1) + MIB(4), 0, 3, MEM_RW, MEM_NORMAL);
	check(&table, GIB(1) + MIB(4) + 0x1000, MIB(16) + 0x1000, 3, MEM_R, MEM_NORMAL);
	/* Over a block. */
	assert_int_equal(map(&table, GIB(8), GIB(1), 0), OK);
	assert_int_equal(map(&table, GIB(8) + 0x1000, 0x1000, 0), ERR_EXISTS);
	assert_int_equal(pgtable_map(&table, GIB(8) + 0x1000, 0x1000, PA(0), MEM_R, MEM_NORMAL,
				 PGTABLE_SKIP_MAPPED),
		OK);
	check(&table, GIB(8) + 0x1000, 0x1000, 1, MEM_RW, MEM_NORMAL);
}

/* With any number of tables to be had, a mapping is there as a whole or not at all. */
static void out_of_memory(void **state)
{
	const uint64_t ia = GIB(1) - 0x3000, size = GIB(1) + 0x5000;
	struct pgtable table = make(PGTABLE_STAGE2, 48);
	unsigned needed = 0;

	(void)state;
	for (;; needed++) {
		enum status status;

		arena.allow = needed;
		status = map(&table, ia, size, GIB(64) - 0x3000);
		if (status == OK)
			break;
		assert_int_equal(status, ERR_NO_MEMORY);
		assert_int_equal(arena.in_use, 1);
		assert_false(walk(&table, ia).valid);
		assert_false(walk(&table, GIB(1)).valid);
	}
	/* L1, and L2 and L3 for both ends. */
	assert_int_equal(needed, 5);
	assert_int_equal(arena.in_use, 6);
	/* Splitting needs tables too. */
	arena.allow = 0;
	assert_int_equal(pgtable_unmap(&table, GIB(1) + 0x1000, 0x1000), ERR_NO_MEMORY);
	check(&table, GIB(1) + 0x1000, GIB(64) + 0x1000, 1, MEM_RW, MEM_NORMAL);
	arena.allow = 1;
	assert_int_equal(
		pgtable_protect(&table, GIB(1) + 0x1000, 0x1000, MEM_R, MEM_NORMAL), ERR_NO_MEMORY);
	check(&table, GIB(1) + 0x1000, GIB(64) + 0x1000, 2, MEM_RW, MEM_NORMAL);
	check(&table, GIB(2) - 1, GIB(65) - 1, 2, MEM_RW, MEM_NORMAL);
	arena.allow = 1;
	assert_int_equal(pgtable_protect(&table, GIB(1) + 0x1000, GIB(1), MEM_R, MEM_NORMAL), OK);
	check(&table, GIB(1), GIB(64), 3, MEM_RW, MEM_NORMAL);
	check(&table, GIB(1) + 0x1000, GIB(64) + 0x1000, 3, MEM_R, MEM_NORMAL);
	assert_int_equal(pgtable_unmap(&table, 0, BIT(48)), OK);
	assert_int_equal(arena.in_use, 1);
}

static void unmap_splits(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);

	(void)state;
	assert_int_equal(map(&table, GIB(2), GIB(1), GIB(4)), OK);
	arena.flushes = 0;
	assert_int_equal(pgtable_unmap(&table, GIB(2) + MIB(2) + 0x3000, 0x2000), OK);
	/* 1 GiB to 2 MiB, 2 MiB to pages, and the pages themselves. */
	assert_int_equal(arena.flushes, 3);
	assert_int_equal(arena.flush_ia, GIB(2) + MIB(2) + 0x3000);
	assert_int_equal(arena.flush_size, 0x2000);
	assert_int_equal(arena.flush_entries, 2);
	assert_false(arena.valid_at_flush);
	check(&table, GIB(2), GIB(4), 2, MEM_RW, MEM_NORMAL);
	check(&table, GIB(2) + MIB(2), GIB(4) + MIB(2), 3, MEM_RW, MEM_NORMAL);
	check(&table, GIB(2) + MIB(2) + 0x2fff, GIB(4) + MIB(2) + 0x2fff, 3, MEM_RW, MEM_NORMAL);
	assert_false(walk(&table, GIB(2) + MIB(2) + 0x3000).valid);
	assert_false(walk(&table, GIB(2) + MIB(2) + 0x4fff).valid);
	check(&table, GIB(2) + MIB(2) + 0x5000, GIB(4) + MIB(2) + 0x5000, 3, MEM_RW, MEM_NORMAL);
	/* Holes: nothing to flush. */
	arena.flushes = 0;
	assert_int_equal(pgtable_unmap(&table, 0, GIB(2)), OK);
	assert_int_equal(arena.flushes, 0);
	assert_int_equal(pgtable_unmap(&table, 0, BIT(40)), OK);
	assert_int_equal(arena.in_use, 2);
	assert_int_equal(arena.flushes, 1);
}

static void protect(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);

	(void)state;
	assert_int_equal(map(&table, MIB(2), MIB(4), MIB(8)), OK);
	/* Rights change in place. */
	assert_int_equal(pgtable_protect(&table, 0, MIB(16), MEM_R, MEM_NORMAL), OK);
	assert_int_equal(arena.flushes, 1);
	assert_int_equal(arena.flush_entries, 2);
	assert_true(walk(&table, MIB(2)).valid);
	check(&table, MIB(2), MIB(8), 2, MEM_R, MEM_NORMAL);
	/* The same again: nothing to do. */
	assert_int_equal(pgtable_protect(&table, 0, MIB(16), MEM_R, MEM_NORMAL), OK);
	assert_int_equal(arena.flushes, 1);
	/* The type goes through an invalid entry, one at a time. */
	assert_int_equal(pgtable_protect(&table, 0, MIB(16), MEM_R, MEM_NORMAL_NC), OK);
	assert_int_equal(arena.flushes, 3);
	assert_false(arena.valid_at_flush);
	check(&table, MIB(4), MIB(10), 2, MEM_R, MEM_NORMAL_NC);
	assert_int_equal(pgtable_protect(&table, MIB(2) + 0x1000, 0x1000, MEM_RWX, MEM_NORMAL), OK);
	check(&table, MIB(2), MIB(8), 3, MEM_R, MEM_NORMAL_NC);
	check(&table, MIB(2) + 0x1000, MIB(8) + 0x1000, 3, MEM_RWX, MEM_NORMAL);
	check(&table, MIB(2) + 0x2000, MIB(8) + 0x2000, 3, MEM_R, MEM_NORMAL_NC);
}

static void join(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);
	unsigned tables;

	(void)state;
	assert_int_equal(pgtable_join(&table, GIB(1)), 1);
	assert_int_equal(map(&table, GIB(1), GIB(1), GIB(4)), OK);
	tables = arena.in_use;
	assert_int_equal(pgtable_unmap(&table, GIB(1) + 0x5000, 0x1000), OK);
	assert_int_equal(arena.in_use, tables + 2);
	assert_int_equal(pgtable_join(&table, GIB(1) + 0x5000), 3);
	assert_int_equal(map(&table, GIB(1) + 0x5000, 0x1000, GIB(9)), OK);
	assert_int_equal(pgtable_join(&table, GIB(1) + 0x5000), 3); /* not consecutive */
	assert_int_equal(pgtable_unmap(&table, GIB(1) + 0x5000, 0x1000), OK);
	assert_int_equal(map(&table, GIB(1) + 0x5000, 0x1000, GIB(4) + 0x5000), OK);
	assert_int_equal(pgtable_protect(&table, GIB(1), 0x1000, MEM_R, MEM_NORMAL), OK);
	assert_int_equal(pgtable_join(&table, GIB(1) + 0x5000), 3); /* not alike */
	assert_int_equal(pgtable_protect(&table, GIB(1), 0x1000, MEM_RW, MEM_NORMAL), OK);
	arena.flushes = 0;
	assert_int_equal(pgtable_join(&table, GIB(1) + 0x5000), 1);
	assert_int_equal(arena.flushes, 2);
	assert_false(arena.valid_at_flush);
	check(&table, GIB(1) + 0x5000, GIB(4) + 0x5000, 1, MEM_RW, MEM_NORMAL);
	assert_int_equal(arena.in_use, tables);
	/* Consecutive, but not aligned to a block. */
	assert_int_equal(map(&table, GIB(8), MIB(2), GIB(9) + 0x1000), OK);
	assert_int_equal(pgtable_join(&table, GIB(8)), 3);
}

static void prepared(void **state)
{
	const uint64_t ia = GIB(1) + 0x3000, size = GIB(1) + MIB(6);
	struct pgtable table = make(PGTABLE_STAGE2, 40);
	unsigned tables;

	(void)state;
	for (unsigned allow = 0;; allow++) {
		enum status status;

		arena.allow = allow;
		status = pgtable_prepare(&table, ia, size);
		if (status == OK)
			break;
		assert_int_equal(status, ERR_NO_MEMORY);
	}
	tables = arena.in_use;
	assert_int_equal(tables, 2 + 2 + 2);
	arena.allow = 0;
	assert_int_equal(pgtable_prepare(&table, ia, size), OK);
	assert_int_equal(map(&table, ia, size, GIB(4) + 0x3000), OK);
	check(&table, ia, GIB(4) + 0x3000, 3, MEM_RW, MEM_NORMAL);
	check(&table, GIB(1) + MIB(2), GIB(4) + MIB(2), 2, MEM_RW, MEM_NORMAL);
	check(&table, GIB(2), GIB(5), 2, MEM_RW, MEM_NORMAL);
	assert_int_equal(pgtable_prepare(&table, ia, size), OK);
	/* They stay, whatever is unmapped or fails. */
	assert_int_equal(pgtable_unmap(&table, ia, size), OK);
	assert_int_equal(map(&table, ia - 0x1000, size, BIT(48) - PAGE_SIZE), ERR_RANGE);
	assert_int_equal(arena.in_use, tables);
	assert_int_equal(map(&table, ia, size, GIB(4) + 0x3000), OK);
	assert_int_equal(map(&table, GIB(1) + MIB(2), MIB(2), 0), ERR_EXISTS);
	/* A prepared table is not joined away. */
	assert_int_equal(map(&table, GIB(1), 0x3000, GIB(4)), OK);
	assert_int_equal(pgtable_join(&table, GIB(1)), 3);
	assert_int_equal(arena.in_use, tables);
}

static void clear_memory(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);

	(void)state;
	assert_int_equal(map(&table, GIB(1), GIB(1), GIB(4)), OK);
	assert_int_equal(map(&table, 0x5000, 0x1000, 0), OK);
	assert_int_equal(
		pgtable_map(&table, 0x6000, 0x1000, PA(0x9000), MEM_RW, MEM_DEVICE_nGnRE, 0), OK);
	assert_int_equal(
		pgtable_map(&table, 0x7000, 0x1000, PA(0x9000), MEM_RW, MEM_NORMAL_NC, 0), OK);
	arena.allow = 0;
	assert_int_equal(pgtable_clear_memory(&table, 0, GIB(1) + 0x1000), OK);
	assert_false(walk(&table, 0x5000).valid || walk(&table, 0x7000).valid);
	assert_false(walk(&table, GIB(1)).valid || walk(&table, GIB(2) - 1).valid);
	check(&table, 0x6000, 0x9000, 3, MEM_RW, MEM_DEVICE_nGnRE);
}

static void destroy(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);
	unsigned steps = 1;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(map(&table, GIB(i) + MIB(2) * i, 0x1000, 0), OK);
	assert_int_equal(arena.in_use, 2 + 80);
	while (!pgtable_destroy_step(&table)) {
		steps++;
		assert_true(arena.in_use > 2 || steps < 8);
	}
	assert_int_equal(steps, 6);
	assert_int_equal(arena.in_use, 2);
	assert_false(walk(&table, GIB(1) + MIB(2)).valid);
	assert_true(pgtable_destroy_step(&table));
}

/* --- random changes against a model of one entry for each page --- */

#define MODEL_BASE  (GIB(1) - MIB(4)) /* across the border of two level-1 entries */
#define MODEL_PAGES 2560

static struct {
	bool valid;
	uint64_t pa, prot;
	enum mem_type type;
} model[MODEL_PAGES];

static void compare(const struct pgtable *table)
{
	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		struct pgtable_leaf leaf = walk(table, MODEL_BASE + i * PAGE_SIZE);

		assert_int_equal(leaf.valid, model[i].valid);
		if (!leaf.valid)
			continue;
		assert_int_equal(leaf.pa.pa, model[i].pa);
		assert_int_equal(leaf.prot, model[i].prot);
		assert_int_equal(leaf.type, model[i].type);
	}
}

static void random_map(struct pgtable *table, unsigned first, unsigned n)
{
	uint64_t ia = MODEL_BASE + first * PAGE_SIZE;
	uint64_t pa = (rand() % 4 != 0 ? GIB(8) : GIB(8) + PAGE_SIZE * (rand() % 600)) + ia;
	uint64_t prot = (uint64_t)rand() % 4;
	enum mem_type type = (enum mem_type)(rand() % MEM_TYPE_COUNT);
	bool skip = rand() % 2, clash = false;
	enum status status;

	for (unsigned i = first; i < first + n; i++)
		clash |= model[i].valid;
	status = pgtable_map(
		table, ia, n * PAGE_SIZE, PA(pa), prot, type, skip ? PGTABLE_SKIP_MAPPED : 0);
	assert_int_equal(status, clash && !skip ? ERR_EXISTS : OK);
	for (unsigned i = first; i < first + n && status == OK; i++)
		if (!model[i].valid) {
			model[i].valid = true;
			model[i].pa = pa + (i - first) * PAGE_SIZE;
			model[i].prot = prot;
			model[i].type = type;
		}
}

static void random_change(struct pgtable *table)
{
	unsigned first = (unsigned)rand() % MODEL_PAGES, n = 1;
	uint64_t prot = (uint64_t)rand() % 4;
	enum mem_type type = (enum mem_type)(rand() % MEM_TYPE_COUNT);
	uint64_t ia;

	if (rand() % 2)
		first &= ~511U;
	n += (unsigned)rand() % (rand() % 4 ? 8 : MODEL_PAGES);
	if (rand() % 3 == 0)
		n = (n + 511) & ~511U;
	n = MIN(n, MODEL_PAGES - first);
	ia = MODEL_BASE + first * PAGE_SIZE;
	switch (rand() % 4) {
	case 0:
		assert_int_equal(pgtable_unmap(table, ia, n * PAGE_SIZE), OK);
		for (unsigned i = first; i < first + n; i++)
			model[i].valid = false;
		break;
	case 1:
		assert_int_equal(pgtable_protect(table, ia, n * PAGE_SIZE, prot, type), OK);
		for (unsigned i = first; i < first + n; i++) {
			model[i].prot = prot;
			model[i].type = type;
		}
		break;
	case 2:
		pgtable_join(table, ia);
		break;
	default:
		random_map(table, first, n);
		break;
	}
}

static void against_model(void **state)
{
	struct pgtable table = make(PGTABLE_STAGE2, 40);

	(void)state;
	srand(1);
	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < 1500; i++) {
		random_change(&table);
		arena.allow = ARENA_PAGES;
		if (i % 8 == 0)
			compare(&table);
	}
	compare(&table);
	assert_int_equal(pgtable_unmap(&table, 0, BIT(40)), OK);
	assert_int_equal(arena.in_use, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(geometry),
		cmocka_unit_test(leaf_bits),
		cmocka_unit_test(descriptor_kinds),
		cmocka_unit_test(sizes),
		cmocka_unit_test(walk_steps_over_holes),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(exists),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(unmap_splits),
		cmocka_unit_test(protect),
		cmocka_unit_test(join),
		cmocka_unit_test(prepared),
		cmocka_unit_test(clear_memory),
		cmocka_unit_test(destroy),
		cmocka_unit_test(against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
