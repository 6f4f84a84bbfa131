/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/stage2.h"

#include "hyp/arch/tlb.h"
#include "hyp/base/bitmap.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "mm/page_rules.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"

/* Up to how many entries are dropped from TLBs one by one. */
#define FLUSH_EACH_MAX 8

_Static_assert(BLOCK_SIZE % STAGE2_FILL_STEP == 0, "the last step ends with the block");

static struct {
	uint8_t pa_bits;
	uint8_t vmid_bits;
	enum pgtable_kind kind;
} machine;

void stage2_init(unsigned pa_bits, unsigned vmid_bits)
{
	machine.pa_bits = (uint8_t)pa_bits;
	machine.vmid_bits = (uint8_t)vmid_bits;
	machine.kind = PGTABLE_STAGE2;
	vmid_init(vmid_bits);
}

void stage2_force_write_back(void)
{
	machine.kind = PGTABLE_STAGE2_FWB;
}

/* --- what the mapper asks of us --- */

static struct stage2 *stage2_of(struct pgtable *table)
{
	return container_of(table, struct stage2, table);
}

static enum status alloc_table(struct pgtable *table, pa_t *page)
{
	struct stage2 *s2 = stage2_of(table);
	enum status status;

	if (s2->table_pages >= s2->table_pages_max)
		return ERR_NO_MEMORY;
	/* Tables are Lintel's, so that no mapping of them can ever pass the owner's check; the VM's
	 * budget pays. */
	status = page_alloc(OWNER_LINTEL, page);
	if (status == OK)
		s2->table_pages++;
	return status;
}

static void give_back(pa_t first, unsigned n)
{
	if (page_free(first, n, OWNER_LINTEL) != OK)
		panic("stage 2: table page 0x%llx is not Lintel's", (unsigned long long)first.pa);
}

static void free_table(struct pgtable *table, pa_t page)
{
	stage2_of(table)->table_pages--;
	give_back(page, 1);
}

void stage2_changed(struct stage2 *s2)
{
	static uint64_t last;

	WRITE_ONCE(s2->generation, __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED));
}

static void flush_own(uint64_t vttbr, uint64_t ia, uint64_t size, uint64_t entries)
{
	if (entries == 1) {
		tlb_flush_ipa(vttbr, IPA(ia));
		return;
	}
	if (size > FLUSH_EACH_MAX * PAGE_SIZE) {
		tlb_flush_vmid(vttbr);
		return;
	}
	for (uint64_t at = ia; at < ia + size; at += PAGE_SIZE)
		tlb_flush_ipa(vttbr, IPA(at));
}

static void flush_tlb(struct pgtable *table, uint64_t ia, uint64_t size, uint64_t entries)
{
	struct stage2 *s2 = stage2_of(table);

	stage2_changed(s2);
	flush_own(s2->vttbr, ia, size, entries);
	if (unlikely(s2->watcher))
		s2->watcher->changed(s2->watcher, IPA(ia), size, entries);
}

static const struct pgtable_ops stage2_ops = {
	.alloc = alloc_table,
	.free = free_table,
	.flush = flush_tlb,
};

/* --- making one --- */

enum status stage2_create(
	struct stage2 *s2, owner_t owner, unsigned ipa_bits, unsigned table_pages_max)
{
	unsigned start_level, root_pages;
	enum status status;

	if (ipa_bits < STAGE2_IPA_BITS_MIN || ipa_bits > machine.pa_bits ||
		!pgtable_geometry(PGTABLE_STAGE2, ipa_bits, &start_level, &root_pages))
		return ERR_RANGE;
	*s2 = (struct stage2){
		.owner = owner,
		.ipa_bits = (uint8_t)ipa_bits,
		.root_pages = (uint8_t)root_pages,
		.table_pages = root_pages,
		.table_pages_max = table_pages_max ? table_pages_max : STAGE2_TABLE_PAGES_MAX,
		.vtcr = stage2_vtcr(ipa_bits, machine.pa_bits, machine.vmid_bits),
		.table = {
			.kind = machine.kind,
			.ia_bits = (uint8_t)ipa_bits,
			.pa_bits = machine.pa_bits,
			.start_level = (uint8_t)start_level,
			.ops = &stage2_ops,
		},
	};
	if (root_pages > s2->table_pages_max)
		return ERR_NO_MEMORY;
	status = vmid_alloc(&s2->vmid);
	if (status != OK)
		return status;
	status = page_alloc_contiguous(OWNER_LINTEL, root_pages, &s2->table.root);
	if (status != OK) {
		vmid_free(s2->vmid);
		return status;
	}
	s2->vttbr = s2->table.root.pa | FIELD_PREP(VTTBR_VMID, s2->vmid);
	stage2_changed(s2);
	return OK;
}

