/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A CPU for the unit tests: system registers are an array, maintenance and firmware calls are recorded, device registers
 * are plain memory or go to the test's hooks. A test that wants a function of its own simply defines it: all functions of
 * hyp/arch here are weak.
 */
#ifndef TESTS_UNIT_FAKE_CPU_H
#define TESTS_UNIT_FAKE_CPU_H

#include "hyp/arch/cpu.h"
#include "hyp/arch/smc.h"

/* By encoding (SYSREG_ENC()). fake_reg(NAME) is an lvalue. */
#define FAKE_SYSREGS 65536
extern uint64_t fake_sysregs[FAKE_SYSREGS];
#define fake_reg(name) (fake_sysregs[SYS_##name])

/* When set: what a read gives (the array's value is passed), and what a write leaves in the array. */
extern uint64_t (*fake_sysreg_read_hook)(unsigned encoding, uint64_t value);
extern uint64_t (*fake_sysreg_write_hook)(unsigned encoding, uint64_t value);

/* How often a register was read and written since the last reset. */
unsigned fake_sysreg_reads(unsigned encoding);
unsigned fake_sysreg_writes(unsigned encoding);

/* Device registers: NULL: plain accesses to the build machine's memory. */
extern uint64_t (*fake_mmio_read_hook)(const volatile void *address, unsigned width);
extern void (*fake_mmio_write_hook)(volatile void *address, unsigned width, uint64_t value);

/* The firmware: NULL: every call answers NOT_SUPPORTED (-1). */
extern void (*fake_smc_hook)(struct smc_regs *regs);

/* copy_fault_safe() fails when it touches [fake_bad_memory, + fake_bad_size). */
extern const void *fake_bad_memory;
extern size_t fake_bad_size;

/* What was done to caches and TLBs, in order. */
enum fake_op_kind {
	FAKE_CACHE_CLEAN,
	FAKE_CACHE_CLEAN_INVALIDATE,
	FAKE_CACHE_SYNC_CODE,
	FAKE_TLB_VMID,
	FAKE_TLB_IPA,
	FAKE_TLB_ALL_GUESTS,
	FAKE_TLB_EL2_VA,
	FAKE_TLB_EL2_ALL,
};
struct fake_op {
	enum fake_op_kind kind;
	uint64_t address; /* of memory, an IPA, a VA */
	uint64_t extra;	  /* size, or VTTBR */
};
#define FAKE_OPS_MAX 4096
extern struct fake_op fake_ops[FAKE_OPS_MAX];
extern unsigned fake_op_count; /* may exceed FAKE_OPS_MAX: only so many are kept */

/* How many of a kind were recorded. */
unsigned fake_ops_of(enum fake_op_kind kind);

/* Forgets everything: registers zero, no hooks, no record, this CPU is cpus[0], one CPU. */
void fake_cpu_reset(void);

/* From now on the code runs on CPU n. */
void fake_cpu_switch(unsigned n);

#endif
