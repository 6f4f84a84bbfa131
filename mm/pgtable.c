/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/pgtable.h"

#include "hyp/arch/barrier.h"
#include "mm/pgtable_desc.h"
#include "mm/phys.h"

/* How many tables one call of pgtable_destroy_step() frees. */
#define DESTROY_STEP 16

/* --- small things --- */

bool pgtable_geometry(
	enum pgtable_kind kind, unsigned ia_bits, unsigned *start_level, unsigned *root_pages)
{
	unsigned least = kind == PGTABLE_STAGE2 ? 25 : 21;
	unsigned concat_bits = kind == PGTABLE_STAGE2 ? 4 : 0;
	unsigned level = PGTABLE_LEVEL_LAST - 1, covered;

	if (ia_bits < least || ia_bits > PGTABLE_PA_BITS_MAX)
		return false;
	/* The lowest table of which at most 16 (stage 1: one) cover it all; level 3 is no start
	 * level without FEAT_TTST. */
	while (desc_shift(level) + DESC_STRIDE + concat_bits < ia_bits)
		level--;
	covered = desc_shift(level) + DESC_STRIDE;
	*start_level = level;
	*root_pages = ia_bits > covered ? 1U << (ia_bits - covered) : 1;
	return true;
}

static uint64_t *entries_at(uint64_t desc)
{
	return pa_to_ptr(PA(desc & DESC_ADDRESS));
}

static uint64_t *root_of(const struct pgtable *table)
{
	return pa_to_ptr(table->root);
}

static unsigned index_of(const struct pgtable *table, unsigned level, uint64_t ia)
{
	uint64_t index = ia >> desc_shift(level);

	/* The start-level tables of stage 2 lie side by side and count as one. */
	return (unsigned)(level == table->start_level ? index : index % PGTABLE_ENTRIES);
}

static unsigned root_entries(const struct pgtable *table)
{
	return 1U << (table->ia_bits - desc_shift(table->start_level));
}

/* Where the entry that covers ia ends, or the range if that is earlier. */
static uint64_t entry_end(unsigned level, uint64_t ia, uint64_t end)
{
	return MIN(end, ALIGN_DOWN(ia, desc_span(level)) + desc_span(level));
}

static enum status check_range(const struct pgtable *table, uint64_t ia, uint64_t size)
{
	if (size == 0 || !IS_ALIGNED(ia | size, PAGE_SIZE))
		return ERR_INVALID;
	if (size > BIT(table->ia_bits) || ia > BIT(table->ia_bits) - size)
		return ERR_RANGE;
	return OK;
}

static void flush(struct pgtable *table, uint64_t ia, uint64_t size, uint64_t entries)
{
	dsb_ishst(); /* walkers see the change before they are told to forget the old */
	table->ops->flush(table, ia, size, entries);
}

/* A valid entry gives way to another: through an invalid one, so that no TLB ever holds both. */
static void replace(
	struct pgtable *table, uint64_t *entry, unsigned level, uint64_t ia, uint64_t desc)
{
	uint64_t base = ALIGN_DOWN(ia, desc_span(level));

	WRITE_ONCE(*entry, 0);
	flush(table, base, desc_span(level), 1);
	WRITE_ONCE(*entry, desc);
	dsb_ishst();
}

/* --- looking --- */

void pgtable_walk(const struct pgtable *table, uint64_t ia, struct pgtable_leaf *leaf)
{
	unsigned level = table->start_level;
	const uint64_t *entries = root_of(table);
	uint64_t desc;

	*leaf = (struct pgtable_leaf){ .level = (uint8_t)level };
	if (ia >= BIT(table->ia_bits)) {
		leaf->base = BIT(table->ia_bits);
		leaf->size = UINT64_MAX - leaf->base + 1;
		return;
	}
	for (;;) {
		desc = READ_ONCE(entries[index_of(table, level, ia)]);
		if (!desc_is_table(desc, level))
			break;
		entries = entries_at(desc);
		level++;
	}
	leaf->level = (uint8_t)level;
	leaf->desc = desc;
	leaf->size = desc_span(level);
	leaf->base = ALIGN_DOWN(ia, leaf->size);
	leaf->valid = desc_is_leaf(desc, level);
	if (!leaf->valid)
		return;
	leaf->pa = PA((desc & DESC_ADDRESS) + (ia - leaf->base));
	leaf->prot = desc_prot(table->kind, desc);
	leaf->type = desc_type(table->kind, desc);
}

/* --- mapping: once through to check and make tables, once to write the leaves --- */

