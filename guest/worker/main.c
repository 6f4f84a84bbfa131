/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many instructions a VM gets: between two times of the machine's counter it executes a loop
 * whose instructions are known, and prints `WORKER instructions N`. It goes on for a while, so that
 * another worker is measured beside it from the beginning to the end.
 *
 * Boot arguments: at=MS of the machine's counter (20; 0: at once), ms=N (200), after=MS (10).
 */
#include "machine.h"
#include "print.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define AT_DEFAULT    20
#define MS_DEFAULT    200
#define AFTER_DEFAULT 10

/* Loops until CNTVCT_EL0 has reached `end`, a thousand instructions longer at most; the number of
 * instructions executed. */
u64 count_until(u64 end);

void payload_main(void)
{
	/* The machine's counter is the same for all VMs; the virtual one starts with the VM. */
	u64 started = counter_phys() - counter();
	u64 wanted = ms_ticks(arg_number("at", AT_DEFAULT));
	bool early = !wanted || counter_phys() < wanted;
	u64 at = wanted && early ? wanted - started : counter();
	u64 end = at + ms_ticks(arg_number("ms", MS_DEFAULT));
	u64 after = end + ms_ticks(arg_number("after", AFTER_DEFAULT));
	u64 found;

	(void)count_until(at);
	found = count_until(end);
	(void)count_until(after);
	print("WORKER instructions %lu\n", found);
	tap_ok(early, "began before its time");
	tap_ok(found, "got the CPU");
}
