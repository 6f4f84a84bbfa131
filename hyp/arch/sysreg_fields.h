/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of system registers, under the Arm ARM's names: REGISTER_FIELD, a mask to be used with
 * FIELD_GET() and FIELD_PREP() where it has more than one bit. What is of use to one file only (the
 * GIC's registers, translation tables) is in that file or beside it: drivers/gic/vif.h,
 * mm/regime.h, mm/stage2_regs.h. Source: Arm ARM (DDI 0487) D24.2. Registers at EL2 are those with
 * HCR_EL2.E2H = 0.
 */
#ifndef HYP_ARCH_SYSREG_FIELDS_H
#define HYP_ARCH_SYSREG_FIELDS_H

#include "hyp/base/types.h"

/* ---- PSTATE, as in SPSR_ELx ---- */
#define PSTATE_MODE_MASK             GENMASK(3, 0)
#define PSTATE_EL0T                  0
#define PSTATE_EL1T                  4
#define PSTATE_EL1H                  5
#define PSTATE_EL2T                  8
#define PSTATE_EL2H                  9
#define PSTATE_SP                    BIT(0)
#define PSTATE_NRW                   BIT(4) /* AArch32 */
#define PSTATE_F                     BIT(6)
#define PSTATE_I                     BIT(7)
#define PSTATE_A                     BIT(8)
#define PSTATE_D                     BIT(9)
#define PSTATE_BTYPE                 GENMASK(11, 10)
#define PSTATE_SSBS                  BIT(12)
#define PSTATE_ALLINT                BIT(13)
#define PSTATE_IL                    BIT(20)
#define PSTATE_SS                    BIT(21)
#define PSTATE_PAN                   BIT(22)
#define PSTATE_UAO                   BIT(23)
#define PSTATE_DIT                   BIT(24)
#define PSTATE_TCO                   BIT(25)
#define PSTATE_V                     BIT(28)
#define PSTATE_C                     BIT(29)
#define PSTATE_Z                     BIT(30)
#define PSTATE_N                     BIT(31)
#define PSTATE_AA32_T                BIT(5)
#define PSTATE_AA32_E                BIT(9)
#define PSTATE_AA32_IT_HIGH          GENMASK(15, 10) /* IT[7:2] */
#define PSTATE_AA32_GE               GENMASK(19, 16)
#define PSTATE_AA32_DIT              BIT(21) /* in SPSR_<mode>; in SPSR_EL2 it is PSTATE_DIT */
#define PSTATE_AA32_SSBS             BIT(23)
#define PSTATE_AA32_IT_LOW           GENMASK(26, 25) /* IT[1:0] */
#define PSTATE_AA32_Q                BIT(27)

/* ---- HCR_EL2 ---- */
#define HCR_EL2_VM                   BIT(0)
#define HCR_EL2_SWIO                 BIT(1)
#define HCR_EL2_PTW                  BIT(2)
#define HCR_EL2_FMO                  BIT(3)
#define HCR_EL2_IMO                  BIT(4)
#define HCR_EL2_AMO                  BIT(5)
#define HCR_EL2_VF                   BIT(6)
#define HCR_EL2_VI                   BIT(7)
#define HCR_EL2_VSE                  BIT(8)
#define HCR_EL2_FB                   BIT(9)
#define HCR_EL2_BSU                  GENMASK(11, 10)
#define HCR_EL2_BSU_ISH              1
#define HCR_EL2_DC                   BIT(12)
#define HCR_EL2_TWI                  BIT(13)
#define HCR_EL2_TWE                  BIT(14)
#define HCR_EL2_TID0                 BIT(15)
#define HCR_EL2_TID1                 BIT(16)
#define HCR_EL2_TID2                 BIT(17)
#define HCR_EL2_TID3                 BIT(18)
#define HCR_EL2_TSC                  BIT(19)
#define HCR_EL2_TIDCP                BIT(20)
#define HCR_EL2_TACR                 BIT(21)
#define HCR_EL2_TSW                  BIT(22)
#define HCR_EL2_TPCP                 BIT(23)
#define HCR_EL2_TPU                  BIT(24)
#define HCR_EL2_TTLB                 BIT(25)
#define HCR_EL2_TVM                  BIT(26)
#define HCR_EL2_TGE                  BIT(27)
#define HCR_EL2_TDZ                  BIT(28)
#define HCR_EL2_HCD                  BIT(29)
#define HCR_EL2_TRVM                 BIT(30)
#define HCR_EL2_RW                   BIT(31)
#define HCR_EL2_CD                   BIT(32)
#define HCR_EL2_ID                   BIT(33)
#define HCR_EL2_E2H                  BIT(34)
#define HCR_EL2_TLOR                 BIT(35)
#define HCR_EL2_TERR                 BIT(36)
#define HCR_EL2_TEA                  BIT(37)
#define HCR_EL2_MIOCNCE              BIT(38)
#define HCR_EL2_TME                  BIT(39)
#define HCR_EL2_APK                  BIT(40)
#define HCR_EL2_API                  BIT(41)
#define HCR_EL2_NV                   BIT(42)
#define HCR_EL2_NV1                  BIT(43)
#define HCR_EL2_AT                   BIT(44)
#define HCR_EL2_NV2                  BIT(45)
#define HCR_EL2_FWB                  BIT(46)
#define HCR_EL2_FIEN                 BIT(47)
#define HCR_EL2_GPF                  BIT(48)
#define HCR_EL2_TID4                 BIT(49)
#define HCR_EL2_TICAB                BIT(50)
#define HCR_EL2_AMVOFFEN             BIT(51)
#define HCR_EL2_TOCU                 BIT(52)
#define HCR_EL2_ENSCXT               BIT(53)
#define HCR_EL2_TTLBIS               BIT(54)
#define HCR_EL2_TTLBOS               BIT(55)
#define HCR_EL2_ATA                  BIT(56)
#define HCR_EL2_DCT                  BIT(57)
#define HCR_EL2_TID5                 BIT(58)
#define HCR_EL2_TWEDEN               BIT(59)
#define HCR_EL2_TWEDEL               GENMASK(63, 60)

/* ---- HCRX_EL2 ---- */
#define HCRX_EL2_ENAS0               BIT(0)
#define HCRX_EL2_ENALS               BIT(1)
#define HCRX_EL2_ENASR               BIT(2)
#define HCRX_EL2_FNXS                BIT(3)
#define HCRX_EL2_FGTNXS              BIT(4)
#define HCRX_EL2_SMPME               BIT(5)
#define HCRX_EL2_TALLINT             BIT(6)
#define HCRX_EL2_VINMI               BIT(7)
#define HCRX_EL2_VFNMI               BIT(8)
#define HCRX_EL2_CMOW                BIT(9)
#define HCRX_EL2_MCE2                BIT(10)
#define HCRX_EL2_MSCEN               BIT(11)
#define HCRX_EL2_TCR2EN              BIT(14)
#define HCRX_EL2_SCTLR2EN            BIT(15)
#define HCRX_EL2_PTTWI               BIT(16)
#define HCRX_EL2_D128EN              BIT(17)
#define HCRX_EL2_ENSNERR             BIT(18)
#define HCRX_EL2_TMEA                BIT(19)
#define HCRX_EL2_ENSDERR             BIT(20)
#define HCRX_EL2_ENIDCP128           BIT(21)
#define HCRX_EL2_GCSEN               BIT(22)
#define HCRX_EL2_ENFPM               BIT(23)
#define HCRX_EL2_PACMEN              BIT(24)
#define HCRX_EL2_SRMASKEN            BIT(26)

/* ---- SCTLR_EL1 ---- */
#define SCTLR_EL1_M                  BIT(0)
#define SCTLR_EL1_A                  BIT(1)
#define SCTLR_EL1_C                  BIT(2)
#define SCTLR_EL1_SA                 BIT(3)
#define SCTLR_EL1_SA0                BIT(4)
#define SCTLR_EL1_CP15BEN            BIT(5)
#define SCTLR_EL1_NAA                BIT(6)
#define SCTLR_EL1_ITD                BIT(7)
#define SCTLR_EL1_SED                BIT(8)
#define SCTLR_EL1_UMA                BIT(9)
#define SCTLR_EL1_ENRCTX             BIT(10)
#define SCTLR_EL1_EOS                BIT(11)
#define SCTLR_EL1_I                  BIT(12)
#define SCTLR_EL1_ENDB               BIT(13)
#define SCTLR_EL1_DZE                BIT(14)
#define SCTLR_EL1_UCT                BIT(15)
#define SCTLR_EL1_NTWI               BIT(16)
#define SCTLR_EL1_NTWE               BIT(18)
#define SCTLR_EL1_WXN                BIT(19)
#define SCTLR_EL1_TSCXT              BIT(20)
#define SCTLR_EL1_IESB               BIT(21)
#define SCTLR_EL1_EIS                BIT(22)
#define SCTLR_EL1_SPAN               BIT(23)
#define SCTLR_EL1_E0E                BIT(24)
#define SCTLR_EL1_EE                 BIT(25)
#define SCTLR_EL1_UCI                BIT(26)
#define SCTLR_EL1_ENDA               BIT(27)
#define SCTLR_EL1_NTLSMD             BIT(28)
#define SCTLR_EL1_LSMAOE             BIT(29)
#define SCTLR_EL1_ENIB               BIT(30)
#define SCTLR_EL1_ENIA               BIT(31)
#define SCTLR_EL1_CMOW               BIT(32)
#define SCTLR_EL1_MSCEN              BIT(33)
#define SCTLR_EL1_BT0                BIT(35)
#define SCTLR_EL1_BT1                BIT(36)
#define SCTLR_EL1_DSSBS              BIT(44)
#define SCTLR_EL1_EPAN               BIT(57)
#define SCTLR_EL1_NMI                BIT(61)
#define SCTLR_EL1_SPINTMASK          BIT(62)
#define SCTLR_EL1_TIDCP              BIT(63)

/* ---- SCTLR_EL2 ---- */
#define SCTLR_EL2_M                  BIT(0)
#define SCTLR_EL2_A                  BIT(1)
#define SCTLR_EL2_C                  BIT(2)
#define SCTLR_EL2_SA                 BIT(3)
#define SCTLR_EL2_NAA                BIT(6)
#define SCTLR_EL2_EOS                BIT(11)
#define SCTLR_EL2_I                  BIT(12)
#define SCTLR_EL2_WXN                BIT(19)
#define SCTLR_EL2_IESB               BIT(21)
#define SCTLR_EL2_EIS                BIT(22)
#define SCTLR_EL2_EE                 BIT(25)
#define SCTLR_EL2_BT                 BIT(36)
#define SCTLR_EL2_DSSBS              BIT(44)

/* ---- CPACR_EL1 ---- */
#define CPACR_EL1_ZEN                GENMASK(17, 16)
#define CPACR_EL1_FPEN               GENMASK(21, 20)
#define CPACR_EL1_SMEN               GENMASK(25, 24)
#define CPACR_EL1_TRAPNONE           3 /* of each: neither EL0 nor EL1 is trapped to EL1 */

/* ---- CPTR_EL2 ---- */
#define CPTR_EL2_RES1                (GENMASK(7, 0) | BIT(9) | BIT(13))
#define CPTR_EL2_TZ                  BIT(8) /* RES1 without SVE */
#define CPTR_EL2_TFP                 BIT(10)
#define CPTR_EL2_TSM                 BIT(12) /* RES1 without SME */
#define CPTR_EL2_TTA                 BIT(20)
#define CPTR_EL2_TAM                 BIT(30)
#define CPTR_EL2_TCPAC               BIT(31)

/* ---- MDCR_EL2 ---- */
#define MDCR_EL2_HPMN                GENMASK(4, 0)
#define MDCR_EL2_TPMCR               BIT(5)
#define MDCR_EL2_TPM                 BIT(6)
#define MDCR_EL2_HPME                BIT(7)
#define MDCR_EL2_TDE                 BIT(8)
#define MDCR_EL2_TDA                 BIT(9)
#define MDCR_EL2_TDOSA               BIT(10)
#define MDCR_EL2_TDRA                BIT(11)
#define MDCR_EL2_E2PB                GENMASK(13, 12)
#define MDCR_EL2_TPMS                BIT(14)
#define MDCR_EL2_ENSPM               BIT(15)
#define MDCR_EL2_HPMD                BIT(17)
#define MDCR_EL2_TTRF                BIT(19)
#define MDCR_EL2_HCCD                BIT(23)
#define MDCR_EL2_E2TB                GENMASK(25, 24)
#define MDCR_EL2_HLP                 BIT(26)
#define MDCR_EL2_TDCC                BIT(27)
#define MDCR_EL2_MTPME               BIT(28)
#define MDCR_EL2_HPMFZO              BIT(29)

/* ---- MDSCR_EL1, OS lock, breakpoints, watchpoints ---- */
#define MDSCR_EL1_SS                 BIT(0)
#define MDSCR_EL1_MOE                GENMASK(5, 2) /* written by debug exceptions of AArch32 */
#define MDSCR_EL1_TDCC               BIT(12)
#define MDSCR_EL1_KDE                BIT(13)
#define MDSCR_EL1_MDE                BIT(15)
#define OSLAR_EL1_OSLK               BIT(0)
#define OSLSR_EL1_OSLK               BIT(1)
#define OSLSR_EL1_OSLM               BIT(3) /* OSLM = 0b10: there is an OS lock */
/* E, PMC, BAS, HMC, SSC, LBN, BT */
#define DBGBCR_EL1_FIELDS            (GENMASK(2, 0) | GENMASK(8, 5) | GENMASK(23, 13))
/* E, PAC, LSC, BAS, HMC, SSC, LBN, WT, MASK */
#define DBGWCR_EL1_FIELDS            (GENMASK(20, 0) | GENMASK(28, 24))
#define DBGBVR_EL1_RES0              GENMASK(1, 0)
#define DBGWVR_EL1_RES0              GENMASK(1, 0)

/* ---- timers ---- */
#define CNTHCTL_EL2_EL1PCTEN         BIT(0)
#define CNTHCTL_EL2_EL1PCEN          BIT(1)
#define CNTHCTL_EL2_EVNTEN           BIT(2)
#define CNTHCTL_EL2_EVNTDIR          BIT(3)
#define CNTHCTL_EL2_EVNTI            GENMASK(7, 4)
#define CNTHCTL_EL2_EVENTS           GENMASK(7, 2) /* EVNTEN, EVNTDIR, EVNTI */
#define CNTHCTL_EL2_VHE_EL1PCTEN     BIT(10)       /* the first two, E2H = 1 */
#define CNTHCTL_EL2_VHE_EL1PTEN      BIT(11)
#define CNTHCTL_EL2_ECV              BIT(12)
#define CNTHCTL_EL2_EL1TVT           BIT(13)
#define CNTHCTL_EL2_EL1TVCT          BIT(14)
#define CNTHCTL_EL2_EL1NVPCT         BIT(15)
#define CNTHCTL_EL2_EL1NVVCT         BIT(16)
#define CNTHCTL_EL2_EVNTIS           BIT(17)
#define CNT_CTL_ENABLE               BIT(0) /* CNTV_CTL_EL0, CNTP_CTL_EL0, CNTHP_CTL_EL2 */
#define CNT_CTL_IMASK                BIT(1)
#define CNT_CTL_ISTATUS              BIT(2)

/* ---- performance monitors ---- */
#define PMCR_EL0_E                   BIT(0)
#define PMCR_EL0_P                   BIT(1)
#define PMCR_EL0_C                   BIT(2)
#define PMCR_EL0_N                   GENMASK(15, 11)

/* ---- MPAM ---- */
#define MPAMIDR_EL1_HAS_HCR          BIT(17)
#define MPAMIDR_EL1_HAS_TIDR         BIT(58)
#define MPAMHCR_EL2_TRAP_MPAMIDR_EL1 BIT(31)
#define MPAM2_EL2_TRAPMPAM1EL1       BIT(48)
#define MPAM2_EL2_TRAPMPAM0EL1       BIT(49)
#define MPAM2_EL2_TIDR               BIT(58)

/*
 * ---- fine-grained traps: the few bits that Lintel sets. Bits named n... trap when they are zero.
 * ----
 */
#define HFGITR_EL2_DCIVAC            BIT(3)
#define HDFGRTR_EL2_TRBIDR           BIT(51)
#define HDFGRTR_EL2_PMBIDR           BIT(63)

/* ---- addresses of faults ---- */
#define HPFAR_EL2_FIPA               GENMASK(47, 4) /* IPA[55:12] */

/* ---- ID_AA64PFR0_EL1 ---- */
#define ID_AA64PFR0_EL1_EL0          GENMASK(3, 0)
#define ID_AA64PFR0_EL1_EL1          GENMASK(7, 4)
#define ID_AA64PFR0_EL1_EL2          GENMASK(11, 8)
#define ID_AA64PFR0_EL1_EL3          GENMASK(15, 12)
#define ID_AA64PFR0_EL1_FP           GENMASK(19, 16)
#define ID_AA64PFR0_EL1_ADVSIMD      GENMASK(23, 20)
#define ID_AA64PFR0_EL1_GIC          GENMASK(27, 24)
#define ID_AA64PFR0_EL1_RAS          GENMASK(31, 28)
#define ID_AA64PFR0_EL1_SVE          GENMASK(35, 32)
#define ID_AA64PFR0_EL1_SEL2         GENMASK(39, 36)
#define ID_AA64PFR0_EL1_MPAM         GENMASK(43, 40)
#define ID_AA64PFR0_EL1_AMU          GENMASK(47, 44)
#define ID_AA64PFR0_EL1_DIT          GENMASK(51, 48)
#define ID_AA64PFR0_EL1_RME          GENMASK(55, 52)
#define ID_AA64PFR0_EL1_CSV2         GENMASK(59, 56)
#define ID_AA64PFR0_EL1_CSV3         GENMASK(63, 60)

/* ---- ID_AA64PFR1_EL1 ---- */
#define ID_AA64PFR1_EL1_BT           GENMASK(3, 0)
#define ID_AA64PFR1_EL1_SSBS         GENMASK(7, 4)
#define ID_AA64PFR1_EL1_MTE          GENMASK(11, 8)
#define ID_AA64PFR1_EL1_RAS_FRAC     GENMASK(15, 12)
#define ID_AA64PFR1_EL1_MPAM_FRAC    GENMASK(19, 16)
#define ID_AA64PFR1_EL1_SME          GENMASK(27, 24)
#define ID_AA64PFR1_EL1_CSV2_FRAC    GENMASK(35, 32)
#define ID_AA64PFR1_EL1_NMI          GENMASK(39, 36)
#define ID_AA64PFR1_EL1_GCS          GENMASK(47, 44)
#define ID_AA64PFR1_EL1_THE          GENMASK(51, 48)

/* ---- ID_AA64DFR0_EL1 ---- */
#define ID_AA64DFR0_EL1_DEBUGVER     GENMASK(3, 0)
#define ID_AA64DFR0_EL1_TRACEVER     GENMASK(7, 4)
#define ID_AA64DFR0_EL1_PMUVER       GENMASK(11, 8)
#define ID_AA64DFR0_EL1_BRPS         GENMASK(15, 12)
#define ID_AA64DFR0_EL1_WRPS         GENMASK(23, 20)
#define ID_AA64DFR0_EL1_CTX_CMPS     GENMASK(31, 28)
#define ID_AA64DFR0_EL1_PMSVER       GENMASK(35, 32)
#define ID_AA64DFR0_EL1_DOUBLELOCK   GENMASK(39, 36)
#define ID_AA64DFR0_EL1_TRACEFILT    GENMASK(43, 40)
#define ID_AA64DFR0_EL1_TRACEBUFFER  GENMASK(47, 44)
#define ID_AA64DFR0_EL1_MTPMU        GENMASK(51, 48)
#define ID_AA64DFR0_EL1_BRBE         GENMASK(55, 52)
#define ID_AA64DFR0_PMUVER_IMPDEF    15 /* a PMU, but not Arm's */
#define ID_AA64DFR0_DOUBLELOCK_NONE  15

/* ---- ID_AA64ISAR0_EL1 ---- */
#define ID_AA64ISAR0_EL1_AES         GENMASK(7, 4)
#define ID_AA64ISAR0_EL1_SHA1        GENMASK(11, 8)
#define ID_AA64ISAR0_EL1_SHA2        GENMASK(15, 12)
#define ID_AA64ISAR0_EL1_CRC32       GENMASK(19, 16)
#define ID_AA64ISAR0_EL1_ATOMIC      GENMASK(23, 20)
#define ID_AA64ISAR0_EL1_TME         GENMASK(27, 24)
#define ID_AA64ISAR0_EL1_RDM         GENMASK(31, 28)
#define ID_AA64ISAR0_EL1_SHA3        GENMASK(35, 32)
#define ID_AA64ISAR0_EL1_SM3         GENMASK(39, 36)
#define ID_AA64ISAR0_EL1_SM4         GENMASK(43, 40)
#define ID_AA64ISAR0_EL1_DP          GENMASK(47, 44)
#define ID_AA64ISAR0_EL1_FHM         GENMASK(51, 48)
#define ID_AA64ISAR0_EL1_TS          GENMASK(55, 52)
#define ID_AA64ISAR0_EL1_TLB         GENMASK(59, 56)
#define ID_AA64ISAR0_EL1_RNDR        GENMASK(63, 60)

/* ---- ID_AA64ISAR1_EL1 ---- */
#define ID_AA64ISAR1_EL1_DPB         GENMASK(3, 0)
#define ID_AA64ISAR1_EL1_APA         GENMASK(7, 4)
#define ID_AA64ISAR1_EL1_API         GENMASK(11, 8)
#define ID_AA64ISAR1_EL1_JSCVT       GENMASK(15, 12)
#define ID_AA64ISAR1_EL1_FCMA        GENMASK(19, 16)
#define ID_AA64ISAR1_EL1_LRCPC       GENMASK(23, 20)
#define ID_AA64ISAR1_EL1_GPA         GENMASK(27, 24)
#define ID_AA64ISAR1_EL1_GPI         GENMASK(31, 28)
#define ID_AA64ISAR1_EL1_FRINTTS     GENMASK(35, 32)
#define ID_AA64ISAR1_EL1_SB          GENMASK(39, 36)
#define ID_AA64ISAR1_EL1_SPECRES     GENMASK(43, 40)
#define ID_AA64ISAR1_EL1_BF16        GENMASK(47, 44)
#define ID_AA64ISAR1_EL1_DGH         GENMASK(51, 48)
#define ID_AA64ISAR1_EL1_I8MM        GENMASK(55, 52)
#define ID_AA64ISAR1_EL1_XS          GENMASK(59, 56)
#define ID_AA64ISAR1_EL1_LS64        GENMASK(63, 60)

/* ---- ID_AA64ISAR2_EL1 ---- */
#define ID_AA64ISAR2_EL1_WFXT        GENMASK(3, 0)
#define ID_AA64ISAR2_EL1_RPRES       GENMASK(7, 4)
#define ID_AA64ISAR2_EL1_GPA3        GENMASK(11, 8)
#define ID_AA64ISAR2_EL1_APA3        GENMASK(15, 12)
#define ID_AA64ISAR2_EL1_MOPS        GENMASK(19, 16)
#define ID_AA64ISAR2_EL1_BC          GENMASK(23, 20)
#define ID_AA64ISAR2_EL1_PAC_FRAC    GENMASK(27, 24)
#define ID_AA64ISAR2_EL1_CLRBHB      GENMASK(31, 28)
#define ID_AA64ISAR2_EL1_PRFMSLC     GENMASK(43, 40)
#define ID_AA64ISAR2_EL1_RPRFM       GENMASK(51, 48)
#define ID_AA64ISAR2_EL1_CSSC        GENMASK(55, 52)
#define ID_AA64ISAR2_EL1_LUT         GENMASK(59, 56)
#define ID_AA64ISAR2_EL1_ATS1A       GENMASK(63, 60)

/* ---- ID_AA64ISAR3_EL1 ---- */
#define ID_AA64ISAR3_EL1_FAMINMAX    GENMASK(7, 4)

/* ---- ID_AA64MMFR0_EL1 ---- */
#define ID_AA64MMFR0_EL1_PARANGE     GENMASK(3, 0)
#define ID_AA64MMFR0_EL1_ASIDBITS    GENMASK(7, 4)
#define ID_AA64MMFR0_EL1_BIGEND      GENMASK(11, 8)
#define ID_AA64MMFR0_EL1_BIGENDEL0   GENMASK(19, 16)
#define ID_AA64MMFR0_EL1_TGRAN16     GENMASK(23, 20)
#define ID_AA64MMFR0_EL1_TGRAN64     GENMASK(27, 24)
#define ID_AA64MMFR0_EL1_TGRAN4      GENMASK(31, 28)
#define ID_AA64MMFR0_EL1_EXS         GENMASK(47, 44)
#define ID_AA64MMFR0_EL1_FGT         GENMASK(59, 56)
#define ID_AA64MMFR0_EL1_ECV         GENMASK(63, 60)

/* ---- ID_AA64MMFR1_EL1 ---- */
#define ID_AA64MMFR1_EL1_HAFDBS      GENMASK(3, 0)
#define ID_AA64MMFR1_EL1_VMIDBITS    GENMASK(7, 4)
#define ID_AA64MMFR1_EL1_VH          GENMASK(11, 8)
#define ID_AA64MMFR1_EL1_HPDS        GENMASK(15, 12)
#define ID_AA64MMFR1_EL1_LO          GENMASK(19, 16)
#define ID_AA64MMFR1_EL1_PAN         GENMASK(23, 20)
#define ID_AA64MMFR1_EL1_ETS         GENMASK(39, 36)
#define ID_AA64MMFR1_EL1_HCX         GENMASK(43, 40)
#define ID_AA64MMFR1_EL1_AFP         GENMASK(47, 44)
#define ID_AA64MMFR1_EL1_NTLBPA      GENMASK(51, 48)
#define ID_AA64MMFR1_EL1_TIDCP1      GENMASK(55, 52)
#define ID_AA64MMFR1_EL1_CMOW        GENMASK(59, 56)
#define ID_AA64MMFR1_EL1_ECBHB       GENMASK(63, 60)
#define ID_AA64MMFR1_VMIDBITS_16BIT  2

/* ---- ID_AA64MMFR2_EL1 ---- */
#define ID_AA64MMFR2_EL1_CNP         GENMASK(3, 0)
#define ID_AA64MMFR2_EL1_UAO         GENMASK(7, 4)
#define ID_AA64MMFR2_EL1_LSM         GENMASK(11, 8)
#define ID_AA64MMFR2_EL1_IESB        GENMASK(15, 12)
#define ID_AA64MMFR2_EL1_VARANGE     GENMASK(19, 16)
#define ID_AA64MMFR2_EL1_CCIDX       GENMASK(23, 20)
#define ID_AA64MMFR2_EL1_NV          GENMASK(27, 24)
#define ID_AA64MMFR2_EL1_AT          GENMASK(35, 32)
#define ID_AA64MMFR2_EL1_IDS         GENMASK(39, 36)
#define ID_AA64MMFR2_EL1_FWB         GENMASK(43, 40)
#define ID_AA64MMFR2_EL1_TTL         GENMASK(51, 48)
#define ID_AA64MMFR2_EL1_BBM         GENMASK(55, 52)
#define ID_AA64MMFR2_EL1_EVT         GENMASK(59, 56)
#define ID_AA64MMFR2_EL1_E0PD        GENMASK(63, 60)
#define ID_AA64MMFR2_NV_NV2          2

/* ---- ID_AA64MMFR3_EL1, ID_AA64MMFR4_EL1 ---- */
#define ID_AA64MMFR3_EL1_TCRX        GENMASK(3, 0)
#define ID_AA64MMFR3_EL1_SCTLRX      GENMASK(7, 4)
#define ID_AA64MMFR3_EL1_SPEC_FPACC  GENMASK(63, 60)
#define ID_AA64MMFR4_EL1_NV_FRAC     GENMASK(23, 20)
#define ID_AA64MMFR4_EL1_E2H0        GENMASK(27, 24)
#define ID_AA64MMFR4_E2H0_NI_NV1     0xe /* neither E2H = 0 nor HCR_EL2.NV1 */

/* ---- EL3's controls: what SMCCC_ARCH_FEATURE_AVAILABILITY tells of ---- */
#define SCR_EL3_TERR                 BIT(15)
#define SCR_EL3_APK                  BIT(16)
#define SCR_EL3_API                  BIT(17)
#define SCR_EL3_TRNDR                BIT(40)
#define CPTR_EL3_TFP                 BIT(10)
#define CPTR_EL3_TCPAC               BIT(31)
#define MDCR_EL3_TDA                 BIT(9)
#define MDCR_EL3_TDOSA               BIT(10)

#endif
