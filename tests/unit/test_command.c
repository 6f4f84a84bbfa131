/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's command line: editing, each command's answer, what goes on in steps; and the table
 * at the end.
 *
 * links: tests/unit/console_model.c hyp/monitor/console_output.c hyp/monitor/console_vms.c
 *        hyp/monitor/console_port.c hyp/monitor/console_input.c hyp/monitor/console_view.c
 *        hyp/monitor/console_line.c hyp/monitor/command.c hyp/monitor/command_vm.c
 *        hyp/monitor/command_show.c hyp/monitor/results.c hyp/monitor/stats.c
 * hyp/trap/triage_table.c hyp/monitor/stats_bell.c hyp/smccc/call_names.c hyp/monitor/options.c
 * hyp/base/log.c hyp/base/format.c hyp/base/status.c
 */
#include "hyp/monitor/command.h"
#include "hyp/monitor/results.h"
#include "hyp/vdev/device.h"
#include "mm/page.h"
#include "tests/unit/console_model.h"

#define PROMPT "lintel> "

static int start_monitor(void **state)
{
	start_three(state);
	type(ESC "m");
	forget();
	return 0;
}

/* Types a line; what is printed after its echo. */
static const char *answer(const char *line)
{
	forget();
	type(line);
	type("\r");
	return strstr(output, "\r\n") ? strstr(output, "\r\n") + 2 : "";
}

/* --- the line --- */

static void edits_a_line(void **state)
{
	(void)state;
	start_three(state);
	type(ESC "m");
	assert_string_equal(output,
		"lintel: the monitor (help: what it can do; Ctrl-^ ?: the "
		"keys)\r\n" PROMPT);
	forget();
	type("lok\b\x7fog");
	assert_string_equal(output, "lok\b \b\b \bog");
	forget();
	type("\r");
	assert_string_equal(output, "\r\nmessages up to info are shown\r\n" PROMPT);
	/* "\r\n" is one end, "\n" another. */
	forget();
	type("\n\n");
	assert_string_equal(output, "\r\n" PROMPT);
	/* All of it away; nothing to take away; keys of several characters. */
	assert_string_equal(answer("abc\x15\b\x1b[A\x1b[1~\x1bXlog"),
		"messages up to info are shown\r\n" PROMPT);
	assert_string_equal(
		answer("\x01\x02\x80lo\tg"), "messages up to info are shown\r\n" PROMPT);
	/* Ctrl-C: another line. */
	forget();
	type("junk\x03log\r");
	assert_string_equal(
		output, "junk\r\n" PROMPT "log\r\nmessages up to info are shown\r\n" PROMPT);
}

static void a_line_has_an_end(void **state)
{
	char line[COMMAND_LINE_MAX + 10];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	type(line);
	assert_int_equal(console.line.length, COMMAND_LINE_MAX - 1);
	assert_int_equal(output[output_count - 1], '\a');
	assert_string_equal(answer(""), "no command of that name: help lists them\r\n" PROMPT);
	assert_string_equal(
		answer("a b c d e f g h i j k l m n o p q"), "too many words\r\n" PROMPT);
	assert_string_equal(answer("   "), PROMPT);
}

/* Lintel's own lines come above the one that is typed; VMs are not heard. */
static void messages_leave_the_line_whole(void **state)
{
	(void)state;
	type("lo");
	vm_says(0, "unheard\n");
	forget();
	log_info("news");
	assert_string_equal(output, "\r\nlintel: news\r\n" PROMPT "lo");
	forget();
	type(ESC "a");
	assert_string_equal(output,
		"\r\nlintel: all VMs; [vm0] has the keyboard (Ctrl-^ ?: help)\r\n[vm0] "
		"unheard\r\n");
	/* It is still there later. */
	forget();
	type("for vm0" ESC "m");
	assert_string_equal(received[0], "for vm0");
	assert_shown("keys)\r\n" PROMPT "lo");
	forget();
	type("g\r");
	assert_shown("\r\nmessages up to");
}

