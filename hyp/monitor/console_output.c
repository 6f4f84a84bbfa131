/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/console.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console_state.h"

static char stage_text[CONSOLE_STAGE_MAX], keys_text[CONSOLE_INPUT_MAX];

struct console console = {
	.stage = { .text = stage_text, .size = CONSOLE_STAGE_MAX },
	.keys = { .text = keys_text, .size = CONSOLE_INPUT_MAX },
};

/* --- the stage and the port --- */

void console_wait_for_port(void)
{
	if (!console.interrupts) {
		console_tick_within(CONSOLE_CONTINUE_MS);
		return;
	}
	if (!console.port_full)
		uart_tx_irq(console.uart, true);
	console.port_full = true;
}

void console_send_stage(void)
{
	struct console_ring *stage = &console.stage;

	while (stage->count && uart_try_put(console.uart, ring_first(stage)))
		ring_drop(stage, 1);
	if (stage->count)
		console_wait_for_port();
}

void console_emit(char c)
{
	struct console_ring *stage = &console.stage;

	if (!console.uart)
		return;
	if (!console.timers) {
		uart_put(console.uart, c);
		return;
	}
	if (stage->count == 0 && uart_try_put(console.uart, c))
		return;
	/* Lintel's own messages are not for losing: no room means to wait for the port. */
	if (ring_full(stage)) {
		uart_put(console.uart, ring_first(stage));
		ring_drop(stage, 1);
	}
	ring_put(stage, c);
	console_wait_for_port();
}

void console_emit_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			console_emit('\r');
		console_emit(text[i]);
	}
}

static size_t format_line(char *line, const char *fmt, va_list args)
{
	return MIN(format_v(line, CONSOLE_LINE_MAX, fmt, args), (size_t)CONSOLE_LINE_MAX - 1);
}

void console_emit_format(const char *fmt, ...)
{
	char line[CONSOLE_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	size_t length = format_line(line, fmt, args);

	va_end(args);
	console_emit_text(line, length);
}

/* --- lines --- */

void console_end_line(void)
{
	console_emit_text("\n", 1);
	console.mid_line = false;
	console.open = NULL;
}

void console_start_line(void)
{
	if (console.mid_line)
		console_end_line();
	console.open = NULL;
}

/* --- Lintel's own lines --- */

void console_write(const char *text, size_t length)
{
	if (console.panicking) {
		if (console.uart)
			uart_write(console.uart, text, length);
		return;
	}
	spin_lock(&console.lock);
	console_hide_prompt();
	console_start_line();
	console_emit_text(text, length);
	console_show_prompt();
	spin_unlock(&console.lock);
}

void console_printf(const char *fmt, ...)
{
	char line[CONSOLE_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	size_t length = format_line(line, fmt, args);

	va_end(args);
	console_write(line, length);
}

bool console_has_room(void)
{
	/* A guess without the lock. */
	return console.stage.size - READ_ONCE(console.stage.count) >= CONSOLE_ROOM;
}

/* --- the end --- */

static void empty_stage(void)
{
	while (console.uart && console.stage.count) {
		uart_put(console.uart, ring_first(&console.stage));
		ring_drop(&console.stage, 1);
	}
}

static void write_in_panic(const char *text, size_t length)
{
	console_panic_mode();
	console_write(text, length);
}

void console_panic_mode(void)
{
	if (console.panicking)
		return;
	/* Whoever holds the lock may be stopped for good: at worst some of this comes twice. */
	console.panicking = true;
	console.stage.count = MIN(console.stage.count, CONSOLE_STAGE_MAX);
	empty_stage();
	if (console.uart && console.mid_line)
		uart_write(console.uart, "\n", 1);
}

void console_drain(void)
{
	if (!console.panicking) {
		spin_lock(&console.lock);
		console_hide_prompt();
		empty_stage();
		while (console_show_rest())
			empty_stage();
		/* What comes now is the end's: no prompt between its lines. */
		console.view = VIEW_ALL;
		console_start_line();
		empty_stage();
		spin_unlock(&console.lock);
	}
	if (console.uart)
		uart_flush(console.uart);
}

/* --- start --- */

void console_init(struct uart *uart)
{
	console.uart = uart;
	log_set_panic_sink(write_in_panic);
	log_set_sink(console_write);
}
