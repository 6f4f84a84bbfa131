/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine as its devicetree describes it, and the boot arguments.
 */
#ifndef GUEST_LIB_MACHINE_H
#define GUEST_LIB_MACHINE_H

#include "power.h"

#define BOOTARGS_MAX 256

/* The PL061s of the first memory region that the VM shares with others. */
#define SHARED_CHIPS 2

/* Regions that can only be read: the first so many. */
#define ROMS         2

struct machine {
	u64 memory_base;
	u64 memory_size;
	u32 cpus; /* at most MAX_CPUS of them */
	u64 mpidr[MAX_CPUS];
	enum conduit conduit;
	char bootargs[BOOTARGS_MAX];
	u64 shared_base; /* memory that it shares with other VMs: its first region; size 0: none */
	u64 shared_size;
	u32 chips;
	u64 chip_base[SHARED_CHIPS]; /* "in", "out" */
	u32 chip_intid[SHARED_CHIPS];
	u32 roms;
	u64 rom_base[ROMS];
	u64 rom_size[ROMS];
};

extern struct machine machine;

/* Reads the devicetree at `address`; what it does not say keeps its default. */
void machine_read(u64 address);

/* The number after `name=` in the boot arguments (decimal, or 0x…), or `otherwise`. */
u64 arg_number(const char *name, u64 otherwise);
/* Copies the text after `name=` up to a blank into `value`; false when it isn't there. */
bool arg_text(const char *name, char *value, size_t size);
/* True when the word `name` stands in the boot arguments. */
bool arg_flag(const char *name);
/*
 * True under Lintel (boot argument `lintel`): what Lintel promises beyond a plain machine is tested
 * then, and skipped on a machine without it.
 */
bool under_lintel(void);

#endif
