/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What both stages' tables have in common (Arm ARM D8.3): how they lie, how a descriptor is read
 * and what it says about the way on. Only for mm/walk_*.c; a walk is a loop over these steps.
 */
#ifndef MM_WALK_TABLE_H
#define MM_WALK_TABLE_H

#include "mm/guest_window.h"
#include "mm/walk.h"

#define LEVEL_LAST       3

/* Descriptors, as guests write them. */
#define ENTRY_VALID      BIT(0)
#define ENTRY_TABLE      BIT(1) /* or page, at level 3 */
#define ENTRY_AF         BIT(10)
#define ENTRY_SH         GENMASK(9, 8)
#define S2_ENTRY_READ    BIT(6)
#define S2_ENTRY_WRITE   BIT(7)
#define ENTRY_DBM        BIT(51)
#define ENTRY_CONTIGUOUS BIT(52)

/* Where bits 51:48 of an address are. */
#define ENTRY_HIGH_LPA2  GENMASK(9, 8)   /* bits 51:50; 49:48 are in place */
#define ENTRY_HIGH_64K   GENMASK(15, 12) /* all four */
#define TTBR_HIGH        GENMASK(5, 2)   /* all four, of both */

/* TCR_ELx.IPS, VTCR_EL2.PS: bits, whatever the CPU has. */
static inline unsigned walk_size_bits(uint64_t field)
{
	static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return sizes[field & 7];
}

/*
 * page_shift, high and oa_bits are there: the rest but big_endian and uncached, for an input of
 * ia_bits from that level on. ERR_FAULT: the base is beyond oa_bits.
 */
__must_check enum status walk_table_lay_out(
	struct walk_table *table, uint64_t ttbr, unsigned ia_bits, int start_level);

/* Where reads of one walk come from. */
struct walk_source {
	const struct walk_memory *memory;
	struct cpu *cpu;
	const uint64_t *generation; /* NULL: not through windows */
};

static __always_inline struct walk_source walk_source_of(
	const struct walk_memory *memory, const struct walk_table *table)
{
	const struct stage2 *s2 = memory->windows;
	bool windows = s2 && !table->big_endian && !table->uncached && s2->generation != 0;

	return (struct walk_source){ memory, this_cpu(), windows ? &s2->generation : NULL };
}

/* The long way: sync, callback, byte order. */
__must_check enum status walk_read_by_call(const struct walk_memory *memory,
	const struct walk_table *table, uint64_t at, uint64_t *desc);

static __always_inline enum status walk_read(const struct walk_source *source,
	const struct walk_table *table, uint64_t at, uint64_t *desc)
{
	if (likely(source->generation) &&
		likely(guest_window_read(source->cpu, source->generation, at, desc)))
		return OK;
	return walk_read_by_call(source->memory, table, at, desc);
}

/* Sets flags in a descriptor, by memory->update, in the tables' byte order. */
__must_check enum status walk_update(const struct walk_memory *memory,
	const struct walk_table *table, uint64_t at, uint64_t old, uint64_t new);

/* An error of read: an external abort on the walk? */
static inline bool walk_is_sea(enum status status)
{
	return status == ERR_FAULT || status == ERR_RANGE || status == ERR_IO;
}

uint64_t walk_high_address(const struct walk_table *table, uint64_t desc);

/* The address in a descriptor. */
static __always_inline uint64_t walk_address(const struct walk_table *table, uint64_t desc)
{
	uint64_t address = desc & table->address_mask;

	if (unlikely(table->high != HIGH_NONE))
		address |= walk_high_address(table, desc);
	return address;
}

/* Of a leaf that covers 2^shift bytes. */
static __always_inline uint64_t walk_leaf_address(
	const struct walk_table *table, uint64_t desc, unsigned shift)
{
	return walk_address(table, desc) & ~(BIT(shift) - 1);
}

/* How far a walk is, and where it ends. */
struct walk_place {
	uint64_t base, mask; /* of the table to be looked at */
	uint64_t at;         /* the descriptor's address, */
	uint64_t desc;       /* and it */
	uint64_t table_attr; /* all table descriptors on the way */
	unsigned shift;
	int level;
	uint8_t fst;
};

static __always_inline void walk_begin(const struct walk_table *table, struct walk_place *place)
{
	place->base = table->base;
	place->mask = table->start_mask;
	place->shift = table->start_shift;
	place->level = table->start_level;
	place->table_attr = 0;
}

static __always_inline void walk_find(struct walk_place *place, uint64_t ia)
{
	place->at = place->base | ((ia >> (place->shift - 3)) & place->mask);
}

enum walk_step { STEP_LEAF, STEP_DOWN, STEP_FAULT };

/* What place->desc says; place is the next one, or of the leaf, or of the fault. */
static __always_inline enum walk_step walk_next(
	const struct walk_table *table, struct walk_place *place)
{
	uint64_t desc = place->desc;

	if (likely((desc & (ENTRY_VALID | ENTRY_TABLE)) == (ENTRY_VALID | ENTRY_TABLE))) {
		uint64_t address = walk_address(table, desc);

		if (unlikely(address >> table->oa_bits)) {
			place->fst = fst_of(FST_ADDRESS_SIZE, place->level);
			return STEP_FAULT;
		}
		if (place->level == LEVEL_LAST)
			return STEP_LEAF;
		place->table_attr |= desc;
		place->base = address;
		place->mask = (BIT(table->stride) - 1) << 3;
		place->shift -= table->stride;
		place->level++;
		return STEP_DOWN;
	}
	if (!(desc & ENTRY_VALID) || place->level < table->block_level ||
		place->level == LEVEL_LAST) {
		place->fst = fst_of(FST_TRANSLATION, place->level);
		return STEP_FAULT;
	}
	if (walk_address(table, desc) >> table->oa_bits) {
		place->fst = fst_of(FST_ADDRESS_SIZE, place->level);
		return STEP_FAULT;
	}
	return STEP_LEAF;
}

/* Runs of entries that the contiguous hint makes one of; 1: no hint. */
unsigned walk_contiguous(uint64_t desc, unsigned page_shift, int level);

#endif
