/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read-only regions: a file of the bundle in the memory map of one VM or several, for firmware,
 * tables, an image that all execute.
 *
 * There is one copy of it, filled before any VM is made and then never written again, by anybody:
 * it is there as long as Lintel is, whatever happens to its members. Each of them has it at the
 * same address, may read and execute it, and finds its stores to it aborted, or ignored
 * (hyp/trap/triage.h).
 */
#ifndef HYP_VDEV_ROM_H
#define HYP_VDEV_ROM_H

#include "hyp/vm/vm.h"
#include "mm/shared.h"

#define ROM_REGIONS_MAX   16
#define ROM_MEMBERS_MAX   16
#define ROM_SIZE_MAX      SHARED_MEMORY_MAX

/* Where they may be: below a VM's RAM, and not among Lintel's devices. */
#define ROM_END           UINT64_C(0x40000000)
#define ROM_DEVICES_FIRST UINT64_C(0x08000000)
#define ROM_DEVICES_END   UINT64_C(0x0b000000)

struct rom_config {
	char name[VM_NAME_MAX + 1];
	uint64_t address; /* IPA, a multiple of pages */
	uint64_t size;    /* whole pages; zeros behind the file */
	const void *file;
	uint64_t file_size;
	unsigned members;
	char member[ROM_MEMBERS_MAX][VM_NAME_MAX + 1]; /* names of VMs */
	bool ignore_stores;
};

/*
 * Makes a region, its contents included, before its members are made and after the regions of
 * hyp/vdev/shmem.h. ERR_INVALID: its place or size; ERR_RANGE: there are too many; ERR_EXISTS,
 * logged: it overlaps another one of a member's; ERR_NO_MEMORY.
 */
enum status rom_add(const struct rom_config *config) __must_check;

/* The `nth` region of which a VM of that name is a member; NULL: it has fewer. */
const struct rom_config *rom_of(const char *vm, unsigned nth);

/* The row for boot/parts.c. Its create maps the regions, and must find the VM's devices made. */
extern const struct vm_part rom_part;

#endif
