/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every cell of the table of stage-2 aborts: each syndrome (FSC, S1PTW, CM, WnR, ISV, of loads,
 * stores and fetches) at each place, under each policy, against the tables of docs/aborts.md.
 *
 * links: hyp/trap/triage_table.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/trap/triage_table.h"
#include "doc_aborts.h"

static const char *const place_names[NR_PLACES] = {
	[PLACE_RAM] = "RAM",
	[PLACE_RAM_LAZY] = "RAM, not given",
	[PLACE_ROM] = "ROM",
	[PLACE_ROM_LAZY] = "ROM, not given",
	[PLACE_DEVICE] = "device",
	[PLACE_NOTHING] = "nothing",
	[PLACE_BEYOND] = "beyond",
};

static const struct {
	const char *word;
	enum abort_answer answer;
} words[] = {
	{ "again", ANSWER_RETRY },
	{ "flush", ANSWER_FLUSH },
	{ "give", ANSWER_GIVE },
	{ "on walk", ANSWER_ON_WALK },
	{ "maintain", ANSWER_MAINTAIN },
	{ "address size fault", ANSWER_ADDRESS_SIZE },
	{ "external abort", ANSWER_EXTERNAL },
	{ "emulate", ANSWER_EMULATE },
	{ "decode", ANSWER_DECODE },
	{ "hardware", ANSWER_HARDWARE },
	{ "unknown", ANSWER_ODD },
	{ "reflected", ANSWER_REFLECT },
	{ "conflict", ANSWER_FLUSH_ALL },
};

static enum abort_answer answer_of(const char *word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].answer;
	fail_msg("no word %s", word);
	return NR_ABORT_ANSWERS;
}

/* One case, as the syndrome and what is there make it. */
struct abort {
	unsigned fsc;
	bool fetch, s1ptw, cm, wnr, isv;
	struct placed placed;
	bool absent_ignored;
};

/* The row for a fault of the tables (FSC below 0x10). */
static const char *row_of(const struct abort *abort)
{
	enum { SIZE, TRANSLATION, FLAG, PERMISSION } type = abort->fsc / 4;

	if (abort->s1ptw) {
		static const char *const walks[] = { "walk, address size", "walk, translation",
			"walk, access flag", "walk, permission" };

		return walks[type];
	}
	if (abort->cm && !abort->fetch)
		return "maintenance";
	if (type == SIZE)
		return "address size";
	if (type == FLAG)
		return "access flag";
	if (abort->fetch) {
		if (type == TRANSLATION)
			return "fetch";
		return abort->placed.prot & MEM_X ? "fetch, permission"
						  : "fetch, not to be executed";
	}
	if (type == PERMISSION)
		return abort->wnr ? "store, permission" : "load, permission";
	if (abort->isv)
		return abort->wnr ? "store" : "load";
	return abort->wnr ? "store, not described" : "load, not described";
}

static bool used[ARRAY_SIZE(abort_answers)];

static const char *cell_of(const char *row, enum place place)
{
	unsigned column = 1;

	while (strcmp(abort_answers[0][column], place_names[place]) != 0)
		assert_in_range(++column, 1, NR_PLACES);
	for (unsigned i = 1; i < ARRAY_SIZE(abort_answers); i++) {
		if (strcmp(abort_answers[i][0], row) == 0) {
			used[i] = true;
			return abort_answers[i][column];
		}
	}
	fail_msg("no row %s", row);
	return NULL;
}

/* "0x10", or "0x11-0x13". */
static bool is_in(const char *codes, unsigned fsc)
{
	char *end;
	unsigned long first = strtoul(codes, &end, 16), last = first;

	if (*end == '-')
		last = strtoul(end + 1, &end, 16);
	assert_int_equal(*end, '\0');
	return fsc >= first && fsc <= last;
}

static const char *code_cell(unsigned fsc, bool fetch)
{
	const char *cell = NULL;

	for (unsigned i = 1; i < ARRAY_SIZE(abort_codes); i++) {
		if (is_in(abort_codes[i][0], fsc)) {
			assert_null(cell);
			cell = abort_codes[i][fetch ? 2 : 1];
		}
	}
	assert_non_null(cell);
	return cell;
}

static enum abort_answer policy(const struct abort *abort, bool ignored)
{
	if (!ignored)
		return ANSWER_EXTERNAL;
	return abort->isv ? ANSWER_IGNORE : ANSWER_DECODE;
}

static enum abort_answer expected(const struct abort *abort)
{
	const char *word;

	if (abort->fsc >= 0x10)
		return answer_of(code_cell(abort->fsc, abort->fetch));
	word = cell_of(row_of(abort), abort->placed.place);
	if (strcmp(word, "absent-access") == 0)
		return policy(abort, abort->absent_ignored);
	if (strcmp(word, "stores") == 0)
		return policy(abort, abort->placed.stores_ignored);
	return answer_of(word);
}

