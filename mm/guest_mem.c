/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/guest_mem.h"

#include "hyp/arch/cache.h"
#include "hyp/arch/uaccess.h"
#include "mm/guest_window.h"
#include "mm/phys.h"

/* At most this much is done with the lock held. */
#define CHUNK KIB(64)

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_LOAD };

static const uint64_t access_needs[] = {
	[ACCESS_READ] = MEM_R,
	[ACCESS_WRITE] = MEM_W,
	[ACCESS_LOAD] = 0,
};

/* Whose the memory at ipa must be: the VM's own, or, to be read only, an image that it was let
 * into.
 */
static owner_t owner_at(const struct stage2 *s2, ipa_t ipa, enum access access)
{
	const struct stage2_share *share =
		access == ACCESS_READ ? stage2_share_find(s2, ipa) : NULL;

	return share && share->prot == MEM_RX ? share->owner : s2->owner;
}

/* Copies up to the end of the chunk or of what is mapped in one piece; *done bytes. ERR_NOT_FOUND:
 * nothing is mapped. */
static enum status copy_locked(const struct stage2 *s2, ipa_t ipa, void *buffer, size_t size,
	enum access access, size_t *done)
{
	struct stage2_page page;
	size_t n, left;
	void *memory;

	if (!stage2_lookup_locked(s2, ipa, &page))
		return ERR_NOT_FOUND;
	n = MIN(MIN(size, CHUNK), page.left);
	if (page.type != MEM_NORMAL || (page.prot & access_needs[access]) != access_needs[access] ||
		!page_range_owned(page.pa, n, owner_at(s2, ipa, access)))
		return ERR_FAULT;
	memory = pa_to_ptr(page.pa);
	if (access == ACCESS_READ)
		left = copy_fault_safe(buffer, memory, n);
	else
		left = copy_fault_safe(memory, buffer, n);
	*done = n;
	return left == 0 ? OK : ERR_IO;
}

/*
 * Nothing is mapped at ipa: has it given if it is RAM that nobody has touched yet. Before the VM
 * runs, at once; else one step of wiping is all that there is time for, and ERR_BUSY says that the
 * guest has to come back, also after the last one: what is behind it may have to be wiped too.
 */
static enum status give(struct stage2 *s2, ipa_t ipa, enum access access)
{
	enum status status = stage2_fault_in(s2, ipa);

	while (status == ERR_BUSY && access == ACCESS_LOAD) {
		cpu_relax();
		status = stage2_fault_in(s2, ipa);
	}
	if (status == OK && access != ACCESS_LOAD)
		return ERR_BUSY;
	return status == ERR_NOT_FOUND ? ERR_FAULT : status;
}

static enum status copy(struct stage2 *s2, ipa_t ipa, void *buffer, size_t size, enum access access)
{
	uint8_t *at = buffer;

	if (size > BIT(s2->ipa_bits) || ipa.ipa > BIT(s2->ipa_bits) - size)
		return ERR_RANGE;
	while (size != 0) {
		size_t done = 0;
		enum status status;

		spin_lock(&s2->lock);
		status = copy_locked(s2, ipa, at, size, access, &done);
		spin_unlock(&s2->lock);
		if (status == ERR_NOT_FOUND)
			status = give(s2, ipa, access);
		if (status != OK)
			return status;
		at += done;
		ipa.ipa += done;
		size -= done;
	}
	return OK;
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size)
{
	return copy(s2, ipa, destination, size, ACCESS_READ);
}

enum status guest_write(struct stage2 *s2, ipa_t ipa, const void *source, size_t size)
{
	return copy(s2, ipa, (void *)(uintptr_t)source, size, ACCESS_WRITE);
}

enum status guest_load(struct stage2 *s2, ipa_t ipa, const void *source, size_t size)
{
	return copy(s2, ipa, (void *)(uintptr_t)source, size, ACCESS_LOAD);
}

