/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoder beside the assembler and the disassembler: what thousands of texts say, and what
 * random words are called. The rows are made by the build (tests/unit/insn-rows).
 *
 * links: hyp/arch/insn.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/insn.h"

struct text_row {
	const char *text;
	uint32_t word;
	struct insn insn;
};

struct word_row {
	uint32_t word;
	enum insn_class class;
	const char *text;
};

#include "insn_rows.h"

/* Every field of struct insn but reg[]. */
#define FIELDS(FIELD)          \
	FIELD(class)           \
	FIELD(op)              \
	FIELD(address)         \
	FIELD(write)           \
	FIELD(simd)            \
	FIELD(sign_extend)     \
	FIELD(reg64)           \
	FIELD(acquire_release) \
	FIELD(unprivileged)    \
	FIELD(replicate)       \
	FIELD(full)            \
	FIELD(width)           \
	FIELD(count)           \
	FIELD(element)         \
	FIELD(lane)            \
	FIELD(base)            \
	FIELD(index)           \
	FIELD(extend)          \
	FIELD(shift)           \
	FIELD(offset)

static unsigned differences(const struct text_row *row)
{
	struct insn insn = insn_decode(row->word);
	unsigned bad = 0;

#define COMPARE(name)                                                                       \
	if (insn.name != row->insn.name) {                                                  \
		print_error("%s (%08x): " #name " is %ld, not %ld\n", row->text, row->word, \
			(long)insn.name, (long)row->insn.name);                             \
		bad++;                                                                      \
	}
	FIELDS(COMPARE)
	if (memcmp(insn.reg, row->insn.reg, sizeof(insn.reg)) != 0) {
		print_error("%s (%08x): registers %u %u %u %u\n", row->text, row->word, insn.reg[0],
			insn.reg[1], insn.reg[2], insn.reg[3]);
		bad++;
	}
	return bad;
}

static void test_texts(void **state)
{
	unsigned bad = 0, classes[NR_INSN_CLASSES] = { 0 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(text_rows) && bad < 20; i++) {
		bad += differences(&text_rows[i]);
		classes[text_rows[i].insn.class]++;
	}
	assert_int_equal(bad, 0);
	for (unsigned class = 0; class < NR_INSN_CLASSES; class ++)
		assert_true(classes[class] > 0);
	assert_true(ARRAY_SIZE(text_rows) > 4000);
}

static void test_words(void **state)
{
	unsigned bad = 0, classes[NR_INSN_CLASSES] = { 0 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(word_rows) && bad < 20; i++) {
		const struct word_row *row = &word_rows[i];
		enum insn_class class = insn_decode(row->word).class;

		classes[row->class]++;
		if (class == row->class)
			continue;
		print_error("%08x is class %d, but %s is %d\n", row->word, class, row->text,
			row->class);
		bad++;
	}
	assert_int_equal(bad, 0);
	for (unsigned class = 0; class < NR_INSN_CLASSES; class ++)
		assert_true(classes[class] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
