/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making the page-ownership table at the start.
 */
#include "hyp/arch/cache.h"
#include "mm/page.h"
#include "mm/page_table.h"
#include "mm/phys.h"

/* The parts of the table are laid out one after the other, each on a cache line. */
#define TABLE_ALIGN 64

/* Sizes of what a bank has in the table: what is zeroed at the start, and the leaves, which aren't.
 */
static uint64_t bank_blocks(const struct page_range *ram)
{
	if (ram->size == 0)
		return 0;
	return (ALIGN_UP(ram->base + ram->size, BLOCK_SIZE) - ALIGN_DOWN(ram->base, BLOCK_SIZE)) /
		BLOCK_SIZE;
}

static uint64_t blocks_bytes(uint64_t blocks)
{
	return ALIGN_UP(blocks * sizeof(struct page_block), TABLE_ALIGN);
}

static uint64_t bitmap_bytes(uint64_t blocks)
{
	return ALIGN_UP(BITMAP_WORDS(blocks) * sizeof(uint64_t), TABLE_ALIGN);
}

static uint64_t zeroed_bytes(uint64_t blocks)
{
	return blocks_bytes(blocks) + 2 * bitmap_bytes(blocks);
}

static struct page_range round_in(const struct page_range *range)
{
	uint64_t base = ALIGN_UP(range->base, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(range->base + range->size, PAGE_SIZE);

	return (struct page_range){ base, end > base ? end - base : 0, OWNER_NONE };
}

static struct page_range round_out(const struct page_range *range)
{
	uint64_t base = ALIGN_DOWN(range->base, PAGE_SIZE);

	if (range->size == 0)
		return (struct page_range){ base, 0, range->owner };
	return (struct page_range){ base, ALIGN_UP(range->base + range->size, PAGE_SIZE) - base,
		range->owner };
}

static bool overlap(uint64_t base, uint64_t size, const struct page_range *other)
{
	return base < other->base + other->size && other->base < base + size;
}

static bool wraps(const struct page_range *range)
{
	/* The last page of the address space is left out, so that an end is always an address. */
	return range->size > UINT64_MAX - 2 * BLOCK_SIZE ||
		range->base > UINT64_MAX - 2 * BLOCK_SIZE - range->size;
}

static enum status check(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count)
{
	uint64_t bytes = 0;

	if (ram_count == 0 || ram_count > PAGE_BANKS_MAX)
		return ERR_INVALID;
	for (unsigned i = 0; i < ram_count; i++) {
		if (wraps(&ram[i]))
			return ERR_INVALID;
		for (unsigned j = 0; j < i; j++)
			if (overlap(ram[i].base, ram[i].size, &ram[j]))
				return ERR_INVALID;
		bytes += round_in(&ram[i]).size;
	}
	for (unsigned i = 0; i < taken_count; i++) {
		if (wraps(&taken[i]))
			return ERR_INVALID;
		if (taken[i].owner != OWNER_LINTEL && taken[i].owner != OWNER_FIRMWARE)
			return ERR_INVALID;
	}
	return bytes != 0 ? OK : ERR_INVALID;
}

/* The table can lie at `base`: inside the bank, on nothing that is taken. */
static bool fits(uint64_t base, uint64_t size, const struct page_range *bank,
	const struct page_range *taken, unsigned taken_count)
{
	if (base < bank->base || base >= bank->base + bank->size ||
		bank->base + bank->size - base < size)
		return false;
	for (unsigned i = 0; i < taken_count; i++) {
		struct page_range range = round_out(&taken[i]);

		if (overlap(base, size, &range))
			return false;
	}
	return true;
}

enum status page_place(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count, uint64_t size, uint64_t *base)
{
	enum status status = check(ram, ram_count, taken, taken_count);
	uint64_t best = UINT64_MAX;

	if (status != OK)
		return status;
	for (unsigned i = 0; i < ram_count; i++) {
		struct page_range bank = round_in(&ram[i]);

		if (bank.base < best && fits(bank.base, size, &bank, taken, taken_count))
			best = bank.base;
		for (unsigned j = 0; j < taken_count; j++) {
			struct page_range before = round_out(&taken[j]);
			uint64_t after = before.base + before.size;

			if (after < best && fits(after, size, &bank, taken, taken_count))
				best = after;
		}
	}
	if (best == UINT64_MAX)
		return ERR_NO_MEMORY;
	*base = best;
	return OK;
}

enum status page_table_place(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count, struct page_range *table)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < ram_count; i++) {
		struct page_range bank = round_in(&ram[i]);
		uint64_t blocks = bank_blocks(&bank);

