/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_attr.h"

#include "mm/regime.h"

/* MemAttr[3:0] without FWB: outer in [3:2], 0 for Device, whose kind is [1:0]; inner in [1:0]. */
#define OUTER(mem_attr) ((mem_attr) >> 2 & 3)
#define INNER(mem_attr) ((mem_attr)&3)

/* With FWB, MemAttr[2:0]. */
#define FWB_NORMAL      BIT(2)
#define FWB_NC          5
#define FWB_WB          6
#define FWB_AS_S1       7

/* A half of a byte: NC, or the policy in its upper two bits (10, or transient 00: write-through;
 * 11, or transient 01: write-back), the hints to allocate below. */
#define HALF_NC         4
#define HALF_BACK       4
#define HALF_WT         8
#define HALF_WB         0xc
#define HALF_HINTS      3

static unsigned half_of_s2(unsigned cacheability)
{
	static const uint8_t halves[] = { HALF_NC, HALF_NC, HALF_WT | HALF_HINTS,
		HALF_WB | HALF_HINTS };

	return halves[cacheability];
}

static uint8_t device(unsigned kind)
{
	return (uint8_t)(kind << 2);
}

uint8_t attr_of_s2(unsigned mem_attr)
{
	if (OUTER(mem_attr) == 0)
		return device(INNER(mem_attr));
	return (uint8_t)(half_of_s2(OUTER(mem_attr)) << 4 | half_of_s2(INNER(mem_attr)));
}

/* Write-through: 0b00RW (transient, RW not 0) and 0b10RW; the rest, but NC, is write-back. */
static bool is_write_through(unsigned half)
{
	return !(half & HALF_BACK);
}

/* Neither is more cacheable than both; the hints are stage 1's. */
static unsigned combine_half(unsigned s1, unsigned s2)
{
	if (s1 == HALF_NC || s2 == HALF_NC)
		return HALF_NC;
	if (!is_write_through(s1) && is_write_through(s2))
		return HALF_WT | (s1 & HALF_HINTS);
	return s1;
}

/* The stricter of two, of which at least one is a device. */
static uint8_t combine_device(uint8_t s1, uint8_t s2)
{
	if (!attr_is_device(s1))
		return s2;
	if (!attr_is_device(s2))
		return s1;
	return MIN(s1, s2);
}

static uint8_t combine(uint8_t s1, uint8_t s2)
{
	if (attr_is_device(s1) || attr_is_device(s2))
		return combine_device(s1, s2);
	return (uint8_t)(combine_half(s1 >> 4, s2 >> 4) << 4 | combine_half(s1 & 15, s2 & 15));
}

/* Write-back whatever stage 1 said, whose hints stay where it is cacheable. */
static unsigned force_half(unsigned s1)
{
	return s1 == HALF_NC ? HALF_WB | HALF_HINTS : s1 | HALF_BACK;
}

static uint8_t force_write_back(uint8_t s1)
{
	if (attr_is_device(s1))
		return ATTR_NORMAL_WB;
	return (uint8_t)(force_half(s1 >> 4) << 4 | force_half(s1 & 15));
}

/* 0b100 is reserved: as not cacheable. */
static uint8_t combine_fwb(uint8_t s1, unsigned mem_attr)
{
	unsigned low = mem_attr & 7;

	if (!(low & FWB_NORMAL))
		return combine(s1, device(low));
	if (low == FWB_AS_S1)
		return s1;
	if (low == FWB_WB)
		return force_write_back(s1);
	return attr_is_device(s1) ? s1 : ATTR_NORMAL_NC;
}

uint8_t attr_combine(uint8_t s1, unsigned mem_attr, uint64_t hcr)
{
	uint8_t attr =
		hcr & HCR_FWB ? combine_fwb(s1, mem_attr) : combine(s1, attr_of_s2(mem_attr));

	return (hcr & HCR_CD) && !attr_is_device(attr) ? ATTR_NORMAL_NC : attr;
}

uint8_t attr_combine_sh(unsigned s1, unsigned s2)
{
	if (s1 == SH_OUTER || s2 == SH_OUTER)
		return SH_OUTER;
	return s1 == SH_INNER || s2 == SH_INNER ? SH_INNER : SH_NON;
}
