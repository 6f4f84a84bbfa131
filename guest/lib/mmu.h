/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 1 of EL1, or of EL2 where the payload is there (el2.h): an identity map (devices below RAM,
 * RAM cached) and a window in which any address can be mapped with any attributes. 4 KiB granule,
 * 39-bit addresses.
 */
#ifndef GUEST_LIB_MMU_H
#define GUEST_LIB_MMU_H

#include "base.h"

/* Attributes of a mapping (VMSAv8-64 block and page descriptors). */
#define MAP_DEVICE (UINT64_C(0) << 2)
#define MAP_NORMAL (UINT64_C(1) << 2 | UINT64_C(3) << 8) /* write-back, inner shareable */
#define MAP_NC     (UINT64_C(2) << 2 | UINT64_C(3) << 8)
#define MAP_USER   BIT(6)
#define MAP_RO     BIT(7)
#define MAP_AF     BIT(10)
#define MAP_PXN    BIT(53)
#define MAP_UXN    BIT(54)

/* Builds the tables for the machine as read, RAM by 2 MiB blocks; MMU still off. */
void mmu_build(void);
/* Switches the MMU and the caches of this CPU on, with those tables. */
void mmu_enable(void);
/* Puts the map in line with machine.memory_*: RAM that isn't there is unmapped. */
void mmu_fit_memory(void);

#define WINDOW_SLOTS 64
/*
 * Maps the 2 MiB block around `pa` into window slot `slot` with `attributes`, and returns the
 * virtual address of `pa` there. Break-before-make is done; slots are for all CPUs.
 */
u64 mmu_window(u32 slot, u64 pa, u64 attributes);
/* The same for one 4 KiB page. */
u64 mmu_window_page(u32 slot, u64 pa, u64 attributes);
/* Makes the block of `slot` a level 3 table at `pa`; returns the address of its first page. */
u64 mmu_window_table(u32 slot, u64 pa);
/* Unmaps it, and returns the address that now faults (level 2 for blocks, level 3 for pages). */
u64 mmu_unmap(u32 slot);
u64 mmu_unmap_page(u32 slot);

/* Makes instructions just written at `at` visible to fetches of this CPU and others. */
void sync_code(const void *at, size_t size);

#endif