struct map_job {
	struct pgtable *table;
	uint64_t delta; /* output minus input address */
	uint64_t bits[PGTABLE_LEVEL_LAST + 1];
	unsigned top_leaf; /* the highest level at which a leaf may be */
	bool skip;         /* what is mapped stays */
	bool keep;         /* mark the tables: they stay when they are empty */
	bool commit;
};

static enum status map_range(
	struct map_job *job, uint64_t *entries, unsigned level, uint64_t ia, uint64_t end);

/* An entry that is taken, or that a leaf would not fit. */
static enum status map_entry(
	struct map_job *job, uint64_t *entry, unsigned level, uint64_t ia, uint64_t next)
{
	uint64_t desc = *entry;

	if (desc_is_leaf(desc, level))
		return job->skip ? OK : ERR_EXISTS;
	if (!desc_is_table(desc, level)) {
		pa_t page;
		enum status status = job->table->ops->alloc(job->table, &page);

		if (status != OK)
			return status;
		desc = page.pa | DESC_TABLE;
		dmb_ishst(); /* a walker that sees the table sees it empty */
	}
	if (job->keep)
		desc |= DESC_SW_KEEP;
	if (desc != *entry)
		WRITE_ONCE(*entry, desc);
	return map_range(job, entries_at(desc), level + 1, ia, next);
}

/*
 * The entries from *entry on that get a leaf of this level, or are passed over: all of RAM goes
 * through here at start-up. Returns where in [ia, end) the first one is that is different.
 */
static uint64_t map_run(
	const struct map_job *job, uint64_t *entry, unsigned level, uint64_t ia, uint64_t end)
{
	const uint64_t span = desc_span(level),
		       is_table = level == PGTABLE_LEVEL_LAST ? 0 : DESC_PAGE;
	const bool skip = job->skip, commit = job->commit;
	uint64_t desc = ((ia + job->delta) & DESC_ADDRESS) | job->bits[level];

	if (level < job->top_leaf || !IS_ALIGNED(ia | (ia + job->delta), span))
		return ia;
	end = ALIGN_DOWN(end, span);
	for (; ia < end; ia += span, desc += span, entry++) {
		uint64_t old = *entry;

		if (!(old & DESC_VALID)) {
			if (commit)
				WRITE_ONCE(*entry, desc);
		} else if (!skip || (old & is_table)) {
			break;
		}
	}
	return ia;
}

static enum status map_range(
	struct map_job *job, uint64_t *entries, unsigned level, uint64_t ia, uint64_t end)
{
	while (ia < end) {
		uint64_t *entry = &entries[index_of(job->table, level, ia)];
		uint64_t next = map_run(job, entry, level, ia, end);
		enum status status;

		if (next == ia) {
			next = entry_end(level, ia, end);
			status = map_entry(job, entry, level, ia, next);
			if (status != OK)
				return status;
		}
		ia = next;
	}
	return OK;
}

static enum status prepare_job(struct map_job *job, uint64_t prot, enum mem_type type)
{
	for (unsigned level = job->top_leaf; level <= PGTABLE_LEVEL_LAST; level++)
		if (!pgtable_leaf_bits(job->table, level, prot, type, &job->bits[level]))
			return ERR_INVALID;
	return OK;
}

static void prune(struct pgtable *table, uint64_t ia, uint64_t size);

enum status pgtable_map(struct pgtable *table, uint64_t ia, uint64_t size, pa_t pa, uint64_t prot,
	enum mem_type type, unsigned flags)
{
	struct map_job job = { .table = table, .delta = pa.pa - ia, .top_leaf = 1 };
	enum status status = check_range(table, ia, size);

	if (status != OK)
		return status;
	if (!IS_ALIGNED(pa.pa, PAGE_SIZE))
		return ERR_INVALID;
	if (size > BIT(table->pa_bits) || pa.pa > BIT(table->pa_bits) - size)
		return ERR_RANGE;
	if (prepare_job(&job, prot, type) != OK)
		return ERR_INVALID;
	job.skip = flags & PGTABLE_SKIP_MAPPED;
	status = map_range(&job, root_of(table), table->start_level, ia, ia + size);
	if (status != OK) {
		prune(table, ia, size);
		return status;
	}
	job.commit = true;
	status = map_range(&job, root_of(table), table->start_level, ia, ia + size);
	dsb_ishst();
	isb();
	return status;
}

enum status pgtable_prepare(struct pgtable *table, uint64_t ia, uint64_t size)
{
	struct map_job job = { .table = table, .top_leaf = 2, .skip = true, .keep = true };
	enum status status = check_range(table, ia, size);

	if (status != OK)
		return status;
	return map_range(&job, root_of(table), table->start_level, ia, ia + size);
}

/* --- unmapping --- */

