/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMs' side of the console: a ring of output for each, what the view shows of them, and the
 * backend of their UARTs.
 */
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/vdev/vuart.h"
#include "mm/page.h"

/* A line that does not grow for so long is shown unfinished: a prompt. */
#define PARTIAL_LINE_MS 300
/* Somebody types to the focus, and it answers character by character: so long after each the other
 * VMs' lines wait for the end of its line, and not longer than that. */
#define HOLD_MS         20
#define HOLD_MAX_MS     200
/* Of a line that has no end yet, so much is shown again when its VM is to be seen alone. */
#define TAIL_MAX        128

static bool is_focus(const struct console_vm *vm)
{
	return vm == console_focus();
}

/* --- rings --- */

static char take(struct console_vm *from)
{
	char c = ring_first(&from->output);

	ring_drop(&from->output, 1);
	from->lines -= c == '\n';
	from->tail = c == '\n' ? 0 : MIN(from->tail + 1, TAIL_MAX);
	return c;
}

/* What a VM writes goes into its ring; when that is full, which only happens out of view, the
 * oldest goes. */
static void keep(struct console_vm *from, char c)
{
	if (ring_full(&from->output)) {
		(void)take(from);
		from->lost++;
	}
	ring_put(&from->output, c);
	from->lines += c == '\n';
	from->written++;
	from->tail = MIN(from->tail, from->output.size - from->output.count);
}

void console_rewind(struct console_vm *to)
{
	struct console_ring *output = &to->output;
	uint64_t boots = READ_ONCE(to->vm->boots);

	/* What it wrote before it was started anew is over. */
	if (to->boots != boots)
		to->tail = 0;
	to->boots = boots;
	output->first = (output->first - to->tail) & (output->size - 1);
	WRITE_ONCE(output->count, output->count + to->tail);
	to->tail = 0;
}

/* --- what the view shows --- */

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

static void say_what_is_lost(struct console_vm *from)
{
	if (likely(!from->lost))
		return;
	console_start_line();
	console_emit_format(
		"[%s] (%llu bytes lost)\n", from->vm->name, (unsigned long long)from->lost);
	from->lost = 0;
}

/* A line, or a piece of a long one; returns how many characters left the ring. */
static unsigned show_line(struct console_vm *from)
{
	bool ended = false;
	unsigned count = 0;

	say_what_is_lost(from);
	for (; from->output.count && count < CONSOLE_LINE_MAX && !ended; count++) {
		char c = take(from);

		if (c == '\r' || c == '\0')
			continue;
		continue_line(from);
		ended = c == '\n';
		if (ended)
			console_end_line();
		else
			console_emit(c);
	}
	if (ended || !from->output.count)
		from->flush = false;
	return count;
}

/* As it is, while the port takes it. */
static unsigned show_raw(struct console_vm *from, unsigned budget)
{
	unsigned count = 0;
	char c = '\n';

	say_what_is_lost(from);
	if (console.stage.count)
		return 0;
	for (; from->output.count && count < budget; count++) {
		if (!uart_try_put(console.uart, ring_first(&from->output))) {
			console_wait_for_port();
			break;
		}
		c = take(from);
	}
	if (count) {
		console.mid_line = c != '\n';
		console.open = from;
	}
	return count;
}

/* The focus is in the middle of an answer. */
static bool is_held(const struct console_vm *from)
{
	return console.interactive && !is_focus(from) && console.open == console_focus() &&
		timer_now() < console.hold_until;
}

static void hold_others(void)
{
	uint64_t now = timer_now(), hold = timer_ms_to_ticks(HOLD_MS);

	/* After the limit there is time for the others, before it begins anew. */
	if (now >= console.hold_limit + hold)
		console.hold_limit = now + timer_ms_to_ticks(HOLD_MAX_MS);
	console.hold_until = MIN(now + hold, console.hold_limit);
	console_tick_within(HOLD_MS);
}

/* Has it something that the view shows now? */
static bool is_ready(const struct console_vm *from)
{
	unsigned count = from->output.count;

	if (console.view == VIEW_VM)
		return count && is_focus(from);
	if (console.view == VIEW_MONITOR || !count)
		return false;
	if (console.interactive && is_focus(from))
		return true;
	return (from->lines || count >= CONSOLE_LINE_MAX || from->flush) && !is_held(from);
}

/* Line by line the VMs take turns. */
static struct console_vm *next_ready(void)
{
	for (unsigned i = 0; i < console.nr_vms; i++) {
		unsigned index = console.turn + i;

		if (index >= console.nr_vms)
			index -= console.nr_vms;
		if (is_ready(&console.vms[index])) {
			console.turn = index + 1 == console.nr_vms ? 0 : index + 1;
			return &console.vms[index];
		}
	}
	return NULL;
}

static unsigned show(struct console_vm *from, unsigned budget)
{
	unsigned count = console.view == VIEW_VM ? show_raw(from, budget) : show_line(from);

	/* Its UART can't be called from here. */
	if (from->waiting && from->output.count < from->output.size / 2)
		console_tick_within(0);
	return count;
}

