/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The integer formatter, against the build machine's snprintf where both know the conversion.
 *
 * links: hyp/base/format.c hyp/base/bitmap.c hyp/base/status.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/bitmap.h"
#include "hyp/base/format.h"
#include "hyp/base/status.h"

/* gcc knows these make little sense together; the run-time behaviour counts. */
#pragma GCC diagnostic ignored "-Wformat"

/* The same arguments to both; the same text and length. */
#define SAME(...)                                                             \
	do {                                                                  \
		char mine[128], theirs[128];                                  \
		size_t length = format(mine, sizeof(mine), __VA_ARGS__);      \
		int expected = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
                                                                              \
		assert_string_equal(mine, theirs);                            \
		assert_int_equal(length, expected);                           \
	} while (0)

static void formats_numbers(void **state)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 99, 255, 256, 4095, INT32_MAX, UINT32_MAX,
		INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX, 12345678901234567890u };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		unsigned long long v = values[i];

		SAME("%llu|%lld|%llx|%llX", v, (long long)v, v, v);
		SAME("%lu|%ld|%lx|%zu|%zx", (unsigned long)v, (long)v, (unsigned long)v, (size_t)v,
			(size_t)v);
		SAME("%u|%d|%i|%x|%X", (unsigned)v, (int)v, (int)v, (unsigned)v, (unsigned)v);
		SAME("%hu|%hd|%hx|%hhu|%hhd|%hhx", (unsigned short)v, (short)v, (unsigned short)v,
			(unsigned char)v, (signed char)v, (unsigned char)v);
		SAME("%016llx|%08x|%20lld|%-20lldx|%5u|%-5ux", v, (unsigned)v, (long long)v,
			(long long)v, (unsigned)v, (unsigned)v);
		SAME("%ju|%jd|%td", (uintmax_t)v, (intmax_t)v, (ptrdiff_t)v);
		SAME("%*u|%-*u|%0*u", 7, (unsigned)v, 7, (unsigned)v, 7, (unsigned)v);
		SAME("%*u", -7, (unsigned)v);
		SAME("%05d|%-05d", -42, -42);
	}
}

static void formats_text(void **state)
{
	const char *volatile nothing = NULL;
	char text[32];

	(void)state;
	SAME("%s|%10s|%-10s|%.2s|%.*s|%10.1s|", "abc", "abc", "abc", "abc", 1, "abc", "abc");
	SAME("%c%c|%5c|%-5c|", 'a', 'b', 'c', 'd');
	SAME("100%%");
	SAME("%p", (void *)0x1234abcd);
	/* A precision bounds what is read: no NUL is needed. */
	SAME("%.3s", (const char[]){ 'x', 'y', 'z' });
	format(text, sizeof(text), "%s", nothing);
	assert_string_equal(text, "(null)");
	format(text, sizeof(text), "%p", NULL);
	assert_string_equal(text, "0x0");
	format(text, sizeof(text), "%y|");
	assert_string_equal(text, "%y|");
	assert_int_equal(format(text, sizeof(text), "ends with %"), 10);
}

static void never_writes_past_the_end(void **state)
{
	char text[8];

	(void)state;
	memset(text, '#', sizeof(text));
	assert_int_equal(format(text, 4, "%s", "abcdef"), 6);
	assert_memory_equal(text, "abc\0####", 8);
	memset(text, '#', sizeof(text));
	assert_int_equal(format(text, 1, "%u", 12345), 5);
	assert_memory_equal(text, "\0#######", 8);
	memset(text, '#', sizeof(text));
	assert_int_equal(format(text, 0, "%u", 12345), 5);
	assert_memory_equal(text, "########", 8);
}

static void finds_bits(void **state)
{
	uint64_t map[3] = { 0 };

	(void)state;
	assert_int_equal(bitmap_find_set(map, 130, 0), 130);
	assert_int_equal(bitmap_find_clear(map, 130, 5), 5);
	for (unsigned bit = 0; bit < 130; bit++) {
		bitmap_set(map, bit);
		assert_true(bitmap_test(map, bit));
		for (unsigned from = 0; from < 130; from++) {
			assert_int_equal(bitmap_find_set(map, 130, from), from <= bit ? bit : 130);
			assert_int_equal(
				bitmap_find_clear(map, 130, from), from == bit ? bit + 1 : from);
		}
		bitmap_clear(map, bit);
	}
	/* Bits behind the end don't count. */
	map[2] = ~UINT64_C(0);
	assert_int_equal(bitmap_find_set(map, 128, 0), 128);
	assert_int_equal(bitmap_find_set(map, 64, 64), 64);
	memset(map, 0xff, sizeof(map));
	assert_int_equal(bitmap_find_clear(map, 130, 0), 130);
}

static void names_every_status(void **state)
{
	(void)state;
	for (unsigned i = OK; i <= ERR_CORRUPT; i++) {
		assert_non_null(status_name((enum status)i));
		assert_string_not_equal(status_name((enum status)i), "unknown status");
	}
	assert_string_equal(status_name((enum status)1000), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_numbers),
		cmocka_unit_test(formats_text),
		cmocka_unit_test(never_writes_past_the_end),
		cmocka_unit_test(finds_bits),
		cmocka_unit_test(names_every_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
