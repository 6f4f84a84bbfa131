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

void page_pages_set(struct page_bank *bank, unsigned index, unsigned first, unsigned n, owner_t to)
{
	struct page_block *block = &bank->block[index];
	struct page_leaf *leaf = &bank->leaf[index];

	if (n == PAGES_PER_BLOCK && block->owner != BLOCK_SPLIT) {
		page_block_set(bank, index, to);
		return;
	}
	page_block_split(bank, index);
	for (unsigned i = first; i < first + n; i++) {
		owner_t from = leaf->owner[i];

		if (from == OWNER_NONE) {
			block->free--;
			bitmap_clear(leaf->free, i);
		}
		if (to == OWNER_NONE) {
			block->free++;
			bitmap_set(leaf->free, i);
		}
		leaf->owner[i] = to;
		count(from, to, 1);
	}
	if (n == PAGES_PER_BLOCK || block->free == PAGES_PER_BLOCK)
		unsplit(bank, index, to);
	else
		set_partial(bank, index, block->free != 0);
}
