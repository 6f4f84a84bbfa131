/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL011 and 16550 on registers that are plain memory: what the drivers write, and what they make of
 * what they read.
 *
 * links: drivers/uart/uart.c drivers/uart/pl011.c drivers/uart/ns16550.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/uart/uart.h"
#include "tests/unit/fake/cpu.h"

static uint8_t registers[0x100] __attribute__((aligned(8)));
static struct uart uart;

static uint32_t reg(unsigned offset)
{
	uint32_t value;

	memcpy(&value, registers + offset, sizeof(value));
	return value;
}

static void set_reg(unsigned offset, uint32_t value)
{
	memcpy(registers + offset, &value, sizeof(value));
}

static int clear(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(registers, 0, sizeof(registers));
	memset(&uart, 0xa5, sizeof(uart));
	return 0;
}

static enum status bind(const char *compatible, unsigned reg_shift, unsigned io_width)
{
	struct machine_uart from = {
		.driver = uart_driver_find(compatible, strlen(compatible)),
		.intid = 33,
		.edge = true,
		.reg_shift = (uint8_t)reg_shift,
		.io_width = (uint8_t)io_width,
	};

	assert_non_null(from.driver);
	return uart_bind(&uart, &from, registers);
}

static void test_find(void **state)
{
	(void)state;
	assert_string_equal(uart_driver_find("ns16550a", 8)->compatible, "ns16550a");
	assert_string_equal(uart_driver_find("ns16550a", 7)->compatible, "ns16550");
	assert_int_equal(uart_driver_find("arm,pl011", 9)->io_width, 4);
	assert_null(uart_driver_find("arm,pl012", 9));
	assert_null(uart_driver_find("arm,pl01", 8));
	assert_null(uart_driver_find("", 0));
}

/* --- PL011 --- */

#define PL_DR   0x00
#define PL_FR   0x18
#define PL_LCR  0x2c
#define PL_CR   0x30
#define PL_IMSC 0x38
#define PL_ICR  0x44

static void test_pl011_from_reset(void **state)
{
	(void)state;
	set_reg(PL_CR, 0x300);
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	assert_int_equal(reg(PL_CR), 0xf01);
	assert_int_equal(reg(PL_LCR), 0x70); /* 8 bits, FIFOs */
	assert_int_equal(reg(PL_IMSC), 0);
	assert_int_equal(reg(PL_ICR), 0x7ff);
	assert_int_equal(uart.intid, 33);
	assert_true(uart.edge);
	assert_false(uart.stuck);
}

/* The boot loader's line settings stay: here seven bits, even parity. */
static void test_pl011_inherited(void **state)
{
	(void)state;
	set_reg(PL_CR, 0xf01);
	set_reg(PL_LCR, 0x56);
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	assert_int_equal(reg(PL_LCR), 0x56);
	assert_int_equal(reg(PL_CR), 0xf01);

	set_reg(PL_CR, 0x101); /* only sending, no FIFOs */
	set_reg(PL_LCR, 0x46);
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	assert_int_equal(reg(PL_LCR), 0x56);
	assert_int_equal(reg(PL_CR), 0xf01);
}

/* A port that says busy for ever is set up all the same. */
static void test_pl011_busy(void **state)
{
	(void)state;
	set_reg(PL_FR, 0x08);
	set_reg(PL_CR, 0x301);
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	assert_int_equal(reg(PL_LCR) & 0x10, 0x10);
	assert_false(uart.ops->idle(&uart));
	uart_flush(&uart);
	set_reg(PL_FR, 0);
	assert_true(uart.ops->idle(&uart));
	uart_flush(&uart);
}

/* SBSA's subset has no control registers. */
static void test_pl011_sbsa(void **state)
{
	(void)state;
	assert_int_equal(bind("arm,sbsa-uart", 0, 4), OK);
	assert_int_equal(reg(PL_CR), 0);
	assert_int_equal(reg(PL_LCR), 0);
	assert_true(uart_try_put(&uart, 'x'));
	assert_int_equal(reg(PL_DR), 'x');
}

