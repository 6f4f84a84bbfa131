/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_s12.h"

#include "mm/walk_attr.h"
#include "mm/walk_s1_parts.h"

struct walk {
	const struct s1_walk *s1;
	const struct s2_setup *s2;
	const struct walk_memory *memory;
	struct walk_source source1, source2;
	struct s12_result *result;
};

/*
 * A descriptor's IPA through stage 2, where all is as it mostly is: mapped, accessed, readable,
 * memory. False: it isn't, or it can't be said here; walk_s2() says.
 */
static __always_inline bool translate(
	const struct s2_setup *s2, const struct walk_source *source, uint64_t ipa, uint64_t *output)
{
	struct walk_place place;
	enum walk_step step;

	if (unlikely(ipa >> s2->ia_bits))
		return false;
	walk_begin(&s2->table, &place);
	do {
		walk_find(&place, ipa);
		if (walk_read(source, &s2->table, place.at, &place.desc) != OK)
			return false;
		step = walk_next(&s2->table, &place);
	} while (likely(step == STEP_DOWN));
	if (unlikely(step != STEP_LEAF) || !(place.desc & ENTRY_AF) ||
		!(place.desc & S2_ENTRY_READ) || !(place.desc & s2->memory_mask))
		return false;
	*output = walk_leaf_address(&s2->table, place.desc, place.shift) |
		(ipa & (BIT(place.shift) - 1));
	return true;
}

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

static __always_inline enum status descend(
	const struct walk *walk, uint64_t va, struct walk_place *place)
{
	/* Otherwise stage 2 has no tables. */
	bool sane = !walk->s2->invalid && !walk->s2->base_too_large;
	enum walk_step step;

	walk_begin(&walk->s1->table, place);
	do {
		enum status status;
		uint64_t at;

		walk_find(place, va);
		if (unlikely(!sane) ||
			unlikely(!translate(walk->s2, &walk->source2, place->at, &at))) {
			status = translate_slowly(walk, place->at, 0, &at);
			if (status != OK)
				return status;
		}
		status = walk_read(&walk->source1, &walk->s1->table, at, &place->desc);
		if (unlikely(status != OK)) {
			if (!walk_is_sea(status))
				return status;
			walk->result->s1.fault_ipa = IPA(place->at);
			walk->result->s1.fst = fst_of(FST_WALK_SEA, place->level);
			return fault_of_s1(walk->result);
		}
		step = walk_next(&walk->s1->table, place);
	} while (step == STEP_DOWN);
	if (step == STEP_LEAF)
		return OK;
	walk->result->s1.fst = place->fst;
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
	enum status status = descend(walk, va, &place);
	uint64_t desc;

	if (status != OK)
		return status;
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
	struct s1_walk s1;
	struct walk walk = { .s1 = &s1, .s2 = s2, .memory = memory, .result = result };
	enum status status;

	if (s1_is_off(regime))
		status = s1_flat(regime, va, access, &result->s1);
	else
		status = s1_set_up(&s1, regime, va, access, &result->s1);
	if (status == ERR_FAULT)
		return fault_of_s1(result);
	if (status != OK || result->s1.off)
		return status;
	walk.source1 = walk_source_of(memory, &s1.table);
	walk.source2 = walk_source_of(memory, &s2->table);
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

enum status walk_s12(const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, gva_t gva, unsigned access, struct s12_result *result)
{
	enum status status;

	*result = (struct s12_result){ 0 };
	if (!s2) {
		status = walk_s1_for(regime, memory, gva, access, &result->s1);
		if (status == ERR_FAULT)
			return fault_of_s1(result);
	} else {
		status = walk_nested(regime, s2, memory, gva.gva, access, result);
	}
	if (status != OK)
		return status;
	result->output = result->s1.ipa;
	result->attr = result->s1.attr;
	result->sh = result->s1.sh;
	return s2 && (access & WALK_FINAL) ? final(s2, memory, access, result) : OK;
}
