/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is typed: to the VM in view, or to the monitor. Nothing of it is lost while the ring of its
 * receiver has room; then the port is not read, so that the sender waits. But when the receiver
 * takes nothing for a while either, the port is read on and what comes is dropped: the escape
 * character must get through.
 */
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/options.h"
#include "hyp/monitor/results.h"
#include "hyp/vdev/vuart.h"

/* Handed to a UART at once: what its FIFO holds. */
#define DELIVER_MAX 16
/* Read at once; the rest at the next tick. */
#define READ_MAX    256
/* So long a receiver may take nothing. */
#define GIVE_UP_MS  1000

/* --- to the guest --- */

/* Copies the first waiting characters. The lock is held. */
static unsigned peek_input(const struct console_ring *ring, char *text)
{
	unsigned count = MIN(ring->count, DELIVER_MAX);

	for (unsigned i = 0; i < count; i++)
		text[i] = ring->text[(ring->first + i) & (ring->size - 1)];
	return count;
}

/*
 * One CPU at a time delivers, so that the order stays; another one that comes meanwhile makes it
 * look again. The VM's UART is called without the lock.
 */
void console_deliver(struct console_vm *to)
{
	char text[DELIVER_MAX];
	size_t taken;

	spin_lock(&console.lock);
	if (to->delivering) {
		to->deliver_again = true;
		spin_unlock(&console.lock);
		return;
	}
	to->delivering = true;
	do {
		unsigned count = peek_input(&to->input, text);

		to->deliver_again = false;
		if (!count)
			break;
		spin_unlock(&console.lock);
		taken = vuart_receive(to->vm, text, count);
		spin_lock(&console.lock);
		ring_drop(&to->input, (unsigned)taken);
	} while (taken || to->deliver_again);
	to->delivering = false;
	if (to == console_focus() && to->input.count < to->input.size / 2)
		console_resume_input();
	spin_unlock(&console.lock);
}

static bool has_ended(const struct console_vm *vm)
{
	enum vm_state state = READ_ONCE(vm->vm->state);

	return state == VM_STOPPED || state == VM_STOPPING;
}

/* The view of all is for VMs that run: when the one that has the keyboard has ended it goes to the
 * next that has not. */
static void check_focus(void)
{
	if (console.view != VIEW_ALL)
		return;
	for (unsigned i = 0; i < console.nr_vms; i++) {
		unsigned next = (console.focus + i) % console.nr_vms;

		if (has_ended(&console.vms[next]))
			continue;
		if (next != console.focus)
			console_set_focus(next);
		return;
	}
}

/* --- when there is no room --- */

static struct console_ring *receiver(void)
{
	return console.view == VIEW_MONITOR ? &console.keys : &console_focus()->input;
}

static void stop_input(void)
{
	if (console.input_stopped)
		return;
	console.input_stopped = true;
	console.give_up_at = timer_now() + timer_ms_to_ticks(GIVE_UP_MS);
	uart_rx_irq(console.uart, false);
	console_tick_within(GIVE_UP_MS);
}

void console_resume_input(void)
{
	console.input_dropped = false;
	if (!console.input_stopped)
		return;
	console.input_stopped = false;
	uart_rx_irq(console.uart, true);
	/* What the port holds already need not raise an interrupt. */
	console_tick_within(0);
}

void console_check_stopped_input(uint64_t now)
{
	bool given_up = false;

	spin_lock(&console.lock);
	if (console.input_stopped && now >= console.give_up_at) {
		console_resume_input();
		given_up = console.input_dropped = ring_full(receiver());
	}
	spin_unlock(&console.lock);
	if (given_up)
		log_warn("nobody reads what is typed here: it is dropped until somebody does");
}

/* --- from the port --- */

/* What was found while reading, that is to be done without the lock. */
struct found {
	bool key; /* behind the escape character: `c` */
	char c;
	bool line;                /* a command for the monitor */
	struct console_vm *ended; /* somebody typed for it */
};

static bool is_any(const struct found *found)
{
	return found->key || found->line || found->ended;
}

static void take_character(char c, struct found *found)
{
	struct console_vm *focus = console_focus();

	if (console.view == VIEW_MONITOR) {
		found->line = console_take_monitor_key(c);
		return;
	}
	if (!console.nr_vms)
		return;
	if (has_ended(focus)) {
		if (!focus->end_noted)
			found->ended = focus;
		focus->end_noted = true;
		return;
	}
	focus->end_noted = false;
	(void)ring_put(&focus->input, c);
	console.interactive = true;
}

/* Puts a character where it belongs. */
static void sort_character(char c, struct found *found)
{
	if (console.escaped) {
		console.escaped = false;
		if ((uint8_t)c != options.escape) {
			found->key = true;
			found->c = c;
			return;
		}
	} else if ((uint8_t)c == options.escape) {
		console.escaped = true;
		return;
	}
	take_character(c, found);
}

/* Reads until the port is empty, there is no room, or something is to be done. */
static struct found read_port(void)
{
	struct found found = { 0 };
	unsigned left = READ_MAX;

	spin_lock(&console.lock);
	uart_ack(console.uart);
	for (; left && !is_any(&found); left--) {
		int c;

		if (ring_full(receiver()) && receiver()->size && !console.input_dropped) {
			stop_input();
			break;
		}
		c = uart_get(console.uart);
		if (c < 0)
			break;
		sort_character((char)c, &found);
	}
	if (!left)
		console_tick_within(0);
	spin_unlock(&console.lock);
	return found;
}

static void tell_ended(const struct console_vm *ended)
{
	char escape[CONSOLE_ESCAPE_NAME];

	console_escape_name(escape);
	log_info("[%s] takes no input: it is %s; %s n: the next VM, %s m: the monitor",
		ended->vm->name, results_state_name(ended->vm), escape, escape);
}

static bool begin_receiving(void)
{
	bool begin;

	spin_lock(&console.lock);
	begin = !console.receiving;
	if (begin)
		console.receiving = true;
	else
		console.receive_again = true;
	spin_unlock(&console.lock);
	return begin;
}

static bool end_receiving(void)
{
	bool again;

	spin_lock(&console.lock);
	again = console.receive_again;
	console.receive_again = false;
	console.receiving = again;
	spin_unlock(&console.lock);
	return !again;
}

static void receive(void)
{
	struct found found;

	do {
		check_focus();
		found = read_port();
		/* What was typed before the key is for the view before it. */
		if (console.nr_vms)
			console_deliver(console_focus());
		console_edit();
		if (found.ended)
			tell_ended(found.ended);
		if (found.key)
			console_key(found.c);
	} while (is_any(&found));
}

/* One CPU at a time; another one that comes meanwhile makes it look again. */
void console_receive(void)
{
	if (!begin_receiving())
		return;
	do {
		receive();
	} while (!end_receiving());
}
