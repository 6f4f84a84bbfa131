/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vuart.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "mm/page.h"

/* Registers (DDI 0183G 3.2), as indices of words. */
enum uart_reg {
	REG_DR = 0x00 / 4,
	REG_RSR = 0x04 / 4, /* ECR when written */
	REG_FR = 0x18 / 4,
	REG_ILPR = 0x20 / 4,
	REG_IBRD = 0x24 / 4,
	REG_FBRD = 0x28 / 4,
	REG_LCR_H = 0x2c / 4,
	REG_CR = 0x30 / 4,
	REG_IFLS = 0x34 / 4,
	REG_IMSC = 0x38 / 4,
	REG_RIS = 0x3c / 4,
	REG_MIS = 0x40 / 4,
	REG_ICR = 0x44 / 4, /* write only: its word stays 0 */
	REG_DMACR = 0x48 / 4,
	NR_REGS,
};
#define REG_ID_FIRST (0xfe0 / 4)

#define DR_BREAK     BIT(10)
#define DR_ERRORS    GENMASK(11, 8)
#define DR_RSR_SHIFT 8

#define FR_BUSY      BIT(3)
#define FR_RXFE      BIT(4)
#define FR_TXFF      BIT(5)
#define FR_RXFF      BIT(6)
#define FR_TXFE      BIT(7)

#define LCR_H_FEN    BIT(4)

#define CR_LBE       BIT(7)
#define CR_RESET     (BIT(8) | BIT(9)) /* transmitter and receiver on, the whole port off */

#define IFLS_TX      GENMASK(2, 0)
#define IFLS_RX      GENMASK(5, 3)
#define IFLS_RESET   0x12 /* both at one half */

#define INT_RX       BIT(4)
#define INT_TX       BIT(5)
#define INT_RT       BIT(6) /* receive timeout */
#define INT_BE       BIT(9) /* break */
#define INT_ALL      GENMASK(10, 0)

