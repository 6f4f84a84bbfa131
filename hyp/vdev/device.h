/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device table of a VM: which IPA belongs to which virtual device.
 *
 * One row for each region, sorted by address, built when the VM is made (overlaps are refused) and
 * immutable once it runs, so that it is searched without a lock. An access must lie inside one
 * region as a whole; else it is an external abort. Handlers always get the vCPU that made the
 * access, which need not be the one whose device it is.
 */
#ifndef HYP_VDEV_DEVICE_H
#define HYP_VDEV_DEVICE_H

#include "hyp/base/compiler.h"
#include "hyp/vm/vm.h"

enum mmio_result {
	MMIO_DONE,
	MMIO_RAZ_WI,         /* a read gives zero, a write does nothing */
	MMIO_EXTERNAL_ABORT, /* the guest takes a synchronous external abort */
	MMIO_RETRY,          /* not now: the same access again, after other vCPUs ran */
	MMIO_STOP_VM,        /* vm_fail() said why */
};

struct device_ops {
	const char *name;
	/*
	 * width: 1, 2, 4 or 8 bytes, one that the region allows. offset: from the region's start,
	 * of any alignment. *value has width bytes, zero-extended.
	 */
	enum mmio_result (*read)(
		struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value);
	enum mmio_result (*write)(
		struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value);
};

/* region.widths: bit n set = accesses of n bytes are allowed (n is 1, 2, 4, 8). Others get an
 * external abort. */
#define WIDTHS_ALL (BIT(1) | BIT(2) | BIT(4) | BIT(8))
#define WIDTHS_4_8 (BIT(4) | BIT(8))

struct device_region {
	uint64_t first; /* IPA */
	uint64_t size;
	void *device;
	const struct device_ops *ops;
	uint16_t widths;
	uint64_t unused[3]; /* 64 bytes: a row's number is shifted, not multiplied */
};

/* How often one vCPU has accessed one row. */
struct device_count {
	uint64_t reads, writes;
};
_Static_assert(sizeof(struct device_region) == 4 * sizeof(struct device_count), "device_count()");

/*
 * Found in one step where devices are not crowded: the addresses from `base` on are cut into pieces
 * of 1 << shift bytes, the last piece being all that is left; index[n] is the first row that ends
 * in piece n or later. Where that is not the one, it is a later one, up to index[n + 1]. There are
 * up to 16 pieces for each row.
 */
struct device_table {
	uint64_t base;
	unsigned shift;
	unsigned last; /* number of the last piece */
	uint16_t *index;
	struct device_region *rows; /* sorted by first */
	unsigned count, capacity;
	void *memory; /* of rows and index */
	size_t memory_size;
};

#define DEVICE_ROWS_MAX 8192

/*
 * A vCPU's count of a row: its counts lie as the rows do, at a quarter of the size. Each vCPU has
 * its own, so that they are exact and no two CPUs write to one cache line.
 */
static inline struct device_count *device_count(
	const struct vcpu *vcpu, const struct device_region *row)
{
	return (struct device_count *)(vcpu->device_counts + ((uintptr_t)row >> 2));
}

/*
 * An empty table with room for `capacity` rows, from Lintel's memory on the VM's behalf. Not
 * needed: device_add() makes one, and makes it larger. ERR_EXISTS, ERR_NO_MEMORY.
 */
enum status device_table_create(struct vm *vm, unsigned capacity) __must_check;

/* Gives it back. */
void device_table_destroy(struct vm *vm);

/*
 * Adds a row, before the VM runs. ERR_EXISTS if it overlaps another or the VM's RAM, ERR_NO_MEMORY,
 * ERR_INVALID if size is 0 or it wraps.
 */
enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths) __must_check;

/* The same as device_find() by a binary search, between two rows. */
struct device_region *device_search(
	const struct device_table *table, unsigned low, unsigned high, uint64_t ipa);

/*
 * The first row to look at for ipa: where pieces are small enough (the usual case) the only one. It
 * may not be the right one: see device_find().
 */
static inline struct device_region *device_guess(const struct device_table *table, uint64_t ipa)
{
	uint64_t piece = (ipa - table->base) >> table->shift;

	/* Below the base it wraps: the last piece, where it is in no row. */
	if (unlikely(piece > table->last))
		piece = table->last;
	return &table->rows[table->index[piece]];
}

/* The access [ipa, ipa + width) lies in the region as a whole. */
static inline bool device_holds(const struct device_region *row, uint64_t ipa, unsigned width)
{
	return likely(ipa - row->first < row->size && row->size - (ipa - row->first) >= width);
}

/* The region in which [ipa, ipa + width) lies as a whole, or NULL. width > 0. */
static inline struct device_region *device_find(
	const struct device_table *table, uint64_t ipa, unsigned width)
{
	uint64_t piece = (ipa - table->base) >> table->shift;
	struct device_region *row;

	/* Below the base it wraps: the last piece, where it is in no row. */
	if (unlikely(piece > table->last))
		piece = table->last;
	row = &table->rows[table->index[piece]];
	if (unlikely(ipa - row->first >= row->size)) {
		row = device_search(table, table->index[piece], table->index[piece + 1], ipa);
		if (!row)
			return NULL;
	}
	return likely(row->size - (ipa - row->first) >= width) ? row : NULL;
}

#endif
