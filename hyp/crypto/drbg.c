/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/crypto/drbg.h"
#include <bearssl/bearssl_hash.h>
#include <bearssl/bearssl_rand.h>
#include "hyp/arch/cpu.h"
#include "hyp/arch/simd.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "hyp/crypto/entropy.h"
#include "hyp/crypto/wipe.h"

#define SEED_BYTES (32 + 16)

static struct drbg {
	br_hmac_drbg_context context;
	bool seeded;
	uint32_t requests; /* since then */
} drbgs[MAX_CPUS];

/* br_hmac_drbg_init() is SP 800-90A's instantiate, br_hmac_drbg_update() its reseed. */
static void seed(struct drbg *drbg)
{
	uint8_t bytes[SEED_BYTES];

	entropy_get(bytes, sizeof(bytes));
	if (drbg->seeded)
		br_hmac_drbg_update(&drbg->context, bytes, sizeof(bytes));
	else
		br_hmac_drbg_init(&drbg->context, &br_sha256_vtable, bytes, sizeof(bytes));
	drbg->seeded = true;
	drbg->requests = 0;
	wipe(bytes, sizeof(bytes));
}

enum status drbg_generate(void *out, size_t size)
{
	struct drbg *drbg = &drbgs[this_cpu()->index];
	bool due = !drbg->seeded || drbg->requests == DRBG_RESEED_INTERVAL;
	struct simd_loan loan;

	assert(size <= DRBG_REQUEST_MAX);
	memset(out, 0, size);
	if (!entropy_seeded())
		return ERR_NOT_FOUND;
	simd_borrow(&loan);
	if (due) {
		seed(drbg);
	} else {
		br_hmac_drbg_generate(&drbg->context, out, size);
		drbg->requests++;
	}
	simd_return(&loan);
	return due ? ERR_BUSY : OK;
}
