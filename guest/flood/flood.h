/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods: each a function that does a few of what it is named after.
 */
#ifndef GUEST_FLOOD_FLOOD_H
#define GUEST_FLOOD_FLOOD_H

#include "base.h"

struct flood {
	const char *mode;
	/* Does some of it, in well below a millisecond (but for nap's); returns how many. */
	u32 (*burst)(void);
	bool interrupts; /* they are to be taken meanwhile */
};

extern const struct flood floods[];
extern const u32 nr_floods;

/* Before the first burst: the GIC, and what the bursts use of it. */
void flood_prepare(void);
/* Interrupts taken so far, of any kind. */
u32 flood_taken(void);

#endif
