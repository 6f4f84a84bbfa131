/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A walk of a guest hypervisor's stage 2 in software (DDI 0487 D8.2, D8.3; the sequence is that of
 * AArch64.S2Translate): VTTBR_EL2 and VTCR_EL2 as it wrote them, tables in its own memory.
 *
 * 4, 16 and 64 KiB granules, concatenated start tables, every start level, LPA2 and 52-bit
 * addresses where the regime has them. In this order: VTCR_EL2 makes sense (Translation, level 0),
 * the base is within the physical addresses (Address size, level 0), the input is within
 * 2^(64-T0SZ) (Translation, level 0), then level by level: readable (external abort), valid and of
 * a kind that may be there (Translation), output within the physical addresses (Address size),
 * access flag, permission.
 */
#ifndef MM_WALK_S2_H
#define MM_WALK_S2_H

#include "mm/walk.h"

/* The registers. */
struct s2_regime {
	uint64_t vttbr, vtcr;
	uint64_t sctlr; /* SCTLR_EL2: S2_SCTLR alone counts */
	uint64_t hcr;   /* HCR_EL2: S2_HCR alone */
	union {
		struct {
			uint8_t pa_bits;   /* of the guest hypervisor's physical addresses */
			uint8_t granules;  /* regime_granules_s2() */
			uint16_t features; /* REGIME_* of mm/regime.h */
		};
		uint32_t machine; /* all of these, to be compared */
	};
};

#define S2_SCTLR SCTLR_EE
#define S2_HCR   (HCR_FWB | HCR_CD | HCR_PTW)

/* What they say, once for many walks. Only for mm/walk_*.c to look into. */
struct s2_setup {
	struct s2_regime regime; /* that this is about */
	bool prepared;
	struct walk_table table;
	uint64_t hcr;
	uint64_t memory_mask; /* of a descriptor that says Normal memory where it must: not 0 */
	bool invalid;         /* VTCR_EL2 makes no sense; */
	bool base_too_large;  /* VTTBR_EL2 leads nowhere */
	uint8_t ia_bits;
	bool ha, hd, xnx, ds;
	uint8_t sh; /* with ds: of all */
};

void walk_s2_prepare(const struct s2_regime *regime, struct s2_setup *setup);
/* Of a setup that is kept, all zero at first: is it about these registers? */
static __always_inline bool walk_s2_is_prepared(
	const struct s2_regime *regime, const struct s2_setup *setup)
{
	const struct s2_regime *kept = &setup->regime;

	return likely(((kept->vttbr ^ regime->vttbr) | (kept->vtcr ^ regime->vtcr) |
			      ((kept->sctlr ^ regime->sctlr) & S2_SCTLR) |
			      ((kept->hcr ^ regime->hcr) & S2_HCR) |
			      (kept->machine ^ regime->machine)) == 0) &&
		likely(setup->prepared);
}

struct s2_result {
	/* A fault (ERR_FAULT): */
	uint8_t fst;
	ipa_t fault_ipa; /* FST_WALK_SEA: the descriptor's address */
	/* A translation (OK), and a fault of permission or of the access flag; else not set: */
	ipa_t output;       /* in the guest hypervisor's physical address space */
	int8_t level;       /* of the leaf */
	uint8_t page_shift; /* of the granule */
	uint64_t span;      /* bytes the leaf covers (its contiguous hint not counted) */
	uint64_t desc;      /* the leaf: as it is now */
	ipa_t desc_ipa;     /* and where that is */
	uint8_t mem_attr;   /* MemAttr[3:0]: see mm/walk_attr.h */
	uint8_t sh;
	/* MEM_R | MEM_W | MEM_X, of EL1 and of EL0 (which differ in MEM_X only). MEM_W also where
	 * the CPU would set the dirty state of a page; that is not set yet: clean. */
	uint64_t priv, user;
	bool clean;
};

/* Runs of entries that the contiguous hint makes one of, at that level; 1: no hint. */
unsigned s2_contiguous(const struct s2_result *result);

/*
 * Where ipa leads. access: WALK_*; without WALK_JUDGE permissions are reported, not judged.
 * WALK_PAN, WALK_FINAL mean nothing here. OK; ERR_FAULT: see fst; another error of a read
 * (ERR_BUSY: the guest is to execute its instruction again).
 */
__must_check enum status walk_s2(const struct s2_setup *setup, const struct walk_memory *memory,
	ipa_t ipa, unsigned access, struct s2_result *result);

/*
 * Does an entry say that nothing is mapped at ipa, and is that all there is to say? The usual
 * answer to an access to a device that the guest hypervisor emulates: read through windows into the
 * VM's memory (mm/guest_window.h), without side effects. Returns the fault status that walk_s2()
 * would say, whatever the access; 0: that must be asked.
 */
__must_check uint8_t walk_s2_look(const struct s2_setup *setup, const struct stage2 *s2, ipa_t ipa);

/* Is the access allowed by what walk_s2() said? ERR_FAULT: no; fst is FST_PERMISSION and the
 * leaf's level. */
__must_check enum status s2_judge(struct s2_result *result, unsigned access);

#endif
