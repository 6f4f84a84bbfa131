/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that does too much of one thing, until a time of the machine's counter; every CPU of it.
 *
 * Boot arguments: mode=NAME (floods.c has the list; none: it only spins), until=MS (240); us=N with
 * mode=wfi: sleeps so long each time (10).
 */
#include "flood.h"
#include "gic.h"
#include "machine.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define UNTIL_DEFAULT 240
#define JOIN_MS       10000
#define MODE_MAX      32
/* What the console has not printed yet may go out before the results. */
#define REST_MS       10

static u64 done[MAX_CPUS];
static u64 until;

static void one_cpu(void *arg)
{
	const struct flood *flood = arg;
	u32 cpu = cpu_id();

	if (cpu)
		gic_init_cpu();
	if (flood->interrupts)
		irq_enable();
	while (counter_phys() < until)
		done[cpu] += flood->burst();
	irq_disable();
}

void payload_main(void)
{
	const struct flood *flood = NULL;
	char mode[MODE_MAX] = "none";

	(void)arg_text("mode", mode, sizeof(mode));
	until = ms_ticks(arg_number("until", UNTIL_DEFAULT));
	for (u32 i = 0; i < nr_floods; i++) {
		if (strlen(mode) == strlen(floods[i].mode) && str_starts(mode, floods[i].mode))
			flood = &floods[i];
	}
	if (!flood) {
		tap_ok(false, "there is no flood of the name %s", mode);
		return;
	}
	flood_prepare();
	(void)smp_run(one_cpu, (void *)flood, JOIN_MS);
	delay_us(REST_MS * 1000);
	tap_note("flood: %lu of %s, %u interrupts taken", done[0], mode, flood_taken());
	tap_ok(counter_phys() >= until, "still there after a flood of %s", mode);
}
