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
	union {
		struct {
			enum regime_kind kind;
			/* The size of the physical address space this guest is shown (its PARange).
			 */
			uint8_t pa_bits;
			uint8_t granules;  /* which the CPU has: REGIME_4K | ... */
			uint16_t features; /* REGIME_*: of what it lacks the controls do nothing */
		};
		uint64_t machine; /* all of these, to be compared */
	};
	/* hcr: HCR_EL2 as it is for this regime. DC and TGE: stage 1 is off at EL1&0; NV with NV1:
	 * descriptors of EL1&0 are like EL2's (D8.13.4); CD. */
	uint64_t ttbr0, ttbr1, tcr, sctlr, mair, hcr;
};

/* struct regime: features */
#define REGIME_LVA         BIT(0) /* 52-bit virtual addresses with 64 KiB granules */
#define REGIME_TTST        BIT(1) /* small tables */
#define REGIME_HA          BIT(2) /* the access flag set by hardware */
#define REGIME_HD          BIT(3) /* dirty state, too */
#define REGIME_HPD         BIT(4) /* hierarchical permissions can be off */
#define REGIME_E0PD        BIT(5)
#define REGIME_PAN3        BIT(6) /* SCTLR_ELx.EPAN */
#define REGIME_XNX         BIT(7) /* stage 2 tells EL1's execution from EL0's */
#define REGIME_LPA2_4K     BIT(8) /* TCR_ELx.DS with that granule */
#define REGIME_LPA2_16K    BIT(9)
#define REGIME_LPA2_4K_S2  BIT(10) /* VTCR_EL2.DS */
#define REGIME_LPA2_16K_S2 BIT(11)

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

/* The same of stage 2, by TGRAN4_2/16_2/64_2: 0 is "as TGRANn", 1 none. */
static inline uint8_t regime_granules_s2(uint64_t id_aa64mmfr0)
{
	uint64_t of_4k = FIELD_GET(GENMASK(43, 40), id_aa64mmfr0);
	uint64_t of_16k = FIELD_GET(GENMASK(35, 32), id_aa64mmfr0);
	uint64_t of_64k = FIELD_GET(GENMASK(39, 36), id_aa64mmfr0);
	uint8_t as_s1 = regime_granules(id_aa64mmfr0), granules = 0;

	granules |= of_4k == 0 ? as_s1 & REGIME_4K : of_4k > 1 ? REGIME_4K : 0;
	granules |= of_16k == 0 ? as_s1 & REGIME_16K : of_16k > 1 ? REGIME_16K : 0;
	granules |= of_64k == 0 ? as_s1 & REGIME_64K : of_64k > 1 ? REGIME_64K : 0;
	return granules;
}

/* By ID_AA64MMFR0_EL1, ID_AA64MMFR1_EL1 and ID_AA64MMFR2_EL1, the CPU's or as a guest is shown
 * them. */
static inline uint16_t regime_features(uint64_t mmfr0, uint64_t mmfr1, uint64_t mmfr2)
{
	uint64_t hafdbs = FIELD_GET(GENMASK(3, 0), mmfr1);
	bool lpa2_4k = FIELD_GET(GENMASK(31, 28), mmfr0) == 1;
	bool lpa2_16k = FIELD_GET(GENMASK(23, 20), mmfr0) == 2;
	uint64_t of_4k = FIELD_GET(GENMASK(43, 40), mmfr0);
	uint64_t of_16k = FIELD_GET(GENMASK(35, 32), mmfr0);
	uint64_t features = 0;

	features |= FIELD_GET(GENMASK(19, 16), mmfr2) != 0 ? REGIME_LVA : 0;
	features |= FIELD_GET(GENMASK(31, 28), mmfr2) != 0 ? REGIME_TTST : 0;
	features |= hafdbs >= 1 ? REGIME_HA : 0;
	features |= hafdbs >= 2 ? REGIME_HD : 0;
	features |= FIELD_GET(GENMASK(15, 12), mmfr1) != 0 ? REGIME_HPD : 0;
	features |= FIELD_GET(GENMASK(63, 60), mmfr2) != 0 ? REGIME_E0PD : 0;
	features |= FIELD_GET(GENMASK(23, 20), mmfr1) >= 3 ? REGIME_PAN3 : 0;
	features |= FIELD_GET(GENMASK(31, 28), mmfr1) != 0 ? REGIME_XNX : 0;
	features |= lpa2_4k ? REGIME_LPA2_4K : 0;
	features |= lpa2_16k ? REGIME_LPA2_16K : 0;
	features |= of_4k == 3 || (of_4k == 0 && lpa2_4k) ? REGIME_LPA2_4K_S2 : 0;
	features |= of_16k == 3 || (of_16k == 0 && lpa2_16k) ? REGIME_LPA2_16K_S2 : 0;
	return (uint16_t)features;
}

/* The smallest granule there is: what a reserved one, or one the CPU lacks, counts as (it is the
 * CPU's choice). log2 of its size; 0: there is none. */
static inline unsigned regime_smallest_granule(uint8_t granules)
{
	if (granules & REGIME_4K)
		return 12;
	if (granules & REGIME_16K)
		return 14;
	return granules & REGIME_64K ? 16 : 0;
}

/* TCR with two ranges. */
#define TCR_T0SZ     GENMASK(5, 0)
#define TCR_EPD0     BIT(7)
#define TCR_IRGN0    GENMASK(9, 8)
#define TCR_ORGN0    GENMASK(11, 10)
#define TCR_SH0      GENMASK(13, 12)
#define TCR_TG0      GENMASK(15, 14)
#define TCR_T1SZ     GENMASK(21, 16)
#define TCR_EPD1     BIT(23)
#define TCR_IRGN1    GENMASK(25, 24)
#define TCR_ORGN1    GENMASK(27, 26)
#define TCR_SH1      GENMASK(29, 28)
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
#define SCTLR_EPAN   BIT(57)

#define HCR_PTW      BIT(2)
#define HCR_DC       BIT(12)
#define HCR_TGE      BIT(27)
#define HCR_CD       BIT(32)
#define HCR_NV       BIT(42)
#define HCR_NV1      BIT(43)
#define HCR_FWB      BIT(46)

#endif
