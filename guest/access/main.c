/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads and stores that come without a syndrome: done at a device as in RAM, or refused as the
 * architecture has it.
 *
 * Boot arguments: scratch=ADDRESS (a device that is memory), bytes=SIZE of it; `atomics-abort`:
 * what a device can't do is an external abort; `refused`: only what is refused.
 */
#include "access.h"
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"

#define FIELD_ATOMICS GENMASK(23, 20) /* ID_AA64ISAR0_EL1 */
#define FIELD_DPB     GENMASK(3, 0)   /* ID_AA64ISAR1_EL1 */
#define FIELD_LRCPC   GENMASK(23, 20)
#define FIELD_LS64    GENMASK(63, 60)
#define FIELD_LO      GENMASK(19, 16) /* ID_AA64MMFR1_EL1 */

static u8 pages[RAM_PAGES][PAGE] __attribute__((section(".bss.pages"), aligned(4096)));
static u32 features;

struct places places;

u64 ram_page(u32 n)
{
	return (u64)pages[n];
}

static void read_features(void)
{
	u64 isar1 = mrs(id_aa64isar1_el1);

	features |= FIELD_GET(FIELD_ATOMICS, mrs(id_aa64isar0_el1)) >= 2 ? NEEDS_LSE : 0;
	features |= FIELD_GET(FIELD_LRCPC, isar1) >= 1 ? NEEDS_RCPC : 0;
	features |= FIELD_GET(FIELD_LRCPC, isar1) >= 2 ? NEEDS_RCPC2 : 0;
	features |= FIELD_GET(FIELD_LO, mrs(id_aa64mmfr1_el1)) ? NEEDS_LOR : 0;
	features |= FIELD_GET(FIELD_LS64, isar1) ? NEEDS_LS64 : 0;
	features |= FIELD_GET(FIELD_DPB, isar1) ? NEEDS_DPB : 0;
}

bool row_runs_here(const struct row *row)
{
	return !(row->flags & NEEDS_ALL & ~features);
}

static void find_places(void)
{
	u64 scratch = arg_number("scratch", 0), bytes = arg_number("bytes", 2 * PAGE);

	places.device = scratch != 0;
	places.first = places.device ? scratch : ram_page(4);
	places.second = places.first + PAGE;
	places.last = scratch + bytes - PAGE;
	places.hole = scratch + bytes;
}

void payload_main(void)
{
	read_features();
	find_places();
	run_set_up();
	if (!arg_flag("refused"))
		test_same();
	if (places.device)
		test_refused();
	else
		tap_skip("what a device refuses", "no scratch device");
}
