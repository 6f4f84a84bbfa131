/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/string.h"
#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

/*
 * Every access is naturally aligned: before the MMU is on all memory is Device memory, where others
 * fault. And nothing outside the two buffers is read.
 *
 * gcc must not recognise these loops as memcpy() and call themselves.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#ifdef LINTEL_HOST
/* The build machine has its own; the unit test calls these. */
#define memcpy  lintel_memcpy
#define memmove lintel_memmove
#define memset  lintel_memset
#define memcmp  lintel_memcmp
void *lintel_memcpy(void *restrict destination, const void *restrict source, size_t size);
void *lintel_memmove(void *destination, const void *source, size_t size);
void *lintel_memset(void *destination, int value, size_t size);
int lintel_memcmp(const void *left, const void *right, size_t size);
#endif

typedef uint64_t __attribute__((may_alias)) word;
typedef uint32_t __attribute__((may_alias)) half_word;

#define WORD     sizeof(word)
#define WORD_OFF (WORD - 1)
#define BLOCK    (8 * WORD)

/* Below this, looking for an alignment costs more than it brings. */
#define SMALL    16

/* Both aligned to words; returns the bytes left over (fewer than a word). */
static inline size_t copy_words(uint8_t **to, const uint8_t **from, size_t size)
{
	word *t = (word *)*to;
	const word *f = (const word *)*from;

	for (; size >= BLOCK; size -= BLOCK, t += 8, f += 8) {
		word a = f[0], b = f[1], c = f[2], d = f[3];
		word e = f[4], g = f[5], h = f[6], i = f[7];

		t[0] = a, t[1] = b, t[2] = c, t[3] = d;
		t[4] = e, t[5] = g, t[6] = h, t[7] = i;
	}
	for (; size >= WORD; size -= WORD)
		*t++ = *f++;
	*to = (uint8_t *)t;
	*from = (const uint8_t *)f;
	return size;
}

/* `to` aligned to words, `from` to half words (as a cpio archive's data is). */
static inline size_t copy_half_words(uint8_t **to, const uint8_t **from, size_t size)
{
	word *t = (word *)*to;
	const half_word *f = (const half_word *)*from;

	for (; size >= 4 * WORD; size -= 4 * WORD, t += 4, f += 8) {
		word a = f[0] | (word)f[1] << 32, b = f[2] | (word)f[3] << 32;
		word c = f[4] | (word)f[5] << 32, d = f[6] | (word)f[7] << 32;

		t[0] = a, t[1] = b, t[2] = c, t[3] = d;
	}
	for (; size >= WORD; size -= WORD, f += 2)
		*t++ = f[0] | (word)f[1] << 32;
	*to = (uint8_t *)t;
	*from = (const uint8_t *)f;
	return size;
}

/*
 * `to` aligned to words, `from` not: words are put together from two. At least a word before `from`
 * is readable (it was copied already), and it stops early enough not to read past the end.
 */
static inline size_t copy_shifted(uint8_t **to, const uint8_t **from, size_t size)
{
	if (size < 2 * WORD)
		return size;

	unsigned off = (uintptr_t)*from & WORD_OFF;
	word *t = (word *)*to;
	const word *f = (const word *)(*from - off);
	word low = *f++;

	for (; size >= 2 * WORD; size -= WORD) {
		word high = *f++;

		*t++ = low >> (8 * off) | high << (64 - 8 * off);
		low = high;
	}
	*to = (uint8_t *)t;
	*from = (const uint8_t *)(f - 1) + off;
	return size;
}

/* From the first byte to the last: also right for overlapping buffers with to < from. */
static inline void copy_forwards(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= SMALL) {
		uintptr_t difference = (uintptr_t)to ^ (uintptr_t)from;
		/* See copy_shifted() for the extra word. */
		size_t head = -(uintptr_t)to & WORD_OFF;

		if (difference & 3)
			head += WORD;
		size -= head;
		while (head--)
			*to++ = *from++;
		if ((difference & WORD_OFF) == 0)
			size = copy_words(&to, &from, size);
		else if ((difference & 3) == 0)
			size = copy_half_words(&to, &from, size);
		else
			size = copy_shifted(&to, &from, size);
	}
	while (size--)
		*to++ = *from++;
}

static inline void copy_backwards(uint8_t *to, const uint8_t *from, size_t size)
{
	to += size;
	from += size;
	if (size >= SMALL && (((uintptr_t)to ^ (uintptr_t)from) & WORD_OFF) == 0) {
		for (; (uintptr_t)to & WORD_OFF; size--)
			*--to = *--from;
		for (; size >= WORD; size -= WORD) {
			to -= WORD;
			from -= WORD;
			*(word *)to = *(const word *)from;
		}
	}
	while (size--)
		*--to = *--from;
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size)
{
	copy_forwards(destination, source, size);
	return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
	if ((uintptr_t)destination - (uintptr_t)source >= size)
		copy_forwards(destination, source, size);
	else
		copy_backwards(destination, source, size);
	return destination;
}

void *memset(void *destination, int value, size_t size)
{
	uint8_t *to = destination;

	if (size >= SMALL) {
		word pattern = (uint8_t)value * (~UINT64_C(0) / 0xff);

		for (; (uintptr_t)to & WORD_OFF; size--)
			*to++ = (uint8_t)value;
		word *t = (word *)to;

		for (; size >= BLOCK; size -= BLOCK, t += 8) {
			t[0] = pattern, t[1] = pattern, t[2] = pattern, t[3] = pattern;
			t[4] = pattern, t[5] = pattern, t[6] = pattern, t[7] = pattern;
		}
		for (; size >= WORD; size -= WORD)
			*t++ = pattern;
		to = (uint8_t *)t;
	}
	while (size--)
		*to++ = (uint8_t)value;
	return destination;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const uint8_t *l = left, *r = right;

	if (size >= SMALL && (((uintptr_t)l ^ (uintptr_t)r) & WORD_OFF) == 0) {
		for (; ((uintptr_t)l & WORD_OFF) && *l == *r; size--)
			l++, r++;
		/* Where words differ the bytes below tell. */
		if (((uintptr_t)l & WORD_OFF) == 0)
			for (; size >= WORD && *(const word *)l == *(const word *)r; size -= WORD)
				l += WORD, r += WORD;
	}
	for (; size; size--, l++, r++)
		if (*l != *r)
			return *l - *r;
	return 0;
}