/* --- commands --- */

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{ "view vm0 vm1", "usage: view [VM|all]\r\n" },
		{ "frobnicate", "no command of that name: help lists them\r\n" },
		{ "pause", "usage: pause VM\r\n" },
		{ "pause vm0 vm1", "usage: pause VM\r\n" },
		{ "pause linux", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "stop 3", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "stop 99999999999999999999", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "stop -1", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "view vm", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "vcpus x", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "stats x", "no VM of that name: vm0, vm1, vm2\r\n" },
		{ "log loud", "loud: expected error, warn, info or debug\r\n" },
		{ "help frob", "no command of that name: help lists them\r\n" },
		{ "vms vm0", "usage: vms \r\n" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		const char *said = answer(wrong[i].line);

		if (strncmp(said, wrong[i].says, strlen(wrong[i].says)) != 0)
			fail_msg("%s: %s", wrong[i].line, said);
		assert_string_equal(said + strlen(wrong[i].says), PROMPT);
	}
	assert_string_equal(actions, "");
	nr_vms = 0;
	assert_string_equal(answer("stop 0"), "no VM of that name: there is none\r\n" PROMPT);
	assert_string_equal(answer("view all"), "no VM of that name: there is none\r\n" PROMPT);
}

static void acts_on_vms(void **state)
{
	(void)state;
	state_after = VM_PAUSED;
	assert_string_equal(answer("pause vm1"), "vm vm1 is paused\r\n" PROMPT);
	state_after = VM_RUNNING;
	assert_string_equal(answer("resume 1"), "vm vm1 is running\r\n" PROMPT);
	assert_string_equal(answer("restart vm2"), "vm vm2 is running\r\n" PROMPT);
	state_after = VM_STOPPED;
	machines[0].end = VM_END_STOPPED;
	assert_string_equal(answer("  stop   0  "), "vm vm0 is stopped\r\n" PROMPT);
	state_after = VM_RUNNING;
	assert_string_equal(answer("start vm0"), "vm vm0 is running\r\n" PROMPT);
	assert_string_equal(actions, "pause vm1, resume vm1, restart vm2, stop vm0, start vm0, ");
	action_status = ERR_BUSY;
	machines[1].state = VM_LOADING;
	assert_string_equal(
		answer("pause 1"), "vm vm1 is loading: it can't be done now\r\n" PROMPT);
	action_status = ERR_NO_MEMORY;
	assert_string_equal(answer("start 1"), "vm vm1: no memory\r\n" PROMPT);
}

/* It answers when it is done; until then there is no prompt, and what is typed waits. */
static void waits_for_what_it_began(void **state)
{
	(void)state;
	jobs_at_once = false;
	assert_string_equal(answer("pause vm1"), "");
	machines[1].state = VM_PAUSING;
	assert_true(do_job());
	type("log\r");
	assert_true(do_job());
	assert_string_equal(output, "pause vm1\r\n");
	machines[1].state = VM_PAUSED;
	assert_false(do_job());
	assert_string_equal(output, "pause vm1\r\nvm vm1 is paused\r\n" PROMPT);
	let_time_pass();
	assert_shown(PROMPT "log\r\nmessages up to");
	/* A restart is not over before it has begun. */
	forget();
	answer("restart vm2");
	assert_true(do_job());
	machines[2].boots++;
	assert_false(do_job());
	assert_shown("vm vm2 is running");
	/* Nor does it wait for ever. */
	answer("stop vm2");
	machines[2].state = VM_STOPPING;
	forget();
	typed = "";
	while (fake_time() < 7000 && do_job())
		fake_advance(100);
	assert_string_equal(output, "vm vm2 is stopping\r\n" PROMPT);
}

static void stops_printing(void **state)
{
	(void)state;
	jobs_at_once = false;
	/* While the port is full it prints nothing. */
	answer("vms");
	port_room = 0;
	for (unsigned i = 0; console.stage.count <= CONSOLE_STAGE_MAX / 2; i++)
		log_info("a line that waits for the port");
	unsigned waiting = console.stage.count;

	assert_true(do_job());
	assert_int_equal(console.stage.count, waiting);
	assert_int_equal(waited, 0);
	port_room = ROOM_FOR_ALL;
	model_interrupt();
	forget();
	assert_true(do_job());
	assert_shown("vm0");
	/* Ctrl-C ends it, and what was typed before. */
	forget();
	type("log\r\x03");
	assert_false(do_job());
	assert_string_equal(output, PROMPT);
	assert_int_equal(console.keys.count, 0);
	/* Another view as well. */
	answer("vms");
	type(ESC "1");
	forget();
	assert_false(do_job());
	assert_string_equal(output, "");
}

