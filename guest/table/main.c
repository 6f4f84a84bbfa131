/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device table with many rows: each is found, and an access must lie inside one.
 *
 * Boot arguments: table=ADDRESS size=BYTES rows=N, what the manifest's `scratch` has made; and
 * far=ADDRESS of one more row, of a page.
 */
#include "exception.h"
#include "machine.h"
#include "mmio.h"
#include "mmu.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"

#define PAGE KIB(4)

static u64 base, size, rows, window;

/* The rows through a window of Normal memory, where accesses need not be aligned. */
static u64 row_at(u64 row)
{
	return window + row * size;
}

static u64 pattern(u64 row, u64 byte)
{
	return (row * 7 + byte * 31 + 1) & 0xff;
}

static bool holds_pattern(u64 row)
{
	for (u64 byte = 0; byte < size; byte++)
		if (mmio_read8(row_at(row) + byte) != pattern(row, byte))
			return false;
	return true;
}

static void test_all_rows(void)
{
	u64 wrong = 0, not_zero = 0;

	for (u64 row = 0; row < rows; row++)
		for (u64 byte = 0; byte < size; byte++)
			not_zero += mmio_read8(row_at(row) + byte) != 0;
	tap_ok(not_zero == 0, "%lu rows of %lu bytes are zero at the start", rows, size);
	for (u64 row = 0; row < rows; row++)
		for (u64 byte = 0; byte < size; byte++)
			mmio_write8(row_at(row) + byte, (u8)pattern(row, byte));
	for (u64 row = 0; row < rows; row++)
		wrong += !holds_pattern(row);
	tap_ok(wrong == 0, "each is its own memory");
}

/* Every width at every place that touches the row: what lies inside is done, all else aborts and
 * changes nothing. */
static bool edges_of(u64 row)
{
	struct probe p = { 0 };
	bool good = true;

	for (u32 bytes = 1; bytes <= 8; bytes *= 2) {
		for (u64 offset = 0; offset < size; offset++) {
			bool inside = offset + bytes <= size;

			probe_load(&p, row_at(row) + offset, bytes);
			good &= p.taken == !inside;
			good &= inside || (p.esr == ESR_DATA_SEA && p.far == row_at(row) + offset);
			for (u64 byte = 0; inside && byte < bytes; byte++)
				good &= (p.x[0] >> (8 * byte) & 0xff) ==
					pattern(row, offset + byte);
			probe_store(
				&p, row_at(row) + offset, inside ? p.x[0] : ~UINT64_C(0), bytes);
			good &= p.taken == !inside;
			good &= inside || (p.esr & ~ESR_WNR) == ESR_DATA_SEA;
		}
	}
	return good && holds_pattern(row);
}

static void test_edges(void)
{
	struct probe p = { 0 };
	bool good = true;

	for (u64 row = 0; row < rows; row += row < 3 || row + 4 > rows ? 1 : 41)
		good &= edges_of(row) && (row + 1 == rows || holds_pattern(row + 1));
	tap_ok(good, "an access must lie inside one row, by every width");
	probe_load(&p, base + rows * size, 1);
	tap_ok(p.taken && p.esr == ESR_DATA_SEA, "nothing behind the last one");
	probe_load(&p, base - 1, 1);
	tap_ok(p.taken && p.esr == ESR_DATA_SEA, "nothing before the first one");
}

static void test_far(u64 far)
{
	u64 at = mmu_window_page(0, far, MAP_DEVICE | MAP_AF | MAP_UXN | MAP_PXN);

	mmio_write64(at + PAGE - 8, 0x1122334455667788);
	tap_ok(mmio_read32(at + PAGE - 4) == 0x11223344 && mmio_read8(at + PAGE - 8) == 0x88,
		"a row far above them");
}

void payload_main(void)
{
	u64 far = arg_number("far", 0);

	base = arg_number("table", 0);
	size = arg_number("size", 0);
	rows = arg_number("rows", 0);
	if (!rows) {
		tap_skip("no rows", "no scratch here");
		return;
	}
	window = mmu_window(0, base, MAP_NORMAL | MAP_AF | MAP_UXN | MAP_PXN);
	test_all_rows();
	test_edges();
	if (far)
		test_far(far);
}
