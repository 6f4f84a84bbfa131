/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address translation by the CPU itself: fast, but it says what the TLB knows and looks with EL1's
 * rights; where a guest's tables are to be judged, mm/walk_s1.h walks them.
 */
#ifndef HYP_ARCH_AT_H
#define HYP_ARCH_AT_H

#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"

/* PAR_EL1 as AT leaves it (Arm ARM, PAR_EL1; 64-bit format). */
#define PAR_F           BIT(0)          /* no translation */
#define PAR_PA          GENMASK(47, 12) /* F = 0: of stage 1 alone, an IPA */
#define PAR_ATTR        GENMASK(63, 56) /* as an attribute of MAIR_EL1 */
#define PAR_ATTR_MEMORY GENMASK(63, 60) /* not 0: Normal memory; 0: Device */

/* Who asks for what. The last two are FEAT_PAN2's, made with PSTATE.PAN = 1. */
enum at_kind { AT_S1E1R, AT_S1E1W, AT_S1E0R, AT_S1E0W, AT_S1E1RP, AT_S1E1WP };

#ifdef LINTEL_HOST
uint64_t fake_at_s1e1r(uint64_t va);
uint64_t fake_at_s1(enum at_kind kind, uint64_t va);
uint64_t fake_at_s1e2r(uint64_t va);
#define at_s1e2r(va)    fake_at_s1e2r(va)
#define at_s1e1r(va)    fake_at_s1e1r(va)
#define at_s1(kind, va) fake_at_s1(kind, va)
#else
/*
 * What AT S1E1R puts into PAR_EL1 for va, by the EL1&0 regime of the vCPU that is loaded: stage 1
 * alone, a read at EL1. The guest's PAR_EL1 stays as it is. A stage-2 fault on the walk is a
 * failure like others.
 */
static inline uint64_t at_s1e1r(uint64_t va)
{
	uint64_t guests = read_sysreg(PAR_EL1), result;

	__asm__ volatile("at s1e1r, %0" ::"r"(va) : "memory");
	isb();
	result = read_sysreg(PAR_EL1);
	write_sysreg(guests, PAR_EL1);
	return result;
}

/* PSTATE.PAN (MSR S0_0_C4_C<n>_4) means nothing to EL2's own accesses with E2H = 0. */
#define at_with_pan(instruction, va)                               \
	__asm__ volatile("msr s0_0_c4_c1_4, xzr\n\t" instruction   \
			 ", %0\n\tmsr s0_0_c4_c0_4, xzr" ::"r"(va) \
			 : "memory")

/* The same by any of them. */
static inline uint64_t at_s1(enum at_kind kind, uint64_t va)
{
	uint64_t guests = read_sysreg(PAR_EL1), result;

	switch (kind) {
	case AT_S1E1R:
		return at_s1e1r(va);
	case AT_S1E1W:
		__asm__ volatile("at s1e1w, %0" ::"r"(va) : "memory");
		break;
	case AT_S1E0R:
		__asm__ volatile("at s1e0r, %0" ::"r"(va) : "memory");
		break;
	case AT_S1E0W:
		__asm__ volatile("at s1e0w, %0" ::"r"(va) : "memory");
		break;
	case AT_S1E1RP:
		at_with_pan("sys #0, c7, c9, #0", va);
		break;
	default:
		at_with_pan("sys #0, c7, c9, #1", va);
		break;
	}
	isb();
	result = read_sysreg(PAR_EL1);
	write_sysreg(guests, PAR_EL1);
	return result;
}

/* AT S1E2R, by Lintel's own tables. */
static inline uint64_t at_s1e2r(uint64_t va)
{
	uint64_t guests = read_sysreg(PAR_EL1), result;

	__asm__ volatile("at s1e2r, %0" ::"r"(va) : "memory");
	isb();
	result = read_sysreg(PAR_EL1);
	write_sysreg(guests, PAR_EL1);
	return result;
}
#endif

#endif
