/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at_walk.h"

#include "hyp/nested/par.h"

enum status at_walk(const struct at_op *op, const struct regime *regime, const struct s2_setup *s2,
	const struct walk_memory *memory, uint64_t va, bool pan, uint64_t *par)
{
	struct s12_result result;
	unsigned access = pan ? op->access : op->access & ~WALK_PAN;
	enum status status =
		walk_s12(regime, op->stage2 ? s2 : NULL, memory, GVA(va), access, &result);

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
