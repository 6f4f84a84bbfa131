/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device table of a VM: which IPA belongs to which virtual device.
 *
 * One row for each region, sorted by address, built when the VM is made (overlaps are refused) and immutable once it
 * runs, so that it is searched without a lock. An access must lie inside one region as a whole; else it is an external
 * abort. Handlers always get the vCPU that made the access, which need not be the one whose device it is.
 */
#ifndef HYP_VDEV_DEVICE_H
#define HYP_VDEV_DEVICE_H

#include "hyp/vm/vm.h"

enum mmio_result {
	MMIO_DONE,
	MMIO_RAZ_WI,	     /* a read gives zero, a write does nothing */
	MMIO_EXTERNAL_ABORT, /* the guest takes a synchronous external abort */
	MMIO_RETRY,	     /* not now: the same access again, after other vCPUs ran */
	MMIO_STOP_VM,	     /* vm_fail() said why */
};

struct device_ops {
	const char *name;
	/*
	 * width: 1, 2, 4 or 8 bytes, one that the region allows. offset: from the region's start, of any alignment.
	 * *value has width bytes, zero-extended.
	 */
	enum mmio_result (*read)(struct vcpu *vcpu, void *device, uint64_t offset, unsigned width,
		uint64_t *value);
	enum mmio_result (*write)(struct vcpu *vcpu, void *device, uint64_t offset, unsigned width,
		uint64_t value);
};

/* region.widths: bit n set = accesses of n bytes are allowed (n is 1, 2, 4, 8). Others get an external abort. */
#define WIDTHS_ALL (BIT(1) | BIT(2) | BIT(4) | BIT(8))
#define WIDTHS_4_8 (BIT(4) | BIT(8))

struct device_region {
	uint64_t first; /* IPA */
	uint64_t size;
	void *device;
	const struct device_ops *ops;
	uint16_t widths;
	uint64_t reads, writes; /* counted for statistics, not exact when vCPUs race */
};

struct device_table {
	unsigned count, capacity;
	struct device_region *rows; /* sorted by first */
};

/* An empty table with room for `capacity` rows, from the VM's own memory. ERR_NO_MEMORY. */
enum status device_table_create(struct vm *vm, unsigned capacity) __must_check;

/* Adds a row: ERR_EXISTS if it overlaps another or RAM, ERR_NO_MEMORY if the table is full, ERR_INVALID if size is 0 or wraps. */
enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths) __must_check;

/* The region in which [ipa, ipa + width) lies as a whole, or NULL. */
struct device_region *device_find(const struct device_table *table, uint64_t ipa, unsigned width);

#endif
