/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's memory for the tests of the walkers: a few descriptors at a few addresses, all else
 * zero.
 */
#ifndef TESTS_UNIT_WALK_MODEL_H
#define TESTS_UNIT_WALK_MODEL_H

#include "mm/walk.h"

/* Everything zero and readable, nothing counted. */
void model_reset(void);

void model_put(uint64_t ipa, uint64_t value);
uint64_t model_get(uint64_t ipa);

/* Reads of this address give that status. */
extern uint64_t model_unreadable;
extern enum status model_status;

/* Is called before each update. NULL: not. */
extern void (*model_before_update)(uint64_t ipa);
extern enum status model_update_status; /* not OK: what updates give */

extern unsigned model_reads, model_updates, model_syncs;

extern const struct walk_memory model_memory;   /* with updates */
extern const struct walk_memory model_readonly; /* without */

#define VALID 1UL
#define TABLE 3UL
#define PAGE  3UL
#define BLOCK 1UL
#define AF    BIT(10)

#endif
