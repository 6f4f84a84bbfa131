/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames' ends, and accesses that come without a syndrome.
 */
#include "gic.h"
#include "parts.h"

#define UARTFR        0x18
#define UARTPERIPHID0 0xfe0
#define FSC(p)        ((p)->esr & ESR_FSC)

/* Nothing, an alignment fault or an external abort: never anything else. */
static bool harmless(const struct probe *p)
{
	return !p->taken ||
		(p->count == 1 && p->esr >> 26 == EC_DABORT &&
			(FSC(p) == FSC_ALIGNMENT || FSC(p) == FSC_SEA));
}

static void test_ends(void)
{
	static const u64 ends[] = { GICD_BASE + GICD_SIZE, UART_BASE + 0x1000 };
	u64 last = GICR_BASE + machine.cpus * GICR_STRIDE;
	struct probe p;

	for (u32 i = 0; i < ARRAY_SIZE(ends); i++) {
		probe_load(&p, ends[i], 4);
		tap_ok(explain(is_data_sea(&p), "end", &p), "right behind a device (%lx)", ends[i]);
	}
	if (under_lintel()) {
		probe_load(&p, last, 4);
		tap_ok(explain(is_data_sea(&p), "end", &p), "behind the last redistributor");
		probe_store(&p, last + GICR_SGI_BASE + GIC_ISPENDR, 1, 4);
		tap_ok(explain(is_data_sea(&p), "end", &p), "and its SGI frame");
	}
	for (u32 bytes = 2; bytes <= 8; bytes *= 2) {
		u64 across[] = { GICD_BASE + GICD_SIZE - 1, last - 1, UART_BASE + 0x1000 - 1,
			GICD_BASE + 1, UART_BASE + UARTFR + 1, UART_BASE + UARTFR + 3 };

		for (u32 i = 0; i < ARRAY_SIZE(across); i++) {
			probe_load(&p, across[i], bytes);
			tap_ok(explain(harmless(&p), "misaligned", &p),
				"misaligned load of %u at %lx", bytes, across[i]);
		}
	}
}

static void test_uart_sweep(void)
{
	bool good = true;
	struct probe p;

	/* Reads only, and not of the data register, of every word and width. */
	for (u32 offset = 4; offset < 0x1000; offset += 4) {
		for (u32 bytes = 1; bytes <= 8; bytes *= 2) {
			if (offset & (bytes - 1))
				continue;
			probe_load(&p, UART_BASE + offset, bytes);
			good &= harmless(&p);
		}
	}
	tap_ok(good, "every UART register at every width");
	tap_is(mmio_read32(UART_BASE + UARTPERIPHID0), 0x11, "UARTPeriphID0 is a PL011's");
}

/* An access without a syndrome is refused by an external abort, with its base as it was... */
static bool refused(const struct probe *p, u64 base)
{
	return is_data_sea(p) && p->x[1] == base;
}

/* ...or done as the instruction says: what it loads is in x0 and x2, its base ends at `after`. */
static void test_undescribed(u32 insn, u64 base, u64 x0, u64 x2, u64 after, const char *what)
{
	struct probe p = { .x = { 0, base, 0 } };
	bool done;

	probe_insn(&p, insn);
	done = !p.taken && p.x[0] == x0 && p.x[2] == x2 && p.x[1] == after;
	tap_ok(explain(done || refused(&p, base), what, &p), "%s of GICD: %s", what,
		done ? "done" : "refused");
}

static void test_decoded(void)
{
	u64 typer = mmio_read32(GICD_BASE + GICD_TYPER);
	u64 iidr = mmio_read32(GICD_BASE + GICD_IIDR);
	u64 base = GICD_BASE + GICD_TYPER;
	u64 priorities = GICD_BASE + GIC_IPRIORITYR + 68;
	struct probe p = { .x = { 0x50404030, priorities, 0x80706060 } };
	bool done;

	test_undescribed(0x29400820, base, typer, iidr, base, "LDP");             /* w0, w2, [x1] */
	test_undescribed(0xb8404420, base, typer, 0, base + 4, "LDR post-index"); /* [x1], #4 */
	test_undescribed(0xb8408c20, base - 8, typer, 0, base, "LDR pre-index");  /* [x1, #8]! */
	probe_insn(&p, 0x29000820); /* STP w0, w2, [x1] */
	done = !p.taken && mmio_read32(priorities) == 0x50404030 &&
		mmio_read32(priorities + 4) == 0x80706060;
	tap_ok(explain(done || refused(&p, priorities), "STP", &p), "STP to GICD: %s",
		done ? "done" : "refused");
	p.x[1] = base;
	probe_insn(&p, 0xb940003f); /* LDR wzr, [x1] */
	tap_ok(explain(!p.taken, "LDR wzr", &p), "LDR wzr of GICD");
}

/* Exclusives and atomics have no meaning on a device: FSC 0x35, or an external abort. */
static void test_exclusives(void)
{
	bool lse = mrs(id_aa64isar0_el1) & GENMASK(23, 20);
	static const struct {
		const char *what;
		u32 insn;
		bool lse;
	} rows[] = { { "LDXR", 0x885f7c20, false }, { "LDADD", 0xb8220020, true },
		{ "SWP", 0xb8228020, true }, { "CAS", 0x88a27c20, true } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { .x = { 0, GICD_BASE + GIC_IPRIORITYR + 64, 0 } };

		if (rows[i].lse && !lse)
			continue;
		if (!under_lintel()) {
			tap_skip(rows[i].what, "not under Lintel");
			continue;
		}
		probe_insn(&p, rows[i].insn);
		tap_ok(explain(p.count == 1 && p.esr >> 26 == EC_DABORT &&
				       (FSC(&p) == FSC_UNSUPPORTED || FSC(&p) == FSC_SEA),
			       rows[i].what, &p),
			"%s at a device", rows[i].what);
	}
}

static void test_device_code(void)
{
	u64 va = mmu_window(SLOT, GICD_BASE, MAP_HOLE_NORMAL);
	struct probe p = { 0 };

	if (!under_lintel())
		return tap_skip("fetch from a device", "not under Lintel");
	probe_fetch(&p, va);
	tap_ok(explain(p.count == 1 && p.esr == ESR_FETCH_SEA, "fetch", &p), "fetch from a device");
	p.x[0] = va + GIC_IPRIORITYR;
	probe_insn(&p, 0xd50b7420); /* DC ZVA, x0 */
	tap_ok(explain(p.count == 1 && p.esr >> 26 == EC_DABORT &&
			       (FSC(&p) == FSC_ALIGNMENT || FSC(&p) == FSC_SEA),
		       "DC ZVA", &p),
		"DC ZVA at a device");
}

void test_devices(void)
{
	test_ends();
	test_uart_sweep();
	test_decoded();
	test_exclusives();
	test_device_code();
}
