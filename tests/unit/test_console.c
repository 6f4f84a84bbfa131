/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console: one VM raw, several by lines, the keyboard's focus, the monitor's commands, a port
 * that is full.
 *
 * links: hyp/monitor/console_output.c hyp/monitor/console_input.c hyp/monitor/command.c
 *        hyp/monitor/results.c hyp/monitor/stats.c hyp/monitor/options.c
 *        hyp/smccc/call_names.c
 *        hyp/base/log.c hyp/base/format.c hyp/base/status.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "mm/page.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/console_state.h"
#include "hyp/monitor/options.h"
#include "hyp/monitor/results.h"
#include "hyp/monitor/trace.h"
#include "hyp/trap/exit.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vuart.h"
#include "hyp/vm/sched.h"
#include "tests/unit/fake/cpu.h"

/* --- the port --- */

/* mm/page.c's, for the summary. */
uint64_t mm_wiped_ticks;

void page_get_stats(struct page_stats *stats)
{
	*stats = (struct page_stats){ .lintel_pages = 3 };
}

static char output[65536];
static unsigned output_count, port_room;
static const char *typed = "";
static bool rx_on, tx_on;

static bool port_try_put(struct uart *uart, char c)
{
	(void)uart;
	if (!port_room)
		return false;
	if (port_room != UINT32_MAX)
		port_room--;
	assert_true(output_count < sizeof(output) - 1);
	output[output_count++] = c;
	output[output_count] = '\0';
	return true;
}

static int port_get(struct uart *uart)
{
	(void)uart;
	return *typed ? (uint8_t)*typed++ : -1;
}

static void port_rx_irq(struct uart *uart, bool on)
{
	(void)uart;
	rx_on = on;
}

static void port_tx_irq(struct uart *uart, bool on)
{
	(void)uart;
	tx_on = on;
}

static void port_ack(struct uart *uart)
{
	(void)uart;
}

static const struct uart_ops port_ops = {
	.try_put = port_try_put,
	.get = port_get,
	.rx_irq = port_rx_irq,
	.tx_irq = port_tx_irq,
	.ack = port_ack,
};
static struct uart port = { .ops = &port_ops, .intid = 33 };
static unsigned waited;

void uart_put(struct uart *uart, char c)
{
	unsigned kept = port_room;

	waited++;
	port_room = UINT32_MAX;
	port_try_put(uart, c);
	port_room = kept;
}

void uart_write(struct uart *uart, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			uart_put(uart, '\r');
		uart_put(uart, text[i]);
	}
}

void uart_flush(struct uart *uart)
{
	(void)uart;
}

/* --- interrupts and time --- */

static irq_handler handler;
static struct soft_timer *armed;

enum status irq_register(uint32_t intid, irq_handler fn, void *context, enum irq_flags flags)
{
	(void)context;
	(void)flags;
	assert_int_equal(intid, 33);
	handler = fn;
	return OK;
}

void gic_set_edge(unsigned cpu, uint32_t intid, bool edge)
{
	(void)cpu;
	(void)intid;
	(void)edge;
}

void gic_route(uint32_t intid, uint64_t mpidr)
{
	(void)intid;
	assert_int_equal(mpidr, 0x100);
}

void gic_enable(unsigned cpu, uint32_t intid)
{
	(void)cpu;
	(void)intid;
}

struct timer_scale timer_scale;

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	(void)deadline;
	assert_null(armed);
	armed = timer;
}

static void let_time_pass(void)
{
	struct soft_timer *timer = armed;

	armed = NULL;
	timer->fn(timer);
}

/* --- VMs and their UARTs --- */

struct vm *vms[MAX_VMS];
unsigned nr_vms;
void (*vm_all_stopped)(void);

static struct vm machines[3];
static struct vcpu vcpus[2];
static const struct vuart_backend *backends[3];
static void *contexts[3];
static char received[3][8192];
static size_t accepts; /* characters each UART takes before it is full */
static unsigned transmit_ready[3], breaks, resets, power_offs, starts;

static unsigned index_of(const struct vm *vm)
{
	return (unsigned)(vm - machines);
}

