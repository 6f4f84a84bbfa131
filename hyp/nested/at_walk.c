/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at_walk.h"

#include "hyp/nested/par.h"

/* The error of a walk, but for ERR_FAULT. */
static enum status other_error(enum status status, uint64_t *par)
{
	if (status == ERR_BUSY)
		return ERR_BUSY;
	/* A CPU without any granule: nothing is mapped. What is none of a walk's: as if the tables
	 * gave an abort. */
	*par = par_fault(
		status == ERR_NOT_SUPPORTED ? FST_TRANSLATION : FST_WALK_SEA, false, false);
	return OK;
}

static __noinline enum status walk_both(const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, uint64_t va, unsigned access, uint64_t *par)
{
	struct s12_result result;
	enum status status = walk_s12(regime, s2, memory, GVA(va), access, &result);

	if (status == OK)
		*par = par_address(result.output.ipa, result.attr, result.sh);
	else if (status == ERR_FAULT)
		*par = par_fault(result.fst, result.stage2, result.on_walk);
	else
		return other_error(status, par);
	return OK;
}

enum status at_walk(const struct regime *regime, const struct walk_memory *memory, uint64_t va,
	const struct at_op *op, const struct s2_setup *s2, bool pan, uint64_t *par)
{
	unsigned access = pan ? op->access : op->access & ~WALK_PAN;
	struct s1_result result;
	enum status status;

	if (op->stage2)
		return walk_both(regime, s2, memory, va, access, par);
	status = walk_s1_for(regime, memory, GVA(va), access, &result);
	if (likely(status == OK))
		*par = par_address(result.ipa.ipa, result.attr, result.sh);
	else if (status == ERR_FAULT)
		*par = par_fault(result.fst, false, false);
	else
		return other_error(status, par);
	return OK;
}
