/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiler attributes and visibility; force-included before every file of the EL2 image (-include).
 *
 * Hidden visibility must cover declarations too: otherwise an extern goes through the GOT.
 */
#ifndef HYP_BASE_COMPILER_H
#define HYP_BASE_COMPILER_H

#ifndef LINTEL_HOST
#pragma GCC visibility push(hidden)
#endif

#define __must_check             __attribute__((warn_unused_result))
#define __noreturn               __attribute__((noreturn))
#define __packed                 __attribute__((packed))
#define __aligned(n)             __attribute__((aligned(n)))
#define __printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define __always_inline          inline __attribute__((always_inline))
#define __noinline               __attribute__((noinline))
#define __cold                   __attribute__((cold))
#define __weak                   __attribute__((weak))
#define __section(name)          __attribute__((section(name)))

#define likely(x)                __builtin_expect(!!(x), 1)
#define unlikely(x)              __builtin_expect(!!(x), 0)

#endif
