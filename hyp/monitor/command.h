/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's commands: a table (hyp/monitor/command.c) of functions that look, or act on a VM.
 *
 * A command runs in an interrupt handler. One that has much to print, or to wait for, returns at
 * once and goes on in steps (command_steps()).
 */
#ifndef HYP_MONITOR_COMMAND_H
#define HYP_MONITOR_COMMAND_H

#include "hyp/base/compiler.h"
#include "hyp/base/types.h"

#define COMMAND_LINE_MAX  128
#define COMMAND_WORDS_MAX 16

struct vm;

struct command_line {
	const char *arguments; /* all that stands behind the command's name, as one text */
	unsigned count;        /* words, the name included */
	const char *words[COMMAND_WORDS_MAX];
};

struct command {
	const char *name;
	const char *arguments; /* for people: "VM", "[VM]" */
	const char *help;      /* one line */
	unsigned least, most;  /* how many arguments; other numbers are refused by its usage */
	void (*run)(const struct command_line *line);
};

/*
 * Runs a line as it was typed, which is changed. True: the command is finished; false: it goes on
 * in steps, and console_command_end() follows. With no lock held.
 */
bool command_run(char *text);

/*
 * For a command that is not done at once, at most once in a run: step(n) is called with n = 0, 1, …
 * as a job of this CPU's, until it returns false or the person looks elsewhere. A step takes at
 * most 100,000 instructions and prints at most CONSOLE_ROOM characters.
 */
void command_steps(bool (*step)(unsigned n));

/* The VM of that name, else of that number; NULL, and it is said that there is none. */
struct vm *command_find_vm(const char *word);

/* --- command_vm.c --- */

void command_start(const struct command_line *line);
void command_pause(const struct command_line *line);
void command_resume(const struct command_line *line);
void command_stop(const struct command_line *line);
void command_restart(const struct command_line *line);
void command_quit(const struct command_line *line);
void command_view(const struct command_line *line);

/* --- command_show.c --- */

void command_vms(const struct command_line *line);
void command_vcpus(const struct command_line *line);
void command_stats(const struct command_line *line);
void command_trace(const struct command_line *line);
void command_mem(const struct command_line *line);
void command_log(const struct command_line *line);

#endif
