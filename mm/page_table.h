/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page-ownership table itself: only for mm/page*.c. All functions but the look-ups want
 * page_table.lock held.
 */
#ifndef MM_PAGE_TABLE_H
#define MM_PAGE_TABLE_H

#include "hyp/arch/lock.h"
#include "hyp/base/bitmap.h"
#include "mm/page.h"

/* In struct page_block.owner: its pages have owners of their own. */
#define BLOCK_SPLIT ((owner_t)0xfffe)

/* One for each 2 MiB. All zero: free and whole. */
struct page_block {
	owner_t owner;
	uint16_t free; /* split: how many of its pages are free */
};

/* The pages of a split block. Not written before the block is split. */
struct page_leaf {
	uint64_t free[BITMAP_WORDS(PAGES_PER_BLOCK)];
	owner_t owner[PAGES_PER_BLOCK];
};

/* A bank of RAM. Its first and last block may reach over its ends: those pages are OWNER_ABSENT. */
struct page_bank {
	uint64_t base, end;   /* whole pages */
	uint64_t first_block; /* base rounded down to 2 MiB: address of block 0 */
	unsigned blocks;
	unsigned whole_from, partial_from; /* no bit below is set */
	struct page_block *block;
	struct page_leaf *leaf;
	uint64_t *whole;   /* bit set: the block is free as a whole */
	uint64_t *partial; /* bit set: the block is split and some of its pages are free */
};

struct page_table {
	struct spinlock lock;
	bool ready;
	unsigned bank_count;
	struct page_bank bank[PAGE_BANKS_MAX];
	struct page_range ram[PAGE_BANKS_MAX];
	uint64_t total_pages, table_bytes;
	uint64_t free_blocks, promised;
	uint64_t pages_of[OWNER_COUNT];
	uint32_t promised_to[OWNER_COUNT];
};

extern struct page_table page_table;

/* The bank that holds pa; NULL: no RAM. */
struct page_bank *page_bank_of(uint64_t pa);

static inline unsigned page_block_index(const struct page_bank *bank, uint64_t pa)
{
	return (unsigned)((pa - bank->first_block) / BLOCK_SIZE);
}

static inline unsigned page_leaf_index(uint64_t pa)
{
	return (unsigned)(pa % BLOCK_SIZE / PAGE_SIZE);
}

static inline uint64_t page_block_address(const struct page_bank *bank, unsigned index)
{
	return bank->first_block + (uint64_t)index * BLOCK_SIZE;
}

/* The owner of page `page` of block `index`. */
static inline owner_t page_owner_at(const struct page_bank *bank, unsigned index, unsigned page)
{
	owner_t owner = bank->block[index].owner;

	return owner == BLOCK_SPLIT ? bank->leaf[index].owner[page] : owner;
}

/* Makes the list of owners of a block; nobody's ownership changes. */
void page_block_split(struct page_bank *bank, unsigned index);

/* Gives a whole (not split) block to `to`. */
void page_block_set(struct page_bank *bank, unsigned index, owner_t to);

/*
 * Gives n pages of a block, from `first` on, to `to`, whoever had them; a block whose pages are all
 * free becomes whole again. All 512 pages of a block at once leave it whole.
 */
void page_pages_set(struct page_bank *bank, unsigned index, unsigned first, unsigned n, owner_t to);

#endif
