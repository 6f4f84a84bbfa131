/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/options.h"
#include "hyp/vdev/vuart.h"

/* A port without an interrupt is asked so often. */
#define POLL_MS     10
/* Handed to a UART at once: what its FIFO holds. */
#define DELIVER_MAX 16

static struct soft_timer poll;

/* --- to the guest --- */

/* The focus is for a VM that runs: when its VM has ended it goes to the next that has not. */
static void check_focus(void)
{
	for (unsigned i = 0; i < console.nr_vms; i++) {
		unsigned next = (console.focus + i) % console.nr_vms;

		if (READ_ONCE(console.vms[next].vm->state) == VM_STOPPED)
			continue;
		if (next != console.focus)
			console_set_focus(next);
		return;
	}
}

/* Copies the first waiting characters. The lock is held. */
static unsigned peek_input(char *text)
{
	const struct console_ring *ring = &console.input;
	unsigned count = MIN(ring->count, DELIVER_MAX);

	for (unsigned i = 0; i < count; i++)
		text[i] = ring->text[(ring->first + i) % ring->size];
	return count;
}

/*
 * One CPU at a time delivers, so that the order stays; another one that comes meanwhile makes it
 * look again. The VM's UART is called without the lock.
 */
void console_deliver(void)
{
	char text[DELIVER_MAX];

	spin_lock(&console.lock);
	if (console.delivering) {
		console.deliver_again = true;
		spin_unlock(&console.lock);
		return;
	}
	console.delivering = true;
	for (;;) {
		struct vm *vm = console_focus()->vm;
		unsigned count = peek_input(text);
		size_t taken = 0;

		console.deliver_again = false;
		if (count && vm) {
			spin_unlock(&console.lock);
			taken = vuart_receive(vm, text, count);
			spin_lock(&console.lock);
			/* When the focus changed meanwhile the ring was emptied. */
			if (console_focus()->vm == vm)
				ring_drop(
					&console.input, MIN((unsigned)taken, console.input.count));
		}
		if (!taken && !console.deliver_again)
			break;
	}
	console.delivering = false;

	bool restart = console.input_stopped && console.input.count < console.input.size / 2;

	if (restart) {
		console.input_stopped = false;
		uart_rx_irq(console.uart, true);
	}
	spin_unlock(&console.lock);
}

void console_set_focus(unsigned index)
{
	spin_lock(&console.lock);
	if (index < console.nr_vms && index != console.focus) {
		console.focus = index;
		console.interactive = false;
		ring_drop(&console.input, console.input.count);
		console_show_partial(console_focus());
	}
	spin_unlock(&console.lock);
	if (console.nr_vms > 1)
		log_info("[%s] has the keyboard", console_focus()->vm->name);
}

/* --- from the port --- */

/* Puts a character where it belongs. True: *command is what to do instead. The lock is held. */
static bool sort_character(char c, char *command)
{
	if (console.escaped) {
		console.escaped = false;
		if ((uint8_t)c != options.escape) {
			*command = c;
			return true;
		}
	} else if ((uint8_t)c == options.escape) {
		console.escaped = true;
		return false;
	}
	ring_put(&console.input, c);
	if (console.nr_vms > 1 && !console.interactive) {
		console.interactive = true;
		console_show_partial(console_focus());
	}
	return false;
}

/* Reads until the port is empty, the ring is full or there is a command. */
static bool read_port(char *command)
{
	bool found = false;

	spin_lock(&console.lock);
	uart_ack(console.uart);
	while (!found) {
		int c;

		if (console.input.count == console.input.size) {
			console.input_stopped = true;
			uart_rx_irq(console.uart, false);
			break;
		}
		c = uart_get(console.uart);
		if (c < 0)
			break;
		found = sort_character((char)c, command);
	}
	spin_unlock(&console.lock);
	return found;
}

void console_receive(void)
{
	char command = 0;

	if (console.nr_vms)
		check_focus();
	for (;;) {
		bool found = read_port(&command);

		/* What was typed before the command is for the focus before it. */
		if (console.nr_vms)
			console_deliver();
		if (!found)
			return;
		console_command(command);
	}
}

/* Room in the output: what waits there, then the VMs that wait for it. */
static void send_waiting(void)
{
	bool room;

	spin_lock(&console.lock);
	console_send();
	if (!console.output.count)
		uart_tx_irq(console.uart, false);
	room = console.output.count < console.output.size / 2;
	spin_unlock(&console.lock);
	for (unsigned i = 0; room && i < console.nr_vms; i++) {
		struct console_vm *to = &console.vms[i];

		if (!READ_ONCE(to->waiting))
			continue;
		WRITE_ONCE(to->waiting, false);
		vuart_transmit_ready(to->vm);
	}
}

static void port_interrupt(void *context, uint32_t intid)
{
	(void)context;
	(void)intid;
	console_receive();
	send_waiting();
}

static void poll_port(struct soft_timer *timer)
{
	console_receive();
	send_waiting();
	timer_arm(timer, timer_now() + timer_ms_to_ticks(POLL_MS));
}

void console_enable_interrupts(uint64_t mpidr)
{
	struct uart *uart = console.uart;

	if (!uart)
		return;
	console.timers = true;
	if (uart->intid != MACHINE_NO_INTID &&
		irq_register(uart->intid, port_interrupt, NULL, IRQ_NORMAL) == OK) {
		gic_set_edge(0, uart->intid, uart->edge);
		gic_route(uart->intid, mpidr);
		console.interrupts = true;
		uart_rx_irq(uart, true);
		gic_enable(0, uart->intid);
		return;
	}
	log_info("console: the port has no interrupt: it is asked every %u ms", POLL_MS);
	soft_timer_init(&poll, poll_port);
	timer_arm(&poll, timer_now() + timer_ms_to_ticks(POLL_MS));
}
