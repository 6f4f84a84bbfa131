/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that several VMs share. It belongs to none of them: each piece of it has an owner number
 * of its own, and a VM can map it only where it was let in (stage2_share()).
 *
 * All of it is given, wiped, when it is made; it is never wiped again as long as it is there, so a
 * member that restarts finds what the others have in it. In a member's stage 2 it is not cacheable:
 * Linux's /dev/mem and UIO map it so too, and others may choose what they like without seeing stale
 * lines. Lintel itself never reads or writes it afterwards, as its own map is cacheable.
 *
 * An image (shared_memory_fill()) is written once, before anybody maps it; then all only read and
 * execute it, and it is cacheable.
 */
#ifndef MM_SHARED_H
#define MM_SHARED_H

#include "mm/stage2.h"

#define SHARED_MEMORY_MAX MIB(256)

struct shared_memory {
	owner_t owner;
	uint64_t size;
	pa_t piece[SHARED_MEMORY_MAX / BLOCK_SIZE]; /* each of 2 MiB, but for the last */
};

/*
 * Takes `size` bytes (whole pages, at most SHARED_MEMORY_MAX) for `owner`, a number that nobody has
 * yet and owner_is_shared() takes. Not on an exit path: all is wiped in one go. ERR_INVALID,
 * ERR_NO_MEMORY: nothing is left behind.
 */
__must_check enum status shared_memory_create(
	struct shared_memory *memory, owner_t owner, uint64_t size);

/* Before anybody maps it: puts what is at `source` at its beginning, fit to be read by a guest with
 * caches off and to be executed. size: at most the memory's. */
void shared_memory_fill(const struct shared_memory *memory, const void *source, uint64_t size);

/* Lets a VM in: all of it at `ipa`, with these rights, and stores to it where they forbid it
 * ignored or not. Errors of stage2_share(), stage2_map_share(); then the VM must not run. */
__must_check enum status shared_memory_map(const struct shared_memory *memory, struct stage2 *s2,
	ipa_t ipa, uint64_t prot, bool ignore_stores);

/* Gives it back. Nobody has it mapped any more. */
void shared_memory_destroy(struct shared_memory *memory);

#endif