struct unmap_job {
	struct pgtable *table;
	bool leaves;      /* leaves go too, not only empty tables */
	bool devices;     /* and those that are devices */
	uint64_t changed; /* entries that were valid */
	uint64_t unused; /* tables taken out: a list through their first entries, which stay invalid
			    by it */
};

static bool table_is_empty(const uint64_t *entries)
{
	for (unsigned i = 0; i < PGTABLE_ENTRIES; i++)
		if (entries[i] != 0)
			return false;
	return true;
}

static bool leaf_goes(const struct unmap_job *job, uint64_t desc)
{
	if (!job->leaves || job->devices)
		return job->leaves;
	return !mem_is_device(desc_type(job->table->kind, desc));
}

static void unmap_range(
	struct unmap_job *job, uint64_t *entries, unsigned level, uint64_t ia, uint64_t end)
{
	uint64_t *entry = &entries[index_of(job->table, level, ia)];

	for (uint64_t next; ia < end; ia = next, entry++) {
		uint64_t desc = *entry;

		next = entry_end(level, ia, end);
		if (desc_is_table(desc, level)) {
			uint64_t *child = entries_at(desc);

			unmap_range(job, child, level + 1, ia, next);
			if ((desc & DESC_SW_KEEP) || !table_is_empty(child))
				continue;
			WRITE_ONCE(*entry, 0);
			WRITE_ONCE(child[0], job->unused);
			job->unused = desc & DESC_ADDRESS;
			job->changed++;
		} else if (desc_is_leaf(desc, level) && leaf_goes(job, desc)) {
			WRITE_ONCE(*entry, 0);
			job->changed++;
		}
	}
}

static void unmap(struct unmap_job *job, uint64_t ia, uint64_t size)
{
	struct pgtable *table = job->table;

	unmap_range(job, root_of(table), table->start_level, ia, ia + size);
	if (job->changed != 0)
		flush(table, ia, size, job->changed);
	while (job->unused != 0) {
		pa_t page = PA(job->unused);

		job->unused = *(uint64_t *)pa_to_ptr(page);
		table->ops->free(table, page);
	}
}

/* Gives back empty tables: what a mapping that failed has made. */
static void prune(struct pgtable *table, uint64_t ia, uint64_t size)
{
	struct unmap_job job = { .table = table };

	unmap(&job, ia, size);
}

/* A block becomes a table of the next smaller size that says the same. */
static enum status split(struct pgtable *table, uint64_t *entry, unsigned level, uint64_t ia)
{
	uint64_t desc = *entry, span = desc_span(level + 1);
	uint64_t *child;
	pa_t page;
	enum status status = table->ops->alloc(table, &page);

	if (status != OK)
		return status;
	if (level + 1 == PGTABLE_LEVEL_LAST)
		desc |= DESC_PAGE;
	child = pa_to_ptr(page);
	for (unsigned i = 0; i < PGTABLE_ENTRIES; i++)
		child[i] = desc + i * span;
	dmb_ishst();
	replace(table, entry, level, ia, page.pa | DESC_TABLE);
	return OK;
}

/* Makes ia the start of an entry if it lies within a block. */
static enum status split_at(struct pgtable *table, uint64_t ia)
{
	unsigned level = table->start_level;
	uint64_t *entries = root_of(table);

	if (ia >= BIT(table->ia_bits))
		return OK;
	while (!IS_ALIGNED(ia, desc_span(level))) {
		uint64_t *entry = &entries[index_of(table, level, ia)];

		if (desc_is_leaf(*entry, level)) {
			enum status status = split(table, entry, level, ia);

			if (status != OK)
				return status;
		}
		if (!desc_is_table(*entry, level))
			break;
		entries = entries_at(*entry);
		level++;
	}
	return OK;
}

static enum status split_edges(struct pgtable *table, uint64_t ia, uint64_t size)
{
	enum status status = check_range(table, ia, size);

	if (status == OK)
		status = split_at(table, ia);
	if (status == OK)
		status = split_at(table, ia + size);
	return status;
}

enum status pgtable_unmap(struct pgtable *table, uint64_t ia, uint64_t size)
{
	struct unmap_job job = { .table = table, .leaves = true, .devices = true };
	enum status status = split_edges(table, ia, size);

	if (status == OK)
		unmap(&job, ia, size);
	return status;
}

enum status pgtable_clear_memory(struct pgtable *table, uint64_t ia, uint64_t size)
{
	struct unmap_job job = { .table = table, .leaves = true };
	enum status status = check_range(table, ia, size);

	if (status == OK)
		unmap(&job, ia, size);
	return status;
}

/* --- changing rights --- */

