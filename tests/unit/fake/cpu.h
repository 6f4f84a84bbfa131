/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake CPU of the unit tests: what hyp/arch does by instructions, done on arrays and recorded.
 *
 * It is linked into every test. Each function of hyp/arch, and the log and panic(), is weak here: a test that has its own,
 * or links the real source, replaces it.
 */
#ifndef TESTS_UNIT_FAKE_CPU_H
#define TESTS_UNIT_FAKE_CPU_H

#include <setjmp.h>

#include "hyp/arch/cpu.h"
#include "hyp/arch/smc.h"

/* Everything back to the start: registers zero, no hooks, nothing recorded, one CPU, which is this one. */
void fake_cpu_reset(void);

/* Makes `n` CPUs (online, with a trace ring, affinity = index), of which the first is this one. */
void fake_cpu_count(unsigned n);

/* From now on code runs on that CPU. System registers are each CPU's own: those of the one before are kept. */
void fake_cpu_switch(unsigned index);

/* System registers of this CPU, by encoding (SYS_*); past the hooks. */
uint64_t fake_sysreg_get(unsigned encoding);
void fake_sysreg_set(unsigned encoding, uint64_t value);

/* How often code has written the register since the reset, or read it. On all CPUs. */
unsigned fake_sysreg_writes(unsigned encoding);
unsigned fake_sysreg_reads(unsigned encoding);
/* All registers together. */
extern unsigned fake_sysreg_accesses;

/* What a read gives instead of `value`, the stored one; what a write stores instead of `value`. NULL: as it is. */
extern uint64_t (*fake_sysreg_read_hook)(unsigned encoding, uint64_t value);
extern uint64_t (*fake_sysreg_write_hook)(unsigned encoding, uint64_t value);

/* Device registers; NULL: plain memory. */
extern uint64_t (*fake_mmio_read_hook)(const volatile void *address, unsigned width);
extern void (*fake_mmio_write_hook)(volatile void *address, unsigned width, uint64_t value);

/* The firmware; NULL: x0 = NOT_SUPPORTED (-1). The last call is kept as it came. */
extern void (*fake_smc_hook)(struct smc_regs *regs);
extern struct smc_regs fake_smc_last;
extern unsigned fake_smc_calls;

/* TLB invalidations in the order they came (the first FAKE_TLB_MAX). */
enum fake_tlb_kind {
	FAKE_TLB_VMID,
	FAKE_TLB_IPA,
	FAKE_TLB_ALL_GUESTS,
	FAKE_TLB_EL2_VA,
	FAKE_TLB_EL2_ALL,
};

struct fake_tlb_flush {
	enum fake_tlb_kind kind;
	uint64_t vttbr;
	uint64_t address; /* IPA or VA */
};

#define FAKE_TLB_MAX 64
extern struct fake_tlb_flush fake_tlb[FAKE_TLB_MAX];
extern unsigned fake_tlb_flushes;

/* Cache maintenance: how many calls, and the last one's range. */
extern unsigned fake_cache_cleans, fake_cache_clean_invalidates, fake_cache_code_syncs;
extern const void *fake_cache_start;
extern size_t fake_cache_size;

/* copy_fault_safe(): true makes the copy fail. NULL: none does. */
extern bool (*fake_copy_faults)(const void *destination, const void *source, size_t n);

/* The FP/SIMD registers: fpsimd_save() gives them out, fpsimd_restore() changes them. */
extern struct fpsimd_state fake_fpsimd;

/* The guest: what vcpu_enter_*() does. NULL: an IRQ comes at once. */
extern enum exit_kind (*fake_enter_hook)(struct guest_regs *regs);

/* What was logged, each message with its line feed, and how many there were. */
extern char fake_log[8192];
extern unsigned fake_log_messages;

/*
 * A test that expects panic():
 *
 *	if (FAKE_PANICS()) { function(); fail(); }
 *
 * panic() then comes back to the condition, which is false the second time; fake_panicked counts. Unexpected ones abort.
 */
extern jmp_buf fake_panic_jump;
extern bool fake_panic_expected;
extern unsigned fake_panicked;
#define FAKE_PANICS() (fake_panic_expected = true, setjmp(fake_panic_jump) == 0)

#endif
