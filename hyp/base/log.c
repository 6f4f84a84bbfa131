/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/log.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"

#define EARLY_SIZE KIB(4)
#define LINE_SIZE  512

enum log_level log_threshold = LOG_INFO;

static log_sink sink, panic_sink;
static bool panicking;
static uint8_t lock; /* 1: taken. hyp/arch's locks are a floor higher. */

static char early[EARLY_SIZE];
static size_t early_length;
static bool early_lost;

static const char *level_word(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error: ";
	case LOG_WARN:
		return "warning: ";
	default:
		return "";
	}
}

/* The text of a line, with its prefix and '\n'; one that is too long is cut. Returns its length. */
static size_t make_line(char *line, enum log_level level, const char *fmt, va_list args)
{
	size_t length = format(line, LINE_SIZE, "lintel: %s", level_word(level));

	length += format_v(line + length, LINE_SIZE - length, fmt, args);
	if (length > LINE_SIZE - 2)
		length = LINE_SIZE - 2;
	line[length] = '\n';
	return length + 1;
}

static void keep_early(const char *line, size_t length)
{
	if (early_lost || length > EARLY_SIZE - early_length) {
		early_lost = true;
		return;
	}
	memcpy(early + early_length, line, length);
	early_length += length;
}

/*
 * Without a sink there is one CPU, and the MMU may be off, where exclusive accesses need not work:
 * no lock then. Nor in a panic: the lock's holder may be stopped, or be this CPU.
 */
static void write_line(const char *line, size_t length)
{
	if (__atomic_load_n(&panicking, __ATOMIC_RELAXED)) {
		if (panic_sink)
			panic_sink(line, length);
		else if (sink)
			sink(line, length);
		return;
	}
	if (!sink) {
		keep_early(line, length);
		return;
	}
	while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
		;
	sink(line, length);
	__atomic_clear(&lock, __ATOMIC_RELEASE);
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list args;

	if (level > log_threshold)
		return;
	va_start(args, fmt);
	size_t length = make_line(line, level, fmt, args);

	va_end(args);
	write_line(line, length);
}

void log_set_sink(log_sink new_sink)
{
	static const char lost[] = "lintel: warning: further early messages are lost\n";

	sink = new_sink;
	if (!sink || !early_length)
		return;
	sink(early, early_length);
	if (early_lost)
		sink(lost, sizeof(lost) - 1);
	early_length = 0;
	early_lost = false;
}

void log_set_panic_sink(log_sink new_sink)
{
	panic_sink = new_sink;
}

bool log_enter_panic(void)
{
	return !__atomic_test_and_set(&panicking, __ATOMIC_ACQ_REL);
}

bool log_limit_ok(struct log_limit *limit, uint64_t now_ms)
{
	uint64_t refilled = (now_ms - limit->last_ms) / LOG_LIMIT_REFILL_MS;

	if (refilled) {
		limit->used -= (uint32_t)MIN(refilled, limit->used);
		limit->last_ms += refilled * LOG_LIMIT_REFILL_MS;
	}
	if (limit->used >= LOG_LIMIT_BURST) {
		limit->dropped++;
		return false;
	}
	limit->used++;
	if (limit->dropped) {
		log_warn("%u messages like the next one were dropped", limit->dropped);
		limit->dropped = 0;
	}
	return true;
}
