/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_table.h"

/* The start tables of 52-bit addresses are aligned to this at least. */
#define HIGH_BASE_ALIGN 6

void walk_lay_out_high(struct walk_table *table, uint64_t ttbr)
{
	uint64_t align = MAX(table->start_mask + 8, BIT(HIGH_BASE_ALIGN));

	if (table->high == HIGH_LPA2)
		table->address_mask |= GENMASK(49, 48);
	table->base = FIELD_GET(TTBR_HIGH, ttbr) << 48 | (ttbr & GENMASK(47, 0) & ~(align - 1));
	table->check_mask = ~UINT64_C(0);
}

uint64_t walk_high_address(const struct walk_table *table, uint64_t desc)
{
	uint64_t address = desc & table->address_mask;

	if (table->high == HIGH_LPA2)
		return address | FIELD_GET(ENTRY_HIGH_LPA2, desc) << 50;
	return address | FIELD_GET(ENTRY_HIGH_64K, desc) << 48;
}

enum status walk_read(const struct walk_memory *memory, const struct walk_table *table, uint64_t at,
	uint64_t *desc)
{
	const uint64_t *generation = walk_generation(memory->windows, table);
	enum status status;

	if (generation) {
		struct guest_windows windows = guest_windows_of(generation);

		if (guest_window_read(&windows, at, desc))
			return OK;
	}
	if (table->uncached && memory->sync)
		memory->sync(memory->context, IPA(at));
	status = memory->read(memory->context, IPA(at), desc);
	if (table->big_endian)
		*desc = __builtin_bswap64(*desc);
	return status;
}

enum walk_step walk_step(const struct walk_table *table, struct walk_place *place)
{
	uint64_t desc = place->desc;
	bool last = place->shift == table->page_shift;

	if (!(desc & ENTRY_VALID))
		return STEP_INVALID;
	if (!(desc & ENTRY_TABLE) && (last || place->shift > table->block_shift))
		return STEP_INVALID;
	if (walk_address(table, desc) >> table->oa_bits)
		return STEP_TOO_LARGE;
	if (last || !(desc & ENTRY_TABLE))
		return STEP_LEAF;
	walk_on(table, place, walk_address(table, desc));
	return STEP_DOWN;
}

uint8_t walk_step_fst(
	enum walk_step step, const struct walk_table *table, const struct walk_place *place)
{
	unsigned class = step == STEP_INVALID ? FST_TRANSLATION
		: step == STEP_TOO_LARGE      ? FST_ADDRESS_SIZE
					      : FST_WALK_SEA;

	return walk_fst(class, table, place);
}

enum walk_step walk_down_slowly(const struct walk_memory *memory, const struct walk_table *table,
	uint64_t ia, struct walk_place *place, enum status *status)
{
	enum walk_step step;

	*status = OK;
	*place = walk_begin(table);
	do {
		place->at = walk_find(place, ia);
		*status = walk_read(memory, table, place->at, &place->desc);
		if (*status != OK) {
			if (walk_is_sea(*status))
				*status = OK;
			return STEP_UNREADABLE;
		}
		step = walk_step(table, place);
	} while (step == STEP_DOWN);
	return step;
}

enum status walk_update(const struct walk_memory *memory, const struct walk_table *table,
	uint64_t at, uint64_t old, uint64_t new)
{
	enum status status;

	if (table->big_endian) {
		old = __builtin_bswap64(old);
		new = __builtin_bswap64(new);
	}
	status = memory->update(memory->context, IPA(at), old, new);
	if (table->uncached && memory->sync)
		memory->sync(memory->context, IPA(at));
	return status;
}

unsigned walk_contiguous(uint64_t desc, unsigned page_shift, int level)
{
	if (!(desc & ENTRY_CONTIGUOUS) || level < 1)
		return 1;
	if (page_shift == 12)
		return 16;
	if (level == 1)
		return 1;
	return page_shift == 14 && level == LEVEL_LAST ? 128 : 32;
}
