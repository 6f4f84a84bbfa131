/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address, and clearing memory by whole cache blocks.
 */
#ifndef HYP_ARCH_CACHE_H
#define HYP_ARCH_CACHE_H

#include "hyp/arch/insn.h"
#include "hyp/base/types.h"

/* Clean (to the point of coherency), clean+invalidate, invalidate the lines of [start, start +
 * size). Ends with DSB SY. */
void cache_clean(const void *start, size_t size);
void cache_clean_invalidate(const void *start, size_t size);

/* Make [start, start + size) fit to be executed: clean to the point of unification, invalidate
 * instruction caches. */
void cache_sync_code(const void *start, size_t size);

/*
 * One operation on the line at `address`, Lintel's own mapping of a guest's memory, whatever
 * address the guest has it at. Not CMO_DC_ZVA. The CPU must have the operation. Ordered after what
 * was stored there, and complete when it returns.
 */
void cache_maintain(enum cmo_op op, const void *address);

/* All instruction caches of the inner shareable domain. */
void cache_invalidate_code(void);

/*
 * Zeroes memory; by DC ZVA where the CPU permits it and start and size are multiples of the block.
 * The MMU must be on. About 2.5 instructions a block (64 bytes).
 */
void cache_zero(void *start, size_t size);

#endif