static size_t bitmap_size(unsigned windows)
{
	return BITMAP_WORDS(windows) * sizeof(uint64_t);
}

static unsigned windows_of(ipa_t ipa, uint64_t size)
{
	return (unsigned)((ALIGN_UP(ipa.ipa + size, BLOCK_SIZE) - ALIGN_DOWN(ipa.ipa, BLOCK_SIZE)) /
		BLOCK_SIZE);
}

static bool overlaps_share(const struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	for (unsigned i = 0; i < s2->share_count; i++) {
		const struct stage2_share *share = &s2->shares[i];

		if (ipa.ipa < share->ipa.ipa + share->size && share->ipa.ipa < ipa.ipa + size)
			return true;
	}
	return false;
}

/* Everything that can be wrong with a new region; `at` is its place in the list. */
static enum status check_region(
	const struct stage2 *s2, ipa_t ipa, uint64_t size, uint64_t prot, unsigned *at)
{
	unsigned i;

	if (size == 0 || !IS_ALIGNED(ipa.ipa | size, PAGE_SIZE) || !(prot & MEM_R) ||
		(prot & ~MEM_RWX))
		return ERR_INVALID;
	if (size > BIT(s2->ipa_bits) || ipa.ipa > BIT(s2->ipa_bits) - size)
		return ERR_RANGE;
	for (i = 0; i < s2->region_count; i++) {
		const struct stage2_region *region = &s2->regions[i];

		if (ipa.ipa + size <= region->ipa.ipa)
			break;
		if (ipa.ipa < region->ipa.ipa + region->size)
			return ERR_EXISTS;
	}
	if (overlaps_share(s2, ipa, size))
		return ERR_EXISTS;
	*at = i;
	return s2->region_count < STAGE2_REGIONS_MAX ? OK : ERR_NO_MEMORY;
}

enum status stage2_add_ram(struct stage2 *s2, ipa_t ipa, uint64_t size, uint64_t prot)
{
	struct stage2_region region = { .ipa = ipa, .size = size, .prot = prot };
	unsigned at;
	enum status status = check_region(s2, ipa, size, prot, &at);

	if (status != OK)
		return status;
	region.windows = windows_of(ipa, size);
	status = block_reserve(s2->owner, region.windows);
	if (status != OK)
		return status;
	region.filled = mm_zalloc(bitmap_size(region.windows));
	if (region.filled == NULL) {
		status = ERR_NO_MEMORY;
		goto unreserve;
	}
	spin_lock(&s2->lock);
	status = pgtable_prepare(&s2->table, ipa.ipa, size);
	if (status == OK) {
		memmove(&s2->regions[at + 1], &s2->regions[at],
			(s2->region_count - at) * sizeof(region));
		s2->regions[at] = region;
		s2->region_count++;
	}
	spin_unlock(&s2->lock);
	if (status == OK)
		return OK;
	mm_free(region.filled, bitmap_size(region.windows));
unreserve:
	block_unreserve(s2->owner, region.windows);
	return status;
}

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	for (unsigned i = 0; i < s2->region_count; i++)
		if (ipa.ipa - s2->regions[i].ipa.ipa < s2->regions[i].size)
			return &s2->regions[i];
	return NULL;
}

/* --- looking --- */

bool stage2_lookup_locked(const struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	struct pgtable_leaf leaf;

	pgtable_walk(&s2->table, ipa.ipa, &leaf);
	if (!leaf.valid)
		return false;
	*page = (struct stage2_page){
		.pa = leaf.pa,
		.prot = leaf.prot,
		.type = leaf.type,
		.level = leaf.level,
		.left = leaf.base + leaf.size - ipa.ipa,
	};
	return true;
}

bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	bool found;

	spin_lock(&s2->lock);
	found = stage2_lookup_locked(s2, ipa, page);
	spin_unlock(&s2->lock);
	return found;
}

