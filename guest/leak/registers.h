/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every register that a guest can write without harm to itself while it only spins.
 */
#ifndef GUEST_LEAK_REGISTERS_H
#define GUEST_LEAK_REGISTERS_H

#include "base.h"

#define LEAK_REGISTERS_MAX 128

struct leak_register {
	char name[20];
	u64 (*read)(void);
	void (*write)(u64 value);
	u64 keep;  /* bits that stay as they are */
	u64 first; /* value before the test: bits of `keep`, and what is put back at the end */
};

/* The registers that this CPU has, by its ID registers; returns how many. */
u32 leak_registers(struct leak_register *table);

#endif
