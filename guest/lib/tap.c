/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"
#include "power.h"
#include "print.h"
#include "spinlock.h"

#define TEXT_MAX 160

static u32 planned;
static u32 run;
static u32 failed;
/* Numbers are given and printed in one order. */
static struct spinlock tap_lock;

void tap_plan(u32 count)
{
	planned = count;
	print("1..%u\n", count);
}

static bool result(bool condition, const char *suffix, const char *format, va_list args)
{
	char text[TEXT_MAX];
	u64 daif = mrs(daif);

	format_text(text, sizeof(text), format, args);
	irq_disable();
	spin_lock(&tap_lock);
	run++;
	failed += !condition;
	print("%sok %u - %s%s\n", condition ? "" : "not ", run, text, suffix);
	spin_unlock(&tap_lock);
	msr(daif, daif);
	return condition;
}

bool tap_ok(bool condition, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(condition, "", format, args);
	va_end(args);
	return condition;
}

bool tap_is(u64 found, u64 expected, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(found == expected, "", format, args);
	va_end(args);
	if (found != expected)
		print("# found 0x%lx, expected 0x%lx\n", found, expected);
	return found == expected;
}

/* The arguments of result() have to come as a va_list. */
static void result_skip(const char *suffix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(true, suffix, format, args);
	va_end(args);
}

void tap_skip(const char *what, const char *reason)
{
	char suffix[TEXT_MAX] = " # SKIP ";
	size_t length = strlen(suffix);
	size_t more = strlen(reason);

	if (more > TEXT_MAX - 1 - length)
		more = TEXT_MAX - 1 - length;
	memcpy(suffix + length, reason, more);
	result_skip(suffix, "%s", what);
}

void tap_note(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	print("# %s\n", text);
}

u32 tap_failed(void)
{
	return load_acquire(&failed);
}

void tap_done(void)
{
	if (!planned)
		print("1..%u\n", run);
	else if (planned != run)
		print("# planned %u tests but ran %u\n", planned, run);
	print("# passed %u failed %u\n", run - failed, failed);
	power_off();
}