void console_pump(void)
{
	unsigned budget = CONSOLE_PUMP_MAX;

	if (!console.uart)
		return;
	console_send_stage();
	while (!console.stage.count && budget) {
		struct console_vm *from = next_ready();
		unsigned count = from ? show(from, budget) : 0;

		if (!count)
			return;
		budget -= MIN(count, budget);
	}
	if (!budget)
		console_tick_within(CONSOLE_CONTINUE_MS);
}

/* The one in view as it is, the others by lines; the stage takes all that comes at once. */
bool console_show_rest(void)
{
	struct console_vm *focus = console_focus();

	if (console.view == VIEW_VM && focus->output.count) {
		char c = take(focus);

		console_emit(c);
		console.mid_line = c != '\n';
		console.open = focus;
		return true;
	}
	for (unsigned i = 0; i < console.nr_vms; i++) {
		if (show_line(&console.vms[i]))
			return true;
	}
	return false;
}

/* --- the backend of the VMs' UARTs --- */

void console_watch_partial_line(const struct console_vm *from)
{
	if (console.partial_at || console.view != VIEW_ALL || !is_focus(from) ||
		!from->output.count)
		return;
	console.partial_at = timer_now() + timer_ms_to_ticks(PARTIAL_LINE_MS);
	console.partial_written = from->written;
	console_tick_within(PARTIAL_LINE_MS);
}

void console_check_partial_line(uint64_t now)
{
	struct console_vm *focus = console_focus();

	if (!console.partial_at || now < console.partial_at)
		return;
	console.partial_at = 0;
	if (focus->written == console.partial_written)
		focus->flush = focus->output.count != 0;
	else
		console_watch_partial_line(focus);
}

/*
 * The usual case of a VM alone: nothing waits, and the port has room. The character passes through
 * the ring without being counted in and out.
 */
static bool pass_on(struct console_vm *from, char c)
{
	struct console_ring *output = &from->output;

	if (console.view != VIEW_VM || !is_focus(from) || output->count || console.stage.count ||
		from->lost || !console.uart || !uart_try_put(console.uart, c))
		return false;
	output->text[output->first] = c;
	output->first = (output->first + 1) & (output->size - 1);
	from->tail = c == '\n' ? 0 : MIN(from->tail + 1, TAIL_MAX);
	console.mid_line = c != '\n';
	console.open = from;
	return true;
}

static void backend_put(void *context, const char *text, size_t length)
{
	struct console_vm *from = context;

	spin_lock(&console.lock);
	if (length == 1 && likely(pass_on(from, *text))) {
		spin_unlock(&console.lock);
		return;
	}
	for (size_t i = 0; i < length && console.uart; i++)
		keep(from, text[i]);
	if (console.interactive && is_focus(from) && console.view == VIEW_ALL)
		hold_others();
	if (!from->waking && is_ready(from))
		console_pump();
	console_watch_partial_line(from);
	spin_unlock(&console.lock);
}

static bool in_view(const struct console_vm *vm)
{
	return console.view == VIEW_ALL || (console.view == VIEW_VM && is_focus(vm));
}

static bool backend_full(void *context)
{
	struct console_vm *from = context;

	/* Without the lock: nobody else adds to it. */
	if (likely(READ_ONCE(from->output.count) < CONSOLE_OUTPUT_MAX))
		return false;
	spin_lock(&console.lock);
	from->waiting = ring_full(&from->output) && in_view(from);
	spin_unlock(&console.lock);
	return from->waiting;
}

static void backend_receive_ready(void *context)
{
	console_deliver(context);
}

static const struct vuart_backend backend = {
	.put = backend_put,
	.full = backend_full,
	.receive_ready = backend_receive_ready,
};

void console_wake_vms(void)
{
	for (unsigned i = 0; i < console.nr_vms; i++) {
		struct console_vm *to = &console.vms[i];
		bool ready;

		if (!READ_ONCE(to->waiting))
			continue;
		spin_lock(&console.lock);
		ready = to->waiting && (!in_view(to) || to->output.count < to->output.size / 2);
		if (ready) {
			to->waiting = false;
			/* What it has left must not make this take long. */
			to->waking = true;
			console_tick_within(CONSOLE_CONTINUE_MS);
		}
		spin_unlock(&console.lock);
		if (!ready)
			continue;
		vuart_transmit_ready(to->vm);
		WRITE_ONCE(to->waking, false);
	}
}

/* --- start --- */

void console_attach_vms(void)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		struct console_vm *entry = &console.vms[i];
		char *text = mm_zalloc(CONSOLE_OUTPUT_MAX + CONSOLE_INPUT_MAX);

		entry->vm = vms[i];
		entry->boots = 1;
		if (!text) {
			log_error("VM %s: no memory for its console: it has none", vms[i]->name);
			continue;
		}
		entry->output = (struct console_ring){ text, CONSOLE_OUTPUT_MAX, 0, 0 };
		entry->input =
			(struct console_ring){ text + CONSOLE_OUTPUT_MAX, CONSOLE_INPUT_MAX, 0, 0 };
		vuart_set_backend(vms[i], &backend, entry);
	}
	console.view = nr_vms == 1 ? VIEW_VM : VIEW_ALL;
	WRITE_ONCE(console.nr_vms, nr_vms);
}
