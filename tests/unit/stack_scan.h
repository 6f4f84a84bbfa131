/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What functions that have returned left on the stack.
 */
#ifndef TESTS_UNIT_STACK_SCAN_H
#define TESTS_UNIT_STACK_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_SCANNED 8192

/* Are these bytes anywhere below the caller's frame? To be called before anything else is. */
static __attribute__((noinline, no_sanitize("address", "undefined"))) bool stack_has(
	const void *bytes, size_t size)
{
	const volatile uint8_t *end = __builtin_frame_address(0);
	const uint8_t *wanted = bytes;

	for (const volatile uint8_t *at = end - STACK_SCANNED; at + size < end; at++) {
		size_t same = 0;

		while (same < size && at[same] == wanted[same])
			same++;
		if (same == size)
			return true;
	}
	return false;
}

#endif
