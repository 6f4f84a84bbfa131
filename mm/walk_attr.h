/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory attributes of two stages in one (DDI 0487 D8.6; AArch64.S2CombineS1MemAttrs). Attributes
 * are bytes as in MAIR_ELx, shareability is as in descriptors and in PAR_EL1.
 */
#ifndef MM_WALK_ATTR_H
#define MM_WALK_ATTR_H

#include "hyp/base/types.h"

#define SH_NON             0
#define SH_OUTER           2
#define SH_INNER           3

#define ATTR_DEVICE_nGnRnE 0x00
#define ATTR_NORMAL_NC     0x44
#define ATTR_NORMAL_WB     0xff

static inline bool attr_is_device(uint8_t attr)
{
	return attr < 0x10;
}

/* A descriptor's MemAttr[3:0] of stage 2 without FWB, as a byte. Inner 0b00 under Normal outer is
 * reserved: not cacheable. */
uint8_t attr_of_s2(unsigned mem_attr);

/*
 * Stage 1's byte and stage 2's MemAttr[3:0] in one. hcr: HCR_EL2, of which FWB says how MemAttr is
 * meant, and CD makes what is Normal not cacheable (of data).
 */
uint8_t attr_combine(uint8_t s1, unsigned mem_attr, uint64_t hcr);

/* The shareability of both: the wider. */
uint8_t attr_combine_sh(unsigned s1, unsigned s2);

/* As PAR_EL1 reports it: Device and what is nowhere cacheable is outer shareable; 0b01 is never. */
static inline uint8_t attr_par_sh(uint8_t attr, unsigned sh)
{
	if (attr_is_device(attr) || attr == ATTR_NORMAL_NC)
		return SH_OUTER;
	return sh & SH_OUTER ? (uint8_t)sh : SH_NON;
}

#endif