/* --- first touch --- */

static unsigned window_index(const struct stage2_region *region, uint64_t window)
{
	return (unsigned)((window - ALIGN_DOWN(region->ipa.ipa, BLOCK_SIZE)) / BLOCK_SIZE);
}

/* The fill under way for a window; with NULL, a free one. */
static struct stage2_fill *find_fill(
	struct stage2 *s2, const struct stage2_region *region, uint64_t window)
{
	for (unsigned i = 0; i < STAGE2_FILLS_MAX; i++) {
		struct stage2_fill *fill = &s2->fills[i];

		if (fill->region == region && (region == NULL || fill->window == window))
			return fill;
	}
	return NULL;
}

/* All are in use: one that no CPU is at, so that those that nobody touches any more don't stand in
 * the way for ever. */
static struct stage2_fill *find_idle(struct stage2 *s2)
{
	for (unsigned i = 0; i < STAGE2_FILLS_MAX; i++)
		if (!s2->fills[i].busy)
			return &s2->fills[i];
	return NULL;
}

/* Which fill this CPU works at now, for a touch of a window that isn't mapped. */
static enum status choose_fill(struct stage2 *s2, const struct stage2_region *region,
	uint64_t window, struct stage2_fill **chosen)
{
	struct stage2_fill *fill = find_fill(s2, region, window);

	if (fill == NULL) {
		pa_t block;
		enum status status;

		if (bitmap_test(region->filled, window_index(region, window)))
			return ERR_NOT_FOUND;
		fill = find_fill(s2, NULL, 0);
		if (fill != NULL) {
			status = block_take(s2->owner, &block);
			if (status != OK)
				return status;
			*fill = (struct stage2_fill){ region, window, block, 0, false };
		} else {
			fill = find_idle(s2);
		}
	}
	*chosen = fill;
	return fill == NULL || fill->busy ? ERR_BUSY : OK;
}

/* Maps as much of the block as the region has in the window; a page that is mapped there already
 * stays. */
static enum status map_window(struct stage2 *s2, const struct stage2_fill *fill)
{
	const struct stage2_region *region = fill->region;
	uint64_t first = MAX(fill->window, region->ipa.ipa);
	uint64_t end = MIN(fill->window + BLOCK_SIZE, region->ipa.ipa + region->size);

	return pgtable_map(&s2->table, first, end - first,
		PA(fill->block.pa + (first - fill->window)), region->prot, MEM_NORMAL,
		PGTABLE_SKIP_MAPPED);
}

/* The block is wiped: it becomes the window's memory. */
static enum status finish_fill(struct stage2 *s2, struct stage2_fill *fill)
{
	enum status status = map_window(s2, fill);

	if (status == OK)
		bitmap_set(fill->region->filled, window_index(fill->region, fill->window));
	else if (block_free(fill->block, s2->owner, true) != OK)
		panic("stage 2: lost block 0x%llx", (unsigned long long)fill->block.pa);
	*fill = (struct stage2_fill){ 0 };
	return status;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	const struct stage2_region *region = stage2_region_find(s2, ipa);
	uint64_t window = ALIGN_DOWN(ipa.ipa, BLOCK_SIZE);
	struct stage2_fill *fill;
	struct stage2_page page;
	enum status status;
	bool ours;

	if (region == NULL)
		return ERR_NOT_FOUND;
	spin_lock(&s2->lock);
	if (stage2_lookup_locked(s2, ipa, &page)) {
		spin_unlock(&s2->lock);
		return OK;
	}
	status = choose_fill(s2, region, window, &fill);
	if (status == OK)
		fill->busy = true;
	spin_unlock(&s2->lock);
	if (status != OK)
		return status;

	mm_wipe(PA(fill->block.pa + fill->wiped), STAGE2_FILL_STEP);

	spin_lock(&s2->lock);
	fill->wiped += STAGE2_FILL_STEP;
	fill->busy = false;
	ours = fill->region == region && fill->window == window;
	status = fill->wiped < BLOCK_SIZE ? ERR_BUSY : finish_fill(s2, fill);
	spin_unlock(&s2->lock);
	return ours ? status : ERR_BUSY;
}

