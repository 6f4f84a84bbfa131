/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console: its views, a ring for each VM, what is lost and how it is said, turns line by line,
 * the keyboard, a port that is full or has no interrupt.
 *
 * links: tests/unit/console_model.c hyp/monitor/console_output.c hyp/monitor/console_vms.c
 *        hyp/monitor/console_port.c hyp/monitor/console_input.c hyp/monitor/console_view.c
 *        hyp/monitor/console_line.c hyp/monitor/command.c hyp/monitor/command_vm.c
 *        hyp/monitor/command_show.c hyp/monitor/results.c hyp/monitor/stats.c
 * hyp/trap/triage_table.c hyp/monitor/stats_bell.c hyp/smccc/call_names.c hyp/monitor/options.c
 * hyp/base/log.c hyp/base/format.c hyp/base/status.c
 */
#include "tests/unit/console_model.h"

#define LINE "0123456789012345678901234567890123456789012345678901234567890\n"

static unsigned count_of(const char *text)
{
	unsigned count = 0;

	for (const char *at = output; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* --- views --- */

static void one_vm_is_raw(void **state)
{
	(void)state;
	assert_true(rx_on);
	vm_says(0, "a\r\nb\n\x1b[0m$ ");
	assert_string_equal(output, "a\r\nb\n\x1b[0m$ ");
	/* Lintel's line begins on a line of its own. */
	log_info("hello");
	vm_says(0, "x\n");
	log_info("again");
	assert_string_equal(output, "a\r\nb\n\x1b[0m$ \r\nlintel: hello\r\nx\nlintel: again\r\n");
	type("ls\r\x03");
	assert_string_equal(received[0], "ls\r\x03");
	type(ESC "n");
	assert_int_equal(console.view, VIEW_VM);
	type(ESC "a");
	vm_says(0, "now with its name\n");
	assert_shown("\r\n[vm0] now with its name\r\n");
}

static void several_vms_go_by_lines(void **state)
{
	(void)state;
	vm_says(0, "half ");
	vm_says(1, "whole\r\n");
	vm_says(0, "a line\nnext");
	vm_says(2, "\n");
	assert_string_equal(output, "[vm1] whole\r\n[vm0] half a line\r\n[vm2] \r\n");
	/* What is left is shown at the end. */
	forget();
	vm_says(2, "bye\r");
	console_drain();
	assert_string_equal(output, "[vm0] next\r\n[vm2] bye\r\n");
}

static void long_lines_come_in_pieces(void **state)
{
	char line[600];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[598] = '\n';
	line[599] = '\0';
	vm_says(1, line);
	/* One line still, because nobody spoke between. */
	assert_int_equal(output_count, 6 + 598 + 2);
	forget();
	line[598] = '\0';
	vm_says(1, line);
	vm_says(0, "ha\n");
	assert_shown("x\r\n[vm0] ha\r\n");
	forget();
	vm_says(1, "y\n");
	assert_memory_equal(output, "[vm1] xxxxx", 11);
	assert_shown("xy\r\n");
}

static void one_of_several_alone(void **state)
{
	(void)state;
	vm_says(1, "before\npart");
	forget();
	type(ESC "1");
	assert_string_equal(output, "lintel: [vm1] alone (Ctrl-^ ?: help)\r\npart");
	vm_says(1, "ly\r\n$ ");
	vm_says(0, "unseen\n");
	vm_says(2, "unseen too\n");
	log_info("Lintel's own");
	assert_string_equal(output,
		"lintel: [vm1] alone (Ctrl-^ ?: help)\r\npartly\r\n$ \r\n"
		"lintel: Lintel's own\r\n");
	/* Back to all: what was out of view comes now. */
	forget();
	type(ESC "a");
	assert_string_equal(output,
		"lintel: all VMs; [vm1] has the keyboard (Ctrl-^ ?: help)\r\n"
		"[vm2] unseen too\r\n[vm0] unseen\r\n");
	/* From one to the next. */
	type(ESC "n");
	assert_int_equal(console.focus, 2);
	type(ESC "n");
	assert_int_equal(console.focus, 0);
	assert_int_equal(console.view, VIEW_VM);
	forget();
	type(ESC "9");
	assert_int_equal(console.focus, 0);
	assert_string_equal(output, "");
}

/* The prompt is there again when one comes back, as far as it is still in the ring. */
static void a_prompt_is_seen_again(void **state)
{
	static char many[CONSOLE_OUTPUT_MAX];
	char line[400];

	(void)state;
	type(ESC "0");
	vm_says(0, "hello\r\nlogin: ");
	type(ESC "1");
	forget();
	type(ESC "0");
	assert_string_equal(output, "lintel: [vm0] alone (Ctrl-^ ?: help)\r\nlogin: ");
	type(ESC "0");
	assert_string_equal(output + output_count - 9, "\r\nlogin: ");
	/* Not over a restart. */
	machines[0].boots++;
	forget();
	type(ESC "0");
	assert_string_equal(output, "\r\nlintel: [vm0] alone (Ctrl-^ ?: help)\r\n");
	/* A long line: its end. */
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	vm_says(0, line);
	forget();
	type(ESC "0");
	assert_int_equal(output_count, 2 + 38 + 128);
	/* Others have come since: not what stood in their place. */
	type(ESC "1");
	memset(many, 'y', sizeof(many) - 10);
	vm_says(0, many);
	forget();
	type(ESC "0");
	while (let_time_pass())
		;
	assert_int_equal(output_count, 38 + CONSOLE_OUTPUT_MAX);
	assert_memory_equal(output + 38, "xxxxxxxxxxyyyyyyy", 17);
}

/* Nothing of it blocks, the newest is kept, and what is lost is counted. */
static void out_of_view_is_kept_and_bounded(void **state)
{
	char line[64];
	unsigned lines = 1000;

	(void)state;
	type(ESC "0");
	for (unsigned i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "this is line number %4u\n", i);
		assert_true(vm_says(1, line));
	}
	vm_says(2, "little\n");
	forget();
	type(ESC "1");
	while (let_time_pass())
		;
	snprintf(line, sizeof(line), "\r\n[vm1] (%u bytes lost)\r\n",
		25 * lines - (unsigned)CONSOLE_OUTPUT_MAX);
	assert_shown(line);
	assert_shown("this is line number  999\n");
	assert_int_equal(console.vms[1].output.count, 0);
	assert_int_equal(output_count,
		strlen("lintel: [vm1] alone (Ctrl-^ ?: help)\r\n") + strlen(line) - 2 +
			CONSOLE_OUTPUT_MAX);
	assert_not_shown("little");
	/* It is said once, and the view of all says it too. */
	forget();
	vm_says(1, "more\n");
	assert_string_equal(output, "more\n");
	for (unsigned i = 0; i < 2 * CONSOLE_OUTPUT_MAX / 50; i++)
		vm_says(0, "0123456789012345678901234567890123456789012345678\n");
	type(ESC "a");
	while (let_time_pass())
		;
	assert_shown("[vm2] little\r\n");
	snprintf(line, sizeof(line), "[vm0] (%u bytes lost)\r\n",
		(unsigned)(2 * CONSOLE_OUTPUT_MAX / 50 * 50 - CONSOLE_OUTPUT_MAX));
	assert_shown(line);
	assert_int_equal(count_of("bytes lost"), 1);
}

/* A VM that was told to wait in view is let go when it is out of view. */
static void leaving_the_view_frees_a_vm(void **state)
{
	(void)state;
	type(ESC "0");
	port_room = 0;
	while (vm_says(0, LINE))
		;
	assert_int_equal(console.vms[0].output.count, CONSOLE_OUTPUT_MAX);
	assert_true(console.vms[0].waiting);
	type(ESC "1");
	assert_int_equal(transmit_ready[0], 1);
	assert_true(vm_says(0, LINE));
	assert_int_equal(console.vms[0].lost, strlen(LINE));
}

/* --- prompts --- */

/* A prompt of the focus appears after a while, those of others don't. */
static void prompts_appear(void **state)
{
	(void)state;
	vm_says(1, "login: ");
	assert_int_equal(time_of_timer(), UINT64_MAX);
	vm_says(0, "log");
	assert_int_equal(time_of_timer(), 1300);
	vm_says(0, "in: ");
	let_time_pass();
	assert_string_equal(output, "");
	assert_int_equal(time_of_timer(), 1600);
	let_time_pass();
	assert_string_equal(output, "[vm0] login: ");
	assert_int_equal(time_of_timer(), UINT64_MAX);
	/* Then the line goes on, unless somebody spoke between. */
	vm_says(0, "root\n");
	assert_string_equal(output, "[vm0] login: root\r\n");
}

static void typing_makes_it_interactive(void **state)
{
	(void)state;
	vm_says(0, "$ ");
	type("l");
	assert_string_equal(output, "[vm0] $ ");
	vm_says(0, "\rl");
	assert_string_equal(output, "[vm0] $ l");
	/* Others wait for the end of the line, but not for long. */
	vm_says(1, "other\n");
	assert_string_equal(output, "[vm0] $ l");
	assert_in_range(time_of_timer(), 1001, 1020);
	while (let_time_pass())
		;
	assert_in_range(fake_time(), 1020, 1400);
	vm_says(0, "\r");
	vm_says(0, "s");
	assert_string_equal(output, "[vm0] $ l\r\n[vm1] other\r\n[vm0] s");
	vm_says(0, "\n");
	log_info("mine");
	assert_shown("[vm0] s\r\nlintel: mine\r\n");
}

/* An answer that comes character by character is not cut; one that never ends is. */
static void answers_are_whole(void **state)
{
	unsigned steps = 0;

	(void)state;
	type("x");
	forget();
	vm_says(0, "an ");
	vm_says(1, "other\n");
	fake_advance(15);
	vm_says(0, "answer");
	while (time_of_timer() < 1030)
		let_time_pass();
	assert_string_equal(output, "[vm0] an answer");
	vm_says(0, "\n");
	assert_string_equal(output, "[vm0] an answer\r\n[vm1] other\r\n");
	forget();
	vm_says(0, ".");
	vm_says(2, "third\n");
	for (; !strstr(output, "third"); steps++) {
		assert_true(steps < 100);
		fake_advance(10);
		vm_says(0, ".");
		while (time_of_timer() <= fake_time())
			let_time_pass();
	}
	assert_in_range(steps, 18, 22);
}

/* --- a port that is full --- */

/* A flood of one VM: the others' lines come after at most one of its lines each. */
static void turns_are_line_by_line(void **state)
{
	unsigned flood = 0, shown = 0;

	(void)state;
	port_room = 0;
	while (vm_says(0, "flood\n"))
		flood++;
	assert_true(console.vms[0].waiting);
	assert_true(vm_says(1, "a1\na2\na3\n"));
	assert_true(vm_says(2, "b1\nb2\n"));
	assert_int_equal(output_count, 0);
	port_room = ROOM_FOR_ALL;
	model_interrupt();
	assert_memory_equal(output,
		"[vm0] flood\r\n[vm1] a1\r\n[vm2] b1\r\n"
		"[vm0] flood\r\n[vm1] a2\r\n[vm2] b2\r\n"
		"[vm0] flood\r\n[vm1] a3\r\n[vm0] flood\r\n",
		13 * 4 + 10 * 5);
	/* No more than so much at once; nothing is lost in the end. */
	assert_in_range(output_count, 1, 3 * CONSOLE_PUMP_MAX);
	assert_true(tx_on || time_of_timer() != UINT64_MAX);
	while (let_time_pass())
		;
	assert_int_equal(transmit_ready[0], 1);
	vm_says(0, "\n"); /* the one that had to wait had been cut */
	shown = count_of("[vm0] flood\r\n");
	assert_in_range(shown, flood, flood + 1);
	assert_int_equal(count_of("lost"), 0);
}

/* In the view of one only that one waits for its own ring. */
static void a_full_ring_stops_only_its_vm(void **state)
{
	(void)state;
	port_room = 3;
	while (vm_says(0, LINE))
		;
	assert_int_equal(output_count, 3);
	assert_true(tx_on);
	assert_true(vm_is_full(0));
	assert_false(vm_is_full(1));
	/* The interrupt lets it go on when there is room for more than a few. */
	port_room = 300;
	model_interrupt();
	assert_true(tx_on);
	assert_int_equal(transmit_ready[0], 0);
	port_room = ROOM_FOR_ALL;
	model_interrupt();
	while (let_time_pass())
		;
	assert_int_equal(transmit_ready[0], 1);
	assert_int_equal(transmit_ready[1], 0);
	assert_false(tx_on);
	assert_int_equal(console.vms[0].lost, 0);
	assert_int_equal(waited, 0);
}

static void lintels_lines_come_first(void **state)
{
	(void)state;
	port_room = 10;
	vm_says(0, "first line\nsecond line\nthird line\n");
	log_info("important");
	port_room = ROOM_FOR_ALL;
	model_interrupt();
	assert_string_equal(output,
		"[vm0] first line\r\nlintel: important\r\n"
		"[vm0] second line\r\n[vm0] third line\r\n");
	/* And none is lost, whatever the port does. */
	forget();
	port_room = 0;
	for (unsigned i = 0; i < 1000; i++)
		log_info("not to be lost");
	assert_true(waited > 0);
	port_room = ROOM_FOR_ALL;
	model_interrupt();
	assert_int_equal(count_of("lintel: not to be lost\r\n"), 1000);
	assert_false(tx_on);
}

/* Raw, the rest goes on where the port had no room. */
static void raw_output_waits_for_the_port(void **state)
{
	(void)state;
	port_room = 4;
	vm_says(0, "0123456789");
	assert_string_equal(output, "0123");
	assert_true(tx_on);
	port_room = 3;
	model_interrupt();
	assert_string_equal(output, "0123456");
	assert_true(tx_on);
	log_info("between");
	port_room = ROOM_FOR_ALL;
	model_interrupt();
	assert_string_equal(output, "0123456\r\nlintel: between\r\n789");
	assert_false(tx_on);
}

static void a_port_without_interrupts_is_polled(void **state)
{
	(void)state;
	port_interrupts = false;
	model_start(3);
	port_interrupts = true;
	assert_int_equal(time_of_timer(), 1010);
	port_room = 4;
	vm_says(0, "line\n");
	assert_int_equal(time_of_timer(), 1001);
	port_room = ROOM_FOR_ALL;
	let_time_pass();
	assert_string_equal(output, "[vm0] line\r\n");
	assert_int_equal(time_of_timer(), 1010);
	typed = "x";
	let_time_pass();
	assert_string_equal(received[0], "x");
	assert_int_equal(time_of_timer(), 1020);
	assert_int_equal(waited, 0);
}

/* --- the keyboard --- */

static void keys_go_to_the_vm_in_view(void **state)
{
	(void)state;
	type("a" ESC "1b" ESC "2c" ESC "n" ESC ESC);
	assert_string_equal(received[0], "a" ESC);
	assert_string_equal(received[1], "b");
	assert_string_equal(received[2], "c");
	type(ESC "a");
	type("x" ESC "7y" ESC "!");
	assert_string_equal(received[0], "a" ESC "xy");
	assert_shown("  n    the next VM alone\r\n");
	assert_shown("  Ctrl-^ once more: the character itself\r\n");
	type(ESC "2" ESC "b");
	assert_int_equal(breaks[2], 1);
	assert_int_equal(breaks[0] + breaks[1], 0);
}

static void the_escape_character_may_be_another(void **state)
{
	(void)state;
	options.escape = 1;
	type(ESC "1");
	assert_string_equal(received[0], ESC "1");
	type("\x01?");
	assert_shown("Ctrl-A and a key:\r\n");
	options.escape = -1;
	type("\x01");
	assert_string_equal(received[0], ESC "1\x01");
	console_key('?');
	assert_shown("none and a key:");
}

static void the_keyboard_leaves_a_vm_that_ended(void **state)
{
	(void)state;
	machines[0].state = VM_STOPPED;
	machines[1].state = VM_STOPPED;
	type("x");
	assert_string_equal(received[2], "x");
	assert_shown("lintel: [vm2] has the keyboard\r\n");
	/* The view of one stays, and says why nothing happens; once. */
	type(ESC "0");
	machines[0].end = VM_END_POWER_OFF;
	forget();
	type("yz");
	assert_string_equal(output,
		"lintel: [vm0] takes no input: it is powered off; Ctrl-^ n: the "
		"next VM, Ctrl-^ m: the monitor\r\n");
	assert_string_equal(received[0], "");
	machines[0].state = VM_STOPPING;
	forget();
	type("0");
	assert_string_equal(received[0], "");
	machines[0].state = VM_RUNNING;
	type("1");
	assert_string_equal(received[0], "1");
	machines[0].state = VM_STOPPED;
	forget();
	type("2");
	assert_shown("takes no input");
	/* When all have ended it stays where it is. */
	machines[2].state = VM_STOPPED;
	type(ESC "a"
		 "q");
	assert_int_equal(console.focus, 0);
}

/* A VM that is in the middle of a line when it gets the keyboard may finish it; a prompt appears.
 */
static void the_keyboard_breaks_no_line(void **state)
{
	(void)state;
	vm_says(1, "o");
	machines[0].state = VM_STOPPED;
	console_receive();
	assert_int_equal(console.focus, 1);
	assert_string_equal(output, "lintel: [vm1] has the keyboard\r\n");
	vm_says(1, "k 3\n");
	assert_shown("\n[vm1] ok 3\r\n");
	vm_says(1, "> ");
	forget();
	let_time_pass();
	let_time_pass();
	assert_shown("[vm1] > ");
	vm_says(2, "$ ");
	machines[1].state = VM_STOPPED;
	console_receive();
	forget();
	let_time_pass();
	assert_shown("[vm2] $ ");
}

static void input_waits_for_the_guest(void **state)
{
	static char many[CONSOLE_INPUT_MAX + 100];

	(void)state;
	memset(many, 'm', sizeof(many) - 1);
	accepts = 16;
	type(many);
	while (time_of_timer() < 1500)
		let_time_pass();
	assert_int_equal(strlen(received[0]), 16);
	/* The ring is full: the port keeps the rest, and is not asked any more. */
	assert_false(rx_on);
	assert_in_range(strlen(typed), 80, sizeof(many) - 1 - CONSOLE_INPUT_MAX);
	accepts = 100;
	vm_reads(0);
	assert_in_range(strlen(received[0]), 116, 132);
	assert_false(rx_on);
	accepts = SIZE_MAX;
	vm_reads(0);
	assert_true(rx_on);
	while (let_time_pass())
		;
	assert_int_equal(strlen(received[0]), sizeof(many) - 1);
}

/* Each VM keeps what was typed for it. */
static void input_stays_with_its_vm(void **state)
{
	(void)state;
	accepts = 0;
	type("for the first");
	type(ESC "1");
	type("for the second");
	assert_string_equal(received[0], "");
	accepts = SIZE_MAX;
	vm_reads(1);
	assert_string_equal(received[0], "");
	assert_string_equal(received[1], "for the second");
	vm_reads(0);
	assert_string_equal(received[0], "for the first");
}

static void another_cpu(void)
{
	typed = "second";
	model_interrupt();
	vm_reads(0);
	assert_string_equal(received[0], "");
}

/* Two CPUs at once: the order stays, and nothing waits for a third event. */
static void one_cpu_at_a_time(void **state)
{
	(void)state;
	meanwhile = another_cpu;
	type("first ");
	assert_string_equal(received[0], "first second");
	assert_false(console.receiving);
	assert_false(console.vms[0].delivering);
}

/* A guest that never reads does not lock the person out. */
static void the_escape_gets_through(void **state)
{
	static char many[CONSOLE_INPUT_MAX + 100];

	(void)state;
	memset(many, 'm', sizeof(many) - 1);
	accepts = 0;
	strcpy(many + sizeof(many) - 1 - 3, "x" ESC "1");
	type(many);
	while (console.view != VIEW_VM && let_time_pass())
		;
	assert_int_equal(console.view, VIEW_VM);
	assert_int_equal(console.focus, 1);
	assert_shown("warning: nobody reads what is typed here: it is dropped");
	assert_true(fake_time() >= 2000);
	assert_true(rx_on);
	/* What had been kept is not lost, and then it takes part again. */
	type(ESC "0");
	accepts = SIZE_MAX;
	vm_reads(0);
	assert_int_equal(strlen(received[0]), CONSOLE_INPUT_MAX);
	type("again");
	assert_string_equal(received[0] + CONSOLE_INPUT_MAX, "again");
}

/* --- the ends --- */

/* VMs out of view, and the one in view, are heard at the end. */
static void nothing_is_left_at_the_end(void **state)
{
	(void)state;
	type(ESC "1");
	vm_says(0, "unseen\nhalf");
	vm_says(2, "too");
	port_room = 0;
	vm_says(1, "last\r\nwords");
	forget();
	console_drain();
	assert_string_equal(output, "last\r\nwords\r\n[vm0] unseen\r\n[vm0] half\r\n[vm2] too\r\n");
}

/* Early messages wait for the port. */
static void works_before_interrupts(void **state)
{
	(void)state;
	console.timers = console.interrupts = false;
	port_room = 0;
	log_info("early");
	assert_string_equal(output, "lintel: early\r\n");
	assert_true(waited > 0);
}

static void does_without_a_port(void **state)
{
	(void)state;
	console_init(NULL);
	vm_says(0, "text\n");
	log_info("text");
	console_enable_interrupts(0x100);
	console_set_view(VIEW_VM, 1);
	console_drain();
	assert_string_equal(output, "");
	console_init(&port);
}

static void does_without_memory(void **state)
{
	(void)state;
	memset(&console.vms, 0, sizeof(console.vms));
	has_memory = false;
	console_attach_vms();
	assert_shown("error: VM vm2: no memory for its console: it has none");
	type("nobody" ESC "1");
	assert_int_equal(console.focus, 1);
}

/* Last of all: there is no way back. */
static void panics_without_the_lock(void **state)
{
	(void)state;
	vm_says(0, "open");
	type("x");
	port_room = 0;
	log_info("held back");
	spin_lock(&console.lock);
	log_enter_panic();
	log_error("the end");
	assert_string_equal(
		output, "[vm0] open\r\nlintel: held back\r\nlintel: error: the end\r\n");
	console_drain();
	spin_unlock(&console.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_vm_is_raw, start_one),
		cmocka_unit_test_setup(several_vms_go_by_lines, start_three),
		cmocka_unit_test_setup(long_lines_come_in_pieces, start_three),
		cmocka_unit_test_setup(one_of_several_alone, start_three),
		cmocka_unit_test_setup(a_prompt_is_seen_again, start_three),
		cmocka_unit_test_setup(out_of_view_is_kept_and_bounded, start_three),
		cmocka_unit_test_setup(leaving_the_view_frees_a_vm, start_three),
		cmocka_unit_test_setup(prompts_appear, start_three),
		cmocka_unit_test_setup(typing_makes_it_interactive, start_three),
		cmocka_unit_test_setup(answers_are_whole, start_three),
		cmocka_unit_test_setup(turns_are_line_by_line, start_three),
		cmocka_unit_test_setup(a_full_ring_stops_only_its_vm, start_three),
		cmocka_unit_test_setup(lintels_lines_come_first, start_three),
		cmocka_unit_test_setup(raw_output_waits_for_the_port, start_one),
		cmocka_unit_test_setup(a_port_without_interrupts_is_polled, start_three),
		cmocka_unit_test_setup(keys_go_to_the_vm_in_view, start_three),
		cmocka_unit_test_setup(the_escape_character_may_be_another, start_three),
		cmocka_unit_test_setup(the_keyboard_leaves_a_vm_that_ended, start_three),
		cmocka_unit_test_setup(the_keyboard_breaks_no_line, start_three),
		cmocka_unit_test_setup(input_waits_for_the_guest, start_three),
		cmocka_unit_test_setup(input_stays_with_its_vm, start_three),
		cmocka_unit_test_setup(one_cpu_at_a_time, start_three),
		cmocka_unit_test_setup(the_escape_gets_through, start_three),
		cmocka_unit_test_setup(nothing_is_left_at_the_end, start_three),
		cmocka_unit_test_setup(works_before_interrupts, start_three),
		cmocka_unit_test_setup(does_without_a_port, start_three),
		cmocka_unit_test_setup(does_without_memory, start_three),
		cmocka_unit_test_setup(panics_without_the_lock, start_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
