/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's commands: one letter behind the escape character.
 */
#include "hyp/arch/cpu.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/results.h"
#include "hyp/monitor/stats.h"
#include "hyp/vdev/vuart.h"
#include "hyp/vm/sched.h"

static struct vm *focused_vm(void)
{
	return console_focus()->vm;
}

static void next_vm(void)
{
	if (console.nr_vms)
		console_set_focus((console.focus + 1) % console.nr_vms);
}

static void list_vms(void)
{
	for (unsigned i = 0; i < console.nr_vms; i++) {
		const struct vm *vm = console.vms[i].vm;

		console_printf("%c %u  %-20s %2u vCPUs  %8llu MiB  %s\n",
			i == console.focus ? '*' : ' ', i, vm->name, vm->nr_vcpus,
			(unsigned long long)(vm->ram_size / MIB(1)), results_state_name(vm));
	}
}

/* A table takes long to print: outside the interrupt handler, a VM at a time. */
static struct sched_job stats_job;
static unsigned stats_next, stats_end; /* the VMs still to come; next == end: no job */
static unsigned stats_position;        /* in the table of the next */

static bool stats_step(struct sched_job *job)
{
	(void)job;
	if (!console_has_room() || stats_print_vm_step(console.vms[stats_next].vm, &stats_position))
		return true;
	stats_position = 0;
	return ++stats_next < stats_end;
}

static void start_stats(unsigned first, unsigned end)
{
	if (stats_next < stats_end || first >= console.nr_vms)
		return;
	for (unsigned i = first; i < end; i++)
		stats_refresh(console.vms[i].vm);
	stats_next = first;
	stats_end = end;
	stats_job.step = stats_step;
	list_init(&stats_job.link);
	sched_add_job(this_cpu(), &stats_job);
}

static void show_stats(void)
{
	start_stats(console.focus, console.focus + 1);
}

static void show_all_stats(void)
{
	start_stats(0, console.nr_vms);
}

static void send_break(void)
{
	vuart_receive_break(focused_vm());
}

static void reset_vm(void)
{
	log_info("[%s] is restarted", focused_vm()->name);
	vm_reset(focused_vm());
}

static void power_off_vm(void)
{
	log_info("[%s] is switched off", focused_vm()->name);
	vm_power_off(focused_vm());
}

static void start_vm(void)
{
	enum status status = vm_start(focused_vm());

	if (status)
		log_warn("[%s] is not started: %s", focused_vm()->name,
			status == ERR_BUSY ? "it runs" : status_name(status));
}

/* All VMs off; when the last one is, boot's hook ends the machine. A second time does not wait for
 * them. */
static void quit(void)
{
	static bool quitting;

	if (quitting && vm_all_stopped)
		vm_all_stopped();
	quitting = true;
	log_info("all VMs are switched off");
	for (unsigned i = 0; i < console.nr_vms; i++)
		vm_power_off(console.vms[i].vm);
}

static void help(void);

static const struct {
	char letter;
	bool needs_vm;
	void (*run)(void);
	const char *text;
} commands[] = {
	{ 'n', true, next_vm, "the next VM has the keyboard (a digit: that VM)" },
	{ 'l', false, list_vms, "list the VMs" },
	{ 's', true, show_stats, "statistics of the VM that has the keyboard" },
	{ 't', true, show_all_stats, "statistics of all VMs" },
	{ 'b', true, send_break, "send it a break (SysRq)" },
	{ 'r', true, reset_vm, "restart it" },
	{ 'o', true, power_off_vm, "switch it off" },
	{ 'u', true, start_vm, "start it, when it is off" },
	{ 'x', false, quit, "switch all VMs off and end" },
	{ '?', false, help, "this list" },
};

static void help(void)
{
	static const char own[] = "the escape character twice: itself, to the VM\n";

	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		console_printf("%c  %s\n", commands[i].letter, commands[i].text);
	console_write(own, sizeof(own) - 1);
}

void console_command(char c)
{
	if (c >= '0' && c <= '9') {
		console_set_focus((unsigned)(c - '0'));
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].letter != c)
			continue;
		if (!commands[i].needs_vm || console.nr_vms)
			commands[i].run();
		return;
	}
	help();
}
