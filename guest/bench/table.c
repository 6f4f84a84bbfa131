/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Emulated accesses in VMs with few and with many regions in their device table, made by the
 * manifest's `scratch`. Boot arguments: rows=N rows of size=N bytes from table=ADDRESS on.
 *
 * Samples are of rows here and there; the figure is the slowest, for the table must serve all
 * alike. Accesses at the very beginning of a page are left out: Lintel has to look whether they
 * began in the page before.
 */
#include "bench.h"
#include "mmio.h"
#include "print.h"

#define STEP 97 /* a prime: every row once before any twice */
#define PAGE KIB(4)

static u64 base, size, rows;

static u64 address_of(u64 row)
{
	return base + row % rows * size;
}

static void check_rows(void)
{
	u64 wrong = 0;

	for (u64 row = 0; row < rows; row++)
		mmio_write32(address_of(row), (u32)(row ^ 0x5a5a0000));
	for (u64 row = 0; row < rows; row++)
		wrong += mmio_read32(address_of(row)) != (u32)(row ^ 0x5a5a0000);
	tap_ok(wrong == 0, "%lu rows of %lu bytes are each their own memory", rows, size);
}

static void slowest(const char *key, measurement run, s64 overhead)
{
	u64 row = rows / 2, at;

	for (u32 i = 0; i < sample_count; i++, row += STEP) {
		at = address_of(row) + (size >= 8 ? 4 : 0);
		samples[i] = run(at % PAGE ? at : at + size, i);
	}
	if (evaluate(sample_count) >= 0)
		report(key, (s64)samples[sample_count - 1], overhead);
}

void bench_table(void)
{
	s64 overhead;

	base = arg_number("table", 0);
	size = arg_number("size", 0);
	rows = arg_number("rows", 0);
	if (!rows)
		return;
	overhead = sample(measure_nop, 0, 0);
	check_rows();
	slowest("mmio_read", measure_load32, overhead);
	slowest("mmio_write", measure_store32, overhead);
}
