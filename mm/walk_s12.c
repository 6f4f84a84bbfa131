/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_s12.h"

#include "mm/walk_attr.h"
#include "mm/walk_s1_parts.h"

struct walk {
	const struct s1_walk *s1;
	const struct s2_setup *s2;
	const struct walk_memory *memory;
	struct s12_result *result;
};

/* What walk_s2() has said of a descriptor's IPA. */
static enum status fault_on_walk(struct s12_result *result, uint64_t ipa, uint8_t fst)
{
	result->stage2 = true;
	result->on_walk = true;
	result->fst = fst;
	result->fault_ipa = IPA(ipa);
	return ERR_FAULT;
}

static __noinline enum status translate_slowly(
	const struct walk *walk, uint64_t ipa, unsigned access, uint64_t *output)
{
	struct s2_result s2;
	enum status status = walk_s2(walk->s2, walk->memory, IPA(ipa), access | WALK_JUDGE, &s2);

	if (status == ERR_FAULT)
		return fault_on_walk(walk->result, ipa, s2.fst);
	if (status == OK && !(s2.desc & walk->s2->memory_mask))
		return fault_on_walk(walk->result, ipa, fst_of(FST_PERMISSION, s2.level));
	*output = s2.output.ipa;
	return status;
}

/* A fault of stage 1: result->s1 says it. */
static enum status fault_of_s1(struct s12_result *result)
{
	result->fst = result->s1.fst;
	result->fault_ipa = result->s1.fault_ipa;
	return ERR_FAULT;
}

/* A descriptor's IPA through stage 2, where all is as it mostly is: mapped, accessed, readable,
 * memory. False: walk_s2() must say. */
static __always_inline bool translate_fast(const struct s2_setup *s2, struct guest_windows *windows,
	uint64_t ipa, struct walk_near *near, uint64_t *output)
{
	const uint64_t needs = ENTRY_AF | S2_ENTRY_READ;
	struct walk_place place;

	if (unlikely(ipa >> s2->ia_bits) ||
		unlikely(walk_fast(windows, &s2->table, ipa, near, &place) != STEP_LEAF))
		return false;
	if (unlikely((place.desc & needs) != needs) || unlikely(!(place.desc & s2->memory_mask)))
		return false;
	*output = (place.desc & s2->table.address_mask & ~(BIT(place.shift) - 1)) |
		(ipa & (BIT(place.shift) - 1));
	return true;
}

/* All of it through windows, to a page of stage 1. False: there is something else. */
static __noinline bool descend_fast(const struct walk *walk, uint64_t va, struct walk_place *place)
{
	const struct walk_table *table = &walk->s1->table;
	const uint64_t *generation = walk_generation(walk->memory->windows, table);
	uint64_t base = table->base, mask = table->start_mask, table_attr = 0, desc, at;
	unsigned shift = table->start_shift - 3U;
	struct walk_near near = WALK_NEAR_NONE;
	struct guest_windows windows, windows_s1; /* of the tables of stage 2, and of stage 1 */

	if (!generation || walk->s2->invalid || walk->s2->base_too_large ||
		!walk_generation(walk->memory->windows, &walk->s2->table))
		return false;
	windows_s1 = windows = guest_windows_of(generation);
	for (;;) {
		uint64_t real;

		at = base | ((va >> shift) & mask);
		if (unlikely(!translate_fast(walk->s2, &windows, at, &near, &real)) ||
			unlikely(!guest_window_look(&windows_s1, real, &desc)) ||
			unlikely((desc & table->check_mask) != (ENTRY_VALID | ENTRY_TABLE)))
			return false;
		if (shift + 3 == table->page_shift)
			break;
		table_attr |= desc;
		base = desc & table->address_mask;
		mask = table->next_mask;
		shift -= table->stride;
	}
	place->at = at;
	place->desc = desc;
	place->table_attr = table_attr;
	place->shift = shift + 3;
	return guest_windows_held(&windows);
}

static enum status descend_slowly(const struct walk *walk, uint64_t va, struct walk_place *place)
{
	const struct walk_table *table = &walk->s1->table;
	enum walk_step step;

