/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exception syndromes: ESR_EL2, and what Lintel writes into a guest's ESR_EL1.
 * Source: Arm ARM (DDI 0487) D24.2, ESR_ELx.
 */
#ifndef HYP_ARCH_ESR_H
#define HYP_ARCH_ESR_H

#include "hyp/base/types.h"

#define ESR_EC_MASK       GENMASK(31, 26)
#define ESR_IL            BIT(25) /* the instruction has 32 bits */
#define ESR_ISS_MASK      GENMASK(24, 0)
#define ESR_ISS2_MASK     GENMASK(55, 32)

#define ESR_GET_EC(esr)   ((unsigned)FIELD_GET(ESR_EC_MASK, esr))
/* A syndrome of a 32-bit instruction. */
#define ESR_MAKE(ec, iss) (FIELD_PREP(ESR_EC_MASK, ec) | ESR_IL | ((uint64_t)(iss)&ESR_ISS_MASK))

/* Exception classes. */
enum {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_CP15_MCR = 0x03,
	EC_CP15_MCRR = 0x04,
	EC_CP14_MCR = 0x05,
	EC_CP14_LDC = 0x06,
	EC_FP = 0x07,
	EC_VMRS = 0x08,
	EC_PAUTH = 0x09,
	EC_LS64 = 0x0a,
	EC_CP14_MRRC = 0x0c,
	EC_BTI = 0x0d,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SVC32 = 0x11,
	EC_HVC32 = 0x12,
	EC_SMC32 = 0x13,
	EC_SYSREG128 = 0x14,
	EC_SVC64 = 0x15,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_SVE = 0x19,
	EC_ERET = 0x1a,
	EC_TSTART = 0x1b,
	EC_FPAC = 0x1c,
	EC_SME = 0x1d,
	EC_GPC = 0x1e,
	EC_INSN_ABORT_LOWER = 0x20,
	EC_INSN_ABORT_SAME = 0x21,
	EC_PC_ALIGNMENT = 0x22,
	EC_DATA_ABORT_LOWER = 0x24,
	EC_DATA_ABORT_SAME = 0x25,
	EC_SP_ALIGNMENT = 0x26,
	EC_MOPS = 0x27,
	EC_FP_EXCEPTION32 = 0x28,
	EC_FP_EXCEPTION64 = 0x2c,
	EC_GCS = 0x2d,
	EC_SERROR = 0x2f,
	EC_BREAKPOINT_LOWER = 0x30,
	EC_BREAKPOINT_SAME = 0x31,
	EC_STEP_LOWER = 0x32,
	EC_STEP_SAME = 0x33,
	EC_WATCHPOINT_LOWER = 0x34,
	EC_WATCHPOINT_SAME = 0x35,
	EC_BKPT32 = 0x38,
	EC_VECTOR_CATCH32 = 0x3a,
	EC_BRK64 = 0x3c,
	EC_PMU = 0x3d,
};

/* Data aborts (instruction aborts: SET, FNV, EA, S1PTW and the FSC only). */
#define ISS_ISV              BIT(24)         /* SAS, SSE, SRT, SF, AR are valid */
#define ISS_SAS              GENMASK(23, 22) /* log2 of the access's bytes */
#define ISS_SSE              BIT(21)         /* sign-extend */
#define ISS_SRT              GENMASK(20, 16) /* register, 31: XZR */
#define ISS_SF               BIT(15)         /* the register is an X register */
#define ISS_AR               BIT(14)         /* acquire or release */
#define ISS_VNCR             BIT(13)
#define ISS_SET              GENMASK(12, 11) /* severity of an external abort */
#define ISS_FNV              BIT(10)         /* FAR is not valid */
#define ISS_EA               BIT(9)
#define ISS_CM               BIT(8) /* cache maintenance or address translation */
#define ISS_S1PTW            BIT(7) /* stage-2 fault on a stage-1 walk */
#define ISS_WNR              BIT(6)

/* Fault status codes of aborts. The classes of FSC_TYPE_MASK have a level in bits 1:0. */
#define FSC_MASK             GENMASK(5, 0)
#define FSC_TYPE_MASK        GENMASK(5, 2)
#define FSC_LEVEL_MASK       GENMASK(1, 0)
#define FSC_ADDRESS_SIZE     0x00
#define FSC_TRANSLATION      0x04
#define FSC_ACCESS_FLAG      0x08
#define FSC_PERMISSION       0x0c
#define FSC_EXTERNAL         0x10
#define FSC_TAG_CHECK        0x11
#define FSC_EXTERNAL_ON_WALK 0x14
#define FSC_ALIGNMENT        0x21
#define FSC_TLB_CONFLICT     0x30
#define FSC_ATOMIC_UPDATE    0x31 /* the walker can't set flags in this memory */
#define FSC_LOCKDOWN         0x34
#define FSC_EXCLUSIVE        0x35 /* exclusive or atomic access to memory that hasn't got it */
#define FSC_DOMAIN           0x3c /* of AArch32's short descriptors, in PAR_EL1 alone */

/* Conditional instructions of AArch32: MCR, MRC, LDC, VMRS, FP, SMC, WFx. */
#define ISS_CV               BIT(24) /* COND is valid */
#define ISS_COND             GENMASK(23, 20)
#define ISS_SMC_CCKNOWNPASS  BIT(19) /* SMC only: the condition must be looked at */

/* MSR, MRS and SYS (EC_SYSREG). */
#define ISS_SYS_OP0          GENMASK(21, 20)
#define ISS_SYS_OP2          GENMASK(19, 17)
#define ISS_SYS_OP1          GENMASK(16, 14)
#define ISS_SYS_CRN          GENMASK(13, 10)
#define ISS_SYS_RT           GENMASK(9, 5)
#define ISS_SYS_CRM          GENMASK(4, 1)
#define ISS_SYS_READ         BIT(0) /* MRS */

/* HVC, SMC, SVC, BRK. */
#define ISS_IMM16            GENMASK(15, 0)

/* WFI, WFE, WFIT, WFET (EC_WFX). */
#define ISS_WFX_RN           GENMASK(9, 5) /* with the deadline */
#define ISS_WFX_RV           BIT(2)        /* RN is valid */
#define ISS_WFX_TI           GENMASK(1, 0)
#define ISS_WFX_WFI          0
#define ISS_WFX_WFE          1
#define ISS_WFX_WFIT         2
#define ISS_WFX_WFET         3

/* SError. */
#define ISS_SERROR_IDS       BIT(24) /* the rest is the implementation's own */
#define ISS_SERROR_IESB      BIT(13)
#define ISS_SERROR_AET       GENMASK(12, 10)
#define FSC_SERROR           0x11

#endif