void vuart_set_backend(struct vm *vm, const struct vuart_backend *backend, void *context)
{
	backends[index_of(vm)] = backend;
	contexts[index_of(vm)] = context;
}

size_t vuart_receive(struct vm *vm, const char *text, size_t length)
{
	size_t taken = length < accepts ? length : accepts;

	assert_false(spin_is_locked(&console.lock));
	accepts -= taken;
	strncat(received[index_of(vm)], text, taken);
	return taken;
}

void vuart_receive_break(struct vm *vm)
{
	assert_int_equal(index_of(vm), console.focus);
	breaks++;
}

void vuart_transmit_ready(struct vm *vm)
{
	assert_false(spin_is_locked(&console.lock));
	transmit_ready[index_of(vm)]++;
}

void vm_reset(struct vm *vm)
{
	(void)vm;
	resets++;
}

void vm_power_off(struct vm *vm)
{
	(void)vm;
	power_offs++;
}

enum status vm_start(struct vm *vm)
{
	starts++;
	return vm->state == VM_STOPPED ? OK : ERR_BUSY;
}

void sched_add_job(struct cpu *cpu, struct sched_job *job)
{
	(void)cpu;
	while (job->step(job))
		;
}

static unsigned trace_dumps;

void trace_dump(void)
{
	trace_dumps++;
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	(void)vcpu;
	(void)work;
}

const char *exit_class_name(unsigned ec)
{
	return ec == 0x16 ? "HVC" : "other";
}

/* --- the test's own steps --- */

static void forget(void)
{
	output_count = 0;
	output[0] = '\0';
}

static int start(unsigned count)
{
	static char *output_ring, *input_ring;

	fake_cpu_reset();
	timer_scale.hz = 1000;
	if (!output_ring) {
		output_ring = console.output.text;
		input_ring = console.input.text;
	}
	memset(&console, 0, sizeof(console));
	console.output = (struct console_ring){ .text = output_ring, .size = CONSOLE_OUTPUT_MAX };
	console.input = (struct console_ring){ .text = input_ring, .size = CONSOLE_INPUT_MAX };
	memset(machines, 0, sizeof(machines));
	memset(received, 0, sizeof(received));
	memset(transmit_ready, 0, sizeof(transmit_ready));
	breaks = resets = power_offs = starts = waited = 0;
	armed = NULL;
	typed = "";
	accepts = SIZE_MAX;
	port_room = UINT32_MAX;
	rx_on = tx_on = false;
	options.escape = 1;
	nr_vms = count;
	vcpus[1].id = 1;
	for (unsigned i = 0; i < count; i++) {
		vms[i] = &machines[i];
		snprintf(machines[i].name, sizeof(machines[i].name), "vm%u", i);
		machines[i].state = VM_RUNNING;
		machines[i].ram_size = MIB(64);
		machines[i].nr_vcpus = 2;
		machines[i].vcpus[0] = &vcpus[0];
		machines[i].vcpus[1] = &vcpus[1];
	}
	console_init(&port);
	console_enable_interrupts(0x100);
	console_attach_vms();
	forget();
	return 0;
}

static int start_one(void **state)
{
	(void)state;
	return start(1);
}

static int start_three(void **state)
{
	(void)state;
	return start(3);
}

static void vm_says(unsigned index, const char *text)
{
	for (; *text; text++)
		backends[index]->put(contexts[index], text, 1);
}

static void type(const char *text)
{
	typed = text;
	handler(NULL, 33);
}

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
	vm_says(2, "bye");
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
	assert_non_null(strstr(output, "x\r\n[vm0] ha\r\n"));
	forget();
	vm_says(1, "y\n");
	assert_memory_equal(output, "[vm1] xxxxx", 11);
	assert_non_null(strstr(output, "xy\r\n"));
}

