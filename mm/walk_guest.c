/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/guest_mem.h"
#include "mm/walk.h"

static enum status update_guest(void *context, ipa_t ipa, uint64_t old, uint64_t new)
{
	return guest_update_u64(context, ipa, old, new);
}

struct walk_memory walk_memory_updating(struct stage2 *s2)
{
	struct walk_memory memory = walk_memory_of(s2);

	memory.update = update_guest;
	return memory;
}
