/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who owns each page of memory, and the allocator on top of it.
 *
 * Every 4 KiB page of RAM has exactly one owner. The table has two levels, so that start-up costs a
 * few instructions for each 2 MiB: a block of 2 MiB has one owner, or is split and has a list of
 * owners, one for each page. Room for all the lists is set aside at the start (0.05 % of RAM) but
 * only written when a block is split: splitting can't fail.
 *
 * Memory is wiped on its way to a new owner, never before: what an allocation returns reads as zero
 * and is clean to the point of coherency, so a guest with its caches off finds zeros too. Wiping is
 * done with no lock held, at most 2 MiB at a time.
 *
 * A promise is a number of 2 MiB blocks that an owner may still take: nobody else, Lintel included,
 * can use them up.
 *
 * All functions may be called on any CPU at any time after page_init(), with a VM's stage-2 lock
 * held or not; the one lock inside is below that one in the order of hyp/arch/lock.h.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

typedef uint16_t owner_t;

#define OWNER_NONE         0 /* free */
#define OWNER_LINTEL       1 /* the image, tables, structures */
#define OWNER_FIRMWARE     2 /* reserved by firmware: never mapped, never touched */
#define OWNER_FIRST_VM     16
#define OWNER_FIRST_SHARED 256 /* up to OWNER_COUNT: memory that several VMs map (mm/shared.h) */
#define OWNER_COUNT        512 /* valid owners are below this */
#define OWNER_ABSENT       ((owner_t)0xffff) /* not RAM: what page_owner() says of any other address */

#define PAGES_PER_BLOCK    (BLOCK_SIZE / PAGE_SIZE)
#define PAGE_BANKS_MAX     32

/* A piece of RAM, or a piece of it that is taken from the start and by whom. Any alignment: RAM is
 * rounded inwards to whole pages, what is taken outwards. */
struct page_range {
	uint64_t base;
	uint64_t size;
	owner_t owner; /* of a taken piece: OWNER_LINTEL or OWNER_FIRMWARE; ignored for RAM */
};

struct page_stats {
	uint64_t total_pages;     /* all RAM the table knows, firmware's included */
	uint64_t free_pages;      /* promised ones included */
	uint64_t free_blocks;     /* wholly free 2 MiB blocks, promised ones included */
	uint64_t promised_blocks; /* still to be taken by those who were promised them */
	uint64_t lintel_pages;    /* what Lintel keeps for itself, the table included */
	uint64_t firmware_pages;
	uint64_t table_bytes; /* of lintel_pages: the ownership table */
};

/*
 * The lowest stretch of `size` bytes (whole pages) of these banks that nothing taken lies in. Pure.
 * ERR_INVALID: banks that overlap, too many, or none; ERR_NO_MEMORY: there is none.
 */
__must_check enum status page_place(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count, uint64_t size, uint64_t *base);

/*
 * Where the table for these banks will lie: the lowest free stretch of RAM that is large enough.
 * Boot must have it mapped before page_init(). Pure; errors as page_place().
 */
__must_check enum status page_table_place(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count, struct page_range *table);

/*
 * Builds the table: RAM is free except for what is taken and the table itself (which is Lintel's).
 * Same arguments and errors as page_table_place(). Once, on the boot CPU, with the MMU on. May be
 * called again on the build machine.
 */
__must_check enum status page_init(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count);

/* True once page_init() has succeeded. */
bool page_ready(void);

/* The RAM banks as page_init() took them (whole pages); NULL past the last. */
const struct page_range *page_bank(unsigned index);

/* Who owns the page that holds `pa`; OWNER_ABSENT where there is no RAM. A snapshot: takes no lock.
 */
owner_t page_owner(pa_t pa);

/* True if every page of [pa, pa + size) belongs to `owner`. size > 0. */
bool page_range_owned(pa_t pa, uint64_t size, owner_t owner);

/*
 * The run of pages from `pa` (page-aligned) on that have one owner, at most up to `end`: returns
 * where it ends and its owner. For walking over RAM without asking about each page.
 */