static uint64_t esr_of(const struct abort *abort)
{
	uint64_t iss = abort->fsc | (abort->s1ptw ? BIT(7) : 0) | (abort->cm ? BIT(8) : 0) |
		(abort->wnr ? BIT(6) : 0) | (abort->isv ? BIT(24) : 0);

	return UINT64_C(0x02000000) | (abort->fetch ? 0x20ULL << 26 : 0x24ULL << 26) | iss;
}

static void check_places(struct abort abort)
{
	static const uint64_t prots[] = { MEM_R, MEM_RW, MEM_RWX, MEM_R | MEM_X };
	uint64_t esr = esr_of(&abort);

	for (unsigned place = 0; place < NR_PLACES; place++) {
		for (unsigned more = 0; more < 4 * ARRAY_SIZE(prots); more++) {
			enum abort_answer want, got;

			abort.placed = (struct placed){
				.place = place, .stores_ignored = more & 1, .prot = prots[more / 4]
			};
			abort.absent_ignored = more & 2;
			want = expected(&abort);
			got = triage_answer(esr, &abort.placed, abort.absent_ignored);
			if (got != want)
				fail_msg(
					"ESR 0x%lx at %s, rights %lx, policies %u: %s, expected %s",
					(unsigned long)esr, place_names[place],
					(unsigned long)abort.placed.prot, more & 3,
					triage_answer_name(got), triage_answer_name(want));
		}
	}
}

static void test_every_cell(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 32; bits++) {
		for (unsigned fsc = 0; fsc < 64; fsc++) {
			check_places((struct abort){ .fsc = fsc,
				.fetch = bits & 1,
				.s1ptw = bits & 2,
				.cm = bits & 4,
				.wnr = bits & 8,
				.isv = bits & 16 });
		}
	}
	/* There is no row that nothing leads to. */
	for (unsigned i = 1; i < ARRAY_SIZE(abort_answers); i++)
		assert_true(used[i]);
}

/* The other bits of a syndrome change nothing. */
static void test_other_bits(void **state)
{
	static const uint64_t others[] = { ISS_SAS, ISS_SSE, ISS_SRT, ISS_SF, ISS_AR, ISS_VNCR,
		ISS_SET, ISS_FNV, ISS_EA, ESR_ISS2_MASK };
	struct placed placed = { .place = PLACE_NOTHING };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		for (uint64_t low = 0; low < 0x200; low++) {
			uint64_t esr = ESR_MAKE(EC_DATA_ABORT_LOWER, low);

			assert_int_equal(triage_kind(esr | others[i]), triage_kind(esr));
			assert_int_equal(triage_answer(esr | others[i], &placed, true),
				triage_answer(esr, &placed, true));
		}
	}
}

/* Where the architecture leaves HPFAR_EL2 UNKNOWN: permission faults, but those of a walk. */
static void test_hpfar(void **state)
{
	(void)state;
	for (uint64_t fsc = 0; fsc < 0x10; fsc++) {
		assert_int_equal(triage_has_hpfar(ESR_MAKE(EC_DATA_ABORT_LOWER, fsc)), fsc < 0x0c);
		assert_true(triage_has_hpfar(ESR_MAKE(EC_DATA_ABORT_LOWER, fsc | ISS_S1PTW)));
		assert_int_equal(triage_has_hpfar(ESR_MAKE(EC_INSN_ABORT_LOWER, fsc)), fsc < 0x0c);
	}
}

/* Faults of the tables have a place, all others have not. */
static void test_has_place(void **state)
{
	(void)state;
	for (uint64_t fsc = 0; fsc < 64; fsc++) {
		for (uint64_t more = 0; more < 8; more++) {
			uint64_t iss = fsc | more << 6;

			assert_int_equal(
				triage_has_place(triage_kind(ESR_MAKE(EC_DATA_ABORT_LOWER, iss))),
				fsc < 0x10);
			assert_int_equal(
				triage_has_place(triage_kind(ESR_MAKE(EC_INSN_ABORT_LOWER, iss))),
				fsc < 0x10);
			if (fsc >= 0x10)
				assert_int_not_equal(
					triage_answer(
						ESR_MAKE(EC_DATA_ABORT_LOWER, iss), NULL, false),
					ANSWER_GIVE);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NR_ABORT_ANSWERS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(triage_answer_name(i), triage_answer_name(j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell),
		cmocka_unit_test(test_other_bits),
		cmocka_unit_test(test_hpfar),
		cmocka_unit_test(test_has_place),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("triage_table", tests, NULL, NULL);
}
