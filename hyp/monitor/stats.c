/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's counters are numbered rows, so that a table can be printed in pieces and two formats share
 * one list: time, then exits, calls, aborts, exceptions for each vCPU, then the VM's devices,
 * doorbells and lines.
 */
#include "hyp/monitor/stats.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/cpu.h"
#include "hyp/base/format.h"
#include "hyp/monitor/console.h"
#include "hyp/monitor/stats_bell.h"
#include "hyp/nested/nested.h"
#include "hyp/smccc/call_names.h"
#include "hyp/smccc/monitor.h"
#include "hyp/trap/exit.h"
#include "hyp/trap/triage_table.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/doorbell.h"

/* More vCPUs than that don't fit side by side: only their sum is shown. */
#define COLUMNS_MAX    4
#define LINES_PER_STEP 8
#define LOOKS_PER_STEP 512 /* at counters, or doorbells, or lines: most of them print nothing */
#define NAME_WIDTH     "36"
#define TITLE_WIDTH    "38" /* a name, and the two spaces before it */

enum section {
	SECTION_TIME,
	SECTION_INTERRUPTS,
	SECTION_EXITS,
	SECTION_INNER_COUNTS,
	SECTION_INNER_EXITS,
	SECTION_PSCI,
	SECTION_CALLS,
	SECTION_ABORTS,
	SECTION_INJECTED,
	SECTION_DEVICES,
	SECTION_BELLS,
	SECTION_LINES,
	NR_SECTIONS
};

/* Of a vCPU with a virtual EL2, about its guest. */
enum { INNER_ENTERED, INNER_TAKEN, INNER_INTERRUPTS, NR_INNER_COUNTS };

static const char *const inner_names[NR_INNER_COUNTS] = {
	[INNER_ENTERED] = "entered by ERET",
	[INNER_TAKEN] = "left to virtual EL2",
	[INNER_INTERRUPTS] = "interrupt",
};

static const char *const injected_names[NR_INJECT_CLASSES] = {
	[INJECT_UNDEFINED] = "undefined instruction",
	[INJECT_INSTRUCTION_ABORT] = "instruction abort",
	[INJECT_DATA_ABORT] = "data abort",
	[INJECT_SERROR] = "SError",
	[INJECT_OTHER] = "other exceptions",
};

static unsigned rows_of(const struct vm *vm, enum section section)
{
	switch (section) {
	case SECTION_TIME:
		return vm->nr_vcpus;
	case SECTION_INTERRUPTS:
		return 1;
	case SECTION_EXITS:
		return NR_EXIT_CLASSES;
	case SECTION_INNER_COUNTS:
		return vm->policy.virtual_el2 ? NR_INNER_COUNTS : 0;
	case SECTION_INNER_EXITS:
		return vm->policy.virtual_el2 ? NR_EXIT_CLASSES : 0;
	case SECTION_PSCI:
		return NR_PSCI_CALLS;
	case SECTION_CALLS:
		return NR_CALL_CLASSES;
	case SECTION_ABORTS:
		return NR_ABORT_ANSWERS;
	case SECTION_INJECTED:
		return NR_INJECT_CLASSES;
	case SECTION_BELLS:
		return doorbell_total();
	case SECTION_LINES:
		return line_total();
	default:
		return vm->devices ? vm->devices->count : 0;
	}
}

static uint64_t inner_count(const struct nested *nested, unsigned row)
{
	switch (row) {
	case INNER_ENTERED:
		return READ_ONCE(nested->eret_count);
	case INNER_TAKEN:
		return READ_ONCE(nested->taken_count);
	default:
		return nested_inner_irqs(nested);
	}
}

/* A counter of a vCPU: `row` of a section between interrupts and injected. */
static uint64_t counter(const struct vcpu *vcpu, enum section section, unsigned row)
{
	switch (section) {
	case SECTION_INTERRUPTS:
		return READ_ONCE(vcpu->irq_exits);
	case SECTION_EXITS:
		return READ_ONCE(vcpu->exits[row]);
	case SECTION_INNER_COUNTS:
		return inner_count(nested_of(vcpu), row);
	case SECTION_INNER_EXITS:
		return READ_ONCE(nested_of(vcpu)->exits[1][row]);
	case SECTION_PSCI:
		return READ_ONCE(vcpu->psci_calls[row]);
	case SECTION_CALLS:
		return READ_ONCE(vcpu->calls[row]) +
			(row == CALL_ARCH ? READ_ONCE(vcpu->workarounds.count) : 0);
	case SECTION_ABORTS:
		return READ_ONCE(vcpu->aborts[row]);
	default:
		return READ_ONCE(vcpu->injected[row]);
	}
}