static void lists(void **state)
{
	(void)state;
	machines[1].state = VM_STOPPED;
	machines[2].boots = 7;
	machines[1].watchdog_restarts = 3;
	assert_string_equal(answer("vms"),
		"   VM                               state        vCPUs   used/MiB     of/MiB  "
		"starts  watchdog     CPU/ms\r\n"
		"* 0 vm0                              running          2          1         64     "
		"  1         0          0\r\n"
		"  1 vm1                              not started      2          2         64     "
		"  1         3          0\r\n"
		"  2 vm2                              running          2          3         64     "
		"  7         0          0\r\n" PROMPT);
	vcpus[1].exits[0x16] = 5;
	vcpus[1].migrations = 5;
	vcpus[1].exits[1] = 2;
	vcpus[0].irq_exits = 3;
	vcpus[1].state = VCPU_BLOCKED;
	assert_string_equal(answer("vcpus vm1"),
		"   VM                               vCPU  state    CPU    time/ms   moves         "
		" "
		"exits     interrupts\r\n"
		"   vm1                                 0  off        0          0       0         "
		" "
		"    0              3\r\n"
		"   vm1                                 1  waiting    0          0       5         "
		" "
		"    7              0\r\n" PROMPT);
	answer("vcpus");
	assert_shown("   vm0  ");
	assert_shown("   vm2  ");
	answer("stats");
	assert_shown("[vm0] exits:");
	assert_shown("[vm2] exits:");
	assert_shown(
		"HVC                                               5           0           5\r\n");
	assert_shown(
		"interrupt                                         3           3           0\r\n");
	assert_shown("CPUs, since each came up");
	assert_string_equal(answer("trace show 3"), "trace: show 3\r\n" PROMPT);
	answer("stats 2");
	assert_not_shown("CPUs, since");
	answer("stats 1");
	assert_not_shown("CPUs, since");
	assert_not_shown("vm0");
	assert_shown("[vm1] exits:");
	nr_vms = 0;
	assert_string_equal(answer("stats"), PROMPT);
	answer("vms");
	answer("vcpus");
	assert_not_shown("vm0");
}

static void counts_pages(void **state)
{
	(void)state;
	assert_string_equal(answer("mem"),
		"   all                                       65536 pages      256 MiB\r\n"
		"   free                                      32768 pages      128 MiB\r\n"
		"     of these promised to VMs                 1536 pages        6 MiB\r\n"
		"   Lintel                                        3 pages        0 MiB\r\n"
		"   firmware                                      5 pages        0 MiB\r\n"
		"   vm vm0                                      256 pages        1 MiB\r\n"
		"   vm vm1                                      512 pages        2 MiB\r\n"
		"   vm vm2                                      768 pages        3 MiB\r\n" PROMPT);
	nr_vms = 0;
	answer("mem");
	assert_not_shown("vm vm0");
}

static void sets_the_log(void **state)
{
	(void)state;
	assert_string_equal(answer("log debug"), "messages up to debug are shown\r\n" PROMPT);
	assert_int_equal(log_threshold, LOG_DEBUG);
	assert_string_equal(answer("log error"), "messages up to error are shown\r\n" PROMPT);
	assert_int_equal(log_threshold, LOG_ERROR);
}

static void changes_the_view(void **state)
{
	(void)state;
	vm_says(1, "six...");
	console.vms[2].lost = 77;
	assert_string_equal(answer("view"),
		"* 0 vm0                                   0 bytes kept          0 lost\r\n"
		"  1 vm1                                   6 bytes kept          0 lost\r\n"
		"  2 vm2                                   0 bytes kept         77 "
		"lost\r\n" PROMPT);
	/* What is typed behind the command is for the view that it chose. */
	type("view vm1\rhello");
	assert_int_equal(console.view, VIEW_VM);
	assert_string_equal(received[1], "hello");
	assert_shown("lintel: [vm1] alone");
	type(ESC "m"
		 "console all\r"
		 "x");
	assert_int_equal(console.view, VIEW_ALL);
	assert_string_equal(received[1], "hellox");
}

