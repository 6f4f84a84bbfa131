/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's stage 2: what its physical addresses (IPAs) are, and the memory behind them, given on
 * first touch.
 *
 * RAM is described by regions. A region is promised its memory when it is added (2 MiB blocks and
 * the tables to map them), so that touching it later can't fail. Regions are added before the VM
 * runs and stay: looking them up needs no lock. The table itself is changed under `lock`, walked by
 * hardware all the time.
 */
#ifndef MM_STAGE2_H
#define MM_STAGE2_H

#include "hyp/arch/lock.h"
#include "hyp/base/status.h"
#include "hyp/base/types.h"
#include "mm/page.h"
#include "mm/pgtable.h"

#define STAGE2_REGIONS_MAX     16
#define STAGE2_FILLS_MAX       8
#define STAGE2_SHARES_MAX      36
#define STAGE2_FILL_STEP       KIB(512) /* wiped at a time: some 40,000 instructions, 70,000 at worst */
#define STAGE2_IPA_BITS_MIN    32
#define STAGE2_IPA_BITS_MAX    48
#define STAGE2_TABLE_PAGES_MAX 1024 /* default budget for a VM's tables: 4 MiB */

struct stage2_region {
	ipa_t ipa;
	uint64_t size;    /* whole pages */
	uint64_t prot;    /* MEM_R | MEM_X: ROM; with MEM_W: RAM */
	unsigned windows; /* how many 2 MiB of IPA space it reaches into */
	uint64_t *filled; /* a bit for each: has been given memory */
};

/* A window that is being given memory: wiped piece by piece, mapped when all of it is. */
struct stage2_fill {
	const struct stage2_region *region; /* NULL: not in use */
	uint64_t window;                    /* its first IPA */
	pa_t block;
	uint64_t wiped; /* bytes */
	bool busy;      /* a CPU is at it */
};

/* Memory of another owner that this VM was let into. */
struct stage2_share {
	ipa_t ipa;
	uint64_t size;
	uint64_t prot;
	owner_t owner;
	bool ignore_stores; /* read-only: stores are to do nothing (whoever handles the abort asks)
			     */
	bool cached;        /* write-back although it is written: by Lintel and one VM */
};

/*
 * Somebody else's tables, or VMIDs, that say what this stage 2 says. With its lock held: what was
 * mapped in [ipa, ipa + size), `entries` entries, has changed. On return nothing of it is in their
 * tables any more, nor in TLBs.
 */
struct stage2_watcher {
	void (*changed)(struct stage2_watcher *watcher, ipa_t ipa, uint64_t size, uint64_t entries);
};

struct stage2 {
	struct pgtable table;
	struct spinlock lock;
	uint64_t vttbr;      /* for VTTBR_EL2: root and VMID */
	uint64_t vtcr;       /* for VTCR_EL2 */
	uint64_t generation; /* see stage2_changed(); never 0 while it is in use */
	uint16_t vmid;
	owner_t owner; /* whose pages may be mapped */
	uint8_t ipa_bits;
	uint8_t root_pages;
	uint8_t phase;   /* of stage2_empty_step() or stage2_destroy_step(); 0: none under way */
	uint64_t cursor; /* and how far it is */
	uint32_t table_pages, table_pages_max; /* the VM's budget for tables */
	unsigned region_count;
	struct stage2_region regions[STAGE2_REGIONS_MAX]; /* sorted by ipa */
	struct stage2_fill fills[STAGE2_FILLS_MAX];
	unsigned share_count;
	struct stage2_share shares[STAGE2_SHARES_MAX];
	struct stage2_watcher *watcher; /* NULL: nobody. Set before the VM runs */
};

/* What a look-up found. */
struct stage2_page {
	pa_t pa;
	uint64_t prot;
	enum mem_type type;
	uint8_t level;
	uint64_t left; /* bytes from the IPA to the end of the entry */
};

/* Bits of physical address by ID_AA64MMFR0_EL1.PARange (the least of the machine's CPUs'); at most
 * 48: no LPA2. */
unsigned stage2_pa_bits(uint64_t id_aa64mmfr0);
/* The IPA size for a VM that needs `wanted` bits: the next that PARange can say (32, 36, 40, 42,
 * 44, 48), so that the guest is shown just that; 0 if the machine has fewer. */
unsigned stage2_ipa_bits(unsigned wanted, unsigned pa_bits);
/* VTCR_EL2 for that IPA size: 4 KiB granule, inner shareable write-back walks (Arm ARM, VTCR_EL2).
 * vmid_bits: 8 or 16. */
uint64_t stage2_vtcr(unsigned ipa_bits, unsigned pa_bits, unsigned vmid_bits);

/* What the machine has, for all stage 2s made from now on: once at boot, from the values all CPUs
 * agree on. */
void stage2_init(unsigned pa_bits, unsigned vmid_bits);

/* After it: guests run with HCR_EL2.FWB = 1 (FEAT_S2FWB), for all stage 2s made from now on. */
void stage2_force_write_back(void);