struct protect_job {
	struct pgtable *table;
	uint64_t bits[PGTABLE_LEVEL_LAST + 1];
	uint64_t changed;
};

static void protect_leaf(struct protect_job *job, uint64_t *entry, unsigned level, uint64_t ia)
{
	uint64_t old = *entry;
	uint64_t desc = (old & DESC_ADDRESS) | job->bits[level];

	if (desc == old)
		return;
	/* Rights may change in place; the memory's type may not. */
	if ((desc ^ old) & desc_type_mask(job->table->kind)) {
		replace(job->table, entry, level, ia, desc);
		return;
	}
	WRITE_ONCE(*entry, desc);
	job->changed++;
}

static void protect_range(
	struct protect_job *job, uint64_t *entries, unsigned level, uint64_t ia, uint64_t end)
{
	uint64_t *entry = &entries[index_of(job->table, level, ia)];

	for (uint64_t next; ia < end; ia = next, entry++) {
		next = entry_end(level, ia, end);
		if (desc_is_table(*entry, level))
			protect_range(job, entries_at(*entry), level + 1, ia, next);
		else if (desc_is_leaf(*entry, level))
			protect_leaf(job, entry, level, ia);
	}
}

enum status pgtable_protect(
	struct pgtable *table, uint64_t ia, uint64_t size, uint64_t prot, enum mem_type type)
{
	struct protect_job job = { .table = table };
	enum status status;

	for (unsigned level = 1; level <= PGTABLE_LEVEL_LAST; level++)
		if (!pgtable_leaf_bits(table, level, prot, type, &job.bits[level]))
			return ERR_INVALID;
	status = split_edges(table, ia, size);
	if (status != OK)
		return status;
	protect_range(&job, root_of(table), table->start_level, ia, ia + size);
	if (job.changed != 0)
		flush(table, ia, size, job.changed);
	return OK;
}

/* --- joining --- */

/* The entry at `level` on the way to ia; NULL if the way ends before. */
static uint64_t *find_entry(const struct pgtable *table, uint64_t ia, unsigned level)
{
	uint64_t *entries = root_of(table);

	for (unsigned at = table->start_level; at <= level; at++) {
		uint64_t *entry = &entries[index_of(table, at, ia)];

		if (at == level)
			return entry;
		if (!desc_is_table(*entry, at))
			break;
		entries = entries_at(*entry);
	}
	return NULL;
}

static bool is_block_in_pieces(const uint64_t *child, unsigned level)
{
	uint64_t span = desc_span(level + 1);

	if (!desc_is_leaf(child[0], level + 1) ||
		!IS_ALIGNED(child[0] & DESC_ADDRESS, desc_span(level)))
		return false;
	for (unsigned i = 1; i < PGTABLE_ENTRIES; i++)
		if (child[i] != child[0] + i * span)
			return false;
	return true;
}

unsigned pgtable_join(struct pgtable *table, uint64_t ia)
{
	struct pgtable_leaf leaf;
	unsigned level = PGTABLE_LEVEL_LAST - 1;

	for (; level >= MAX(1, table->start_level); level--) {
		uint64_t *entry = ia < BIT(table->ia_bits) ? find_entry(table, ia, level) : NULL;
		uint64_t desc, block;

		if (entry == NULL || !desc_is_table(*entry, level))
			continue;
		desc = *entry;
		if ((desc & DESC_SW_KEEP) || !is_block_in_pieces(entries_at(desc), level))
			break;
		block = entries_at(desc)[0] & ~DESC_PAGE;
		replace(table, entry, level, ia, block);
		table->ops->free(table, PA(desc & DESC_ADDRESS));
	}
	pgtable_walk(table, ia, &leaf);
	return leaf.level;
}

/* --- the end --- */

/* Frees what is below `entries`; stops when *left tables are freed. */
static void destroy_below(
	struct pgtable *table, uint64_t *entries, unsigned count, unsigned level, unsigned *left)
{
	for (unsigned i = 0; i < count && *left != 0; i++) {
		uint64_t desc = entries[i];

		if (!desc_is_table(desc, level))
			continue;
		if (level + 1 < PGTABLE_LEVEL_LAST)
			destroy_below(table, entries_at(desc), PGTABLE_ENTRIES, level + 1, left);
		if (*left == 0)
			break;
		entries[i] = 0;
		table->ops->free(table, PA(desc & DESC_ADDRESS));
		--*left;
	}
}

bool pgtable_destroy_step(struct pgtable *table)
{
	unsigned left = DESTROY_STEP;

	destroy_below(table, root_of(table), root_entries(table), table->start_level, &left);
	return left != 0;
}
