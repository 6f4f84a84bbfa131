/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel's answer to a case: by hyp/nested/at_walk.c and what that is made of.
 */
#ifndef TESTS_AT_MODEL_H
#define TESTS_AT_MODEL_H

#include "mm/walk.h"
#include "tests/at/maker.h"

/* PAR_EL1. memory: where the tables are. */
uint64_t model_at(
	const struct at_case *made, const struct at_cpu *cpu, const struct walk_memory *memory);

#endif
