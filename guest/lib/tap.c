/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"
#include "power.h"
#include "print.h"
#include "spinlock.h"

#define TEXT_MAX 160

static u32 planned;
static u32 run;
static u32 failed;

void tap_plan(u32 count)
{
	planned = count;
	print("1..%u\n", count);
}

static bool result(bool condition, const char *format, va_list args)
{
	char text[TEXT_MAX];
	u32 number = atomic_add(&run, 1);

	format_text(text, sizeof(text), format, args);
	if (!condition)
		atomic_add(&failed, 1);
	print("%sok %u - %s\n", condition ? "" : "not ", number, text);
	return condition;
}

bool tap_ok(bool condition, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(condition, format, args);
	va_end(args);
	return condition;
}

bool tap_is(u64 found, u64 expected, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(found == expected, format, args);
	va_end(args);
	if (found != expected)
		print("# found 0x%lx, expected 0x%lx\n", found, expected);
	return found == expected;
}

void tap_skip(const char *what, const char *reason)
{
	print("ok %u - %s # SKIP %s\n", atomic_add(&run, 1), what, reason);
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
