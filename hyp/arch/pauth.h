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
	uint64_t lo = read_sysreg(APGAKEYLO_EL1), hi = read_sysreg(APGAKEYHI_EL1), code;

	write_sysreg(key.lo, APGAKEYLO_EL1);
	write_sysreg(key.hi, APGAKEYHI_EL1);
	isb();
	__asm__ volatile(".arch armv8.3-a\n\tpacga %0, %1, %2"
			 : "=r"(code)
			 : "r"(pointer), "r"(modifier));
	write_sysreg(lo, APGAKEYLO_EL1);
	write_sysreg(hi, APGAKEYHI_EL1);
	return code;
}
#endif

#endif
