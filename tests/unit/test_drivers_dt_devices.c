/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devicetree scan: UARTs, buses, interrupts, timer and GIC.
 *
 * links: drivers/dt/walk.c drivers/dt/property.c drivers/dt/node.c drivers/dt/interrupt.c
 * drivers/dt/scan.c drivers/dt/memory.c drivers/dt/chosen.c drivers/dt/device.c drivers/dt/log.c
 *        drivers/uart/uart.c drivers/uart/pl011.c drivers/uart/ns16550.c
 *        hyp/base/log.c hyp/base/format.c
 */
#include "tests/unit/test_drivers_dt_tree.h"

/* --- which UART is the console --- */

static int console_of(const char *stdout_path)
{
	start();
	begin("aliases");
	text("serial0", "/soc/serial@2000:9600");
	text("serial1", "/serial@1000");
	prop("broken", "no end", 6);
	end();
	basics();
	pl011("serial@1000", 0x1000, 1);
	begin("soc@0");
	root_cells(2, 2);
	flag("ranges");
	pl011("serial@2000", 0x2000, 2);
	pl011("serial@2000extra", 0x3000, 2);
	end();
	begin("chosen");
	text("stdout-path", stdout_path);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 3);
	return m.console;
}

static void test_console(void **state)
{
	(void)state;
	assert_int_equal(console_of("/soc/serial@2000"), 1);
	assert_int_equal(console_of("/soc@0/serial@2000"), 1);
	assert_int_equal(console_of("/soc/serial@2000:115200n8"), 1);
	assert_int_equal(console_of("/soc/serial@2000extra"), 2);
	assert_int_equal(console_of("/soc/serial"), 1);
	assert_int_equal(console_of("/serial"), 0);
	assert_int_equal(console_of("serial0"), 1);
	assert_int_equal(console_of("serial0:115200n8"), 1);
	assert_int_equal(console_of("serial1"), 0);
	assert_quiet();
	assert_int_equal(console_of("serial9"), 0);
	assert_logged("no alias \"serial9\"");
	assert_int_equal(console_of("broken"), 0);
	assert_int_equal(console_of("/soc/serial@20"), 0);
	assert_logged("is no UART that Lintel drives");
	assert_int_equal(console_of("/soc"), 0);
	assert_int_equal(console_of("/soc/serial@2000/x"), 0);
}

static void test_console_old_name(void **state)
{
	(void)state;
	start();
	basics();
	pl011("a@1000", 0x1000, 1);
	pl011("b@2000", 0x2000, 1);
	begin("chosen");
	text("linux,stdout-path", "/b@2000");
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.console, 1);
}

/* --- UARTs on buses --- */

static void begin_16550(const char *name, uint32_t base)
{
	begin(name);
	prop("compatible", "vendor,uart\0snps,dw-apb-uart", 29);
	cells("reg", base, 0x100);
}

/* As on a Raspberry Pi: a bus in a bus, with ranges of two rows and different cells. */
static void test_uart_translated(void **state)
{
	(void)state;
	start();
	basics();
	begin("soc");
	root_cells(1, 1);
	cells("ranges", 0x7c000000, 0, 0xfc000000, 0x02000000, 0x7e000000, 0, 0xfe000000,
		0x01800000);
	begin("bus@201000");
	root_cells(1, 1);
	cells("ranges", 0, 0x7e200000, 0x10000);
	begin_16550("serial@1000", 0x1000);
	cells("reg-shift", 2);
	cells("reg-io-width", 4);
	cells("reg-offset", 0x40);
	cells("clock-frequency", 48000000);
	cells("current-speed", 115200);
	end();
	end();
	begin_16550("nowhere@1000", 0x1000);
	end();
	/* Would begin in a range and end outside it. */
	begin_16550("across@7f7fff80", 0x7f7fff80);
	end();
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 1);
	assert_region(m.uarts[0].region, 0xfe201040, 0xc0);
	assert_int_equal(m.uarts[0].reg_shift, 2);
	assert_int_equal(m.uarts[0].io_width, 4);
	assert_int_equal(m.uarts[0].clock_hz, 48000000);
	assert_int_equal(m.uarts[0].speed, 115200);
	assert_string_equal(m.uarts[0].path, "/soc/bus@201000/serial@1000");
	assert_logged("/soc/nowhere@1000: reg: 0x1000 is in no range of a bus above it");
	assert_logged("/soc/across@7f7fff80: reg: 0x7f7fff80 is in no range");
}

