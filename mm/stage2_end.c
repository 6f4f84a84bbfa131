/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Emptying a stage 2 for a restart, and taking it apart: in steps, because both go through all of a
 * VM's memory.
 */
#include "hyp/arch/tlb.h"
#include "hyp/base/bitmap.h"
#include "hyp/base/log.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "mm/stage2.h"
#include "mm/vmid.h"

/* A step of unmapping: at most this much that is mapped (by single pages at worst: 4096), or so
 * many holes. */
#define UNMAP_BYTES MIB(16)
#define UNMAP_HOLES 128

enum phase { PHASE_NONE, PHASE_TABLE, PHASE_PAGES };

static size_t bitmap_size(const struct stage2_region *region)
{
	return BITMAP_WORDS(region->windows) * sizeof(uint64_t);
}

/* From the cursor on: where the share ends that it is in (*shared), or where the next one begins,
 * at most `end`. */
static uint64_t share_limit(const struct stage2 *s2, uint64_t end, bool *shared)
{
	*shared = false;
	for (unsigned i = 0; i < s2->share_count; i++) {
		uint64_t first = s2->shares[i].ipa.ipa, size = s2->shares[i].size;

		if (s2->cursor - first < size) {
			*shared = true;
			return first + size;
		}
		if (first > s2->cursor)
			end = MIN(end, first);
	}
	return end;
}

/* Unmaps memory from the cursor on; true at the end of the address space. */
static bool unmap_step(struct stage2 *s2)
{
	uint64_t end = BIT(s2->ipa_bits);
	struct pgtable_leaf leaf;

	for (unsigned i = 0; i < UNMAP_HOLES && s2->cursor < end; i++) {
		uint64_t limit;
		bool shared;

		pgtable_walk(&s2->table, s2->cursor, &leaf);
		if (!leaf.valid) {
			s2->cursor = leaf.base + leaf.size;
			continue;
		}
		limit = share_limit(s2, MIN(s2->cursor + UNMAP_BYTES, end), &shared);
		if (!shared &&
			pgtable_clear_memory(&s2->table, s2->cursor, limit - s2->cursor) != OK)
			panic("stage 2: can't unmap 0x%llx", (unsigned long long)s2->cursor);
		s2->cursor = limit;
		if (!shared)
			break;
	}
	return s2->cursor >= end;
}

/* All windows are untouched again, and what they need is promised. */
static void renew_promises(struct stage2 *s2)
{
	uint64_t need = 0, has = block_promised(s2->owner);

	memset(s2->fills, 0,
		sizeof(s2->fills)); /* their blocks were the VM's and have gone with the rest */
	for (unsigned i = 0; i < s2->region_count; i++) {
		memset(s2->regions[i].filled, 0, bitmap_size(&s2->regions[i]));
		need += s2->regions[i].windows;
	}
	/* Only blocks of which pages went to other owners for good are missing. */
	if (need > has && block_reserve(s2->owner, need - has) != OK)
		log_warn("memory owner %u: %llu of its 2 MiB blocks have gone elsewhere", s2->owner,
			(unsigned long long)(need - has));
}

bool stage2_empty_step(struct stage2 *s2)
{
	bool done = false;

	switch (s2->phase) {
	case PHASE_NONE:
		s2->cursor = 0;
		s2->phase = PHASE_TABLE;
		break;
	case PHASE_TABLE:
		spin_lock(&s2->lock);
		if (unmap_step(s2)) {
			s2->cursor = 0;
			s2->phase = PHASE_PAGES;
		}
		spin_unlock(&s2->lock);
		break;
	default:
		done = page_reclaim_step(s2->owner, &s2->cursor, true);
		break;
	}
	if (done) {
		renew_promises(s2);
		s2->phase = PHASE_NONE;
	}
	return done;
}

/* The last step: what is left is of fixed size. */
static void finish(struct stage2 *s2)
{
	block_unreserve(s2->owner, block_promised(s2->owner));
	for (unsigned i = 0; i < s2->region_count; i++)
		mm_free(s2->regions[i].filled, bitmap_size(&s2->regions[i]));
	if (page_free(s2->table.root, s2->root_pages, OWNER_LINTEL) != OK)
		panic("stage 2: its root is not Lintel's");
	vmid_free(s2->vmid);
	*s2 = (struct stage2){ 0 };
}

bool stage2_destroy_step(struct stage2 *s2)
{
	bool done = false;

	switch (s2->phase) {
	case PHASE_NONE:
		/* Nobody walks these tables any more: once the TLBs have forgotten them they can
		 * go. */
		stage2_changed(s2);
		tlb_flush_vmid(s2->vttbr);
		s2->phase = PHASE_TABLE;
		break;
	case PHASE_TABLE:
		if (pgtable_destroy_step(&s2->table)) {
			s2->cursor = 0;
			s2->phase = PHASE_PAGES;
		}
		break;
	default:
		done = page_reclaim_step(s2->owner, &s2->cursor, false);
		break;
	}
	if (done)
		finish(s2);
	return done;
}
