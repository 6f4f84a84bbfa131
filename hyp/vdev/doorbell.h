/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells: rows of a VM's device table that need no device behind them. A store of the right
 * width and, if the bundle asks for one, the right value does an action (hyp/vdev/line.h): it
 * raises an interrupt line of this or another VM, wakes a vCPU, or is only counted.
 *
 * Several doorbells may have one address, with different widths or values; the first in the
 * manifest's order that matches is rung. A store that none of them matches, and every load, is what
 * an access to nothing is (external abort, or RAZ/WI with absent-access = "ignore"); it is counted.
 * The row is as wide as the widest access that is aligned there, or as is free, so that these come
 * to it whatever their width; an access to its inside rings nothing either.
 */
#ifndef HYP_VDEV_DOORBELL_H
#define HYP_VDEV_DOORBELL_H

#include "hyp/vdev/line.h"

#define DOORBELLS_MAX 1024 /* of all VMs */

struct doorbell_config {
	char name[VM_NAME_MAX + 1];
	char vm[VM_NAME_MAX + 1]; /* in whose memory map it is */
	uint64_t address;         /* IPA, a multiple of width */
	unsigned width; /* bytes: 1, 2, 4, 8; 0: any of them that the address is a multiple of, up
			   to the next doorbell or device */
	bool has_match; /* only for stores of `match` (zero-extended); needs a width */
	uint64_t match;
	struct bell_action action;
};

/*
 * Makes a doorbell, before the VMs. ERR_INVALID: address or width, or a value that no store of that
 * width has; ERR_NO_MEMORY: DOORBELLS_MAX. That it overlaps a device, memory or another doorbell of
 * the VM's is found, and said, when that is made: which then fails.
 */
enum status doorbell_add(const struct doorbell_config *config) __must_check;

/* What has been counted since Lintel started. */
struct doorbell_view {
	const struct doorbell_config *config;
	uint64_t rings;
	uint64_t dropped; /* of these: what it names is not there, or not running */
	bool first;       /* of those at this address; for it: */
	uint64_t misses;  /* accesses to the address that rang nothing */
};

/* Number n of all doorbells, of which there are doorbell_total(); false: it is not the VM's. */
bool doorbell_view(const struct vm *vm, unsigned n, struct doorbell_view *view);
unsigned doorbell_total(void);

/* The row for boot/parts.c, for doorbells and lines; behind those of all other devices. */
extern const struct vm_part doorbell_part;

#endif
