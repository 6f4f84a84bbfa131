/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the walkers of a guest's own tables (mm/walk_s1.h, mm/walk_s2.h, mm/walk_s12.h) have in
 * common: where descriptors come from, what is asked of a translation, how a fault is said.
 */
#ifndef MM_WALK_H
#define MM_WALK_H

#include "hyp/base/status.h"
#include "mm/regime.h"
#include "mm/stage2.h"

struct walk_memo;

/* Where the descriptors are: memory of aligned 64-bit values at a guest's physical addresses. */
struct walk_memory {
	/* ERR_FAULT, ERR_RANGE, ERR_IO: there is no such memory, which is an external abort on the
	 * walk. Any other error is the walk's result. */
	enum status (*read)(void *context, ipa_t ipa, uint64_t *value);
	/* May be NULL. Is called before, where the guest's tables are not cacheable: what is read
	 * next must not come from a cache. */
	void (*sync)(void *context, ipa_t ipa);
	/*
	 * May be NULL: then the walk has no side effects (and a descriptor whose access flag the
	 * CPU would set counts as if it were). Else sets the access flag, or the dirty state:
	 * writes `new` if `old` is there. ERR_EXISTS: something else is; the walk starts again.
	 * Other errors as of read.
	 */
	enum status (*update)(void *context, ipa_t ipa, uint64_t old, uint64_t new);
	void *context;
	/* May be NULL. The stage 2 that says where all this memory is: looked at first, by
	 * guest_window_read(), without its lock. */
	struct stage2 *windows;
	/* May be NULL: for callers that walk by the same registers again and again. */
	struct walk_memo *memo;
};

/* A VM's memory by its stage 2: guest_read_u64(), after guest_sync() where needed; of the second
 * one flags are set, too. */
struct walk_memory walk_memory_of(struct stage2 *s2);
struct walk_memory walk_memory_updating(struct stage2 *s2);

/* What is asked of a translation: none of them is a read at EL1 (EL2), permissions not judged. */
#define WALK_USER              BIT(0) /* by EL0 */
#define WALK_WRITE             BIT(1)
#define WALK_FETCH             BIT(2) /* of an instruction */
#define WALK_PAN               BIT(3) /* PSTATE.PAN is 1, and matters to this access */
#define WALK_JUDGE             BIT(4) /* no permission is a fault, as others are */
#define WALK_DIRTY             BIT(5) /* with WALK_WRITE: is made, so that dirty state is set (not for AT) */
#define WALK_FINAL             BIT(6) /* of both stages: what stage 1 leads to is translated, too */

/*
 * Fault status codes (ESR_ELx.DFSC, PAR_EL1.FST): the class, with the level of the walk in the low
 * two bits. Level -1 of LPA2 has codes of its own.
 */
#define FST_ADDRESS_SIZE       0x00
#define FST_TRANSLATION        0x04
#define FST_ACCESS_FLAG        0x08
#define FST_PERMISSION         0x0c
#define FST_WALK_SEA           0x14 /* the descriptor could not be read */
#define FST_LEVEL              0x03U
#define FST_WALK_SEA_ABOVE     0x13 /* level -1 */
#define FST_ADDRESS_SIZE_ABOVE 0x29
#define FST_TRANSLATION_ABOVE  0x2b

/* Level -1..3. Only an address can be too large, not there, or unreadable above level 0. */
static inline uint8_t fst_of(unsigned fst_class, int level)
{
	if (level >= 0)
		return (uint8_t)(fst_class | (unsigned)level);
	return fst_class == FST_TRANSLATION     ? FST_TRANSLATION_ABOVE
		: fst_class == FST_ADDRESS_SIZE ? FST_ADDRESS_SIZE_ABOVE
						: FST_WALK_SEA_ABOVE;
}

enum walk_high { HIGH_NONE, HIGH_LPA2, HIGH_64K };

/* How tables lie, by what registers say: mm/walk_table.h. */
struct walk_table {
	uint64_t base;         /* of the start table */
	uint64_t start_mask;   /* what is left of an offset in bytes in it */
	uint64_t next_mask;    /* in the others */
	uint64_t address_mask; /* of the bits in place */
	uint64_t check_mask;   /* what is 0b11 then goes on, or is a page, without a closer look */
	uint8_t page_shift, stride;
	uint8_t start_shift; /* bits below an entry of the start level */
	uint8_t block_shift; /* below the largest block */
	uint8_t oa_bits;     /* size of what descriptors may point to */
	uint8_t pa_bits;     /* and of all physical addresses */
	uint8_t high;        /* enum walk_high */
	bool big_endian;
	bool uncached;
};

/* What the registers say about one range of stage 1. Only for mm/walk_*.c to look into. */
struct s1_walk {
	struct walk_table table;
	const struct regime *regime; /* of the walk under way */
	uint8_t ia_bits;
	bool upper;
	bool plain;          /* stage 1 on, none of the next three, tables for windows */
	bool no_granule;     /* the CPU has none */
	bool off;            /* TxSZ makes no sense, or EPD */
	bool base_too_large; /* TTBR leads nowhere */
	bool user_off;       /* E0PD */
	bool tbi, tbi_fetch; /* the top byte counts for nothing */
	bool hpd, ha, hd, ds;
	bool one_range;  /* EL2's, without EL0 */
	bool el2_format; /* descriptors are like EL2's */
	uint8_t sh;      /* with ds: of all */
};

/* What they said the last time, by range; all zero: nothing. One walk at a time uses it. */
struct walk_memo {
	struct {
		struct regime regime;
		struct s1_walk walk;
		bool valid;
	} range[2];
};

/* How often a walk starts again because another CPU has changed a descriptor whose flags it was to
 * set; then it is ERR_BUSY: the guest executes its instruction again. Few: with interrupts masked,
 * each descriptor of stage 1 costs a walk of stage 2 that may start as often. */
#define WALK_TRIES 2

#endif