	*place = walk_begin(table);
	do {
		enum status status;
		uint64_t at;

		place->at = walk_find(place, va);
		status = translate_slowly(walk, place->at, 0, &at);
		if (status != OK)
			return status;
		status = walk_read(walk->memory, table, at, &place->desc);
		if (walk_is_sea(status)) {
			walk->result->s1.fault_ipa = IPA(place->at);
			step = STEP_UNREADABLE;
		} else if (status != OK) {
			return status;
		} else {
			step = walk_step(table, place);
		}
	} while (step == STEP_DOWN);
	if (step == STEP_LEAF)
		return OK;
	walk->result->s1.fst = walk_step_fst(step, table, place);
	return fault_of_s1(walk->result);
}

/* Flags in stage 1's leaf: a write to its IPA. */
static enum status set_flags(const struct walk *walk, uint64_t desc)
{
	struct s1_result *s1 = &walk->result->s1;
	enum status status;
	uint64_t at;

	status = translate_slowly(walk, s1->desc_ipa.ipa, WALK_WRITE | WALK_DIRTY, &at);
	if (status != OK)
		return status;
	status = walk_update(walk->memory, &walk->s1->table, at, s1->desc, desc);
	status = s1_flags_set(status, desc, s1);
	return status == ERR_FAULT ? fault_of_s1(walk->result) : status;
}

static enum status walk_once(const struct walk *walk, uint64_t va, unsigned access)
{
	struct s1_result *s1 = &walk->result->s1;
	struct walk_place place;
	enum status status;
	uint64_t desc;

	if (unlikely(!descend_fast(walk, va, &place))) {
		status = descend_slowly(walk, va, &place);
		if (status != OK)
			return status;
	}
	status = s1_leaf(walk->s1, &place, va, access, s1);
	if (status != OK)
		return fault_of_s1(walk->result);
	desc = s1_with_flags(walk->s1, s1, access);
	if (likely(desc == s1->desc) || !walk->memory->update)
		return OK;
	return set_flags(walk, desc);
}

/* Stage 1 through stage 2. */
static enum status walk_nested(const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, uint64_t va, unsigned access, struct s12_result *result)
{
	struct walk walk = { .s2 = s2, .memory = memory, .result = result };
	struct s1_walk scratch;
	enum status status;

	if (unlikely(s1_is_off(regime))) {
		status = s1_flat(regime, va, access, &result->s1);
		return status == ERR_FAULT ? fault_of_s1(result) : status;
	}
	walk.s1 = s1_walk_of(regime, memory->memo, va, &scratch);
	status = s1_enter(walk.s1, va, access, &result->s1);
	if (status == ERR_FAULT)
		return fault_of_s1(result);
	if (status != OK)
		return status;
	for (unsigned i = 0; i < WALK_TRIES; i++) {
		status = walk_once(&walk, va, access);
		if (likely(status != ERR_EXISTS))
			return status;
	}
	return ERR_BUSY;
}

/* What stage 1 led to, through stage 2. */
static enum status final(const struct s2_setup *s2, const struct walk_memory *memory,
	unsigned access, struct s12_result *result)
{
	enum status status = walk_s2(s2, memory, result->s1.ipa, access, &result->s2);

	if (status == ERR_FAULT) {
		result->stage2 = true;
		result->fst = result->s2.fst;
		result->fault_ipa = result->s1.ipa;
	}
	if (status != OK)
		return status;
	result->output = result->s2.output;
	result->attr = attr_combine(result->s1.attr, result->s2.mem_attr, s2->hcr);
	result->sh = attr_combine_sh(result->s1.sh, result->s2.sh);
	return OK;
}

/* Stage 1's result as that of both. */
static __always_inline void take_s1(struct s12_result *result)
{
	result->output = result->s1.ipa;
	result->attr = result->s1.attr;
	result->sh = result->s1.sh;
}

static __noinline enum status walk_both(const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, gva_t gva, unsigned access, struct s12_result *result)
{
	enum status status;

	s1_result_clear(&result->s1);
	status = walk_nested(regime, s2, memory, gva.gva, access, result);
	if (status != OK)
		return status;
	take_s1(result);
	return access & WALK_FINAL ? final(s2, memory, access, result) : OK;
}

enum status walk_s12(const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, gva_t gva, unsigned access, struct s12_result *result)
{
	enum status status;

	result->fst = 0;
	result->stage2 = false;
	result->on_walk = false;
	result->fault_ipa = IPA(0);
	if (s2)
		return walk_both(regime, s2, memory, gva, access, result);
	status = walk_s1_for(regime, memory, gva, access, &result->s1);
	if (unlikely(status != OK))
		return status == ERR_FAULT ? fault_of_s1(result) : status;
	take_s1(result);
	return OK;
}