static void test_uart_unreachable(void **state)
{
	(void)state;
	start();
	basics();
	begin("no-ranges");
	root_cells(2, 2);
	pl011("serial@1000", 0x1000, 1);
	end();
	begin("pcie");
	root_cells(3, 2);
	flag("ranges");
	pl011("serial@1000", 0x1000, 1);
	end();
	begin("off");
	root_cells(2, 2);
	flag("ranges");
	text("status", "disabled");
	pl011("serial@1000", 0x1000, 1);
	end();
	begin("big");
	root_cells(2, 2);
	prop("ranges", zeros, sizeof(zeros));
	pl011("serial@1000", 0x1000, 1);
	end();
	begin("secure@1000");
	text("compatible", "arm,pl011");
	text("status", "disabled");
	text("secure-status", "okay");
	cells("reg", 0, 0x1000, 0, 0x1000);
	end();
	begin("firmware");
	pl011("serial@1000", 0x1000, 1);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 0);
	assert_int_equal(m.console, -1);
	assert_logged("/big: ranges: 8196 bytes, expected at most 8192");
}

static void test_uart_malformed(void **state)
{
	(void)state;
	start();
	basics();
	begin("no-reg");
	text("compatible", "arm,pl011");
	end();
	begin("shift");
	text("compatible", "ns16550a");
	cells("reg", 0, 0x1000, 0, 0x1000);
	cells("reg-shift", 4);
	end();
	begin("width");
	text("compatible", "ns16550a");
	cells("reg", 0, 0x1000, 0, 0x1000);
	cells("reg-io-width", 3);
	end();
	begin("offset");
	text("compatible", "ns16550");
	cells("reg", 0, 0x1000, 0, 0x1000);
	cells("reg-offset", 0x1000);
	end();
	begin("unterminated");
	prop("compatible", "arm,pl011", 9);
	end();
	begin("shift-length");
	text("compatible", "ns16550");
	cells("reg", 0, 0x1000, 0, 0x1000);
	cells("reg-shift", 0, 2);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 1);
	assert_int_equal(m.uarts[0].reg_shift, 0);
	assert_logged("/no-reg: reg: 0 entries, expected at least 1");
	assert_logged("/shift: reg-shift 4");
	assert_logged("/width: reg-shift 0, reg-io-width 3");
	assert_logged("/offset: reg-shift 0, reg-io-width 1, reg-offset 0x1000");
	assert_logged("/shift-length: reg-shift: 8 bytes, expected one cell");
}

static void test_uart_too_many(void **state)
{
	(void)state;
	start();
	basics();
	for (unsigned i = 0; i < MACHINE_UARTS_MAX + 2; i++)
		pl011("serial", 0x1000 * (i + 1), i);
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, MACHINE_UARTS_MAX);
	assert_logged("more than 8 UARTs");
}

/* --- interrupts --- */

static uint32_t uart_intid(void (*interrupts)(void))
{
	start();
	cells("interrupt-parent", GIC_PHANDLE);
	basics();
	begin("serial@1000");
	text("compatible", "arm,pl011");
	cells("reg", 0, 0x1000, 0, 0x1000);
	interrupts();
	end();
	gic();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.uart_count, 1);
	return m.uarts[0].intid;
}

static void edge_spi(void)
{
	cells("interrupts", 0, 987, 1);
}

static void spi_out_of_range(void)
{
	cells("interrupts", 0, 988, 4);
}

static void ppi(void)
{
	cells("interrupts", 1, 15, 8);
}

static void ppi_out_of_range(void)
{
	cells("interrupts", 1, 16, 8);
}

static void other_kind(void)
{
	cells("interrupts", 2, 1, 4);
}

static void too_short(void)
{
	cells("interrupts", 0, 1);
}

