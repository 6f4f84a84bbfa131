/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2's own translation: VA = PA. The image by its sections (W^X), RAM read/write and never
 * executable, registers on demand; nothing else, so that a stray access faults instead of reaching
 * what firmware reserved.
 *
 * Order at boot:
 *   1. el2_map_init(), el2_map_early() for each section, the devicetree, the early UART: tables
 * come from a static pool, no locks and no exclusives, so it may run with the MMU off (accesses are
 * aligned).
 *   2. load el2_map_ttbr0(), el2_map_tcr(), EL2_MAIR, EL2_SCTLR; MMU on.
 *   3. el2_map_memory(): makes the ownership table (page_init()), sets stacks with guard pages
 * aside and maps the rest of RAM.
 *   4. el2_map_device() for the drivers.
 * Secondary CPUs load the same registers. A valid entry is never changed again: Lintel could not go
 * through break-before-make on what it stands on.
 */
#ifndef MM_EL2_MAP_H
#define MM_EL2_MAP_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"
#include "mm/page.h"
#include "mm/pgtable.h"

#define EL2_MAIR       PGTABLE_MAIR_EL2

/* SCTLR_EL2 with the MMU on: RES1 bits of E2H=0, M, C, SA, I, WXN. Boot adds the
 * pointer-authentication enables. */
#define EL2_SCTLR_RES1 UINT64_C(0x30c50830)
#define EL2_SCTLR_M    BIT(0)
#define EL2_SCTLR_C    BIT(2)
#define EL2_SCTLR_SA   BIT(3)
#define EL2_SCTLR_I    BIT(12)
#define EL2_SCTLR_WXN  BIT(19)
#define EL2_SCTLR \
	(EL2_SCTLR_RES1 | EL2_SCTLR_M | EL2_SCTLR_C | EL2_SCTLR_SA | EL2_SCTLR_I | EL2_SCTLR_WXN)

/* An empty map. pa_bits: stage2_pa_bits(ID_AA64MMFR0_EL1). guarded: the CPU has BTI and the image
 * was built for it. */
void el2_map_init(unsigned pa_bits, bool guarded);

/*
 * Maps [start, end), rounded outwards to pages, from the static pool. Parts that are mapped already
 * stay as they are. prot: MEM_R, MEM_RW or MEM_RX, MEM_RX with MEM_UNGUARDED; type. ERR_NO_MEMORY
 * when the pool is used up.
 */
__must_check enum status el2_map_early(
	uint64_t start, uint64_t end, uint64_t prot, enum mem_type type);

/* For TTBR0_EL2 and TCR_EL2. */
uint64_t el2_map_ttbr0(void);
uint64_t el2_map_tcr(void);

/*
 * The MMU is on: places and builds the ownership table, maps all RAM but firmware's. Arguments and
 * errors as page_init(); the image, the devicetree, the bundle (with the owner OWNER_LINTEL) and
 * reserved memory (OWNER_FIRMWARE) are `taken`. RAM beyond the CPU's physical addresses is left
 * out. `stacks` stacks of `stack_size` bytes (whole pages), each with an unmapped page below it,
 * are set aside: see el2_stack_top().
 */
__must_check enum status el2_map_memory(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count, unsigned stacks, uint64_t stack_size);

/* The upper end of stack number `index`; NULL if there is no such. */
void *el2_stack_top(unsigned index);

/* True if va lies in the unmapped page below one of these stacks: for the fatal-error report. */
bool el2_stack_is_guard(uint64_t va);

/*
 * Registers: nGnRE, read/write. Rounded outwards to pages; what is mapped as a device already is
 * fine. ERR_INVALID if any of it is RAM (or mapped as memory), ERR_RANGE, ERR_NO_MEMORY.
 */
__must_check enum status el2_map_device(pa_t pa, uint64_t size, volatile void **registers);

/* What EL2's map says of an address (for the fatal-error report and the tests). */
void el2_map_walk(uint64_t va, struct pgtable_leaf *leaf);

#endif
