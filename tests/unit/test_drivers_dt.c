/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devicetree scan: memory, CPUs, PSCI, /chosen, and what it makes of a whole machine.
 *
 * links: drivers/dt/walk.c drivers/dt/property.c drivers/dt/node.c drivers/dt/interrupt.c
 * drivers/dt/scan.c drivers/dt/memory.c drivers/dt/chosen.c drivers/dt/device.c drivers/dt/log.c
 *        drivers/uart/uart.c drivers/uart/pl011.c drivers/uart/ns16550.c
 *        hyp/base/log.c hyp/base/format.c
 */
#define _GNU_SOURCE /* memmem */
#include "tests/unit/test_drivers_dt_tree.h"

static void test_whole_machine(void **state)
{
	(void)state;
	qemu_like();
	assert_int_equal(scan(), OK);
	assert_quiet();
	assert_ptr_equal(m.tree, tree);
	assert_int_equal(m.tree_size, tree_size);
	assert_int_equal(m.memory_count, 1);
	assert_region(m.memory[0], 0x40000000, GIB(4));
	assert_int_equal(m.reserved_count, 0);
	assert_int_equal(m.cpu_count, 2);
	assert_int_equal(m.cpus[1].mpidr, 1);
	assert_int_equal(m.cpus[1].method, CPU_ENABLE_PSCI);
	assert_true(m.cpus[1].usable);
	assert_int_equal(m.psci.conduit, PSCI_CONDUIT_SMC);
	assert_true(m.psci.standard_ids);
	assert_int_equal(m.gic.version, GIC_V3);
	assert_region(m.gic.dist, 0x8000000, 0x10000);
	assert_int_equal(m.gic.redist_count, 1);
	assert_region(m.gic.redist[0], 0x80a0000, 0xf60000);
	assert_int_equal(m.gic.redist_stride, 0);
	assert_int_equal(m.gic.maintenance_intid, 25);
	assert_true(m.timer.present);
	assert_int_equal(m.timer.intid[TIMER_PPI_SECURE], 29);
	assert_int_equal(m.timer.intid[TIMER_PPI_PHYSICAL], 30);
	assert_int_equal(m.timer.intid[TIMER_PPI_VIRTUAL], 27);
	assert_int_equal(m.timer.intid[TIMER_PPI_HYP], 26);
	assert_int_equal(m.timer.intid[TIMER_PPI_HYP_VIRTUAL], 28);
	assert_int_equal(m.pmu_intid, 23);
	assert_int_equal(m.uart_count, 1);
	assert_int_equal(m.console, 0);
	assert_region(m.uarts[0].region, 0x9000000, 0x1000);
	assert_int_equal(m.uarts[0].intid, 33);
	assert_false(m.uarts[0].edge);
	assert_string_equal(m.uarts[0].driver->compatible, "arm,pl011");
	assert_string_equal(m.uarts[0].path, "/pl011@9000000");
	assert_string_equal(m.bootargs, "lintel.log=debug");
	assert_string_equal(m.stdout_path, "/pl011@9000000");
	assert_region(m.initrd, 0x48000000, 0x1234);
}

static void test_log(void **state)
{
	(void)state;
	start();
	basics();
	gic();
	pl011("serial@1000", 0x1000, 5);
	begin("reserved-memory");
	root_cells(2, 2);
	flag("ranges");
	begin("firmware@50000000");
	cells("reg", 0, 0x50000000, 0, 0x1000);
	end();
	begin("secret@50001000");
	cells("reg", 0, 0x50001000, 0, 0x1000);
	flag("no-map");
	end();
	end();
	begin("smmu@9050000");
	text("compatible", "arm,smmu-v3");
	end();
	begin("chosen");
	cells("linux,initrd-start", 0x48000000);
	cells("linux,initrd-end", 0x48001000);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.smmu_count, 1);
	log_threshold = LOG_DEBUG;
	dt_log(&m);
	log_threshold = LOG_INFO;
	assert_logged("memory 0x40000000-0x80000000");
	assert_logged("reserved 0x50000000-0x50001000");
	assert_logged("not mapped, 0x50001000-0x50002000");
	assert_logged("UART /serial@1000 at 0x1000, arm,pl011");
	assert_logged("console");
	assert_logged("bundle 0x48000000-0x48001000");
	assert_logged("GICv3 distributor 0x8000000");
	assert_logged("SMMU");
}

/* --- memory --- */

