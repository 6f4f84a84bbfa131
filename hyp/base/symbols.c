/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/symbols.h"

/* The table: a count, that many rows sorted by offset, then the names. */
struct symbol_row {
	uint32_t offset; /* from the image's start */
	uint32_t name;   /* from the table's start */
};

struct symbol_table {
	uint32_t count;
	struct symbol_row rows[];
};

const char *symbol_lookup(const void *start, size_t size, uint32_t at, uint32_t *offset)
{
	const struct symbol_table *table = start;
	uint32_t low = 0, high;

	if (size < sizeof(*table) || table->count == 0 || at < table->rows[0].offset)
		return NULL;
	high = table->count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->rows[middle].offset <= at)
			low = middle;
		else
			high = middle;
	}
	*offset = at - table->rows[low].offset;
	return (const char *)start + table->rows[low].name;
}

#ifndef LINTEL_HOST
extern const char __image_start[], __text_end[], __symtab_start[], __symtab_end[];

const char *symbol_name(uint64_t address, uint64_t *offset)
{
	uint64_t start = (uintptr_t)__image_start;
	const char *name = NULL;
	uint32_t within = 0;

	if (address >= start && address < (uintptr_t)__text_end)
		name = symbol_lookup(__symtab_start, (size_t)(__symtab_end - __symtab_start),
			(uint32_t)(address - start), &within);
	*offset = within;
	return name ? name : "?";
}
#endif
