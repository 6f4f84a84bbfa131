/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A walk of a guest's own stage-1 tables in software (Arm ARM D8.2, D8.3; the sequence is that of
 * the pseudocode AArch64.S1Translate). It has no side effects: no access flag is set.
 *
 * 4, 16 and 64 KiB granules, both ranges, virtual addresses of up to 52 bits with 64 KiB granules,
 * hierarchical attributes. Not LPA2, 52-bit physical addresses or 128-bit descriptors: such a
 * set-up is refused, never walked wrongly.
 */
#ifndef MM_WALK_S1_H
#define MM_WALK_S1_H

#include "hyp/base/status.h"
#include "mm/regime.h"
#include "mm/stage2.h"

/* Where the descriptors come from: reads one aligned 64-bit value at a guest physical address. */
struct s1_memory {
	enum status (*read)(void *context, ipa_t ipa, uint64_t *value);
	/* May be NULL. Is called before, where the guest's tables are not cacheable: what is read
	 * next must not come from a cache. */
	void (*sync)(void *context, ipa_t ipa);
	void *context;
};

/* Reads descriptors with guest_read_u64(), after guest_sync() where they aren't cacheable. */
struct s1_memory s1_memory_of(struct stage2 *s2);

/* Fault status codes (Arm ARM ESR_ELx.DFSC): the class; the level of the walk is in the low two
 * bits. */
#define S1_FST_ADDRESS_SIZE 0x00
#define S1_FST_TRANSLATION  0x04
#define S1_FST_ACCESS_FLAG  0x08
#define S1_FST_PERMISSION   0x0c
#define S1_FST_WALK_SEA     0x14 /* the descriptor could not be read */
#define S1_FST_LEVEL        0x03U

struct s1_result {
	/* A fault (ERR_FAULT): */
	uint8_t fst;     /* class and level */
	ipa_t fault_ipa; /* S1_FST_WALK_SEA: the descriptor's address */
	/* A translation (OK): */
	ipa_t ipa;
	uint8_t level;      /* of the leaf; 0 with stage 1 off */
	uint8_t page_shift; /* of the granule */
	uint64_t span;      /* bytes the leaf covers (its contiguous hint not counted) */
	uint64_t desc;      /* the leaf, as read; 0 with stage 1 off */
	uint8_t attr; /* MAIR byte; 0 (Device-nGnRnE) or with HCR.DC 0xff when stage 1 is off */
	uint8_t sh;
	/* What may be done, table attributes and WXN included; MEM_R | MEM_W | MEM_X. */
	uint64_t priv, user;
};

/* Does the guest access what this leads to past the caches? Lintel's own map of it is cacheable:
 * guest_sync() before it is read, and after it is written. */
static inline bool s1_uncached(const struct s1_result *result)
{
	unsigned outer = result->attr >> 4; /* Device; Normal, non-cacheable */

	return outer == 0 || outer == 4;
}

/*
 * Where gva leads to: permissions are reported, not judged. OK; ERR_FAULT: the guest's own tables
 * say no, see fst; ERR_NOT_SUPPORTED: a set-up that can't be walked; or another error of the read
 * of a descriptor, as ERR_BUSY of guest_read_u64(). fetch: gva is the address of an instruction
 * (TBI may be for data only); user: the access is made at EL0 (matters to TCR.E0PD).
 */
__must_check enum status walk_s1(const struct regime *regime, const struct s1_memory *memory,
	gva_t gva, bool fetch, bool user, struct s1_result *result);

/*
 * The 32-bit instruction at gva as the guest would fetch it at that privilege, past the caches
 * where they are off: ERR_FAULT when it couldn't (the guest has changed its tables meanwhile: let
 * it run again), ERR_IO when the tables are where Lintel can't read them (memory that VMs share),
 * which trying again won't change, or when the memory gave an abort, ERR_INVALID when gva isn't
 * 4-byte aligned, or as walk_s1() and guest_read().
 */
__must_check enum status walk_s1_fetch(const struct regime *regime, struct stage2 *s2, gva_t gva,
	bool user, uint32_t *instruction);

#endif
