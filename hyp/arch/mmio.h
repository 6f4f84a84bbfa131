/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses to device registers: one instruction each, no writeback, so that they also work where
 * Lintel itself is emulated. On the build machine they are plain accesses to memory, or go to the
 * hook a test sets.
 */
#ifndef HYP_ARCH_MMIO_H
#define HYP_ARCH_MMIO_H

#include "hyp/base/types.h"

#ifdef LINTEL_HOST

uint64_t fake_mmio_read(const volatile void *address, unsigned width);
void fake_mmio_write(volatile void *address, unsigned width, uint64_t value);
#define MMIO_ACCESSORS(bits, insn, reg)                                                   \
	static inline uint##bits##_t mmio_read##bits(const volatile void *address)        \
	{                                                                                 \
		return (uint##bits##_t)fake_mmio_read(address, bits / 8);                 \
	}                                                                                 \
	static inline void mmio_write##bits(volatile void *address, uint##bits##_t value) \
	{                                                                                 \
		fake_mmio_write(address, bits / 8, value);                                \
	}

#else

#define MMIO_ACCESSORS(bits, suffix, reg)                                                 \
	static inline uint##bits##_t mmio_read##bits(const volatile void *address)        \
	{                                                                                 \
		uint##bits##_t value;                                                     \
		__asm__ volatile("ldr" suffix " %" reg "0, [%1]"                          \
				 : "=r"(value)                                            \
				 : "r"(address)                                           \
				 : "memory");                                             \
		return value;                                                             \
	}                                                                                 \
	static inline void mmio_write##bits(volatile void *address, uint##bits##_t value) \
	{                                                                                 \
		__asm__ volatile("str" suffix " %" reg "0, [%1]"                          \
				 :                                                        \
				 : "rZ"(value), "r"(address)                              \
				 : "memory");                                             \
	}

#endif

MMIO_ACCESSORS(8, "b", "w")
MMIO_ACCESSORS(16, "h", "w")
MMIO_ACCESSORS(32, "", "w")
MMIO_ACCESSORS(64, "", "x")
#undef MMIO_ACCESSORS

#endif
