/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A walk of a guest's own stage-1 tables in software (Arm ARM D8.2, D8.3; the sequence is that of
 * the pseudocode AArch64.S1Translate).
 *
 * 4, 16 and 64 KiB granules, both ranges, every start level, hierarchical attributes; LPA2, 52-bit
 * addresses and small tables where the regime has them. EL1&0, EL2&0, EL2, and EL1&0 with
 * descriptors like EL2's. Not 128-bit descriptors, indirect permissions and overlays, which no
 * guest is shown.
 *
 * In this order: TxSZ is of a size there is, the range is not off (EPD, E0PD), the address has no
 * odd bits above it (each Translation, level 0), the base is within the output size (Address size,
 * level 0), then level by level: readable (external abort), valid and of a kind that may be there
 * (Translation), output within the output size (Address size), access flag, permission.
 */
#ifndef MM_WALK_S1_H
#define MM_WALK_S1_H

#include "mm/walk.h"

struct s1_result {
	/* A fault (ERR_FAULT): */
	uint8_t fst;     /* class and level */
	ipa_t fault_ipa; /* FST_WALK_SEA: the descriptor's address */
	/* A translation (OK), and a fault of permission or of the access flag; else not set: */
	ipa_t ipa;
	int8_t level;       /* of the leaf; 0 with stage 1 off */
	uint8_t page_shift; /* of the granule */
	uint64_t span;      /* bytes the leaf covers (its contiguous hint not counted) */
	uint64_t desc;      /* the leaf, as it is now; 0 with stage 1 off */
	ipa_t desc_ipa;     /* and where that is */
	uint8_t attr; /* MAIR byte; 0 (Device-nGnRnE) or with HCR.DC 0xff when stage 1 is off */
	uint8_t sh;
	bool off;   /* stage 1 is: nothing is forbidden to anybody */
	bool clean; /* MEM_W is there because the CPU would set the dirty state: not set yet */
	/* What may be done, table attributes and WXN included; MEM_R | MEM_W | MEM_X. PAN isn't. */
	uint64_t priv, user;
};

/* Does the guest access what this leads to past the caches? Lintel's own map of it is cacheable:
 * guest_sync() before it is read, and after it is written. */
static inline bool s1_uncached(const struct s1_result *result)
{
	unsigned outer = result->attr >> 4; /* Device; Normal, non-cacheable */

	return outer == 0 || outer == 4;
}

/* Runs of entries that the contiguous hint makes one of, at that level; 1: no hint. */
unsigned s1_contiguous(const struct s1_result *result);

/*
 * Where gva leads. access: WALK_*; without WALK_JUDGE permissions are reported, not judged;
 * WALK_FETCH matters where TBI is for data only, WALK_USER to TCR.E0PD. OK; ERR_FAULT: the guest's
 * own tables say no, see fst; ERR_NOT_SUPPORTED: the regime has no granule at all; or another error
 * of the read or update of a descriptor, as ERR_BUSY of guest_read_u64().
 */
__must_check enum status walk_s1_for(const struct regime *regime, const struct walk_memory *memory,
	gva_t gva, unsigned access, struct s1_result *result);

/* The same, to look only: nothing is judged, no flags are set whatever memory offers. */
__must_check enum status walk_s1(const struct regime *regime, const struct walk_memory *memory,
	gva_t gva, bool fetch, bool user, struct s1_result *result);

/*
 * Is the access (WALK_USER, WALK_WRITE, WALK_FETCH, WALK_PAN) allowed by what a walk said?
 * ERR_FAULT: no; fst is FST_PERMISSION and the leaf's level. PAN forbids EL1 (EL2) data accesses to
 * what EL0 may read or write, or with SCTLR.EPAN execute; it means nothing in a regime without EL0,
 * or with descriptors like EL2's.
 */
__must_check enum status s1_judge(
	const struct regime *regime, struct s1_result *result, unsigned access);

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
