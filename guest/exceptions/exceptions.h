/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the exceptions payload.
 */
#ifndef GUEST_EXCEPTIONS_EXCEPTIONS_H
#define GUEST_EXCEPTIONS_EXCEPTIONS_H

/* What EL0 may not do, and what it causes at EL1. */
void test_el0(void);
/* All registers before and after each kind of exit and exception. */
void test_preserved(void);

#endif
