/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts that are not a plain load or store to a device (abort.h): placed first, then
 * judged by the table in triage_table.h, then answered here.
 *
 * Order of checks:
 *   1. what the place has no say in: the machine's own external aborts (the guest gets them as its
 *      own, without an address where FnV = 1), TLB conflicts (everything of the VM's dropped, and
 *      again), alignment and unsupported atomic accesses (reflected), what can't come here
 *      (external abort, logged).
 *   2. the IPA: HPFAR_EL2 where the architecture defines it; on a permission fault by a walk of
 *      FAR in software (PAR_EL1 stays), never from HPFAR_EL2. A walk that fails: the guest has
 *      changed its tables meanwhile, and tries again; tables that hardware can read and Lintel
 *      doesn't (in shared memory): external abort on the walk.
 *   3. the place (place.h), and the table.
 *   4. an access that may reach into two pages (FAR is at the start of one, or the access ends
 *      beyond one) is not done by its syndrome, which describes it as a whole, but by emulate.h.
 *      AArch32 is never decoded: at a device its syndrome is all there is, as if the access began
 *      at FAR; where nothing is, one that ends beyond the page is never ignored.
 *   5. an exception for a fetch, where what can't be fetched is the guest's own vector: it would
 *      take that for ever, so it is stopped, with what it wanted to report.
 *
 * The level of an external abort on a walk is that of the guest's table, found by walking again;
 * when that no longer leads there, the guest has changed its tables, and tries again.
 */
#ifndef HYP_TRAP_TRIAGE_H
#define HYP_TRAP_TRIAGE_H

#include "hyp/vm/vcpu.h"

/* EC_DATA_ABORT_LOWER and EC_INSN_ABORT_LOWER. */
enum exit_result triage_data(struct vcpu *vcpu, uint64_t esr);
enum exit_result triage_instruction(struct vcpu *vcpu, uint64_t esr);

/*
 * For whoever lets the guest try an instruction again because something has changed meanwhile:
 * EXIT_RESUME. Should the same one come back RETRIES_MAX times, with not one register changed, that
 * is logged, and from then on it gives up its CPU each time (EXIT_RESCHEDULE), so that it is
 * nobody's loss but its own. Not for memory that is being given: that takes as long as it takes.
 */
enum exit_result triage_retry(struct vcpu *vcpu, uint64_t esr, uint64_t far);

#define RETRIES_MAX 8

#endif
