/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/bitmap.h"

/* The first bit at or after `from` that is set in map ^ flip. */
static unsigned find(const uint64_t *map, unsigned bits, unsigned from, uint64_t flip)
{
	if (from >= bits)
		return bits;

	unsigned index = from / 64;
	uint64_t word = (map[index] ^ flip) & (~UINT64_C(0) << (from % 64));

	while (!word) {
		if (++index >= BITMAP_WORDS(bits))
			return bits;
		word = map[index] ^ flip;
	}

	unsigned bit = index * 64 + (unsigned)__builtin_ctzll(word);

	return MIN(bit, bits);
}

unsigned bitmap_find_set(const uint64_t *map, unsigned bits, unsigned from)
{
	return find(map, bits, from, 0);
}

unsigned bitmap_find_clear(const uint64_t *map, unsigned bits, unsigned from)
{
	return find(map, bits, from, ~UINT64_C(0));
}
