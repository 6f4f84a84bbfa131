/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Barriers and waiting. On the build machine they order the compiler only, but dmb_ish() and
 * dmb_ishld() are: the threads of a test may stand for CPUs.
 */
#ifndef HYP_ARCH_BARRIER_H
#define HYP_ARCH_BARRIER_H

#include "hyp/base/types.h"

#ifdef LINTEL_HOST
#define ARCH_INSN(text) __asm__ volatile("" ::: "memory")
void fake_wfi(void);
#define wfi()     fake_wfi()
#define dmb_ish() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#else
#define ARCH_INSN(text) __asm__ volatile(text ::: "memory")
#define dmb_ish()       ARCH_INSN("dmb ish")
#define wfi()           ARCH_INSN("wfi")
#endif

#define isb()                ARCH_INSN("isb")
#define dsb_sy()             ARCH_INSN("dsb sy")
#define dsb_ish()            ARCH_INSN("dsb ish")
#define dsb_ishst()          ARCH_INSN("dsb ishst")
#define dsb_nsh()            ARCH_INSN("dsb nsh")
#define dmb_ishst()          ARCH_INSN("dmb ishst")
#define dmb_osh()            ARCH_INSN("dmb osh")
#define wfe()                ARCH_INSN("wfe")
#define sev()                ARCH_INSN("sev")
#define cpu_relax()          ARCH_INSN("yield")

/* Lintel runs with every interrupt masked but in these two: they open a window for the pending
 * ones. */
#define irq_unmask()         ARCH_INSN("msr daifclr, #2")
#define irq_mask()           ARCH_INSN("msr daifset, #2")

/* The compiler no longer knows anything of a variable's value, and so keeps nothing in registers
 * that it derived from it before. No instruction. */
#define forget_value(x)      __asm__("" : "+r"(x))

/* Memory at a pointer is looked at, as far as the compiler knows: what was stored there is stored.
 * No instruction. */
#define keep_stores(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

#define READ_ONCE(x)         (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

#endif
