/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TRNG 1.0 for guests (Arm DEN0098): random bits by SMC and HVC. The handlers are in calls.def.
 *
 * | function     | in                | out                                                        |
 * | ------------ | ----------------- | ---------------------------------------------------------- |
 * | TRNG_VERSION |                   | w0: 0x10000                                                |
 * | FEATURES     | w1: function      | w0: 0, or NOT_SUPPORTED for what is no function of TRNG's  |
 * | GET_UUID     |                   | w0-w3: Lintel's                                            |
 * | RND, 32 bits | w1: bits, 1..96   | w0: 0; w1: bits 95:64, w2: bits 63:32, w3: bits 31:0       |
 * | RND, 64 bits | x1: bits, 1..192  | x0: 0; x1: bits 191:128, x2: bits 127:64, x3: bits 63:0    |
 *
 * Of RND's results the bits that were not asked for are zero. Any other number of bits is
 * INVALID_PARAMETERS, and where no source has anything NO_ENTROPY; x1-x3 are zero then.
 *
 * The sources, in their order; each is asked again at each call, and the next one is for a call
 * that it had not enough for:
 *
 *   RNDR       the CPU's own (FEAT_RNG)
 *   firmware   the TRNG of EL3, if it has one
 *   HMAC_DRBG  over the entropy that the board has offered (hyp/crypto/drbg.h)
 *
 * When a CPU's generator is to be seeded the call is made again (EXIT_REPEAT), interrupts in
 * between.
 *
 * Where the board has offered none, nobody is given numbers that could be guessed.
 */
#ifndef HYP_SMCCC_TRNG_H
#define HYP_SMCCC_TRNG_H

#include "hyp/smccc/dispatch.h"

#define TRNG_VERSION_1_0        UINT32_C(0x10000)

/* DEN0098 table 2 */
#define TRNG_SUCCESS            0
#define TRNG_NOT_SUPPORTED      (-1)
#define TRNG_INVALID_PARAMETERS (-2)
#define TRNG_NO_ENTROPY         (-3)

#define TRNG_BITS_MAX_32        96
#define TRNG_BITS_MAX_64        192

/*
 * Boot CPU, once, after smccc_client_init(): asks the firmware whether it has TRNG 1.x (only where
 * calls reach a firmware that knows SMCCC 1.1, as DEN0098 says); what it gives goes into the
 * entropy pool, too. Says in the log where guests' random bits will come from.
 */
void trng_init(void);

#endif
