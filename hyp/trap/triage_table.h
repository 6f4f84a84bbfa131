/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judgement of stage-2 aborts as tables: what kind of abort it is (from the syndrome alone),
 * and what its answer is at each place. Pure.
 *
 * The kind is the first row that fits:
 *
 * | syndrome                                           | kind         |
 * | -------------------------------------------------- | ------------ |
 * | FSC 0x10, 0x14..0x17                               | HARDWARE     |
 * | FSC 0x30                                           | TLB_CONFLICT |
 * | FSC 0x21, 0x35 of a data abort                     | REFLECTED    |
 * | any FSC but 0x00..0x0f                             | ODD          |
 * | S1PTW, FSC 0x04..0x07 (translation)                | WALK         |
 * | S1PTW, FSC 0x00..0x03, 0x08..0x0b (size, flag)     | WALK_FLAG    |
 * | S1PTW, FSC 0x0c..0x0f (permission)                 | WALK_RIGHT   |
 * | CM, of a data abort                                | MAINTENANCE  |
 * | FSC 0x00..0x03                                     | SIZE         |
 * | FSC 0x08..0x0b                                     | FLAG         |
 * | an instruction abort, translation                  | FETCH        |
 * | an instruction abort, permission                   | FETCH_RIGHT; |
 * |   the memory is not to be executed                 | FETCH_NEVER  |
 * | WnR = 0 or 1, translation, ISV = 1                 | LOAD, STORE  |
 * | WnR = 0 or 1, translation, ISV = 0                 | LOAD_BLIND, STORE_BLIND |
 * | WnR = 0 or 1, permission                           | LOAD_RIGHT, STORE_RIGHT |
 *
 * The level (the low two bits of these FSCs) changes nothing: stage 2 may lack a thing at any.
 *
 * | kind \ place | RAM     | lazy | ROM     | lazy | device   | nothing  | beyond  |
 * | ------------ | ------- | ---- | ------- | ---- | -------- | -------- | ------- |
 * | WALK         | retry   | give | retry   | give | on walk  | on walk  | on walk |
 * | WALK_FLAG    | flush   | give | flush   | give | on walk  | on walk  | on walk |
 * | WALK_RIGHT   | flush   | give | on walk | give | on walk  | on walk  | on walk |
 * | MAINTENANCE  | cmo.h everywhere                                              |
 * | SIZE         | flush   | give | flush   | give | size     | size     | size    |
 * | FLAG         | flush   | give | flush   | give | flush    | flush    | size    |
 * | FETCH        | retry   | give | retry   | give | external | external | size    |
 * | FETCH_RIGHT  | flush   | give | flush   | give | retry    | retry    | retry   |
 * | FETCH_NEVER  | external| give | external| give | retry    | retry    | retry   |
 * | LOAD         | retry   | give | retry   | give | emulate  | absent   | size    |
 * | LOAD_BLIND   | retry   | give | retry   | give | decode   | decode   | decode  |
 * | STORE        | retry   | give | retry   | give | emulate  | absent   | size    |
 * | STORE_BLIND  | retry   | give | retry   | give | decode   | absent   | size    |
 * | LOAD_RIGHT   | flush   | give | flush   | give | retry    | retry    | retry   |
 * | STORE_RIGHT  | flush   | give | store   | give | retry    | retry    | retry   |
 *
 *   retry     it is there by now, or the guest has changed its tables since: again
 *   flush     it was there all the time, with that right: a TLB has an old entry. Dropped; again
 *   give      memory on first touch; again
 *   emulate   by the syndrome (abort.h)
 *   decode    by the instruction (emulate.h). Loads of nothing and beyond, too: an emulator says
 *             that of DC CVAP and DC CVADP, which have answers of their own
 *   external  external abort; on walk: with the level of the guest's own walk. WALK_RIGHT at ROM
 *             is a walker that would set a flag in a table there
 *   size      address size fault, level 0
 *   absent    the VM's policy (absent-access): external, or ignored
 *   store     the region's policy (stores): external, or ignored
 *
 * Ignored is a load of zero, a store of nothing; where the syndrome doesn't say which (ISV = 0):
 * decode. Sources: Arm ARM D8.15 (stage 2 and faults), ESR_EL2; KVM and the architecture agree that
 * a fault on a walk goes to EL1 as an external abort on it.
 */
#ifndef HYP_TRAP_TRIAGE_TABLE_H
#define HYP_TRAP_TRIAGE_TABLE_H

#include "hyp/trap/place.h"

enum abort_kind {
	ABORT_HARDWARE,
	ABORT_TLB_CONFLICT,
	ABORT_REFLECTED,
	ABORT_ODD,
	ABORT_WALK, /* from here on the place decides */
	ABORT_WALK_FLAG,
	ABORT_WALK_RIGHT,
	ABORT_MAINTENANCE,
	ABORT_SIZE,
	ABORT_FLAG,
	ABORT_FETCH,
	ABORT_FETCH_RIGHT,
	ABORT_FETCH_NEVER,
	ABORT_LOAD,
	ABORT_LOAD_BLIND,
	ABORT_STORE,
	ABORT_STORE_BLIND,
	ABORT_LOAD_RIGHT,
	ABORT_STORE_RIGHT,
	NR_ABORT_KINDS,
};

/* Of an abort from a lower EL, by its ESR_EL2; never FETCH_NEVER, which only the place tells. */
enum abort_kind triage_kind(uint64_t esr);

/* Its answer depends on where it was. */
static inline bool triage_has_place(enum abort_kind kind)
{
	return kind >= ABORT_WALK;
}

/* HPFAR_EL2 says where it was; else it is UNKNOWN (a permission fault that no walk made). */
bool triage_has_hpfar(uint64_t esr);

/* The answer. absent_ignored: the VM's policy. placed: only where triage_has_place(). */
enum abort_answer triage_answer(uint64_t esr, const struct placed *placed, bool absent_ignored);

/* What it is called. */
const char *triage_answer_name(enum abort_answer answer);

#endif
