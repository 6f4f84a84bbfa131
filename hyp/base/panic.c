/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/base/panic.h"
#include "hyp/base/format.h"
#include "hyp/base/log.h"

#define CAUSE_SIZE 384

void (*panic_hook)(void);

void panic(const char *fmt, ...)
{
	char cause[CAUSE_SIZE];
	va_list args;
	bool first = log_enter_panic();

	va_start(args, fmt);
	format_v(cause, sizeof(cause), fmt, args);
	va_end(args);
	log_threshold = LOG_DEBUG;
	/* A panic within the panic, or on two CPUs at once: the first one's report goes on. */
	log_error("%s: %s", first ? "panic" : "another panic", cause);
	if (first && panic_hook)
		panic_hook();
	for (;;)
		;
}
