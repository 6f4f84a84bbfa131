/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/device.h"
#include "hyp/base/string.h"
#include "mm/page.h"

#define FIRST_CAPACITY 16
#define PIECES_PER_ROW 16
#define PIECES_MAX     16384

static uint64_t last_of(const struct device_region *row)
{
	return row->first + (row->size - 1);
}

static bool overlaps(uint64_t first, uint64_t last, uint64_t other_first, uint64_t other_last)
{
	return first <= other_last && other_first <= last;
}

static size_t rows_size(unsigned capacity)
{
	return capacity * sizeof(struct device_region);
}

static unsigned pieces_for(unsigned rows)
{
	return MIN(rows * PIECES_PER_ROW, (unsigned)PIECES_MAX);
}

/* Rows, then the index: a number for the beginning of each piece, and one for the end of the last.
 */
static size_t size_for(unsigned capacity)
{
	return rows_size(capacity) + (pieces_for(capacity) + 1) * sizeof(uint16_t);
}

/* ---- what vCPUs have counted ---- */

static size_t counts_size(unsigned capacity)
{
	return capacity * sizeof(struct device_count);
}

static void free_counts(void *counts[], unsigned nr_vcpus, unsigned capacity)
{
	for (unsigned i = 0; i < nr_vcpus; i++)
		mm_free(counts[i], counts_size(capacity));
}

/* Zeros for each vCPU; all of them, or none. */
static enum status make_counts(const struct vm *vm, void *counts[], unsigned capacity)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		counts[i] = mm_zalloc(counts_size(capacity));
		if (!counts[i]) {
			free_counts(counts, i, capacity);
			return ERR_NO_MEMORY;
		}
	}
	return OK;
}

/* No vCPU has run yet: what is replaced is all zeros. */
static void replace_counts(struct vm *vm, const struct device_table *old, void *counts[],
	const struct device_region *rows)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		if (old->rows)
			mm_free(device_count(vm->vcpus[i], old->rows), counts_size(old->capacity));
		vm->vcpus[i]->device_counts = (uintptr_t)counts[i] - ((uintptr_t)rows >> 2);
	}
}

/* ---- the table ---- */

static enum status resize(struct vm *vm, struct device_table *table, unsigned capacity)
{
	void *memory = capacity <= DEVICE_ROWS_MAX ? mm_zalloc(size_for(capacity)) : NULL;
	void *counts[MAX_VCPUS];

	if (!memory)
		return ERR_NO_MEMORY;
	if (make_counts(vm, counts, capacity) != OK) {
		mm_free(memory, size_for(capacity));
		return ERR_NO_MEMORY;
	}
	replace_counts(vm, table, counts, memory);
	if (table->memory) {
		memcpy(memory, table->rows, rows_size(table->count));
		mm_free(table->memory, table->memory_size);
	}
	table->memory = memory;
	table->memory_size = size_for(capacity);
	table->capacity = capacity;
	table->rows = memory;
	table->index = (uint16_t *)((char *)memory + rows_size(capacity));
	return OK;
}

static void set_table(struct vm *vm, const struct device_table *table)
{
	vm->devices = table;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->devices = table;
}

enum status device_table_create(struct vm *vm, unsigned capacity)
{
	struct device_table *table;
	enum status status;

	if (vm->devices)
		return ERR_EXISTS;
	table = mm_zalloc(sizeof(*table));
	if (!table)
		return ERR_NO_MEMORY;
	status = resize(vm, table, MAX(capacity, 1U));
	if (status != OK) {
		mm_free(table, sizeof(*table));
		return status;
	}
	set_table(vm, table);
	return OK;
}

/* Pieces as small as their number allows; the first row is where they begin. */
static void make_index(struct device_table *table)
{
	unsigned pieces = pieces_for(table->count), row = 0;
	uint64_t span = last_of(&table->rows[table->count - 1]) - table->rows[0].first;

	table->base = table->rows[0].first;
	table->last = pieces - 1;
	table->shift = PAGE_SHIFT;
	while (span >> table->shift >= pieces)
		table->shift++;
	for (unsigned piece = 0; piece < pieces; piece++) {
		uint64_t distance = (uint64_t)piece << table->shift;

		while (row + 1 < table->count &&
			last_of(&table->rows[row]) - table->base < distance)
			row++;
		table->index[piece] = (uint16_t)row;
	}
	table->index[pieces] = (uint16_t)(table->count - 1);
}

struct device_region *device_search(
	const struct device_table *table, unsigned low, unsigned high, uint64_t ipa)
{
	struct device_region *row;

	while (low != high) {
		unsigned middle = (low + high + 1) / 2;

		if (table->rows[middle].first <= ipa)
			low = middle;
		else
			high = middle - 1;
	}
	row = &table->rows[low];
	return ipa - row->first < row->size ? row : NULL;
}

static enum status check(
	const struct vm *vm, const struct device_table *table, uint64_t first, uint64_t size)
{
	uint64_t last = first + (size - 1);
	uint64_t ram = vm->ram_base.ipa;

	if (size == 0 || last < first)
		return ERR_INVALID;
	if (vm->ram_size != 0 && overlaps(first, last, ram, ram + (vm->ram_size - 1)))
		return ERR_EXISTS;
	for (unsigned i = 0; i < table->count; i++) {
		if (overlaps(first, last, table->rows[i].first, last_of(&table->rows[i])))
			return ERR_EXISTS;
	}
	return OK;
}

enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths)
{
	enum status status = vm->devices ? OK : device_table_create(vm, FIRST_CAPACITY);
	struct device_table *table = (struct device_table *)vm->devices;
	unsigned at;

	if (status == OK)
		status = check(vm, table, first, size);
	if (status == OK && table->count == table->capacity)
		status = resize(vm, table, table->capacity * 2);
	if (status != OK)
		return status;
	for (at = table->count; at > 0 && table->rows[at - 1].first > first; at--)
		table->rows[at] = table->rows[at - 1];
	table->rows[at] = (struct device_region){
		.first = first, .size = size, .device = device, .ops = ops, .widths = widths
	};
	table->count++;
	make_index(table);
	return OK;
}

void device_table_destroy(struct vm *vm)
{
	struct device_table *table = (struct device_table *)vm->devices;

	set_table(vm, NULL);
	if (!table)
		return;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		mm_free(device_count(vm->vcpus[i], table->rows), counts_size(table->capacity));
	mm_free(table->memory, table->memory_size);
	mm_free(table, sizeof(*table));
}
