/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/page.h"

#include "hyp/arch/cache.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/panic.h"
#include "mm/page_rules.h"
#include "mm/page_table.h"
#include "mm/phys.h"

/* page_reclaim_step(): how much one call may look at. A split block is worth as much as this many
 * whole ones. */
#define RECLAIM_BLOCKS     512
#define RECLAIM_SPLIT_COST 256

static void lock(void)
{
	spin_lock(&page_table.lock);
}

static void unlock(void)
{
	spin_unlock(&page_table.lock);
}

uint64_t mm_wiped_ticks;

void mm_wipe(pa_t pa, uint64_t size)
{
	void *memory = pa_to_ptr(pa);
	uint64_t begin = read_sysreg(CNTPCT_EL0);

	cache_zero(memory, size);
	/* A guest with its caches off reads past them: it must not find what lies in memory below.
	 */
	cache_clean_invalidate(memory, size);
	__atomic_fetch_add(&mm_wiped_ticks, read_sysreg(CNTPCT_EL0) - begin, __ATOMIC_RELAXED);
}

/* What is allocated for `owner` becomes its own content: nobody else knows of the memory yet. */
static void wipe_for(owner_t owner, pa_t pa, uint64_t size)
{
	if (owner == OWNER_LINTEL)
		cache_zero(pa_to_ptr(pa), size);
	else
		mm_wipe(pa, size);
}

/* --- look-ups --- */

owner_t page_owner(pa_t pa)
{
	struct page_bank *bank = page_bank_of(pa.pa);

	if (bank == NULL)
		return OWNER_ABSENT;
	return page_owner_at(bank, page_block_index(bank, pa.pa), page_leaf_index(pa.pa));
}

/* Outside the banks: up to the next one. */
static uint64_t run_absent(uint64_t at, uint64_t end)
{
	for (unsigned i = 0; i < page_table.bank_count; i++)
		if (page_table.bank[i].base >= at)
			end = MIN(end, page_table.bank[i].base);
	return end;
}

/* Where the run of `owner`'s pages that `at` may begin ends in this bank: `at` itself if it is not
 * one of them. */
static uint64_t run_in_bank(const struct page_bank *bank, uint64_t at, uint64_t end, owner_t owner)
{
	end = MIN(end, bank->end);
	while (at < end) {
		unsigned index = page_block_index(bank, at);
		uint64_t stop = MIN(end, page_block_address(bank, index) + BLOCK_SIZE);
		const owner_t *owners = bank->leaf[index].owner;

		if (bank->block[index].owner == owner) {
			at = stop;
			continue;
		}
		if (bank->block[index].owner != BLOCK_SPLIT)
			break;
		for (unsigned page = page_leaf_index(at); at < stop; page++, at += PAGE_SIZE)
			if (owners[page] != owner)
				return at;
	}
	return at;
}

uint64_t page_run(pa_t pa, uint64_t end, owner_t *owner)
{
	uint64_t at = pa.pa;

	*owner = page_owner(pa);
	if (*owner == OWNER_ABSENT)
		return run_absent(at, end);
	while (at < end) {
		const struct page_bank *bank = page_bank_of(at);
		uint64_t stop;

		if (bank == NULL)
			break;
		stop = run_in_bank(bank, at, end, *owner);
		if (stop < end && stop < bank->end)
			return stop;
		at = stop;
	}
	return MIN(at, end);
}

bool page_range_owned(pa_t pa, uint64_t size, owner_t owner)
{
	owner_t first;
	uint64_t end = ALIGN_UP(pa.pa + size, PAGE_SIZE);

	return page_run(PA(ALIGN_DOWN(pa.pa, PAGE_SIZE)), end, &first) == end && first == owner;
}

uint64_t page_count_of(owner_t owner)
{
	return owner < OWNER_COUNT ? READ_ONCE(page_table.pages_of[owner]) : 0;
}

void page_get_stats(struct page_stats *stats)
{
	lock();
	*stats = (struct page_stats){
		.total_pages = page_table.total_pages,
		.free_pages = page_table.pages_of[OWNER_NONE],
		.free_blocks = page_table.free_blocks,
		.promised_blocks = page_table.promised,
		.lintel_pages = page_table.pages_of[OWNER_LINTEL],
		.firmware_pages = page_table.pages_of[OWNER_FIRMWARE],
		.table_bytes = page_table.table_bytes,
	};
	unlock();
}

/* --- whole blocks --- */

/* A free block that may be taken by one who has `own` promises left. */
static bool find_whole(uint64_t own, struct page_bank **bank, unsigned *index)
{
	if (!blocks_available(page_table.free_blocks, page_table.promised, own, 1))
		return false;
	for (unsigned i = 0; i < page_table.bank_count; i++) {
		struct page_bank *b = &page_table.bank[i];

		b->whole_from = bitmap_find_set(b->whole, b->blocks, b->whole_from);
		if (b->whole_from < b->blocks) {
			*bank = b;
			*index = b->whole_from;
			return true;
		}
	}
	return false;
}