static void other_parent(void)
{
	cells("interrupt-parent", OTHER_PHANDLE);
	cells("interrupts", 0, 1, 4);
}

static void extended(void)
{
	cells("interrupts-extended", GIC_PHANDLE, 0, 3, 4);
}

static void extended_other(void)
{
	cells("interrupts-extended", OTHER_PHANDLE, 3, 4, 5);
}

static void no_interrupts(void)
{
}

static void test_interrupts(void **state)
{
	(void)state;
	assert_int_equal(uart_intid(edge_spi), 1019);
	assert_true(m.uarts[0].edge);
	assert_int_equal(uart_intid(spi_out_of_range), MACHINE_NO_INTID);
	assert_int_equal(uart_intid(ppi), 31);
	assert_false(m.uarts[0].edge);
	assert_int_equal(uart_intid(ppi_out_of_range), MACHINE_NO_INTID);
	assert_int_equal(uart_intid(other_kind), MACHINE_NO_INTID);
	assert_int_equal(uart_intid(too_short), MACHINE_NO_INTID);
	assert_int_equal(uart_intid(other_parent), MACHINE_NO_INTID);
	assert_int_equal(uart_intid(extended), 35);
	assert_int_equal(uart_intid(extended_other), MACHINE_NO_INTID);
	assert_int_equal(uart_intid(no_interrupts), MACHINE_NO_INTID);
}

static void timer_with(const char *names, size_t length, bool is_extended)
{
	start();
	cells("interrupt-parent", GIC_PHANDLE);
	basics();
	gic();
	begin("timer");
	text("compatible", "arm,armv8-timer");
	cells("clock-frequency", 54000000);
	if (is_extended)
		cells("interrupts-extended", GIC_PHANDLE, 1, 14, 4, GIC_PHANDLE, 1, 11, 4,
			OTHER_PHANDLE, 1, 10, 4);
	else
		cells("interrupts", 1, 14, 4, 1, 11, 4, 1, 10, 4, 1, 12, 4);
	if (names)
		prop("interrupt-names", names, length);
	end();
	begin("timer-again");
	text("compatible", "arm,armv8-timer");
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.timer.clock_hz, 54000000);
}

static void test_timer_names(void **state)
{
	static const char names[] = "phys\0virt\0hyp-phys\0hyp-virt";
	static const char odd[] = "sec-phys\0other\0virt";

	(void)state;
	timer_with(names, sizeof(names), false);
	assert_int_equal(m.timer.intid[TIMER_PPI_SECURE], MACHINE_NO_INTID);
	assert_int_equal(m.timer.intid[TIMER_PPI_PHYSICAL], 30);
	assert_int_equal(m.timer.intid[TIMER_PPI_VIRTUAL], 27);
	assert_int_equal(m.timer.intid[TIMER_PPI_HYP], 26);
	assert_int_equal(m.timer.intid[TIMER_PPI_HYP_VIRTUAL], 28);

	/* The last name has no end: it is taken as long as it is. */
	timer_with(odd, sizeof(odd) - 1, false);
	assert_int_equal(m.timer.intid[TIMER_PPI_SECURE], 30);
	assert_int_equal(m.timer.intid[TIMER_PPI_VIRTUAL], 26);
	assert_int_equal(m.timer.intid[TIMER_PPI_PHYSICAL], MACHINE_NO_INTID);

	timer_with(names, sizeof(names), true);
	assert_int_equal(m.timer.intid[TIMER_PPI_PHYSICAL], 30);
	assert_int_equal(m.timer.intid[TIMER_PPI_VIRTUAL], 27);
	assert_int_equal(m.timer.intid[TIMER_PPI_HYP], MACHINE_NO_INTID);
}

/* --- the GIC --- */

