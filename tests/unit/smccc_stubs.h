/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the dispatcher without the services: every handler of calls.def that the test
 * doesn't link calls smccc_stub_hook(), and is NOT_SUPPORTED where that is NULL; so are calls that
 * are forwarded, unless it links what forwards them.
 */
#ifndef TESTS_UNIT_SMCCC_STUBS_H
#define TESTS_UNIT_SMCCC_STUBS_H

#include "hyp/smccc/dispatch.h"

extern smccc_service smccc_stub_hook;

#endif
