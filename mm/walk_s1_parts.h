/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 1 in parts, for the two walks that consist of them: mm/walk_s1.c, mm/walk_s12.c.
 */
#ifndef MM_WALK_S1_PARTS_H
#define MM_WALK_S1_PARTS_H

#include "mm/walk_s1.h"
#include "mm/walk_table.h"

static inline bool s1_is_off(const struct regime *regime)
{
	if (!(regime->sctlr & SCTLR_M))
		return true;
	return regime->kind == REGIME_EL10 && (regime->hcr & (HCR_DC | HCR_TGE));
}

static inline void s1_result_clear(struct s1_result *result)
{
	result->fst = 0;
	result->fault_ipa = IPA(0);
	result->off = false;
	result->clean = false;
}

/* The whole result while stage 1 is off. ERR_FAULT: the address is too large. */
__must_check enum status s1_flat(
	const struct regime *regime, uint64_t va, unsigned access, struct s1_result *result);

/* The range that va is in: what the registers say, from the memo if they are the same; scratch is
 * used without one. */
const struct s1_walk *s1_walk_of(
	const struct regime *regime, struct walk_memo *memo, uint64_t va, struct s1_walk *scratch);

/* ERR_FAULT: what is said before a table is looked at, result->fst; ERR_NOT_SUPPORTED. */
__must_check enum status s1_enter(
	const struct s1_walk *walk, uint64_t va, unsigned access, struct s1_result *result);

/* The result of a walk that ended at a leaf. ERR_FAULT: access flag, permission (WALK_JUDGE). */
__must_check enum status s1_leaf(const struct s1_walk *walk, const struct walk_place *place,
	uint64_t va, unsigned access, struct s1_result *result);

/* The leaf as the CPU would leave it: with the access flag, and dirty if so asked. */
uint64_t s1_with_flags(const struct s1_walk *walk, const struct s1_result *result, unsigned access);

/* After an attempt to write that: the result of the walk. */
__must_check enum status s1_flags_set(enum status status, uint64_t desc, struct s1_result *result);

#endif
