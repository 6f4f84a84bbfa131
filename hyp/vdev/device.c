/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/device.h"
#include "hyp/base/string.h"
#include "mm/page.h"

#define FIRST_CAPACITY          16
#define BITS_PER_ROW            3  /* of a node: eight to sixteen entries for each of its rows, */
#define NODE_BITS_MAX           14 /* and no more than so many; the first node as it can use */
#define ADDRESS_BITS            64

/* More than any layout that makes sense needs. */
#define INDEX_ENTRIES_MAX(rows) (BIT(NODE_BITS_MAX) + 64 * (size_t)(rows))

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

/* ---- the index ---- */

/* What becomes an index: first it is counted how large, then it is filled. */
struct builder {
	struct device_region *rows;
	uintptr_t *entries; /* NULL: only count */
	struct device_node *nodes;
	size_t nr_entries;
	unsigned nr_nodes, depth;
};

/* Rows low to high, as far as they lie in [first, last]. */
struct span {
	unsigned low, high;
	uint64_t first, last;
};

/* How many bits it takes to tell the numbers from 0 to x: those up to x's topmost. */
static unsigned bits_of(uint64_t x)
{
	return x ? ADDRESS_BITS - (unsigned)__builtin_clzll(x) : 0;
}

static uint64_t from_of(const struct builder *b, const struct span *span, unsigned row)
{
	return MAX(b->rows[row].first, span->first);
}

static uint64_t to_of(const struct builder *b, const struct span *span, unsigned row)
{
	return MIN(last_of(&b->rows[row]), span->last);
}

/*
 * The field that tells the rows apart: below the bits that all their addresses have in common, and
 * down to the lowest bit that lies between a row's end and the next one's beginning, if there is
 * room for as many entries.
 */
static unsigned choose_field(
	const struct builder *b, const struct span *span, unsigned depth, unsigned *bits)
{
	uint64_t first = from_of(b, span, span->low), last = to_of(b, span, span->high);
	unsigned top = bits_of(first ^ last), bottom = top;

	for (unsigned row = span->low; row < span->high; row++) {
		unsigned between = bits_of(to_of(b, span, row) ^ from_of(b, span, row + 1)) - 1;

		bottom = MIN(bottom, between);
	}
	*bits = depth ? bits_of(span->high - span->low) + BITS_PER_ROW : NODE_BITS_MAX;
	*bits = MIN(top - bottom, MIN(*bits, (unsigned)NODE_BITS_MAX));
	return top - *bits;
}

static void fill(struct builder *b, size_t at, uint64_t first, uint64_t last, const void *target)
{
	if (!b->entries)
		return;
	for (uint64_t number = first; number <= last; number++)
		b->entries[at + number] = (uintptr_t)target;
}

static uint64_t piece_of(uint64_t address, unsigned shift, uint64_t mask)
{
	return shift < ADDRESS_BITS ? address >> shift & mask : 0;
}

/* The rows from span->low on that have a byte in that row's last piece. */
static struct span crowd_of(
	const struct builder *b, const struct span *span, unsigned shift, uint64_t mask)
{
	uint64_t end = to_of(b, span, span->low), piece = piece_of(end, shift, mask);
	struct span crowd = { .low = span->low, .high = span->low };

	while (crowd.high < span->high &&
		piece_of(from_of(b, span, crowd.high + 1), shift, mask) == piece)
		crowd.high++;
	if (crowd.high > crowd.low) {
		crowd.first = MAX(end >> shift << shift, span->first);
		crowd.last = MIN(end | (BIT(shift) - 1), span->last);
	}
	return crowd;
}

/* Each row's pieces in turn, up to its last one: with those before, which are nobody's. Where
 * others begin in that one, it becomes a node's; the last of them may go on behind it. */
static void build_node(
	struct builder *b, struct span span, struct device_node *node, unsigned depth)
{
	unsigned bits, shift = choose_field(b, &span, depth, &bits);
	uint64_t mask = BIT(bits) - 1, next = 0;
	size_t at = b->nr_entries;

	b->nr_entries += mask + 1;
	b->depth = MAX(b->depth, depth + 1);
	if (b->entries && node)
		*node = (struct device_node){ b->entries + at,
			mask << DEVICE_FIELD_MASK | shift % ADDRESS_BITS };
	for (;;) {
		uint64_t number = piece_of(to_of(b, &span, span.low), shift, mask);
		struct span crowd = crowd_of(b, &span, shift, mask);

		fill(b, at, next, number, &b->rows[span.low]);
		next = number + 1;
		if (crowd.high > crowd.low) {
			/* While they are counted there are none yet. */
			struct device_node *child = b->nodes ? b->nodes + b->nr_nodes : NULL;

			b->nr_nodes++;
			if (child)
				fill(b, at, number, number, (char *)child + DEVICE_IS_NODE);
			build_node(b, crowd, child, depth + 1);
			span.low = crowd.high;
			if (piece_of(to_of(b, &span, span.low), shift, mask) != number)
				continue;
		}
		if (span.low == span.high)
			break;
		span.low++;
	}
	fill(b, at, next, mask, &b->rows[span.high]);
}

