/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's translation regime as plain values, and fields of its registers (Arm ARM D19.2:
 * TCR_EL1, TCR_EL2, SCTLR, HCR).
 */
#ifndef MM_REGIME_H
#define MM_REGIME_H

#include "hyp/base/types.h"

enum regime_kind {
	REGIME_EL10, /* EL1&0: two ranges, TCR_EL1's layout */
	REGIME_EL20, /* EL2&0 (virtual EL2 with E2H=1): the same layout */
	REGIME_EL2,  /* EL2 with E2H=0: one range, TCR_EL2's layout, no EL0 */
};

#define REGIME_4K  1
#define REGIME_16K 2
#define REGIME_64K 4

struct regime {
	enum regime_kind kind;
	uint8_t pa_bits; /* the size of the physical address space this guest is shown (its PARange)
			  */
	uint8_t granules; /* which the CPU has: REGIME_4K | ... */
	bool lva;         /* it has FEAT_LVA: 52-bit virtual addresses with 64 KiB granules */
	uint64_t ttbr0, ttbr1, tcr, sctlr, mair, hcr;
};

/* Granules by ID_AA64MMFR0_EL1.TGRAN4/16/64. */
static inline uint8_t regime_granules(uint64_t id_aa64mmfr0)
{
	uint8_t granules = 0;

	if (FIELD_GET(GENMASK(31, 28), id_aa64mmfr0) != 0xf)
		granules |= REGIME_4K;
	if (FIELD_GET(GENMASK(23, 20), id_aa64mmfr0) != 0)
		granules |= REGIME_16K;
	if (FIELD_GET(GENMASK(27, 24), id_aa64mmfr0) != 0xf)
		granules |= REGIME_64K;
	return granules;
}

/* TCR with two ranges. */
#define TCR_T0SZ     GENMASK(5, 0)
#define TCR_EPD0     BIT(7)
#define TCR_IRGN0    GENMASK(9, 8)
#define TCR_ORGN0    GENMASK(11, 10)
#define TCR_TG0      GENMASK(15, 14)
#define TCR_T1SZ     GENMASK(21, 16)
#define TCR_EPD1     BIT(23)
#define TCR_IRGN1    GENMASK(25, 24)
#define TCR_ORGN1    GENMASK(27, 26)
#define TCR_TG1      GENMASK(31, 30)
#define TCR_IPS      GENMASK(34, 32)
#define TCR_TBI0     BIT(37)
#define TCR_TBI1     BIT(38)
#define TCR_HA       BIT(39)
#define TCR_HD       BIT(40)
#define TCR_HPD0     BIT(41)
#define TCR_HPD1     BIT(42)
#define TCR_TBID0    BIT(51)
#define TCR_TBID1    BIT(52)
#define TCR_E0PD0    BIT(55)
#define TCR_E0PD1    BIT(56)
#define TCR_DS       BIT(59)

/* TCR_EL2 with one range (E2H=0). T0SZ and TG0 are where they are above. */
#define TCR_EL2_PS   GENMASK(18, 16)
#define TCR_EL2_TBI  BIT(20)
#define TCR_EL2_HA   BIT(21)
#define TCR_EL2_HD   BIT(22)
#define TCR_EL2_HPD  BIT(24)
#define TCR_EL2_TBID BIT(29)
#define TCR_EL2_DS   BIT(32)

#define SCTLR_M      BIT(0)
#define SCTLR_C      BIT(2)
#define SCTLR_WXN    BIT(19)
#define SCTLR_EE     BIT(25)

#define HCR_DC       BIT(12)
#define HCR_TGE      BIT(27)

#endif
