/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TRNG (DEN0098): its functions and errors, and whether what it gives is random: numbers that
 * differ, with each bit sometimes set and sometimes clear, and about as many ones as zeros.
 */
#include "machine.h"
#include "parts.h"
#include "regs.h"
#include "state.h"
#include "tap.h"

#define VERSION            0x84000050u
#define FEATURES           0x84000051u
#define UUID               0x84000052u
#define RND                0x84000053u
#define RND_64             0xc4000053u

#define INVALID_PARAMETERS (-2)
#define NO_ENTROPY         (-3)

#define BITS_32            96
#define BITS_64            192
#define DRAWS              256

static void test_features(enum conduit conduit)
{
	static const u32 there[] = { VERSION, FEATURES, UUID, RND, RND_64 };
	static const u32 missing[] = { 0xc4000050, 0xc4000051, 0xc4000052, 0x84000054, 0x8400005f,
		PSCI_VERSION, SMCCC_VERSION };
	const char *by = conduit_names[conduit];
	struct smccc call;

	for (u32 i = 0; i < ARRAY_SIZE(there); i++)
		tap_ok(service_call(conduit, FEATURES, there[i], &call) >= 0, "%s: TRNG has %x", by,
			there[i]);
	for (u32 i = 0; i < ARRAY_SIZE(missing); i++)
		tap_ok(service_call(conduit, FEATURES, missing[i], &call) == PSCI_NOT_SUPPORTED,
			"%s: TRNG has no %x", by, missing[i]);
}

static void test_errors(enum conduit conduit)
{
	static const struct {
		u32 function;
		u64 bits;
	} wrong[] = { { RND, 0 }, { RND, BITS_32 + 1 }, { RND, 0xffffffff }, { RND_64, 0 },
		{ RND_64, BITS_64 + 1 }, { RND_64, BIT(32) + 1 }, { RND_64, BIT(63) } };
	struct smccc call;

	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		s32 result = service_call(conduit, wrong[i].function, wrong[i].bits, &call);

		tap_ok(result == INVALID_PARAMETERS && !(call.x[1] | call.x[2] | call.x[3]),
			"%s: %x: no %lu bits", conduit_names[conduit], wrong[i].function,
			wrong[i].bits);
	}
}

/* Nothing but what a call may change. */
static void test_preserved(enum conduit conduit)
{
	static struct state in, out;
	bool kept = true;

	for (u32 i = 0; i < 31; i++)
		in.x[i] = 0x5eed000000000000 + i;
	for (u32 i = 0; i < 32; i++)
		in.q[i][0] = ~(in.q[i][1] = 0x0123456789abcdef * (i + 1));
	in.fpsr = BIT(27);
	in.fpcr = BIT(25) | BIT(22);
	in.x[0] = RND_64;
	in.x[1] = BITS_64;
	(conduit == CONDUIT_SMC ? state_smc : state_hvc)(&in, &out);
	for (u32 i = 4; i < 31; i++)
		kept &= in.x[i] == out.x[i];
	tap_ok(kept, "%s: TRNG_RND preserves x4-x30", conduit_names[conduit]);
	tap_ok(!memcmp(in.q, out.q, sizeof(in.q)) && in.fpcr == out.fpcr && in.fpsr == out.fpsr,
		"%s: TRNG_RND preserves the FP/SIMD registers", conduit_names[conduit]);
}

void test_trng(enum conduit conduit)
{
	const char *by = conduit_names[conduit];
	struct smccc call;

	tap_is((u32)service_call(conduit, VERSION, 0, &call), 0x10000, "%s: TRNG 1.0", by);
	service_call(conduit, UUID, 0, &call);
	tap_ok((u32)call.x[0] != 0xffffffff && call.x[0] && call.x[3], "%s: TRNG's UUID", by);
	test_features(conduit);
	test_errors(conduit);
	test_preserved(conduit);
}

/* Of `bits` bits: words of the answer, the lowest first. False: none, or more than was asked for.
 */