static const char *row_name(enum section section, unsigned row)
{
	switch (section) {
	case SECTION_INTERRUPTS:
		return "interrupt";
	case SECTION_EXITS:
	case SECTION_INNER_EXITS:
		return exit_class_name(row);
	case SECTION_INNER_COUNTS:
		return inner_names[row];
	case SECTION_PSCI:
		return psci_function_name(row);
	case SECTION_CALLS:
		return call_class_name((enum call_class)row);
	case SECTION_ABORTS:
		return triage_answer_name((enum abort_answer)row);
	default:
		return injected_names[row];
	}
}

/* --- time --- */

/* Ticks that the run loop had it, and was not in the guest. */
static uint64_t lintel_ticks(const struct vcpu *vcpu)
{
	const struct vcpu_times *times = &vcpu->times;
	uint64_t turns = READ_ONCE(times->last_exit) - READ_ONCE(times->away);
	uint64_t guest = READ_ONCE(times->guest);

	/* Where it runs the three are not of one moment. */
	return turns > guest ? turns - guest : 0;
}

/* In a hundredth of a percent. */
static uint64_t share(uint64_t part, uint64_t all)
{
	if (all > UINT64_MAX / 10000)
		return part / (all / 10000);
	return all ? part * 10000 / all : 0;
}

static void print_time(const struct vcpu *vcpu)
{
	uint64_t guest = READ_ONCE(vcpu->times.guest), lintel = lintel_ticks(vcpu);
	uint64_t percent = share(lintel, guest + lintel);

	console_printf(
		"  vCPU %-2u %12llu ms in the guest %10llu.%03llu ms in Lintel (%llu.%02llu %%)\n",
		vcpu->id, (unsigned long long)timer_ticks_to_ms(guest),
		(unsigned long long)timer_ticks_to_ns(lintel) / 1000000,
		(unsigned long long)timer_ticks_to_ns(lintel) / 1000 % 1000,
		(unsigned long long)percent / 100, (unsigned long long)percent % 100);
}

struct cpu_share {
	uint64_t all, guest, idle, lintel;
};

static struct cpu_share share_of(const struct cpu *cpu)
{
	uint64_t now = timer_now(), idle_since = READ_ONCE(cpu->idle_since);
	struct cpu_share result = {
		.all = now - cpu->started,
		.guest = READ_ONCE(cpu->guest_ticks),
		.idle = READ_ONCE(cpu->idle_ticks),
	};
	const struct vcpu *vcpu = READ_ONCE(cpu->current);

	if (READ_ONCE(cpu->in_turn) && vcpu)
		result.guest += READ_ONCE(vcpu->times.guest) - READ_ONCE(cpu->guest_counted);
	if (idle_since && idle_since < now)
		result.idle += now - idle_since;
	result.lintel = result.all - MIN(result.all, result.guest + result.idle);
	return result;
}

void stats_print_cpus(void)
{
	console_printf(
		"CPUs, since each came up: %12s %12s %12s\n", "in guests", "in Lintel", "idle");
	for (unsigned i = 0; i < nr_cpus; i++) {
		struct cpu_share of = share_of(&cpus[i]);
		uint64_t guest = share(of.guest, of.all), lintel = share(of.lintel, of.all);
		uint64_t idle = share(of.idle, of.all);

		console_printf(
			"  CPU %-2u %9llu ms %10llu.%02llu %% %7llu.%02llu %% %7llu.%02llu %%\n", i,
			(unsigned long long)timer_ticks_to_ms(of.all),
			(unsigned long long)guest / 100, (unsigned long long)guest % 100,
			(unsigned long long)lintel / 100, (unsigned long long)lintel % 100,
			(unsigned long long)idle / 100, (unsigned long long)idle % 100);
	}
}

void stats_print_cpus_machine_readable(void)
{
	for (unsigned i = 0; i < nr_cpus; i++) {
		struct cpu_share of = share_of(&cpus[i]);

		console_printf("stats cpu %u ticks %llu guest %llu lintel %llu idle %llu\n", i,
			(unsigned long long)of.all, (unsigned long long)of.guest,
			(unsigned long long)of.lintel, (unsigned long long)of.idle);
	}
}

void stats_refresh(const struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		if (READ_ONCE(vm->vcpus[i]->state) == VCPU_RUNNING)
			vcpu_request(vm->vcpus[i], WORK_WAKE);
	}
}

/* --- the table --- */

static bool has_columns(const struct vm *vm)
{
	return vm->nr_vcpus > 1 && vm->nr_vcpus <= COLUMNS_MAX;
}