		size += zeroed_bytes(blocks) + blocks * sizeof(struct page_leaf);
	}
	*table = (struct page_range){ 0, ALIGN_UP(size, PAGE_SIZE), OWNER_LINTEL };
	return page_place(ram, ram_count, taken, taken_count, table->size, &table->base);
}

/* Gives all RAM of [start, end) to `owner`; what is outside the banks is passed over. */
static void take(uint64_t start, uint64_t end, owner_t owner)
{
	for (unsigned i = 0; i < page_table.bank_count; i++) {
		struct page_bank *bank = &page_table.bank[i];
		uint64_t pa = MAX(start, bank->base);
		uint64_t stop = MIN(end, bank->end);

		while (pa < stop) {
			uint64_t next = MIN(stop, ALIGN_DOWN(pa, BLOCK_SIZE) + BLOCK_SIZE);

			page_pages_set(bank, page_block_index(bank, pa), page_leaf_index(pa),
				(unsigned)((next - pa) / PAGE_SIZE), owner);
			pa = next;
		}
	}
}

/* The pages of the first and the last block that are not in the bank. */
static void mark_absent(struct page_bank *bank)
{
	unsigned before = page_leaf_index(bank->base), last = bank->blocks - 1;
	unsigned used = page_leaf_index(bank->end);

	if (before != 0)
		page_pages_set(bank, 0, 0, before, OWNER_ABSENT);
	if (used != 0)
		page_pages_set(bank, last, used, PAGES_PER_BLOCK - used, OWNER_ABSENT);
}

/* All of it free; `at` and `leaves` go on to where the next bank's parts are. */
static void bank_init(struct page_bank *bank, const struct page_range *ram, uint8_t **at,
	struct page_leaf **leaves)
{
	unsigned blocks = (unsigned)bank_blocks(ram);

	*bank = (struct page_bank){
		.base = ram->base,
		.end = ram->base + ram->size,
		.first_block = ALIGN_DOWN(ram->base, BLOCK_SIZE),
		.blocks = blocks,
		.block = (struct page_block *)*at,
		.whole = (uint64_t *)(*at + blocks_bytes(blocks)),
		.partial = (uint64_t *)(*at + blocks_bytes(blocks) + bitmap_bytes(blocks)),
		.leaf = *leaves,
	};
	*at += zeroed_bytes(blocks);
	*leaves += blocks;
	for (unsigned i = 0; i < blocks / 64; i++)
		bank->whole[i] = ~UINT64_C(0);
	if (blocks % 64 != 0)
		bank->whole[blocks / 64] = BIT(blocks % 64) - 1;
	page_table.free_blocks += blocks;
	page_table.pages_of[OWNER_NONE] += (uint64_t)blocks * PAGES_PER_BLOCK;
	page_table.total_pages += ram->size / PAGE_SIZE;
	mark_absent(bank);
}

enum status page_init(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count)
{
	struct page_range table;
	enum status status = page_table_place(ram, ram_count, taken, taken_count, &table);
	struct page_leaf *leaves;
	uint64_t zeroed = 0;
	uint8_t *at;

	if (status != OK)
		return status;
	page_table = (struct page_table){ .table_bytes = table.size };
	for (unsigned i = 0; i < ram_count; i++) {
		struct page_range bank = round_in(&ram[i]);

		zeroed += zeroed_bytes(bank_blocks(&bank));
		if (bank.size != 0)
			page_table.ram[page_table.bank_count++] = bank;
	}
	at = pa_to_ptr(PA(table.base));
	cache_zero(at, zeroed);
	leaves = (struct page_leaf *)(at + zeroed);
	for (unsigned i = 0; i < page_table.bank_count; i++)
		bank_init(&page_table.bank[i], &page_table.ram[i], &at, &leaves);

	/* What both claim is Lintel's: firmware often reserves the devicetree and the ramdisk it
	 * has loaded for us. */
	for (unsigned i = 0; i < taken_count; i++) {
		struct page_range range = round_out(&taken[i]);

		if (range.owner == OWNER_FIRMWARE)
			take(range.base, range.base + range.size, OWNER_FIRMWARE);
	}
	for (unsigned i = 0; i < taken_count; i++) {
		struct page_range range = round_out(&taken[i]);

		if (range.owner == OWNER_LINTEL)
			take(range.base, range.base + range.size, OWNER_LINTEL);
	}
	take(table.base, table.base + table.size, OWNER_LINTEL);
	page_table.ready = true;
	return OK;
}

bool page_ready(void)
{
	return page_table.ready;
}

const struct page_range *page_bank(unsigned index)
{
	return index < page_table.bank_count ? &page_table.ram[index] : NULL;
}
