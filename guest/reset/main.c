/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_RESET. Nothing in RAM may live through it, so time tells the boots apart. Before `at=`
 * milliseconds (default 2500) a boot is the first: it waits for that time and resets. The second
 * begins after it, because the virtual counter runs on over a reset, as the system counter of a
 * machine does. The runner sees exactly one line `boot 1` and one `boot 2`.
 */
#include "gic.h"
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define FIRST_BOOT_MS 2500
#define MARK          UINT64_C(0x1badb00720231120)
#define MARKS         4
#define SECOND_CPU_MS 2000

static u64 mark_in_data = 0x600d;

/* Places in RAM that the image does not fill: the first MiB above it, the middle, the end. */
static volatile u64 *mark_place(u32 i)
{
	u64 places[MARKS] = { machine.memory_size / 4, machine.memory_size / 2,
		machine.memory_size / 4 * 3, machine.memory_size - KIB(4) };

	return (volatile u64 *)(machine.memory_base + places[i]);
}

static void stay(void *arg)
{
	store_release((u32 *)arg, 1);
	for (;;)
		cpu_relax();
}

/* Sleeps, so that other VMs run. */
static void sleep_until(u64 at)
{
	gic_init();
	gic_init_cpu();
	gic_enable(TIMER_VIRT_INTID);
	timer_set_cval(TIMER_VIRT, at);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	while (counter() < at)
		wfi();
}

static void first_boot(u64 at)
{
	static u32 running;

	for (u32 i = 0; i < MARKS; i++)
		*mark_place(i) = MARK;
	mark_in_data = MARK;
	sleep_until(at);
	if (machine.cpus > 1) {
		(void)smp_start(1, stay, &running);
		(void)wait_for(SECOND_CPU_MS, load_acquire(&running));
	}
	dsb(sy);
	psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	tap_ok(false, "SYSTEM_RESET does not return");
}

void payload_main(void)
{
	u64 at = ms_ticks(arg_number("at", FIRST_BOOT_MS));
	u64 now = counter();
	u64 started = counter_phys() - now;
	bool second = now >= at;

	tap_note("boot %u, the VM was started at %lu ms, and its counter is at %lu ms",
		second ? 2 : 1, started / ms_ticks(1), now / ms_ticks(1));
	if (!second)
		return first_boot(at);
	tap_is(mark_in_data, 0x600d, "the image was loaded again");
	for (u32 i = 0; i < MARKS; i++) {
		if (under_lintel())
			tap_is(*mark_place(i), 0, "RAM was wiped at %p", (void *)mark_place(i));
		else
			tap_skip("RAM was wiped", "not under Lintel");
	}
	if (machine.cpus > 1)
		tap_is((u32)psci(PSCI_AFFINITY_INFO, machine.mpidr[1], 0, 0), AFFINITY_OFF,
			"the other CPU is off again");
}
