/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The UART drivers there are, for the table in uart.c.
 */
#ifndef DRIVERS_UART_DRIVERS_H
#define DRIVERS_UART_DRIVERS_H

#include "drivers/uart/uart.h"

/* Arm PrimeCell UART (DDI 0183), and the subset of it that SBSA defines (DEN0029, "Generic UART").
 */
extern const struct uart_ops pl011_ops;
enum pl011_variant {
	PL011_FULL,
	PL011_SBSA, /* no control, line or FIFO level registers: always on */
};

/* National Semiconductor 16550 and what follows it. */
extern const struct uart_ops ns16550_ops;
enum ns16550_variant {
	NS16550_PLAIN,
	NS16550_DESIGNWARE, /* Synopsys DW_apb_uart: refuses LCR writes while busy and then
			       interrupts */
};

#endif
