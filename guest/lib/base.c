/* SPDX-License-Identifier: BSD-3-Clause */
#include "base.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	while (n--) {
		*d++ = *s++;
		__asm__ volatile("" ::: "memory"); /* or the compiler calls memcpy here */
	}
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	while (n--) {
		d[n] = s[n];
		__asm__ volatile("" ::: "memory");
	}
	return dst;
}

void *memset(void *dst, int value, size_t n)
{
	u8 *d = dst;

	while (n && ((uintptr_t)d & 7)) {
		*d++ = (u8)value;
		n--;
		__asm__ volatile("" ::: "memory");
	}
	for (u64 wide = (u8)value * UINT64_C(0x0101010101010101); n >= 8; n -= 8, d += 8)
		*(volatile u64 *)(void *)d = wide;
	while (n--) {
		*d++ = (u8)value;
		__asm__ volatile("" ::: "memory");
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a;
	const u8 *y = b;

	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
		__asm__ volatile("" ::: "memory");
	}
	return n;
}

bool str_starts(const char *s, const char *prefix)
{
	while (*prefix) {
		if (*s++ != *prefix++)
			return false;
	}
	return true;
}

void sort_u64(u64 *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		u64 value = v[i];
		size_t at = i;

		for (; at && v[at - 1] > value; at--)
			v[at] = v[at - 1];
		v[at] = value;
	}
}
