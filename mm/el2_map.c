/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/el2_map.h"

#include "hyp/arch/lock.h"
#include "hyp/arch/tlb.h"
#include "hyp/base/panic.h"
#include "mm/phys.h"
#include "mm/stage2_regs.h"

/* TCR_EL2 with one range (Arm ARM D19.2): inner shareable write-back walks of 4 KiB tables. */
#define TCR_EL2_T0SZ     GENMASK(5, 0)
#define TCR_EL2_IRGN0_WB FIELD_PREP(GENMASK(9, 8), 1)
#define TCR_EL2_ORGN0_WB FIELD_PREP(GENMASK(11, 10), 1)
#define TCR_EL2_SH0_ISH  FIELD_PREP(GENMASK(13, 12), 3)
#define TCR_EL2_PS       GENMASK(18, 16)
#define TCR_EL2_RES1     (BIT(31) | BIT(23))

/*
 * Tables to start with: two start levels, and one for each GiB and each 2 MiB of which only a part
 * is mapped (image, devicetree, UART, ownership table). Later ones are pages of the allocator.
 */
#define POOL_PAGES       16

/* What can be taken at the start, the stacks included. */
#define TAKEN_MAX        96

/* Drop TLB entries one by one up to this size. */
#define FLUSH_EACH_MAX   (16 * PAGE_SIZE)

static uint64_t pool[POOL_PAGES][PGTABLE_ENTRIES] __aligned(PAGE_SIZE)
#ifndef LINTEL_HOST
	__section(".bss.page_aligned")
#endif
		;

static struct {
	struct spinlock lock;
	struct pgtable table;
	unsigned pool_used;
	uint64_t stacks_base, stack_stride;
	unsigned stacks;
} el2;

static enum status alloc_table(struct pgtable *table, pa_t *page)
{
	(void)table;
	if (el2.pool_used < POOL_PAGES) {
		*page = ptr_to_pa(pool[el2.pool_used++]);
		return OK;
	}
	return page_ready() ? page_alloc(OWNER_LINTEL, page) : ERR_NO_MEMORY;
}

static void free_table(struct pgtable *table, pa_t page)
{
	uint64_t *entries = pa_to_ptr(page);

	(void)table;
	if (entries >= pool[0] && entries <= pool[POOL_PAGES - 1]) {
		/* Empty but for the mapper's link in the first entry. Only the last one taken can
		 * be used again. */
		entries[0] = 0;
		if (entries == pool[el2.pool_used - 1])
			el2.pool_used--;
		return;
	}
	if (page_free(page, 1, OWNER_LINTEL) != OK)
		panic("EL2 map: table page 0x%llx is not Lintel's", (unsigned long long)page.pa);
}

static void flush_tlb(struct pgtable *table, uint64_t ia, uint64_t size, uint64_t entries)
{
	(void)table;
	(void)entries;
	if (size > FLUSH_EACH_MAX) {
		tlb_flush_el2_all();
		return;
	}
	for (uint64_t at = ia; at < ia + size; at += PAGE_SIZE)
		tlb_flush_el2_va(at);
}

static const struct pgtable_ops el2_ops = {
	.alloc = alloc_table,
	.free = free_table,
	.flush = flush_tlb,
};

void el2_map_init(unsigned pa_bits, bool guarded)
{
	unsigned start_level = 0, root_pages = 1;
	pa_t root;

	for (unsigned i = 0; i < el2.pool_used; i++)
		for (unsigned j = 0; j < PGTABLE_ENTRIES; j++)
			pool[i][j] = 0;
	el2.pool_used = 0;
	el2.stacks = 0;
	if (!pgtable_geometry(PGTABLE_EL2, pa_bits, &start_level, &root_pages) ||
		alloc_table(&el2.table, &root) != OK)
		panic("EL2 map: %u bits of physical address", pa_bits);
	el2.table = (struct pgtable){
		.root = root,
		.kind = PGTABLE_EL2,
		.ia_bits = (uint8_t)pa_bits,
		.pa_bits = (uint8_t)pa_bits,
		.start_level = (uint8_t)start_level,
		.guarded = guarded,
		.ops = &el2_ops,
	};
}

/* VA = PA. */
static enum status map(uint64_t start, uint64_t end, uint64_t prot, enum mem_type type)
{
	if (start >= end)
		return start == end ? OK : ERR_INVALID;
	return pgtable_map(
		&el2.table, start, end - start, PA(start), prot, type, PGTABLE_SKIP_MAPPED);
}

enum status el2_map_early(uint64_t start, uint64_t end, uint64_t prot, enum mem_type type)
{
	return map(ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE), prot, type);
}

uint64_t el2_map_ttbr0(void)
{
	return el2.table.root.pa;
}

uint64_t el2_map_tcr(void)
{
	return FIELD_PREP(TCR_EL2_T0SZ, 64 - el2.table.ia_bits) | TCR_EL2_IRGN0_WB |
		TCR_EL2_ORGN0_WB | TCR_EL2_SH0_ISH |
		FIELD_PREP(TCR_EL2_PS, pa_bits_field(el2.table.pa_bits)) | TCR_EL2_RES1;
}

/* --- memory --- */

