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

/*
 * A row. limit[] says all that an ordinary access has to be checked for, by the logarithm of its
 * width: it is allowed, and lies in the region as a whole, if its offset is below.
 */
struct device_region {
	uint64_t limit[4];
	uint64_t first; /* IPA */
	void *device;
	const struct device_ops *ops;
	uint64_t size : 48, widths : 16;
};

#define DEVICE_SIZE_MAX (BIT(48) - 1)

/* How often one vCPU has accessed one row. */
struct device_count {
	uint64_t reads, writes;
};
_Static_assert(sizeof(struct device_region) == 4 * sizeof(struct device_count), "device_count()");

/*
 * The index is a tree of nodes. A node is a field of the address: its entries are the pieces of
 * 1 << shift bytes of that part of the address space in which its rows lie. An entry is a row, the
 * one that has a byte in the piece (any, if none has); or, where more than one have, a node for
 * them, whose field lies below. As a node's part of the address space is no larger than its rows
 * need, the first node is enough where devices don't crowd; for rows that do (doorbells of a few
 * bytes, one behind the other) or that lie far apart it takes two or three, of six instructions
 * each. An address elsewhere leads to some row, too: its bounds are looked at in any case.
 */
struct device_node {
	const uintptr_t *entries; /* struct device_region, or struct device_node with
				     DEVICE_IS_NODE */
	uint64_t field;           /* 5:0 shift, 63:32 mask of the number of the entry */
};

#define DEVICE_IS_NODE    1
#define DEVICE_FIELD_MASK 32

struct device_table {
	struct device_node root;
	struct device_region *rows; /* sorted by first */
	unsigned count, capacity;
	uintptr_t nowhere[1]; /* the entries until there is an index */
	void *index;          /* entries and nodes; NULL: not made, or rows were added since */
	size_t index_size;
	unsigned nodes, depth; /* of the index; depth: how many nodes at most on the way to a row */
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
 * ERR_INVALID if size is 0 or above DEVICE_SIZE_MAX, or it wraps. An index that was made is gone.
 */
enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths) __must_check;

/*
 * Makes the index, when all rows are there and before the VM runs; OK when it is there already.
 * Without it all is as it is with it, but slow: rows are then found by a binary search.
 * ERR_NO_MEMORY, also where rows lie so oddly that the index would be very large.
 */
enum status device_table_seal(struct vm *vm) __must_check;

/* The row that ipa lies in, by a binary search; NULL: none. */
struct device_region *device_search(const struct device_table *table, uint64_t ipa);

/*
 * The row that ipa lies in, if it lies in one and the table is sealed; else any. Its bounds are yet
 * to be looked at.
 */
static __always_inline struct device_region *device_guess(
	const struct device_table *table, uint64_t ipa)
{
	const struct device_node *node = &table->root;

	for (;;) {
		uint64_t number = ipa >> (node->field & 63) & node->field >> DEVICE_FIELD_MASK;
		uintptr_t entry = node->entries[number];

		if (likely(!(entry & DEVICE_IS_NODE)))
			return (struct device_region *)entry;
		node = (const struct device_node *)(entry - DEVICE_IS_NODE);
	}
}

/* An access of 1 << log2_width bytes at that offset is allowed, and lies in the region as a whole.
 */
static __always_inline bool device_takes(
	const struct device_region *row, uint64_t offset, uint64_t log2_width)
{
	return likely(offset < row->limit[log2_width]);
}

/* The region in which [ipa, ipa + width) lies as a whole, or NULL. width > 0. */
static inline struct device_region *device_find(
	const struct device_table *table, uint64_t ipa, unsigned width)
{
	struct device_region *row = device_guess(table, ipa);

	if (unlikely(ipa - row->first >= row->size)) {
		row = table->index ? NULL : device_search(table, ipa);
		if (!row)
			return NULL;
	}
	return likely(row->size - (ipa - row->first) >= width) ? row : NULL;
}

#endif
