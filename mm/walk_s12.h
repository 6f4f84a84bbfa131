/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A walk of stage 1 whose descriptors, and where wanted what it leads to, are translated by a stage
 * 2: what the CPU does for an inner guest, in software.
 *
 *   a fault of            stage2  on_walk  level is of   fault_ipa
 *   stage 1               no      no       stage 1       (of an external abort: the descriptor's)
 *   stage 2, descriptor   yes     yes      stage 2       the descriptor's IPA
 *   stage 2, final IPA    yes     no       stage 2       the IPA
 *
 * Setting an access flag or the dirty state in a descriptor of stage 1 is a write to its IPA: where
 * stage 2 forbids that it is a permission fault of stage 2, on_walk. So is any descriptor in what
 * stage 2 makes a device while HCR_EL2.PTW = 1. Stage 1 judges before stage 2 does.
 */
#ifndef MM_WALK_S12_H
#define MM_WALK_S12_H

#include "mm/walk_s1.h"
#include "mm/walk_s2.h"

struct s12_result {
	/* A fault (ERR_FAULT): */
	uint8_t fst;
	bool stage2;
	bool on_walk;
	ipa_t fault_ipa;
	/* A translation (OK): */
	ipa_t output; /* of stage 1, an IPA; or with WALK_FINAL of stage 2 */
	uint8_t attr; /* the MAIR byte and shareability of both (mm/walk_attr.h), not yet as PAR_EL1
		       */
	uint8_t sh;   /* has them (attr_par_sh()) */
	struct s1_result s1;
	struct s2_result s2; /* only with WALK_FINAL, and as far as it came */
};

/*
 * access: WALK_*. s2 NULL: there is no stage 2, and memory is where stage 1's tables are; else
 * where stage 2's are and what it leads to. OK, ERR_FAULT, or an error of a read or an update
 * (ERR_BUSY), or ERR_NOT_SUPPORTED (the regime has no granule at all).
 */
__must_check enum status walk_s12(const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, gva_t gva, unsigned access, struct s12_result *result);

#endif
