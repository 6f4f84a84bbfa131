/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run-time options: each value, and what is said of a wrong one.
 *
 * links: hyp/monitor/options.c hyp/base/log.c hyp/base/format.c
 */
#include "hyp/monitor/options.h"
#include "tests/unit/test_bundle.h"

static int start(void **state)
{
	options = (struct options){ .escape = 0x1e };
	log_threshold = LOG_INFO;
	return start_logging(state);
}

static void parse(const char *text)
{
	/* At an allocation's end. */
	char *copy = strdup(text);

	logged[0] = '\0';
	options_parse(copy);
	free(copy);
}

static void reads_every_option(void **state)
{
	(void)state;
	parse("");
	parse("  console=ttyAMA0   lintel.exit=semihosting lintel.log=debug lintel.stats=1 "
	      "lintel.console=/soc/uart@1 lintel.measure=masked lintel.trace=dump lintel.escape=^] "
	      "lintel.time=1700000000 quiet");
	assert_nothing_logged();
	assert_int_equal(options.exit, OPTION_EXIT_SEMIHOSTING);
	assert_int_equal(log_threshold, LOG_DEBUG);
	assert_true(options.stats);
	assert_string_equal(options.console, "/soc/uart@1");
	assert_true(options.measure_masked);
	assert_true(options.trace_dump);
	assert_int_equal(options.escape, 0x1d);
	assert_int_equal(options.time, 1700000000);
	parse("lintel.exit=off lintel.log=error lintel.stats=0 lintel.console=none "
	      "lintel.measure=none lintel.trace=none lintel.escape=none");
	assert_int_equal(options.exit, OPTION_EXIT_POWER_OFF);
	assert_int_equal(log_threshold, LOG_ERROR);
	assert_false(options.stats);
	assert_string_equal(options.console, "none");
	assert_false(options.measure_masked);
	assert_false(options.trace_dump);
	assert_int_equal(options.escape, -1);
	parse("lintel.exit=halt lintel.log=warn lintel.escape=^b");
	assert_int_equal(options.exit, OPTION_EXIT_HALT);
	assert_int_equal(log_threshold, LOG_WARN);
	assert_int_equal(options.escape, 2);
	parse("lintel.firmware=smccc");
	assert_int_equal(options.firmware, SMCCC_CLIENT_TRUST);
	parse("lintel.firmware=none");
	assert_int_equal(options.firmware, SMCCC_CLIENT_NONE);
	parse("lintel.firmware=auto");
	assert_int_equal(options.firmware, SMCCC_CLIENT_AUTO);
	parse("lintel.log=info lintel.escape=^^ lintel.time=4294967295");
	assert_int_equal(options.time, UINT32_MAX);
	assert_int_equal(log_threshold, LOG_INFO);
	assert_int_equal(options.escape, 0x1e);
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "lintel.exit=now", "lintel.exit=now: expected off, semihosting or halt" },
		{ "lintel.exit", "lintel.exit=: expected off, semihosting or halt" },
		{ "lintel.log=", "lintel.log=: expected error, warn, info or debug" },
		{ "lintel.console=", "lintel.console=: expected the path of a serial port" },
		{ "lintel.trace=on", "lintel.trace=on: expected dump or none" },
		{ "lintel.stats=2", "lintel.stats=2: expected 0 or 1" },
		{ "lintel.measure=all",
			"lintel.measure=all: expected masked, instructions or none" },
		{ "lintel.escape=A", "lintel.escape=A: expected ^A to ^_, or none" },
		{ "lintel.escape=^@", "lintel.escape=^@: expected" },
		{ "lintel.escape=^`", "lintel.escape=^`: expected" },
		{ "lintel.firmware=yes", "lintel.firmware=yes: expected auto, smccc or none" },
		{ "lintel.time=", "lintel.time=: expected seconds since 1970" },
		{ "lintel.time=0", "lintel.time=0: expected seconds since 1970" },
		{ "lintel.time=4294967296", "expected seconds since 1970, 1 to 4294967295" },
		{ "lintel.time=1x", "lintel.time=1x: expected seconds" },
		{ "lintel.time=99999999999999999999", "expected seconds" },
		{ "lintel.color=red",
			"lintel.color=red: an unknown option, expected one of lintel." },
		{ "lintel.", "lintel.: an unknown option" },
	};
	const struct options before = options;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		parse(wrong[i].text);
		assert_logged(wrong[i].says);
		assert_memory_equal(&options, &before, sizeof(options));
	}
	char path[200] = "lintel.console=";

	memset(path + 15, 'x', 96);
	parse(path);
	assert_logged("expected the path of a serial port");
	path[15 + 95] = '\0';
	parse(path);
	assert_nothing_logged();
	/* Words of others. */
	parse("lintel xlintel.exit=now lintelexit=now");
	assert_nothing_logged();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_every_option, start),
		cmocka_unit_test_setup(says_what_is_wrong, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
