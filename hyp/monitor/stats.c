/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/monitor/stats.h"
#include "hyp/monitor/console.h"
#include "hyp/trap/exit.h"
#include "hyp/vdev/device.h"

static uint64_t sum_of_class(const struct vm *vm, unsigned ec)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		sum += READ_ONCE(vm->vcpus[i]->exits[ec]);
	return sum;
}

static uint64_t sum_of_interrupts(const struct vm *vm)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		sum += READ_ONCE(vm->vcpus[i]->irq_exits);
	return sum;
}

void stats_print_vm(const struct vm *vm)
{
	uint64_t interrupts = sum_of_interrupts(vm);

	console_printf("[%s] exits:\n", vm->name);
	if (interrupts)
		console_printf("  %-40s %12llu\n", "interrupt", (unsigned long long)interrupts);
	for (unsigned ec = 0; ec < NR_EXIT_CLASSES; ec++) {
		uint64_t sum = sum_of_class(vm, ec);

		if (sum)
			console_printf(
				"  %-40s %12llu\n", exit_class_name(ec), (unsigned long long)sum);
	}
	console_printf("[%s] devices:%27s %12s %12s\n", vm->name, "", "reads", "writes");
	for (unsigned i = 0; vm->devices && i < vm->devices->count; i++) {
		const struct device_region *row = &vm->devices->rows[i];

		if (row->reads || row->writes)
			console_printf("  %-20s at 0x%-14llx %12llu %12llu\n", row->ops->name,
				(unsigned long long)row->first, (unsigned long long)row->reads,
				(unsigned long long)row->writes);
	}
}

void stats_print_machine_readable(const struct vm *vm)
{
	if (vm->instructions)
		console_printf("stats %s instructions %llu\n", vm->name,
			(unsigned long long)vm->instructions);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		const struct vcpu *vcpu = vm->vcpus[i];

		if (vcpu->irq_exits)
			console_printf("stats %s vcpu %u interrupts %llu\n", vm->name, i,
				(unsigned long long)vcpu->irq_exits);
		for (unsigned ec = 0; ec < NR_EXIT_CLASSES; ec++)
			if (vcpu->exits[ec])
				console_printf("stats %s vcpu %u exits 0x%02x %llu %s\n", vm->name,
					i, ec, (unsigned long long)vcpu->exits[ec],
					exit_class_name(ec));
	}
	for (unsigned i = 0; vm->devices && i < vm->devices->count; i++) {
		const struct device_region *row = &vm->devices->rows[i];

		if (row->reads || row->writes)
			console_printf("stats %s device %s 0x%llx reads %llu writes %llu\n",
				vm->name, row->ops->name, (unsigned long long)row->first,
				(unsigned long long)row->reads, (unsigned long long)row->writes);
	}
}