static void test_gic_regions(void **state)
{
	(void)state;
	start();
	basics();
	begin_gic();
	cells("#redistributor-regions", 2);
	cells("redistributor-stride", 0, 0x40000);
	cells("reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x100000, 0x40, 0, 0, 0x200000);
	cells("interrupts", 1, 9, 4);
	end();
	assert_int_equal(scan(), OK);
	assert_quiet();
	assert_int_equal(m.gic.redist_count, 2);
	assert_region(m.gic.redist[1], 0x4000000000, 0x200000);
	assert_int_equal(m.gic.redist_stride, 0x40000);
	assert_int_equal(m.gic.maintenance_intid, 25);
}

static void test_gic_malformed(void **state)
{
	(void)state;
	for (unsigned regions = 0; regions < MACHINE_GICR_REGIONS_MAX + 2;
		regions += MACHINE_GICR_REGIONS_MAX + 1) {
		start();
		basics();
		begin_gic();
		cells("#redistributor-regions", regions);
		cells("reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x100000);
		end();
		assert_int_equal(scan(), OK);
		assert_int_equal(m.gic.version, GIC_NONE);
		assert_logged("/intc@8000000: #redistributor-regions: ");
	}
	start();
	basics();
	begin_gic();
	cells("reg", 0, 0x8000000, 0, 0x10000);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.gic.version, GIC_NONE);
	assert_logged("/intc@8000000: reg: 1 entries, expected at least 2");

	start();
	basics();
	begin_gic();
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.gic.version, GIC_NONE);
}

static void test_gic_second(void **state)
{
	(void)state;
	start();
	basics();
	gic();
	begin_gic();
	cells("reg", 0, 0x1000, 0, 0x10000, 0, 0x20000, 0, 0x100000);
	end();
	assert_int_equal(scan(), OK);
	assert_region(m.gic.dist, 0x8000000, 0x10000);
	assert_logged("a second interrupt controller");
}

static void gic_v2(unsigned pairs)
{
	static const uint32_t reg[] = { 0, 0x8000000, 0, 0x1000, 0, 0x8010000, 0, 0x2000, 0,
		0x8030000, 0, 0x10000, 0, 0x8040000, 0, 0x10000 };

	start();
	basics();
	begin("intc");
	text("compatible", "arm,cortex-a15-gic");
	cells("#interrupt-cells", 3);
	cells_array("reg", reg, pairs * 4);
	cells("interrupts", 1, 9, 0xf04);
	end();
	assert_int_equal(scan(), OK);
}

static void test_gic_v2(void **state)
{
	(void)state;
	gic_v2(4);
	assert_int_equal(m.gic.version, GIC_V2);
	assert_region(m.gic.cpu, 0x8010000, 0x2000);
	assert_region(m.gic.hyp, 0x8030000, 0x10000);
	assert_region(m.gic.virt, 0x8040000, 0x10000);
	assert_int_equal(m.gic.maintenance_intid, 25);
	dt_log(&m);
	assert_logged("GICv2 is not supported yet");
	gic_v2(2);
	assert_int_equal(m.gic.version, GIC_V2);
	assert_int_equal(m.gic.hyp.size, 0);
	gic_v2(1);
	assert_int_equal(m.gic.version, GIC_NONE);
}

/* --- the clock --- */

static void pl031(const char *name, uint32_t base)
{
	begin(name);
	prop("compatible", "arm,pl031\0arm,primecell", 24);
	cells("reg", 0, base, 0, 0x1000);
}

static void test_rtc(void **state)
{
	(void)state;
	start();
	basics();
	pl031("off@1000", 0x1000);
	text("status", "disabled");
	end();
	begin("bad@2000");
	text("compatible", "arm,pl031");
	end();
	pl031("rtc@3000", 0x3000);
	end();
	pl031("rtc@4000", 0x4000);
	end();
	assert_int_equal(scan(), OK);
	assert_region(m.rtc, 0x3000, 0x1000);
	start();
	basics();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.rtc.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_console),
		cmocka_unit_test(test_console_old_name),
		cmocka_unit_test(test_uart_translated),
		cmocka_unit_test(test_uart_unreachable),
		cmocka_unit_test(test_uart_malformed),
		cmocka_unit_test(test_uart_too_many),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_timer_names),
		cmocka_unit_test(test_gic_regions),
		cmocka_unit_test(test_gic_malformed),
		cmocka_unit_test(test_gic_second),
		cmocka_unit_test(test_gic_v2),
		cmocka_unit_test(test_rtc),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
