/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each CPU has for itself. TPIDR_EL2 points to it.
 */
#ifndef HYP_ARCH_CPU_H
#define HYP_ARCH_CPU_H

#include "hyp/arch/guest_regs.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/trace.h"

#define MAX_CPUS       64
#define CPU_STACK_SIZE KIB(16)

struct vcpu;
struct timer_queue;

/* Where EL2 has a stretch of a VM's memory: mm/guest_window.h. All zero: none. */
struct guest_window {
	uint64_t ipa, mask;  /* its first address, its size - 1 */
	uint64_t generation; /* of the stage 2 that says so */
	uint64_t offset;     /* EL2's address minus the IPA */
};

#define GUEST_WINDOWS 32

struct cpu {
	/* vectors.S uses these: see asm_offsets.c */
	uint64_t emergency_stack; /* top of the stack for exceptions taken from EL2 */
	uint64_t scratch[2];
	uint64_t apia_lo, apia_hi; /* Lintel's own key */

	/* the run loop's */
	struct vcpu *current; /* whose state is loaded; NULL: nobody's */
	struct guest_exit (*enter)(struct guest_regs *regs);
	struct trace_ring trace;

	struct timer_queue *timers; /* hyp/vm/timer.c */

	/* where its time went, in ticks of the counter (docs/trace.md) */
	uint64_t started;       /* when it came up */
	uint64_t guest_ticks;   /* in guests, up to the turn under way */
	uint64_t guest_counted; /* the vCPU's guest ticks when its turn began */
	bool in_turn;           /* the run loop has cpu->current */
	uint64_t idle_ticks;    /* waiting for an interrupt, with nothing to run */
	uint64_t idle_since;    /* 0: not now */

	unsigned index;     /* 0..MAX_CPUS-1, the boot CPU is 0 */
	uint64_t mpidr;     /* affinity fields only */
	uint64_t kick;      /* what to write to ICC_SGI1R_EL1 so that it looks (hyp/vm/sched.c) */
	uint64_t stack;     /* top */
	bool online;        /* set by the CPU itself, last in its start-up */
	bool stopped;       /* set when it has stopped for a panic */
	uint64_t exit_time; /* lintel.measure=masked: counter at the last exit, */
	uint64_t longest_masked; /* and the longest time until an entry, in counter ticks */

	struct guest_window windows[GUEST_WINDOWS]; /* only this CPU reads and writes them */
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned nr_cpus; /* CPUs that are started, or being started */

#ifdef LINTEL_HOST
extern _Thread_local struct cpu *fake_this_cpu;
static inline struct cpu *this_cpu(void)
{
	return fake_this_cpu;
}
#else
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	/* Not volatile: it never changes on a CPU, and Lintel's code never moves between CPUs. */
	__asm__("mrs %0, tpidr_el2" : "=r"(cpu));
	return cpu;
}
#endif

/* An event for this CPU's trace ring (hyp/base/trace.h), now. */
static __always_inline struct trace_entry *trace_record(
	struct trace_ring *ring, uint64_t what, uint64_t argument)
{
	return trace_add(ring, what, argument, read_sysreg(CNTPCT_EL0));
}

/* This CPU has nothing to run and waits for an interrupt; and one came. */
static inline void cpu_idle_begin(struct cpu *cpu)
{
	cpu->idle_since = trace_record(&cpu->trace, TRACE_WHAT(TRACE_IDLE), 0)->out;
}

static inline void cpu_idle_end(struct cpu *cpu)
{
	cpu->idle_ticks +=
		trace_record(&cpu->trace, TRACE_WHAT(TRACE_IDLE), 1)->out - cpu->idle_since;
	cpu->idle_since = 0;
}

/* MPIDR_EL1's affinity fields: Aff3[39:32], Aff2[23:16], Aff1[15:8], Aff0[7:0]. */
#define MPIDR_AFFINITY_MASK UINT64_C(0xff00ffffff)

#endif
