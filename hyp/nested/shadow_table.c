/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of shadows: filled leaf by leaf, emptied in whole or in part, out of one pool. Every
 * function here is bounded: a table is given back by a look at its list, not at its contents.
 */
#include "hyp/arch/barrier.h"
#include "hyp/arch/tlb.h"
#include "hyp/base/string.h"
#include "hyp/nested/shadow_state.h"
#include "mm/pgtable_desc.h"
#include "mm/phys.h"

/* Software's bits of a leaf: an index into l1_shifts. */
#define LEAF_L1   GENMASK(58, 55)

/* Past this many tables a change of the VM's own stage 2 empties shadows instead of looking at each
 * leaf: some 3,000 instructions for each. */
#define SCAN_MAX  12

/* Ranges beyond empty the shadow. */
#define UNMAP_MAX GIB(1)

/* Leaves of L1's: 4, 16 and 64 KiB granule. LEAF_L1 is an index. */
static const uint8_t l1_shifts[] = { 12, 21, 30, 14, 25, 16, 29, 36, 42, 39 };

static uint64_t encode_shift(unsigned shift)
{
	unsigned i = 0;

	while (i < ARRAY_SIZE(l1_shifts) - 1 && l1_shifts[i] != shift)
		i++;
	return FIELD_PREP(LEAF_L1, i);
}

static unsigned leaf_shift(uint64_t desc)
{
	return l1_shifts[FIELD_GET(LEAF_L1, desc) % ARRAY_SIZE(l1_shifts)];
}

/* --- one table --- */

static unsigned index_of(const struct shadow_table *table, uint64_t ipa)
{
	/* The pages of a root lie side by side and count as one. */
	return (unsigned)((ipa >> desc_shift(table->level)) % table->count);
}

static struct shadow_table *table_at(const struct shadows *set, uint64_t desc)
{
	uint64_t offset = (desc & DESC_ADDRESS) - ptr_to_pa(set->pool).pa;

	return &set->tables[offset / (2 * PAGE_SIZE)];
}

static void forget_origins(struct shadow_table *table)
{
	table->low = UINT64_MAX;
	table->high = 0;
}

static struct shadow_table *alloc_table(struct shadows *set, struct shadow *shadow, unsigned level)
{
	struct shadow_table *table = container_of(set->free.next, struct shadow_table, link);

	set->free_count--;
	list_remove(&table->link);
	memset(table->entries, 0, PAGE_SIZE);
	forget_origins(table);
	table->shadow = shadow;
	table->level = (uint8_t)level;
	list_push_back(&shadow->tables, &table->link);
	return table;
}

/* Nothing leads to it any more; the shadow's `flush` is set, so that TLBs are told before it is
 * used again. */
static void free_table(struct shadows *set, struct shadow_table *table)
{
	table->shadow = NULL;
	list_remove(&table->link);
	list_push_back(&set->free, &table->link);
	set->free_count++;
}

static void flush(struct shadow *shadow)
{
	if (!shadow->flush)
		return;
	shadow->flush = false;
	tlb_flush_vmid(shadow->vttbr);
}

/* --- the whole --- */

void shadow_drop(struct shadows *set, struct shadow *shadow)
{
	if (shadow->max_shift == 0)
		return;
	memset(shadow->root.entries, 0, shadow->root.count * sizeof(uint64_t));
	forget_origins(&shadow->root);
	shadow->max_shift = 0;
	while (!list_empty(&shadow->tables))
		free_table(set, container_of(shadow->tables.next, struct shadow_table, link));
	shadow->flush = true;
	flush(shadow);
}

static bool has_tables(const struct shadow *shadow)
{
	return shadow->used && shadow->on && !list_empty(&shadow->tables);
}

/* Which shadow is emptied next for want of tables; NULL: no other has any. */
static struct shadow *choose_loser(struct shadows *set, const struct shadow *other, bool held)
{
	struct shadow *best = NULL;

