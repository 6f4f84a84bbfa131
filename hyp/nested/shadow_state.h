/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What shadow.c, shadow_table.c, shadow_fill.c and tlbi.c share; nobody else includes it but tests.
 *
 * A VM has a fixed number of shadows, each with a VMID and a root of its own, and one pool of
 * tables for all of them: made with the VM, never more. A shadow is
 *
 *   free  no key. Nothing is in its tables, nor in TLBs under its VMID.
 *   off   key is vVMID alone, vHCR_EL2.VM = DC = 0: the VM's own tables under this VMID.
 *   on    key is vVTTBR_EL2, vVTCR_EL2 and what of vHCR_EL2 changes what those tables mean.
 *
 * A vCPU holds the last one it took until it takes another, so that to take the same one again
 * needs no lock. Who holds none of his may be recycled: `holders` = 0, the least recently taken
 * first. There are more shadows than vCPUs, so there always is one.
 *
 * What a leaf says: the address it leads to (of memory that the VM's own stage 2 maps, or it
 * wouldn't be there), rights that both stages give, and in its software bits how large L1's leaf
 * is. Beside each table is a second page: for each leaf, which address of L1's (origin) it was made
 * from. So a change of the VM's own stage 2 finds what was made of it. Each table knows the least
 * and the greatest origin in it.
 *
 * The pool is used up: tables of a shadow that nobody holds go first, then those of the one that
 * needs them, then all others'; filling goes on in empty tables.
 *
 * Lock: `lock`, below the VM's stage 2 (hyp/arch/lock.h). It guards everything here but keys and
 * VMIDs of a shadow that the vCPU itself holds, and last_vcpu[] of its own CPU. A fill holds both:
 * what the stage 2 says can't change until it is done. A fill that began before an invalidation of
 * L1's (`sequence`) isn't made: the guest's access is tried again.
 */
#ifndef HYP_NESTED_SHADOW_STATE_H
#define HYP_NESTED_SHADOW_STATE_H

#include "hyp/base/list.h"
#include "hyp/nested/shadow.h"

/* A table, or a root (several side by side). */
struct shadow_table {
	struct list link;      /* in the shadow's `tables`, or in the pool's list */
	struct shadow *shadow; /* NULL: in the pool */
	uint64_t *entries;
	uint64_t *origins;
	uint64_t low, high; /* origins of its leaves are in [low, high) */
	uint16_t count;     /* of entries */
	uint8_t level;
};

struct shadow_key {
	uint64_t vttbr; /* without CnP; off: vVMID where it is there */
	uint64_t vtcr;  /* off: 0 */
	uint64_t hcr;   /* of SHADOW_HCR; off: 0 */
};

/* With VM and DC both meaning "on". */
#define SHADOW_HCR (HCR_EL2_VM | HCR_EL2_FWB | HCR_EL2_CD)

struct shadow {
	uint64_t vttbr; /* what is in VTTBR_EL2 */
	struct shadow_key key;
	uint16_t vvmid;
	uint16_t vmid;
	bool used; /* has a key */
	bool on;
	bool flush;        /* something went out of it that TLBs may hold */
	uint8_t max_shift; /* log2 of L1's largest leaf in it; 0: it is empty */
	unsigned holders;
	uint64_t taken_at; /* of shadows.clock */
	struct shadow_table root;
	struct list tables;
	uint8_t last_vcpu[MAX_CPUS]; /* which one a CPU had on it last: id + 1; 0: none */
};

struct shadows {
	struct stage2_watcher watcher;
	struct spinlock lock;
	struct stage2 *s2;
	uint64_t sequence;
	uint64_t clock;
	unsigned count;
	unsigned root_pages;
	unsigned table_count;
	unsigned free_count;
	struct list free;
	void *pool; /* two pages for each table */
	struct shadow_table *tables;
	struct shadow *held[MAX_VCPUS];
	uint64_t fills, drops, recycled; /* leaves made; shadows emptied for want of tables; keys
					    that had to go for others */
	struct shadow slots[];
};

/* Of a VM with a virtual EL2. */
static inline struct shadows *shadows_of(const struct vm *vm)
{
	return container_of(vm->stage2.watcher, struct shadows, watcher);
}

/* ---- shadow_table.c; all with the lock held ---- */

/* Software's bits of a leaf: how large L1's is. */
#define LEAF_L1 GENMASK(58, 55)

/* A page of an inner guest's. */
struct shadow_leaf {
	uint64_t ipa, origin, pa; /* of the page: L2's, L1's, the machine's */
	uint64_t bits;            /* of its descriptor: attributes and rights */
	uint8_t l1_shift;         /* log2 of L1's leaf around it */
	uint8_t l0_shift;         /* and of the VM's own */
};

/* Maps the largest leaf around the page that both stages allow. Tables are found, if need be by
 * emptying others, or this one. */
void shadow_map(struct shadows *set, struct shadow *shadow, const struct shadow_leaf *leaf);

/* Nothing is in it any more, nor in TLBs. */
void shadow_drop(struct shadows *set, struct shadow *shadow);

/* What L1's leaf around ipa, wherever it ends, has become here goes; and out of TLBs. */
void shadow_unmap_leaf(struct shadows *set, struct shadow *shadow, uint64_t ipa);

/* The same of all leaves of L1's that reach into [ipa, ipa + size). */
void shadow_unmap_range(struct shadows *set, struct shadow *shadow, uint64_t ipa, uint64_t size);

/* Whatever was made from the VM's own [origin, origin + size) goes from all; and out of TLBs. */
void shadow_unmap_origin(struct shadows *set, uint64_t origin, uint64_t size);

/* The descriptor that a page has, 0: none. */
uint64_t shadow_lookup(const struct shadows *set, const struct shadow *shadow, uint64_t ipa);

#endif
