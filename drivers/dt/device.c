/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes known by their "compatible".
 */
#include "drivers/dt/scan.h"
#include "drivers/uart/uart.h"
#include "hyp/base/string.h"

enum device_kind {
	DEVICE_PSCI,
	DEVICE_PSCI_OLD, /* without the standard function IDs */
	DEVICE_GICV2,
	DEVICE_GICV3,
	DEVICE_TIMER,
	DEVICE_PMU,
	DEVICE_SMMU,
	DEVICE_RTC,
};

struct device_row {
	const char *compatible;
	uint8_t length;
	uint8_t kind; /* enum device_kind */
};

#define ROW(name, kind)                      \
	{                                    \
		name, sizeof(name) - 1, kind \
	}

static const struct device_row rows[] = {
	ROW("arm,psci-1.0", DEVICE_PSCI),
	ROW("arm,psci-0.2", DEVICE_PSCI),
	ROW("arm,psci", DEVICE_PSCI_OLD),
	ROW("arm,gic-v3", DEVICE_GICV3),
	ROW("arm,gic-400", DEVICE_GICV2),
	ROW("arm,cortex-a15-gic", DEVICE_GICV2),
	ROW("arm,cortex-a7-gic", DEVICE_GICV2),
	ROW("arm,cortex-a9-gic", DEVICE_GICV2),
	ROW("arm,armv8-timer", DEVICE_TIMER),
	ROW("arm,armv8-pmuv3", DEVICE_PMU),
	ROW("arm,smmu-v3", DEVICE_SMMU),
	ROW("arm,pl031", DEVICE_RTC),
};

static void psci(struct dt_scan *scan, bool standard_ids)
{
	struct machine_psci *psci = &scan->machine->psci;

	if (psci->conduit != PSCI_CONDUIT_NONE) {
		dt_complain(scan, "a second PSCI node, not used");
		return;
	}
	psci->standard_ids = standard_ids;
	psci->cpu_on_id = dt_u32(scan, PROP_CPU_ON, 0);
	psci->cpu_off_id = dt_u32(scan, PROP_CPU_OFF, 0);
	if (dt_text_is(scan, PROP_METHOD, "smc")) {
		psci->conduit = PSCI_CONDUIT_SMC;
	} else if (dt_text_is(scan, PROP_METHOD, "hvc")) {
		psci->conduit = PSCI_CONDUIT_HVC;
	} else {
		psci->conduit = PSCI_CONDUIT_UNKNOWN;
		dt_complain(scan, "method: expected \"smc\" or \"hvc\"");
	}
}

/* What both versions of the GIC have in common. False: there is one already. */
static bool gic_start(struct dt_scan *scan)
{
	if (scan->machine->gic.version != GIC_NONE) {
		dt_complain(scan, "a second interrupt controller, not used");
		return false;
	}
	scan->gic_phandle = dt_u32(scan, PROP_PHANDLE, 0);
	scan->gic_cells = dt_u32(scan, PROP_INTERRUPT_CELLS, 0);
	scan->gic_interrupts = dt_interrupts(scan);
	return true;
}

static void gic_v2(struct dt_scan *scan)
{
	struct machine_gic *gic = &scan->machine->gic;

	if (!gic_start(scan) || !dt_reg(scan, 0, &gic->dist) || !dt_reg(scan, 1, &gic->cpu))
		return;
	gic->version = GIC_V2;
	if (dt_reg_count(scan) >= 4 && dt_reg(scan, 2, &gic->hyp))
		(void)!dt_reg(scan, 3, &gic->virt);
}

static void gic_v3(struct dt_scan *scan)
{
	struct machine_gic *gic = &scan->machine->gic;
	uint32_t regions = dt_u32(scan, PROP_REDIST_REGIONS, 1);

	if (!gic_start(scan) || !dt_reg(scan, 0, &gic->dist))
		return;
	if (regions == 0 || regions > MACHINE_GICR_REGIONS_MAX) {
		dt_complain(scan, "#redistributor-regions: %u, expected 1 to %u", regions,
			MACHINE_GICR_REGIONS_MAX);
		return;
	}
	for (unsigned i = 0; i < regions; i++) {
		if (!dt_reg(scan, 1 + i, &gic->redist[i]))
			return;
	}
	gic->redist_count = regions;
	gic->redist_stride = dt_u64(scan, PROP_REDIST_STRIDE, 0);
	gic->version = GIC_V3;
}

