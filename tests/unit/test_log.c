/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel's messages: levels, what is kept until there is a sink, limits, panic.
 *
 * links: hyp/base/log.c hyp/base/format.c hyp/base/panic.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/log.h"
#include "hyp/base/panic.h"

static char seen[16384];
static size_t seen_length;

static void sink(const char *text, size_t length)
{
	assert_true(length > 0 && text[length - 1] == '\n');
	assert_true(seen_length + length < sizeof(seen));
	memcpy(seen + seen_length, text, length);
	seen_length += length;
	seen[seen_length] = '\0';
}

static void forget(void)
{
	seen_length = 0;
	seen[0] = '\0';
}

/* First of all tests: there is no sink yet. */
static void keeps_early_lines(void **state)
{
	(void)state;
	log_info("first %u", 1);
	for (unsigned i = 0; i < 500; i++)
		log_info("filler %u", i);
	log_set_sink(sink);
	assert_memory_equal(seen, "lintel: first 1\nlintel: filler 0\n", 33);
	assert_non_null(strstr(seen, "warning: further early messages are lost\n"));
	assert_true(seen_length <= 4096 + 100);
	/* Only once. */
	forget();
	log_set_sink(sink);
	assert_int_equal(seen_length, 0);
}

static void writes_levels(void **state)
{
	(void)state;
	forget();
	log_error("e %s", "x");
	log_warn("w");
	log_info("i");
	log_debug("d");
	assert_string_equal(seen, "lintel: error: e x\nlintel: warning: w\nlintel: i\n");
	forget();
	log_threshold = LOG_DEBUG;
	log_debug("d");
	log_threshold = LOG_ERROR;
	log_warn("w");
	log_threshold = LOG_INFO;
	assert_string_equal(seen, "lintel: d\n");
}

static void cuts_long_lines(void **state)
{
	char text[2000];

	(void)state;
	forget();
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	assert_true(seen_length <= 512);
	assert_int_equal(seen[seen_length - 1], '\n');
	assert_int_equal(seen[seen_length - 2], 'x');
}

static void limits_a_flood(void **state)
{
	struct log_limit limit = { 0 };
	unsigned passed = 0;

	(void)state;
	forget();
	for (unsigned i = 0; i < 100; i++)
		passed += log_limit_ok(&limit, 5000);
	assert_int_equal(passed, LOG_LIMIT_BURST);
	assert_int_equal(limit.dropped, 90);
	assert_int_equal(seen_length, 0);
	/* One more for each interval, after a word on what is missing. */
	assert_false(log_limit_ok(&limit, 5999));
	assert_true(log_limit_ok(&limit, 6000));
	assert_string_equal(seen, "lintel: warning: 91 messages like the next one were dropped\n");
	assert_false(log_limit_ok(&limit, 6001));
	/* After a long silence the whole burst again, and no more. */
	passed = 0;
	for (unsigned i = 0; i < 100; i++)
		passed += log_limit_ok(&limit, 1000000);
	assert_int_equal(passed, LOG_LIMIT_BURST);
}

static jmp_buf out_of_panic;

static void hook(void)
{
	log_info("report");
	longjmp(out_of_panic, 1);
}

static char panic_seen[512];

static void panic_sink(const char *text, size_t length)
{
	strncat(panic_seen, text, length);
}

/* A panic in the middle of the sink, with the lock held: it does not wait for the lock. */
static void panicking_sink(const char *text, size_t length)
{
	(void)text;
	(void)length;
	panic("cause %u", 7);
}

static void panics_with_the_lock_held(void **state)
{
	(void)state;
	panic_hook = hook;
	log_set_panic_sink(panic_sink);
	log_set_sink(panicking_sink);
	if (!setjmp(out_of_panic))
		log_info("what starts it");
	assert_string_equal(panic_seen, "lintel: error: panic: cause 7\nlintel: report\n");
	assert_false(log_enter_panic());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_early_lines),
		cmocka_unit_test(writes_levels),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(limits_a_flood),
		cmocka_unit_test(panics_with_the_lock_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