static void test_memory_banks(void **state)
{
	(void)state;
	start();
	basics();
	begin("memory@100000000");
	text("device_type", "memory");
	cells("reg", 1, 0, 0, 0x80000000, 2, 0, 0, 0, 3, 0, 1, 0);
	end();
	begin("secram@e000000");
	text("status", "disabled");
	text("secure-status", "okay");
	text("device_type", "memory");
	cells("reg", 0, 0xe000000, 0, 0x1000000);
	end();
	assert_int_equal(scan(), OK);
	assert_quiet();
	assert_int_equal(m.memory_count, 3);
	assert_region(m.memory[1], 0x100000000, 0x80000000);
	assert_region(m.memory[2], 0x300000000, GIB(4));
}

static void test_memory_one_cell(void **state)
{
	(void)state;
	start_reserving(NULL, 0);
	root_cells(1, 1);
	begin("memory");
	text("device_type", "memory");
	cells("reg", 0x80000000, 0x7fffffff);
	end();
	begin_cpus();
	cpu("cpu@0", 0);
	end();
	assert_int_equal(scan(), OK);
	assert_region(m.memory[0], 0x80000000, 0x7fffffff);
}

/* Without #address-cells and #size-cells: 2 and 1. */
static void test_memory_default_cells(void **state)
{
	(void)state;
	start_reserving(NULL, 0);
	begin("memory");
	text("device_type", "memory");
	cells("reg", 4, 0x80000000, 0x1000);
	end();
	begin_cpus();
	cpu("cpu@0", 0);
	end();
	assert_int_equal(scan(), OK);
	assert_region(m.memory[0], 0x480000000, 0x1000);
}

static void test_memory_malformed(void **state)
{
	(void)state;
	start();
	basics();
	begin("memory@1");
	text("device_type", "memory");
	cells("reg", 0, 0x1000, 0);
	end();
	begin("memory@2");
	text("device_type", "memory");
	end();
	begin("memory@3");
	text("device_type", "memory");
	cells("reg", 0xffffffff, 0xfffff000, 0, 0x2000);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.memory_count, 1);
	assert_logged("/memory@1: reg: 12 bytes, expected a multiple of 16 (2 + 2 cells)");
	assert_logged("/memory@2: reg: expected at least one");
	assert_logged("/memory@3: reg: 0xfffffffffffff000, size 0x2000: expected not to wrap");
}

static void test_memory_too_many(void **state)
{
	char name[32];

	(void)state;
	start();
	basics();
	for (unsigned i = 0; i < MACHINE_MEMORY_MAX + 3; i++) {
		snprintf(name, sizeof(name), "memory@%x", i);
		memory(name, GIB(8 + i), 0x1000);
	}
	assert_int_equal(scan(), OK);
	assert_int_equal(m.memory_count, MACHINE_MEMORY_MAX);
	assert_logged("more than 32 banks");
}

static void test_nothing_to_run_on(void **state)
{
	(void)state;
	start();
	begin_cpus();
	cpu("cpu@0", 0);
	end();
	assert_int_equal(scan(), ERR_NOT_FOUND);
	assert_logged("no usable memory");

	start();
	memory("memory@40000000", 0x40000000, GIB(1));
	assert_int_equal(scan(), ERR_NOT_FOUND);
	assert_logged("no CPU");

	start_reserving(NULL, 0);
	root_cells(3, 2);
	basics();
	assert_int_equal(scan(), ERR_NOT_FOUND);
	assert_logged("#address-cells 3");
}

static void test_reserved(void **state)
{
	struct machine_region block[] = { { PA(0x41000000), 0x2000 }, { PA(0x42000000), 0 } };

	(void)state;
	start_reserving(block, 2);
	root_cells(2, 2);
	basics();
	begin("reserved-memory");
	root_cells(1, 1);
	cells("ranges", 0, 0, 0x40000000, 0x10000000);
	begin("tee@1000000");
	cells("reg", 0x1000000, 0x1000, 0x2000000, 0x800);
	flag("no-map");
	end();
	begin("wish");
	cells("size", 0x1000);
	end();
	begin("off@5000000");
	cells("reg", 0x5000000, 0x1000);
	text("status", "disabled");
	end();
	begin("outside@20000000");
	cells("reg", 0x20000000, 0x1000);
	end();
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.reserved_count, 3);
	assert_region(m.reserved[0].region, 0x41000000, 0x2000);
	assert_false(m.reserved[0].no_map);
	assert_region(m.reserved[1].region, 0x41000000, 0x1000);
	assert_true(m.reserved[1].no_map);
	assert_region(m.reserved[2].region, 0x42000000, 0x800);
	assert_logged("/reserved-memory/outside@20000000: reg: 0x20000000 is in no range");
}

