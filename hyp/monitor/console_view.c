/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which view is shown, and the keys behind the escape character.
 */
#include "hyp/base/format.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/options.h"
#include "hyp/vdev/vuart.h"

/* What makes a character of a control character: ^A is 1. */
#define CONTROL_BASE '@'

void console_escape_name(char *name)
{
	if (options.escape < 0)
		format(name, CONSOLE_ESCAPE_NAME, "none");
	else
		format(name, CONSOLE_ESCAPE_NAME, "Ctrl-%c", CONTROL_BASE + options.escape);
}

/* What has the keyboard is another one: what belongs to the one before ends. The lock is held. */
static void begin_focus(void)
{
	console.interactive = false;
	console.partial_at = 0;
	console.hold_until = 0;
	console_watch_partial_line(console_focus());
	if (console.uart)
		console_resume_input();
}

static void announce_view(void)
{
	char escape[CONSOLE_ESCAPE_NAME];

	console_escape_name(escape);
	if (console.view == VIEW_ALL)
		console_emit_format("lintel: all VMs; [%s] has the keyboard (%s ?: help)\n",
			console_focus()->vm->name, escape);
	else if (console.view == VIEW_VM)
		console_emit_format(
			"lintel: [%s] alone (%s ?: help)\n", console_focus()->vm->name, escape);
	else
		console_emit_format(
			"lintel: the monitor (help: what it can do; %s ?: the keys)\n", escape);
}

void console_set_view(enum console_view view, unsigned vm)
{
	spin_lock(&console.lock);
	if (vm < console.nr_vms || view == VIEW_MONITOR) {
		console_hide_prompt();
		console_start_line();
		console.view = view;
		if (vm < console.nr_vms)
			console.focus = vm;
		begin_focus();
		announce_view();
		if (view == VIEW_VM)
			console_rewind(console_focus());
		console_show_prompt();
		console_pump();
	}
	spin_unlock(&console.lock);
	console_wake_vms();
}

void console_set_focus(unsigned vm)
{
	spin_lock(&console.lock);
	console.focus = vm;
	begin_focus();
	spin_unlock(&console.lock);
	log_info("[%s] has the keyboard", console_focus()->vm->name);
}

/* --- the keys --- */

static void show_next(void)
{
	console_set_view(VIEW_VM, (console.focus + 1) % console.nr_vms);
}

static void show_all(void)
{
	console_set_view(VIEW_ALL, console.focus);
}

static void show_monitor(void)
{
	console_set_view(VIEW_MONITOR, console.focus);
}

static void send_break(void)
{
	vuart_receive_break(console_focus()->vm);
}

static void help(void);

static const struct {
	char key;
	bool needs_vm;
	void (*run)(void);
	const char *text;
} keys[] = {
	{ 'n', true, show_next, "the next VM alone" },
	{ 'a', true, show_all, "all VMs, each line with the VM's name" },
	{ 'm', false, show_monitor, "the monitor's command line" },
	{ 'b', true, send_break, "a break (SysRq) to the VM that has the keyboard" },
	{ '?', false, help, "this list" },
};

static void help(void)
{
	char escape[CONSOLE_ESCAPE_NAME];

	console_escape_name(escape);
	console_printf("%s and a key:\n  0-9  that VM alone\n", escape);
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		console_printf("  %c    %s\n", keys[i].key, keys[i].text);
	console_printf("  %s once more: the character itself\n", escape);
}

void console_key(char key)
{
	if (key >= '0' && key <= '9') {
		console_set_view(VIEW_VM, (unsigned)(key - '0'));
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key != key)
			continue;
		if (!keys[i].needs_vm || console.nr_vms)
			keys[i].run();
		return;
	}
	help();
}
