/* SPDX-License-Identifier: BSD-3-Clause */
#include "tables.h"
#include "regs.h"

#define POOL_SIZE        MIB(2)
#define TCR_EPD1         BIT(23)
#define TCR_WALK         (UINT64_C(1) << 8 | UINT64_C(1) << 10 | UINT64_C(3) << 12)
#define TCR_TG0_SHIFT    14
#define TCR_IPS_SHIFT    32
#define VTCR_RES1        BIT(31)
#define VTCR_SL0_SHIFT   6
#define VTCR_PS_SHIFT    16
#define PARANGE_48       5
#define CONCATENATE_BITS 4

static u8 pool[POOL_SIZE] __attribute__((section(".bss.pages"), aligned(65536)));
static u64 taken;

void pool_reset(void)
{
	memset(pool, 0, taken);
	taken = 0;
}

void *pool_take(u64 size)
{
	u64 at = ALIGN_UP(taken, size);

	if (at + size > POOL_SIZE)
		return NULL;
	taken = at + size;
	return &pool[at];
}

static u32 stride(const struct tables *tables)
{
	return tables->shift - 3;
}

/* Bits of an address below those that index a table of `level`. */
static u32 level_shift(const struct tables *tables, u32 level)
{
	return (3 - level) * stride(tables) + tables->shift;
}

u64 tables_size(const struct tables *tables, u32 level)
{
	return BIT(level_shift(tables, level));
}

void tables_init(struct tables *tables, u32 shift, u32 bits, bool stage2)
{
	u32 more = stage2 ? CONCATENATE_BITS : 0;
	u64 entries;

	*tables = (struct tables){ .shift = shift, .bits = bits, .start = 3, .stage2 = stage2 };
	while (bits > level_shift(tables, tables->start) + stride(tables) + more)
		tables->start--;
	entries = BIT(bits - level_shift(tables, tables->start));
	tables->root = pool_take(entries < BIT(shift - 3) ? BIT(shift) : entries * 8);
}

u64 *tables_at(struct tables *tables, u64 address, u32 level)
{
	u64 *table = tables->root;
	u64 index = (address & (BIT(tables->bits) - 1)) >> level_shift(tables, tables->start);

	for (u32 at = tables->start; at < level; at++) {
		if (!(table[index] & 1))
			write_descriptor(
				&table[index], (u64)pool_take(BIT(tables->shift)) | DESC_TABLE);
		table = (u64 *)(table[index] & DESC_OUTPUT);
		index = address >> level_shift(tables, at + 1) & (BIT(stride(tables)) - 1);
	}
	dsb(ishst);
	return &table[index];
}

void tables_map(struct tables *tables, u64 address, u64 output, u64 size, u32 level, u64 attributes)
{
	u64 step = tables_size(tables, level);
	u64 type = level == 3 ? DESC_PAGE : DESC_BLOCK;

	for (u64 offset = 0; offset < size; offset += step)
		write_descriptor(tables_at(tables, address + offset, level),
			(output + offset) | attributes | type);
	dsb(ishst);
	isb();
}

u64 tables_parange(void)
{
	u64 range = mrs(id_aa64mmfr0_el1) & 0xf;

	return range > PARANGE_48 ? PARANGE_48 : range;
}

u32 tables_pa_bits(void)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	u64 range = mrs(id_aa64mmfr0_el1) & 0xf;

	return range < ARRAY_SIZE(bits) ? bits[range] : 52;
}

static u64 granule(const struct tables *tables)
{
	u64 tg0 = tables->shift == 12 ? 0 : tables->shift == 14 ? 2 : 1;

	return tg0 << TCR_TG0_SHIFT;
}

u64 tables_tcr(const struct tables *tables)
{
	return (64 - tables->bits) | TCR_WALK | granule(tables) | TCR_EPD1 |
		tables_parange() << TCR_IPS_SHIFT;
}

u64 tables_vtcr(const struct tables *tables)
{
	u64 sl0 = (tables->shift == 12 ? 2 : 3) - tables->start;

	return (64 - tables->bits) | sl0 << VTCR_SL0_SHIFT | TCR_WALK | granule(tables) |
		tables_parange() << VTCR_PS_SHIFT | VTCR_RES1;
}
