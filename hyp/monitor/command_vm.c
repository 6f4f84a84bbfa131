/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that act on a VM.
 */
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/monitor/command.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/results.h"

/* So long a command waits for what it has begun. */
#define WAIT_MS 5000

/* What a command waits for. */
static struct {
	const struct vm *vm;
	enum vm_state state;
	uint64_t boots; /* at least so many starts */
	uint64_t deadline;
} wait;

static void say_state(const struct vm *vm)
{
	console_printf("vm %s is %s\n", vm->name, results_state_name(vm));
}

static bool wait_step(unsigned n)
{
	bool reached =
		READ_ONCE(wait.vm->state) == wait.state && READ_ONCE(wait.vm->boots) >= wait.boots;

	(void)n;
	if (!reached && timer_now() < wait.deadline)
		return true;
	say_state(wait.vm);
	return false;
}

/* The answer is what has become of the VM when it is where it should be, or after WAIT_MS. */
static void wait_for(const struct vm *vm, enum vm_state state, uint64_t boots)
{
	wait.vm = vm;
	wait.state = state;
	wait.boots = boots;
	wait.deadline = timer_now() + timer_ms_to_ticks(WAIT_MS);
	command_steps(wait_step);
}

/* A command of one VM: what it does, and what it then waits for. */
static void act(const struct command_line *line, enum status (*action)(struct vm *vm),
	enum vm_state state, unsigned more_boots)
{
	struct vm *vm = command_find_vm(line->words[1]);
	enum status status;
	uint64_t boots;

	if (!vm)
		return;
	boots = READ_ONCE(vm->boots);
	status = action(vm);
	if (status == OK)
		wait_for(vm, state, boots + more_boots);
	else if (status == ERR_BUSY)
		console_printf(
			"vm %s is %s: it can't be done now\n", vm->name, results_state_name(vm));
	else
		console_printf("vm %s: %s\n", vm->name, status_name(status));
}

void command_start(const struct command_line *line)
{
	act(line, vm_start, VM_RUNNING, 1);
}

void command_pause(const struct command_line *line)
{
	act(line, vm_pause, VM_PAUSED, 0);
}

void command_resume(const struct command_line *line)
{
	act(line, vm_resume, VM_RUNNING, 0);
}

void command_stop(const struct command_line *line)
{
	act(line, vm_stop, VM_STOPPED, 0);
}

void command_restart(const struct command_line *line)
{
	act(line, vm_restart, VM_RUNNING, 1);
}

/* All VMs off; when the last one is, boot's hook ends the machine. A second time does not wait for
 * them. */
void command_quit(const struct command_line *line)
{
	static bool quitting;
	bool any = false;

	(void)line;
	if (quitting && vm_all_stopped)
		vm_all_stopped();
	quitting = true;
	console_printf("all VMs are switched off\n");
	for (unsigned i = 0; i < nr_vms; i++) {
		bool stopped = READ_ONCE(vms[i]->state) == VM_STOPPED;

		any = any || !stopped;
		/* One that waits for another's end waits no more. */
		if (vm_stop(vms[i]) != OK && !stopped)
			log_debug("VM %s is %s", vms[i]->name, results_state_name(vms[i]));
	}
	/* Nobody is left whose end would be the machine's. */
	if (!any && vm_all_stopped)
		vm_all_stopped();
}

static bool kept_step(unsigned n)
{
	const struct console_vm *vm = &console.vms[n];

	if (n >= console.nr_vms)
		return false;
	console_printf("%c%2u %-32s %6u bytes kept %10llu lost\n", n == console.focus ? '*' : ' ',
		n, vm->vm->name, READ_ONCE(vm->output.count),
		(unsigned long long)READ_ONCE(vm->lost));
	return n + 1 < console.nr_vms;
}

void command_view(const struct command_line *line)
{
	const struct vm *vm;

	if (line->count < 2) {
		command_steps(kept_step);
		return;
	}
	if (strcmp(line->words[1], "all") == 0 && nr_vms) {
		console_set_view(VIEW_ALL, console.focus);
		return;
	}
	vm = command_find_vm(line->words[1]);
	if (vm)
		console_set_view(VIEW_VM, vm->id);
}
