/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU's own answer to a case.
 */
#ifndef TESTS_AT_CPU_H
#define TESTS_AT_CPU_H

#include "tests/at/maker.h"

/* What it is. */
void cpu_describe(struct at_cpu *cpu);

/* Registers and AT as the case says: PAR_EL1. An abort instead: its syndrome in *esr, else 0. */
uint64_t cpu_at(const struct at_case *made, uint64_t *esr);

/* Semihosting. */
void cpu_exit(unsigned status) __attribute__((noreturn));
/* The command line; false: there is none. */
bool cpu_arguments(char *text, size_t size);

#endif
