/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must not be found on a stack later.
 */
#ifndef HYP_CRYPTO_WIPE_H
#define HYP_CRYPTO_WIPE_H

#include "hyp/arch/barrier.h"
#include "hyp/base/string.h"

/* Zeros over `size` bytes, also where nobody reads them afterwards: a memset() the compiler may
 * drop then. */
static inline void wipe(void *bytes, size_t size)
{
	memset(bytes, 0, size);
	keep_stores(bytes);
}

#endif