/* Is there anything in the sections under one heading? */
static bool has_any(const struct vm *vm, enum section first)
{
	unsigned last = first;

	if (first == SECTION_INTERRUPTS || first == SECTION_INNER_COUNTS || first == SECTION_PSCI)
		last = first + 1;
	for (unsigned section = first; section <= last; section++) {
		for (unsigned row = 0; row < rows_of(vm, (enum section)section); row++) {
			for (unsigned i = 0; i < vm->nr_vcpus; i++) {
				if (counter(vm->vcpus[i], (enum section)section, row))
					return true;
			}
		}
	}
	return false;
}

/* What it did as a monitor of others, in one line. */
static void print_answered(const struct vm *vm)
{
	struct monitor_view view;

	if (monitor_view(vm, &view))
		console_printf(
			"[%s] calls of other VMs: taken %llu, answered %llu, refused answers "
			"(late, twice, to nothing) %llu\n",
			vm->name, (unsigned long long)view.taken, (unsigned long long)view.answered,
			(unsigned long long)view.late);
}

static void print_heading(const struct vm *vm, enum section section)
{
	static const char *const titles[NR_SECTIONS] = {
		[SECTION_TIME] = "time:",
		[SECTION_INTERRUPTS] = "exits:",
		[SECTION_INNER_COUNTS] = "of these, its inner guest's:",
		[SECTION_PSCI] = "calls:",
		[SECTION_ABORTS] = "aborts:",
		[SECTION_INJECTED] = "exceptions given to it:",
		[SECTION_DEVICES] = "devices:",
	};
	char title[VM_NAME_MAX + 32], numbers[COLUMNS_MAX * 16] = "";
	size_t length = 0;

	if (section == SECTION_ABORTS)
		print_answered(vm);
	if (section == SECTION_BELLS)
		stats_bells_heading(vm);
	if (section == SECTION_LINES)
		stats_lines_heading(vm);
	if (!titles[section])
		return;
	format(title, sizeof(title), "[%s] %s", vm->name, titles[section]);
	if (section == SECTION_TIME) {
		console_printf("%s\n", title);
		return;
	}
	if (section == SECTION_DEVICES) {
		console_printf("%-" TITLE_WIDTH "s %14s %11s%s\n", title, "reads", "writes",
			has_columns(vm) ? "   by vCPU: reads/writes" : "");
		return;
	}
	if (!has_any(vm, section))
		return;
	for (unsigned i = 0; has_columns(vm) && i < vm->nr_vcpus; i++)
		length += format(numbers + length, sizeof(numbers) - length, "      vCPU %u", i);
	console_printf("%-" TITLE_WIDTH "s %14s%s\n", title, "all", numbers);
}

static struct device_count count_of(const struct vcpu *vcpu, const struct device_region *row)
{
	const struct device_count *count = device_count(vcpu, row);

	return (struct device_count){ READ_ONCE(count->reads), READ_ONCE(count->writes) };
}

static struct device_count sum_of(const struct vm *vm, const struct device_region *row)
{
	struct device_count sum = { 0 };

	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct device_count count = count_of(vm->vcpus[i], row);

		sum.reads += count.reads;
		sum.writes += count.writes;
	}
	return sum;
}

static bool print_device(const struct vm *vm, const struct device_region *row)
{
	struct device_count sum = sum_of(vm, row);
	char columns[COLUMNS_MAX * 44] = "";
	size_t length = 0;

	if (!sum.reads && !sum.writes)
		return false;
	for (unsigned i = 0; has_columns(vm) && i < vm->nr_vcpus; i++) {
		struct device_count count = count_of(vm->vcpus[i], row);

		length += format(columns + length, sizeof(columns) - length, "   %llu/%llu",
			(unsigned long long)count.reads, (unsigned long long)count.writes);
	}
	console_printf("  %-20s at 0x%-10llx %14llu %11llu%s\n", row->ops->name,
		(unsigned long long)row->first, (unsigned long long)sum.reads,
		(unsigned long long)sum.writes, columns);
	return true;
}

static bool print_counters(const struct vm *vm, enum section section, unsigned row)
{
	char columns[COLUMNS_MAX * 24] = "";
	uint64_t sum = 0;
	size_t length = 0;

	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		uint64_t value = counter(vm->vcpus[i], section, row);

		sum += value;
		if (has_columns(vm))
			length += format(columns + length, sizeof(columns) - length, " %11llu",
				(unsigned long long)value);
	}
	if (sum)
		console_printf("  %-" NAME_WIDTH "s %14llu%s\n", row_name(section, row),
			(unsigned long long)sum, columns);
	return sum != 0;
}

