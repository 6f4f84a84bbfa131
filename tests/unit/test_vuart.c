/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guests' PL011: every register at every width, FIFOs, interrupts, and a backend that is full.
 *
 * links: hyp/vdev/vuart.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vuart.h"
#include "mm/page.h"

#define DR      0x00
#define RSR     0x04
#define FR      0x18
#define ILPR    0x20
#define IBRD    0x24
#define FBRD    0x28
#define LCR_H   0x2c
#define CR      0x30
#define IFLS    0x34
#define IMSC    0x38
#define RIS     0x3c
#define MIS     0x40
#define ICR     0x44
#define DMACR   0x48

#define FR_BUSY 0x08
#define FR_RXFE 0x10
#define FR_TXFF 0x20
#define FR_RXFF 0x40
#define FR_TXFE 0x80
#define FEN     0x10
#define INT_RX  0x10
#define INT_TX  0x20
#define INT_RT  0x40
#define INT_BE  0x200

/* --- the rooms around it --- */

static struct vm vm;
static const struct device_ops *ops;
static void *device;
static bool line;
static unsigned line_changes;
static enum status add_status;

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

enum status device_table_create(struct vm *for_vm, unsigned capacity)
{
	static struct device_table table;

	(void)capacity;
	for_vm->devices = &table;
	return OK;
}

enum status device_add(struct vm *for_vm, uint64_t first, uint64_t size, void *new_device,
	const struct device_ops *new_ops, uint16_t widths)
{
	assert_ptr_equal(for_vm, &vm);
	assert_int_equal(first, 0x09000000);
	assert_int_equal(size, 0x1000);
	assert_int_equal(widths, BIT(1) | BIT(2) | BIT(4));
	device = new_device;
	ops = new_ops;
	return add_status;
}

void vgic_set_spi(struct vm *for_vm, unsigned intid, bool level)
{
	assert_ptr_equal(for_vm, &vm);
	assert_int_equal(intid, 33);
	/* Told of changes only. */
	assert_int_not_equal(level, line);
	line = level;
	line_changes++;
}

/* --- a backend --- */

static char sent[256];
static unsigned sent_count, receive_ready_count;
static bool full;

static void put(void *context, const char *text, size_t length)
{
	assert_ptr_equal(context, sent);
	memcpy(sent + sent_count, text, length);
	sent_count += (unsigned)length;
}

static bool is_full(void *context)
{
	assert_ptr_equal(context, sent);
	return full;
}

static void receive_ready(void *context)
{
	assert_ptr_equal(context, sent);
	receive_ready_count++;
}

static const struct vuart_backend backend = { put, is_full, receive_ready };

/* --- accesses --- */

static uint64_t read_width(uint64_t offset, unsigned width)
{
	uint64_t value = 0;
	enum mmio_result result = ops->read(NULL, device, offset, width, &value);

	assert_true(result == MMIO_DONE || (result == MMIO_RAZ_WI && value == 0));
	return value;
}

static uint64_t rd(uint64_t offset)
{
	return read_width(offset, 4);
}

static void wr(uint64_t offset, uint64_t value)
{
	enum mmio_result result = ops->write(NULL, device, offset, 4, value);

	assert_true(result == MMIO_DONE || result == MMIO_RAZ_WI);
}

static int start(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	line = full = false;
	line_changes = sent_count = receive_ready_count = 0;
	add_status = OK;
	assert_int_equal(vuart_part.create(&vm), OK);
	vuart_set_backend(&vm, &backend, sent);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	vuart_part.destroy(&vm);
	return 0;
}

static void resets_as_the_manual_says(void **state)
{
	(void)state;
	for (uint64_t offset = 0; offset < 0xfe0; offset += 4) {
		uint64_t expected = offset == FR ? FR_TXFE | FR_RXFE
			: offset == CR           ? 0x300
			: offset == IFLS         ? 0x12
						 : 0;

		assert_int_equal(rd(offset), expected);
	}
	static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
	assert_int_equal(line_changes, 0);
}

