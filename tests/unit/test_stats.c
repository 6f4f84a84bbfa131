/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of counters, for people and for scripts.
 *
 * links: hyp/monitor/stats.c hyp/monitor/stats_bell.c hyp/smccc/call_names.c
 * hyp/trap/triage_table.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/base/format.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/stats.h"
#include "hyp/nested/nested.h"
#include "hyp/smccc/monitor.h"
#include "hyp/smccc/call_names.h"
#include "hyp/trap/exit.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/doorbell.h"
#include "tests/unit/fake/cpu.h"

struct timer_scale timer_scale;

static char output[65536];
static size_t length;
static unsigned requests;

void console_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	length += format_v(output + length, sizeof(output) - length, fmt, args);
	va_end(args);
	assert_true(length < sizeof(output));
}

const char *exit_class_name(unsigned ec)
{
	return ec == 0x16 ? "HVC" : "other";
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	assert_int_equal(work, WORK_WAKE);
	assert_int_equal(vcpu->state, VCPU_RUNNING);
	requests++;
}

static struct vcpu vcpus[MAX_VCPUS];
static struct vm vm;
static const struct device_ops ops = { .name = "uart" };
static struct device_region rows[2];
static struct device_count counts[MAX_VCPUS][2];
static const struct device_table table = { .count = 2, .rows = rows };

/* Doorbells and lines of this VM and, the second ones, of others. */
static struct doorbell_config bell_configs[] = {
	{ .name = "ring", .address = 0xb000000 },
	{ .name = "other", .address = 0xb000010 },
	{ .name = "quiet", .address = 0xb000020 },
	{ .name = "missed", .address = 0xb000030 },
};
static struct line_config line_configs[] = {
	{ .name = "up", .spi = 100 },
	{ .name = "foreign", .spi = 101 },
	{ .name = "silent", .spi = 102 },
	{ .name = "ended", .spi = 3 },
};
static struct doorbell_view bells[ARRAY_SIZE(bell_configs)];
static struct line_view lines[ARRAY_SIZE(line_configs)];
static unsigned nr_bells, nr_lines, looks;

unsigned doorbell_total(void)
{
	return nr_bells;
}

static bool is_monitor;

bool monitor_view(const struct vm *of, struct monitor_view *view)
{
	(void)of;
	*view = (struct monitor_view){ .taken = 3, .answered = 2, .late = 1 };
	return is_monitor;
}

unsigned line_total(void)
{
	return nr_lines;
}

bool doorbell_view(const struct vm *of, unsigned n, struct doorbell_view *view)
{
	assert_ptr_equal(of, &vm);
	assert_true(n < nr_bells);
	looks++;
	*view = bells[n % ARRAY_SIZE(bells)];
	view->config = &bell_configs[n % ARRAY_SIZE(bells)];
	return n != 1;
}

bool line_view(const struct vm *of, unsigned n, struct line_view *view)
{
	assert_ptr_equal(of, &vm);
	assert_true(n < nr_lines);
	looks++;
	*view = lines[n % ARRAY_SIZE(lines)];
	view->config = &line_configs[n % ARRAY_SIZE(lines)];
	return n != 1;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(vcpus, 0, sizeof(vcpus));
	memset(&vm, 0, sizeof(vm));
	memset(rows, 0, sizeof(rows));
	rows[0] = (struct device_region){ .first = 0x9000000, .ops = &ops };
	rows[1] = (struct device_region){ .first = 0xa000000, .ops = &ops };
	vm.nr_vcpus = 2;
	vm.devices = &table;
	strcpy(vm.name, "linux");
	for (unsigned i = 0; i < MAX_VCPUS; i++) {
		vm.vcpus[i] = &vcpus[i];
		vcpus[i].id = i;
		vcpus[i].device_counts = (uintptr_t)counts[i] - ((uintptr_t)rows >> 2);
	}
	memset(counts, 0, sizeof(counts));
	counts[0][0].reads = 7;
	/* A tick is a microsecond. */
	timer_scale = (struct timer_scale){ .ns_per_tick = UINT64_C(1000) << 32, .hz = 1000000 };
	output[0] = '\0';
	length = requests = 0;
	nr_bells = nr_lines = 0;
	memset(bells, 0, sizeof(bells));
	memset(lines, 0, sizeof(lines));
	return 0;
}