enum status block_reserve(owner_t owner, uint64_t n)
{
	enum status status = ERR_NO_MEMORY;

	if (!owner_can_receive(owner))
		return ERR_INVALID;
	lock();
	if (blocks_available(page_table.free_blocks, page_table.promised, 0, n)) {
		page_table.promised += n;
		page_table.promised_to[owner] += (uint32_t)n;
		status = OK;
	}
	unlock();
	return status;
}

void block_unreserve(owner_t owner, uint64_t n)
{
	if (!owner_can_receive(owner))
		return;
	lock();
	n = MIN(n, page_table.promised_to[owner]);
	page_table.promised -= n;
	page_table.promised_to[owner] -= (uint32_t)n;
	unlock();
}

uint64_t block_promised(owner_t owner)
{
	return owner < OWNER_COUNT ? READ_ONCE(page_table.promised_to[owner]) : 0;
}

enum status block_take(owner_t owner, pa_t *block)
{
	struct page_bank *bank;
	unsigned index;
	bool found;

	if (!owner_can_receive(owner))
		return ERR_INVALID;
	lock();
	found = find_whole(page_table.promised_to[owner], &bank, &index);
	if (found) {
		page_block_set(bank, index, owner);
		if (page_table.promised_to[owner] != 0) {
			page_table.promised_to[owner]--;
			page_table.promised--;
		}
		*block = PA(page_block_address(bank, index));
	}
	unlock();
	return found ? OK : ERR_NO_MEMORY;
}

enum status block_alloc(owner_t owner, pa_t *block)
{
	enum status status = block_take(owner, block);

	if (status == OK)
		wipe_for(owner, *block, BLOCK_SIZE);
	return status;
}

/* --- pages --- */

/* The first of n consecutive free pages of a split block, on a multiple of `align` pages;
 * PAGES_PER_BLOCK if there are none. */
static unsigned find_run(const struct page_leaf *leaf, unsigned n, unsigned align)
{
	unsigned start = 0;

	while (start + n <= PAGES_PER_BLOCK) {
		unsigned end;

		start = bitmap_find_set(leaf->free, PAGES_PER_BLOCK, start);
		start = (unsigned)ALIGN_UP(start, align);
		if (start + n > PAGES_PER_BLOCK)
			break;
		end = bitmap_find_clear(leaf->free, PAGES_PER_BLOCK, start);
		if (end >= start + n)
			return start;
		start = end;
	}
	return PAGES_PER_BLOCK;
}

/* Takes n pages out of a block that is split already. */
static bool take_partial(owner_t owner, unsigned n, unsigned align, pa_t *first)
{
	for (unsigned i = 0; i < page_table.bank_count; i++) {
		struct page_bank *bank = &page_table.bank[i];
		unsigned index = bitmap_find_set(bank->partial, bank->blocks, bank->partial_from);

		bank->partial_from = index;
		while (index < bank->blocks) {
			unsigned page = PAGES_PER_BLOCK;

			if (bank->block[index].free >= n)
				page = find_run(&bank->leaf[index], n, align);
			if (page < PAGES_PER_BLOCK) {
				page_pages_set(bank, index, page, n, owner);
				*first = PA(page_block_address(bank, index) + page * PAGE_SIZE);
				return true;
			}
			index = bitmap_find_set(bank->partial, bank->blocks, index + 1);
		}
	}
	return false;
}

enum status page_alloc_contiguous(owner_t owner, unsigned n, pa_t *first)
{
	struct page_bank *bank;
	unsigned index;
	bool found;

	if (!owner_can_receive(owner) || n == 0 || n > PAGES_PER_BLOCK)
		return ERR_INVALID;
	lock();
	found = take_partial(owner, n, (n & (n - 1)) == 0 ? n : 1, first);
	if (!found) {
		/* Nobody's promise pays for single pages, not even the owner's. */
		found = find_whole(0, &bank, &index);
		if (found) {
			page_pages_set(bank, index, 0, n, owner);
			*first = PA(page_block_address(bank, index));
		}
	}
	unlock();
	if (!found)
		return ERR_NO_MEMORY;
	wipe_for(owner, *first, n * PAGE_SIZE);
	return OK;
}

enum status page_alloc(owner_t owner, pa_t *page)
{
	return page_alloc_contiguous(owner, 1, page);
}

void *mm_zalloc(size_t size)
{
	pa_t first;

	if (size == 0 || size > BLOCK_SIZE)
		return NULL;
	if (page_alloc_contiguous(
		    OWNER_LINTEL, (unsigned)(ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE), &first) != OK)
		return NULL;
	return pa_to_ptr(first);
}

void mm_free(void *memory, size_t size)
{
	if (memory == NULL)
		return;
	if (page_free(ptr_to_pa(memory), ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE, OWNER_LINTEL) != OK)
		panic("mm_free: %p is not Lintel's", memory);
}

