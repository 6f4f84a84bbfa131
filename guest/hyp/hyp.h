/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of this payload share: the groups of tests.
 */
#ifndef GUEST_HYP_HYP_H
#define GUEST_HYP_HYP_H

#include "exception.h"
#include "inner.h"
#include "machine.h"
#include "print.h"
#include "tap.h"

/* Each group begins with inner_plain() and an empty pool, and leaves HCR_EL2 to the next. */
struct group {
	const char *name;
	void (*run)(void);
};

static inline bool vhe(void)
{
	return el2_form == EL2_VHE;
}

/* A row about where the inner guest went: vector and syndrome. */
bool left_by(const struct inner *inner, u64 vector, u64 esr, const char *what);

void test_forms(void);
void test_exceptions(void);
void test_eret(void);
void test_registers(void);
void test_exits(void);
void test_traps(void);
void test_tge(void);
void test_stage2(void);
void test_shadow(void);
void test_storms(void);
void test_cpus(void);
void test_at(void);
/* Figures instead of tests, with boot argument `bench`. */
void bench(void);
void test_at_stages(void);
void test_at_controls(void);
void test_gic(void);
void test_timers(void);

#endif
