/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Types every room uses: addresses that can't be mixed up, field helpers, sizes.
 */
#ifndef HYP_BASE_TYPES_H
#define HYP_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A physical address of the machine. */
typedef struct {
	uint64_t pa;
} pa_t;

/* An intermediate physical address: what a VM takes for physical. */
typedef struct {
	uint64_t ipa;
} ipa_t;

/* A guest's virtual address, tag and sign bits as the guest had them. */
typedef struct {
	uint64_t gva;
} gva_t;

#define PA(x)                           ((pa_t){ (uint64_t)(x) })
#define IPA(x)                          ((ipa_t){ (uint64_t)(x) })
#define GVA(x)                          ((gva_t){ (uint64_t)(x) })

#define BIT(n)                          (UINT64_C(1) << (n))
/* Bits high..low set, both inclusive. */
#define GENMASK(high, low)              ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))
/* The field that `mask` selects of `value`, moved to bit 0; and back. `mask` is a contiguous
 * constant. */
#define FIELD_GET(mask, value)          (((uint64_t)(value) & (mask)) >> __builtin_ctzll(mask))
#define FIELD_PREP(mask, value)         (((uint64_t)(value) << __builtin_ctzll(mask)) & (mask))

#define KIB(n)                          ((uint64_t)(n) << 10)
#define MIB(n)                          ((uint64_t)(n) << 20)
#define GIB(n)                          ((uint64_t)(n) << 30)

#define PAGE_SHIFT                      12
#define PAGE_SIZE                       KIB(4)
#define BLOCK_SIZE                      MIB(2)

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a)                ((x) & ~((uint64_t)(a)-1))
#define ALIGN_UP(x, a)                  (((x) + (uint64_t)(a)-1) & ~((uint64_t)(a)-1))
#define IS_ALIGNED(x, a)                (((uint64_t)(x) & ((uint64_t)(a)-1)) == 0)
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