static void helps(void **state)
{
	(void)state;
	assert_string_equal(
		answer("help pause"), "  pause    VM                       hold it\r\n" PROMPT);
	answer("help");
	assert_shown("  vcpus    [VM] ");
	assert_shown("  quit ");
	assert_shown("VM is a VM's name or number.");
}

static unsigned ended;

static void end(void)
{
	ended++;
}

static void quits(void **state)
{
	(void)state;
	vm_all_stopped = end;
	answer("quit");
	assert_string_equal(actions, "stop vm0, stop vm1, stop vm2, ");
	assert_int_equal(ended, 0);
	answer("quit");
	assert_int_equal(ended, 1);
	/* No VM runs: nobody's end is the machine's. */
	for (unsigned i = 0; i < MODEL_VMS; i++)
		machines[i].state = VM_STOPPED;
	action_status = ERR_BUSY;
	ended = 0;
	actions[0] = '\0';
	answer("quit");
	assert_true(ended >= 1);
	/* One of them may wait for another's end. */
	assert_string_equal(actions, "stop vm0, stop vm1, stop vm2, ");
}

/* --- whatever is typed --- */

static uint64_t seed = 1;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % below);
}

static void type_something(void)
{
	static const char *const words[] = { "vms", "vcpus", "stats", "mem", "start", "pause",
		"resume", "stop", "restart", "view", "console", "log", "help", "all", "vm0", "1",
		"99", "-", ESC "m", ESC "a", ESC "n", ESC "0", ESC "?", ESC ESC, "\r", "\r", "\r\n",
		"\x15", "\x7f\x7f", "\x03", "\x1b[A", "\x1b[" };
	static char text[8];

	if (draw(3)) {
		type(words[draw(ARRAY_SIZE(words))]);
		type(draw(2) ? " " : "");
		return;
	}
	for (unsigned i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(1 + draw(255));
	text[sizeof(text) - 1] = '\0';
	type(text);
}

static void check_rings(void)
{
	assert_false(spin_is_locked(&console.lock));
	assert_in_range(console.line.length, 0, COMMAND_LINE_MAX - 1);
	for (unsigned i = 0; i < MODEL_VMS; i++) {
		const struct console_vm *vm = &console.vms[i];
		unsigned lines = 0;

		for (unsigned n = 0; n < vm->output.count; n++)
			lines += vm->output.text[(vm->output.first + n) % vm->output.size] == '\n';
		assert_int_equal(vm->lines, lines);
		assert_in_range(vm->output.count + vm->tail, 0, CONSOLE_OUTPUT_MAX);
		assert_in_range(vm->input.count, 0, CONSOLE_INPUT_MAX);
	}
}

/* Any keys, any output, a port that comes and goes. */
static void survives_anything(void **state)
{
	static char said[700];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned length = draw(sizeof(said));

		port_room = draw(4) ? ROOM_FOR_ALL : draw(100);
		accepts = draw(20);
		jobs_at_once = draw(2);
		type_something();
		for (unsigned i = 0; i < length; i++)
			said[i] = (char)(draw(40) ? 'a' + draw(26) : draw(2) ? '\n' : '\r');
		said[length] = '\0';
		if (draw(3) == 0)
			vm_says(draw(MODEL_VMS), said);
		if (draw(2))
			let_time_pass();
		if (draw(2))
			do_job();
		vm_reads(draw(MODEL_VMS));
		model_interrupt();
		machines[draw(MODEL_VMS)].state = (enum vm_state)draw(VM_RESETTING + 1);
		if (round % 64 == 0) {
			memset(received, 0, sizeof(received));
			memset(actions, 0, sizeof(actions));
			forget();
			check_rings();
		}
	}
	/* And then it still does what it is told. */
	port_room = ROOM_FOR_ALL;
	accepts = SIZE_MAX;
	jobs_at_once = true;
	for (unsigned i = 0; i < 100; i++) {
		do_job();
		let_time_pass();
		model_interrupt();
	}
	type(ESC "m");
	type("\x03");
	assert_string_equal(answer("log info"), "messages up to info are shown\r\n" PROMPT);
}

/* --- the end's table --- */

