/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that only look.
 */
#include "hyp/base/format.h"
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/monitor/command.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/options.h"
#include "hyp/monitor/results.h"
#include "hyp/monitor/stats.h"
#include "hyp/monitor/trace.h"
#include "mm/page.h"

#define PAGES_PER_MIB (MIB(1) / PAGE_SIZE)

/* The VMs a table is of: from the next one on. */
static unsigned first_vm, end_vm;

/* All VMs, or the one the line names. False: there is none of that name. */
static bool choose_vms(const struct command_line *line)
{
	const struct vm *vm;

	first_vm = 0;
	end_vm = nr_vms;
	if (line->count < 2)
		return true;
	vm = command_find_vm(line->words[1]);
	if (!vm)
		return false;
	first_vm = vm->id;
	end_vm = vm->id + 1;
	return true;
}

static owner_t owner_of(const struct vm *vm)
{
	return (owner_t)(OWNER_FIRST_VM + vm->id);
}

static unsigned long long mib(uint64_t pages)
{
	return (unsigned long long)(pages / PAGES_PER_MIB);
}

/* --- vms --- */

static unsigned long long run_ms(const struct vcpu *vcpu)
{
	return (unsigned long long)timer_ticks_to_ms(READ_ONCE(vcpu->run_ticks));
}

static bool vms_step(unsigned n)
{
	unsigned long long ms = 0;
	const struct vm *vm;

	if (n == 0)
		console_printf("   VM                               state        vCPUs   used/MiB  "
			       "   of/MiB  starts  watchdog     CPU/ms\n");
	if (n >= nr_vms)
		return false;
	vm = vms[n];
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		ms += run_ms(vm->vcpus[i]);
	console_printf("%c%2u %-32s %-12s %5u %10llu %10llu %7llu %9llu %10llu\n",
		n == console.focus ? '*' : ' ', n, vm->name, results_state_name(vm), vm->nr_vcpus,
		mib(page_count_of(owner_of(vm))), (unsigned long long)(vm->ram_size / MIB(1)),
		(unsigned long long)vm->boots, (unsigned long long)vm->watchdog_restarts, ms);
	return n + 1 < nr_vms;
}

void command_vms(const struct command_line *line)
{
	(void)line;
	command_steps(vms_step);
}

/* --- vcpus --- */

static const char *vcpu_state_name(const struct vcpu *vcpu)
{
	static const char *const names[] = {
		[VCPU_OFF] = "off",
		[VCPU_READY] = "ready",
		[VCPU_RUNNING] = "running",
		[VCPU_BLOCKED] = "waiting",
		[VCPU_PAUSED] = "paused",
	};

	return names[READ_ONCE(vcpu->state)];
}

static void print_vcpu(const struct vm *vm, const struct vcpu *vcpu)
{
	uint64_t exits = 0;

	for (unsigned i = 0; i < NR_EXIT_CLASSES; i++)
		exits += READ_ONCE(vcpu->exits[i]);
	console_printf("   %-32s %4u  %-8s %3u %10llu %7llu %14llu %14llu\n", vm->name, vcpu->id,
		vcpu_state_name(vcpu), vcpu->cpu ? vcpu->cpu->index : 0, run_ms(vcpu),
		(unsigned long long)READ_ONCE(vcpu->migrations), (unsigned long long)exits,
		(unsigned long long)READ_ONCE(vcpu->irq_exits));
}

static bool vcpus_step(unsigned n)
{
	const struct vm *vm;

	if (n == 0)
		console_printf(
			"   VM                               vCPU  state    CPU    time/ms   moves"
			"          exits     interrupts\n");
	if (first_vm >= end_vm)
		return false;
	vm = vms[first_vm++];
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		print_vcpu(vm, vm->vcpus[i]);
	return first_vm < end_vm;
}

void command_vcpus(const struct command_line *line)
{
	if (choose_vms(line))
		command_steps(vcpus_step);
}

/* --- stats --- */

static unsigned stats_position; /* in the table of first_vm */
static bool stats_of_all;       /* and of the CPUs */

static bool stats_step(unsigned n)
{
	(void)n;
	if (first_vm >= end_vm)
		return false;
	if (stats_print_vm_step(vms[first_vm], &stats_position))
		return true;
	stats_position = 0;
	if (++first_vm < end_vm)
		return true;
	if (stats_of_all)
		stats_print_cpus();
	return false;
}

void command_stats(const struct command_line *line)
{
	if (!choose_vms(line))
		return;
	stats_position = 0;
	stats_of_all = line->count == 1;
	for (unsigned i = first_vm; i < end_vm; i++)
		stats_refresh(vms[i]);
	command_steps(stats_step);
}

static bool trace_step(unsigned n)
{
	(void)n;
	return trace_is_printing();
}

/* The trace is printed by a job of its own. */
void command_trace(const struct command_line *line)
{
	trace_command(line->arguments);
	if (trace_is_printing())
		command_steps(trace_step);
}

/* --- mem --- */

static void print_pages(const char *owner, uint64_t pages)
{
	console_printf(
		"   %-36s %10llu pages %8llu MiB\n", owner, (unsigned long long)pages, mib(pages));
}

static void print_totals(void)
{
	struct page_stats stats;

	page_get_stats(&stats);
	print_pages("all", stats.total_pages);
	print_pages("free", stats.free_pages);
	print_pages("  of these promised to VMs", stats.promised_blocks * PAGES_PER_BLOCK);
	print_pages("Lintel", stats.lintel_pages);
	print_pages("firmware", stats.firmware_pages);
}

static bool mem_step(unsigned n)
{
	char owner[VM_NAME_MAX + 8];

	if (n == 0)
		print_totals();
	if (n >= nr_vms)
		return false;
	format(owner, sizeof(owner), "vm %s", vms[n]->name);
	print_pages(owner, page_count_of(owner_of(vms[n])));
	return n + 1 < nr_vms;
}

void command_mem(const struct command_line *line)
{
	(void)line;
	command_steps(mem_step);
}

/* --- log --- */

void command_log(const struct command_line *line)
{
	if (line->count > 1 && !options_set_log(line->words[1])) {
		console_printf("%s: expected error, warn, info or debug\n", line->words[1]);
		return;
	}
	console_printf("messages up to %s are shown\n", options_log_name());
}
