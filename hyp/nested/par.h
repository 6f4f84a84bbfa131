/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PAR_EL1 as an AT instruction leaves it, in the 64-bit format (DDI 0487 D19.2.113), from what a
 * walk found.
 *
 * No translation: F = 1, FST in [6:1], PTW = 1 for a fault of stage 2 on the way of stage 1, S = 1
 * for any fault of stage 2; bit 11 is RES1.
 *
 * A translation: PA[47:12], or [51:12] with 52 bits; ATTR as in MAIR_ELx; SH, which for Device and
 * for memory that is cacheable nowhere is "outer" whatever the descriptor says; bit 11 is RES1
 * without FEAT_RME. NS means nothing without Secure state and is the CPU's choice: par_bits has it
 * as the CPU's own AT gives it.
 */
#ifndef HYP_NESTED_PAR_H
#define HYP_NESTED_PAR_H

#include "mm/walk_attr.h"

#define PAR_EL1_F    BIT(0)
#define PAR_EL1_FST  GENMASK(6, 1)
#define PAR_EL1_SH   GENMASK(8, 7)
#define PAR_EL1_PTW  BIT(8)
#define PAR_EL1_NS   BIT(9) /* F = 0 */
#define PAR_EL1_S    BIT(9) /* F = 1 */
#define PAR_EL1_RES1 BIT(11)
#define PAR_EL1_PA   GENMASK(51, 12)
#define PAR_EL1_ATTR GENMASK(63, 56)

/* Bits of a success that the CPU has always set: PAR_EL1_RES1, and maybe PAR_EL1_NS. */
extern uint64_t par_bits;

/* fst: class and level; s2: of stage 2; walk: while stage 1 read a descriptor. */
static inline uint64_t par_fault(unsigned fst, bool s2, bool walk)
{
	return PAR_EL1_F | FIELD_PREP(PAR_EL1_FST, fst) | (s2 ? PAR_EL1_S : 0) |
		(s2 && walk ? PAR_EL1_PTW : 0) | PAR_EL1_RES1;
}

/* attr: a byte of MAIR_ELx; sh: as in a descriptor. */
static __always_inline uint64_t par_address(uint64_t pa, uint8_t attr, uint8_t sh)
{
	return (pa & PAR_EL1_PA) | FIELD_PREP(PAR_EL1_ATTR, attr) |
		FIELD_PREP(PAR_EL1_SH, attr_par_sh(attr, sh)) | par_bits;
}

#endif
