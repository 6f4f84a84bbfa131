/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of the devicetree scan: trees made with libfdt's sequential writer, each scanned in
 * a buffer of exactly its size, and what the scan logs about them.
 */
#ifndef TESTS_UNIT_TEST_DRIVERS_DT_TREE_H
#define TESTS_UNIT_TEST_DRIVERS_DT_TREE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "drivers/dt/dt.h"
#include "drivers/dt/scan.h"
#include "drivers/uart/uart.h"
#include "hyp/base/log.h"

#define TREE_SIZE     KIB(256)
#define GIC_PHANDLE   7
#define OTHER_PHANDLE 9

static uint8_t work[TREE_SIZE] __attribute__((aligned(8)));
static const uint8_t zeros[DT_RANGES_MAX + 4];
static struct machine m;
static void *tree; /* the last one scanned, of exactly its size */
static size_t tree_size;

static char logged[16384];
static size_t logged_size;

static inline void sink(const char *text, size_t length)
{
	if (logged_size + length < sizeof(logged)) {
		memcpy(logged + logged_size, text, length);
		logged_size += length;
		logged[logged_size] = '\0';
	}
}

#define assert_logged(text) assert_non_null(strstr(logged, text))
#define assert_quiet()      assert_string_equal(logged, "")

/* --- making trees --- */

static inline void begin(const char *name)
{
	assert_int_equal(fdt_begin_node(work, name), 0);
}

static inline void end(void)
{
	assert_int_equal(fdt_end_node(work), 0);
}

static inline void prop(const char *name, const void *data, size_t size)
{
	assert_int_equal(fdt_property(work, name, data, (int)size), 0);
}

static inline void text(const char *name, const char *value)
{
	prop(name, value, strlen(value) + 1);
}

static inline void flag(const char *name)
{
	prop(name, NULL, 0);
}

static inline void cells_array(const char *name, const uint32_t *values, size_t count)
{
	uint32_t swapped[64];

	assert_true(count <= ARRAY_SIZE(swapped));
	for (size_t i = 0; i < count; i++)
		swapped[i] = __builtin_bswap32(values[i]);
	prop(name, swapped, count * 4);
}

#define cells(name, ...)                               \
	cells_array(name, (uint32_t[]){ __VA_ARGS__ }, \
		sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static inline void start_reserving(const struct machine_region *reserved, unsigned count)
{
	assert_int_equal(fdt_create(work, sizeof(work)), 0);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(
			fdt_add_reservemap_entry(work, reserved[i].base.pa, reserved[i].size), 0);
	assert_int_equal(fdt_finish_reservemap(work), 0);
	begin("");
}

static inline void root_cells(uint32_t address, uint32_t size)
{
	cells("#address-cells", address);
	cells("#size-cells", size);
}

/* A root with the usual cells. */
static inline void start(void)
{
	start_reserving(NULL, 0);
	root_cells(2, 2);
}

static inline void memory(const char *name, uint64_t base, uint64_t size)
{
	begin(name);
	text("device_type", "memory");
	cells("reg", base >> 32, (uint32_t)base, size >> 32, (uint32_t)size);
	end();
}

static inline void cpu(const char *name, uint32_t affinity)
{
	begin(name);
	text("device_type", "cpu");
	cells("reg", affinity);
	text("enable-method", "psci");
	end();
}

static inline void begin_cpus(void)
{
	begin("cpus");
	root_cells(1, 0);
}

/* What every machine needs. */
static inline void basics(void)
{
	memory("memory@40000000", 0x40000000, GIB(1));
	begin_cpus();
	cpu("cpu@0", 0);
	end();
}

static inline void begin_gic(void)
{
	begin("intc@8000000");
	text("compatible", "arm,gic-v3");
	cells("#interrupt-cells", 3);
	cells("phandle", GIC_PHANDLE);
	flag("interrupt-controller");
}

static inline void gic(void)
{
	begin_gic();
	cells("reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000);
	cells("interrupts", 1, 9, 4);
	end();
}

static inline void pl011(const char *name, uint32_t base, uint32_t spi)
{
	begin(name);
	text("compatible", "arm,pl011");
	cells("reg", 0, base, 0, 0x1000);
	cells("interrupts", 0, spi, 4);
	end();
}

/* Ends the tree in `work`, as it is, into a buffer of its size. */
static inline void finish(void)
{
	end();
	assert_int_equal(fdt_finish(work), 0);
	free(tree);
	tree_size = fdt_totalsize(work);
	tree = aligned_alloc(8, ALIGN_UP(tree_size, 8));
	memcpy(tree, work, tree_size);
}

static inline enum status scan_again(void)
{
	logged_size = 0;
	logged[0] = '\0';
	memset(&m, 0xa5, sizeof(m));
	return dt_scan(tree, tree_size, &m);
}

static inline enum status scan(void)
{
	finish();
	return scan_again();
}

static inline void assert_region(struct machine_region region, uint64_t base, uint64_t size)
{
	assert_int_equal(region.base.pa, base);
	assert_int_equal(region.size, size);
}

static inline void qemu_like(void)
{
	start();
	cells("interrupt-parent", GIC_PHANDLE);
	text("compatible", "linux,dummy-virt");
	begin("psci");
	cells("cpu_on", 0xc4000003);
	text("method", "smc");
	prop("compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci", 35);
	end();
	memory("memory@40000000", 0x40000000, GIB(4));
	for (unsigned i = 0; i < 4; i++) {
		begin("virtio_mmio");
		cells("interrupts", 0, 16 + i, 1);
		cells("reg", 0, 0xa000000 + i * 0x200, 0, 0x200);
		text("compatible", "virtio,mmio");
		end();
	}
	begin("pl011@9000000");
	prop("clock-names", "uartclk\0apb_pclk", 17);
	cells("interrupts", 0, 1, 4);
	cells("reg", 0, 0x9000000, 0, 0x1000);
	prop("compatible", "arm,pl011\0arm,primecell", 24);
	end();
	begin("pmu");
	cells("interrupts", 1, 7, 4);
	text("compatible", "arm,armv8-pmuv3");
	end();
	gic();
	begin_cpus();
	begin("cpu-map");
	begin("socket0");
	cells("cpu", 1);
	end();
	end();
	cpu("cpu@0", 0);
	cpu("cpu@1", 1);
	end();
	begin("timer");
	cells("interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4, 1, 12, 4);
	prop("compatible", "arm,armv8-timer\0arm,armv7-timer", 32);
	end();
	begin("chosen");
	text("bootargs", "lintel.log=debug");
	text("stdout-path", "/pl011@9000000");
	cells("linux,initrd-start", 0x48000000);
	cells("linux,initrd-end", 0x48001234);
	prop("rng-seed", "0123456789abcdef0123456789abcdef", 32);
	prop("kaslr-seed", "KASLRKAS", 8);
	end();
}

/* For every group of tests. */
static inline int setup(void **state)
{
	(void)state;
	log_set_sink(sink);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	free(tree);
	tree = NULL;
	return 0;
}

#endif