	for (unsigned i = 0; i < set->count; i++) {
		struct shadow *shadow = &set->slots[i];

		if (shadow == other || !has_tables(shadow) || (shadow->holders != 0) != held)
			continue;
		if (!best || shadow->taken_at < best->taken_at)
			best = shadow;
	}
	return best;
}

static void make_room(struct shadows *set, struct shadow *shadow, unsigned need)
{
	while (set->free_count < need) {
		struct shadow *loser = choose_loser(set, shadow, false);

		if (!loser && has_tables(shadow))
			loser = shadow;
		if (!loser)
			loser = choose_loser(set, shadow, true);
		shadow_drop(set, loser);
		set->drops++;
	}
}

/* --- filling --- */

static void clear_leaf(struct shadow *shadow, uint64_t *entry, uint64_t ipa)
{
	WRITE_ONCE(*entry, 0);
	tlb_flush_ipa(shadow->vttbr, IPA(ipa));
}

static void put_leaf(struct shadow_table *table, unsigned index, const struct shadow_leaf *leaf)
{
	struct shadow *shadow = table->shadow;
	unsigned level = table->level;
	uint64_t span = desc_span(level), origin = ALIGN_DOWN(leaf->origin, span);
	uint64_t desc = ALIGN_DOWN(leaf->pa, span) | leaf->bits | encode_shift(leaf->l1_shift) |
		DESC_VALID | (level == PGTABLE_LEVEL_LAST ? DESC_PAGE : 0);

	/* Through an invalid one, so that no TLB ever holds both; also where it is the same: then a
	 * TLB had something else. */
	if (table->entries[index] != 0)
		clear_leaf(shadow, &table->entries[index], leaf->ipa);
	table->origins[index] = origin;
	table->low = MIN(table->low, origin);
	table->high = MAX(table->high, origin + span);
	shadow->max_shift = MAX(shadow->max_shift, leaf->l1_shift);
	WRITE_ONCE(table->entries[index], desc);
	dsb_ishst();
}

void shadow_map(struct shadows *set, struct shadow *shadow, const struct shadow_leaf *leaf)
{
	unsigned least = MIN(leaf->l1_shift, leaf->l0_shift);
	struct shadow_table *table = &shadow->root;

	make_room(set, shadow, PGTABLE_LEVEL_LAST - table->level);
	for (;;) {
		unsigned level = table->level, index = index_of(table, leaf->ipa);
		uint64_t *entry = &table->entries[index];

		if (desc_is_table(*entry, level)) {
			table = table_at(set, *entry);
			continue;
		}
		if (level != 0 && desc_shift(level) <= least) {
			put_leaf(table, index, leaf);
			break;
		}
		if (*entry != 0)
			clear_leaf(shadow, entry, leaf->ipa);
		table = alloc_table(set, shadow, level + 1);
		dmb_ishst(); /* a walker that sees the table sees it empty */
		WRITE_ONCE(*entry, ptr_to_pa(table->entries).pa | DESC_TABLE);
	}
	shadow->max_shift = MAX(shadow->max_shift, PAGE_SHIFT);
	set->fills++;
}

/* --- emptying a part --- */

/* A table and all below it, of which nothing is left. At most UNMAP_MAX of address space, so that
 * these are few. */
static void free_below(struct shadows *set, struct shadow_table *table)
{
	for (unsigned i = 0; i < PGTABLE_ENTRIES && table->level < PGTABLE_LEVEL_LAST; i++)
		if (desc_is_table(table->entries[i], table->level))
			free_below(set, table_at(set, table->entries[i]));
	free_table(set, table);
}

