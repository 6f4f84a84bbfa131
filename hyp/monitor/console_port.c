/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What makes the console go on: the port's interrupt, and a tick for what has a time.
 */
#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"

/* A port without an interrupt is asked so often. */
#define POLL_MS 10

static struct soft_timer poll;

static void tick_by(uint64_t deadline)
{
	if (!console.timers || (console.tick_at && console.tick_at <= deadline))
		return;
	console.tick_at = deadline;
	timer_arm(&console.tick, deadline);
}

void console_tick_within(unsigned ms)
{
	tick_by(timer_now() + timer_ms_to_ticks(ms));
}

/*
 * Reading clears the port's interrupts, that of sending as well, which some ports only raise when
 * they become less full: so it is always followed by sending, until the port is full again or
 * nothing is left.
 */
static void serve(void)
{
	console_receive();
	spin_lock(&console.lock);

	bool was_full = console.port_full;

	console.port_full = false;
	console_pump();
	if (was_full && !console.port_full)
		uart_tx_irq(console.uart, false);
	spin_unlock(&console.lock);
	console_wake_vms();
}

static void port_interrupt(void *context, uint32_t intid)
{
	(void)context;
	(void)intid;
	serve();
}

static void tick(struct soft_timer *timer)
{
	uint64_t now = timer_now();

	(void)timer;
	spin_lock(&console.lock);
	console.tick_at = 0;
	console_check_partial_line(now);
	spin_unlock(&console.lock);
	console_check_stopped_input(now);
	serve();
	spin_lock(&console.lock);
	if (console.partial_at)
		tick_by(console.partial_at);
	if (console.hold_until > now)
		tick_by(console.hold_until);
	if (console.input_stopped)
		tick_by(console.give_up_at);
	spin_unlock(&console.lock);
}

static void poll_port(struct soft_timer *timer)
{
	serve();
	timer_arm(timer, timer_now() + timer_ms_to_ticks(POLL_MS));
}

void console_enable_interrupts(uint64_t mpidr)
{
	struct uart *uart = console.uart;

	if (!uart)
		return;
	soft_timer_init(&console.tick, tick);
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
