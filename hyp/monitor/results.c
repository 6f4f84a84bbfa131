/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/results.h"
#include "hyp/arch/cpu.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/options.h"
#include "hyp/monitor/stats.h"
#include "hyp/monitor/trace.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"

static unsigned bad_vms;
static uint64_t free_before; /* pages, before the first VM ran */

void results_set_bad(unsigned bad)
{
	bad_vms = bad;
}

void results_begin(void)
{
	struct page_stats stats;

	page_get_stats(&stats);
	free_before = stats.free_pages;
}

static const char *end_name(enum vm_end end)
{
	switch (end) {
	case VM_END_POWER_OFF:
		return "powered off";
	case VM_END_FAULT:
		return "FAULT";
	case VM_END_RESET:
		return "restarting";
	case VM_END_STOPPED:
		return "stopped";
	case VM_END_WATCHDOG:
		return "WATCHDOG";
	default:
		return "not started";
	}
}

const char *results_state_name(const struct vm *vm)
{
	switch (vm->state) {
	case VM_WAITING:
		return "waiting";
	case VM_LOADING:
		return "loading";
	case VM_RUNNING:
		return "running";
	case VM_PAUSING:
		return "pausing";
	case VM_PAUSED:
		return "paused";
	case VM_STOPPING:
		return "stopping";
	case VM_RESETTING:
		return "restarting";
	default:
		return end_name(vm->end);
	}
}

/* lintel.measure=masked: what boot had kept in each CPU. */
static void print_longest_masked(void)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < nr_cpus; i++)
		longest = MAX(longest, cpus[i].longest_masked);
	console_printf("stats longest_masked %llu\n", (unsigned long long)longest);
}

static void print_memory(void)
{
	struct page_stats stats;

	page_get_stats(&stats);
	console_printf(
		"stats memory_kept %llu\n", (unsigned long long)stats.lintel_pages * PAGE_SIZE);
	console_printf("stats wiped %llu\n", (unsigned long long)mm_wiped_ticks);
}

/* When all VMs have stopped they have given back what they had. */
static bool memory_is_back(void)
{
	struct page_stats stats;

	for (unsigned i = 0; i < nr_vms; i++) {
		if (vms[i]->state != VM_STOPPED)
			return true;
	}
	page_get_stats(&stats);
	if (options.stats)
		console_printf("stats pages_free %llu of %llu\n",
			(unsigned long long)stats.free_pages, (unsigned long long)free_before);
	if (stats.free_pages == free_before)
		return true;
	console_printf("lintel: %llu pages are free, but before the first VM ran it were %llu\n",
		(unsigned long long)stats.free_pages, (unsigned long long)free_before);
	return false;
}

int monitor_summary(void)
{
	bool good = bad_vms == 0;

	console_drain();
	console_printf("lintel: %-31s  %-12s  %s\n", "VM", "ended", "starts");
	for (unsigned i = 0; i < nr_vms; i++) {
		const struct vm *vm = vms[i];

		console_printf("lintel: %-31s  %-12s  %llu\n", vm->name, results_state_name(vm),
			(unsigned long long)vm->boots);
		good = good && vm->state == VM_STOPPED && vm->end != VM_END_FAULT;
	}
	if (bad_vms)
		console_printf("lintel: %u VM%s of the bundle could not be made (see above)\n",
			bad_vms, bad_vms == 1 ? "" : "s");
	good = memory_is_back() && good;
	if (options.stats)
		for (unsigned i = 0; i < nr_vms; i++)
			stats_print_machine_readable(vms[i]);
	if (options.stats) {
		stats_print_cpus_machine_readable();
		print_memory();
	}
	if (options.measure_masked)
		print_longest_masked();
	if (options.trace_dump)
		trace_dump();
	return good ? 0 : 1;
}