/* DDI 0183's identification, of the revision whose FIFOs hold 16 (3.3.15 on). */
static const uint8_t id_bytes[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

#define FIFO_DEPTH  16

/* For a device table of our own, in a VM without a vGIC. */
#define DEVICE_ROWS 4

struct vuart {
	uint32_t regs[NR_REGS]; /* what a read gives, always up to date */
	struct spinlock lock;
	struct vm *vm;
	bool line;    /* of the interrupt, as the vGIC was told */
	bool refused; /* vuart_receive() took less than it was given */
	uint16_t rx[FIFO_DEPTH];
	char tx[FIFO_DEPTH];
	unsigned rx_first, rx_count;
	unsigned tx_first, tx_count;
	const struct vuart_backend *backend;
	void *context;
};

/* Which bits of a register a write changes; the others' words are made by Lintel. */
static const uint16_t writable[NR_REGS] = {
	[REG_ILPR] = 0xff,
	[REG_IBRD] = 0xffff,
	[REG_FBRD] = 0x3f,
	[REG_LCR_H] = 0xff,
	[REG_CR] = 0xff87,
	[REG_IFLS] = 0x3f,
	[REG_IMSC] = INT_ALL,
	[REG_DMACR] = 0x7,
};

static struct vuart *vuart_of(const struct vm *vm)
{
	return vm->part[PART_VUART];
}

/* --- what follows from the state; the lock is held --- */

static unsigned fifo_depth(const struct vuart *uart)
{
	return uart->regs[REG_LCR_H] & LCR_H_FEN ? FIFO_DEPTH : 1;
}

/* IFLS's levels: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; without FIFO, one character. */
static unsigned trigger_level(const struct vuart *uart, uint32_t ifls_field)
{
	static const uint8_t levels[] = { 2, 4, 8, 12, 14 };

	if (!(uart->regs[REG_LCR_H] & LCR_H_FEN))
		return 1;
	return levels[MIN(ifls_field, ARRAY_SIZE(levels) - 1)];
}

static void update_interrupt(struct vuart *uart)
{
	uint32_t mis = uart->regs[REG_RIS] & uart->regs[REG_IMSC];

	WRITE_ONCE(uart->regs[REG_MIS], mis);
	if (uart->line != (mis != 0)) {
		uart->line = mis != 0;
		vgic_set_spi(uart->vm, VUART_INTID, uart->line);
	}
}

static void update_flags(struct vuart *uart)
{
	unsigned depth = fifo_depth(uart);
	uint32_t fr = 0;

	if (uart->rx_count == 0)
		fr |= FR_RXFE;
	if (uart->rx_count >= depth)
		fr |= FR_RXFF;
	fr |= uart->tx_count == 0 ? FR_TXFE : FR_BUSY;
	if (uart->tx_count >= depth)
		fr |= FR_TXFF;
	WRITE_ONCE(uart->regs[REG_FR], fr);
}

/* --- receiving --- */

static bool receive_locked(struct vuart *uart, uint16_t character)
{
	if (uart->rx_count >= fifo_depth(uart))
		return false;
	uart->rx[(uart->rx_first + uart->rx_count++) % FIFO_DEPTH] = character;
	uart->regs[REG_RIS] |= INT_RT;
	if (uart->rx_count >= trigger_level(uart, FIELD_GET(IFLS_RX, uart->regs[REG_IFLS])))
		uart->regs[REG_RIS] |= INT_RX;
	if (character & DR_BREAK)
		uart->regs[REG_RIS] |= INT_BE;
	return true;
}

/* A read of DR: the next character, with its errors in bits 11:8. */
static uint32_t take_character(struct vuart *uart, bool *room_again)
{
	uint16_t character;

	spin_lock(&uart->lock);
	character = uart->rx[uart->rx_first % FIFO_DEPTH];
	if (uart->rx_count) {
		uart->rx_first = (uart->rx_first + 1) % FIFO_DEPTH;
		uart->rx_count--;
		uart->regs[REG_RSR] = (character & DR_ERRORS) >> DR_RSR_SHIFT;
	}
	if (uart->rx_count < trigger_level(uart, FIELD_GET(IFLS_RX, uart->regs[REG_IFLS])))
		uart->regs[REG_RIS] &= ~INT_RX;
	if (uart->rx_count == 0)
		uart->regs[REG_RIS] &= ~INT_RT;
	*room_again = uart->refused && uart->rx_count == 0;
	if (*room_again)
		uart->refused = false;
	update_flags(uart);
	update_interrupt(uart);
	spin_unlock(&uart->lock);
	return character;
}

size_t vuart_receive(struct vm *vm, const char *text, size_t length)
{
	struct vuart *uart = vuart_of(vm);
	size_t taken = 0;

	spin_lock(&uart->lock);
	while (taken < length && receive_locked(uart, (uint8_t)text[taken]))
		taken++;
	uart->refused = taken < length;
	update_flags(uart);
	update_interrupt(uart);
	spin_unlock(&uart->lock);
	return taken;
}

void vuart_receive_break(struct vm *vm)
{
	struct vuart *uart = vuart_of(vm);

	spin_lock(&uart->lock);
	/* When the FIFO is full it is lost, as on a real line. */
	(void)receive_locked(uart, DR_BREAK);
	update_flags(uart);
	update_interrupt(uart);
	spin_unlock(&uart->lock);
}

static void notify_room(struct vuart *uart)
{
	const struct vuart_backend *backend = READ_ONCE(uart->backend);

	if (backend && backend->receive_ready)
		backend->receive_ready(uart->context);
}

/* --- sending --- */

static bool backend_full(const struct vuart *uart)
{
	return uart->backend->full && uart->backend->full(uart->context);
}

/* The FIFO is at or below its trigger level, or above it. */
static void update_tx_interrupt(struct vuart *uart)
{
	if (uart->tx_count > trigger_level(uart, FIELD_GET(IFLS_TX, uart->regs[REG_IFLS])))
		uart->regs[REG_RIS] &= ~INT_TX;
	else
		uart->regs[REG_RIS] |= INT_TX;
}

static void send_fifo(struct vuart *uart)
{
	while (uart->tx_count && !backend_full(uart)) {
		uart->backend->put(uart->context, &uart->tx[uart->tx_first], 1);
		uart->tx_first = (uart->tx_first + 1) % FIFO_DEPTH;
		uart->tx_count--;
	}
}

static void send_character(struct vuart *uart, char c)
{
	spin_lock(&uart->lock);
	if (uart->regs[REG_CR] & CR_LBE) {
		(void)receive_locked(uart, (uint8_t)c);
	} else if (uart->backend) {
		if (uart->tx_count == 0 && !backend_full(uart))
			uart->backend->put(uart->context, &c, 1);
		else if (uart->tx_count < fifo_depth(uart))
			uart->tx[(uart->tx_first + uart->tx_count++) % FIFO_DEPTH] = c;
		/* Else the guest didn't look at TXFF, and the character is lost. */
	}
	update_tx_interrupt(uart);
	update_flags(uart);
	update_interrupt(uart);
	spin_unlock(&uart->lock);
}

void vuart_transmit_ready(struct vm *vm)
{
	struct vuart *uart = vuart_of(vm);

	spin_lock(&uart->lock);
	if (uart->backend && uart->tx_count) {
		send_fifo(uart);
		update_tx_interrupt(uart);
		update_flags(uart);
		update_interrupt(uart);
	}
	spin_unlock(&uart->lock);
}

void vuart_set_backend(struct vm *vm, const struct vuart_backend *backend, void *context)
{
	struct vuart *uart = vuart_of(vm);

	spin_lock(&uart->lock);
	uart->backend = backend;
	uart->context = context;
	if (!backend)
		uart->tx_count = 0;
	update_flags(uart);
	spin_unlock(&uart->lock);
}

/* --- the guest's accesses --- */

static __noinline enum mmio_result read_slowly(
	struct vuart *uart, uint64_t offset, uint64_t mask, uint64_t *value)
{
	uint64_t id = offset / 4 - REG_ID_FIRST;
	bool room_again;

	*value = 0;
	if (offset == REG_DR * 4) {
		*value = take_character(uart, &room_again) & mask;
		if (room_again)
			notify_room(uart);
		return MMIO_DONE;
	}
	if (offset % 4 || id >= ARRAY_SIZE(id_bytes))
		return MMIO_RAZ_WI;
	*value = id_bytes[id];
	return MMIO_DONE;
}

/*
 * All but DR and the identification are words that are kept up to date: no lock, and one comparison
 * for "behind DR, a multiple of 4, and before the end" (the remainder comes to the top of the
 * word).
 */
static enum mmio_result vuart_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	struct vuart *uart = device;
	uint64_t index = offset >> 2 | offset << 62;
	uint64_t mask = GENMASK(8 * width - 1, 0);

	(void)vcpu;
	if (unlikely(index - 1 >= NR_REGS - 1))
		return read_slowly(uart, offset, mask, value);
	*value = READ_ONCE(uart->regs[index]) & mask;
	return MMIO_DONE;
}

