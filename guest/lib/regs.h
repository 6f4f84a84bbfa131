/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers: access by name, the names older assemblers lack, the bits payloads use.
 */
#ifndef GUEST_LIB_REGS_H
#define GUEST_LIB_REGS_H

#include "base.h"

#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

/* Read or write a system register by name (or by one of the S3_ names below). */
#define mrs(reg)                                                                      \
	({                                                                            \
		u64 value_;                                                           \
		__asm__ volatile("mrs %0, " STRINGIFY(reg) : "=r"(value_)::"memory"); \
		value_;                                                               \
	})
#define msr(reg, value) \
	__asm__ volatile("msr " STRINGIFY(reg) ", %0" ::"r"((u64)(value)) : "memory")

#define isb()            __asm__ volatile("isb" ::: "memory")
#define dsb(kind)        __asm__ volatile("dsb " #kind ::: "memory")
#define dmb(kind)        __asm__ volatile("dmb " #kind ::: "memory")
#define wfi()            __asm__ volatile("wfi" ::: "memory")
#define wfe()            __asm__ volatile("wfe" ::: "memory")
#define sev()            __asm__ volatile("sev" ::: "memory")
#define cpu_relax()      __asm__ volatile("yield" ::: "memory")

/* PSTATE.I: let IRQs in, keep them out. */
#define irq_enable()     __asm__ volatile("msr daifclr, #2" ::: "memory")
#define irq_disable()    __asm__ volatile("msr daifset, #2" ::: "memory")

#define ICC_PMR_EL1      S3_0_C4_C6_0
#define ICC_IAR0_EL1     S3_0_C12_C8_0
#define ICC_EOIR0_EL1    S3_0_C12_C8_1
#define ICC_HPPIR0_EL1   S3_0_C12_C8_2
#define ICC_BPR0_EL1     S3_0_C12_C8_3
#define ICC_AP0R0_EL1    S3_0_C12_C8_4
#define ICC_AP1R0_EL1    S3_0_C12_C9_0
#define ICC_DIR_EL1      S3_0_C12_C11_1
#define ICC_RPR_EL1      S3_0_C12_C11_3
#define ICC_SGI1R_EL1    S3_0_C12_C11_5
#define ICC_ASGI1R_EL1   S3_0_C12_C11_6
#define ICC_SGI0R_EL1    S3_0_C12_C11_7
#define ICC_IAR1_EL1     S3_0_C12_C12_0
#define ICC_EOIR1_EL1    S3_0_C12_C12_1
#define ICC_HPPIR1_EL1   S3_0_C12_C12_2
#define ICC_BPR1_EL1     S3_0_C12_C12_3
#define ICC_CTLR_EL1     S3_0_C12_C12_4
#define ICC_SRE_EL1      S3_0_C12_C12_5
#define ICC_IGRPEN0_EL1  S3_0_C12_C12_6
#define ICC_IGRPEN1_EL1  S3_0_C12_C12_7

#define ICC_CTLR_CBPR    BIT(0)
#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_CTLR_RSS     BIT(18)
#define ICC_CTLR_PRIBITS GENMASK(10, 8)

/* An IRQ is signalled to this CPU, whatever PSTATE.I is. */
#define ISR_IRQ          BIT(7)

#define SCTLR_M          BIT(0)
#define SCTLR_A          BIT(1)
#define SCTLR_C          BIT(2)
#define SCTLR_SA         BIT(3)
#define SCTLR_I          BIT(12)
#define SCTLR_WXN        BIT(19)
/* Every bit that is RES1 in ARMv8.0. */
#define SCTLR_RES1       UINT64_C(0x30d00800)

#define CPACR_FPEN       (UINT64_C(3) << 20)

#define SPSR_EL0         UINT64_C(0x0)
#define SPSR_EL1T        UINT64_C(0x4)
#define SPSR_EL1H        UINT64_C(0x5)
/* M of an exception level, as CurrentEL has it, with its own stack pointer. */
#define SPSR_SPX         UINT64_C(0x1)
#define SPSR_DAIF        UINT64_C(0x3c0)
#define SPSR_IL          BIT(20)

#define ESR_EC           GENMASK(31, 26)
#define ESR_ISS          GENMASK(24, 0)
#define ESR_WNR          BIT(6)
#define ESR_FSC          GENMASK(5, 0)
#define EC_UNKNOWN       0x00
#define EC_WFX           0x01
#define EC_FP            0x07
#define EC_BTI           0x0d
#define EC_ILLEGAL       0x0e
#define EC_SVC           0x15
#define EC_SYSREG        0x18
#define EC_FPAC          0x1c
#define EC_IABORT_EL0    0x20
#define EC_IABORT        0x21
#define EC_PC_ALIGN      0x22
#define EC_DABORT_EL0    0x24
#define EC_DABORT        0x25
#define EC_SP_ALIGN      0x26
#define EC_BRK           0x3c
#define FSC_SEA          0x10
#define FSC_ALIGNMENT    0x21
#define FSC_UNSUPPORTED  0x35

/* The syndrome of an undefined instruction. */
#define ESR_UNDEF        UINT64_C(0x02000000)
/* A synchronous external abort of a load or store, and of a fetch, at EL1. */
#define ESR_DATA_SEA     UINT64_C(0x96000010)
#define ESR_FETCH_SEA    UINT64_C(0x86000010)

/* The number of the CPU that runs this: affinity level 0, 16 to a cluster. */
static inline u32 cpu_id(void)
{
	u64 mpidr = mrs(mpidr_el1);

	return (u32)((mpidr & 0xff) + ((mpidr >> 8) & 0xff) * 16);
}

#endif
