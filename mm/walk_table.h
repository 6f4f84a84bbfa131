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

/* The same with 52-bit addresses: what is different. */
void walk_lay_out_high(struct walk_table *table, uint64_t ttbr);

/*
 * page_shift, high, oa_bits and pa_bits are there: the rest but big_endian and uncached, for an
 * input of ia_bits from the level on whose entries have start_shift bits below them. Blocks are of
 * up to 1 GiB with 4 KiB granules, 32 MiB, 512 MiB; with LPA2, and with 64 KiB on a CPU of 52-bit
 * addresses (whatever these tables may use of them), one level up. False: the base is beyond
 * oa_bits.
 */
static __always_inline bool walk_lay_out(
	struct walk_table *table, uint64_t ttbr, unsigned ia_bits, unsigned start_shift)
{
	unsigned page_shift = table->page_shift, stride = page_shift - 3;
	uint64_t start_mask = (BIT(ia_bits - start_shift) - 1) << 3;
	bool up = page_shift == 16 ? table->pa_bits == 52 : table->high == HIGH_LPA2;

	table->stride = (uint8_t)stride;
	table->start_shift = (uint8_t)start_shift;
	table->start_mask = start_mask;
	table->next_mask = (BIT(stride) - 1) << 3;
	table->address_mask = GENMASK(47, 0) & (~UINT64_C(0) << page_shift);
	table->check_mask =
		(GENMASK(47, 0) & (~UINT64_C(0) << table->oa_bits)) | ENTRY_VALID | ENTRY_TABLE;
	table->block_shift = (uint8_t)((page_shift == 12 ? 30 : page_shift + stride) +
		(unlikely(up) ? stride : 0));
	table->base = ttbr & GENMASK(47, 0) & ~(start_mask + 7);
	if (unlikely(table->high != HIGH_NONE))
		walk_lay_out_high(table, ttbr);
	return !(table->base >> table->oa_bits);
}

/* The generation that windows into the tables must have; NULL: they aren't read through windows. */
static __always_inline const uint64_t *walk_generation(
	const struct stage2 *s2, const struct walk_table *table)
{
	if (!s2 || table->big_endian || table->uncached || s2->generation == 0)
		return NULL;
	return &s2->generation;
}

/* One descriptor: through a window, or else by sync and callback; in the tables' byte order. */
__must_check enum status walk_read(const struct walk_memory *memory, const struct walk_table *table,
	uint64_t at, uint64_t *desc);

/* Sets flags in a descriptor, by memory->update, in the tables' byte order. */
__must_check enum status walk_update(const struct walk_memory *memory,
	const struct walk_table *table, uint64_t at, uint64_t old, uint64_t new);

/* An error of read: an external abort on the walk? */
static inline bool walk_is_sea(enum status status)
{
	return status == ERR_FAULT || status == ERR_RANGE || status == ERR_IO;
}

/* The whole address in a descriptor where some of its bits are elsewhere. */
uint64_t walk_high_address(const struct walk_table *table, uint64_t desc);

static __always_inline uint64_t walk_address(const struct walk_table *table, uint64_t desc)
{
	if (unlikely(table->high != HIGH_NONE))
		return walk_high_address(table, desc);
	return desc & table->address_mask;
}

/* Where a leaf that covers 2^shift bytes leads: HIGH_NONE, and whatever there is. */
static __always_inline uint64_t walk_output_in_place(
	const struct walk_table *table, uint64_t desc, unsigned shift, uint64_t ia)
{
	uint64_t offset = BIT(shift) - 1;

	return (desc & table->address_mask & ~offset) | (ia & offset);
}

static __always_inline uint64_t walk_output(
	const struct walk_table *table, uint64_t desc, unsigned shift, uint64_t ia)
{
	uint64_t offset = BIT(shift) - 1;

	return (walk_address(table, desc) & ~offset) | (ia & offset);
}

/* Where a walk is, or where it ended. */
struct walk_place {
	uint64_t base,
		mask;  /* the table to look at: its address, and what is left of an offset in it */
	uint64_t at;   /* the descriptor's address, */
	uint64_t desc; /* and it */
	uint64_t table_attr; /* all table descriptors on the way */
	unsigned shift;      /* bits below an entry of its table */
};

static __always_inline struct walk_place walk_begin(const struct walk_table *table)
{
	return (struct walk_place){
		.base = table->base, .mask = table->start_mask, .shift = table->start_shift
	};
}

static __always_inline uint64_t walk_find(const struct walk_place *place, uint64_t ia)
{
	return place->base | ((ia >> (place->shift - 3)) & place->mask);
}

/* To the table that place->desc, which is one, leads to. */
static __always_inline void walk_on(
	const struct walk_table *table, struct walk_place *place, uint64_t base)
{
	place->table_attr |= place->desc;
	place->base = base;
	place->mask = table->next_mask;
	place->shift -= table->stride;
}