static void keeps_what_is_writable(void **state)
{
	static const struct {
		uint64_t offset, mask;
	} regs[] = { { ILPR, 0xff }, { IBRD, 0xffff }, { FBRD, 0x3f }, { LCR_H, 0xff },
		{ CR, 0xff87 }, { IFLS, 0x3f }, { IMSC, 0x7ff }, { DMACR, 0x7 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
		wr(regs[i].offset, UINT32_MAX);
		assert_int_equal(rd(regs[i].offset), regs[i].mask);
		assert_int_equal(read_width(regs[i].offset, 1), regs[i].mask & 0xff);
		assert_int_equal(read_width(regs[i].offset, 2), regs[i].mask & 0xffff);
		wr(regs[i].offset, 0);
		assert_int_equal(rd(regs[i].offset), 0);
	}
	/* Read only, reserved, beside a register. */
	wr(FR, 0);
	wr(RIS, 0x7ff);
	wr(MIS, 0x7ff);
	wr(0x8, 1);
	wr(0x4c, 1);
	wr(0xfe0, 0xff);
	wr(0xffc, 0xff);
	wr(IMSC + 1, 0xff);
	assert_int_equal(rd(FR), FR_TXFE | FR_RXFE);
	assert_int_equal(rd(RIS), 0);
	assert_int_equal(rd(0x8), 0);
	assert_int_equal(rd(0xfe0), 0x11);
	for (uint64_t offset = 0; offset < 0x1000; offset++)
		if (offset % 4)
			assert_int_equal(read_width(offset, 1), 0);
	assert_int_equal(rd(IMSC), 0);
}

static void sends(void **state)
{
	(void)state;
	wr(DR, 'a');
	wr(DR, 'b' | 0xf00);
	assert_memory_equal(sent, "ab", 2);
	assert_int_equal(rd(RIS), INT_TX);
	assert_false(line);
	wr(IMSC, INT_TX);
	assert_true(line);
	assert_int_equal(rd(MIS), INT_TX);
	wr(ICR, INT_TX);
	assert_false(line);
	wr(DR, 'c');
	assert_true(line);
	wr(IMSC, 0);
	assert_false(line);
	assert_int_equal(rd(MIS), 0);
	vuart_set_backend(&vm, NULL, NULL);
	wr(DR, 'd');
	assert_int_equal(sent_count, 3);
}

/* What the backend doesn't take waits: the guest sees it, and is told when it is gone. */
static void waits_for_the_backend(void **state)
{
	(void)state;
	wr(LCR_H, FEN);
	wr(IMSC, INT_TX);
	full = true;
	for (unsigned i = 0; i < 16; i++) {
		assert_false(rd(FR) & FR_TXFF);
		wr(DR, 'a' + i);
		assert_int_equal(rd(FR) & (FR_TXFE | FR_BUSY), FR_BUSY);
		/* Trigger level one half. */
		assert_int_equal(line, i < 8);
	}
	assert_true(rd(FR) & FR_TXFF);
	wr(DR, 'z');
	assert_int_equal(sent_count, 0);
	vuart_transmit_ready(&vm);
	assert_int_equal(sent_count, 0);
	full = false;
	vuart_transmit_ready(&vm);
	assert_memory_equal(sent, "abcdefghijklmnop", 16);
	assert_int_equal(sent_count, 16);
	assert_true(line);
	assert_int_equal(rd(FR), FR_TXFE | FR_RXFE);
	/* Without FIFO there is room for one. */
	wr(LCR_H, 0);
	full = true;
	wr(DR, '1');
	assert_true(rd(FR) & FR_TXFF);
	wr(DR, '2');
	full = false;
	vuart_transmit_ready(&vm);
	assert_int_equal(sent_count, 17);
	/* The order stays when room comes between two characters. */
	wr(LCR_H, FEN);
	full = true;
	wr(DR, '3');
	full = false;
	wr(DR, '4');
	vuart_transmit_ready(&vm);
	assert_memory_equal(sent + 17, "34", 2);
}

static void receives(void **state)
{
	(void)state;
	wr(LCR_H, FEN);
	wr(IMSC, INT_RX | INT_RT);
	assert_int_equal(vuart_receive(&vm, "abc", 3), 3);
	assert_true(line);
	assert_int_equal(rd(RIS), INT_RT);
	assert_int_equal(rd(FR), FR_TXFE);
	/* The rest of 20: the FIFO takes 16. */
	assert_int_equal(vuart_receive(&vm, "defghijklmnopqrst", 17), 13);
	assert_int_equal(rd(RIS), INT_RT | INT_RX);
	assert_int_equal(rd(FR), FR_TXFE | FR_RXFF);
	assert_int_equal(vuart_receive(&vm, "q", 1), 0);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(receive_ready_count, 0);
		assert_int_equal(read_width(DR, 1 << i % 3), 'a' + i);
		/* RX goes away below one half. */
		assert_int_equal(rd(RIS), i < 8 ? INT_RT | INT_RX : i < 15 ? INT_RT : 0);
	}
	assert_int_equal(receive_ready_count, 1);
	assert_false(line);
	assert_int_equal(rd(FR), FR_TXFE | FR_RXFE);
	/* All was taken: nobody waits. */
	assert_int_equal(vuart_receive(&vm, "x", 1), 1);
	assert_int_equal(rd(DR), 'x');
	assert_int_equal(receive_ready_count, 1);
	/* Empty: what was there last, as hardware gives something. */
	rd(DR);
	assert_int_equal(rd(FR), FR_TXFE | FR_RXFE);
}

