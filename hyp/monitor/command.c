/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of the monitor's commands, and what they have in common.
 */
#include "hyp/monitor/command.h"
#include "hyp/arch/cpu.h"
#include "hyp/base/format.h"
#include "hyp/base/string.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/vm/sched.h"

static void command_help(const struct command_line *line);

/* A new command is a row here. */
static const struct command commands[] = {
	{ "vms", "", "the VMs: state, vCPUs, memory, starts, CPU time", 0, 0, command_vms },
	{ "vcpus", "[VM]", "their vCPUs: state, CPU, time, exits, interrupts", 0, 1,
		command_vcpus },
	{ "stats", "[VM]", "what the counters say", 0, 1, command_stats },
	{ "trace", "[show N|dump CPU|off|on]", "what happened last; for tools/trace", 0, 2,
		command_trace },
	{ "mem", "", "who has how many pages", 0, 0, command_mem },
	{ "start", "VM", "load and run one that is stopped", 1, 1, command_start },
	{ "pause", "VM", "hold it", 1, 1, command_pause },
	{ "resume", "VM", "let it go on", 1, 1, command_resume },
	{ "stop", "VM", "switch it off, at once", 1, 1, command_stop },
	{ "restart", "VM", "switch it off and start it anew", 1, 1, command_restart },
	{ "view", "[VM|all]", "show that VM alone, or all; what was kept of them", 0, 1,
		command_view },
	{ "console", "[VM|all]", "the same", 0, 1, command_view },
	{ "log", "[error|warn|info|debug]", "which of Lintel's messages are shown", 0, 1,
		command_log },
	{ "quit", "", "switch all VMs off and end; a second time does not wait for them", 0, 0,
		command_quit },
	{ "help", "[COMMAND]", "this list, or one line of it", 0, 1, command_help },
};

static void print_help(const struct command *command)
{
	console_printf("  %-8s %-24s %s\n", command->name, command->arguments, command->help);
}

static const struct command *find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	console_printf("no command of that name: help lists them\n");
	return NULL;
}

static void command_help(const struct command_line *line)
{
	if (line->count > 1) {
		const struct command *command = find(line->words[1]);

		if (command)
			print_help(command);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		print_help(&commands[i]);
	console_printf("VM is a VM's name or number. The escape character and ? list the keys.\n");
}

/* --- steps --- */

static struct {
	struct sched_job job;
	bool (*step)(unsigned n); /* NULL: none */
	unsigned n;
} steps;

static bool run_step(struct sched_job *job)
{
	(void)job;
	if (!console_command_cancelled()) {
		/* What is printed must not have to wait for the port. */
		if (!console_has_room())
			return true;
		if (steps.step(steps.n++))
			return true;
	}
	console_command_end();
	return false;
}

void command_steps(bool (*step)(unsigned n))
{
	steps.step = step;
}

static void begin_steps(void)
{
	steps.n = 0;
	steps.job.step = run_step;
	list_init(&steps.job.link);
	sched_add_job(this_cpu(), &steps.job);
}

/* --- VMs --- */

static bool parse_number(const char *word, unsigned *number)
{
	*number = 0;
	for (; *word; word++) {
		if (*word < '0' || *word > '9' || *number > MAX_VMS)
			return false;
		*number = 10 * *number + (unsigned)(*word - '0');
	}
	return true;
}

struct vm *command_find_vm(const char *word)
{
	char names[CONSOLE_LINE_MAX];
	unsigned number;
	size_t length = 0;

	for (unsigned i = 0; i < nr_vms; i++) {
		if (strcmp(vms[i]->name, word) == 0)
			return vms[i];
	}
	if (parse_number(word, &number) && number < nr_vms)
		return vms[number];
	for (unsigned i = 0; i < nr_vms && length < sizeof(names); i++)
		length += format(names + length, sizeof(names) - length, "%s%s", i ? ", " : "",
			vms[i]->name);
	console_printf("no VM of that name: %s\n", nr_vms ? names : "there is none");
	return NULL;
}

/* --- a line --- */

/* Cuts the text into words. False: there are too many. */
static bool split(char *text, struct command_line *line)
{
	line->count = 0;
	for (;;) {
		while (*text == ' ')
			text++;
		if (!*text)
			return true;
		if (line->count == COMMAND_WORDS_MAX)
			return false;
		line->words[line->count++] = text;
		while (*text && *text != ' ')
			text++;
		if (*text)
			*text++ = '\0';
	}
}

/* What stands behind the first word: a copy, because the text is cut into words. */
static void copy_arguments(const char *text, char *arguments)
{
	text += strspn(text, " ");
	text += strcspn(text, " ");
	text += strspn(text, " ");
	format(arguments, COMMAND_LINE_MAX, "%s", text);
}

bool command_run(char *text)
{
	char arguments[COMMAND_LINE_MAX];
	struct command_line line = { .arguments = arguments };
	const struct command *command;

	copy_arguments(text, arguments);
	if (!split(text, &line)) {
		console_printf("too many words\n");
		return true;
	}
	if (!line.count)
		return true;
	command = find(line.words[0]);
	if (!command)
		return true;
	if (line.count - 1 < command->least || line.count - 1 > command->most) {
		console_printf("usage: %s %s\n", command->name, command->arguments);
		return true;
	}
	steps.step = NULL;
	command->run(&line);
	if (!steps.step)
		return true;
	begin_steps();
	return false;
}
