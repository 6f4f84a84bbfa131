/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of Lintel's own functions, for backtraces: the table that tools/symtab puts into the image.
 */
#ifndef HYP_BASE_SYMBOLS_H
#define HYP_BASE_SYMBOLS_H

#include "hyp/base/types.h"

/* The function that holds the address, and how far into it; "?" when the image has none there. */
const char *symbol_name(uint64_t address, uint64_t *offset);

/* The same in a table of `size` bytes, for an offset from the image's start. NULL if it is before
 * the first. */
const char *symbol_lookup(const void *table, size_t size, uint32_t at, uint32_t *offset);

#endif
