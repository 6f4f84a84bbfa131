/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/auth.h"

#define ISAR1_APA      GENMASK(7, 4)
#define ISAR1_API      GENMASK(11, 8)
#define ISAR2_APA3     GENMASK(15, 12)
#define PAUTH2         3
#define FPACCOMBINE    5

#define SELECT         55 /* the bit that says which range */
#define TXSZ_LEAST     16
#define TXSZ_LEAST_LVA 12
#define TXSZ_MOST      39
#define PACGA_LOW      32

static bool upper(const struct regime *regime, uint64_t pointer)
{
	return regime->kind != REGIME_EL2 && ((pointer >> SELECT) & 1);
}

struct auth_kind auth_kind(uint64_t isar1, uint64_t isar2)
{
	uint64_t level = MAX(FIELD_GET(ISAR1_APA, isar1), FIELD_GET(ISAR1_API, isar1));

	level = MAX(level, FIELD_GET(ISAR2_APA3, isar2));
	return (struct auth_kind){ .pauth2 = level >= PAUTH2, .fpac = level >= FPACCOMBINE };
}

unsigned auth_bottom_bit(const struct regime *regime, uint64_t pointer)
{
	bool high = upper(regime, pointer);
	unsigned size = (unsigned)(high ? FIELD_GET(TCR_T1SZ, regime->tcr)
					: FIELD_GET(TCR_T0SZ, regime->tcr));
	bool large = (regime->features & REGIME_LVA) &&
		(high ? FIELD_GET(TCR_TG1, regime->tcr) == 3
		      : FIELD_GET(TCR_TG0, regime->tcr) == 1);
	unsigned least = large ? TXSZ_LEAST_LVA : TXSZ_LEAST;

	return 64 - MIN(MAX(size, least), (unsigned)TXSZ_MOST);
}

bool auth_top_ignored(const struct regime *regime, uint64_t pointer)
{
	bool high = upper(regime, pointer);
	uint64_t tbi = high ? TCR_TBI1 : TCR_TBI0, tbid = high ? TCR_TBID1 : TCR_TBID0;

	if (regime->kind == REGIME_EL2) {
		tbi = TCR_EL2_TBI;
		tbid = TCR_EL2_TBID;
	}
	return (regime->tcr & tbi) && !(regime->tcr & tbid);
}

bool auth_pointer(const struct regime *regime, struct auth_kind kind, uint64_t pointer,
	uint64_t modifier, struct pauth_key key, bool b_key, uint64_t *result)
{
	unsigned bottom = auth_bottom_bit(regime, pointer);
	bool tbi = auth_top_ignored(regime, pointer);
	uint64_t field = GENMASK(SELECT - 1, bottom) | (tbi ? 0 : GENMASK(63, 56));
	uint64_t known = field & GENMASK(63, PACGA_LOW);
	uint64_t plain = (pointer >> SELECT) & 1 ? pointer | field : pointer & ~field;
	uint64_t code = pacga(plain, modifier, key), error = b_key ? 2 : 1;

	if (kind.pauth2) {
		uint64_t combined = (pointer ^ code) & known;

		*result = (plain & ~known) | combined;
		return combined == (plain & known) || !kind.fpac;
	}
	*result = plain;
	if ((pointer & known) != (code & known))
		*result = (plain & ~(UINT64_C(3) << (tbi ? 53 : 61))) | error << (tbi ? 53 : 61);
	return true;
}