static void build(struct builder *b, unsigned rows, struct device_node *root)
{
	b->nr_entries = 0;
	b->nr_nodes = b->depth = 0;
	build_node(b, (struct span){ 0, rows - 1, 0, UINT64_MAX }, root, 0);
}

static void drop_index(struct device_table *table)
{
	mm_free(table->index, table->index_size);
	table->index = NULL;
	table->index_size = 0;
	table->nowhere[0] = (uintptr_t)table->rows;
	table->root = (struct device_node){ .entries = table->nowhere };
	table->nodes = table->depth = 0;
}

enum status device_table_seal(struct vm *vm)
{
	struct device_table *table = (struct device_table *)vm->devices;
	struct builder b = { .rows = table ? table->rows : NULL };
	size_t size;

	if (!table || table->index || table->count == 0)
		return OK;
	build(&b, table->count, &table->root);
	size = b.nr_entries * sizeof(uintptr_t) + b.nr_nodes * sizeof(struct device_node);
	table->index = b.nr_entries <= INDEX_ENTRIES_MAX(table->count) ? mm_zalloc(size) : NULL;
	if (!table->index)
		return ERR_NO_MEMORY;
	table->index_size = size;
	b.entries = table->index;
	b.nodes = (struct device_node *)(b.entries + b.nr_entries);
	build(&b, table->count, &table->root);
	table->nodes = b.nr_nodes + 1;
	table->depth = b.depth;
	return OK;
}

/* ---- the table ---- */

static enum status resize(struct vm *vm, struct device_table *table, unsigned capacity)
{
	struct device_region *rows =
		capacity <= DEVICE_ROWS_MAX ? mm_zalloc(rows_size(capacity)) : NULL;
	void *counts[MAX_VCPUS];

	if (!rows)
		return ERR_NO_MEMORY;
	if (make_counts(vm, counts, capacity) != OK) {
		mm_free(rows, rows_size(capacity));
		return ERR_NO_MEMORY;
	}
	replace_counts(vm, table, counts, rows);
	if (table->rows) {
		memcpy(rows, table->rows, rows_size(table->count));
		mm_free(table->rows, rows_size(table->capacity));
	}
	table->capacity = capacity;
	table->rows = rows;
	drop_index(table);
	return OK;
}

static enum status grow(struct vm *vm, struct device_table *table)
{
	if (table->capacity >= DEVICE_ROWS_MAX)
		return ERR_NO_MEMORY;
	return resize(vm, table, MIN(table->capacity * 2, DEVICE_ROWS_MAX));
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

/* The last row that begins at ipa or before: its number and one; 0: none does. */
static unsigned rows_up_to(const struct device_table *table, uint64_t ipa)
{
	unsigned low = 0, high = table->count;

	while (low != high) {
		unsigned middle = (low + high) / 2;

		if (table->rows[middle].first <= ipa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct device_region *device_search(const struct device_table *table, uint64_t ipa)
{
	unsigned after = rows_up_to(table, ipa);
	struct device_region *row = after ? &table->rows[after - 1] : NULL;

	return row && ipa - row->first < row->size ? row : NULL;
}

/* The rows on both sides of the place where it would go, and RAM, leave room for it. */
static enum status check(const struct vm *vm, const struct device_table *table, unsigned at,
	uint64_t first, uint64_t size)
{
	uint64_t last = first + (size - 1);
	uint64_t ram = vm->ram_base.ipa;

	if (size == 0 || size > DEVICE_SIZE_MAX || last < first)
		return ERR_INVALID;
	if (vm->ram_size != 0 && overlaps(first, last, ram, ram + (vm->ram_size - 1)))
		return ERR_EXISTS;
	if (at > 0 && last_of(&table->rows[at - 1]) >= first)
		return ERR_EXISTS;
	return at < table->count && table->rows[at].first <= last ? ERR_EXISTS : OK;
}

static uint64_t limit_of(uint64_t size, uint16_t widths, unsigned log2_width)
{
	uint64_t width = BIT(log2_width);

	return (widths & BIT(width)) && size >= width ? size - width + 1 : 0;
}

enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths)
{
	enum status status = vm->devices ? OK : device_table_create(vm, FIRST_CAPACITY);
	struct device_table *table = (struct device_table *)vm->devices;
	unsigned at = status == OK ? rows_up_to(table, first) : 0;
	struct device_region *row;

	if (status == OK)
		status = check(vm, table, at, first, size);
	if (status == OK && table->count == table->capacity)
		status = grow(vm, table);
	if (status != OK)
		return status;
	drop_index(table);
	row = &table->rows[at];
	memmove(row + 1, row, rows_size(table->count - at));
	*row = (struct device_region){ .first = first, .device = device, .ops = ops };
	row->size = size;
	row->widths = widths;
	for (unsigned n = 0; n < ARRAY_SIZE(row->limit); n++)
		row->limit[n] = limit_of(size, widths, n);
	table->count++;
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
	mm_free(table->index, table->index_size);
	mm_free(table->rows, rows_size(table->capacity));
	mm_free(table, sizeof(*table));
}
