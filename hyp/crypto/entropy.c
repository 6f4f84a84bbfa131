/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/crypto/entropy.h"
#include "hyp/arch/lock.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/string.h"
#include "hyp/crypto/wipe.h"

#define KEY_WORDS         8
#define KEY_BYTES         (KEY_WORDS * sizeof(uint32_t))
#define BLOCK_WORDS       16
#define BLOCK_BYTES       (BLOCK_WORDS * sizeof(uint32_t))
#define DOUBLE_ROUNDS     10

#define ID_AA64ISAR0_RNDR GENMASK(63, 60)
#define RNDR_READS        3
/* Fewer secret bytes than this can be guessed. */
#define SEED_BYTES_MIN    8

/* The lock guards only copies: what takes long is computed beside it. */
static struct {
	struct spinlock lock;
	uint32_t key[KEY_WORDS];
	uint32_t requests; /* so that no two that work on the same key compute the same */
	bool seeded;
} pool;

static inline uint32_t rotate_left(uint32_t value, unsigned by)
{
	return value << by | value >> (32 - by);
}

/* Always inlined, with constant indices: then the whole state lives in registers. */
static __always_inline void quarter_round(
	uint32_t *s, unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b], s[d] = rotate_left(s[d] ^ s[a], 16);
	s[c] += s[d], s[b] = rotate_left(s[b] ^ s[c], 12);
	s[a] += s[b], s[d] = rotate_left(s[d] ^ s[a], 8);
	s[c] += s[d], s[b] = rotate_left(s[b] ^ s[c], 7);
}

void chacha20_block(const uint32_t key[8], const uint32_t counter_nonce[4], uint32_t out[16])
{
	/* "expand 32-byte k" */
	uint32_t start[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[BLOCK_WORDS];

	memcpy(start + 4, key, KEY_BYTES);
	memcpy(start + 12, counter_nonce, 4 * sizeof(uint32_t));
	memcpy(s, start, sizeof(s));
	for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) {
		quarter_round(s, 0, 4, 8, 12);
		quarter_round(s, 1, 5, 9, 13);
		quarter_round(s, 2, 6, 10, 14);
		quarter_round(s, 3, 7, 11, 15);
		quarter_round(s, 0, 5, 10, 15);
		quarter_round(s, 1, 6, 11, 12);
		quarter_round(s, 2, 7, 8, 13);
		quarter_round(s, 3, 4, 9, 14);
	}
	for (unsigned i = 0; i < BLOCK_WORDS; i++)
		out[i] = s[i] + start[i];
	wipe(start, sizeof(start));
	wipe(s, sizeof(s));
}

/* What the block function is used for goes into the nonce: no use can give another's output. */
enum use { USE_MIX, USE_GET, USE_OUTPUT };

static void block_for(enum use use, const uint32_t *key, uint32_t counter, uint32_t *out)
{
	const uint32_t counter_nonce[4] = { counter, use, 0, 0 };

	chacha20_block(key, counter_nonce, out);
}

/* The new key depends on every bit of the old one and of the bytes. */
static void mix(uint32_t *key, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	uint32_t block[BLOCK_WORDS], words[KEY_WORDS];
	uint8_t piece[KEY_BYTES];

	while (size) {
		size_t now = MIN(size, KEY_BYTES);

		memset(piece, 0, sizeof(piece));
		memcpy(piece, from, now);
		memcpy(words, piece, sizeof(words));
		for (unsigned i = 0; i < KEY_WORDS; i++)
			key[i] ^= words[i];
		block_for(USE_MIX, key, (uint32_t)now, block);
		memcpy(key, block, KEY_BYTES);
		from += now;
		size -= now;
	}
	wipe(block, sizeof(block));
	wipe(words, sizeof(words));
	wipe(piece, sizeof(piece));
}

/* The pool's key as it is now, and a number that no other request has. */
static uint32_t take_key(uint32_t *key)
{
	uint32_t request;

	spin_lock(&pool.lock);
	memcpy(key, pool.key, KEY_BYTES);
	request = pool.requests++;
	spin_unlock(&pool.lock);
	return request;
}

/* What came of it goes into the pool, on top of what others have put there since: the key that was
 * taken can't be had back from the sum, nor can what was given out. */
static void give_back(const uint32_t *words, bool seeds)
{
	spin_lock(&pool.lock);
	for (unsigned i = 0; i < KEY_WORDS; i++)
		pool.key[i] ^= words[i];
	pool.seeded |= seeds;
	spin_unlock(&pool.lock);
}

static bool has_rndr(void)
{
	return FIELD_GET(ID_AA64ISAR0_RNDR, read_sysreg(ID_AA64ISAR0_EL1)) != 0;
}

/* The CPU's own: RNDR reads as zero when it has nothing to give (Arm ARM, RNDR). True: it gave. */
static bool mix_cpu(uint32_t *key)
{
	uint64_t words[RNDR_READS + 1] = { read_sysreg(CNTPCT_EL0) };
	bool given = false;

	if (has_rndr())
		for (unsigned i = 1; i <= RNDR_READS; i++) {
			words[i] = read_sysreg(RNDR);
			given |= words[i] != 0;
		}
	mix(key, words, sizeof(words));
	wipe(words, sizeof(words));
	return given;
}

bool entropy_rndr(uint64_t *word)
{
	*word = 0;
	if (has_rndr())
		for (unsigned i = 0; i < ENTROPY_RNDR_TRIES && *word == 0; i++)
			*word = read_sysreg(RNDR);
	return *word != 0;
}

void entropy_mix(const void *bytes, size_t size)
{
	uint32_t key[KEY_WORDS], block[BLOCK_WORDS];
	uint32_t request = take_key(key);

	mix(key, bytes, size);
	block_for(USE_GET, key, request, block);
	give_back(block, size >= SEED_BYTES_MIN);
	wipe(key, sizeof(key));
	wipe(block, sizeof(block));
}

void entropy_get(void *out, size_t size)
{
	uint32_t key[KEY_WORDS], block[BLOCK_WORDS];
	uint32_t request = take_key(key);
	bool given = mix_cpu(key);
	uint8_t *to = out;

	block_for(USE_GET, key, request, block);
	give_back(block, given);
	memcpy(key, block + KEY_WORDS, sizeof(key));
	for (uint32_t counter = 0; size; counter++) {
		size_t now = MIN(size, BLOCK_BYTES);

		block_for(USE_OUTPUT, key, counter, block);
		memcpy(to, block, now);
		to += now;
		size -= now;
	}
	wipe(key, sizeof(key));
	wipe(block, sizeof(block));
}

bool entropy_seeded(void)
{
	uint64_t word;

	if (!READ_ONCE(pool.seeded) && entropy_rndr(&word)) {
		entropy_mix(&word, sizeof(word));
		wipe(&word, sizeof(word));
	}
	return READ_ONCE(pool.seeded);
}
