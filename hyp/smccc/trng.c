/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/trng.h"
#include "drivers/psci/smccc_client.h"
#include "hyp/arch/smc.h"
#include "hyp/base/log.h"
#include "hyp/crypto/drbg.h"
#include "hyp/crypto/entropy.h"
#include "hyp/crypto/wipe.h"

#define FN_VERSION   (SMCCC_BASE_TRNG + 0)
#define FN_FEATURES  (SMCCC_BASE_TRNG + 1)
#define FN_RND_64    (SMCCC_BASE_TRNG + 3 + (uint32_t)SMCCC_64)
#define FUNCTIONS    0x10 /* reserved for TRNG, of each width */

#define MAJOR        GENMASK(30, 16)

#define WORDS        3
#define BITS_OF_WORD 64

/* ff6f3e16-53ed-4946-99d2-68c77db7cb87 */
static const uint32_t trng_uuid[4] = { 0x163e6fff, 0x4649ed53, 0xc768d299, 0x87cbb77d };

static bool firmware_has_trng;

/*
 * Bits 191:0 of a request: words[0] has bits 63:0. ERR_NOT_FOUND: not enough now. ERR_BUSY: to be
 * asked again, after interrupts.
 */
typedef enum status (*trng_source)(uint64_t words[WORDS], unsigned bits);

static unsigned words_for(unsigned bits)
{
	return (bits + BITS_OF_WORD - 1) / BITS_OF_WORD;
}

static enum status from_cpu(uint64_t words[WORDS], unsigned bits)
{
	for (unsigned i = 0; i < words_for(bits); i++) {
		if (!entropy_rndr(&words[i]))
			return ERR_NOT_FOUND;
	}
	return OK;
}

static enum status from_firmware(uint64_t words[WORDS], unsigned bits)
{
	struct smc_regs call = { .x = { FN_RND_64, bits } };

	if (!firmware_has_trng)
		return ERR_NOT_FOUND;
	smc_call(&call);
	if ((int32_t)call.x[0] != TRNG_SUCCESS)
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = call.x[WORDS - i];
	wipe(&call, sizeof(call));
	return OK;
}

static enum status from_drbg(uint64_t words[WORDS], unsigned bits)
{
	return drbg_generate(words, words_for(bits) * sizeof(*words));
}

/* Bits that were not asked for are zero, whoever gave them. */
static void cut(uint64_t words[WORDS], unsigned bits)
{
	for (unsigned i = 0; i < WORDS; i++) {
		unsigned below = i * BITS_OF_WORD;

		if (bits <= below)
			words[i] = 0;
		else if (bits < below + BITS_OF_WORD)
			words[i] &= BIT(bits - below) - 1;
	}
}

static enum status random_bits(uint64_t words[WORDS], unsigned bits)
{
	static const trng_source sources[] = { from_cpu, from_firmware, from_drbg };
	enum status status = ERR_NOT_FOUND;

	for (unsigned i = 0; i < ARRAY_SIZE(sources) && status == ERR_NOT_FOUND; i++)
		status = sources[i](words, bits);
	cut(words, bits);
	return status;
}

enum exit_result trng_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, TRNG_VERSION_1_0);
}

enum exit_result trng_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t asked = (uint32_t)vcpu->regs.x[1];
	bool ours = (asked & ~(uint32_t)SMCCC_64) - SMCCC_BASE_TRNG < FUNCTIONS;

	(void)function;
	return smccc_return(vcpu, conduit,
		ours && smccc_offered_to(vcpu, conduit, asked) ? TRNG_SUCCESS
							       : (uint64_t)TRNG_NOT_SUPPORTED);
}

enum exit_result trng_get_uuid(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	for (unsigned i = 1; i < ARRAY_SIZE(trng_uuid); i++)
		vcpu->regs.x[i] = trng_uuid[i];
	return smccc_return(vcpu, conduit, trng_uuid[0]);
}

static enum exit_result fails(struct vcpu *vcpu, enum conduit conduit, int64_t error)
{
	for (unsigned i = 1; i <= WORDS; i++)
		vcpu->regs.x[i] = 0;
	return smccc_return(vcpu, conduit, (uint64_t)error);
}

enum exit_result trng_rnd(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	bool wide = function & SMCCC_64;
	uint64_t bits = wide ? vcpu->regs.x[1] : (uint32_t)vcpu->regs.x[1];
	uint64_t words[WORDS] = { 0 };
	enum status status;

	if (bits == 0 || bits > (wide ? TRNG_BITS_MAX_64 : TRNG_BITS_MAX_32))
		return fails(vcpu, conduit, TRNG_INVALID_PARAMETERS);
	status = random_bits(words, (unsigned)bits);
	if (status == ERR_BUSY)
		return EXIT_REPEAT;
	if (status != OK)
		return fails(vcpu, conduit, TRNG_NO_ENTROPY);
	if (wide) {
		vcpu->regs.x[1] = words[2];
		vcpu->regs.x[2] = words[1];
		vcpu->regs.x[3] = words[0];
	} else {
		vcpu->regs.x[1] = (uint32_t)words[1];
		vcpu->regs.x[2] = words[0] >> 32;
		vcpu->regs.x[3] = (uint32_t)words[0];
	}
	wipe(words, sizeof(words));
	return smccc_return(vcpu, conduit, TRNG_SUCCESS);
}

/* DEN0098 2: first whether SMCCC is 1.1 or later, then the version, then the function. */
static bool ask_firmware(void)
{
	int32_t version;

	if (smccc_client_version() < SMCCC_CLIENT_1_1)
		return false;
	version = (int32_t)smc_call4(FN_VERSION, 0, 0, 0);
	return version > 0 && FIELD_GET(MAJOR, version) == FIELD_GET(MAJOR, TRNG_VERSION_1_0) &&
		(int32_t)smc_call4(FN_FEATURES, FN_RND_64, 0, 0) >= 0;
}

void trng_init(void)
{
	uint64_t words[WORDS];
	const char *source = "nowhere: the machine offers no entropy (CPU without RNDR, firmware "
			     "without TRNG, no rng-seed in the devicetree)";

	firmware_has_trng = ask_firmware();
	if (from_firmware(words, TRNG_BITS_MAX_64) == OK) {
		entropy_mix(words, sizeof(words));
	}
	if (entropy_rndr(&words[0])) {
		entropy_mix(&words[0], sizeof(words[0]));
		source = "the CPU (RNDR)";
	} else if (firmware_has_trng) {
		source = "the firmware (TRNG)";
	} else if (entropy_seeded()) {
		source = "a generator (HMAC_DRBG), seeded by the firmware";
	}
	wipe(words, sizeof(words));
	log_info("random bits for VMs come from %s", source);
}
