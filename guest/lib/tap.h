/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test results as TAP, and the end of a payload.
 */
#ifndef GUEST_LIB_TAP_H
#define GUEST_LIB_TAP_H

#include "base.h"

/* Prints `1..count` before the first result; without it tap_done() prints the plan at the end. */
void tap_plan(u32 count);
/* A result line; returns `condition`. */
bool tap_ok(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Like tap_ok(), and on failure says what was found and what was expected. */
bool tap_is(u64 found, u64 expected, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A test that this machine can't run: counts as passed, marked SKIP with the reason. */
void tap_skip(const char *what, const char *reason);
/* A comment line. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Counts of what passed and failed, then power off. */
void __attribute__((noreturn)) tap_done(void);
/* Failures so far. */
u32 tap_failed(void);

#endif
