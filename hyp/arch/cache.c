/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/cache.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/string.h"

#define CTR_EL0_DMINLINE  GENMASK(19, 16) /* log2 of the smallest data line, in words */
#define CTR_EL0_IMINLINE  GENMASK(3, 0)   /* the same for instructions */
#define CTR_EL0_L1IP      GENMASK(15, 14) /* how instruction caches are looked up */
#define CTR_EL0_L1IP_PIPT 3
#define DCZID_EL0_BS      GENMASK(3, 0) /* log2 of DC ZVA's block, in words */
#define DCZID_EL0_DZP     BIT(4)        /* DC ZVA prohibited */

#define FOR_EACH_LINE(start, size, field, operation)                                          \
	do {                                                                                  \
		size_t line_ = (size_t)4 << FIELD_GET(field, read_sysreg(CTR_EL0));           \
		uintptr_t end_ = (uintptr_t)(start) + (size);                                 \
                                                                                              \
		uintptr_t at_ = ALIGN_DOWN((uintptr_t)(start), line_);                        \
                                                                                              \
		for (; at_ + 4 * line_ <= end_; at_ += 4 * line_) {                           \
			__asm__ volatile(operation ", %0" ::"r"(at_) : "memory");             \
			__asm__ volatile(operation ", %0" ::"r"(at_ + line_) : "memory");     \
			__asm__ volatile(operation ", %0" ::"r"(at_ + 2 * line_) : "memory"); \
			__asm__ volatile(operation ", %0" ::"r"(at_ + 3 * line_) : "memory"); \
		}                                                                             \
		for (; at_ < end_; at_ += line_)                                              \
			__asm__ volatile(operation ", %0" ::"r"(at_) : "memory");             \
	} while (0)

void cache_clean(const void *start, size_t size)
{
	FOR_EACH_LINE(start, size, CTR_EL0_DMINLINE, "dc cvac");
	dsb_sy();
}

void cache_clean_invalidate(const void *start, size_t size)
{
	FOR_EACH_LINE(start, size, CTR_EL0_DMINLINE, "dc civac");
	dsb_sy();
}

void cache_sync_code(const void *start, size_t size)
{
	FOR_EACH_LINE(start, size, CTR_EL0_DMINLINE, "dc cvau");
	dsb_ish();
	FOR_EACH_LINE(start, size, CTR_EL0_IMINLINE, "ic ivau");
	dsb_ish();
	isb();
}

void cache_invalidate_code(void)
{
	__asm__ volatile("ic ialluis" ::: "memory");
	dsb_ish();
	isb();
}

/*
 * Unless instruction caches are looked up by physical address alone, what was fetched by a guest's
 * address can't be named by Lintel's.
 */
static void invalidate_code_line(const void *address)
{
	if (FIELD_GET(CTR_EL0_L1IP, read_sysreg(CTR_EL0)) != CTR_EL0_L1IP_PIPT)
		return cache_invalidate_code();
	__asm__ volatile("ic ivau, %0" ::"r"(address) : "memory");
	dsb_ish();
	isb();
}

/* SYS #3, C7, Cm, #1: the assembler need not know FEAT_DPB and FEAT_DPB2. */
#define DC_CLEAN(crm, address) \
	__asm__ volatile("sys #3, c7, c" #crm ", #1, %0" ::"r"(address) : "memory")

void cache_maintain(enum cmo_op op, const void *address)
{
	dsb_ish();
	switch (op) {
	case CMO_DC_CVAC:
		DC_CLEAN(10, address);
		break;
	case CMO_DC_CVAU:
		DC_CLEAN(11, address);
		break;
	case CMO_DC_CVAP:
		DC_CLEAN(12, address);
		break;
	case CMO_DC_CVADP:
		DC_CLEAN(13, address);
		break;
	case CMO_IC_IVAU:
		invalidate_code_line(address);
		break;
	default: /* DC IVAC may not discard what others have stored: stage 2 makes it this */
		__asm__ volatile("dc civac, %0" ::"r"(address) : "memory");
		break;
	}
	dsb_sy();
}

void cache_zero(void *start, size_t size)
{
	uint64_t dczid = read_sysreg(DCZID_EL0);
	size_t block = (size_t)4 << FIELD_GET(DCZID_EL0_BS, dczid);
	uintptr_t at = (uintptr_t)start, end = at + size;

	if ((dczid & DCZID_EL0_DZP) || !IS_ALIGNED(at, block) || !IS_ALIGNED(size, block * 8)) {
		memset(start, 0, size);
		return;
	}
	while (at < end) {
#pragma GCC unroll 8
		for (unsigned i = 0; i < 8; i++, at += block)
			__asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
	}
}
