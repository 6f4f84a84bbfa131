/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT by a walk of tables in memory: PAR_EL1 as the CPU would leave it. It depends on nothing but
 * its arguments, so tests run it beside the CPU's own AT (tests/at/).
 *
 * A descriptor that can't be read is an external abort. The CPU takes that as an exception; here it
 * is told by PAR_EL1, whose FST has codes for it: the guest put its tables where it has no memory,
 * and no machine of its would have aborted.
 */
#ifndef HYP_NESTED_AT_WALK_H
#define HYP_NESTED_AT_WALK_H

#include "hyp/nested/at_op.h"
#include "mm/walk_s12.h"

/*
 * regime: that of op. s2: prepared from the registers where op->stage2, else not looked at. pan:
 * PSTATE.PAN of who executes it. Access flags are set if memory can do that; the dirty state never
 * is.
 *
 * OK (a status of the walk that is none of its own is an external abort, too): *par is what PAR_EL1
 * is to be. ERR_BUSY: the walk could not be made now, the guest is to execute the instruction
 * again. No others.
 */
__must_check enum status at_walk(const struct regime *regime, const struct walk_memory *memory,
	uint64_t va, const struct at_op *op, const struct s2_setup *s2, bool pan, uint64_t *par);

#endif