/* All of [first, first + n pages) passes the rule for this change. */
static enum status check_change(pa_t first, uint64_t n, owner_t from, owner_t to)
{
	uint64_t end = first.pa + n * PAGE_SIZE;
	owner_t now;

	if (!IS_ALIGNED(first.pa, PAGE_SIZE) || n == 0 || n > UINT64_MAX / PAGE_SIZE ||
		end < first.pa)
		return ERR_INVALID;
	if (page_run(first, end, &now) != end)
		now = OWNER_ABSENT;
	return owner_transition(now, from, to);
}

static void change(pa_t first, uint64_t n, owner_t to)
{
	uint64_t at = first.pa, end = first.pa + n * PAGE_SIZE;

	while (at < end) {
		struct page_bank *bank = page_bank_of(at);
		uint64_t next = MIN(MIN(end, bank->end), ALIGN_DOWN(at, BLOCK_SIZE) + BLOCK_SIZE);

		page_pages_set(bank, page_block_index(bank, at), page_leaf_index(at),
			(unsigned)((next - at) / PAGE_SIZE), to);
		at = next;
	}
}

/* Check, then change, as one. */
static enum status check_and_change(pa_t first, uint64_t n, owner_t from, owner_t to)
{
	enum status status;

	lock();
	status = check_change(first, n, from, to);
	if (status == OK)
		change(first, n, to);
	unlock();
	return status;
}

enum status page_free(pa_t first, uint64_t n, owner_t owner)
{
	return check_and_change(first, n, owner, OWNER_NONE);
}

static void promise_again(owner_t owner)
{
	page_table.promised++;
	page_table.promised_to[owner]++;
}

enum status block_free(pa_t block, owner_t owner, bool promise)
{
	enum status status;

	if (!IS_ALIGNED(block.pa, BLOCK_SIZE))
		return ERR_INVALID;
	lock();
	status = check_change(block, PAGES_PER_BLOCK, owner, OWNER_NONE);
	if (status == OK) {
		change(block, PAGES_PER_BLOCK, OWNER_NONE);
		if (promise)
			promise_again(owner);
	}
	unlock();
	return status;
}

enum status page_transfer(
	pa_t first, uint64_t n, owner_t from, owner_t to, enum page_contents contents)
{
	enum status status;

	if (n > PAGE_TRANSFER_MAX || from == to || !owner_can_receive(from) ||
		!owner_can_receive(to))
		return ERR_INVALID;
	if (!owner_needs_wipe(from, to, contents))
		return check_and_change(first, n, from, to);
	/* In between the pages are Lintel's; if they are to be anyway, or were, that step falls
	 * away. */
	if (from != OWNER_LINTEL) {
		status = check_and_change(first, n, from, OWNER_LINTEL);
	} else {
		lock();
		status = check_change(first, n, from, to);
		unlock();
	}
	if (status != OK)
		return status;
	wipe_for(to, first, n * PAGE_SIZE);
	if (to == OWNER_LINTEL)
		return OK;
	return check_and_change(first, n, OWNER_LINTEL, to);
}

/* --- everything of one owner --- */

/* Frees the pages `owner` has in a split block. */
static void reclaim_split(struct page_bank *bank, unsigned index, owner_t owner, bool promise)
{
	struct page_leaf *leaf = &bank->leaf[index];
	unsigned page = 0, freed = 0;

	while (page < PAGES_PER_BLOCK) {
		unsigned first = page;

		while (page < PAGES_PER_BLOCK && leaf->owner[page] == owner)
			page++;
		if (page == first) {
			page++;
			continue;
		}
		freed += page - first;
		page_pages_set(bank, index, first, page - first, OWNER_NONE);
	}
	if (promise && freed == PAGES_PER_BLOCK)
		promise_again(owner);
}

/* Returns what it cost, in blocks looked at. */
static unsigned reclaim_block(struct page_bank *bank, unsigned index, owner_t owner, bool promise)
{
	if (bank->block[index].owner == BLOCK_SPLIT) {
		reclaim_split(bank, index, owner, promise);
		return RECLAIM_SPLIT_COST;
	}
	if (bank->block[index].owner == owner) {
		page_block_set(bank, index, OWNER_NONE);
		if (promise)
			promise_again(owner);
	}
	return 1;
}

bool page_reclaim_step(owner_t owner, uint64_t *cursor, bool promise)
{
	uint64_t before = 0;
	unsigned cost = 0;
	bool done = false;

	if (!owner_can_receive(owner) || owner == OWNER_LINTEL)
		return true;
	lock();
	for (unsigned i = 0; i < page_table.bank_count; i++) {
		struct page_bank *bank = &page_table.bank[i];

		while (*cursor - before < bank->blocks && cost < RECLAIM_BLOCKS) {
			cost += reclaim_block(bank, (unsigned)(*cursor - before), owner, promise);
			++*cursor;
		}
		if (*cursor - before < bank->blocks)
			goto out;
		before += bank->blocks;
	}
	done = true;
out:
	unlock();
	return done;
}
