/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake CPU of the unit tests: what hyp/arch does by instructions, done on arrays and recorded.
 *
 * It is linked into every test. Each function of hyp/arch, and the log and panic(), is weak here: a
 * test that has its own, or links the real source, replaces it.
 */
#ifndef TESTS_UNIT_FAKE_CPU_H
#define TESTS_UNIT_FAKE_CPU_H

#include <setjmp.h>

#include "hyp/arch/cpu.h"
#include "hyp/arch/smc.h"

/* Everything back to the start: registers zero, no hooks, nothing recorded, one CPU, which is this
 * one. */
void fake_cpu_reset(void);

/* Makes `n` CPUs (online, with a trace ring, affinity = index), of which the first is this one. */
void fake_cpu_count(unsigned n);

/* From now on code runs on that CPU. System registers are each CPU's own: those of the one before
 * are kept. */
void fake_cpu_switch(unsigned index);

/* System registers of this CPU, by encoding (SYS_*); past the hooks. */
uint64_t fake_sysreg_get(unsigned encoding);
void fake_sysreg_set(unsigned encoding, uint64_t value);

/* The same by name: an lvalue. */
uint64_t *fake_sysreg_at(unsigned encoding);
#define fake_reg(name) (*fake_sysreg_at(SYS_##name))

/* How often code has written the register since the reset, or read it. On all CPUs. */
unsigned fake_sysreg_writes(unsigned encoding);
unsigned fake_sysreg_reads(unsigned encoding);
/* All registers together. */
extern unsigned fake_sysreg_accesses;

/* What a read gives instead of `value`, the stored one; what a write stores instead of `value`.
 * NULL: as it is. */
extern uint64_t (*fake_sysreg_read_hook)(unsigned encoding, uint64_t value);
extern uint64_t (*fake_sysreg_write_hook)(unsigned encoding, uint64_t value);

/* AT S1E1R and S1E2R: what they give for an address. NULL: no translation. */
extern uint64_t (*fake_at_hook)(uint64_t va);
/* The same for at_s1(), by kind (hyp/arch/at.h: enum at_kind). NULL: as AT S1E1R. */
extern uint64_t (*fake_at_kind_hook)(unsigned kind, uint64_t va);

/* Device registers; NULL: plain memory. */
extern uint64_t (*fake_mmio_read_hook)(const volatile void *address, unsigned width);
extern void (*fake_mmio_write_hook)(volatile void *address, unsigned width, uint64_t value);

/* The firmware; NULL: x0 = NOT_SUPPORTED (-1). The last call is kept as it came. */
extern void (*fake_smc_hook)(struct smc_regs *regs);
extern struct smc_regs fake_smc_last;
extern unsigned fake_smc_calls;

/* What was done to caches and TLBs, in order (the first FAKE_OPS_MAX). */
enum fake_op_kind {
	FAKE_CACHE_CLEAN,
	FAKE_CACHE_CLEAN_INVALIDATE,
	FAKE_CACHE_SYNC_CODE,
	FAKE_TLB_VMID,
	FAKE_TLB_IPA,
	FAKE_TLB_ALL_GUESTS,
	FAKE_TLB_EL2_VA,
	FAKE_TLB_EL2_ALL,
	FAKE_CACHE_MAINTAIN, /* extra: enum cmo_op */
	FAKE_CACHE_CODE,     /* all of it */
	FAKE_TLB_LOCAL_VMID,
	FAKE_TLB_GUEST, /* address: the operand; extra: VTTBR | enum tlb_guest_op */
};

struct fake_op {
	enum fake_op_kind kind;
	uint64_t address; /* of memory, an IPA, a VA */
	uint64_t extra;   /* size, or VTTBR */
};

#define FAKE_OPS_MAX 4096
extern struct fake_op fake_ops[FAKE_OPS_MAX];
extern unsigned fake_op_count;

/* How many of a kind were recorded. */
unsigned fake_ops_of(enum fake_op_kind kind);

/* copy_fault_safe() fails when it touches [fake_bad_memory, + fake_bad_size), or when the hook says
 * true. */
extern const void *fake_bad_memory;
extern size_t fake_bad_size;
extern bool (*fake_copy_faults)(const void *destination, const void *source, size_t n);

/* The FP/SIMD registers: fpsimd_save() and fpsimd_read() give them out, fpsimd_restore() and
 * fpsimd_write() change them. */
extern struct fpsimd_state fake_fpsimd;

/* The guest: what vcpu_enter_*() does, and ESR_EL2 says then. NULL: an IRQ comes at once. */
extern enum exit_kind (*fake_enter_hook)(struct guest_regs *regs);

/* What was logged, each message with its line feed, and how many there were. */
extern char fake_log[8192];
extern unsigned fake_log_messages;

/*
 * A test that expects panic():
 *
 *	if (FAKE_PANICS()) { function(); fail(); }
 *
 * panic() then comes back to the condition, which is false the second time; fake_panicked counts.
 * Unexpected ones abort.
 */
extern jmp_buf fake_panic_jump;
extern bool fake_panic_expected;
extern unsigned fake_panicked;
#define FAKE_PANICS() (fake_panic_expected = true, setjmp(fake_panic_jump) == 0)

#endif
