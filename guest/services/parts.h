/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GUEST_SERVICES_PARTS_H
#define GUEST_SERVICES_PARTS_H

#include "power.h"

/* A call by either conduit with x1 = argument; all results. The result is signed, of 32 bits. */
s32 service_call(enum conduit conduit, u32 function, u64 argument, struct smccc *results);

extern const char *const conduit_names[2];

void test_arch(enum conduit conduit);
void test_trng(enum conduit conduit);
void test_random(enum conduit conduit);
void test_vendor(enum conduit conduit);

#endif