/* Returns how many bytes that was, mapped or not. */
static uint64_t sync_locked(const struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	struct pgtable_leaf leaf;
	uint64_t n;

	pgtable_walk(&s2->table, ipa.ipa, &leaf);
	n = MIN(size, leaf.base + leaf.size - ipa.ipa);
	if (!leaf.valid || leaf.type != MEM_NORMAL)
		return n;
	n = MIN(n, CHUNK);
	if (page_range_owned(leaf.pa, n, s2->owner)) {
		void *memory = pa_to_ptr(leaf.pa);

		cache_clean_invalidate(memory, n);
		cache_sync_code(memory, n);
	}
	return n;
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	if (size > BIT(s2->ipa_bits) || ipa.ipa > BIT(s2->ipa_bits) - size)
		return;
	while (size != 0) {
		uint64_t n;

		spin_lock(&s2->lock);
		n = sync_locked(s2, ipa, size);
		spin_unlock(&s2->lock);
		ipa.ipa += n;
		size -= n;
	}
}

/* The memory around ipa, as far as it is one piece of the VM's own, at most a block. */
static void make_window(struct stage2 *s2, ipa_t ipa)
{
	struct guest_window *window = &this_cpu()->windows[guest_window_index(ipa.ipa)];
	struct pgtable_leaf leaf;
	uint64_t size, base, pa;

	spin_lock(&s2->lock);
	pgtable_walk(&s2->table, ipa.ipa, &leaf);
	size = MIN(leaf.size, BLOCK_SIZE);
	base = ALIGN_DOWN(ipa.ipa, size);
	pa = leaf.pa.pa - (ipa.ipa - base);
	if (leaf.valid && leaf.type == MEM_NORMAL && (leaf.prot & MEM_R) &&
		page_range_owned(PA(pa), size, s2->owner))
		*window = (struct guest_window){
			.ipa = base,
			.mask = size - 1,
			.generation = s2->generation,
			.offset = (uintptr_t)pa_to_ptr(PA(pa)) - base,
		};
	spin_unlock(&s2->lock);
}

enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value)
{
	enum status status;

	if (!IS_ALIGNED(ipa.ipa, sizeof(*value)))
		return ERR_INVALID;
	status = copy(s2, ipa, value, sizeof(*value), ACCESS_READ);
	if (status == OK)
		make_window(s2, ipa);
	return status;
}

/* A guest that writes there all the time can't hold us. */
#define UPDATE_TRIES 16

static enum status exchange(uint64_t *memory, uint64_t old, uint64_t new)
{
	uint64_t found;

	if (copy_fault_safe(&found, memory, sizeof(found)) != 0)
		return ERR_IO;
	for (unsigned i = 0; i < UPDATE_TRIES; i++) {
		uint64_t expected = old;

		if (__atomic_compare_exchange_n(
			    memory, &expected, new, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return OK;
		if (expected != old)
			break;
	}
	return ERR_EXISTS;
}

enum status guest_update_u64(struct stage2 *s2, ipa_t ipa, uint64_t old, uint64_t new)
{
	struct stage2_page page;
	enum status status = ERR_NOT_FOUND;

	if (!IS_ALIGNED(ipa.ipa, sizeof(new)))
		return ERR_INVALID;
	if (ipa.ipa >= BIT(s2->ipa_bits))
		return ERR_RANGE;
	spin_lock(&s2->lock);
	if (stage2_lookup_locked(s2, ipa, &page)) {
		status = ERR_FAULT;
		if (page.type == MEM_NORMAL && (page.prot & MEM_RW) == MEM_RW &&
			page_range_owned(page.pa, sizeof(new), s2->owner))
			status = exchange(pa_to_ptr(page.pa), old, new);
	}
	spin_unlock(&s2->lock);
	return status == ERR_NOT_FOUND ? give(s2, ipa, ACCESS_WRITE) : status;
}
