/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_table.h"

/* The start tables of 52-bit addresses are aligned to this at least. */
#define HIGH_BASE_ALIGN 6

/* Blocks: from 1 GiB on with 4 KiB granules, from 32 MiB, from 512 MiB; with LPA2, and with 64 KiB
 * on a CPU of 52-bit addresses (whatever these tables may use of them), one level up. */
static int block_level(const struct walk_table *table)
{
	if (table->page_shift == 16)
		return table->pa_bits == 52 ? 1 : 2;
	return (table->page_shift == 12 ? 1 : 2) - (table->high == HIGH_LPA2);
}

enum status walk_table_lay_out(
	struct walk_table *table, uint64_t ttbr, unsigned ia_bits, int start_level)
{
	unsigned stride = table->page_shift - 3U, align;

	table->stride = (uint8_t)stride;
	table->start_level = (int8_t)start_level;
	table->start_shift =
		(uint8_t)(table->page_shift + (unsigned)(LEVEL_LAST - start_level) * stride);
	table->start_mask = (BIT(ia_bits - table->start_shift) - 1) << 3;
	table->address_mask = GENMASK(47, 0) & ~(BIT(table->page_shift) - 1);
	table->block_level = (int8_t)block_level(table);
	align = 3 + ia_bits - table->start_shift;
	if (unlikely(table->high != HIGH_NONE)) {
		align = MAX(align, HIGH_BASE_ALIGN);
		if (table->high == HIGH_LPA2)
			table->address_mask |= GENMASK(49, 48);
		table->base = FIELD_GET(TTBR_HIGH, ttbr) << 48;
	} else {
		table->base = 0;
	}
	table->base |= ttbr & GENMASK(47, 0) & ~(BIT(align) - 1);
	return table->base >> table->oa_bits ? ERR_FAULT : OK;
}

uint64_t walk_high_address(const struct walk_table *table, uint64_t desc)
{
	if (table->high == HIGH_LPA2)
		return FIELD_GET(ENTRY_HIGH_LPA2, desc) << 50;
	return FIELD_GET(ENTRY_HIGH_64K, desc) << 48;
}

enum status walk_read_by_call(const struct walk_memory *memory, const struct walk_table *table,
	uint64_t at, uint64_t *desc)
{
	enum status status;

	if (table->uncached && memory->sync)
		memory->sync(memory->context, IPA(at));
	status = memory->read(memory->context, IPA(at), desc);
	if (table->big_endian)
		*desc = __builtin_bswap64(*desc);
	return status;
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
