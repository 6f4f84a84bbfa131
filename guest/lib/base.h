/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every payload uses: integer names, bits, the places of the virtual machine, memory helpers.
 */
#ifndef GUEST_LIB_BASE_H
#define GUEST_LIB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define BIT(n)                 (UINT64_C(1) << (n))
/* Bits high..low set, both inclusive. */
#define GENMASK(high, low)     ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))
/* The field that `mask` selects of `value`, moved to bit 0. */
#define FIELD_GET(mask, value) (((u64)(value) & (mask)) >> __builtin_ctzll(mask))
#define KIB(n)                 ((u64)(n) << 10)
#define MIB(n)                 ((u64)(n) << 20)
#define GIB(n)                 ((u64)(n) << 30)
#define ARRAY_SIZE(a)          (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a)       ((x) & ~((u64)(a)-1))
#define ALIGN_UP(x, a)         (((x) + (u64)(a)-1) & ~((u64)(a)-1))

/* The machine that a VM sees, laid out like QEMU's virt. */
#define RAM_BASE               UINT64_C(0x40000000)
#define GICD_BASE              UINT64_C(0x08000000)
#define GICD_SIZE              UINT64_C(0x10000)
#define GICR_BASE              UINT64_C(0x080a0000)
#define GICR_STRIDE            UINT64_C(0x20000)
#define UART_BASE              UINT64_C(0x09000000)
#define UART_INTID             33

#define MAX_CPUS               8

/* The C library's own, which the compiler calls by itself. */
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
/* True when `s` begins with `prefix`. */
bool str_starts(const char *s, const char *prefix);

/* Sorts `n` numbers upwards, in place. */
void sort_u64(u64 *v, size_t n);

#endif
