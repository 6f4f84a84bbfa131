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

#endif
