/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/page_table.h"

#include "hyp/base/string.h"

struct page_table page_table;

struct page_bank *page_bank_of(uint64_t pa)
{
	for (unsigned i = 0; i < page_table.bank_count; i++) {
		struct page_bank *bank = &page_table.bank[i];

		if (pa >= bank->base && pa < bank->end)
			return bank;
	}
	return NULL;
}

static void count(owner_t from, owner_t to, uint64_t pages)
{
	if (from < OWNER_COUNT)
		page_table.pages_of[from] -= pages;
	if (to < OWNER_COUNT)
		page_table.pages_of[to] += pages;
}

static void set_whole(struct page_bank *bank, unsigned index, bool whole)
{
	if (bitmap_test(bank->whole, index) == whole)
		return;
	if (whole) {
		bitmap_set(bank->whole, index);
		bank->whole_from = MIN(bank->whole_from, index);
		page_table.free_blocks++;
	} else {
		bitmap_clear(bank->whole, index);
		page_table.free_blocks--;
	}
}

static void set_partial(struct page_bank *bank, unsigned index, bool partial)
{
	if (partial) {
		bitmap_set(bank->partial, index);
		bank->partial_from = MIN(bank->partial_from, index);
	} else {
		bitmap_clear(bank->partial, index);
	}
}

void page_block_split(struct page_bank *bank, unsigned index)
{
	struct page_block *block = &bank->block[index];
	struct page_leaf *leaf = &bank->leaf[index];
	owner_t owner = block->owner;

	if (owner == BLOCK_SPLIT)
		return;
	memset(leaf->owner, 0, sizeof(leaf->owner)); /* OWNER_NONE, the usual case */
	for (unsigned i = 0; owner != OWNER_NONE && i < PAGES_PER_BLOCK; i++)
		leaf->owner[i] = owner;
	memset(leaf->free, owner == OWNER_NONE ? 0xff : 0, sizeof(leaf->free));
	block->free = owner == OWNER_NONE ? PAGES_PER_BLOCK : 0;
	block->owner = BLOCK_SPLIT;
	set_whole(bank, index, false);
	set_partial(bank, index, owner == OWNER_NONE);
}

void page_block_set(struct page_bank *bank, unsigned index, owner_t to)
{
	struct page_block *block = &bank->block[index];

	count(block->owner, to, PAGES_PER_BLOCK);
	block->owner = to;
	set_whole(bank, index, to == OWNER_NONE);
}

/* A split block that has one owner again. */
static void unsplit(struct page_bank *bank, unsigned index, owner_t owner)
{
	bank->block[index] = (struct page_block){ .owner = owner };
	set_partial(bank, index, false);
	set_whole(bank, index, owner == OWNER_NONE);
}

/* n bits from `first` on. */
static void set_bits(uint64_t *map, unsigned first, unsigned n, bool value)
{
	while (n != 0) {
		unsigned bit = first % 64, now = MIN(n, 64 - bit);
		uint64_t mask = GENMASK(bit + now - 1, bit);

		if (value)
			map[first / 64] |= mask;
		else
			map[first / 64] &= ~mask;
		first += now;
		n -= now;
	}
}

/* The pages from `first` on, up to `end`, that have the same owner now. Returns where they end. */
static unsigned set_run(
	struct page_block *block, struct page_leaf *leaf, unsigned first, unsigned end, owner_t to)
{
	owner_t from = leaf->owner[first];
	unsigned page = first;

	while (page < end && leaf->owner[page] == from)
		leaf->owner[page++] = to;
	count(from, to, page - first);
	if (from == OWNER_NONE) {
		block->free -= page - first;
		set_bits(leaf->free, first, page - first, false);
	}
	if (to == OWNER_NONE) {
		block->free += page - first;
		set_bits(leaf->free, first, page - first, true);
	}
	return page;
}

void page_pages_set(struct page_bank *bank, unsigned index, unsigned first, unsigned n, owner_t to)
{
	struct page_block *block = &bank->block[index];
	unsigned end = first + n;

	if (n == PAGES_PER_BLOCK && block->owner != BLOCK_SPLIT) {
		page_block_set(bank, index, to);
		return;
	}
	page_block_split(bank, index);
	while (first < end)
		first = set_run(block, &bank->leaf[index], first, end, to);
	if (n == PAGES_PER_BLOCK || block->free == PAGES_PER_BLOCK)
		unsplit(bank, index, to);
	else
		set_partial(bank, index, block->free != 0);
}
