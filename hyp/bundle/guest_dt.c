/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/bundle/guest_dt.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/bundle/dt_writer.h"
#include "hyp/bundle/guest_dt_parts.h"
#include "hyp/crypto/entropy.h"
#include "hyp/crypto/wipe.h"

/* The machine, as QEMU's virt (hw/arm/virt.c's memory map and interrupts). */
#define GICD_ADDRESS               0x08000000
#define GICD_SIZE                  0x10000
#define GICR_ADDRESS               0x080a0000
#define GICR_SIZE                  0x20000 /* for each vCPU */
#define UART_ADDRESS               0x09000000
#define UART_SIZE                  0x1000
#define UART_SPI                   1
#define UART_CLOCK_HZ              24000000
#define UART_NAME                  "pl011@9000000"
#define UART_PATH                  "/" UART_NAME
#define CLOCK_ADDRESS              0x09010000
#define CLOCK_SIZE                 0x1000
#define CLOCK_SPI                  2

/* Where virt has nothing (hyp/vdev/vwatchdog.h). */
#define WATCHDOG_CONTROL           0x09100000
#define WATCHDOG_REFRESH           0x09110000
#define WATCHDOG_SIZE              0x1000
#define WATCHDOG_SPI               10

/* An interrupt's cells: type, number, flags. */
#define IRQ_SPI                    0
#define IRQ_PPI                    1
#define IRQ_LEVEL_HIGH             4

#define PPI_TIMER_SECURE           13
#define PPI_TIMER_PHYS             14
#define PPI_TIMER_VIRT             11
#define PPI_TIMER_HYP              10
#define PPI_TIMER_HYPVIRT          12
#define PPI_GIC_MAINTENANCE        9

#define PHANDLE_GIC                1
#define PHANDLE_CLOCK              2

/* Generous: what everything but the vCPUs and the boot arguments takes, and what one vCPU takes. */
#define ROOM_BASE                  3584
#define ROOM_VCPU                  192

/* A value that is a list of texts, the last one's NUL being the string's own. */
#define TEXTS(writer, name, texts) dt_writer_bytes(writer, name, texts, sizeof(texts))

static void write_cpus(struct dt_writer *writer, unsigned nr_vcpus, bool psci)
{
	char name[16];

	dt_writer_begin(writer, "cpus");
	dt_writer_list(writer, "#address-cells", 1);
	dt_writer_list(writer, "#size-cells", 0);
	for (unsigned i = 0; i < nr_vcpus; i++) {
		format(name, sizeof(name), "cpu@%x", i);
		dt_writer_begin(writer, name);
		dt_writer_text(writer, "device_type", "cpu");
		dt_writer_text(writer, "compatible", "arm,armv8");
		dt_writer_list(writer, "reg", i);
		if (psci)
			dt_writer_text(writer, "enable-method", "psci");
		dt_writer_end(writer);
	}
	dt_writer_end(writer);
}

/* The five interrupts are there for every guest, as on virt; a hypervisor is told their names. */
static void write_timer(struct dt_writer *writer, bool virtual_el2)
{
	static const char names[] = "sec-phys\0phys\0virt\0hyp-phys\0hyp-virt";

	dt_writer_begin(writer, "timer");
	dt_writer_text(writer, "compatible", "arm,armv8-timer");
	dt_writer_flag(writer, "always-on");
	dt_writer_list(writer, "interrupts", IRQ_PPI, PPI_TIMER_SECURE, IRQ_LEVEL_HIGH, IRQ_PPI,
		PPI_TIMER_PHYS, IRQ_LEVEL_HIGH, IRQ_PPI, PPI_TIMER_VIRT, IRQ_LEVEL_HIGH, IRQ_PPI,
		PPI_TIMER_HYP, IRQ_LEVEL_HIGH, IRQ_PPI, PPI_TIMER_HYPVIRT, IRQ_LEVEL_HIGH);
	if (virtual_el2)
		TEXTS(writer, "interrupt-names", names);
	dt_writer_end(writer);
}

