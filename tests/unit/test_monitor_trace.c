/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The monitor's command `trace`: status, the dump, the last events, recording on and off.
 *
 * links: hyp/monitor/trace.c hyp/base/trace.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/arch/esr.h"
#include "hyp/base/format.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/trace.h"
#include "hyp/trap/exit.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define MHZ 1000000

struct timer_scale timer_scale;
struct vm *vms[MAX_VMS];
unsigned nr_vms;

static struct vm machines[2];
static struct vcpu vcpu;
static char output[262144];
static size_t length;
static unsigned room; /* how often the console has room; then it has not, for once */
static bool no_memory;

/* Jobs wait here until run_jobs(). */
static struct {
	struct cpu *cpu;
	struct sched_job *job;
} jobs[MAX_CPUS + 1];
static unsigned nr_jobs;

void console_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	length += format_v(output + length, sizeof(output) - length, fmt, args);
	va_end(args);
	assert_true(length < sizeof(output));
}

bool console_has_room(void)
{
	return room-- != 0;
}

const char *exit_class_name(unsigned ec)
{
	return ec == EC_HVC64 ? "HVC" : "other";
}

void *mm_zalloc(size_t size)
{
	static struct trace_entry memory[TRACE_ENTRIES] __aligned(TRACE_SIZE);

	assert_int_equal(size, TRACE_SIZE);
	return no_memory ? NULL : memory;
}

void sched_add_job(struct cpu *cpu, struct sched_job *job)
{
	assert_true(nr_jobs < ARRAY_SIZE(jobs));
	jobs[nr_jobs].cpu = cpu;
	jobs[nr_jobs++].job = job;
}

/* One step of each job, on its CPU. */
static void run_jobs_once(void)
{
	unsigned count = nr_jobs;

	for (unsigned i = 0; i < count; i++) {
		struct cpu *cpu = jobs[i].cpu;
		struct sched_job *job = jobs[i].job;
		bool more;

		fake_cpu_switch(cpu->index);
		more = job->step(job);
		fake_cpu_switch(0);
		if (more)
			sched_add_job(cpu, job);
	}
	memmove(jobs, jobs + count, (nr_jobs - count) * sizeof(jobs[0]));
	nr_jobs -= count;
}

static void run_jobs(void)
{
	while (nr_jobs)
		run_jobs_once();
}

static void forget(void)
{
	output[length = 0] = '\0';
}

static void event(unsigned cpu, uint64_t what, uint64_t argument, uint64_t out, uint64_t in)
{
	trace_add(&cpus[cpu].trace, what, argument, out)->in = in;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_cpu_count(2);
	timer_scale = (struct timer_scale){ .ns_per_tick = UINT64_C(1000) << 32, .hz = MHZ };
	fake_reg(CNTPCT_EL0) = 0xabcd;
	no_memory = false;
	trace_init();
	memset(machines, 0, sizeof(machines));
	nr_vms = 2;
	for (unsigned i = 0; i < 2; i++) {
		vms[i] = &machines[i];
		machines[i].id = i;
		machines[i].nr_vcpus = i + 1;
		strcpy(machines[i].name, i ? "beta" : "alpha");
	}
	vcpu = (struct vcpu){ .vm = &machines[1], .id = 1 };
	room = UINT32_MAX;
	nr_jobs = 0;
	no_memory = false;
	forget();
	return 0;
}

#define HAS(text)   assert_non_null(strstr(output, text))
#define LACKS(text) assert_null(strstr(output, text))

static void some_events(void)
{
	event(0, TRACE_WHAT(TRACE_RUN) | TRACE_VCPU(1, 1), 0x40000000, 0x1000, 0x1010);
	event(0, ESR_MAKE(EC_HVC64, 0), 0x40000004, 0x2000, 0x2008);
	event(1, TRACE_WHAT(TRACE_IDLE), 0, 0x1800, 0);
	event(0, TRACE_WHAT(TRACE_IRQ) | 27, 0x40000008, 0x3000, 0);
	cpus[0].current = &vcpu;
}

static const char dump[] = "trace begin 1 hz 1000000 now abcd cpus 2\n"
			   "trace vm 0 alpha vcpus 1\n"
			   "trace vm 1 beta vcpus 2\n"
			   "trace cpu 0 events 3 current 1 1\n"
			   "trace 0 b00000000010001 40000000 1000 10\n"
			   "trace 0 5a000000 40000004 2000 8\n"
			   "trace 0 10000000000001b 40000008 3000\n"
			   "trace cpu 1 events 1\n"
			   "trace 1 a00000000000000 0 1800\n"
			   "trace end\n";

static void test_dump_at_the_end(void **state)
{
	(void)state;
	some_events();
	trace_dump();
	assert_string_equal(output, dump);
}

