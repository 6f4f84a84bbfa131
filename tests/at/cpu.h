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

/*
 * A real access of EL1's to an IPA, with stage 1 off, by code that stage 2 must have at code_ipa
 * (cpu_access_code() is where it is): a fault of stage 2 as PAR_EL1 would tell it; 0: it was made,
 * if only to be aborted by the memory.
 */
uint64_t cpu_access(const struct at_case *made, uint64_t code_ipa, uint64_t ipa, bool write);
uint64_t cpu_access_code(void);

/* Semihosting. */
void cpu_exit(unsigned status) __attribute__((noreturn));
/* The command line; false: there is none. */
bool cpu_arguments(char *text, size_t size);

#endif
