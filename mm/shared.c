/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/shared.h"

#include "hyp/arch/cache.h"
#include "hyp/base/string.h"
#include "mm/page_rules.h"
#include "mm/phys.h"

static uint64_t piece_size(const struct shared_memory *memory, uint64_t offset)
{
	return MIN(memory->size - offset, BLOCK_SIZE);
}

static enum status take_piece(const struct shared_memory *memory, uint64_t offset, pa_t *piece)
{
	uint64_t size = piece_size(memory, offset);

	if (size == BLOCK_SIZE)
		return block_alloc(memory->owner, piece);
	return page_alloc_contiguous(memory->owner, (unsigned)(size / PAGE_SIZE), piece);
}

enum status shared_memory_create(struct shared_memory *memory, owner_t owner, uint64_t size)
{
	if (!owner_is_shared(owner) || size == 0 || size > SHARED_MEMORY_MAX ||
		!IS_ALIGNED(size, PAGE_SIZE))
		return ERR_INVALID;
	*memory = (struct shared_memory){ .owner = owner, .size = size };
	for (uint64_t offset = 0; offset < size; offset += BLOCK_SIZE) {
		enum status status =
			take_piece(memory, offset, &memory->piece[offset / BLOCK_SIZE]);

		if (status != OK) {
			shared_memory_destroy(memory);
			return status;
		}
	}
	return OK;
}

void shared_memory_fill(const struct shared_memory *memory, const void *source, uint64_t size)
{
	for (uint64_t offset = 0; offset < size; offset += BLOCK_SIZE) {
		void *piece = pa_to_ptr(memory->piece[offset / BLOCK_SIZE]);
		uint64_t part = MIN(size - offset, BLOCK_SIZE);

		memcpy(piece, (const uint8_t *)source + offset, part);
		cache_clean_invalidate(piece, part);
		cache_sync_code(piece, part);
	}
}

enum status shared_memory_map(const struct shared_memory *memory, struct stage2 *s2, ipa_t ipa,
	uint64_t prot, bool ignore_stores)
{
	const struct stage2_share share = {
		.ipa = ipa,
		.size = memory->size,
		.prot = prot,
		.owner = memory->owner,
		.ignore_stores = ignore_stores,
	};
	enum status status = stage2_share(s2, &share);

	for (uint64_t offset = 0; status == OK && offset < memory->size; offset += BLOCK_SIZE)
		status = stage2_map_share(s2, IPA(ipa.ipa + offset),
			memory->piece[offset / BLOCK_SIZE], piece_size(memory, offset));
	return status;
}

void shared_memory_destroy(struct shared_memory *memory)
{
	uint64_t cursor = 0;

	while (!page_reclaim_step(memory->owner, &cursor, false))
		;
	*memory = (struct shared_memory){ 0 };
}
