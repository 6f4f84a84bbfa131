/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/uart/drivers.h"
#include "drivers/uart/uart.h"
#include "hyp/arch/barrier.h"
#include "hyp/base/string.h"

/* Polls of a register before a port is given up: a character at 9600 baud takes 1 ms, a poll at
 * least 50 ns. */
#define UART_POLLS_MAX 200000

#define DRIVER(name, ops, width, variant)                      \
	{                                                      \
		name, sizeof(name) - 1, ops, 0, width, variant \
	}

static const struct uart_driver drivers[] = {
	DRIVER("arm,pl011", &pl011_ops, 4, PL011_FULL),
	DRIVER("arm,sbsa-uart", &pl011_ops, 4, PL011_SBSA),
	DRIVER("ns16550a", &ns16550_ops, 1, NS16550_PLAIN),
	DRIVER("ns16550", &ns16550_ops, 1, NS16550_PLAIN),
	DRIVER("snps,dw-apb-uart", &ns16550_ops, 1, NS16550_DESIGNWARE),
};

const struct uart_driver *uart_driver_find(const char *compatible, size_t length)
{
	for (unsigned i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (drivers[i].length == length &&
			memcmp(drivers[i].compatible, compatible, length) == 0)
			return &drivers[i];
	}
	return NULL;
}

enum status uart_bind(struct uart *uart, const struct machine_uart *from, volatile void *registers)
{
	if (from->io_width != 1 && from->io_width != 2 && from->io_width != 4)
		return ERR_INVALID;
	*uart = (struct uart){
		.ops = from->driver->ops,
		.base = registers,
		.reg_shift = from->reg_shift,
		.io_width = from->io_width,
		.variant = from->driver->variant,
		.intid = from->intid,
		.edge = from->edge,
	};
	uart->ops->init(uart);
	return OK;
}

void uart_put(struct uart *uart, char c)
{
	unsigned polls = uart->stuck ? 1 : UART_POLLS_MAX;

	for (; polls; polls--) {
		if (uart->ops->try_put(uart, c)) {
			uart->stuck = false;
			return;
		}
		cpu_relax();
	}
	uart->stuck = true;
}

void uart_write(struct uart *uart, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			uart_put(uart, '\r');
		uart_put(uart, text[i]);
	}
}

void uart_flush(struct uart *uart)
{
	unsigned polls = uart->stuck ? 1 : UART_POLLS_MAX;

	for (; polls && !uart->ops->idle(uart); polls--)
		cpu_relax();
}