/* True: a line was printed. */
static bool print_row(const struct vm *vm, enum section section, unsigned row)
{
	if (row == 0)
		print_heading(vm, section);
	switch (section) {
	case SECTION_BELLS:
		return stats_bells_row(vm, row);
	case SECTION_LINES:
		return stats_lines_row(vm, row);
	case SECTION_TIME:
		print_time(vm->vcpus[row]);
		return true;
	case SECTION_DEVICES:
		return print_device(vm, &vm->devices->rows[row]);
	default:
		return print_counters(vm, section, row);
	}
}

/* About how many counters a row looks at. With the first one comes the heading, which looks whether
 * there is anything below it. */
static unsigned looks_of(const struct vm *vm, enum section section, unsigned row)
{
	unsigned rows = row == 0 ? rows_of(vm, section) + 1 : 1;

	return rows * (section <= SECTION_DEVICES ? vm->nr_vcpus : 1);
}

bool stats_print_vm_step(const struct vm *vm, unsigned *position)
{
	unsigned lines = 0, looks = 0, first = 0;

	for (unsigned section = 0; section < NR_SECTIONS; section++) {
		unsigned rows = rows_of(vm, (enum section)section);

		while (*position < first + rows) {
			unsigned row = *position - first;
			unsigned more = looks_of(vm, (enum section)section, row);

			if (lines == LINES_PER_STEP || (looks && looks + more > LOOKS_PER_STEP))
				return true;
			looks += more;
			lines += print_row(vm, (enum section)section, row);
			(*position)++;
		}
		first += rows;
	}
	return false;
}

void stats_print_vm(const struct vm *vm)
{
	unsigned position = 0;

	while (stats_print_vm_step(vm, &position))
		;
}

/* --- for scripts --- */

static void print_vcpu_machine_readable(const struct vm *vm, const struct vcpu *vcpu)
{
	static const char *const words[NR_SECTIONS] = {
		[SECTION_INTERRUPTS] = "interrupts",
		[SECTION_EXITS] = "exits",
		[SECTION_INNER_COUNTS] = "inner",
		[SECTION_INNER_EXITS] = "inner-exits",
		[SECTION_PSCI] = "psci",
		[SECTION_CALLS] = "calls",
		[SECTION_ABORTS] = "aborts",
		[SECTION_INJECTED] = "injected",
	};

	console_printf("stats %s vcpu %u ticks guest %llu lintel %llu\n", vm->name, vcpu->id,
		(unsigned long long)vcpu->times.guest, (unsigned long long)lintel_ticks(vcpu));
	if (vcpu->irq_exits)
		console_printf("stats %s vcpu %u interrupts %llu\n", vm->name, vcpu->id,
			(unsigned long long)vcpu->irq_exits);
	for (unsigned section = SECTION_EXITS; section <= SECTION_INJECTED; section++) {
		for (unsigned row = 0; row < rows_of(vm, (enum section)section); row++) {
			uint64_t value = counter(vcpu, (enum section)section, row);

			if (value)
				console_printf("stats %s vcpu %u %s 0x%02x %llu %s\n", vm->name,
					vcpu->id, words[section], row, (unsigned long long)value,
					row_name((enum section)section, row));
		}
	}
}

static void print_device_machine_readable(const struct vm *vm, const struct device_region *row)
{
	struct device_count sum = sum_of(vm, row);

	if (!sum.reads && !sum.writes)
		return;
	console_printf("stats %s device %s 0x%llx reads %llu writes %llu\n", vm->name,
		row->ops->name, (unsigned long long)row->first, (unsigned long long)sum.reads,
		(unsigned long long)sum.writes);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct device_count count = count_of(vm->vcpus[i], row);

		if (count.reads || count.writes)
			console_printf("stats %s vcpu %u device %s 0x%llx reads %llu writes %llu\n",
				vm->name, i, row->ops->name, (unsigned long long)row->first,
				(unsigned long long)count.reads, (unsigned long long)count.writes);
	}
}

void stats_print_machine_readable(const struct vm *vm)
{
	struct monitor_view view;

	if (vm->instructions)
		console_printf("stats %s instructions %llu\n", vm->name,
			(unsigned long long)vm->instructions);
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		print_vcpu_machine_readable(vm, vm->vcpus[i]);
	for (unsigned i = 0; vm->devices && i < vm->devices->count; i++)
		print_device_machine_readable(vm, &vm->devices->rows[i]);
	stats_bells_machine_readable(vm);
	if (monitor_view(vm, &view))
		console_printf("stats %s monitor taken %llu answered %llu late %llu\n", vm->name,
			(unsigned long long)view.taken, (unsigned long long)view.answered,
			(unsigned long long)view.late);
}
