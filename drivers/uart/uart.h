/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A serial port: bound to its driver by the devicetree's "compatible", through a table of drivers.
 *
 * The boot loader's setup (baud rate, pins, clocks) is inherited. No function takes a lock: callers
 * do, except on the panic path, which writes with uart_write() whatever anybody else is doing.
 */
#ifndef DRIVERS_UART_UART_H
#define DRIVERS_UART_UART_H

#include "drivers/dt/machine.h"
#include "hyp/base/compiler.h"
#include "hyp/base/status.h"

struct uart;

struct uart_ops {
	/* Makes sure transmitter, receiver and FIFOs are on; all interrupts off. */
	void (*init)(struct uart *uart);
	/* Takes one character if there is room; false if not. */
	bool (*try_put)(struct uart *uart, char c);
	/* The next character received (0..255), or -1. Characters with errors come as they are. */
	int (*get)(struct uart *uart);
	/* Interrupt when something was received (also below the FIFO's trigger level). */
	void (*rx_irq)(struct uart *uart, bool on);
	/* Interrupt while there is room to send. */
	void (*tx_irq)(struct uart *uart, bool on);
	/* Clears whatever latched the interrupt; call it before draining get(). */
	void (*ack)(struct uart *uart);
	/* True when the last character has left the shift register. */
	bool (*idle)(struct uart *uart);
};

struct uart_driver {
	const char *compatible;
	size_t length; /* of compatible */
	const struct uart_ops *ops;
	uint8_t reg_shift, io_width; /* when the node does not say */
	uint8_t variant;             /* the driver's own distinction */
};

struct uart {
	const struct uart_ops *ops;
	volatile uint8_t *base;
	uint8_t reg_shift, io_width, variant;
	uint32_t irq_mask; /* what the driver has enabled */
	uint32_t intid;    /* MACHINE_NO_INTID: poll */
	bool edge;
	bool stuck; /* a character waited too long: don't wait any more */
};

/* The driver for one string of a "compatible" property (length bytes, without its NUL); NULL when
 * there is none. */
const struct uart_driver *uart_driver_find(const char *compatible, size_t length);

/*
 * Binds *uart to the port described, whose registers are mapped at `registers`, and initialises it.
 * ERR_INVALID for a register width the driver can't do.
 */
enum status __must_check uart_bind(
	struct uart *uart, const struct machine_uart *from, volatile void *registers);

static inline bool uart_try_put(struct uart *uart, char c)
{
	return uart->ops->try_put(uart, c);
}

static inline int uart_get(struct uart *uart)
{
	return uart->ops->get(uart);
}

static inline void uart_rx_irq(struct uart *uart, bool on)
{
	uart->ops->rx_irq(uart, on);
}

static inline void uart_tx_irq(struct uart *uart, bool on)
{
	uart->ops->tx_irq(uart, on);
}

static inline void uart_ack(struct uart *uart)
{
	uart->ops->ack(uart);
}

/* Waits (bounded: a port that takes nothing is given up and then never waited for until it takes
 * one again). */
void uart_put(struct uart *uart, char c);

/* Writes all bytes by uart_put(), '\n' as "\r\n". Lock-free: also for panic. */
void uart_write(struct uart *uart, const char *text, size_t length);

/* Waits (bounded) until everything has left the wire. */
void uart_flush(struct uart *uart);

#endif