#define HAS(text)   assert_non_null(strstr(output, text))
#define LACKS(text) assert_null(strstr(output, text))

static void test_counters(void **state)
{
	(void)state;
	vcpus[0].irq_exits = 3;
	vcpus[0].exits[0x16] = 40;
	vcpus[1].exits[0x16] = 2;
	vcpus[1].psci_calls[3] = 5;
	vcpus[1].psci_calls[31] = 1;
	vcpus[0].calls[CALL_REFUSED] = 6;
	vcpus[0].injected[INJECT_DATA_ABORT] = 9;
	vcpus[1].aborts[ANSWER_GIVE] = 12;
	stats_print_vm(&vm);
	HAS("[linux] exits:                                    all      vCPU 0      vCPU 1\n");
	HAS("  interrupt                                         3           3           0\n");
	HAS("  HVC                                              42          40           2\n");
	HAS("  CPU_ON                                            5           0           5\n");
	HAS("  PSCI, reserved                                    1           0           1\n");
	HAS("  refused: not supported                            6           6           0\n");
	HAS("  data abort                                        9           9           0\n");
	HAS("[linux] aborts: ");
	HAS("  memory given                                     12           0          12\n");
	HAS("  uart                 at 0x9000000                 7           0   7/0   0/0\n");
	HAS("[linux] calls:");
	LACKS("0xa000000");
	LACKS("PSCI_VERSION");
	LACKS("other");
	assert_int_equal(strlen(output), length);
}

/* Of a VM with a virtual EL2 its inner guest's, of those of both. */
static void test_levels(void **state)
{
	static struct nested nested[2];

	(void)state;
	vm.policy.virtual_el2 = VIRTUAL_EL2_VHE;
	for (unsigned i = 0; i < 2; i++) {
		vcpus[i].part[PART_NESTED] = &nested[i];
		nested[i].vcpu = &vcpus[i];
	}
	vcpus[1].exits[0x16] = 40;
	stats_print_vm(&vm);
	LACKS("inner guest's");
	nested[1].exits[1][0x16] = 30;
	nested[0].eret_count = 8;
	nested[0].taken_count = 7;
	/* It is there now: interrupts since that began are its, too. */
	vcpus[0].irq_exits = 100;
	nested[0].inner_irq_exits = 5 - UINT64_C(90);
	nested[0].inner = true;
	vcpus[1].irq_exits = 10;
	nested[1].inner_irq_exits = 4;
	stats_print_vm(&vm);
	HAS("  HVC                                              40           0          40\n"
	    "[linux] of these, its inner guest's:              all      vCPU 0      vCPU 1\n"
	    "  entered by ERET                                   8           8           0\n"
	    "  left to virtual EL2                               7           7           0\n"
	    "  interrupt                                        19          15           4\n"
	    "  HVC                                              30           0          30\n");
	stats_print_machine_readable(&vm);
	HAS("stats linux vcpu 0 inner 0x02 15 interrupt\n");
	HAS("stats linux vcpu 1 inner-exits 0x16 30 HVC\n");
	HAS("stats linux vcpu 1 exits 0x16 40 HVC\n");
}

/* One vCPU, or too many to stand side by side: the sum alone. */
static void test_columns(void **state)
{
	(void)state;
	vm.nr_vcpus = 1;
	vm.devices = NULL;
	vcpus[0].exits[0x16] = 40;
	stats_print_vm(&vm);
	HAS("                 all\n");
	HAS("  HVC                                              40\n");
	LACKS("devices:");
	setup(state);
	vm.nr_vcpus = MAX_VCPUS;
	vcpus[15].exits[0x16] = 41;
	stats_print_vm(&vm);
	HAS("                 all\n");
	HAS("  HVC                                              41\n");
	HAS("  vCPU 15 ");
}

/* One that answers others' calls. */
static void test_monitor(void **state)
{
	(void)state;
	vm.nr_vcpus = 1;
	stats_print_vm(&vm);
	assert_null(strstr(output, "calls of other VMs"));
	is_monitor = true;
	stats_print_vm(&vm);
	HAS("calls of other VMs: taken 3, answered 2, refused answers (late, twice, to nothing) "
	    "1\n");
	stats_print_machine_readable(&vm);
	HAS(" monitor taken 3 answered 2 late 1\n");
	is_monitor = false;
}