/* Switching the FIFOs on or off empties the receiver's (DDI 0183 says nothing; QEMU does). True:
 * who was refused may come again. */
static bool write_line_control(struct vuart *uart, uint32_t value)
{
	bool room_again;

	if ((uart->regs[REG_LCR_H] ^ value) & LCR_H_FEN) {
		uart->rx_count = 0;
		uart->regs[REG_RIS] &= ~(INT_RX | INT_RT);
	}
	uart->regs[REG_LCR_H] = value;
	room_again = uart->refused && uart->rx_count == 0;
	if (room_again)
		uart->refused = false;
	return room_again;
}

static void write_register(struct vuart *uart, enum uart_reg reg, uint32_t value)
{
	bool room_again = false;

	spin_lock(&uart->lock);
	value &= writable[reg];
	switch (reg) {
	case REG_RSR:
		uart->regs[REG_RSR] = 0;
		break;
	case REG_LCR_H:
		room_again = write_line_control(uart, value);
		break;
	default:
		if (writable[reg])
			uart->regs[reg] = value;
	}
	update_flags(uart);
	update_interrupt(uart);
	spin_unlock(&uart->lock);
	if (room_again)
		notify_room(uart);
}

static void clear_interrupts(struct vuart *uart, uint32_t which)
{
	spin_lock(&uart->lock);
	uart->regs[REG_RIS] &= ~which;
	update_interrupt(uart);
	spin_unlock(&uart->lock);
}

static enum mmio_result vuart_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	struct vuart *uart = device;

	(void)vcpu;
	(void)width;
	if (offset % 4 || offset / 4 >= NR_REGS)
		return MMIO_RAZ_WI;
	switch (offset / 4) {
	case REG_DR:
		send_character(uart, (char)value);
		break;
	case REG_ICR:
		clear_interrupts(uart, (uint32_t)value);
		break;
	default:
		write_register(uart, (enum uart_reg)(offset / 4), (uint32_t)value);
	}
	return MMIO_DONE;
}

static const struct device_ops vuart_ops = {
	.name = "uart",
	.read = vuart_read,
	.write = vuart_write,
};

/* --- the part --- */

static void vuart_reset(struct vm *vm)
{
	struct vuart *uart = vuart_of(vm);
	bool refused;

	spin_lock(&uart->lock);
	for (unsigned i = 0; i < NR_REGS; i++)
		uart->regs[i] = 0;
	uart->regs[REG_CR] = CR_RESET;
	uart->regs[REG_IFLS] = IFLS_RESET;
	uart->rx_count = 0;
	refused = uart->refused;
	uart->refused = false;
	if (uart->backend)
		send_fifo(uart);
	uart->tx_count = 0;
	update_flags(uart);
	update_interrupt(uart);
	spin_unlock(&uart->lock);
	if (refused)
		notify_room(uart);
}

static enum status vuart_create(struct vm *vm)
{
	struct vuart *uart = mm_zalloc(sizeof(*uart));
	enum status status = OK;

	if (!uart)
		return ERR_NO_MEMORY;
	uart->vm = vm;
	vm->part[PART_VUART] = uart;
	if (!vm->devices)
		status = device_table_create(vm, DEVICE_ROWS);
	if (!status)
		status = device_add(
			vm, VUART_IPA, VUART_SIZE, uart, &vuart_ops, BIT(1) | BIT(2) | BIT(4));
	if (status) {
		vm->part[PART_VUART] = NULL;
		mm_free(uart, sizeof(*uart));
		return status;
	}
	vuart_reset(vm);
	return OK;
}

static void vuart_destroy(struct vm *vm)
{
	mm_free(vm->part[PART_VUART], sizeof(struct vuart));
	vm->part[PART_VUART] = NULL;
}

const struct vm_part vuart_part = {
	.name = "uart",
	.create = vuart_create,
	.reset = vuart_reset,
	.destroy = vuart_destroy,
};