static void sums_up(void **state)
{
	static const struct device_ops ops = { .name = "uart" };
	static struct device_region row = { .first = 0x9000000, .ops = &ops };
	static const struct device_table table = { .count = 1, .rows = &row };
	static struct device_count counts[2] = { { 5, 0 }, { 2, 0 } };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		vcpus[i].device_counts = (uintptr_t)&counts[i] - ((uintptr_t)&row >> 2);
	for (unsigned i = 0; i < 3; i++) {
		machines[i].state = VM_STOPPED;
		machines[i].end = VM_END_POWER_OFF;
		machines[i].boots = i + 1;
	}
	results_begin();
	vm_says(1, "before the table");
	forget();
	assert_int_equal(monitor_summary(), 0);
	assert_memory_equal(output, "\r\n[vm1] before the table\r\nlintel: VM", 36);
	assert_not_shown(PROMPT);
	assert_shown("lintel: vm2                              powered off   3\r\n");
	assert_not_shown("stats");
	machines[0].end = VM_END_FAULT;
	machines[1].devices = &table;
	vcpus[1].exits[0x16] = 5;
	vcpus[0].irq_exits = 3;
	options.stats = true;
	assert_int_equal(monitor_summary(), 1);
	assert_shown("FAULT");
	assert_shown("stats vm0 vcpu 1 exits 0x16 5 HVC\r\n");
	assert_shown("stats vm0 vcpu 0 interrupts 3\r\n");
	assert_shown("stats vm1 device uart 0x9000000 reads 7 writes 0\r\n");
	assert_shown("stats vm1 vcpu 1 device uart 0x9000000 reads 2 writes 0\r\n");
	machines[0].end = VM_END_NONE;
	assert_int_equal(monitor_summary(), 0);
	free_pages--;
	assert_int_equal(monitor_summary(), 1);
	assert_shown("lintel: 32767 pages are free, but before the first VM ran it were 32768\r\n");
	free_pages++;
	assert_int_equal(trace_dumps, 0);
	options.trace_dump = true;
	assert_int_equal(monitor_summary(), 0);
	options.trace_dump = false;
	assert_int_equal(trace_dumps, 1);
	results_set_bad(2);
	assert_int_equal(monitor_summary(), 1);
	assert_shown("2 VMs of the bundle could not be made");
	results_set_bad(0);
	options.stats = false;
}

static void names_states(void **state)
{
	static const char *const names[] = {
		[VM_LOADING] = "loading",
		[VM_RUNNING] = "running",
		[VM_PAUSING] = "pausing",
		[VM_PAUSED] = "paused",
		[VM_STOPPING] = "stopping",
		[VM_RESETTING] = "restarting",
	};
	static const char *const ends[] = {
		[VM_END_NONE] = "not started",
		[VM_END_POWER_OFF] = "powered off",
		[VM_END_RESET] = "restarting",
		[VM_END_FAULT] = "FAULT",
		[VM_END_STOPPED] = "stopped",
		[VM_END_WATCHDOG] = "WATCHDOG",
	};
	struct vm vm = { .state = VM_STOPPED };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		vm.end = (enum vm_end)i;
		assert_string_equal(results_state_name(&vm), ends[i]);
	}
	for (unsigned i = VM_LOADING; i < ARRAY_SIZE(names); i++) {
		vm.state = (enum vm_state)i;
		assert_string_equal(results_state_name(&vm), names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(edits_a_line, start_monitor),
		cmocka_unit_test_setup(a_line_has_an_end, start_monitor),
		cmocka_unit_test_setup(messages_leave_the_line_whole, start_monitor),
		cmocka_unit_test_setup(says_what_is_wrong, start_monitor),
		cmocka_unit_test_setup(acts_on_vms, start_monitor),
		cmocka_unit_test_setup(waits_for_what_it_began, start_monitor),
		cmocka_unit_test_setup(stops_printing, start_monitor),
		cmocka_unit_test_setup(lists, start_monitor),
		cmocka_unit_test_setup(counts_pages, start_monitor),
		cmocka_unit_test_setup(sets_the_log, start_monitor),
		cmocka_unit_test_setup(changes_the_view, start_monitor),
		cmocka_unit_test_setup(helps, start_monitor),
		cmocka_unit_test_setup(quits, start_monitor),
		cmocka_unit_test_setup(survives_anything, start_monitor),
		cmocka_unit_test_setup(sums_up, start_monitor),
		cmocka_unit_test_setup(names_states, start_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
