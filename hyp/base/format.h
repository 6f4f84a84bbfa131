/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small integer formatter (picolibc's printf uses SIMD registers, so EL2 can't have it).
 *
 * Conversions: %d %i %u %x %X %c %s %p %%, with flags '0' and '-', width, precision for %s (both
 * also '*'), and lengths hh, h, l, ll, z, j, t. No floating point.
 */
#ifndef HYP_BASE_FORMAT_H
#define HYP_BASE_FORMAT_H

#include <stdarg.h>

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

/* Writes each character by put(ctx, c). Returns the number of characters. */
size_t format_to(void (*put)(void *ctx, char c), void *ctx, const char *fmt, va_list args);

/* As snprintf: at most size bytes with the NUL; returns the length the whole text has. */
size_t format(char *buffer, size_t size, const char *fmt, ...) __printf_like(3, 4);
size_t format_v(char *buffer, size_t size, const char *fmt, va_list args);

#endif
