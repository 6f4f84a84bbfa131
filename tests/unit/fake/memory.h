/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fake physical memory for the unit tests: pieces of the address space, backed by pages of the
 * build machine when they are touched, so a test may have terabytes. Any other physical address is
 * the host's own (so that static objects have one).
 */
#ifndef TESTS_UNIT_FAKE_MEMORY_H
#define TESTS_UNIT_FAKE_MEMORY_H

#include "hyp/base/types.h"

/* Adds [base, base + size). Reads as zero unless filled. */
void fake_memory_add(uint64_t base, uint64_t size);

/* Forgets all of it. */
void fake_memory_reset(void);

/* The host's pointer for a physical address; NULL outside the pieces. */
void *fake_memory_at(uint64_t pa);

#endif
