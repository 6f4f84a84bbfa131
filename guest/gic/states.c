/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Enable, pending, active; edge and level; the disabled distributor.
 */
#include "parts.h"

#define UARTIMSC (UART_BASE + 0x38)
#define UARTRIS  (UART_BASE + 0x3c)
#define UARTICR  (UART_BASE + 0x44)
#define UART_TX  BIT(5)
#define UART_ALL 0x7ff

static void test_one(u32 intid, const char *name)
{
	gic_set_pending(intid);
	tap_ok(gic_is_pending(intid) && quiet(), "%s: pending and disabled: not signalled", name);
	gic_enable(intid);
	tap_is(take_one(), intid, "%s: signalled once enabled", name);
	tap_ok(gic_is_active(intid) && !gic_is_pending(intid), "%s: active, not pending", name);
	gic_set_pending(intid);
	tap_ok(gic_is_active(intid) && gic_is_pending(intid), "%s: active and pending", name);
	tap_ok(quiet(), "%s: not signalled again while active", name);
	gic_eoi(intid);
	tap_is(take_one(), intid, "%s: signalled again after EOI", name);
	gic_eoi(intid);
	tap_ok(!gic_is_active(intid) && !gic_is_pending(intid) && quiet(), "%s: idle", name);
	gic_set_pending(intid);
	gic_clear_pending(intid);
	tap_ok(!gic_is_pending(intid) && quiet(), "%s: cleared before it was taken", name);
	gic_disable(intid);
	gic_set_pending(intid);
	gic_enable(intid);
	gic_disable(intid);
	tap_ok(quiet() && gic_is_pending(intid), "%s: disabled before it was taken", name);
	gic_clear_pending(intid);
}

/* An interrupt that software makes active is not signalled until it is made inactive. */
static void test_forced_active(u32 intid, const char *name)
{
	gic_write_bit(cpu_id(), intid, GIC_ISACTIVER);
	gic_enable(intid);
	gic_set_pending(intid);
	tap_ok(gic_is_active(intid) && quiet(), "%s: made active: not signalled", name);
	gic_clear_active(intid);
	tap_is(take_one(), intid, "%s: made inactive: signalled", name);
	gic_clear_active(intid);
	tap_ok(!gic_is_active(intid), "%s: made inactive while taken", name);
	gic_eoi(intid);
	tap_ok(quiet() && mrs(ICC_RPR_EL1) == 0xff, "%s: EOI after that is harmless", name);
	gic_disable(intid);
}

static void test_disabled_distributor(void)
{
	gic_enable(FREE_SPI);
	mmio_write32(GICD_BASE + GICD_CTLR, 0);
	gic_set_pending(FREE_SPI);
	tap_ok(gic_is_pending(FREE_SPI) && quiet(), "distributor off: pending, not signalled");
	mmio_write32(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP1);
	tap_is(take_one(), FREE_SPI, "distributor on: signalled");
	gic_eoi(FREE_SPI);
	gic_disable(FREE_SPI);
}

/* The UART's transmit interrupt: a real level. */
static void test_line(void)
{
	mmio_write32(UARTICR, UART_ALL);
	mmio_write32(UARTIMSC, UART_TX);
	tap_note("sending a line raises the UART's transmit interrupt");
	tap_ok(mmio_read32(UARTRIS) & UART_TX, "UARTRIS says so");
	tap_ok(wait_for(BOUND_MS, gic_is_pending(UART_INTID)), "level: pending with its line");
	gic_clear_pending(UART_INTID);
	tap_ok(gic_is_pending(UART_INTID), "level: ICPENDR does not clear a line");
	gic_enable(UART_INTID);
	for (u32 i = 0; i < 3; i++) {
		tap_is(take_one(), UART_INTID, "level: taken");
		gic_eoi(UART_INTID);
	}
	mmio_write32(UARTIMSC, 0);
	mmio_write32(UARTICR, UART_ALL);
	tap_ok(wait_for(BOUND_MS, !gic_is_pending(UART_INTID)) && quiet(),
		"level: gone with its line");
	/* As an edge it is latched once. */
	gic_set_edge(UART_INTID, true);
	gic_clear_pending(UART_INTID);
	mmio_write32(UARTIMSC, UART_TX);
	tap_note("another line raises it again");
	mmio_write32(UARTIMSC, 0);
	mmio_write32(UARTICR, UART_ALL);
	tap_is(take_one(), UART_INTID, "edge: latched though the line is low again");
	gic_eoi(UART_INTID);
	tap_ok(quiet(), "edge: taken once");
	gic_disable(UART_INTID);
	gic_set_edge(UART_INTID, false);
}

void test_states(void)
{
	gic_fresh();
	test_one(FREE_SPI, "level SPI");
	gic_set_edge(FREE_SPI + 1, true);
	test_one(FREE_SPI + 1, "edge SPI");
	test_one(7, "SGI");
	test_one(20, "PPI");
	test_forced_active(FREE_SPI, "SPI");
	test_forced_active(20, "PPI");
	test_forced_active(3, "SGI");
	test_disabled_distributor();
	test_line();
	gic_fresh();
}
