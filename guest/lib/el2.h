/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A payload at EL2: real, or a guest hypervisor's. Every payload runs there when it is entered
 * there; in which form is decided once, on the boot CPU:
 *
 *   ID_AA64MMFR1_EL1.VH = 0                    non-VHE: HCR_EL2.E2H = 0
 *   ID_AA64MMFR4_EL1.E2H0 < 0                  VHE: HCR_EL2.E2H = 1
 *   else boot argument `non-vhe`               non-VHE
 *   else                                       VHE
 *
 * TGE is 0 unless a payload sets it. In either form interrupts come to EL2 (HCR_EL2.{A,I,F}MO),
 * CPUs have FP on, and the map of mmu.h is that of EL2.
 *
 * A guest of the payload's own, an inner guest, is a struct inner: inner_run() enters it, at EL1 or
 * EL0, and returns when it left by an exception to EL2.
 */
#ifndef GUEST_LIB_EL2_H
#define GUEST_LIB_EL2_H

#include "regs.h"

enum el2_form { EL2_NONE, EL2_NON_VHE, EL2_VHE };
/* EL2_NONE: the payload is at EL1. */
extern u32 el2_form;

#define CURRENT_EL1        UINT64_C(0x4)
#define CURRENT_EL2        UINT64_C(0x8)
#define SPSR_EL2T          UINT64_C(0x8)
#define SPSR_EL2H          UINT64_C(0x9)
#define SPSR_PAN           BIT(22)

#define HCR_VM             BIT(0)
#define HCR_SWIO           BIT(1)
#define HCR_PTW            BIT(2)
#define HCR_FMO            BIT(3)
#define HCR_IMO            BIT(4)
#define HCR_AMO            BIT(5)
#define HCR_VF             BIT(6)
#define HCR_VI             BIT(7)
#define HCR_VSE            BIT(8)
#define HCR_FB             BIT(9)
#define HCR_DC             BIT(12)
#define HCR_TWI            BIT(13)
#define HCR_TWE            BIT(14)
#define HCR_TID0           BIT(15)
#define HCR_TID1           BIT(16)
#define HCR_TID2           BIT(17)
#define HCR_TID3           BIT(18)
#define HCR_TSC            BIT(19)
#define HCR_TIDCP          BIT(20)
#define HCR_TACR           BIT(21)
#define HCR_TSW            BIT(22)
#define HCR_TPCP           BIT(23)
#define HCR_TPU            BIT(24)
#define HCR_TTLB           BIT(25)
#define HCR_TVM            BIT(26)
#define HCR_TGE            BIT(27)
#define HCR_TDZ            BIT(28)
#define HCR_HCD            BIT(29)
#define HCR_TRVM           BIT(30)
#define HCR_RW             BIT(31)
#define HCR_CD             BIT(32)
#define HCR_ID             BIT(33)
#define HCR_E2H            BIT(34)
#define HCR_TLOR           BIT(35)
#define HCR_TERR           BIT(36)
#define HCR_TEA            BIT(37)
#define HCR_APK            BIT(40)
#define HCR_API            BIT(41)
#define HCR_NV             BIT(42)
#define HCR_NV1            BIT(43)
#define HCR_AT             BIT(44)
#define HCR_NV2            BIT(45)
#define HCR_FWB            BIT(46)

#define CPTR_EL2_RES1      UINT64_C(0x33ff)
#define SCTLR_EL2_RES1     UINT64_C(0x30c50830)
#define SCTLR_SPAN         BIT(23)

#define EC_WFX             0x01
#define EC_HVC             0x16
#define EC_SMC             0x17
#define EC_ERET            0x1a
#define FSC_TRANSLATION(l) (0x04 + (l))
#define FSC_ACCESS(l)      (0x08 + (l))
#define FSC_PERMISSION(l)  (0x0c + (l))
#define FSC_SEA_WALK(l)    (0x14 + (l))
#define ESR_IL             BIT(25)
#define ESR_ISV            BIT(24)
#define ESR_CM             BIT(8)
#define ESR_S1PTW          BIT(7)

/* EL2's own registers by numbers, which assemblers for ARMv8.0 take. */
#define SP_EL1             S3_4_C4_C1_0
#define SPSR_EL2           S3_4_C4_C0_0
#define ELR_EL2            S3_4_C4_C0_1
#define HCR_EL2            S3_4_C1_C1_0
#define MDCR_EL2           S3_4_C1_C1_1
#define CPTR_EL2           S3_4_C1_C1_2
#define HSTR_EL2           S3_4_C1_C1_3
#define SCTLR_EL2          S3_4_C1_C0_0
#define TTBR0_EL2          S3_4_C2_C0_0
#define TTBR1_EL2          S3_4_C2_C0_1
#define TCR_EL2            S3_4_C2_C0_2
#define VTTBR_EL2          S3_4_C2_C1_0
#define VTCR_EL2           S3_4_C2_C1_2
#define AFSR0_EL2          S3_4_C5_C1_0
#define AFSR1_EL2          S3_4_C5_C1_1
#define ESR_EL2            S3_4_C5_C2_0
#define FAR_EL2            S3_4_C6_C0_0
#define HPFAR_EL2          S3_4_C6_C0_4
#define MAIR_EL2           S3_4_C10_C2_0
#define AMAIR_EL2          S3_4_C10_C3_0
#define VBAR_EL2           S3_4_C12_C0_0
#define CONTEXTIDR_EL2     S3_4_C13_C0_1
#define TPIDR_EL2          S3_4_C13_C0_2
#define CNTVOFF_EL2        S3_4_C14_C0_3
#define CNTHCTL_EL2        S3_4_C14_C1_0
#define CNTHP_TVAL_EL2     S3_4_C14_C2_0
#define CNTHP_CTL_EL2      S3_4_C14_C2_1
#define CNTHP_CVAL_EL2     S3_4_C14_C2_2
#define CNTHV_TVAL_EL2     S3_4_C14_C3_0
#define CNTHV_CTL_EL2      S3_4_C14_C3_1
#define CNTHV_CVAL_EL2     S3_4_C14_C3_2
#define VPIDR_EL2          S3_4_C0_C0_0
#define VMPIDR_EL2         S3_4_C0_C0_5
#define ID_AA64MMFR4_EL1   S3_0_C0_C7_4

