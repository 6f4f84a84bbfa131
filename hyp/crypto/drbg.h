/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random bits that meet NIST SP 800-90A: HMAC_DRBG with SHA-256 (section 10.1.2; BearSSL's), one
 * instance for each CPU, so that none waits for another.
 *
 * An instance is seeded (instantiated) at its first request, from the pool of hyp/crypto/entropy.h:
 * 32 bytes of entropy input and 16 of nonce (8.6.7), and reseeded from there after
 * DRBG_RESEED_INTERVAL requests (10.1, table 2, allows 2^48), so that what the CPU's RNDR gives and
 * what others have put into the pool since then reaches it. The firmware's generator is asked for
 * the pool once, at boot (trng_init()).
 *
 * Security strength: 256 bits, if the pool's seed had as many.
 */
#ifndef HYP_CRYPTO_DRBG_H
#define HYP_CRYPTO_DRBG_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

#define DRBG_REQUEST_MAX     32 /* bytes; 10.1, table 2, allows 2^16 */
#define DRBG_RESEED_INTERVAL 4096

/*
 * Fills `out` with `size` bytes, at most DRBG_REQUEST_MAX. On any CPU, with interrupts masked:
 * about 32,000 instructions, or 55,000 when it seeds. Borrows the SIMD registers (hyp/arch/simd.h).
 * If it fails `out` is zero:
 *
 * ERR_BUSY: this CPU's instance was seeded or reseeded instead, so that both never come in one
 * stretch without interrupts; to be called again once they had their turn.
 * ERR_NOT_FOUND: nothing better than the counter ever went into the pool (entropy_seeded()), so
 * that whatever came out could be guessed.
 */
enum status drbg_generate(void *out, size_t size) __must_check;

#endif
