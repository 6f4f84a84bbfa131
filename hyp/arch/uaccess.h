/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies that survive a fault: for memory a guest may have pointed us to.
 */
#ifndef HYP_ARCH_UACCESS_H
#define HYP_ARCH_UACCESS_H

#include "hyp/base/types.h"

/* Copies n bytes. Returns how many were not copied: 0, or n when an abort was taken (the bytes
 * before it may be there). Where both addresses and n are multiples of 8, 4 or 2, that is the unit
 * of each load and store: an instruction, or an aligned access of that size, is copied in one
 * piece. */
size_t copy_fault_safe(void *destination, const void *source, size_t n);

/*
 * One load of an aligned 64-bit value at EL2's address, before all loads that follow (acquire);
 * false when an abort was taken. guard: load_guard(), once for any number of them.
 */
#ifdef LINTEL_HOST
#define load_guard() UINT64_C(0)
bool load_fault_safe(uint64_t guard, uint64_t address, uint64_t *value);
#else
/* The vectors use SP_EL0, which is the guest's: it is put back after an abort. */
static __always_inline uint64_t load_guard(void)
{
	uint64_t guests;

	__asm__ volatile("mrs %0, sp_el0" : "=r"(guests));
	return guests;
}

static __always_inline bool load_fault_safe(uint64_t guard, uint64_t address, uint64_t *value)
{
	uint64_t loaded = 0;

	/* An abort at 1 goes on at 2 (el2_exception.c). */
	__asm__ goto("1:	ldar %0, [%1]\n"
		     "	.subsection 1\n"
		     "2:	msr sp_el0, %2\n"
		     "	b %l4\n"
		     "	.previous\n"
		     "	.pushsection .uaccess_table, \"a\"\n"
		     "	.balign 4\n"
		     "	.long 1b - ., 2b - .\n"
		     "	.popsection"
		     : "=&r"(loaded)
		     : "r"(address), "r"(guard), "m"(*(const uint64_t *)address)
		     :
		     : aborted);
	*value = loaded;
	return true;
aborted:
	return false;
}
#endif

#endif
