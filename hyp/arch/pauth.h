/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The code of pointer authentication with a key of a guest's: by PACGA, which gives bits 63:32 of
 * what PAC* computes from the same pointer, modifier and key (DDI 0487 D8.8, ComputePAC; the
 * algorithms of addresses and of PACGA are one where both are there).
 */
#ifndef HYP_ARCH_PAUTH_H
#define HYP_ARCH_PAUTH_H

#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"

struct pauth_key {
	uint64_t lo, hi;
};

#ifdef LINTEL_HOST
uint64_t fake_pacga(uint64_t pointer, uint64_t modifier, struct pauth_key key);
#define pacga(pointer, modifier, key) fake_pacga(pointer, modifier, key)
#else
/* The CPU's APGA key, the guest's, stays as it is. */
static inline uint64_t pacga(uint64_t pointer, uint64_t modifier, struct pauth_key key)
{
	uint64_t lo = read_sysreg(APGAKEYLO_EL1), hi = read_sysreg(APGAKEYHI_EL1);
	register uint64_t x0 __asm__("x0") = pointer;
	register uint64_t x1 __asm__("x1") = modifier;

	write_sysreg(key.lo, APGAKEYLO_EL1);
	write_sysreg(key.hi, APGAKEYHI_EL1);
	isb();
	/* pacga x0, x0, x1: clang 14 doesn't take it by name, whatever .arch says. */
	__asm__ volatile(".inst 0x9ac13000" : "+r"(x0) : "r"(x1));
	write_sysreg(lo, APGAKEYLO_EL1);
	write_sysreg(hi, APGAKEYHI_EL1);
	return x0;
}
#endif

#endif