static void unmap_in(struct shadows *set, struct shadow_table *table, uint64_t ipa, uint64_t end)
{
	unsigned level = table->level, index = index_of(table, ipa);
	uint64_t span = desc_span(level);

	for (uint64_t next; ipa < end; ipa = next, index++) {
		uint64_t *entry = &table->entries[index], desc = *entry;

		next = MIN(end, ALIGN_DOWN(ipa, span) + span);
		if (desc == 0)
			continue;
		if (desc_is_table(desc, level) && next - ipa < span) {
			unmap_in(set, table_at(set, desc), ipa, next);
			continue;
		}
		WRITE_ONCE(*entry, 0);
		table->shadow->flush = true;
		if (desc_is_table(desc, level))
			free_below(set, table_at(set, desc));
	}
}

static uint64_t input_size(const struct shadows *set)
{
	return BIT(set->s2->ipa_bits);
}

/* [ipa, end) goes, with all that L1's leaves of that size may have beside. */
static void unmap(
	struct shadows *set, struct shadow *shadow, uint64_t ipa, uint64_t end, unsigned shift)
{
	ipa = ALIGN_DOWN(ipa, BIT(shift));
	end = MIN(ALIGN_UP(end, BIT(shift)), input_size(set));
	if (ipa >= end)
		return;
	if (end - ipa > UNMAP_MAX) {
		shadow_drop(set, shadow);
		return;
	}
	unmap_in(set, &shadow->root, ipa, end);
	flush(shadow);
}

/* The entry that a walk ends at. */
static uint64_t find_entry(const struct shadows *set, const struct shadow *shadow, uint64_t ipa)
{
	const struct shadow_table *table = &shadow->root;
	uint64_t desc;

	if (ipa >= input_size(set))
		return 0;
	for (;;) {
		desc = table->entries[index_of(table, ipa)];
		if (!desc_is_table(desc, table->level))
			return desc;
		table = table_at(set, desc);
	}
}

uint64_t shadow_lookup(const struct shadows *set, const struct shadow *shadow, uint64_t ipa)
{
	return find_entry(set, shadow, ipa);
}

void shadow_unmap_leaf(struct shadows *set, struct shadow *shadow, uint64_t ipa)
{
	uint64_t desc;

	if (shadow->max_shift == 0 || ipa >= input_size(set))
		return;
	desc = find_entry(set, shadow, ipa);
	unmap(set, shadow, ipa, ipa + 1, desc ? leaf_shift(desc) : shadow->max_shift);
}

void shadow_unmap_range(struct shadows *set, struct shadow *shadow, uint64_t ipa, uint64_t size)
{
	if (shadow->max_shift == 0 || ipa >= input_size(set))
		return;
	unmap(set, shadow, ipa, ipa + MIN(size, input_size(set) - ipa), shadow->max_shift);
}

/* --- the VM's own stage 2 has changed --- */

/* Leaves of a table that were made from [origin, end) go. */
static void unmap_origins_in(struct shadow_table *table, uint64_t origin, uint64_t end)
{
	uint64_t span = desc_span(table->level);

	for (unsigned i = 0; i < table->count; i++) {
		uint64_t desc = table->entries[i], at = table->origins[i];

		if (desc == 0 || desc_is_table(desc, table->level) || at >= end ||
			at + span <= origin)
			continue;
		WRITE_ONCE(table->entries[i], 0);
		table->shadow->flush = true;
	}
}

static void look_into(struct shadows *set, struct shadow_table *table, uint64_t origin,
	uint64_t end, unsigned *scanned)
{
	if (!table->shadow || table->low >= end || table->high <= origin)
		return;
	*scanned += table->count / PGTABLE_ENTRIES;
	if (*scanned > SCAN_MAX)
		shadow_drop(set, table->shadow);
	else
		unmap_origins_in(table, origin, end);
}

void shadow_unmap_origin(struct shadows *set, uint64_t origin, uint64_t size)
{
	unsigned scanned = 0;

	for (unsigned i = 0; i < set->count; i++)
		look_into(set, &set->slots[i].root, origin, origin + size, &scanned);
	for (unsigned i = 0; i < set->table_count; i++)
		look_into(set, &set->tables[i], origin, origin + size, &scanned);
	for (unsigned i = 0; i < set->count; i++)
		flush(&set->slots[i]);
}
