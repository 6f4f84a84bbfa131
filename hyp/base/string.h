/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memcpy and its kin are Lintel's own (gcc calls them for structures; general registers only, right
 * before the MMU is on). Prototypes are the C standard's; the other string functions come from
 * picolibc's small variant.
 */
#ifndef HYP_BASE_STRING_H
#define HYP_BASE_STRING_H

#include <string.h> /* picolibc's (or the host's) prototypes */

#endif