/* A prompt of the focus appears after a while, those of others don't. */
static void prompts_appear(void **state)
{
	(void)state;
	vm_says(1, "login: ");
	assert_null(armed);
	vm_says(0, "log");
	assert_non_null(armed);
	vm_says(0, "in: ");
	let_time_pass();
	assert_string_equal(output, "");
	let_time_pass();
	assert_string_equal(output, "[vm0] login: ");
	assert_null(armed);
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
	vm_says(0, "l");
	assert_string_equal(output, "[vm0] $ l");
	vm_says(1, "other\n");
	vm_says(0, "s");
	assert_string_equal(output, "[vm0] $ l\r\n[vm1] other\r\n[vm0] s");
	vm_says(0, "\n");
	log_info("mine");
	assert_non_null(strstr(output, "[vm0] s\r\nlintel: mine\r\n"));
}

static void focus_moves(void **state)
{
	(void)state;
	vm_says(1, "prompt1 ");
	type("a\x01nb\x01"
	     "2c\x01n\x01\x01");
	assert_string_equal(received[0], "a\x01");
	assert_string_equal(received[1], "b");
	assert_string_equal(received[2], "c");
	type("x");
	type("\x01n");
	type("y");
	type("\x01"
	     "2");
	type("z");
	type("\x01"
	     "7");
	type("w");
	assert_string_equal(received[0], "a\x01x");
	assert_string_equal(received[1], "by");
	assert_string_equal(received[2], "czw");
	assert_non_null(strstr(output, "[vm1] prompt1 "));
	assert_non_null(strstr(output, "lintel: [vm2] has the keyboard\r\n"));
}

static void focus_leaves_a_vm_that_ended(void **state)
{
	(void)state;
	machines[0].state = VM_STOPPED;
	machines[1].state = VM_STOPPED;
	type("x");
	assert_string_equal(received[2], "x");
	machines[2].state = VM_STOPPED;
	type("y");
	assert_string_equal(received[2], "xy");
}

static void input_waits_for_the_guest(void **state)
{
	static char many[CONSOLE_INPUT_MAX + 100];

	(void)state;
	memset(many, 'm', sizeof(many) - 1);
	accepts = 16;
	type(many);
	assert_int_equal(strlen(received[0]), 16);
	/* The ring is full: the port keeps the rest, and is not asked any more. */
	assert_false(rx_on);
	assert_int_equal(strlen(typed), sizeof(many) - 1 - CONSOLE_INPUT_MAX);
	accepts = 100;
	backends[0]->receive_ready(contexts[0]);
	assert_int_equal(strlen(received[0]), 116);
	assert_false(rx_on);
	accepts = SIZE_MAX;
	backends[0]->receive_ready(contexts[0]);
	assert_true(rx_on);
	handler(NULL, 33);
	assert_int_equal(strlen(received[0]), sizeof(many) - 1);
}

static void output_waits_for_the_port(void **state)
{
	(void)state;
	port_room = 3;
	for (unsigned i = 0; !backends[0]->full(contexts[0]); i++) {
		assert_true(i < CONSOLE_OUTPUT_MAX);
		vm_says(0, "0123456789\n");
	}
	assert_true(tx_on);
	assert_int_equal(output_count, 3);
	assert_int_equal(waited, 0);
	/* Lintel's own lines find room in the reserve, and behind it wait for the port. */
	for (unsigned i = 0; i < 200; i++)
		log_info("not to be lost");
	assert_true(waited > 0);
	port_room = UINT32_MAX;
	handler(NULL, 33);
	assert_false(tx_on);
	assert_int_equal(transmit_ready[0], 1);
	assert_int_equal(transmit_ready[1], 0);
	assert_false(backends[0]->full(contexts[0]));

	unsigned lines = 0;

	for (const char *at = output; (at = strstr(at, "lintel: not to be lost\r\n")); at++)
		lines++;
	assert_int_equal(lines, 200);
}