/* EL1's registers, whichever form we are in: el1_sctlr(), el1_set_sctlr(value) ... */
#define EL1_REGISTERS(X)                            \
	X(sctlr, S3_0_C1_C0_0, S3_5_C1_C0_0)        \
	X(cpacr, S3_0_C1_C0_2, S3_5_C1_C0_2)        \
	X(ttbr0, S3_0_C2_C0_0, S3_5_C2_C0_0)        \
	X(ttbr1, S3_0_C2_C0_1, S3_5_C2_C0_1)        \
	X(tcr, S3_0_C2_C0_2, S3_5_C2_C0_2)          \
	X(spsr, S3_0_C4_C0_0, S3_5_C4_C0_0)         \
	X(elr, S3_0_C4_C0_1, S3_5_C4_C0_1)          \
	X(afsr0, S3_0_C5_C1_0, S3_5_C5_C1_0)        \
	X(afsr1, S3_0_C5_C1_1, S3_5_C5_C1_1)        \
	X(esr, S3_0_C5_C2_0, S3_5_C5_C2_0)          \
	X(far, S3_0_C6_C0_0, S3_5_C6_C0_0)          \
	X(mair, S3_0_C10_C2_0, S3_5_C10_C2_0)       \
	X(amair, S3_0_C10_C3_0, S3_5_C10_C3_0)      \
	X(vbar, S3_0_C12_C0_0, S3_5_C12_C0_0)       \
	X(contextidr, S3_0_C13_C0_1, S3_5_C13_C0_1) \
	X(cntkctl, S3_0_C14_C1_0, S3_5_C14_C1_0)    \
	X(cntp_ctl, S3_3_C14_C2_1, S3_5_C14_C2_1)   \
	X(cntp_cval, S3_3_C14_C2_2, S3_5_C14_C2_2)  \
	X(cntv_ctl, S3_3_C14_C3_1, S3_5_C14_C3_1)   \
	X(cntv_cval, S3_3_C14_C3_2, S3_5_C14_C3_2)

#define EL1_ACCESSORS(name, el1, el12)                             \
	static inline u64 el1_##name(void)                         \
	{                                                          \
		return el2_form == EL2_VHE ? mrs(el12) : mrs(el1); \
	}                                                          \
	static inline void el1_set_##name(u64 value)               \
	{                                                          \
		if (el2_form == EL2_VHE)                           \
			msr(el12, value);                          \
		else                                               \
			msr(el1, value);                           \
	}
EL1_REGISTERS(EL1_ACCESSORS)

/* What registers were when the boot CPU was entered at EL2. */
enum el2_reset {
	EL2_RESET_HCR,
	EL2_RESET_SCTLR,
	EL2_RESET_CPTR,
	EL2_RESET_VTTBR,
	EL2_RESET_VTCR,
	EL2_RESET_HSTR,
	EL2_RESET_VPIDR,
	EL2_RESET_VMPIDR,
	EL2_RESET_CNTHP_CTL,
	EL2_RESET_PSTATE,
	EL2_RESET_SPSEL,
	NR_EL2_RESETS,
};
extern u64 el2_reset[NR_EL2_RESETS];

/* HCR_EL2 as the payload has it when it does nothing in particular. */
u64 el2_hcr(void);

/* Called by the runtime on each CPU that was entered at EL2: form, registers; MMU still off. */
void el2_setup(void);
/* The boot CPU, before that: which form. The boot arguments are known. */
void el2_choose(void);
/* EL2's part of mmu_enable(): the tables' root. */
void el2_mmu_enable(u64 root);
/* An attribute set of mmu.h as EL2's regime has it. */
u64 el2_attributes(u64 attributes);
/* TLBI of everything of EL2's own regime: this CPU's, all CPUs'. */
void el2_tlbi(void);
void el2_tlbi_all(void);

/* An inner guest (el2.S knows the layout). SP_EL0 and SP_EL1 are the CPU's. */
struct inner {
	u64 x[31];
	u64 pc;     /* where it goes on: an exception's preferred return address */
	u64 pstate; /* as in SPSR_EL2 */
	/* Why it left: */
	u64 vector; /* as in struct regs: 8 synchronous, 9 IRQ, 10 FIQ, 11 SError */
	u64 esr;
	u64 far;
	u64 hpfar; /* of an abort, else 0 */
	u64 sp;    /* the payload's own, meanwhile */
};

#define INNER_SYNC   8
#define INNER_IRQ    9
#define INNER_FIQ    10
#define INNER_SERROR 11

/*
 * Enters it by an ERET, with IRQs masked at EL2, and comes back with the next exception from a
 * lower EL: its vector. Where the ERET itself is illegal, or it stays in EL2, there is no way back
 * but an exception at EL2: not for such.
 */
u64 inner_run(struct inner *inner);

#endif