static void test_pl011_characters(void **state)
{
	(void)state;
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	assert_true(uart_try_put(&uart, (char)0xe4));
	assert_int_equal(reg(PL_DR), 0xe4);
	set_reg(PL_FR, 0x20);
	assert_false(uart_try_put(&uart, 'b'));
	assert_int_equal(reg(PL_DR), 0xe4);

	set_reg(PL_FR, 0x10);
	assert_int_equal(uart_get(&uart), -1);
	set_reg(PL_FR, 0);
	set_reg(PL_DR, 0x4c3); /* with a break error */
	assert_int_equal(uart_get(&uart), 0xc3);
}

static void test_pl011_interrupts(void **state)
{
	(void)state;
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	uart_rx_irq(&uart, true);
	assert_int_equal(reg(PL_IMSC), 0x50);
	uart_tx_irq(&uart, true);
	assert_int_equal(reg(PL_IMSC), 0x70);
	uart_rx_irq(&uart, false);
	assert_int_equal(reg(PL_IMSC), 0x20);
	uart_tx_irq(&uart, false);
	assert_int_equal(reg(PL_IMSC), 0);
	set_reg(PL_ICR, 0);
	uart_ack(&uart);
	assert_int_equal(reg(PL_ICR), 0x7ff);
}

/* --- 16550 --- */

static void test_16550_init(void **state)
{
	(void)state;
	registers[3] = 0x9b; /* the divisor latch open, even parity */
	registers[1] = 0x0f;
	assert_int_equal(bind("ns16550a", 0, 1), OK);
	assert_int_equal(registers[3], 0x1b);
	assert_int_equal(registers[1], 0);
	assert_int_equal(registers[2], 1);
	assert_int_equal(registers[4], 0x0b);

	clear(NULL);
	assert_int_equal(bind("ns16550", 0, 1), OK);
	assert_int_equal(registers[3], 3);
}

static void test_16550_characters(void **state)
{
	(void)state;
	assert_int_equal(bind("ns16550a", 0, 1), OK);
	assert_false(uart_try_put(&uart, 'a'));
	assert_int_equal(registers[0], 0);
	registers[5] = 0x20;
	assert_true(uart_try_put(&uart, 'a'));
	assert_int_equal(registers[0], 'a');
	assert_false(uart.ops->idle(&uart));
	registers[5] = 0x60;
	assert_true(uart.ops->idle(&uart));
	assert_int_equal(uart_get(&uart), -1);
	registers[5] = 0x01;
	registers[0] = 0xff;
	assert_int_equal(uart_get(&uart), 0xff);
}

static void test_16550_interrupts(void **state)
{
	(void)state;
	assert_int_equal(bind("ns16550a", 0, 1), OK);
	uart_rx_irq(&uart, true);
	assert_int_equal(registers[1], 1);
	uart_tx_irq(&uart, true);
	assert_int_equal(registers[1], 3);
	uart_rx_irq(&uart, false);
	assert_int_equal(registers[1], 2);
	uart_tx_irq(&uart, false);
	assert_int_equal(registers[1], 0);
	uart_ack(&uart);
}

/* Registers four bytes apart, by accesses of one, two and four bytes: the neighbours show the
 * width. */
static void test_16550_layout(void **state)
{
	static const unsigned widths[] = { 1, 2, 4 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(widths); i++) {
		clear(NULL);
		memset(registers, 0x77, 4);
		assert_int_equal(bind("snps,dw-apb-uart", 2, widths[i]), OK);
		set_reg(5 << 2, 0x20);
		assert_true(uart_try_put(&uart, 'z'));
		assert_int_equal(registers[0], 'z');
		for (unsigned byte = 1; byte < 4; byte++)
			assert_int_equal(registers[byte], byte < widths[i] ? 0 : 0x77);
	}
	assert_int_equal(bind("ns16550a", 0, 3), ERR_INVALID);
	assert_int_equal(bind("ns16550a", 0, 0), ERR_INVALID);
}

