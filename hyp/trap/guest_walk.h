/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the guest sees its memory at this moment: the vCPU is loaded, and has just come out.
 */
#ifndef HYP_TRAP_GUEST_WALK_H
#define HYP_TRAP_GUEST_WALK_H

#include "hyp/vm/vcpu.h"
#include "mm/walk_s1.h"

/* The guest's EL1&0 regime. */
struct regime guest_regime(const struct vcpu *vcpu);

/* It was at EL0. */
bool guest_at_el0(const struct vcpu *vcpu);

/* Its data accesses at its present EL are big-endian. */
bool guest_big_endian(const struct vcpu *vcpu);

/*
 * walk_s1() of an address at its present EL. PAR_EL1 is not touched. With AArch32 at EL1 the CPU
 * is asked (AT): then the page counts as one of 4 KiB, of level 0 unless it can't be written, and
 * MEM_X is not known.
 */
enum status guest_walk(struct vcpu *vcpu, uint64_t va, bool fetch, struct s1_result *result);

/* The same of a data access with EL0's rights, whatever its EL, or (user false) without. */
enum status guest_walk_data(struct vcpu *vcpu, uint64_t va, bool user, struct s1_result *result);

/*
 * A walk has failed with `status`. True: Lintel can't tell where the guest's own tables lead, and
 * *answer is what to return. EXIT_RESUME: memory is being given where they are (ERR_BUSY).
 * EXIT_INJECT: they are where it doesn't read, or of a kind it doesn't walk; an external abort (on
 * the walk, if its level is known) is recorded. False: the tables say no, result->fst says how.
 * esr: of the abort that the walk was for.
 */
bool guest_walk_failed(struct vcpu *vcpu, enum status status, const struct s1_result *result,
	uint64_t esr, uint64_t va, enum exit_result *answer);

/*
 * At which level a walk of va reads a descriptor in the page of memory at `page` (an IPA): the
 * first such level with `absent`, for nothing can be read there; else the last. ERR_FAULT: the walk
 * does not come there, the guest has changed its tables; ERR_NOT_SUPPORTED and ERR_BUSY as
 * walk_s1(); ERR_NOT_SUPPORTED for long descriptors of AArch32.
 */
enum status guest_walk_level(
	struct vcpu *vcpu, uint64_t va, bool fetch, ipa_t page, bool absent, unsigned *level);

/* The instruction at its PC, as walk_s1_fetch(). AArch64 only. */
enum status guest_fetch(struct vcpu *vcpu, uint32_t *instruction);

#endif