static void timer(struct dt_scan *scan)
{
	struct machine_timer *timer = &scan->machine->timer;

	if (timer->present)
		return;
	timer->present = true;
	timer->clock_hz = dt_u32(scan, PROP_CLOCK_FREQUENCY, 0);
	scan->timer_interrupts = dt_interrupts(scan);
	if (dt_has(scan, PROP_INTERRUPT_NAMES))
		scan->timer_names = scan->node.values[PROP_INTERRUPT_NAMES];
}

/* One clock is enough. */
static void rtc(struct dt_scan *scan)
{
	if (scan->machine->rtc.size == 0)
		(void)!dt_reg(scan, 0, &scan->machine->rtc);
}

static void known_device(struct dt_scan *scan, enum device_kind kind)
{
	switch (kind) {
	case DEVICE_PSCI:
	case DEVICE_PSCI_OLD:
		psci(scan, kind == DEVICE_PSCI);
		break;
	case DEVICE_GICV2:
		gic_v2(scan);
		break;
	case DEVICE_GICV3:
		gic_v3(scan);
		break;
	case DEVICE_TIMER:
		timer(scan);
		break;
	case DEVICE_PMU:
		scan->pmu_interrupts = dt_interrupts(scan);
		break;
	case DEVICE_SMMU:
		scan->machine->smmu_count++;
		break;
	case DEVICE_RTC:
		rtc(scan);
		break;
	}
}

static void uart(struct dt_scan *scan, const struct uart_driver *driver)
{
	struct machine *machine = scan->machine;
	struct machine_uart *uart = &machine->uarts[machine->uart_count];

	if (scan->uarts_seen++ >= MACHINE_UARTS_MAX) {
		dt_complain(scan, "more than %u UARTs, not used", MACHINE_UARTS_MAX);
		return;
	}
	if (!dt_reg(scan, 0, &uart->region))
		return;

	uint32_t shift = dt_u32(scan, PROP_REG_SHIFT, driver->reg_shift);
	uint32_t width = dt_u32(scan, PROP_REG_IO_WIDTH, driver->io_width);
	uint32_t offset = dt_u32(scan, PROP_REG_OFFSET, 0);

	if (shift > 3 || (width != 1 && width != 2 && width != 4) || offset >= uart->region.size) {
		dt_complain(scan,
			"reg-shift %u, reg-io-width %u, reg-offset 0x%x: expected 0 to 3, "
			"1 or 2 or 4, less than the size in reg",
			shift, width, offset);
		return;
	}
	uart->driver = driver;
	uart->region.base.pa += offset;
	uart->region.size -= offset;
	uart->reg_shift = (uint8_t)shift;
	uart->io_width = (uint8_t)width;
	uart->clock_hz = dt_u32(scan, PROP_CLOCK_FREQUENCY, 0);
	uart->speed = dt_u32(scan, PROP_CURRENT_SPEED, 0);
	dt_path(scan, uart->path, sizeof(uart->path));
	scan->uart_interrupts[machine->uart_count++] = dt_interrupts(scan);
}

/* The row for one string of a "compatible"; NULL when there is none. */
static const struct device_row *row_of(const char *compatible, size_t length)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].length == length && memcmp(rows[i].compatible, compatible, length) == 0)
			return &rows[i];
	}
	return NULL;
}

/* True if the current node is like the last one that nobody knew. Word by word: values are aligned
 * and padded. */
static bool unknown_again(const struct dt_value *unknown, const struct dt_value *compatible)
{
	const uint32_t *left = (const uint32_t *)unknown->data;
	const uint32_t *right = (const uint32_t *)compatible->data;

	if (!left || unknown->length != compatible->length)
		return false;
	for (uint32_t i = 0; i < (compatible->length + 3) / 4; i++) {
		if (left[i] != right[i])
			return false;
	}
	return true;
}

void dt_node_device(struct dt_scan *scan)
{
	const struct dt_value *compatible = &scan->node.values[PROP_COMPATIBLE];
	const char *at = (const char *)compatible->data;
	const char *end = at + compatible->length;

	if (unknown_again(&scan->unknown_device, compatible))
		return;
	while (at < end) {
		size_t length = 0;

		while (at + length < end && at[length] != '\0')
			length++;
		if (at + length == end)
			return; /* no NUL: not a list of strings */

		const struct device_row *row = row_of(at, length);
		const struct uart_driver *driver = row ? NULL : uart_driver_find(at, length);

		if (row)
			known_device(scan, (enum device_kind)row->kind);
		else if (driver)
			uart(scan, driver);
		if (row || driver)
			return;
		at += length + 1;
	}
	scan->unknown_device = *compatible;
}
