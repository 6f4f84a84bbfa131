/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors of the VMSAv8-64 tables with 4 KiB granule (Arm ARM D8.3), for mm/pgtable*.c and
 * their tests.
 */
#ifndef MM_PGTABLE_DESC_H
#define MM_PGTABLE_DESC_H

#include "mm/pgtable.h"

#define DESC_STRIDE  9 /* bits of address for each level */

#define DESC_VALID   BIT(0)
#define DESC_PAGE    BIT(1) /* a leaf of level 3; above, a table */
#define DESC_TABLE   (BIT(1) | BIT(0))
#define DESC_ADDRESS GENMASK(47, 12)
#define DESC_AF      BIT(10)
#define DESC_SH      GENMASK(9, 8)
#define DESC_SH_ISH  3
#define DESC_SW_KEEP \
	BIT(55) /* in a table descriptor, where hardware ignores it: prepared, stays when empty */

/* Stage 1 of EL2 (E2H=0). */
#define DESC_S1_ATTR_INDEX GENMASK(4, 2)
#define DESC_S1_AP1        BIT(6) /* RES1 with one range */
#define DESC_S1_AP2        BIT(7) /* read-only */
#define DESC_S1_GP         BIT(50)
#define DESC_S1_XN         BIT(54)

/* Stage 2. */
#define DESC_S2_MEM_ATTR   GENMASK(5, 2)
#define DESC_S2_READ       BIT(6)
#define DESC_S2_WRITE      BIT(7)
#define DESC_S2_XN         BIT(54) /* XN[1]; XN[0] stays 0: the same for EL1 and EL0 */

static inline unsigned desc_shift(unsigned level)
{
	return PAGE_SHIFT + DESC_STRIDE * (PGTABLE_LEVEL_LAST - level);
}

/* Bytes an entry of this level covers. */
static inline uint64_t desc_span(unsigned level)
{
	return BIT(desc_shift(level));
}

static inline bool desc_is_table(uint64_t desc, unsigned level)
{
	return level < PGTABLE_LEVEL_LAST && (desc & DESC_TABLE) == DESC_TABLE;
}

/* A block at level 0 or a level-3 entry without bit 1 is reserved: hardware takes it for invalid.
 */
static inline bool desc_is_leaf(uint64_t desc, unsigned level)
{
	if (level == PGTABLE_LEVEL_LAST)
		return (desc & DESC_TABLE) == DESC_TABLE;
	return level != 0 && (desc & DESC_TABLE) == DESC_VALID;
}

static inline bool mem_is_device(enum mem_type type)
{
	return type == MEM_DEVICE_nGnRE || type == MEM_DEVICE_nGnRnE;
}

/* Which bits make the type of memory. */
uint64_t desc_type_mask(enum pgtable_kind kind);
/* Of a leaf: the rights, and the type of memory. */
uint64_t desc_prot(enum pgtable_kind kind, uint64_t desc);
enum mem_type desc_type(enum pgtable_kind kind, uint64_t desc);

#endif
