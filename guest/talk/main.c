/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM to talk to, for the tests of the console: a prompt, and an answer to each line.
 *
 *   print N   N numbered lines at once
 *   off       the end
 *   anything  "heard anything"
 *
 * Boot arguments: each=MS says "tick N" every so many milliseconds.
 */
#include "machine.h"
#include "mmio.h"
#include "print.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define UARTDR        (UART_BASE + 0x00)
#define UARTFR        (UART_BASE + 0x18)
#define UARTFR_RXFE   BIT(4)
#define UARTLCR_H     (UART_BASE + 0x2c)
#define LCR_H_FEN     BIT(4)

#define LINE_MAX      128
#define FIRST_VISIBLE 0x20
/* So often it looks whether something was typed. */
#define LOOK_US       1000
#define PRINT_COMMAND "print "
#define DECIMAL       10

static char line[LINE_MAX];
static u64 next_tick, tick_number;

static void tick(u64 each)
{
	if (!each || counter() < next_tick)
		return;
	next_tick = counter() + ms_ticks(each);
	print("tick %lu\n", ++tick_number);
}

/* Echoes what is typed, up to the end of a line. */
static void read_line(u64 each)
{
	size_t length = 0;

	for (;;) {
		while (mmio_read32(UARTFR) & UARTFR_RXFE) {
			tick(each);
			delay_us(LOOK_US);
		}

		char c = (char)mmio_read32(UARTDR);

		if (c == '\r' || c == '\n')
			break;
		if (c < FIRST_VISIBLE || length == LINE_MAX - 1)
			continue;
		line[length++] = c;
		print("%c", c);
	}
	line[length] = '\0';
	print("\n");
}

static void print_lines(const char *digits)
{
	u64 count = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		count = DECIMAL * count + (u64)(*digits - '0');
	for (u64 i = 1; i <= count; i++)
		print("line %lu of %lu\n", i, count);
}

void payload_main(void)
{
	u64 each = arg_number("each", 0);

	mmio_write32(UARTLCR_H, LCR_H_FEN);
	for (;;) {
		print("talk> ");
		read_line(each);
		if (str_starts(line, "off"))
			break;
		if (str_starts(line, PRINT_COMMAND))
			print_lines(line + strlen(PRINT_COMMAND));
		else
			print("heard %s\n", line);
	}
	tap_ok(true, "the end was asked for");
}
