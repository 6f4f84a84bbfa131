/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address translation by the CPU itself: fast, but it says what the TLB knows and looks with EL1's
 * rights; where a guest's tables are to be judged, mm/walk_s1.h walks them.
 */
#ifndef HYP_ARCH_AT_H
#define HYP_ARCH_AT_H

#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/uaccess.h"

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
/* What is returned where the CPU's own walk of the guest's tables took an external abort. */
#define PAR_ABORTED (PAR_F | (UINT64_C(0x14) << 1) | BIT(11))

/* The instruction, which goes on at `aborted` after an abort (hyp/arch/uaccess.h). */
#define at_fault_safe(instruction, va, guard)                \
	__asm__ goto("1:	" instruction ", %0\n"       \
		     "	.subsection 1\n"                      \
		     "2:	msr sp_el0, %1\n"                   \
		     "	b %l2\n"                              \
		     "	.previous\n"                          \
		     "	.pushsection .uaccess_table, \"a\"\n" \
		     "	.balign 4\n"                          \
		     "	.long 1b - ., 2b - .\n"               \
		     "	.popsection"                          \
		     :                                       \
		     : "r"(va), "r"(guard)                   \
		     : "memory"                              \
		     : aborted)

/*
 * What AT S1E1R puts into PAR_EL1 for va, by the EL1&0 regime of the vCPU that is loaded: stage 1
 * alone, a read at EL1. The guest's PAR_EL1 stays as it is. A stage-2 fault on the walk is a
 * failure like others; so is an external abort, which the CPU takes as an exception.
 */
static inline uint64_t at_s1e1r(uint64_t va)
{
	uint64_t guests = read_sysreg(PAR_EL1), guard = load_guard(), result;

	at_fault_safe("at s1e1r", va, guard);
	isb();
	result = read_sysreg(PAR_EL1);
	write_sysreg(guests, PAR_EL1);
	return result;
aborted:
	write_sysreg(guests, PAR_EL1);
	return PAR_ABORTED;
}

/* PSTATE.PAN (MSR S0_0_C4_C<n>_4) means nothing to EL2's own accesses with E2H = 0. */
#define set_pan()   __asm__ volatile("msr s0_0_c4_c1_4, xzr" ::: "memory")
#define clear_pan() __asm__ volatile("msr s0_0_c4_c0_4, xzr" ::: "memory")

/* The same by any of them. */
static inline uint64_t at_s1(enum at_kind kind, uint64_t va)
{
	uint64_t guests = read_sysreg(PAR_EL1), guard = load_guard(), result;

	switch (kind) {
	case AT_S1E1R:
		return at_s1e1r(va);
	case AT_S1E1W:
		at_fault_safe("at s1e1w", va, guard);
		break;
	case AT_S1E0R:
		at_fault_safe("at s1e0r", va, guard);
		break;
	case AT_S1E0W:
		at_fault_safe("at s1e0w", va, guard);
		break;
	case AT_S1E1RP:
		set_pan();
		at_fault_safe("sys #0, c7, c9, #0", va, guard);
		clear_pan();
		break;
	default:
		set_pan();
		at_fault_safe("sys #0, c7, c9, #1", va, guard);
		clear_pan();
		break;
	}
	isb();
	result = read_sysreg(PAR_EL1);
	write_sysreg(guests, PAR_EL1);
	return result;
aborted:
	if (kind == AT_S1E1RP || kind == AT_S1E1WP)
		clear_pan();
	write_sysreg(guests, PAR_EL1);
	return PAR_ABORTED;
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
