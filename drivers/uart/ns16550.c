/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 16550 UART (National Semiconductor PC16550D data sheet, section 8), registers 1 << reg_shift
 * bytes apart and accessed by 1, 2 or 4 bytes.
 */
#include "drivers/uart/drivers.h"
#include "hyp/arch/mmio.h"

enum {
	REG_DATA = 0, /* RBR, THR */
	REG_IER = 1,
	REG_IIR = 2, /* read */
	REG_FCR = 2, /* write */
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_USR = 31, /* DW_apb_uart: reading it ends the busy interrupt */
};

#define IER_RX     BIT(0)
#define IER_TX     BIT(1)

#define IIR_ID     GENMASK(3, 0)
#define IIR_BUSY   7 /* DW_apb_uart */

#define FCR_ENABLE BIT(0)

#define LCR_8N1    GENMASK(1, 0)
#define LCR_DLAB   BIT(7)

#define MCR_DTR    BIT(0)
#define MCR_RTS    BIT(1)
#define MCR_OUT2   BIT(3) /* gates the interrupt on PC-like boards */

#define LSR_DATA   BIT(0)
#define LSR_THRE   BIT(5)
#define LSR_EMPTY  BIT(6)

static uint8_t get(const struct uart *uart, unsigned reg)
{
	const volatile uint8_t *at = uart->base + ((size_t)reg << uart->reg_shift);

	if (uart->io_width == 4)
		return (uint8_t)mmio_read32(at);
	if (uart->io_width == 2)
		return (uint8_t)mmio_read16(at);
	return mmio_read8(at);
}

static void set(struct uart *uart, unsigned reg, uint64_t value)
{
	volatile uint8_t *at = uart->base + ((size_t)reg << uart->reg_shift);

	if (uart->io_width == 4)
		mmio_write32(at, (uint8_t)value);
	else if (uart->io_width == 2)
		mmio_write16(at, (uint8_t)value);
	else
		mmio_write8(at, (uint8_t)value);
}

static void ns16550_ack(struct uart *uart)
{
	if ((get(uart, REG_IIR) & IIR_ID) == IIR_BUSY && uart->variant == NS16550_DESIGNWARE)
		(void)get(uart, REG_USR);
}

static void ns16550_init(struct uart *uart)
{
	uint64_t line = get(uart, REG_LCR);

	/* Left open, the divisor latch would hide the data register and IER. */
	if (line & LCR_DLAB)
		set(uart, REG_LCR, line & ~LCR_DLAB);
	else if (line == 0)
		set(uart, REG_LCR, LCR_8N1); /* nobody has set it up */
	uart->irq_mask = 0;
	set(uart, REG_IER, 0);
	set(uart, REG_FCR, FCR_ENABLE);
	set(uart, REG_MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
	ns16550_ack(uart);
}

static bool ns16550_try_put(struct uart *uart, char c)
{
	if (!(get(uart, REG_LSR) & LSR_THRE))
		return false;
	set(uart, REG_DATA, (uint8_t)c);
	return true;
}

static int ns16550_get(struct uart *uart)
{
	if (!(get(uart, REG_LSR) & LSR_DATA))
		return -1;
	return get(uart, REG_DATA);
}

static void set_mask(struct uart *uart, uint64_t bits, bool on)
{
	uart->irq_mask = (uint32_t)(on ? uart->irq_mask | bits : uart->irq_mask & ~bits);
	set(uart, REG_IER, uart->irq_mask);
}

static void ns16550_rx_irq(struct uart *uart, bool on)
{
	set_mask(uart, IER_RX, on);
}

static void ns16550_tx_irq(struct uart *uart, bool on)
{
	set_mask(uart, IER_TX, on);
}

static bool ns16550_idle(struct uart *uart)
{
	return get(uart, REG_LSR) & LSR_EMPTY;
}

const struct uart_ops ns16550_ops = {
	.init = ns16550_init,
	.try_put = ns16550_try_put,
	.get = ns16550_get,
	.rx_irq = ns16550_rx_irq,
	.tx_irq = ns16550_tx_irq,
	.ack = ns16550_ack,
	.idle = ns16550_idle,
};