/* A few lines at a time, and all of them in the end. */
static void test_steps(void **state)
{
	unsigned position = 0, steps = 0;
	char whole[sizeof(output)];

	(void)state;
	vm.nr_vcpus = MAX_VCPUS;
	for (unsigned i = 0; i < NR_EXIT_CLASSES; i++)
		vcpus[i % MAX_VCPUS].exits[i] = i + 1;
	stats_print_vm(&vm);
	strcpy(whole, output);
	output[0] = '\0';
	length = 0;
	for (bool more = true; more; steps++) {
		size_t before = length;
		unsigned lines = 0;

		more = stats_print_vm_step(&vm, &position);
		for (size_t i = before; i < length; i++)
			lines += output[i] == '\n';
		assert_in_range(lines, 0, 8 + 7);
	}
	assert_string_equal(output, whole);
	assert_in_range(steps, 10, 18);
}

/* What prints nothing takes its time, too: a heading looks at all there are, a step at a part. */
static void test_steps_of_silence(void **state)
{
	unsigned position = 0, sum = 0, steps = 0;

	(void)state;
	vm.nr_vcpus = 1;
	nr_bells = DOORBELLS_MAX;
	nr_lines = LINES_MAX;
	for (bool more = true; more; steps++) {
		looks = 0;
		more = stats_print_vm_step(&vm, &position);
		sum += looks;
		assert_in_range(looks, 0, DOORBELLS_MAX + 1);
	}
	assert_int_equal(sum, 2 * (DOORBELLS_MAX + LINES_MAX));
	LACKS("doorbells:");
	assert_in_range(steps, 5, 7);
	/* Each counter of each vCPU is one. */
	position = steps = 0;
	nr_bells = nr_lines = 0;
	vm.nr_vcpus = MAX_VCPUS;
	while (stats_print_vm_step(&vm, &position))
		steps++;
	assert_in_range(steps, 6, 10);
}

static void test_time(void **state)
{
	(void)state;
	/* 100 ms in its turns, of which 99.5 in the guest */
	vcpus[0].times = (struct vcpu_times){ .guest = 99500, .last_exit = 230000, .away = 130000 };
	/* An instant between two stores: more in the guest than at all. */
	vcpus[1].times = (struct vcpu_times){ .guest = 5000, .last_exit = 1000 };
	stats_print_vm(&vm);
	HAS("  vCPU 0            99 ms in the guest          0.500 ms in Lintel (0.50 %)\n");
	HAS("  vCPU 1             5 ms in the guest          0.000 ms in Lintel (0.00 %)\n");
	stats_print_machine_readable(&vm);
	HAS("stats linux vcpu 0 ticks guest 99500 lintel 500\n");
}

static void test_cpus(void **state)
{
	(void)state;
	fake_cpu_count(2);
	fake_reg(CNTPCT_EL0) = 1100000;
	cpus[0].started = 100000;
	cpus[0].guest_ticks = 500000;
	cpus[0].idle_ticks = 100000;
	cpus[0].idle_since = 900000; /* and 200 ms now */
	cpus[1].started = 1000000;
	cpus[1].current = &vcpus[0];
	cpus[1].in_turn = true;
	cpus[1].guest_ticks = 10000;
	cpus[1].guest_counted = 1000;
	vcpus[0].times.guest = 81000;
	stats_print_cpus();
	HAS("  CPU 0       1000 ms         50.00 %      20.00 %      30.00 %\n");
	HAS("  CPU 1        100 ms         90.00 %      10.00 %       0.00 %\n");
	stats_print_cpus_machine_readable();
	HAS("stats cpu 1 ticks 100000 guest 90000 lintel 10000 idle 0\n");
	/* Out of its turn nothing of the vCPU is this CPU's; and so long a time doesn't overflow.
	 */
	output[length = 0] = '\0';
	cpus[1].in_turn = false;
	cpus[1].started = 1;
	cpus[1].guest_ticks = UINT64_MAX / 4 * 3;
	fake_reg(CNTPCT_EL0) = 0;
	stats_print_cpus();
	HAS("75.00 %");
}

