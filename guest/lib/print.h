/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Printing to the PL011: each call's text goes out in one go, whichever CPU prints.
 */
#ifndef GUEST_LIB_PRINT_H
#define GUEST_LIB_PRINT_H

#include <stdarg.h>

#include "base.h"

/*
 * %s %c %d %u %x %p and %% with l (64 bits), a width, and 0 or - before it.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Formats into `buffer` (always terminated); returns the length that it has there. */
size_t format_text(char *buffer, size_t size, const char *format, va_list args);

#endif