/* The same by the command, in pieces; nothing is recorded meanwhile, and everything afterwards. */
static void test_dump_command(void **state)
{
	struct trace_entry *next;

	(void)state;
	some_events();
	next = cpus[0].trace.next;
	trace_command("dump");
	assert_string_equal(output, "");
	trace_command("dump");
	HAS("still at work");
	forget();
	run_jobs_once();
	assert_ptr_equal(cpus[0].trace.kept, next);
	assert_non_null(cpus[1].trace.kept);
	event(0, 1, 1, 0x9999, 0);
	run_jobs();
	assert_string_equal(output, dump);
	assert_null(cpus[0].trace.kept);
	assert_ptr_equal(cpus[0].trace.next, next);
	assert_null(cpus[1].trace.kept);
}

static void test_dump_one(void **state)
{
	(void)state;
	some_events();
	trace_command(" dump  1 ");
	run_jobs();
	HAS("trace begin");
	LACKS("trace cpu 0");
	HAS("trace cpu 1 events 1\ntrace 1 a00000000000000 0 1800\ntrace end\n");
	forget();
	trace_command("dump 2");
	HAS("a CPU's number is expected, 0 to 1");
	forget();
	trace_command("dump 1 x");
	HAS("a CPU's number is expected");
	assert_int_equal(nr_jobs, 0);
}

/* A full ring comes in pieces, each only when there is room for it. */
static void test_dump_pieces(void **state)
{
	unsigned lines = 0, steps = 0;

	(void)state;
	for (unsigned i = 1; i <= TRACE_ENTRIES + 5; i++)
		event(0, 0, i, i, 0);
	trace_command("dump 0");
	while (nr_jobs) {
		size_t before = length;
		unsigned now = 0;

		room = steps++ % 3 ? 1 : 0;
		run_jobs_once();
		for (size_t i = before; i < length; i++)
			now += output[i] == '\n';
		assert_in_range(now, 0, 10);
		lines += now;
	}
	assert_int_equal(lines, TRACE_ENTRIES + 5);
	assert_in_range(steps, TRACE_ENTRIES / 8 * 3 / 2, TRACE_ENTRIES / 4);
	HAS("events 2048\ntrace 0 0 6 6\n");
	HAS("trace 0 0 805 805\ntrace end\n");
}

/* At which level exits were, where a vCPU has two, and it is known. */
static void test_show_levels(void **state)
{
	(void)state;
	event(0, ESR_MAKE(EC_HVC64, 0), 0x10, 0x1000, 0);
	event(0, TRACE_WHAT(TRACE_LEVEL) | TRACE_VCPU(1, 1), 0, 0x1001, 0);
	event(0, TRACE_WHAT(TRACE_RUN) | TRACE_VCPU(1, 1), 0x20, 0x1002, 0);
	event(0, ESR_MAKE(EC_HVC64, 0), 0x30, 0x1003, 0x1004);
	event(0, TRACE_WHAT(TRACE_LEVEL) | TRACE_VCPU(1, 1), 1, 0x1004, 0);
	event(1, TRACE_WHAT(TRACE_IRQ) | 27, 0x40, 0x1005, 0);
	event(0, TRACE_WHAT(TRACE_IRQ) | 27, 0x50, 0x1006, 0);
	event(0, TRACE_WHAT(TRACE_IRQ) | 28, 0, 0x1007, 0);
	event(0, TRACE_WHAT(TRACE_RUN) | TRACE_VCPU(0, 0), 0x60, 0x1008, 0);
	event(0, TRACE_WHAT(TRACE_IRQ) | 29, 0x70, 0x1009, 0);
	trace_command("show");
	run_jobs();
	HAS(" exit: HVC, ESR 5a000000, PC 10\n");
	HAS(" beta vCPU 1 goes on at virtual EL2\n");
	HAS(" exit: HVC, ESR 5a000000, PC 30, at virtual EL2, 1000 ns in Lintel\n");
	HAS(" beta vCPU 1 goes on in its inner guest\n");
	HAS(" CPU 1  exit: interrupt 27, PC 40\n");
	HAS(" CPU 0  exit: interrupt 27, PC 50, of the inner guest\n");
	HAS(" interrupt 28\n");
	HAS(" exit: interrupt 29, PC 70\n");
}

static void test_show(void **state)
{
	(void)state;
	some_events();
	cpus[0].started = 0x1000;
	trace_command("show");
	run_jobs();
	assert_string_equal(output,
		"     0.000000 CPU 0  beta vCPU 1 has its turn, PC 40000000, 16000 ns in Lintel\n"
		"     0.002048 CPU 1  idle\n"
		"     0.004096 CPU 0  exit: HVC, ESR 5a000000, PC 40000004, 8000 ns in Lintel\n"
		"     0.008192 CPU 0  exit: interrupt 27, PC 40000008\n");
	forget();
	trace_command("show 3");
	run_jobs();
	assert_memory_equal(output, "     0.002048 CPU 1", 19);
	forget();
	trace_command("show x");
	HAS("the number of events is expected, up to 2048");
	forget();
	trace_command("show 2049");
	HAS("the number of events is expected");
}