static bool draw(enum conduit conduit, u32 function, u32 bits, u64 word[3])
{
	struct smccc call;
	bool good = service_call(conduit, function, bits, &call) == 0;

	word[0] = call.x[3];
	word[1] = call.x[2];
	word[2] = call.x[1];
	if (function == RND) {
		good &= !((call.x[1] | call.x[2] | call.x[3]) >> 32);
		word[0] = call.x[3] | call.x[2] << 32;
		word[1] = call.x[1];
		word[2] = 0;
	}
	for (u32 n = 0; n < 3; n++) {
		u32 below = 64 * n;

		if (bits <= below)
			good &= word[n] == 0;
		else if (bits < below + 64)
			good &= word[n] >> (bits - below) == 0;
	}
	return good;
}

/* Only bits that were asked for; and of those the highest is sometimes 0 and sometimes 1. */
static void test_widths(enum conduit conduit, u32 function, u32 limit)
{
	static const u8 widths[] = { 1, 2, 3, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129,
		160, 191, 192 };
	u32 bad = 0, stuck = 0;

	for (u32 i = 0; i < ARRAY_SIZE(widths) && widths[i] <= limit; i++) {
		u32 highest = widths[i] - 1u, ones = 0;

		/* That a bit is the same 24 times is as likely as 1 in 2^23. */
		for (u32 n = 0; n < 24; n++) {
			u64 word[3];

			bad += !draw(conduit, function, widths[i], word);
			ones += word[highest / 64] >> highest % 64 & 1;
		}
		stuck += ones == 0 || ones == 24;
	}
	tap_is(bad, 0, "%s: %x gives 1 to %u bits, and none beyond", conduit_names[conduit],
		function, limit);
	tap_is(stuck, 0, "%s: %x gives the highest bit as 0 and 1", conduit_names[conduit],
		function);
}

static u32 count_ones(u64 word)
{
	u32 count = 0;

	for (; word; word &= word - 1)
		count++;
	return count;
}

/* The machine offers nothing: then nothing is made up. */
static void test_no_entropy(enum conduit conduit)
{
	static const u32 functions[] = { RND, RND_64 };
	u32 given = 0;

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		u32 limit = functions[i] == RND ? BITS_32 : BITS_64;

		for (u32 bits = 1; bits <= limit; bits++) {
			struct smccc call;

			given += service_call(conduit, functions[i], bits, &call) != NO_ENTROPY ||
				(call.x[1] | call.x[2] | call.x[3]);
		}
	}
	tap_is(given, 0, "%s: no entropy, no bits", conduit_names[conduit]);
}

void test_random(enum conduit conduit)
{
	/* Of 49152 throws half, and 8 times the standard deviation (111) more or less. */
	const u32 half = DRAWS * BITS_64 / 2, slack = 887;
	static u64 words[DRAWS * 3];
	u64 set[3] = { 0 }, clear[3] = { 0 };
	u32 ones = 0, same = 0;

	if (arg_flag("no-entropy")) {
		test_no_entropy(conduit);
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(words); i += 3) {
		draw(conduit, RND_64, BITS_64, &words[i]);
		for (u32 n = 0; n < 3; n++) {
			set[n] |= words[i + n];
			clear[n] |= ~words[i + n];
		}
	}
	tap_ok((set[0] & set[1] & set[2] & clear[0] & clear[1] & clear[2]) == ~UINT64_C(0),
		"%s: each of 192 bits is sometimes 0 and sometimes 1", conduit_names[conduit]);
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		ones += count_ones(words[i]);
	sort_u64(words, ARRAY_SIZE(words));
	for (u32 i = 1; i < ARRAY_SIZE(words); i++)
		same += words[i] == words[i - 1];
	tap_is(same, 0, "%s: no word comes twice, of %lu", conduit_names[conduit],
		ARRAY_SIZE(words));
	tap_ok(ones > half - slack && ones < half + slack, "%s: about as many ones as zeros: %u",
		conduit_names[conduit], ones);
	test_widths(conduit, RND, BITS_32);
	test_widths(conduit, RND_64, BITS_64);
}
