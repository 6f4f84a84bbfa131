/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One walker and mapper for translation tables with the 4 KiB granule: EL2's own stage 1 and stage
 * 2 (a VM's, later shadow tables and realms'). Arm ARM D8.3 (descriptor formats), D8.17
 * (break-before-make).
 *
 * Blocks of 1 GiB and 2 MiB are used wherever alignment allows. Nothing here takes a lock: the
 * caller holds the one that guards the table; hardware may walk it all the time. Every call checks
 * and allocates first, then changes: one that fails has changed no translation.
 */
#ifndef MM_PGTABLE_H
#define MM_PGTABLE_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

#define PGTABLE_LEVEL_LAST  3
#define PGTABLE_ENTRIES     512
#define PGTABLE_PA_BITS_MAX 48

/* STAGE2_FWB: for guests that run with HCR_EL2.FWB = 1, where MemAttr means something else. */
enum pgtable_kind { PGTABLE_EL2, PGTABLE_STAGE2, PGTABLE_STAGE2_FWB };

/* What may be done with a page. EL2 maps are always readable; a stage 2 may be write-only as well.
 */
#define MEM_R         BIT(0)
#define MEM_W         BIT(1)
#define MEM_X         BIT(2)
/* With MEM_X in EL2's table: code without landing pads, where BTI is not enforced. */
#define MEM_UNGUARDED BIT(3)
#define MEM_RW        (MEM_R | MEM_W)
#define MEM_RX        (MEM_R | MEM_X)
#define MEM_RWX       (MEM_R | MEM_W | MEM_X)

enum mem_type {
	MEM_NORMAL,        /* write-back cacheable, inner shareable */
	MEM_NORMAL_NC,     /* not cacheable */
	MEM_DEVICE_nGnRE,  /* registers; stage 2's way of saying "not stricter than the guest" is
			      nGnRE too */
	MEM_DEVICE_nGnRnE, /* registers whose writes must have arrived */
	MEM_TYPE_COUNT,
};

/* MAIR_EL2 with which EL2's tables are written: attribute index n is enum mem_type n. */
#define PGTABLE_MAIR_EL2 UINT64_C(0x000444ff)

struct pgtable;

struct pgtable_ops {
	/* A zeroed page for a table, and giving it back. They count it to whoever pays. */
	enum status (*alloc)(struct pgtable *table, pa_t *page);
	void (*free)(struct pgtable *table, pa_t page);
	/* Drops what TLBs hold for [ia, ia + size), walk caches included, on all CPUs; complete on
	 * return. `entries`: how many valid entries have changed. */
	void (*flush)(struct pgtable *table, uint64_t ia, uint64_t size, uint64_t entries);
};

struct pgtable {
	pa_t root;
	enum pgtable_kind kind;
	uint8_t ia_bits;     /* size of the input address space */
	uint8_t pa_bits;     /* limit of the output addresses */
	uint8_t start_level; /* 0..2 */
	bool guarded; /* EL2: set GP (BTI enforced) in executable leaves without MEM_UNGUARDED */
	const struct pgtable_ops *ops;
};

/* What a walk found. */
struct pgtable_leaf {
	bool valid;
	uint8_t level; /* of the entry the walk ended at */
	uint64_t desc; /* that entry (0 or with software's bits when not valid) */
	uint64_t base; /* first input address the entry covers */
	uint64_t size; /* and how many bytes of input it covers: a hole's too, so walks can step
			  over holes */
	pa_t pa;       /* valid: where the input address goes to */
	uint64_t prot; /* valid: MEM_R ... */
	enum mem_type type; /* valid */
};

/* The start level that fits ia_bits, and how many pages its table has (stage 2: up to 16 side by
 * side; stage 1: 1). False if no level fits (stage 1: 21..48 bits; stage 2: 25..48). */
bool pgtable_geometry(
	enum pgtable_kind kind, unsigned ia_bits, unsigned *start_level, unsigned *root_pages);

/* Descriptor bits of a leaf at `level` without its address. False for what must not be: EL2
 * writable and executable (W^X) or not readable, anything executable that is a device. */
bool pgtable_leaf_bits(const struct pgtable *table, unsigned level, uint64_t prot,
	enum mem_type type, uint64_t *bits);

/* Follows input address ia. Never fails: out of range is reported as an invalid entry of level
 * start_level with the rest of the address space as its size (base = 2^ia_bits). */
void pgtable_walk(const struct pgtable *table, uint64_t ia, struct pgtable_leaf *leaf);

#define PGTABLE_SKIP_MAPPED \
	BIT(0) /* leave what is mapped already as it is, instead of ERR_EXISTS */

/*
 * Maps [ia, ia + size) to pa on. All page-aligned. ERR_EXISTS if any of it is mapped, ERR_RANGE
 * outside ia_bits or pa_bits, ERR_INVALID for attributes or alignment, ERR_NO_MEMORY for tables:
 * then nothing has changed. Visible to all CPUs' walkers on return.
 */
__must_check enum status pgtable_map(struct pgtable *table, uint64_t ia, uint64_t size, pa_t pa,
	uint64_t prot, enum mem_type type, unsigned flags);

/*
 * Makes the tables that mapping [ia, ia + size) by 2 MiB blocks (by pages at unaligned ends) will
 * need, and keeps them until pgtable_destroy_step(): pgtable_map() in that range with memory that
 * is aligned alike can't run out of memory then. A part that is mapped already stays as it is.
 * ERR_RANGE, ERR_INVALID, ERR_NO_MEMORY (tables made so far stay).
 */
__must_check enum status pgtable_prepare(struct pgtable *table, uint64_t ia, uint64_t size);

/*
 * Unmaps [ia, ia + size), holes in it included; a block that reaches over an end is split. Empty
 * tables are given back unless prepared. TLBs hold nothing of it on return. ERR_NO_MEMORY for the
 * split's table, ERR_RANGE, ERR_INVALID: no translation has changed.
 */
__must_check enum status pgtable_unmap(struct pgtable *table, uint64_t ia, uint64_t size);

/*
 * Unmaps all memory (MEM_NORMAL, MEM_NORMAL_NC) of [ia, ia + size); devices stay. A block that
 * reaches over an end goes as a whole, so this can't fail but for ERR_RANGE and ERR_INVALID. TLBs
 * hold nothing of it on return.
 */
__must_check enum status pgtable_clear_memory(struct pgtable *table, uint64_t ia, uint64_t size);

/*
 * Gives all mapped parts of [ia, ia + size) these rights and this type; holes stay. Blocks that
 * reach over an end are split. TLBs hold nothing old on return. A changed type goes through an
 * invalid entry (break-before-make): not for memory Lintel itself is using. Errors as
 * pgtable_unmap().
 */
__must_check enum status pgtable_protect(
	struct pgtable *table, uint64_t ia, uint64_t size, uint64_t prot, enum mem_type type);

/*
 * Puts a block of 2 MiB, or then 1 GiB, in place of the table at ia if that table's entries are one
 * block in pieces (same attributes, consecutive and aligned). Returns the level of the entry that
 * now holds ia. Prepared tables stay.
 */
unsigned pgtable_join(struct pgtable *table, uint64_t ia);

/*
 * Frees all tables below the start level, at most about 16 at a call; true when done. No CPU may be
 * using the table, and the TLBs must have been flushed of it.
 */
bool pgtable_destroy_step(struct pgtable *table);

#endif
