/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guests' PL061: registers, masked data, and every kind of interrupt against a model of one
 * line.
 *
 * links: hyp/vdev/vgpio.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/vgpio.h"

#define DIR   0x400
#define IS    0x404
#define IBE   0x408
#define IEV   0x40c
#define IE    0x410
#define RIS   0x414
#define MIS   0x418
#define IC    0x41c
#define AFSEL 0x420
#define DATA  0x3fc

static struct vgpio gpio;

static int start(void **state)
{
	(void)state;
	memset(&gpio, 0xff, sizeof(gpio));
	vgpio_reset(&gpio);
	assert_int_equal(gpio.inputs, 0xff);
	vgpio_set_inputs(&gpio, 0);
	vgpio_write(&gpio, IC, 0xff);
	return 0;
}

static void registers(void **state)
{
	static const unsigned plain[] = { DIR, IS, IBE, IEV, IE, AFSEL };
	static const uint8_t id[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(plain); i++) {
		assert_int_equal(vgpio_read(&gpio, plain[i]), 0);
		vgpio_write(&gpio, plain[i], 0xa5);
		assert_int_equal(vgpio_read(&gpio, plain[i]), 0xa5);
		vgpio_write(&gpio, plain[i] + 1, 0xff);
		assert_int_equal(vgpio_read(&gpio, plain[i]), 0xa5);
		assert_int_equal(vgpio_read(&gpio, plain[i] + 1), 0);
		vgpio_write(&gpio, plain[i], 0);
	}
	for (unsigned i = 0; i < sizeof(id); i++) {
		vgpio_write(&gpio, 0xfe0 + 4 * i, 0xff);
		assert_int_equal(vgpio_read(&gpio, 0xfe0 + 4 * i), id[i]);
	}
	/* What is not there, and what can't be written. */
	for (unsigned offset = 0x424; offset < 0xfe0; offset += 4) {
		vgpio_write(&gpio, offset, 0xff);
		assert_int_equal(vgpio_read(&gpio, offset), 0);
	}
	vgpio_write(&gpio, RIS, 0xff);
	vgpio_write(&gpio, MIS, 0xff);
	assert_int_equal(vgpio_read(&gpio, RIS) | vgpio_read(&gpio, MIS), 0);
	assert_int_equal(vgpio_read(&gpio, IC), 0);
}

static void data(void **state)
{
	(void)state;
	vgpio_write(&gpio, DATA, 0xff);
	assert_int_equal(vgpio_outputs(&gpio), 0);
	vgpio_write(&gpio, DIR, 0xf0);
	/* What was written while a line was an input is not kept. */
	assert_int_equal(vgpio_outputs(&gpio), 0);
	vgpio_write(&gpio, DATA, 0xff);
	assert_int_equal(vgpio_outputs(&gpio), 0xf0);
	vgpio_set_inputs(&gpio, 0x35);
	assert_int_equal(vgpio_read(&gpio, DATA), 0xf5);
	for (unsigned mask = 0; mask < 0x100; mask++)
		assert_int_equal(vgpio_read(&gpio, mask * 4), 0xf5 & mask);
	vgpio_write(&gpio, 0x60 << 2, 0x00);
	assert_int_equal(vgpio_outputs(&gpio), 0x90);
	vgpio_write(&gpio, 0x60 << 2, 0xff);
	assert_int_equal(vgpio_outputs(&gpio), 0xf0);
	vgpio_write(&gpio, 0, 0);
	assert_int_equal(vgpio_outputs(&gpio), 0xf0);
	vgpio_write(&gpio, DIR, 0x10);
	assert_int_equal(vgpio_outputs(&gpio), 0x10);
	assert_int_equal(vgpio_read(&gpio, DATA), 0x35);
}

/* Each of the settings of line 3, each change of its level. */
static void interrupts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 128; i++) {
		bool level_sensitive = i & 1, both = i & 2, event = i & 4, enabled = i & 8;
		bool output = i & 16, before = i & 32, after = i & 64, edge, expected;

		start(NULL);
		vgpio_set_inputs(&gpio, before ? 0x08 : 0);
		vgpio_write(&gpio, IS, level_sensitive ? 0x08 : 0);
		vgpio_write(&gpio, IBE, both ? 0x08 : 0);
		vgpio_write(&gpio, IEV, event ? 0x08 : 0);
		vgpio_write(&gpio, IE, enabled ? 0x08 : 0);
		vgpio_write(&gpio, DIR, output ? 0x08 : 0);
		vgpio_write(&gpio, IC, 0xff);
		vgpio_set_inputs(&gpio, after ? 0x08 : 0);
		edge = !output && before != after && (both || after == event);
		expected = level_sensitive ? (output ? !event : after == event) : edge;
		assert_int_equal(vgpio_read(&gpio, RIS) & 0x08, expected ? 0x08 : 0);
		assert_int_equal(vgpio_read(&gpio, MIS), expected && enabled ? 0x08 : 0);
		assert_int_equal(vgpio_interrupt(&gpio), expected && enabled);
		/* An edge is forgotten when it is cleared, a level is not. */
		vgpio_write(&gpio, IC, 0xf7);
		assert_int_equal(vgpio_interrupt(&gpio), expected && enabled);
		vgpio_write(&gpio, IC, 0x08);
		assert_int_equal(vgpio_interrupt(&gpio), expected && enabled && level_sensitive);
	}
}

static void forgets_at_reset(void **state)
{
	(void)state;
	vgpio_write(&gpio, DIR, 0xf0);
	vgpio_write(&gpio, DATA, 0xff);
	vgpio_write(&gpio, IBE, 0xff);
	vgpio_write(&gpio, IE, 0xff);
	vgpio_set_inputs(&gpio, 0x0f);
	assert_true(vgpio_interrupt(&gpio));
	vgpio_reset(&gpio);
	assert_false(vgpio_interrupt(&gpio));
	assert_int_equal(vgpio_read(&gpio, RIS), 0);
	assert_int_equal(vgpio_outputs(&gpio), 0);
	assert_int_equal(vgpio_read(&gpio, DATA), 0x0f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers, start),
		cmocka_unit_test_setup(data, start),
		cmocka_unit_test(interrupts),
		cmocka_unit_test_setup(forgets_at_reset, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
