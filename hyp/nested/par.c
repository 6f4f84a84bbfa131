/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/par.h"

uint64_t par_bits = PAR_EL1_RES1;

/* Bytes of MAIR_ELx: 0000dd00 is Device, else four bits for the outer and four for the inner
 * caches. */
#define ATTR_OUTER     GENMASK(7, 4)
#define ATTR_INNER     GENMASK(3, 0)
#define ATTR_NC        4 /* of half a byte */
#define ATTR_NORMAL_NC 0x44
#define ATTR_NORMAL_WB 0xff
/* Half a byte: [1:0] are hints; [3:2] say write-through (10, and 00 of the transient kind) or
 * write-back (11, and 01). */
#define HALF_BACK      BIT(2)
#define HALF_LASTING   BIT(3)
#define HALF_HINTS     GENMASK(1, 0)

#define SH_NONE        0
#define SH_OUTER       2
#define SH_INNER       3

/* Stage 2 without FWB: [3:2] outer, [1:0] inner, or the kind of Device. */
#define S2_OUTER       GENMASK(3, 2)
#define S2_INNER       GENMASK(1, 0)
#define S2_NC          1
#define S2_WT          2
/* With FWB, [2:0]. */
#define FWB_ATTR       GENMASK(2, 0)
#define FWB_KIND       GENMASK(1, 0) /* of Device */
#define FWB_RESERVED   4
#define FWB_NC         5
#define FWB_WB         6
#define FWB_STAGE1     7

static bool is_device(uint8_t attr)
{
	return !(attr & ATTR_OUTER);
}

static unsigned device_kind(uint8_t attr)
{
	return attr >> 2 & 3;
}

uint64_t par_fault(unsigned fst, bool s2, bool walk)
{
	return PAR_EL1_F | FIELD_PREP(PAR_EL1_FST, fst) | (s2 ? PAR_EL1_S : 0) |
		(s2 && walk ? PAR_EL1_PTW : 0) | PAR_EL1_RES1;
}

uint64_t par_address(uint64_t pa, uint8_t attr, uint8_t sh)
{
	if (is_device(attr) || attr == ATTR_NORMAL_NC)
		sh = SH_OUTER;
	return (pa & PAR_EL1_PA) | FIELD_PREP(PAR_EL1_ATTR, attr) | FIELD_PREP(PAR_EL1_SH, sh) |
		par_bits;
}

/* One half of a Normal byte; s2: S2_NC, S2_WT or write-back. */
static unsigned combine_half(unsigned s1, unsigned s2)
{
	if (s1 == ATTR_NC || s2 == S2_NC)
		return ATTR_NC;
	if ((s1 & HALF_BACK) && s2 == S2_WT)
		return HALF_LASTING | (s1 & HALF_HINTS);
	return s1;
}

static uint8_t combine_normal(uint8_t attr, unsigned outer, unsigned inner)
{
	return (uint8_t)(FIELD_PREP(ATTR_OUTER, combine_half(FIELD_GET(ATTR_OUTER, attr), outer)) |
		FIELD_PREP(ATTR_INNER, combine_half(FIELD_GET(ATTR_INNER, attr), inner)));
}

/* The stricter kind of Device. */
static uint8_t combine_device(uint8_t attr, unsigned kind)
{
	return (uint8_t)(is_device(attr) ? MIN(device_kind(attr), kind) << 2 : kind << 2);
}

/* Write-back, whatever stage 1 said, but for its hints. */
static unsigned force_half(unsigned s1)
{
	return s1 == ATTR_NC ? ATTR_NORMAL_WB & ATTR_INNER : HALF_LASTING | HALF_BACK | s1;
}

static uint8_t force_back(uint8_t attr)
{
	if (is_device(attr))
		return ATTR_NORMAL_WB;
	return (uint8_t)(FIELD_PREP(ATTR_OUTER, force_half(FIELD_GET(ATTR_OUTER, attr))) |
		FIELD_PREP(ATTR_INNER, force_half(FIELD_GET(ATTR_INNER, attr))));
}

static uint8_t combine_fwb(uint8_t attr, unsigned mem_attr)
{
	switch (mem_attr & FWB_ATTR) {
	case FWB_STAGE1:
		return attr;
	case FWB_WB:
		return force_back(attr);
	case FWB_NC:
		return is_device(attr) ? attr : ATTR_NORMAL_NC;
	case FWB_RESERVED:
		return 0;
	default:
		return combine_device(attr, mem_attr & FWB_KIND);
	}
}

static uint8_t combine_plain(uint8_t attr, unsigned mem_attr)
{
	unsigned outer = FIELD_GET(S2_OUTER, mem_attr), inner = FIELD_GET(S2_INNER, mem_attr);

	if (outer == 0)
		return combine_device(attr, inner);
	return is_device(attr) ? attr : combine_normal(attr, outer, inner);
}

struct par_memory par_combine(struct par_memory stage1, struct par_stage2 stage2)
{
	struct par_memory both;

	both.attr = stage2.fwb ? combine_fwb(stage1.attr, stage2.mem_attr)
			       : combine_plain(stage1.attr, stage2.mem_attr);
	if (stage2.cd && !is_device(both.attr))
		both.attr = ATTR_NORMAL_NC;
	if (stage1.sh == SH_OUTER || stage2.sh == SH_OUTER)
		both.sh = SH_OUTER;
	else
		both.sh = stage1.sh == SH_INNER || stage2.sh == SH_INNER ? SH_INNER : SH_NONE;
	return both;
}
