/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arm PrimeCell UART PL011 (DDI 0183G, chapter 3).
 */
#include "drivers/uart/drivers.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/mmio.h"

#define UARTDR      0x000
#define UARTFR      0x018
#define UARTLCR_H   0x02c
#define UARTCR      0x030
#define UARTIMSC    0x038
#define UARTICR     0x044

#define DR_DATA     0xff

#define FR_BUSY     BIT(3)
#define FR_RXFE     BIT(4)
#define FR_TXFF     BIT(5)

#define LCR_H_FEN   BIT(4)
#define LCR_H_WLEN8 GENMASK(6, 5)

#define CR_UARTEN   BIT(0)
#define CR_TXE      BIT(8)
#define CR_RXE      BIT(9)
#define CR_DTR      BIT(10)
#define CR_RTS      BIT(11)

#define INT_RX      BIT(4)
#define INT_TX      BIT(5)
#define INT_RT      BIT(6) /* something is waiting below the trigger level */
#define INT_ALL     GENMASK(10, 0)

/* Polls until the character in the shift register has left, at initialisation. */
#define BUSY_POLLS  100000

static uint32_t get(const struct uart *uart, unsigned offset)
{
	return mmio_read32(uart->base + offset);
}

static void set(struct uart *uart, unsigned offset, uint64_t value)
{
	mmio_write32(uart->base + offset, (uint32_t)value);
}

static bool pl011_idle(struct uart *uart)
{
	return !(get(uart, UARTFR) & FR_BUSY);
}

/*
 * A port that the boot loader uses keeps its line settings; the FIFOs are switched on if they
 * aren't, which the manual allows only while the UART is disabled and idle (3.3.7, 3.3.8).
 */
static void enable(struct uart *uart)
{
	uint64_t control = get(uart, UARTCR);
	uint64_t line = get(uart, UARTLCR_H);
	uint64_t wanted = control | CR_UARTEN | CR_TXE | CR_RXE | CR_DTR | CR_RTS;

	if (!(control & CR_UARTEN))
		line = LCR_H_WLEN8;
	if (!(line & LCR_H_FEN)) {
		for (unsigned polls = BUSY_POLLS; polls && !pl011_idle(uart); polls--)
			cpu_relax();
		set(uart, UARTCR, control & ~CR_UARTEN);
		set(uart, UARTLCR_H, line | LCR_H_FEN);
		control &= ~CR_UARTEN;
	}
	if (control != wanted)
		set(uart, UARTCR, wanted);
}

static void pl011_init(struct uart *uart)
{
	uart->irq_mask = 0;
	set(uart, UARTIMSC, 0);
	set(uart, UARTICR, INT_ALL);
	if (uart->variant == PL011_FULL)
		enable(uart);
}

static bool pl011_try_put(struct uart *uart, char c)
{
	if (get(uart, UARTFR) & FR_TXFF)
		return false;
	set(uart, UARTDR, (uint8_t)c);
	return true;
}

static int pl011_get(struct uart *uart)
{
	if (get(uart, UARTFR) & FR_RXFE)
		return -1;
	return (int)(get(uart, UARTDR) & DR_DATA);
}

static void set_mask(struct uart *uart, uint64_t bits, bool on)
{
	uart->irq_mask = (uint32_t)(on ? uart->irq_mask | bits : uart->irq_mask & ~bits);
	set(uart, UARTIMSC, uart->irq_mask);
}

static void pl011_rx_irq(struct uart *uart, bool on)
{
	set_mask(uart, INT_RX | INT_RT, on);
}

static void pl011_tx_irq(struct uart *uart, bool on)
{
	set_mask(uart, INT_TX, on);
}

static void pl011_ack(struct uart *uart)
{
	set(uart, UARTICR, INT_ALL);
}

const struct uart_ops pl011_ops = {
	.init = pl011_init,
	.try_put = pl011_try_put,
	.get = pl011_get,
	.rx_irq = pl011_rx_irq,
	.tx_irq = pl011_tx_irq,
	.ack = pl011_ack,
	.idle = pl011_idle,
};
