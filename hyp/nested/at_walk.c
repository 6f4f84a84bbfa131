/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at_walk.h"

#include "hyp/nested/par.h"

static unsigned access_of(const struct at_op *op, bool pan)
{
	return (op->user ? WALK_USER : 0) | (op->write ? WALK_WRITE : 0) |
		(op->pan && pan ? WALK_PAN : 0) | (op->any ? 0 : WALK_JUDGE) |
		(op->through ? WALK_FINAL : 0);
}

enum status at_walk(const struct at_op *op, const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, uint64_t va, bool pan, uint64_t *par)
{
	struct s12_result result;
	enum status status = walk_s12(
		regime, op->stage2 ? s2 : NULL, memory, GVA(va), access_of(op, pan), &result);

	if (status == OK)
		*par = par_address(result.output.ipa, result.attr, result.sh);
	else if (status == ERR_FAULT)
		*par = par_fault(result.fst, result.stage2, result.on_walk);
	else if (status == ERR_BUSY)
		return ERR_BUSY;
	else /* A CPU without any granule: nothing is mapped. */
		*par = par_fault(FST_TRANSLATION, false, false);
	return OK;
}