static void receives_without_fifo(void **state)
{
	(void)state;
	wr(IMSC, INT_RX);
	assert_int_equal(vuart_receive(&vm, "ab", 2), 1);
	assert_true(line);
	assert_true(rd(FR) & FR_RXFF);
	wr(ICR, INT_RX);
	assert_false(line);
	assert_int_equal(rd(DR), 'a');
	assert_int_equal(receive_ready_count, 1);
	assert_int_equal(vuart_receive(&vm, "b", 1), 1);
	assert_true(line);
	/* Switching the FIFO on empties it. */
	wr(LCR_H, FEN);
	assert_false(line);
	assert_true(rd(FR) & FR_RXFE);
}

static void triggers_at_each_level(void **state)
{
	static const unsigned levels[] = { 2, 4, 8, 12, 14, 14, 14, 14 };

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		wr(LCR_H, 0);
		wr(LCR_H, FEN);
		wr(IFLS, i << 3);
		for (unsigned n = 1; n <= 16; n++) {
			vuart_receive(&vm, "x", 1);
			assert_int_equal(!!(rd(RIS) & INT_RX), n >= levels[i]);
		}
	}
}

static void receives_a_break(void **state)
{
	(void)state;
	wr(LCR_H, FEN);
	wr(IMSC, INT_BE);
	vuart_receive_break(&vm);
	vuart_receive(&vm, "h", 1);
	assert_true(line);
	assert_int_equal(rd(DR), 0x400);
	assert_int_equal(rd(RSR), 0x4);
	assert_int_equal(rd(DR), 'h');
	assert_int_equal(rd(RSR), 0);
	wr(ICR, INT_BE);
	assert_false(line);
	vuart_receive_break(&vm);
	rd(DR);
	wr(RSR, 0xff);
	assert_int_equal(rd(RSR), 0);
}

static void loops_back(void **state)
{
	(void)state;
	wr(CR, 0x380);
	wr(DR, 'l');
	assert_int_equal(sent_count, 0);
	assert_int_equal(rd(DR), 'l');
}

static void resets(void **state)
{
	(void)state;
	wr(LCR_H, FEN);
	wr(IMSC, 0x7ff);
	vuart_receive(&vm, "0123456789abcdefXYZ", 19);
	full = true;
	wr(DR, 'x');
	assert_true(line);
	full = false;
	vuart_part.reset(&vm);
	/* What was sent is not lost, and who waits to send hears of it. */
	assert_memory_equal(sent, "x", 1);
	assert_int_equal(receive_ready_count, 1);
	assert_false(line);
	assert_int_equal(rd(FR), FR_TXFE | FR_RXFE);
	assert_int_equal(rd(LCR_H), 0);
	assert_int_equal(rd(CR), 0x300);
	assert_int_equal(rd(IMSC), 0);
}

static void leaves_nothing_when_it_cant_be_made(void **state)
{
	struct vm kept = vm;

	(void)state;
	add_status = ERR_EXISTS;
	assert_int_equal(vuart_part.create(&vm), ERR_EXISTS);
	assert_null(vm.part[PART_VUART]);
	vm = kept;
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(resets_as_the_manual_says),
		TEST(keeps_what_is_writable),
		TEST(sends),
		TEST(waits_for_the_backend),
		TEST(receives),
		TEST(receives_without_fifo),
		TEST(triggers_at_each_level),
		TEST(receives_a_break),
		TEST(loops_back),
		TEST(resets),
		TEST(leaves_nothing_when_it_cant_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
