/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What proofs are written with. Each tests/proof/proof_*.c is a program whose main() is shown by
 * CBMC to keep its PROVE()s, and every array's bounds, whatever nondet_*() return.
 */
#ifndef TESTS_PROOF_PROOF_H
#define TESTS_PROOF_PROOF_H

#include "hyp/base/types.h"

void __CPROVER_assume(_Bool condition);
void __CPROVER_assert(_Bool condition, const char *text);

#define ASSUME(condition) __CPROVER_assume(condition)
#define PROVE(condition)  __CPROVER_assert(condition, #condition)

/* In the code that is proved, or right beside it: the second in the run that has to fail. */
#ifdef BREAK
#define BROKEN(right, wrong) (wrong)
#else
#define BROKEN(right, wrong) (right)
#endif

/* Without a body: any value. */
unsigned nondet_unsigned(void);
uint16_t nondet_uint16(void);
uint32_t nondet_uint32(void);
uint64_t nondet_uint64(void);
_Bool nondet_bool(void);

#endif