/*
 * An empty stage 2 for `owner` with an address space of ipa_bits (see stage2_ipa_bits()), with its
 * own VMID. table_pages_max: budget for tables, 0 for the default. ERR_RANGE: ipa_bits;
 * ERR_NO_MEMORY: table pages or VMIDs.
 */
__must_check enum status stage2_create(
	struct stage2 *s2, owner_t owner, unsigned ipa_bits, unsigned table_pages_max);

/*
 * Adds RAM or ROM: [ipa, ipa + size), promised now, given on first touch, one 2 MiB window at a
 * time. prot: MEM_R, with MEM_W, MEM_X. ERR_INVALID: not whole pages or no rights; ERR_RANGE:
 * outside the IPA space; ERR_EXISTS: overlaps a region; ERR_NO_MEMORY: the machine (or the budget,
 * or the region list) hasn't got it. Only before the VM runs.
 */
__must_check enum status stage2_add_ram(struct stage2 *s2, ipa_t ipa, uint64_t size, uint64_t prot);

/* The region that holds ipa, NULL if none does. Takes no lock. */
const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa);

/*
 * The first touch: has memory put behind the 2 MiB window around `ipa` as far as its region
 * reaches: wiped, then mapped. OK: it is there (or was already). ERR_BUSY: not yet: one call wipes
 * only a part, or another CPU is at it; let the guest run and touch it again. ERR_NOT_FOUND: no
 * region there, or what was there has been unmapped on purpose. Takes and releases `lock`; wipes
 * with no lock held.
 */
__must_check enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa);

/* The next window of a region (`memory-populate`) is faulted in, from *ipa on, which moves forward:
 * *done when that was the last one. Errors of stage2_fault_in(); ERR_BUSY: call again. */
__must_check enum status stage2_populate_step(
	struct stage2 *s2, const struct stage2_region *region, ipa_t *ipa, bool *done);

/*
 * What is mapped at ipa: false if nothing is. With the lock held by the caller (or nobody else
 * about).
 */
bool stage2_lookup_locked(const struct stage2 *s2, ipa_t ipa, struct stage2_page *page);
/* The same, takes the lock. What it says may change as soon as it returns. */
bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page);

/*
 * Maps memory that exists already: RAM must belong to the VM, page by page (ERR_NOT_OWNER). Errors
 * of pgtable_map().
 */
__must_check enum status stage2_map_pages(
	struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size, uint64_t prot);
/* Maps real registers, read/write, nGnRE: nothing of it may be RAM (ERR_NOT_OWNER). */
__must_check enum status stage2_map_device(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size);

/*
 * Lets the VM into memory that VMs share, which belongs to share->owner (owner_is_shared()).
 * Rights: MEM_R or MEM_RW, of memory that somebody writes; MEM_R | MEM_X, of an image that nobody
 * does any more. Nothing is mapped yet; without this stage2_map_share() refuses. Only before the VM
 * runs. ERR_INVALID: not whole pages, other rights, no owner of that kind; ERR_RANGE: outside the
 * IPA space; ERR_EXISTS: overlaps a region or another share; ERR_NO_MEMORY: the list is full.
 */
__must_check enum status stage2_share(struct stage2 *s2, const struct stage2_share *share);
/*
 * Maps a piece of it, with the rights that were given. What is written is not cacheable: whatever
 * types the VMs that share it choose in their own tables, all see the same contents. An image, and
 * what is `cached`, is write-back cacheable. ERR_NOT_OWNER unless the piece lies in one share as a
 * whole and every page of it belongs to that share's owner. Errors of pgtable_map(). It stays over
 * stage2_empty_step(), and goes with stage2_destroy_step() (the memory itself doesn't).
 */
__must_check enum status stage2_map_share(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size);

/* True if memory of the VM's (RAM, ROM, or shared) is in [ipa, ipa + size), given or not. Takes no
 * lock. */
bool stage2_is_taken(const struct stage2 *s2, ipa_t ipa, uint64_t size);

/* The share that holds ipa, NULL if none does. Takes no lock. */
const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa);

/*
 * Something was taken out of the table, or changed in it: what was looked up before and kept
 * (mm/guest_window.h) must not be used any more. The generation gets a number that no stage 2 has
 * had. Before the TLBs are flushed of it; by this file itself for all that its functions do.
 */
void stage2_changed(struct stage2 *s2);

/* Unmaps; memory stays the VM's. Errors of pgtable_unmap(). */
__must_check enum status stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size);
/* Changes the rights of what is mapped (ROM switch, dirty tracking). Errors of pgtable_protect().
 */
__must_check enum status stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size, uint64_t prot);

/*
 * Restart: takes all RAM away and promises it again, so that the VM finds zeros on the next touch.
 * In steps of some 20,000 instructions; true when done. No vCPU may run meanwhile. Devices that are
 * mapped stay, and what is shared with others does.
 */
bool stage2_empty_step(struct stage2 *s2);

/*
 * The end: tables, promises, VMID and all pages of the owner are given back, in steps as above;
 * true when done. No vCPU may run under it any more. The struct may be used for stage2_create()
 * again then.
 */
bool stage2_destroy_step(struct stage2 *s2);

#endif