/* More to go back than is gone in one piece. */
static void test_show_many(void **state)
{
	unsigned lines = 0;

	(void)state;
	for (unsigned i = 1; i <= 600; i++)
		event(i & 1, TRACE_WHAT(TRACE_IDLE), 0, i * 1000, 0);
	trace_command("show 300");
	run_jobs();
	assert_memory_equal(output, "     0.301000 CPU 1  idle\n     0.302000 CPU 0", 44);
	for (size_t i = 0; i < length; i++)
		lines += output[i] == '\n';
	assert_int_equal(lines, 300);
}

static void test_off_on(void **state)
{
	(void)state;
	some_events();
	trace_command("off");
	HAS("trace: off\n");
	trace_command("on");
	HAS("still at work");
	run_jobs();
	event(1, 1, 1, 0x8000, 0);
	assert_int_equal(trace_count(&cpus[1].trace), 1);
	/* A dump leaves it off. */
	forget();
	trace_command("dump");
	run_jobs();
	assert_string_equal(output, dump);
	assert_non_null(cpus[1].trace.kept);
	forget();
	trace_command("");
	HAS("trace: off, up to 2048 events a CPU\n  CPU 0      3 events of 8.192 ms\n");
	trace_command("on");
	run_jobs();
	assert_null(cpus[1].trace.kept);
	event(1, 1, 1, 0x8000, 0);
	assert_int_equal(trace_count(&cpus[1].trace), 2);
	trace_command("on");
	assert_int_equal(nr_jobs, 0);
	trace_command("");
	HAS("trace: on, up to");
}

/* A CPU that never came up isn't asked. */
static void test_absent_cpu(void **state)
{
	(void)state;
	cpus[1].online = false;
	trace_command("off");
	assert_int_equal(nr_jobs, 1);
	run_jobs();
	trace_command("on");
	run_jobs();
}

static void test_words(void **state)
{
	static const char *const wrong[] = { "on 1", "dumped", "x", "off now" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		forget();
		trace_command(wrong[i]);
		assert_string_equal(output, "trace [dump [CPU] | show [N] | off | on]\n");
	}
	assert_int_equal(nr_jobs, 0);
}

static void test_describe(void **state)
{
	static const struct {
		uint64_t what, argument;
		const char *text;
	} all[] = {
		{ TRACE_WHAT(TRACE_FIQ), 0x10, "exit: FIQ, PC 10" },
		{ TRACE_WHAT(TRACE_SERROR) | 0xbe000011, 0x10,
			"exit: SError, ESR be000011, PC 10" },
		{ TRACE_WHAT(TRACE_IRQ) | 33, 0, "interrupt 33" },
		{ TRACE_WHAT(TRACE_IDLE), 1, "idle no more" },
		{ TRACE_WHAT(TRACE_RUN) | TRACE_VCPU(0, 0), 0x10,
			"alpha vCPU 0 has its turn, PC 10" },
		{ TRACE_WHAT(TRACE_BLOCK) | TRACE_VCPU(1, 1), 0x10, "beta vCPU 1 waits, PC 10" },
		{ TRACE_WHAT(TRACE_WAKE) | TRACE_VCPU(1, 1), 3, "beta vCPU 1 is woken, for CPU 3" },
		{ TRACE_WHAT(TRACE_MIGRATE) | TRACE_VCPU(1, 1), 3, "beta vCPU 1 moves to CPU 3" },
		{ TRACE_WHAT(TRACE_INJECT) | TRACE_VCPU(2, 1), 0x2000000,
			"? vCPU 1 is given an exception, ESR 2000000" },
		{ TRACE_WHAT(TRACE_PUT) | TRACE_VCPU(0, 0), 0x10,
			"alpha vCPU 0 is put away, PC 10" },
		{ TRACE_WHAT(TRACE_VM) | TRACE_VCPU(1, 0), VM_PAUSED, "beta: paused" },
		{ TRACE_WHAT(TRACE_VM) | TRACE_VCPU(1, 0), 99, "beta: ?" },
		{ TRACE_WHAT(99), 0, "unknown event 6300000000000000" },
	};
	char text[80], little[8];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		struct trace_entry entry = { .what = all[i].what, .argument = all[i].argument };

		trace_describe(&entry, text, sizeof(text));
		assert_string_equal(text, all[i].text);
		trace_describe(&entry, little, sizeof(little));
		assert_memory_equal(little, text, sizeof(little) - 1);
	}
}

/* What can't be kept while it is printed isn't printed. */
static void test_no_memory(void **state)
{
	(void)state;
	no_memory = true;
	trace_init();
	trace_command("dump");
	HAS("no memory");
	trace_command("off");
	HAS("trace: on\n");
	assert_int_equal(nr_jobs, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_no_memory), TEST(test_dump_at_the_end),
		TEST(test_dump_command), TEST(test_dump_one), TEST(test_dump_pieces),
		TEST(test_show), TEST(test_show_levels), TEST(test_show_many), TEST(test_off_on),
		TEST(test_absent_cpu), TEST(test_words), TEST(test_describe) };

	return cmocka_run_group_tests_name("monitor trace", tests, NULL, NULL);
}
