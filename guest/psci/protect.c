/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MEM_PROTECT in a VM whose memory is kept over a restart: three boots, told apart by what
 * MEM_PROTECT was and by a mark in memory.
 *
 *   boot  protected  mark   then
 *   1     no         no     protects, marks, SYSTEM_RESET2
 *   2     yes        wiped  doesn't protect, marks, SYSTEM_RESET
 *   3     no         kept   goes on to the other tests
 */
#include "machine.h"
#include "psci_test.h"
#include "regs.h"
#include "tap.h"
#include "timer.h"

#define MARK     UINT64_C(0x1badb00720231122)
#define PLACES   8
#define LIMIT_MS 120000 /* of its counter, which runs on: it would go round for ever */

static volatile u64 *place(u32 i)
{
	u64 step = machine.memory_size / 2 / (PLACES + 1);

	return (volatile u64 *)(machine.memory_base + machine.memory_size / 2 + step * (i + 1));
}

static u32 marks(void)
{
	u32 found = 0;

	for (u32 i = 0; i < PLACES; i++)
		found += *place(i) == MARK + i;
	return found;
}

static void mark(void)
{
	for (u32 i = 0; i < PLACES; i++)
		*place(i) = MARK + i;
	dsb(sy);
}

bool test_protect(void)
{
	u32 found = marks();
	bool protected = call_way(0, MEM_PROTECT, 1, 0, 0) == 1;

	if (counter() > ms_ticks(LIMIT_MS)) {
		tap_ok(false, "it was not restarted as it should be");
	} else if (!protected && found == 0) {
		tap_note("MEM_PROTECT is on, SYSTEM_RESET2");
		mark();
		call_way(2, SYSTEM_RESET2, 0, 0, 0);
		tap_ok(false, "SYSTEM_RESET2 does not return");
	} else if (protected && found == 0) {
		tap_note("MEM_PROTECT was on, and memory was wiped; now off, SYSTEM_RESET");
		mark();
		call_way(2, MEM_PROTECT, 0, 0, 0);
		call_way(2, SYSTEM_RESET, 0, 0, 0);
		tap_ok(false, "SYSTEM_RESET does not return");
	} else {
		tap_ok(!protected, "a reset with MEM_PROTECT has wiped memory, and left it on");
		tap_is(found, PLACES, "a reset without it has kept memory");
		tap_is((u64)call_way(0, MEM_PROTECT, 0, 0, 0), 1,
			"MEM_PROTECT can be switched off");
		return true;
	}
	return false;
}
