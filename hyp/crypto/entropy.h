/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random bytes, for the seeds of guests' devicetrees and whatever else must not be guessed.
 *
 * A pool of 32 bytes that is only as good as what was mixed into it: the seeds the firmware passed
 * (dt_take_seeds()), the CPU's RNDR where it has FEAT_RNG (read at each request), and the counter.
 * Output is ChaCha20's (RFC 8439), keyed by the pool, and each request adds output that nobody sees
 * to the pool: what was given out says nothing of what was or will be. No CPU waits while another
 * computes.
 */
#ifndef HYP_CRYPTO_ENTROPY_H
#define HYP_CRYPTO_ENTROPY_H

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

/* Mixes bytes of any quality into the pool: they can't make it worse. Any CPU, any time; takes its
 * own lock. */
void entropy_mix(const void *bytes, size_t size);

/* Fills `out` with `size` random bytes. About 4,000 instructions, and 20 more for each byte. */
void entropy_get(void *out, size_t size);

/*
 * True if something better than the counter has gone into the pool: firmware's seeds
 * (entropy_mix()) or what RNDR has given. It is asked here, too, if there was nothing so far: a CPU
 * that has RNDR may still get nothing from it, and then this is false.
 */
bool entropy_seeded(void);

/*
 * A word of this CPU's RNDR. False: the CPU has no FEAT_RNG, or nothing to give now, after
 * ENTROPY_RNDR_TRIES reads.
 */
#define ENTROPY_RNDR_TRIES 8
bool __must_check entropy_rndr(uint64_t *word);

/* The block function of RFC 8439, 2.3: for the unit test. counter_nonce: counter, then the nonce,
 * as the RFC's words. */
void chacha20_block(const uint32_t key[8], const uint32_t counter_nonce[4], uint32_t out[16]);

#endif
