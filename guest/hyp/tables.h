/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Translation tables that the payload builds, for stage 1 and stage 2: any granule, any size, from
 * a pool of pages.
 */
#ifndef GUEST_HYP_TABLES_H
#define GUEST_HYP_TABLES_H

#include "base.h"

struct tables {
	u64 *root;
	u32 shift; /* of the granule: 12, 14, 16 */
	u32 bits;  /* of an input address */
	u32 start; /* level of the root */
	bool stage2;
};

#define DESC_BLOCK        UINT64_C(1)
#define DESC_TABLE        UINT64_C(3)
#define DESC_PAGE         UINT64_C(3)
#define DESC_PXN_TABLE    BIT(59)
#define DESC_UXN_TABLE    BIT(60)
#define DESC_NO_EL0_TABLE BIT(61)
#define DESC_RO_TABLE     BIT(62)
#define DESC_DBM          BIT(51)
#define DESC_OUTPUT       GENMASK(47, 12)

/* Stage 2: write-back, inner shareable, access flag set. */
#define S2_READ           BIT(6)
#define S2_WRITE          BIT(7)
#define S2_NORMAL         (UINT64_C(0xf) << 2 | UINT64_C(3) << 8)
#define S2_DEVICE         (UINT64_C(1) << 2) /* nGnRE */
#define S2_AF             BIT(10)
#define S2_XN             BIT(54)
#define S2_RW             (S2_READ | S2_WRITE | S2_NORMAL | S2_AF)
#define S2_RW_DEVICE      (S2_READ | S2_WRITE | S2_DEVICE | S2_AF)

/* All pages of the pool are free again, and 0. */
void pool_reset(void);
/* So many bytes of it, aligned to that (a power of two). */
void *pool_take(u64 size);

/* Empty ones. Of stage 2 with as few levels as concatenation allows. */
void tables_init(struct tables *tables, u32 shift, u32 bits, bool stage2);
/* Where the descriptor of an address is at a level, with tables made on the way down to there. */
u64 *tables_at(struct tables *tables, u64 address, u32 level);
/* Bytes that a descriptor of that level maps. */
u64 tables_size(const struct tables *tables, u32 level);
/* Maps `size` bytes by descriptors of `level`, a page's or a block's type added. */
void tables_map(
	struct tables *tables, u64 address, u64 output, u64 size, u32 level, u64 attributes);
/* TCR_EL1 (TTBR1 off) and VTCR_EL2 for them. */
u64 tables_tcr(const struct tables *tables);
u64 tables_vtcr(const struct tables *tables);
/* ID_AA64MMFR0_EL1.PARange, as far as 48 bits go. */
u64 tables_parange(void);
/* Bits of a physical address. */
u32 tables_pa_bits(void);

static inline void write_descriptor(u64 *at, u64 value)
{
	*(volatile u64 *)at = value;
}

#endif
