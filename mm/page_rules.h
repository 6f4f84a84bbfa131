/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of page ownership as pure functions, for mm/page.c and for the proofs.
 */
#ifndef MM_PAGE_RULES_H
#define MM_PAGE_RULES_H

#include "mm/page.h"

/* May pages be given to this owner at all? */
static inline bool owner_can_receive(owner_t owner)
{
	return owner == OWNER_LINTEL || (owner >= OWNER_FIRST_VM && owner < OWNER_COUNT);
}

/* Is it memory that VMs share, so that no VM owns it? */
static inline bool owner_is_shared(owner_t owner)
{
	return owner >= OWNER_FIRST_SHARED && owner < OWNER_COUNT;
}

/*
 * What becomes of a page that `now` owns when somebody says that it is `from`'s and shall be
 * `to`'s. Giving is from OWNER_NONE, freeing is to OWNER_NONE; what is firmware's, or no RAM, stays
 * what it is.
 */
static inline enum status owner_transition(owner_t now, owner_t from, owner_t to)
{
	if (from == to)
		return ERR_INVALID;
	if (from != OWNER_NONE && !owner_can_receive(from))
		return ERR_INVALID;
	if (to != OWNER_NONE && !owner_can_receive(to))
		return ERR_INVALID;
	return now == from ? OK : ERR_NOT_OWNER;
}

/* Must memory be wiped on its way from one owner (not nobody) to another (not nobody)? */
static inline bool owner_needs_wipe(owner_t from, owner_t to, enum page_contents contents)
{
	return contents == PAGE_WIPE || (from != OWNER_LINTEL && to != OWNER_LINTEL);
}

/* Can `want` wholly free blocks be taken by somebody to whom `own_promise` of the `promised` ones
 * belong? */
static inline bool blocks_available(
	uint64_t free, uint64_t promised, uint64_t own_promise, uint64_t want)
{
	uint64_t others = promised - own_promise;

	return free >= others && free - others >= want;
}

#endif
