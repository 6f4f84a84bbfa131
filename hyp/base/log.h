/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lintel's own messages: one line each, to the console sink that boot sets.
 *
 * Whatever is logged before a sink is set is kept (the first 4 KiB) and written when one comes.
 * A message on a guest's behaviour goes through a struct log_limit, so that no guest can flood the
 * console.
 */
#ifndef HYP_BASE_LOG_H
#define HYP_BASE_LOG_H

#include <stdarg.h>

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Messages above this level are dropped. Set from `lintel.log=`; LOG_INFO at the start. */
extern enum log_level log_threshold;

/* Where lines go: `text` is `length` bytes and ends with '\n'. Called with the log lock held: must
 * not log. */
typedef void (*log_sink)(const char *text, size_t length);
void log_set_sink(log_sink sink);

/* Where they go after log_enter_panic(): must need no lock. Without one, to the usual sink. */
void log_set_panic_sink(log_sink sink);

/* From now on no lock is taken, whoever holds it. Returns false if it was called before. For
 * panic(). */
bool log_enter_panic(void);

/* Writes "lintel: " (and "error: " or "warning: ") + the text + '\n' as one piece. */
void log_at(enum log_level level, const char *fmt, ...) __printf_like(2, 3);

#define log_error(...)      log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)       log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)       log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)      log_at(LOG_DEBUG, __VA_ARGS__)

/* A token bucket: up to LOG_LIMIT_BURST messages, refilled one per LOG_LIMIT_REFILL_MS; what is
 * dropped is counted. */
#define LOG_LIMIT_BURST     10
#define LOG_LIMIT_REFILL_MS 1000
struct log_limit {
	uint64_t last_ms;
	uint32_t used;
	uint32_t dropped;
};

/* True if a message may be written now; says so when earlier ones were dropped. now_ms: any
 * monotonic clock. */
bool log_limit_ok(struct log_limit *limit, uint64_t now_ms);

#endif
