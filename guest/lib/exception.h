/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions: the saved registers, hooks for interrupts, and probes that run one instruction
 * which may fault and say what happened.
 */
#ifndef GUEST_LIB_EXCEPTION_H
#define GUEST_LIB_EXCEPTION_H

#include "base.h"

/* What vectors.S saves; its offsets are there by number. */
struct regs {
	u64 x[31];
	u64 sp; /* SP_EL1 before the exception */
	u64 elr;
	u64 spsr;
	u64 esr;
	u64 far;
	u64 vector; /* 0-15: 4 groups (EL1t, EL1h, EL0 A64, EL0 A32) of sync, IRQ, FIQ, SError */
	u64 cpacr;
	u64 fpsr;
	u64 fpcr;
	u64 q[32][2];
};
_Static_assert(sizeof(struct regs) == 832, "vectors.S knows this size");

#define VECTOR_KIND(vector)  ((vector)&3)
#define VECTOR_SYNC          0
#define VECTOR_IRQ           1
#define VECTOR_FIQ           2
#define VECTOR_SERROR        3
#define VECTOR_GROUP(vector) ((vector) >> 2)
#define VECTOR_FROM_EL1T     0
#define VECTOR_FROM_EL1H     1
#define VECTOR_FROM_EL0      2

/* Called with IRQs (or FIQs) masked on the CPU that took one. */
typedef void (*irq_hook)(struct regs *regs);
/* Sets what IRQ and FIQ exceptions of all CPUs call. */
void exception_set_irq(irq_hook hook);
void exception_set_fiq(irq_hook hook);

/* Called for a synchronous exception or an SError that no probe expects; true when it is dealt
 * with. */
typedef bool (*sync_hook)(struct regs *regs);
void exception_set_sync(sync_hook hook);

/* A probe: x0-x7 before and after, and the exception that was taken, if any. */
struct probe {
	u64 x[8];
	bool taken;
	u32 count; /* exceptions taken; more than one is always wrong */
	u64 esr;
	u64 far;
	u64 elr;
	u64 spsr;
	u64 vector;
	u64 pc; /* address of the probed instruction */
};

/*
 * Runs one instruction word with x0-x7 from `p`, and stores x0-x7 and the exception taken.
 * The instruction may use x0-x7, q0-q7 and memory, nothing else (BR x0 is all right if it faults).
 */
void probe_insn(struct probe *p, u32 insn);

/*
 * Calls fn(p->x) with all exceptions expected: the first one ends the call, whatever the stack
 * pointer and exception level are then. fn may switch to EL1t or EL0.
 */
void probe_call(struct probe *p, void (*fn)(u64 *x));

/* One load or store of 1, 2, 4 or 8 bytes by a plain LDR/STR; the value is in p->x[0]. */
void probe_load(struct probe *p, u64 address, u32 bytes);
void probe_store(struct probe *p, u64 address, u64 value, u32 bytes);
/* Branches to `address`. */
void probe_fetch(struct probe *p, u64 address);

/* Prints the registers as TAP comments, `not ok`, and powers off. */
void __attribute__((noreturn)) exception_fatal(struct regs *regs);

#endif