enum status stage2_populate_step(
	struct stage2 *s2, const struct stage2_region *region, ipa_t *ipa, bool *done)
{
	uint64_t end = region->ipa.ipa + region->size;
	enum status status = stage2_fault_in(s2, *ipa);

	if (status != OK)
		return status;
	ipa->ipa = MIN(end, ALIGN_DOWN(ipa->ipa, BLOCK_SIZE) + BLOCK_SIZE);
	*done = ipa->ipa == end;
	return OK;
}

/* --- mapping what is there --- */

static enum status check_pa(pa_t pa, uint64_t size)
{
	if (size == 0 || !IS_ALIGNED(pa.pa | size, PAGE_SIZE))
		return ERR_INVALID;
	if (size > BIT(machine.pa_bits) || pa.pa > BIT(machine.pa_bits) - size)
		return ERR_RANGE;
	return OK;
}

static enum status map_owned(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size, uint64_t prot,
	enum mem_type type, owner_t owner)
{
	enum status status = check_pa(pa, size);

	if (status != OK)
		return status;
	spin_lock(&s2->lock);
	if (page_range_owned(pa, size, owner))
		status = pgtable_map(&s2->table, ipa.ipa, size, pa, prot, type, 0);
	else
		status = ERR_NOT_OWNER;
	spin_unlock(&s2->lock);
	return status;
}

enum status stage2_map_pages(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size, uint64_t prot)
{
	return map_owned(s2, ipa, pa, size, prot, MEM_NORMAL, s2->owner);
}

enum status stage2_map_device(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size)
{
	return map_owned(s2, ipa, pa, size, MEM_RW, MEM_DEVICE_nGnRE, OWNER_ABSENT);
}

/* --- what VMs share --- */

/* Shared memory is written, or executed. */
static bool share_rights_ok(uint64_t prot)
{
	return prot == MEM_R || prot == MEM_RW || prot == MEM_RX;
}

enum status stage2_share(struct stage2 *s2, const struct stage2_share *share)
{
	uint64_t size = share->size;

	if (size == 0 || !IS_ALIGNED(share->ipa.ipa | size, PAGE_SIZE) ||
		!owner_is_shared(share->owner) || !share_rights_ok(share->prot))
		return ERR_INVALID;
	if (size > BIT(s2->ipa_bits) || share->ipa.ipa > BIT(s2->ipa_bits) - size)
		return ERR_RANGE;
	if (stage2_is_taken(s2, share->ipa, size))
		return ERR_EXISTS;
	if (s2->share_count == STAGE2_SHARES_MAX)
		return ERR_NO_MEMORY;
	s2->shares[s2->share_count++] = *share;
	return OK;
}

bool stage2_is_taken(const struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	for (unsigned i = 0; i < s2->region_count; i++) {
		const struct stage2_region *region = &s2->regions[i];

		if (ipa.ipa < region->ipa.ipa + region->size && region->ipa.ipa < ipa.ipa + size)
			return true;
	}
	return overlaps_share(s2, ipa, size);
}

/* The share that [ipa, ipa + size) lies in as a whole. */
static const struct stage2_share *share_of(const struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	for (unsigned i = 0; i < s2->share_count; i++) {
		const struct stage2_share *share = &s2->shares[i];
		uint64_t offset = ipa.ipa - share->ipa.ipa;

		if (offset < share->size && share->size - offset >= size)
			return share;
	}
	return NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	return share_of(s2, ipa, 1);
}

enum status stage2_map_share(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size)
{
	const struct stage2_share *share = share_of(s2, ipa, size);
	enum status status = check_pa(pa, size);

	if (status != OK)
		return status;
	if (!share)
		return ERR_NOT_OWNER;
	return map_owned(s2, ipa, pa, size, share->prot,
		share->cached || (share->prot & MEM_X) ? MEM_NORMAL : MEM_NORMAL_NC, share->owner);
}

enum status stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	enum status status;

	spin_lock(&s2->lock);
	status = pgtable_unmap(&s2->table, ipa.ipa, size);
	spin_unlock(&s2->lock);
	return status;
}

enum status stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size, uint64_t prot)
{
	enum status status;

	spin_lock(&s2->lock);
	status = pgtable_protect(&s2->table, ipa.ipa, size, prot, MEM_NORMAL);
	spin_unlock(&s2->lock);
	return status;
}