static void test_machine_readable(void **state)
{
	(void)state;
	vm.instructions = 12;
	vcpus[0].irq_exits = 3;
	vcpus[1].exits[0x16] = 5;
	vcpus[1].psci_calls[8] = 1;
	vcpus[1].calls[CALL_ARCH] = 2;
	vcpus[1].injected[INJECT_SERROR] = 4;
	vcpus[1].aborts[ANSWER_ODD] = 6;
	stats_print_machine_readable(&vm);
	HAS("stats linux instructions 12\n");
	HAS("stats linux vcpu 0 interrupts 3\n");
	LACKS("stats linux vcpu 1 interrupts");
	HAS("stats linux vcpu 1 exits 0x16 5 HVC\n");
	HAS("stats linux vcpu 1 psci 0x08 1 SYSTEM_OFF\n");
	HAS("stats linux vcpu 1 calls 0x00 2 Arm architecture calls\n");
	HAS("stats linux vcpu 1 injected 0x03 4 SError\n");
	HAS("stats linux vcpu 1 aborts 0x0d 6 unknown abort\n");
	HAS("stats linux device uart 0x9000000 reads 7 writes 0\n");
	HAS("stats linux vcpu 0 device uart 0x9000000 reads 7 writes 0\n");
	LACKS("stats linux vcpu 1 device");
	LACKS("0xa000000");
}

static void test_refresh(void **state)
{
	(void)state;
	vcpus[0].state = VCPU_BLOCKED;
	vcpus[1].state = VCPU_RUNNING;
	stats_refresh(&vm);
	assert_int_equal(requests, 1);
}

/* Each row has a name, and no two the same but what is reserved. */
static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NR_PSCI_CALLS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(strcmp(psci_function_name(i), "PSCI, reserved") == 0 ||
				strcmp(psci_function_name(i), psci_function_name(j)) != 0);
	assert_string_equal(psci_function_name(18), "SYSTEM_RESET2");
	assert_string_equal(psci_function_name(NR_PSCI_CALLS), "PSCI, reserved");
	for (unsigned i = 0; i < NR_CALL_CLASSES; i++)
		assert_non_null(call_class_name((enum call_class)i));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

/* Only those at which something has happened. */
static void test_bells(void **state)
{
	(void)state;
	nr_bells = ARRAY_SIZE(bells);
	nr_lines = ARRAY_SIZE(lines);
	stats_print_vm(&vm);
	stats_print_machine_readable(&vm);
	LACKS("doorbell");
	LACKS("line ");
	LACKS("lines:");
	bells[0].rings = bells[1].rings = 12;
	bells[0].dropped = 3;
	bells[3].misses = 5;
	lines[0].raises = lines[1].raises = 40;
	lines[0].coalesced = 8;
	lines[0].dropped = 1;
	lines[3].ends = 7;
	lines[3].unheard = 2;
	stats_print_vm(&vm);
	HAS("[linux] doorbells:                                   rings     dropped      misses\n"
	    "  ring                            0xb000000             12           3           0\n"
	    "  missed                          0xb000030              0           0           5\n"
	    "[linux] lines:                                      raises   coalesced     dropped"
	    "        ends     unheard\n"
	    "  up                              SPI 100               40           8           1"
	    "           0           0\n"
	    "  ended                           SPI 3                  0           0           0"
	    "           7           2\n");
	output[0] = '\0';
	length = 0;
	stats_print_machine_readable(&vm);
	HAS("stats linux doorbell ring 0xb000000 rings 12 dropped 3 misses 0\n"
	    "stats linux doorbell missed 0xb000030 rings 0 dropped 0 misses 5\n"
	    "stats linux line up 100 raises 40 coalesced 8 dropped 1 ends 0 unheard 0\n"
	    "stats linux line ended 3 raises 0 coalesced 0 dropped 0 ends 7 unheard 2\n");
	LACKS("other");
	LACKS("foreign");
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_counters), TEST(test_levels),
		TEST(test_columns), TEST(test_monitor), TEST(test_steps), TEST(test_time),
		TEST(test_cpus), TEST(test_machine_readable), TEST(test_steps_of_silence),
		TEST(test_bells), TEST(test_time), TEST(test_cpus), TEST(test_machine_readable),
		TEST(test_refresh), TEST(test_names) };

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