/* 0..3, or -1. */
static inline int walk_level(const struct walk_table *table, const struct walk_place *place)
{
	return LEVEL_LAST - (int)((place->shift - table->page_shift) / table->stride);
}

static inline uint8_t walk_fst(
	unsigned fst_class, const struct walk_table *table, const struct walk_place *place)
{
	return fst_of(fst_class, walk_level(table, place));
}

enum walk_step {
	STEP_LEAF,
	STEP_DOWN,
	STEP_INVALID,
	STEP_TOO_LARGE, /* it points beyond oa_bits */
	STEP_UNREADABLE,
};

/* What the descriptor at place says; on the way down place is the next table's. */
enum walk_step walk_step(const struct walk_table *table, struct walk_place *place);

/* The fault that one of the last three is. */
uint8_t walk_step_fst(
	enum walk_step step, const struct walk_table *table, const struct walk_place *place);

/* The table in which the last walk of a stage ended, for the next one that would come there. */
struct walk_near {
	uint64_t ia, base, mask;
	unsigned shift; /* less 3 */
	unsigned above; /* bits of input that it covers */
};

#define WALK_NEAR_NONE ((struct walk_near){ .ia = ~UINT64_C(0) })

/*
 * One stage, from its start table on, as fast as can be: only through windows, of which the caller
 * asks guest_windows_held() at last, and only where it ends at a leaf or at an entry that is not
 * valid: STEP_LEAF, STEP_INVALID. STEP_DOWN: there is something else; walk_down_slowly() says what.
 * near may be NULL: it is the CPU's right to remember tables, and this is for the length of one
 * walk of stage 1.
 */
static __always_inline enum walk_step walk_fast(struct guest_windows *windows,
	const struct walk_table *table, uint64_t ia, struct walk_near *near,
	struct walk_place *place)
{
	uint64_t base = table->base, mask = table->start_mask, next_mask = table->next_mask;
	uint64_t check_mask = table->check_mask, address_mask = table->address_mask;
	uint64_t desc, at, table_attr = 0;
	unsigned stride = table->stride, last = table->page_shift - 3U;
	unsigned shift = table->start_shift - 3U; /* and 3 for the size of a descriptor */

	if (near && (ia ^ near->ia) >> near->above == 0) {
		base = near->base;
		mask = near->mask;
		shift = near->shift;
	}
	for (;;) {
		at = base | ((ia >> shift) & mask);
		if (unlikely(!guest_window_look(windows, at, &desc)))
			return STEP_DOWN;
		if (unlikely((desc & check_mask) != (ENTRY_VALID | ENTRY_TABLE)))
			break;
		if (shift == last)
			break;
		table_attr |= desc;
		base = desc & address_mask;
		mask = next_mask;
		shift -= stride;
	}
	place->at = at;
	place->desc = desc;
	place->table_attr = table_attr;
	place->shift = shift + 3;
	if (near)
		*near = (struct walk_near){ ia, base, mask, shift, shift + 3 + stride };
	/* A page; or a block, where all addresses are in place. */
	if (likely((desc & check_mask) == (ENTRY_VALID | ENTRY_TABLE)))
		return STEP_LEAF;
	if (!(desc & ENTRY_VALID))
		return STEP_INVALID;
	if ((desc & (check_mask | ENTRY_TABLE)) == ENTRY_VALID && shift != last &&
		shift + 3 <= table->block_shift)
		return STEP_LEAF;
	return STEP_DOWN;
}

/* The same, if there are windows at all. */
static __always_inline bool walk_down_fast(const struct walk_memory *memory,
	const struct walk_table *table, uint64_t ia, struct walk_place *place)
{
	const uint64_t *generation = walk_generation(memory->windows, table);
	struct guest_windows windows;

	if (unlikely(!generation))
		return false;
	windows = guest_windows_of(generation);
	return likely(walk_fast(&windows, table, ia, NULL, place) == STEP_LEAF) &&
		guest_windows_held(&windows);
}

/*
 * One stage from its start table on, to place: STEP_LEAF, or how else it ended. *status: OK, or
 * what is the whole walk's result (STEP_UNREADABLE). walk_down() tries walk_down_fast() first.
 */
enum walk_step walk_down_slowly(const struct walk_memory *memory, const struct walk_table *table,
	uint64_t ia, struct walk_place *place, enum status *status);

static inline enum walk_step walk_down(const struct walk_memory *memory,
	const struct walk_table *table, uint64_t ia, struct walk_place *place, enum status *status)
{
	*status = OK;
	if (walk_down_fast(memory, table, ia, place))
		return STEP_LEAF;
	return walk_down_slowly(memory, table, ia, place, status);
}

/* Runs of entries that the contiguous hint makes one of; 1: no hint. */
unsigned walk_contiguous(uint64_t desc, unsigned page_shift, int level);

#endif
