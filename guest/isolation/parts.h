/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of the isolation payload.
 */
#ifndef GUEST_ISOLATION_PARTS_H
#define GUEST_ISOLATION_PARTS_H

#include "exception.h"
#include "machine.h"
#include "mmio.h"
#include "mmu.h"
#include "regs.h"
#include "tap.h"

#define SLOT            8
#define MAP_HOLE_DEVICE (MAP_DEVICE | MAP_AF | MAP_UXN | MAP_PXN)
#define MAP_HOLE_NORMAL (MAP_NORMAL | MAP_AF | MAP_UXN)
/* Nothing is at this address, on Lintel's machine or QEMU's. */
#define HOLE            UINT64_C(0x0b000000)

/* Bits of a syndrome that may be 0 or 1 in an external abort: EA, WnR. */
#define ESR_EA          BIT(9)
#define ESR_SEA_FREE    (ESR_EA | ESR_WNR)

/* True for exactly one exception, a synchronous external abort of a load or store. */
static inline bool is_data_sea(const struct probe *p)
{
	return p->taken && p->count == 1 && (p->esr & ~ESR_SEA_FREE) == ESR_DATA_SEA;
}

/* True for exactly one exception, an undefined instruction. */
static inline bool is_undef(const struct probe *p)
{
	return p->taken && p->count == 1 && p->esr == ESR_UNDEF;
}

/* Prints what a probe found when it was not what was wanted; returns `good`. */
bool explain(bool good, const char *what, const struct probe *p);

/* Addresses where nothing is: every kind of access. */
void test_holes(void);
/* Devices: out of range, misaligned, by instructions without a syndrome. */
void test_devices(void);
/* Cache maintenance and address translation instructions. */
void test_maintenance(void);
/* System registers and instructions that EL1 does not have. */
void test_registers(void);
/* SMC and HVC, identifiers and immediates that nobody serves. */
void test_calls(void);

#endif