/* DesignWare's busy interrupt ends when USR is read; others have no such register. */
static unsigned usr_reads;

static uint64_t busy(const volatile void *address, unsigned width)
{
	const volatile uint8_t *at = address;

	(void)width;
	usr_reads += at == registers + (31 << 2);
	return at == registers + (2 << 2) && usr_reads == 0 ? 0xc7 : 0xc1;
}

static void test_16550_busy_detect(void **state)
{
	(void)state;
	fake_mmio_read_hook = busy;
	usr_reads = 0;
	assert_int_equal(bind("snps,dw-apb-uart", 2, 4), OK);
	assert_int_equal(usr_reads, 1);
	uart_ack(&uart);
	assert_int_equal(usr_reads, 1);
	usr_reads = 0;
	assert_int_equal(bind("ns16550a", 2, 4), OK);
	uart_ack(&uart);
	assert_int_equal(usr_reads, 0);
}

/* A PL011 that was off is set up in the order the manual wants: line settings while it is disabled.
 */
static unsigned line_writes;

static void pl011_order(volatile void *address, unsigned width, uint64_t value)
{
	size_t offset = (size_t)((volatile uint8_t *)address - registers);

	assert_int_equal(width, 4);
	if (offset == PL_LCR) {
		line_writes++;
		assert_int_equal(reg(PL_CR) & 1, 0);
	}
	set_reg((unsigned)offset, (uint32_t)value);
}

static void test_pl011_order(void **state)
{
	(void)state;
	fake_mmio_write_hook = pl011_order;
	line_writes = 0;
	set_reg(PL_CR, 0x301);
	set_reg(PL_LCR, 0x60);
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	assert_int_equal(line_writes, 1);
	assert_int_equal(reg(PL_CR), 0xf01);
}

/* --- waiting --- */

static void test_write(void **state)
{
	(void)state;
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	uart_write(&uart, "ab\n", 3);
	assert_int_equal(reg(PL_DR), '\n');
	uart_write(&uart, "\r", 1);
	assert_int_equal(reg(PL_DR), '\r');
}

/* A port that takes nothing costs one long wait, not one for each character, and may come back. */
static void test_stuck(void **state)
{
	(void)state;
	assert_int_equal(bind("arm,pl011", 0, 4), OK);
	set_reg(PL_FR, 0x28);
	uart_put(&uart, 'a');
	assert_true(uart.stuck);
	for (unsigned i = 0; i < 100000; i++)
		uart_put(&uart, 'b');
	uart_flush(&uart);
	assert_true(uart.stuck);
	set_reg(PL_FR, 0);
	uart_put(&uart, 'c');
	assert_int_equal(reg(PL_DR), 'c');
	assert_false(uart.stuck);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_find, clear),
		cmocka_unit_test_setup(test_pl011_from_reset, clear),
		cmocka_unit_test_setup(test_pl011_inherited, clear),
		cmocka_unit_test_setup(test_pl011_busy, clear),
		cmocka_unit_test_setup(test_pl011_sbsa, clear),
		cmocka_unit_test_setup(test_pl011_characters, clear),
		cmocka_unit_test_setup(test_pl011_interrupts, clear),
		cmocka_unit_test_setup(test_pl011_order, clear),
		cmocka_unit_test_setup(test_16550_init, clear),
		cmocka_unit_test_setup(test_16550_characters, clear),
		cmocka_unit_test_setup(test_16550_interrupts, clear),
		cmocka_unit_test_setup(test_16550_layout, clear),
		cmocka_unit_test_setup(test_16550_busy_detect, clear),
		cmocka_unit_test_setup(test_write, clear),
		cmocka_unit_test_setup(test_stuck, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