uint64_t page_run(pa_t pa, uint64_t end, owner_t *owner);

/*
 * One wiped page for `owner`. ERR_NO_MEMORY when none is free or all that are free are promised.
 * ERR_INVALID: not an owner that may be given pages.
 */
__must_check enum status page_alloc(owner_t owner, pa_t *page);

/* n consecutive wiped pages, 1 <= n <= 512, within one 2 MiB block; aligned to n pages if n is a
 * power of two. Errors as page_alloc(). */
__must_check enum status page_alloc_contiguous(owner_t owner, unsigned n, pa_t *first);

/* The same for Lintel's own structures, as a pointer: size is rounded up to pages, at most 2 MiB.
 * NULL when out of memory. */
void *mm_zalloc(size_t size);
/* Gives back what mm_zalloc() returned for that size. NULL is fine. */
void mm_free(void *memory, size_t size);

/* Gives n consecutive pages back. ERR_NOT_OWNER (and nothing changed) unless all are `owner`'s. Not
 * wiped now: when they go to their next owner. */
__must_check enum status page_free(pa_t first, uint64_t n, owner_t owner);

/* Promises n more 2 MiB blocks to `owner`. ERR_NO_MEMORY (and nothing changed) if they aren't
 * there. */
__must_check enum status block_reserve(owner_t owner, uint64_t n);
/* Takes back n of `owner`'s promised blocks; at most as many as it has. */
void block_unreserve(owner_t owner, uint64_t n);
/* How many it has left. */
uint64_t block_promised(owner_t owner);

/*
 * One wiped block of 2 MiB, aligned, for `owner`: out of its promise if it has one left (then it
 * can't fail), else from what is free and promised to nobody. ERR_NO_MEMORY, ERR_INVALID. The
 * wiping takes more than 100,000 instructions: where interrupts can't wait that long, use
 * block_take() and then mm_wipe() in pieces.
 */
__must_check enum status block_alloc(owner_t owner, pa_t *block);
/* The same, not wiped: the caller does that before anybody can see it. */
__must_check enum status block_take(owner_t owner, pa_t *block);
/* As page_free(), for one block. With `promise`, the owner is promised a block again for it (as
 * long as there is a whole one: a block of which pages have gone elsewhere is not). */
__must_check enum status block_free(pa_t block, owner_t owner, bool promise);

#define PAGE_TRANSFER_MAX 128 /* so that wiping them doesn't take too long */

/* What happens to the contents in page_transfer(). */
enum page_contents { PAGE_WIPE, PAGE_KEEP };

/*
 * Changes the owner of n consecutive pages, at most PAGE_TRANSFER_MAX at a call. ERR_NOT_OWNER (and
 * nothing changed) unless all are `from`'s; ERR_INVALID for owners that can't take part (free,
 * firmware, absent). Between the two owners the pages are Lintel's, so nobody sees the contents
 * while they are wiped. PAGE_KEEP only from or to Lintel.
 */
__must_check enum status page_transfer(
	pa_t first, uint64_t n, owner_t from, owner_t to, enum page_contents contents);

/*
 * Gives back everything that `owner` still has, a few blocks at a call. *cursor starts at 0.
 * Returns true when it is all free. With `promise`, whole blocks are promised to the owner again
 * (for a restart). About 20,000 instructions at most at a call.
 */
bool page_reclaim_step(owner_t owner, uint64_t *cursor, bool promise);

/* Pages that `owner` has now. */
uint64_t page_count_of(owner_t owner);

/* Figures for the monitor and the tests. */
void page_get_stats(struct page_stats *stats);

/*
 * Zeroes memory, cleans it to the point of coherency and drops stale instructions: [pa, pa + size),
 * page-aligned, at most 2 MiB, which the caller owns. No lock needed.
 */
void mm_wipe(pa_t pa, uint64_t size);

/* Ticks of the counter that wiping took so far, on all CPUs: what first touches and restarts cost.
 */
extern uint64_t mm_wiped_ticks;

#endif
