/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device accesses by single loads and stores without write-back, which have a valid syndrome.
 */
#ifndef GUEST_LIB_MMIO_H
#define GUEST_LIB_MMIO_H

#include "base.h"

#define MMIO_ACCESSORS(bits, suffix, width)                                                        \
	static inline u##bits mmio_read##bits(u64 address)                                         \
	{                                                                                          \
		u64 value;                                                                         \
		__asm__ volatile("ldr" suffix " %" width "0, [%1]"                                 \
				 : "=r"(value)                                                     \
				 : "r"(address)                                                    \
				 : "memory");                                                      \
		return (u##bits)value;                                                             \
	}                                                                                          \
	static inline void mmio_write##bits(u64 address, u##bits value)                            \
	{                                                                                          \
		__asm__ volatile("str" suffix " %" width "0, [%1]" ::"r"((u64)value), "r"(address) \
				 : "memory");                                                      \
	}

MMIO_ACCESSORS(8, "b", "w")
MMIO_ACCESSORS(16, "h", "w")
MMIO_ACCESSORS(32, "", "w")
MMIO_ACCESSORS(64, "", "x")

#endif
