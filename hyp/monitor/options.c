/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/options.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"

#define PREFIX     "lintel."
#define CTRL(c)    ((c)&0x1f)
#define NO_ESCAPE  -1
#define VALUE_NONE "none"

struct options options = { .escape = CTRL('^') };

/* A piece of the command line. */
struct text {
	const char *start;
	size_t length;
};

static bool is(struct text text, const char *word)
{
	return strlen(word) == text.length && memcmp(text.start, word, text.length) == 0;
}

/* The index of the word, or -1. */
static int find_word(struct text text, const char *const *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (is(text, words[i]))
			return (int)i;
	return -1;
}

static bool set_exit(struct text value)
{
	static const char *const words[] = {
		[OPTION_EXIT_POWER_OFF] = "off",
		[OPTION_EXIT_SEMIHOSTING] = "semihosting",
		[OPTION_EXIT_HALT] = "halt",
	};
	int index = find_word(value, words, ARRAY_SIZE(words));

	if (index < 0)
		return false;
	options.exit = (enum option_exit)index;
	return true;
}

static const char *const log_levels[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static bool set_log(struct text value)
{
	int index = find_word(value, log_levels, ARRAY_SIZE(log_levels));

	if (index < 0)
		return false;
	log_threshold = (enum log_level)index;
	return true;
}

bool options_set_log(const char *level)
{
	return set_log((struct text){ level, strlen(level) });
}

const char *options_log_name(void)
{
	return log_levels[log_threshold];
}

static bool set_console(struct text value)
{
	if (!value.length || value.length >= OPTION_CONSOLE_MAX)
		return false;
	memcpy(options.console, value.start, value.length);
	options.console[value.length] = '\0';
	return true;
}

static bool set_bool(struct text value, bool *option)
{
	if (!is(value, "0") && !is(value, "1"))
		return false;
	*option = value.start[0] == '1';
	return true;
}

static bool set_stats(struct text value)
{
	return set_bool(value, &options.stats);
}

static bool set_trace(struct text value)
{
	if (!is(value, "dump") && !is(value, VALUE_NONE))
		return false;
	options.trace_dump = is(value, "dump");
	return true;
}

static bool set_measure(struct text value)
{
	if (!is(value, "masked") && !is(value, "instructions") && !is(value, VALUE_NONE))
		return false;
	options.measure_masked = is(value, "masked");
	options.measure_instructions = is(value, "instructions");
	return true;
}

static bool set_firmware(struct text value)
{
	static const char *const words[] = {
		[SMCCC_CLIENT_AUTO] = "auto",
		[SMCCC_CLIENT_TRUST] = "smccc",
		[SMCCC_CLIENT_NONE] = VALUE_NONE,
	};
	int index = find_word(value, words, ARRAY_SIZE(words));

	if (index < 0)
		return false;
	options.firmware = (enum smccc_client_mode)index;
	return true;
}

/* Decimal, and what the 32 bits of a PL031 can hold. */
static bool set_time(struct text value)
{
	uint64_t seconds = 0;

	for (size_t i = 0; i < value.length; i++) {
		if (value.start[i] < '0' || value.start[i] > '9')
			return false;
		seconds = seconds * 10 + (uint64_t)(value.start[i] - '0');
		if (seconds > UINT32_MAX)
			return false;
	}
	if (seconds == 0)
		return false;
	options.time = seconds;
	return true;
}

/* "^A" to "^_", or "none". */
static bool set_escape(struct text value)
{
	if (is(value, VALUE_NONE)) {
		options.escape = NO_ESCAPE;
		return true;
	}
	if (value.length != 2 || value.start[0] != '^')
		return false;

	char c = value.start[1];

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c < 'A' || c > '_')
		return false;
	options.escape = CTRL(c);
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct text value);
	const char *expected;
} known[] = {
	{ "exit", set_exit, "off, semihosting or halt" },
	{ "log", set_log, "error, warn, info or debug" },
	{ "console", set_console, "the path of a serial port in the devicetree, or none" },
	{ "stats", set_stats, "0 or 1" },
	{ "trace", set_trace, "dump or none" },
	{ "measure", set_measure, "masked, instructions or none" },
	{ "escape", set_escape, "^A to ^_, or none" },
	{ "time", set_time, "seconds since 1970, 1 to 4294967295" },
	{ "firmware", set_firmware, "auto, smccc or none" },
};

/* One word, behind its prefix: NAME=VALUE. */
static void apply(struct text word)
{
	const char *equals = memchr(word.start, '=', word.length);
	struct text name = { word.start, equals ? (size_t)(equals - word.start) : word.length };
	struct text value = { equals ? equals + 1 : "",
		equals ? word.length - name.length - 1 : 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		if (!is(name, known[i].name))
			continue;
		if (!known[i].set(value))
			log_warn(PREFIX "%s=%.*s: expected %s", known[i].name, (int)value.length,
				value.start, known[i].expected);
		return;
	}
	log_warn("%s%.*s: an unknown option, expected one of " PREFIX
		 "{exit,log,console,stats,trace,measure,escape,time,firmware}=",
		PREFIX, (int)word.length, word.start);
}

void options_parse(const char *bootargs)
{
	const size_t prefix = sizeof(PREFIX) - 1;

	while (*bootargs) {
		size_t length = 0;

		while (bootargs[length] && bootargs[length] != ' ')
			length++;
		if (length >= prefix && memcmp(bootargs, PREFIX, prefix) == 0)
			apply((struct text){ bootargs + prefix, length - prefix });
		bootargs += length;
		while (*bootargs == ' ')
			bootargs++;
	}
}