static void test_reserved_too_many(void **state)
{
	struct machine_region block[MACHINE_RESERVED_MAX + 1];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = (struct machine_region){ PA(0x41000000 + i * 0x1000), 0x1000 };
	start_reserving(block, ARRAY_SIZE(block));
	root_cells(2, 2);
	basics();
	assert_int_equal(scan(), ERR_NOT_SUPPORTED);
	assert_logged("more than 64 pieces of reserved memory");

	start();
	basics();
	begin("reserved-memory");
	root_cells(2, 2);
	flag("ranges");
	for (unsigned i = 0; i < MACHINE_RESERVED_MAX + 1; i++) {
		begin("r");
		cells("reg", 0, 0x41000000 + i * 0x1000, 0, 0x1000);
		end();
	}
	end();
	assert_int_equal(scan(), ERR_NOT_SUPPORTED);
}

static void test_reservation_wraps(void **state)
{
	struct machine_region block[] = { { PA(0xfffffffffffff000), 0x2000 } };

	(void)state;
	start_reserving(block, 1);
	root_cells(2, 2);
	basics();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.reserved_count, 0);
	assert_logged("memory reservation block");
}

/* --- CPUs --- */

static void cpu_two_cells(uint32_t high, uint32_t low, const char *method, const char *status)
{
	begin("cpu");
	text("device_type", "cpu");
	cells("reg", high, low);
	if (method)
		text("enable-method", method);
	if (status)
		text("status", status);
	cells("cpu-release-addr", 1, 0xd8);
	end();
}

static void test_cpus(void **state)
{
	(void)state;
	start();
	memory("memory@40000000", 0x40000000, GIB(1));
	begin("cpus");
	root_cells(2, 0);
	cpu_two_cells(0, 0x80000100, "psci", "okay");
	cpu_two_cells(1, 0x102, "spin-table", NULL);
	cpu_two_cells(0, 0x103, "acpi-parking-protocol", "ok");
	cpu_two_cells(0, 0x104, NULL, "disabled");
	cpu_two_cells(0, 0x104, NULL, NULL);
	begin("cpu");
	text("device_type", "cpu");
	end();
	begin("cpu");
	text("device_type", "cpu");
	cells("reg", 5);
	end();
	begin("l2-cache");
	text("device_type", "cache");
	end();
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.cpu_count, 4);
	assert_int_equal(m.cpus[0].mpidr, 0x100);
	assert_int_equal(m.cpus[0].method, CPU_ENABLE_PSCI);
	assert_int_equal(m.cpus[1].mpidr, 0x100000102);
	assert_int_equal(m.cpus[1].method, CPU_ENABLE_SPIN_TABLE);
	assert_int_equal(m.cpus[1].release_addr.pa, 0x1000000d8);
	assert_int_equal(m.cpus[2].method, CPU_ENABLE_UNKNOWN);
	assert_true(m.cpus[2].usable);
	assert_int_equal(m.cpus[3].method, CPU_ENABLE_NONE);
	assert_false(m.cpus[3].usable);
	assert_logged("expected only affinity bits");
	assert_logged("is another CPU's, too");
	assert_logged("expected the CPU's affinity in 2 cells");
}

static void test_cpus_too_many(void **state)
{
	(void)state;
	start();
	memory("memory@40000000", 0x40000000, GIB(1));
	begin_cpus();
	for (unsigned i = 0; i < MACHINE_CPUS_MAX + 1; i++)
		cpu("cpu", i);
	end();
	assert_int_equal(scan(), OK);
	assert_int_equal(m.cpu_count, MACHINE_CPUS_MAX);
	assert_logged("more than 64 CPUs");
}

/* --- PSCI --- */

static struct machine_psci psci(const char *compatible, const char *method)
{
	start();
	basics();
	begin("firmware");
	begin("psci");
	text("compatible", compatible);
	if (method)
		text("method", method);
	cells("cpu_on", 0x95c1ba60);
	cells("cpu_off", 0x95c1ba5f);
	end();
	end();
	assert_int_equal(scan(), OK);
	return m.psci;
}

