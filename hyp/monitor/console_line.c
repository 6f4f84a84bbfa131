/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's command line: a prompt, and enough editing for a person.
 */
#include "hyp/base/string.h"
#include "hyp/monitor/command.h"
#include "hyp/monitor/console_state.h"

#define PROMPT         "lintel> "

#define KEY_CTRL_C     0x03
#define KEY_BELL       0x07
#define KEY_BACKSPACE  0x08
#define KEY_CTRL_U     0x15
#define KEY_ESCAPE     0x1b
#define KEY_DELETE     0x7f
#define FIRST_VISIBLE  0x20
#define LAST_VISIBLE   0x7e
#define SEQUENCE_START '['
#define SEQUENCE_END   0x40 /* and above: the last character of a cursor key's sequence */

static struct console_line *const line = &console.line;

/* --- the lock is held --- */

void console_show_prompt(void)
{
	if (console.view != VIEW_MONITOR || line->busy || line->shown)
		return;
	console_emit_text(PROMPT, sizeof(PROMPT) - 1);
	console_emit_text(line->text, line->length);
	line->shown = true;
	console.mid_line = true;
}

/* The line as it stands stays on the screen: no terminal is too simple for that. */
void console_hide_prompt(void)
{
	if (!line->shown)
		return;
	console_end_line();
	line->shown = false;
}

static void erase(unsigned count)
{
	for (; count; count--) {
		console_emit_text("\b \b", 3);
		line->length--;
	}
}

/* The keys that are more than one character are not for us, but must not be taken for text. */
static bool in_sequence(char c)
{
	switch (line->sequence) {
	case SEQUENCE_BEGUN:
		line->sequence = c == SEQUENCE_START ? SEQUENCE_INSIDE : SEQUENCE_NONE;
		return true;
	case SEQUENCE_INSIDE:
		if (c >= SEQUENCE_END)
			line->sequence = SEQUENCE_NONE;
		return true;
	default:
		if (c == KEY_ESCAPE)
			line->sequence = SEQUENCE_BEGUN;
		return c == KEY_ESCAPE;
	}
}

static void insert(char c)
{
	if (c < FIRST_VISIBLE || c > LAST_VISIBLE)
		return;
	if (line->length == COMMAND_LINE_MAX - 1) {
		console_emit(KEY_BELL);
		return;
	}
	line->text[line->length++] = c;
	console_emit(c);
}

/* True: the line is complete. */
static bool edit(char c)
{
	bool after_cr = line->after_cr;

	line->after_cr = c == '\r';
	if (in_sequence(c))
		return false;
	switch (c) {
	case '\n':
	case '\r':
		return c == '\r' || !after_cr;
	case KEY_BACKSPACE:
	case KEY_DELETE:
		erase(MIN(line->length, 1));
		break;
	case KEY_CTRL_U:
		erase(line->length);
		break;
	case KEY_CTRL_C:
		console_hide_prompt();
		line->length = 0;
		console_show_prompt();
		break;
	default:
		insert(c);
	}
	return false;
}

bool console_take_monitor_key(char c)
{
	if (line->busy && c == KEY_CTRL_C) {
		line->cancelled = true;
		ring_drop(&console.keys, console.keys.count);
		return false;
	}
	(void)ring_put(&console.keys, c);
	return c == '\r' || c == '\n';
}

/* --- the lock is not held --- */

/* Takes one key, if one may be taken now; *complete: that was the end of the line. */
static bool take_key(bool *complete)
{
	bool taken;

	*complete = false;
	spin_lock(&console.lock);
	taken = console.view == VIEW_MONITOR && !line->busy && console.keys.count;
	if (taken) {
		char c = ring_first(&console.keys);

		ring_drop(&console.keys, 1);
		console_show_prompt();
		*complete = edit(c);
	}
	if (*complete) {
		console_hide_prompt();
		line->text[line->length] = '\0';
		line->length = 0;
		line->busy = true;
		line->cancelled = false;
	}
	if (console.view == VIEW_MONITOR && console.keys.count < console.keys.size / 2)
		console_resume_input();
	spin_unlock(&console.lock);
	return taken;
}

void console_edit(void)
{
	bool complete;

	while (take_key(&complete)) {
		if (complete && command_run(line->text))
			console_command_end();
	}
}

void console_command_end(void)
{
	spin_lock(&console.lock);
	line->busy = false;
	console_show_prompt();
	if (console.keys.count)
		console_tick_within(0);
	spin_unlock(&console.lock);
}

bool console_command_cancelled(void)
{
	return READ_ONCE(line->cancelled) || READ_ONCE(console.view) != VIEW_MONITOR;
}
