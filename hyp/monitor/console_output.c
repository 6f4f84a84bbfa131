/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/console.h"
#include "drivers/timer/timer.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console_state.h"
#include "hyp/vdev/vuart.h"

/* A line that does not grow for so long is shown unfinished: a prompt. */
#define PARTIAL_LINE_MS 300

static char output_text[CONSOLE_OUTPUT_MAX], input_text[CONSOLE_INPUT_MAX];

struct console console = {
	.output = { .text = output_text, .size = CONSOLE_OUTPUT_MAX },
	.input = { .text = input_text, .size = CONSOLE_INPUT_MAX },
};

/* --- the port --- */

void console_send(void)
{
	struct console_ring *ring = &console.output;

	while (ring->count && uart_try_put(console.uart, ring->text[ring->first]))
		ring_drop(ring, 1);
}

void console_emit(char c)
{
	struct console_ring *ring = &console.output;

	if (!console.uart)
		return;
	if (!console.interrupts) {
		uart_put(console.uart, c);
		return;
	}
	if (ring->count == 0 && uart_try_put(console.uart, c))
		return;
	/* Lintel's own messages are not for losing: no room means to wait for the port. */
	if (ring->count == ring->size) {
		uart_put(console.uart, ring->text[ring->first]);
		ring_drop(ring, 1);
	}
	ring_put(ring, c);
	uart_tx_irq(console.uart, true);
}

void console_emit_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			console_emit('\r');
		console_emit(text[i]);
	}
}

/* --- lines --- */

void console_start_line(void)
{
	if (console.mid_line)
		console_emit_text("\n", 1);
	console.mid_line = false;
	console.open = NULL;
}

/* The cursor stands behind what this VM wrote on its line, or behind its prefix on a new one. */
static void continue_line(struct console_vm *from)
{
	if (console.open == from)
		return;
	console_start_line();
	console_emit('[');
	console_emit_text(from->vm->name, strlen(from->vm->name));
	console_emit_text("] ", 2);
	console.open = from;
	console.mid_line = true;
}

static void end_line(void)
{
	console_emit_text("\n", 1);
	console.mid_line = false;
	console.open = NULL;
}

void console_show_partial(struct console_vm *from)
{
	if (!from->length)
		return;
	continue_line(from);
	console_emit_text(from->line, from->length);
	from->length = 0;
}

/* One of several VMs sent a character. */
static void take_character(struct console_vm *from, char c)
{
	if (c == '\n') {
		continue_line(from);
		console_show_partial(from);
		end_line();
		return;
	}
	if (c == '\r' || c == '\0')
		return;
	from->line[from->length++] = c;
	if (from->length == CONSOLE_LINE_MAX || (console.interactive && from == console_focus()))
		console_show_partial(from);
}

/* --- the tick: a line of the focus that waits for its end --- */

static void arm_tick(void)
{
	struct console_vm *focus = console_focus();

	if (console.tick_armed || !console.timers || !focus->length)
		return;
	console.tick_armed = true;
	console.tick_length = focus->length;
	timer_arm(&console.tick, timer_now() + timer_ms_to_ticks(PARTIAL_LINE_MS));
}

static void tick(struct soft_timer *timer)
{
	(void)timer;
	spin_lock(&console.lock);
	console.tick_armed = false;
	if (console_focus()->length == console.tick_length)
		console_show_partial(console_focus());
	arm_tick();
	spin_unlock(&console.lock);
}

/* --- the backend of the VMs' UARTs --- */

static void backend_put(void *context, const char *text, size_t length)
{
	struct console_vm *from = context;

	spin_lock(&console.lock);
	if (console.nr_vms == 1) {
		for (size_t i = 0; i < length; i++)
			console_emit(text[i]);
		console.mid_line = text[length - 1] != '\n';
	} else {
		for (size_t i = 0; i < length; i++)
			take_character(from, text[i]);
		arm_tick();
	}
	spin_unlock(&console.lock);
}

static bool backend_full(void *context)
{
	struct console_vm *from = context;
	struct console_ring *ring = &console.output;

	/* Without the lock it is a guess, but a good one: the reserve is for all CPUs. */
	if (likely(ring->size - READ_ONCE(ring->count) > CONSOLE_OUTPUT_RESERVE))
		return false;
	spin_lock(&console.lock);
	from->waiting = ring->size - ring->count <= CONSOLE_OUTPUT_RESERVE;
	spin_unlock(&console.lock);
	return from->waiting;
}

static void backend_receive_ready(void *context)
{
	(void)context;
	console_deliver();
}

static const struct vuart_backend backend = {
	.put = backend_put,
	.full = backend_full,
	.receive_ready = backend_receive_ready,
};

/* --- Lintel's own lines --- */

void console_write(const char *text, size_t length)
{
	if (console.panicking) {
		if (console.uart)
			uart_write(console.uart, text, length);
		return;
	}
	spin_lock(&console.lock);
	console_start_line();
	console_emit_text(text, length);
	spin_unlock(&console.lock);
}

void console_printf(const char *fmt, ...)
{
	char line[CONSOLE_LINE_MAX];
	va_list args;

	va_start(args, fmt);
	size_t length = format_v(line, sizeof(line), fmt, args);

	va_end(args);
	console_write(line, MIN(length, sizeof(line) - 1));
}

bool console_has_room(void)
{
	/* A guess without the lock. */
	return console.output.size - READ_ONCE(console.output.count) > CONSOLE_OUTPUT_RESERVE;
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
	console.panicking = true;
	console.interrupts = false;
	if (!console.uart)
		return;
	/* Whoever holds the lock may be stopped for good: at worst some of this comes twice. */
	for (unsigned left = MIN(console.output.count, CONSOLE_OUTPUT_MAX); left; left--) {
		uart_put(console.uart, console.output.text[console.output.first]);
		ring_drop(&console.output, 1);
	}
	if (console.mid_line)
		uart_write(console.uart, "\n", 1);
}

void console_drain(void)
{
	if (!console.panicking) {
		spin_lock(&console.lock);
		for (unsigned i = 0; i < console.nr_vms; i++)
			console_show_partial(&console.vms[i]);
		console_start_line();
		while (console.uart && console.output.count) {
			uart_put(console.uart, console.output.text[console.output.first]);
			ring_drop(&console.output, 1);
		}
		spin_unlock(&console.lock);
	}
	if (console.uart)
		uart_flush(console.uart);
}

/* --- start --- */

void console_init(struct uart *uart)
{
	console.uart = uart;
	soft_timer_init(&console.tick, tick);
	log_set_panic_sink(write_in_panic);
	log_set_sink(console_write);
}

void console_attach_vms(void)
{
	console.nr_vms = nr_vms;
	for (unsigned i = 0; i < nr_vms; i++) {
		console.vms[i].vm = vms[i];
		vuart_set_backend(vms[i], &backend, &console.vms[i]);
	}
}
