/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memcpy and its kin: every alignment, overlap and length, against the build machine's own. The
 * buffers lie at the ends of allocations, so that AddressSanitizer sees an access outside.
 *
 * links: hyp/base/string.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *lintel_memcpy(void *restrict destination, const void *restrict source, size_t size);
void *lintel_memmove(void *destination, const void *source, size_t size);
void *lintel_memset(void *destination, int value, size_t size);
int lintel_memcmp(const void *left, const void *right, size_t size);

#define OFFSETS  16
#define LENGTHS  150
#define OVERLAPS 40

static void fill(uint8_t *bytes, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + seed + (i >> 5));
}

/* A buffer of which exactly the last `size` bytes may be touched, at `offset` from a multiple
 * of 16. */
struct guarded {
	uint8_t *memory, *bytes;
};

static struct guarded guarded_make(size_t offset, size_t size)
{
	struct guarded guarded = { .memory = malloc(offset + size) };

	guarded.bytes = guarded.memory + offset;
	return guarded;
}

static void check_copy(size_t to_offset, size_t from_offset, size_t size)
{
	struct guarded to = guarded_make(to_offset, size);
	struct guarded from = guarded_make(from_offset, size);

	fill(from.bytes, size, (unsigned)size);
	memset(to.bytes, 0xee, size);
	memset(to.memory, 0xdd, to_offset);
	assert_ptr_equal(lintel_memcpy(to.bytes, from.bytes, size), to.bytes);
	assert_memory_equal(to.bytes, from.bytes, size);
	for (size_t i = 0; i < to_offset; i++)
		assert_int_equal(to.memory[i], 0xdd);
	free(to.memory);
	free(from.memory);
}

static void copies_every_alignment_and_length(void **state)
{
	(void)state;
	for (size_t to = 0; to < OFFSETS; to++)
		for (size_t from = 0; from < OFFSETS; from++)
			for (size_t size = 0; size < LENGTHS; size += size < 40 ? 1 : 7)
				check_copy(to, from, size);
}

/* Reading and writing before the start is seen only if the start is that of an allocation. */
static void copy_stays_in_front(void **state)
{
	(void)state;
	for (size_t from = 0; from < OFFSETS; from++) {
		check_copy(0, from, 100);
		check_copy(from, 0, 100);
	}
}

static void check_move(size_t to, size_t from, size_t size)
{
	uint8_t mine[256], theirs[256];

	fill(mine, sizeof(mine), 3);
	fill(theirs, sizeof(theirs), 3);
	assert_ptr_equal(lintel_memmove(mine + to, mine + from, size), mine + to);
	memmove(theirs + to, theirs + from, size);
	assert_memory_equal(mine, theirs, sizeof(mine));
}

static void moves_overlapping(void **state)
{
	(void)state;
	for (size_t to = 0; to < OVERLAPS; to++)
		for (size_t from = 0; from < OVERLAPS; from++)
			for (size_t size = 0; size < LENGTHS; size += size < 40 ? 1 : 11)
				check_move(to, from, size);
}

static void sets_every_alignment_and_length(void **state)
{
	(void)state;
	for (size_t offset = 0; offset < OFFSETS; offset++) {
		for (size_t size = 0; size < LENGTHS; size++) {
			struct guarded to = guarded_make(offset, size + 1);

			to.bytes[size] = 0x11;
			assert_ptr_equal(lintel_memset(to.bytes, 0x1a5, size), to.bytes);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(to.bytes[i], 0xa5);
			assert_int_equal(to.bytes[size], 0x11);
			free(to.memory);
		}
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void check_compare(size_t left_offset, size_t right_offset, size_t size)
{
	struct guarded left = guarded_make(left_offset, size);
	struct guarded right = guarded_make(right_offset, size);

	fill(left.bytes, size, 1);
	fill(right.bytes, size, 1);
	assert_int_equal(lintel_memcmp(left.bytes, right.bytes, size), 0);
	for (size_t at = 0; at < size; at++) {
		uint8_t kept = left.bytes[at];

		left.bytes[at] ^= 0x80;
		assert_int_equal(sign(lintel_memcmp(left.bytes, right.bytes, size)),
			sign(memcmp(left.bytes, right.bytes, size)));
		left.bytes[at] = kept;
	}
	free(left.memory);
	free(right.memory);
}

static void compares_every_alignment(void **state)
{
	(void)state;
	for (size_t left = 0; left < 8; left++)
		for (size_t right = 0; right < 8; right++)
			for (size_t size = 0; size < 70; size += 3)
				check_compare(left, right, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_every_alignment_and_length),
		cmocka_unit_test(copy_stays_in_front),
		cmocka_unit_test(moves_overlapping),
		cmocka_unit_test(sets_every_alignment_and_length),
		cmocka_unit_test(compares_every_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
