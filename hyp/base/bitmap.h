/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bitmaps of 64-bit words.
 */
#ifndef HYP_BASE_BITMAP_H
#define HYP_BASE_BITMAP_H

#include "hyp/base/types.h"

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

static inline bool bitmap_test(const uint64_t *map, unsigned bit)
{
	return (map[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(uint64_t *map, unsigned bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(uint64_t *map, unsigned bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

/* The first set bit at or after `from`, or `bits` when there is none. */
unsigned bitmap_find_set(const uint64_t *map, unsigned bits, unsigned from);

/* The first clear bit at or after `from`, or `bits` when there is none. */
unsigned bitmap_find_clear(const uint64_t *map, unsigned bits, unsigned from);

#endif