/* The parts of [start, end), which is in one bank, that firmware has not reserved. */
static enum status map_ram(uint64_t start, uint64_t end)
{
	uint64_t from = start;
	enum status status;

	if (page_count_of(OWNER_FIRMWARE) == 0) /* the usual case needs no look at each page */
		return map(start, end, MEM_RW, MEM_NORMAL);
	while (start < end) {
		owner_t owner;
		uint64_t next = page_run(PA(start), end, &owner);

		if (owner == OWNER_FIRMWARE) {
			status = map(from, start, MEM_RW, MEM_NORMAL);
			if (status != OK)
				return status;
			from = next;
		}
		start = next;
	}
	return map(from, end, MEM_RW, MEM_NORMAL);
}

/* The stacks that lie in this bank, without the page below each. */
static enum status map_bank(const struct page_range *bank)
{
	uint64_t start = bank->base, end = bank->base + bank->size;
	enum status status;

	if (el2.stacks_base < start || el2.stacks_base >= end)
		return map_ram(start, end);
	for (unsigned i = 0; i < el2.stacks; i++) {
		uint64_t guard = el2.stacks_base + i * el2.stack_stride;

		status = map_ram(start, guard);
		if (status != OK)
			return status;
		start = guard + PAGE_SIZE;
	}
	return map_ram(start, end);
}

/* What the CPU can address of these banks. */
static unsigned reachable(const struct page_range *ram, unsigned ram_count, struct page_range *out)
{
	uint64_t limit = BIT(el2.table.pa_bits);
	unsigned n = 0;

	for (unsigned i = 0; i < ram_count; i++) {
		out[n] = ram[i];
		if (ram[i].base >= limit)
			continue;
		out[n].size = MIN(ram[i].size, limit - ram[i].base);
		n++;
	}
	return n;
}

enum status el2_map_memory(const struct page_range *ram, unsigned ram_count,
	const struct page_range *taken, unsigned taken_count, unsigned stacks, uint64_t stack_size)
{
	struct page_range banks[PAGE_BANKS_MAX], all[TAKEN_MAX], table;
	uint64_t stride = stack_size + PAGE_SIZE, area = stacks * stride, base = 0;
	enum status status;

	if (ram_count > PAGE_BANKS_MAX || taken_count >= TAKEN_MAX ||
		!IS_ALIGNED(stack_size, PAGE_SIZE))
		return ERR_INVALID;
	ram_count = reachable(ram, ram_count, banks);
	for (unsigned i = 0; i < taken_count; i++)
		all[i] = taken[i];
	if (stacks != 0) {
		status = page_place(banks, ram_count, all, taken_count, area, &base);
		if (status != OK)
			return status;
		all[taken_count++] = (struct page_range){ base, area, OWNER_LINTEL };
	}
	el2.stacks_base = base;
	el2.stack_stride = stride;
	el2.stacks = stacks;

	status = page_table_place(banks, ram_count, all, taken_count, &table);
	if (status == OK)
		status = map(table.base, table.base + table.size, MEM_RW, MEM_NORMAL);
	if (status == OK)
		status = page_init(banks, ram_count, all, taken_count);
	for (unsigned i = 0; status == OK && page_bank(i) != NULL; i++)
		status = map_bank(page_bank(i));
	return status;
}

void *el2_stack_top(unsigned index)
{
	if (index >= el2.stacks)
		return NULL;
	return pa_to_ptr(PA(el2.stacks_base + (index + 1) * el2.stack_stride));
}

bool el2_stack_is_guard(uint64_t va)
{
	uint64_t offset = va - el2.stacks_base;

	return el2.stacks != 0 && offset < el2.stacks * el2.stack_stride &&
		offset % el2.stack_stride < PAGE_SIZE;
}

/* --- devices --- */

/* No RAM, and nothing mapped there that is not a device. */
static bool may_be_device(uint64_t start, uint64_t end)
{
	owner_t owner;

	if (page_run(PA(start), end, &owner) != end || owner != OWNER_ABSENT)
		return false;
	while (start < end) {
		struct pgtable_leaf leaf;

		pgtable_walk(&el2.table, start, &leaf);
		if (leaf.valid && leaf.type != MEM_DEVICE_nGnRE && leaf.type != MEM_DEVICE_nGnRnE)
			return false;
		start = leaf.base + leaf.size;
	}
	return true;
}

enum status el2_map_device(pa_t pa, uint64_t size, volatile void **registers)
{
	uint64_t start = ALIGN_DOWN(pa.pa, PAGE_SIZE), end = ALIGN_UP(pa.pa + size, PAGE_SIZE);
	enum status status = ERR_INVALID;

	if (size == 0)
		return ERR_INVALID;
	if (size > BIT(el2.table.pa_bits) || pa.pa > BIT(el2.table.pa_bits) - size)
		return ERR_RANGE;
	spin_lock(&el2.lock);
	if (may_be_device(start, end))
		status = map(start, end, MEM_RW, MEM_DEVICE_nGnRE);
	spin_unlock(&el2.lock);
	if (status == OK)
		*registers = pa_to_ptr(pa);
	return status;
}

void el2_map_walk(uint64_t va, struct pgtable_leaf *leaf)
{
	pgtable_walk(&el2.table, va, leaf);
}
