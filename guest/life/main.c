/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that ends again and again, until it has its tests done:
 *
 *   end=reset|off|crash  how (reset)
 *   times=N              that often (0), counted in memory that the manifest must have kept
 *   until=MS             as long as its counter is below that (0), with memory that is wiped
 *   quiet                says nothing of it
 *   bare                 leaves nothing behind, to be quick
 *
 * Before each end it leaves traces in devices, and after the last it looks for them.
 */
#include "life.h"
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define MAGIC   UINT64_C(0x1badb00720231121)
#define SCTLR_M BIT(0)
#define PLACES  8

/* In the middle of memory, where no image is. */
struct memory {
	u64 magic;
	u64 boots;
};

static u64 in_data = MAGIC;

static struct memory *memory(void)
{
	return (struct memory *)(machine.memory_base + machine.memory_size / 2);
}

/* Words all over the memory behind the image. */
static volatile u64 *place(u32 i)
{
	u64 step = machine.memory_size / 2 / (PLACES + 1);

	return (volatile u64 *)(machine.memory_base + machine.memory_size / 2 + step * (i + 1));
}

static void crash(void)
{
	msr(sctlr_el1, mrs(sctlr_el1) & ~SCTLR_M);
	isb();
	msr(vbar_el1, 0);
	isb();
	__asm__ volatile("udf #0");
}

static void end(void)
{
	char how[8] = "reset";

	(void)arg_text("end", how, sizeof(how));
	if (!arg_flag("bare"))
		leave_traces();
	if (how[0] == 'c')
		crash();
	psci(how[0] == 'o' ? PSCI_SYSTEM_OFF : PSCI_SYSTEM_RESET, 0, 0, 0);
	tap_ok(false, "end=%s does not return", how);
	tap_done();
}

static void check_memory(u64 boots, bool kept)
{
	bool good = true;

	tap_is(in_data, MAGIC, "the image was loaded again");
	if (kept)
		tap_is(boots, arg_number("times", 0) + 1, "memory counted the boots");
	for (u32 i = 0; i < PLACES; i++)
		good = good && *place(i) == (kept && !arg_flag("bare") ? MAGIC + i : 0);
	tap_ok(good, "other memory was %s", kept ? "kept" : "wiped");
}

void payload_main(void)
{
	struct memory *mine = memory();
	u64 times = arg_number("times", 0), boots;
	bool kept = times > 0;

	boots = mine->magic == MAGIC ? mine->boots + 1 : 1;
	if (!arg_flag("quiet"))
		tap_note("boot %lu, started at %lu ms, the counter is at %lu ms", boots,
			(counter_phys() - counter()) / ms_ticks(1), counter() / ms_ticks(1));
	if (boots <= times || counter() < ms_ticks(arg_number("until", 0))) {
		*mine = (struct memory){ MAGIC, boots };
		for (u32 i = 0; i < PLACES && !arg_flag("bare"); i++)
			*place(i) = MAGIC + i;
		in_data = ~MAGIC;
		end();
	}
	check_memory(boots, kept);
	check_traces();
}