static void commands_reach_the_vm(void **state)
{
	(void)state;
	type("\x01n");
	type("\x01"
	     "b\x01r\x01o\x01u");
	assert_int_equal(breaks, 1);
	assert_int_equal(resets, 1);
	assert_int_equal(power_offs, 1);
	assert_int_equal(starts, 1);
	assert_non_null(strstr(output, "warning: [vm1] is not started: it runs"));
	machines[1].state = VM_STOPPED;
	vcpus[1].exits[0x16] = 5;
	vcpus[0].irq_exits = 3;
	forget();
	type("\x01l");
	assert_non_null(strstr(output, "vm0"));
	assert_non_null(strstr(output, "not started"));
	forget();
	type("\x01t");
	assert_non_null(strstr(output, "[vm0] exits:"));
	assert_non_null(strstr(output, "[vm2] exits:"));
	assert_non_null(strstr(output,
		"HVC                                               5           0           5\r\n"));
	assert_non_null(strstr(output,
		"interrupt                                         3           3           0\r\n"));
	forget();
	type("\x01"
	     "!");
	assert_non_null(strstr(output, "n  the next VM has the keyboard"));
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
	type("\x01x");
	assert_int_equal(power_offs, 3);
	assert_int_equal(ended, 0);
	type("\x01x");
	assert_int_equal(ended, 1);
}

static void sums_up(void **state)
{
	static const struct device_ops ops = { .name = "uart" };
	static struct device_region row = { .first = 0x9000000, .ops = &ops, .reads = 7 };
	static const struct device_table table = { .count = 1, .rows = &row };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		machines[i].state = VM_STOPPED;
		machines[i].end = VM_END_POWER_OFF;
		machines[i].boots = i + 1;
	}
	assert_int_equal(monitor_summary(), 0);
	assert_non_null(
		strstr(output, "lintel: vm2                              powered off   3\r\n"));
	assert_null(strstr(output, "stats"));
	machines[0].end = VM_END_FAULT;
	machines[1].devices = &table;
	options.stats = true;
	assert_int_equal(monitor_summary(), 1);
	assert_non_null(strstr(output, "FAULT"));
	assert_non_null(strstr(output, "stats vm0 vcpu 1 exits 0x16 5 HVC\r\n"));
	assert_non_null(strstr(output, "stats vm0 vcpu 0 interrupts 3\r\n"));
	assert_non_null(strstr(output, "stats vm1 device uart 0x9000000 reads 7 writes 0\r\n"));
	machines[0].end = VM_END_NONE;
	assert_int_equal(monitor_summary(), 0);
	results_set_bad(2);
	assert_int_equal(monitor_summary(), 1);
	assert_non_null(strstr(output, "2 VMs of the bundle could not be made"));
	results_set_bad(0);
	options.stats = false;
	assert_int_equal(trace_dumps, 0);
	options.trace_dump = true;
	monitor_summary();
	assert_int_equal(trace_dumps, 1);
	options.trace_dump = false;
}

static void does_without_a_port(void **state)
{
	(void)state;
	console_init(NULL);
	vm_says(0, "text\n");
	log_info("text");
	console_enable_interrupts(0x100);
	console_drain();
	assert_string_equal(output, "");
	console_init(&port);
}

/* Last of all: there is no way back. */
static void panics_without_the_lock(void **state)
{
	(void)state;
	port_room = 0;
	vm_says(0, "held back\nopen");
	console_show_partial(console_focus());
	spin_lock(&console.lock);
	log_enter_panic();
	log_error("the end");
	assert_string_equal(output, "[vm0] held back\r\n[vm0] open\r\nlintel: error: the end\r\n");
	console_drain();
	spin_unlock(&console.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_vm_is_raw, start_one),
		cmocka_unit_test_setup(several_vms_go_by_lines, start_three),
		cmocka_unit_test_setup(long_lines_come_in_pieces, start_three),
		cmocka_unit_test_setup(prompts_appear, start_three),
		cmocka_unit_test_setup(typing_makes_it_interactive, start_three),
		cmocka_unit_test_setup(focus_moves, start_three),
		cmocka_unit_test_setup(focus_leaves_a_vm_that_ended, start_three),
		cmocka_unit_test_setup(input_waits_for_the_guest, start_three),
		cmocka_unit_test_setup(output_waits_for_the_port, start_three),
		cmocka_unit_test_setup(commands_reach_the_vm, start_three),
		cmocka_unit_test_setup(quits, start_three),
		cmocka_unit_test_setup(sums_up, start_three),
		cmocka_unit_test_setup(does_without_a_port, start_three),
		cmocka_unit_test_setup(panics_without_the_lock, start_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