static void test_psci(void **state)
{
	(void)state;
	assert_int_equal(psci("arm,psci-0.2", "smc").conduit, PSCI_CONDUIT_SMC);
	assert_true(m.psci.standard_ids);
	assert_int_equal(psci("arm,psci-1.0", "hvc").conduit, PSCI_CONDUIT_HVC);
	assert_int_equal(psci("arm,psci-1.0", "mail").conduit, PSCI_CONDUIT_UNKNOWN);
	assert_logged("/firmware/psci: method: expected \"smc\" or \"hvc\"");
	assert_int_equal(psci("arm,psci-1.0", NULL).conduit, PSCI_CONDUIT_UNKNOWN);
	assert_int_equal(psci("arm,psci", "smc").conduit, PSCI_CONDUIT_SMC);
	assert_false(m.psci.standard_ids);
	assert_int_equal(m.psci.cpu_on_id, 0x95c1ba60);
	assert_int_equal(m.psci.cpu_off_id, 0x95c1ba5f);
	assert_int_equal(psci("arm,scmi", "smc").conduit, PSCI_CONDUIT_NONE);

	start();
	basics();
	for (unsigned i = 0; i < 2; i++) {
		begin("psci");
		text("compatible", "arm,psci-1.0");
		text("method", i ? "hvc" : "smc");
		end();
	}
	assert_int_equal(scan(), OK);
	assert_int_equal(m.psci.conduit, PSCI_CONDUIT_SMC);
	assert_logged("a second PSCI node");
}

/* --- /chosen --- */

static void test_chosen_absent(void **state)
{
	(void)state;
	start();
	basics();
	assert_int_equal(scan(), OK);
	assert_quiet();
	assert_string_equal(m.bootargs, "");
	assert_string_equal(m.stdout_path, "");
	assert_int_equal(m.initrd.size, 0);
	assert_int_equal(m.console, -1);
	assert_int_equal(m.gic.version, GIC_NONE);
	dt_log(&m);
	assert_logged("no interrupt controller");
}

static void test_chosen_malformed(void **state)
{
	(void)state;
	start();
	basics();
	begin("chosen");
	prop("bootargs", "abc", 3);
	prop("stdout-path", "", 0);
	prop("rng-seed", "", 0);
	cells("linux,initrd-start", 0x1000);
	cells("linux,initrd-end", 0, 0, 0x2000);
	end();
	assert_int_equal(scan(), OK);
	assert_string_equal(m.bootargs, "");
	assert_string_equal(m.stdout_path, "");
	assert_null(m.rng_seed.bytes);
	assert_int_equal(m.initrd.size, 0);
	assert_logged("/chosen: bootargs: expected text that ends with NUL");
	assert_logged("/chosen: stdout-path: expected text");
	assert_logged("linux,initrd-end: 12 bytes, expected one or two cells");
	assert_logged("expected start < end");
}

static void test_initrd_two_cells(void **state)
{
	(void)state;
	start();
	basics();
	begin("chosen");
	cells("linux,initrd-start", 2, 0x1000);
	cells("linux,initrd-end", 3, 0x1000);
	end();
	assert_int_equal(scan(), OK);
	assert_region(m.initrd, 0x200001000, GIB(4));
}

static void test_seeds(void **state)
{
	uint8_t out[48];

	(void)state;
	qemu_like();
	assert_int_equal(scan(), OK);
	assert_int_equal(dt_take_seeds(&m, out, sizeof(out)), 40);
	assert_memory_equal(out, "0123456789abcdef0123456789abcdefKASLRKAS", 40);
	assert_int_equal(dt_take_seeds(&m, out, sizeof(out)), 0);
	assert_null(memmem(tree, tree_size, "0123", 4));
	assert_null(memmem(tree, tree_size, "KASLR", 5));

	/* No room for all: erased all the same. */
	qemu_like();
	assert_int_equal(scan(), OK);
	assert_int_equal(dt_take_seeds(&m, out, 10), 10);
	assert_null(memmem(tree, tree_size, "abcdef", 6));
	assert_null(memmem(tree, tree_size, "KASLR", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_machine),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_memory_banks),
		cmocka_unit_test(test_memory_one_cell),
		cmocka_unit_test(test_memory_default_cells),
		cmocka_unit_test(test_memory_malformed),
		cmocka_unit_test(test_memory_too_many),
		cmocka_unit_test(test_nothing_to_run_on),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_reserved_too_many),
		cmocka_unit_test(test_reservation_wraps),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_cpus_too_many),
		cmocka_unit_test(test_psci),
		cmocka_unit_test(test_chosen_absent),
		cmocka_unit_test(test_chosen_malformed),
		cmocka_unit_test(test_initrd_two_cells),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
