/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared regions: memory that several VMs map, and wires between them that ring.
 *
 * Each of a region's up to 8 members has a number, its place in the manifest's list, and sees the
 * memory at the same address, and two PL061s (hyp/vdev/vgpio.h), which stock kernels drive:
 *
 *   "in"   line n: an input, the wire from member n
 *   "out"  line n: as an output, the wire to member n; as an input, high while member n runs
 *
 * so a member rings another by changing the level of a wire, and is rung by an interrupt on an edge
 * (or level) of its choice. A member's own line of "in" is low; its own line of "out" leads
 * nowhere.
 *
 * A member that stops or restarts lets go of its wires: they fall, and so does its line of the
 * others' "out". What rang for it is forgotten, and until it runs again only levels are kept. A
 * paused member still counts as running; what rings for it is pending when it goes on.
 *
 * A ring costs the one who rings: a region's lock is held for some hundred instructions, the other
 * VM's vGIC for less, and a wire that rang already and was not answered costs nobody else anything.
 */
#ifndef HYP_VDEV_SHMEM_H
#define HYP_VDEV_SHMEM_H

#include "hyp/vdev/vgpio.h"
#include "hyp/vm/vm.h"
#include "mm/shared.h"

#define SHMEM_REGIONS_MAX 16
#define SHMEM_MEMBERS_MAX VGPIO_LINES

/* Where regions are for all their members, in holes of QEMU's virt: one after the other, each from
 * a multiple of 2 MiB on. */
#define SHMEM_MEMORY_BASE UINT64_C(0x10000000)
#define SHMEM_MEMORY_SIZE UINT64_C(0x20000000)
/* The PL061s of region n, each 4 KiB: at SHMEM_IN and SHMEM_OUT + n * VGPIO_SIZE. So near to
 * the other devices, and the two so far from each other, that the device table finds each in one
 * step. */
#define SHMEM_IN          UINT64_C(0x0a100000)
#define SHMEM_OUT         UINT64_C(0x0a180000)
/* Their interrupts: SPI SHMEM_SPI + 2n and the next, level. */
#define SHMEM_SPI         192

struct shmem_config {
	char name[VM_NAME_MAX + 1];
	uint64_t size; /* whole pages, at most SHARED_MEMORY_MAX */
	unsigned members;
	char member[SHMEM_MEMBERS_MAX][VM_NAME_MAX + 1]; /* names of VMs */
	uint8_t readers;    /* bit n: member n may not write to the memory */
	bool ignore_stores; /* stores of readers do nothing; else they abort */
};

/* What one member sees of a region: for its devicetree. */
struct shmem_view {
	const struct shmem_config *config;
	unsigned self; /* its number */
	uint64_t memory;
	uint64_t in, out; /* addresses of the PL061s */
	unsigned in_spi, out_spi;
};

/*
 * Makes a region, its memory included, before its members are made (those that never are, are never
 * running). ERR_RANGE: no region or no address is left; ERR_NO_MEMORY; ERR_INVALID: its size.
 */
enum status shmem_add(const struct shmem_config *config) __must_check;

/* The `nth` region of which a VM of that name is a member; false: it has fewer. */
bool shmem_view(const char *vm, unsigned nth, struct shmem_view *view);

/* The row for boot/parts.c. Its create maps the memory and adds the PL061s to the device table. */
extern const struct vm_part shmem_part;

#endif
