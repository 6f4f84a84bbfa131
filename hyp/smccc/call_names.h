/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the calls are called that are counted (hyp/vm/vcpu.h), for people.
 */
#ifndef HYP_SMCCC_CALL_NAMES_H
#define HYP_SMCCC_CALL_NAMES_H

#include "hyp/vm/vcpu.h"

/* A PSCI function by its number (0 .. NR_PSCI_CALLS - 1), as calls.def calls it. */
const char *psci_function_name(unsigned number);

const char *call_class_name(enum call_class which);

#endif