static void write_gic(struct dt_writer *writer, unsigned nr_vcpus, bool virtual_el2)
{
	dt_writer_begin(writer, "intc@8000000");
	dt_writer_text(writer, "compatible", "arm,gic-v3");
	dt_writer_flag(writer, "interrupt-controller");
	dt_writer_list(writer, "#interrupt-cells", 3);
	dt_writer_list(writer, "#address-cells", 2);
	dt_writer_list(writer, "#size-cells", 2);
	dt_writer_flag(writer, "ranges");
	dt_writer_list(writer, "#redistributor-regions", 1);
	dt_writer_list(writer, "reg", 0, GICD_ADDRESS, 0, GICD_SIZE, 0, GICR_ADDRESS, 0,
		nr_vcpus * GICR_SIZE);
	if (virtual_el2)
		dt_writer_list(writer, "interrupts", IRQ_PPI, PPI_GIC_MAINTENANCE, IRQ_LEVEL_HIGH);
	dt_writer_list(writer, "phandle", PHANDLE_GIC);
	dt_writer_end(writer);
}

static void write_uart(struct dt_writer *writer)
{
	dt_writer_begin(writer, "apb-pclk");
	dt_writer_text(writer, "compatible", "fixed-clock");
	dt_writer_list(writer, "#clock-cells", 0);
	dt_writer_list(writer, "clock-frequency", UART_CLOCK_HZ);
	dt_writer_text(writer, "clock-output-names", "clk24mhz");
	dt_writer_list(writer, "phandle", PHANDLE_CLOCK);
	dt_writer_end(writer);

	dt_writer_begin(writer, UART_NAME);
	TEXTS(writer, "compatible", "arm,pl011\0arm,primecell");
	dt_writer_list(writer, "reg", 0, UART_ADDRESS, 0, UART_SIZE);
	dt_writer_list(writer, "interrupts", IRQ_SPI, UART_SPI, IRQ_LEVEL_HIGH);
	dt_writer_list(writer, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	TEXTS(writer, "clock-names", "uartclk\0apb_pclk");
	dt_writer_end(writer);
}

static void write_clock(struct dt_writer *writer)
{
	dt_writer_begin(writer, "pl031@9010000");
	TEXTS(writer, "compatible", "arm,pl031\0arm,primecell");
	dt_writer_list(writer, "reg", 0, CLOCK_ADDRESS, 0, CLOCK_SIZE);
	dt_writer_list(writer, "interrupts", IRQ_SPI, CLOCK_SPI, IRQ_LEVEL_HIGH);
	dt_writer_list(writer, "clocks", PHANDLE_CLOCK);
	dt_writer_text(writer, "clock-names", "apb_pclk");
	dt_writer_end(writer);
}

static void write_watchdog(struct dt_writer *writer)
{
	dt_writer_begin(writer, "watchdog@9100000");
	dt_writer_text(writer, "compatible", "arm,sbsa-gwdt");
	dt_writer_list(writer, "reg", 0, WATCHDOG_CONTROL, 0, WATCHDOG_SIZE, 0, WATCHDOG_REFRESH, 0,
		WATCHDOG_SIZE);
	dt_writer_list(writer, "interrupts", IRQ_SPI, WATCHDOG_SPI, IRQ_LEVEL_HIGH);
	dt_writer_end(writer);
}

void guest_dt_write_chosen(
	struct dt_writer *writer, const struct guest_dt_config *config, struct guest_dt *out)
{
	if (config->bootargs)
		dt_writer_text(writer, "bootargs", config->bootargs);
	if (config->ramdisk) {
		out->ramdisk_start = dt_writer_room(writer, "linux,initrd-start", sizeof(uint64_t));
		out->ramdisk_end = dt_writer_room(writer, "linux,initrd-end", sizeof(uint64_t));
	}
	out->kaslr_seed = dt_writer_room(writer, "kaslr-seed", GUEST_KASLR_SEED_SIZE);
	out->rng_seed = dt_writer_room(writer, "rng-seed", GUEST_RNG_SEED_SIZE);
}

/* One number in `cells` cells, if it fits. */
static unsigned append(uint32_t *list, unsigned at, uint64_t value, unsigned cells)
{
	if (cells == 2)
		list[at++] = (uint32_t)(value >> 32);
	list[at++] = (uint32_t)value;
	return at;
}

void guest_dt_write_memory(struct dt_writer *writer, const struct guest_dt_config *config,
	unsigned address_cells, unsigned size_cells)
{
	char name[32];
	uint32_t reg[4];
	unsigned count = append(reg, 0, config->ram_base, address_cells);

	count = append(reg, count, config->ram_size, size_cells);
	format(name, sizeof(name), "memory@%llx", (unsigned long long)config->ram_base);
	dt_writer_begin(writer, name);
	dt_writer_text(writer, "device_type", "memory");
	dt_writer_cells(writer, "reg", reg, count);
	dt_writer_end(writer);
}

static void write_chosen(
	struct dt_writer *writer, const struct guest_dt_config *config, struct guest_dt *out)
{
	dt_writer_begin(writer, "chosen");
	dt_writer_text(writer, "stdout-path", UART_PATH);
	guest_dt_write_chosen(writer, config, out);
	dt_writer_end(writer);

	dt_writer_begin(writer, "aliases");
	dt_writer_text(writer, "serial0", UART_PATH);
	dt_writer_end(writer);
}

size_t guest_dt_room(const struct guest_dt_config *config)
{
	return ROOM_BASE + config->nr_vcpus * ROOM_VCPU + guest_dt_shared_room(config) +
		guest_dt_fixtures_room(config) + guest_dt_calls_room(config) +
		(config->bootargs ? ALIGN_UP(strlen(config->bootargs) + 1, 8) : 0);
}

enum status guest_dt_make(
	const struct guest_dt_config *config, void *buffer, size_t size, struct guest_dt *out)
{
	struct dt_writer writer;

	*out = (struct guest_dt){ .tree = buffer };
	dt_writer_start(&writer, buffer, size);
	dt_writer_reserved(&writer);
	dt_writer_begin(&writer, "");
	dt_writer_text(&writer, "compatible", "linux,dummy-virt");
	dt_writer_text(&writer, "model", "linux,dummy-virt");
	dt_writer_list(&writer, "#address-cells", 2);
	dt_writer_list(&writer, "#size-cells", 2);
	dt_writer_list(&writer, "interrupt-parent", PHANDLE_GIC);
	write_chosen(&writer, config, out);
	guest_dt_write_memory(&writer, config, 2, 2);
	write_cpus(&writer, config->nr_vcpus, config->psci != GUEST_NEITHER);
	guest_dt_write_calls(&writer, config);
	write_timer(&writer, config->virtual_el2);
	write_gic(&writer, config->nr_vcpus, config->virtual_el2);
	write_uart(&writer);
	write_clock(&writer);
	if (config->watchdog)
		write_watchdog(&writer);
	guest_dt_write_shared(&writer, config, PHANDLE_CLOCK);
	guest_dt_write_fixtures(&writer, config);
	dt_writer_end(&writer);
	return dt_writer_finish(&writer, &out->size);
}

static void put_be64(uint8_t *to, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(to, &value, sizeof(value));
}

void guest_dt_set_ramdisk(struct guest_dt *dt, uint64_t start, uint64_t size)
{
	if (!dt->ramdisk_start)
		return;
	put_be64(dt->ramdisk_start, start);
	put_be64(dt->ramdisk_end, start + size);
}

void guest_dt_new_seeds(struct guest_dt *dt)
{
	uint8_t bytes[GUEST_KASLR_SEED_SIZE + GUEST_RNG_SEED_SIZE];

	if (!entropy_seeded()) {
		if (dt->rng_seed)
			dt_writer_take_out(dt->rng_seed, GUEST_RNG_SEED_SIZE);
		dt->rng_seed = NULL;
		return;
	}
	entropy_get(bytes, sizeof(bytes));
	memcpy(dt->kaslr_seed, bytes, GUEST_KASLR_SEED_SIZE);
	if (dt->rng_seed)
		memcpy(dt->rng_seed, bytes + GUEST_KASLR_SEED_SIZE, GUEST_RNG_SEED_SIZE);
	wipe(bytes, sizeof(bytes));
}
