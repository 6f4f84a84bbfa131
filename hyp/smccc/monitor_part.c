/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monitors and what rules say about them: made, found, reset.
 */
#include "drivers/timer/timer.h"
#include "hyp/base/log.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "hyp/smccc/monitor_state.h"
#include "mm/page.h"
#include "mm/phys.h"

/* One for each VM that could be a monitor. */
#define OWNER_FIRST_MONITOR (OWNER_COUNT - MAX_VMS)
#define RECORD_PAGES        (MONITOR_RECORDS_SIZE / PAGE_SIZE)

static bool is_for_monitor(const struct call_rule *rule)
{
	return rule->action == CALL_TO_MONITOR;
}

bool monitor_is_named(const char *vm)
{
	const struct call_rule *rule;

	for (unsigned i = 0; (rule = call_rule_nth(i)); i++) {
		if (is_for_monitor(rule) && strcmp(rule->monitor, vm) == 0)
			return true;
	}
	return false;
}

static unsigned count_rules(const char *vm)
{
	const struct call_rule *rule;
	unsigned count = 0;

	for (unsigned i = 0; (rule = call_rule_nth(i)); i++)
		count += is_for_monitor(rule) && strcmp(rule->vm, vm) == 0;
	return count;
}

/* ---- a monitor ---- */

static owner_t owner_of(const struct vm *vm)
{
	return (owner_t)(OWNER_FIRST_MONITOR + vm->id);
}

static void give_back(const struct vm *vm, pa_t records)
{
	enum status status = page_free(records, RECORD_PAGES, owner_of(vm));

	/* Nobody else had them. */
	assert(status == OK);
}

static enum status map_records(struct vm *vm, pa_t *records)
{
	const struct stage2_share share = { .ipa = IPA(MONITOR_RECORDS_BASE),
		.size = MONITOR_RECORDS_SIZE,
		.prot = MEM_RW,
		.owner = owner_of(vm),
		.cached = true };
	enum status status = page_alloc_contiguous(share.owner, RECORD_PAGES, records);

	if (status)
		return status;
	status = stage2_share(&vm->stage2, &share);
	if (!status)
		status = stage2_map_share(&vm->stage2, share.ipa, *records, share.size);
	if (status)
		give_back(vm, *records);
	return status;
}

static enum status make_monitor(struct vm *vm, struct monitor_vm *part)
{
	struct monitor *monitor = mm_zalloc(sizeof(*monitor));
	pa_t records;
	enum status status = monitor ? map_records(vm, &records) : ERR_NO_MEMORY;

	if (status) {
		mm_free(monitor, sizeof(*monitor));
		return status;
	}
	monitor->vm = vm;
	monitor->records = pa_to_ptr(records);
	list_init(&monitor->queue);
	list_init(&monitor->taken);
	for (unsigned i = 0; i < MONITOR_RECORDS; i++)
		bitmap_set(monitor->free, i);
	monitor->alarm_at = TIMER_NEVER;
	soft_timer_init(&monitor->alarm, monitor_alarm);
	part->monitor = monitor;
	return OK;
}

/* ---- a VM ---- */

static size_t part_size(unsigned nr_bindings)
{
	return sizeof(struct monitor_vm) + nr_bindings * sizeof(struct monitor_binding);
}

static void free_part(struct vm *vm, struct monitor_vm *part)
{
	mm_free(part->vcpus, vm->nr_vcpus * sizeof(*part->vcpus));
	mm_free(part, part_size(part->nr_bindings));
}

static void hook_up(struct vm *vm, struct monitor_vm *part)
{
	memcpy(part->name, vm->name, sizeof(part->name));
	vm->part[PART_MONITOR] = part;
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		vm->vcpus[i]->part[PART_MONITOR] = &part->vcpus[i];
		part->vcpus[i].call.caller = vm->vcpus[i];
	}
}

static enum status create(struct vm *vm)
{
	unsigned nr_bindings = count_rules(vm->name);
	bool named = monitor_is_named(vm->name);
	struct monitor_vm *part;
	enum status status = OK;

	if (!named && nr_bindings == 0)
		return OK;
	part = mm_zalloc(part_size(nr_bindings));
	if (!part)
		return ERR_NO_MEMORY;
	part->nr_bindings = nr_bindings;
	part->vcpus = mm_zalloc(vm->nr_vcpus * sizeof(*part->vcpus));
	if (!part->vcpus)
		status = ERR_NO_MEMORY;
	else if (named)
		status = make_monitor(vm, part);
	if (status)
		free_part(vm, part);
	else
		hook_up(vm, part);
	return status;
}

/* Only when another part of the VM can't be made: nobody knows it yet. */
static void destroy(struct vm *vm)
{
	struct monitor_vm *part = monitor_vm_of(vm);

	if (!part)
		return;
	if (part->monitor) {
		give_back(vm, ptr_to_pa(part->monitor->records));
		mm_free(part->monitor, sizeof(*part->monitor));
	}
	free_part(vm, part);
	vm->part[PART_MONITOR] = NULL;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->part[PART_MONITOR] = NULL;
}

static void reset(struct vm *vm)
{
	struct monitor_vm *part = monitor_vm_of(vm);

	if (!part)
		return;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		monitor_cancel(&part->vcpus[i].call);
	if (part->monitor)
		monitor_end_all(part->monitor);
}

/* One that has crashed is paused for good; who waits for it must not wait with it. (vm->end is set
 * before, lifecycle.c.) */
static void pause(struct vm *vm)
{
	struct monitor_vm *part = monitor_vm_of(vm);

	if (vm->end == VM_END_FAULT && part && part->monitor)
		monitor_end_all(part->monitor);
}

/* ---- rules find their monitors ---- */

static struct monitor *find_monitor(const char *name)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		if (strcmp(vms[i]->name, name) == 0 && monitor_vm_of(vms[i]))
			return monitor_vm_of(vms[i])->monitor;
	}
	return NULL;
}

static bool has_line(const struct vm *vm, const char *name)
{
	struct line_view view;

	for (unsigned i = 0; i < line_total(); i++) {
		if (line_view(vm, i, &view) && strcmp(view.config->name, name) == 0)
			return true;
	}
	return false;
}

static void bind(struct monitor_binding *binding, const struct call_rule *rule)
{
	binding->rule = rule;
	binding->timeout = timer_ms_to_ticks(rule->timeout_ms);
	binding->monitor = find_monitor(rule->monitor);
	if (!binding->monitor) {
		log_warn("call rule %s: no VM %s was made: the calls of VM %s that it is to answer "
			 "are not supported",
			rule->name, rule->monitor, rule->vm);
		return;
	}
	if (!rule->line[0])
		return;
	if (has_line(binding->monitor->vm, rule->line))
		binding->line = line_find(rule->line);
	else
		log_warn("call rule %s: VM %s has no line %s: nothing rings for it", rule->name,
			rule->monitor, rule->line);
}

void monitor_connect(void)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		struct monitor_vm *part = monitor_vm_of(vms[i]);
		const struct call_rule *rule;
		unsigned count = 0;

		for (unsigned n = 0; part && (rule = call_rule_nth(n)); n++) {
			if (is_for_monitor(rule) && strcmp(rule->vm, vms[i]->name) == 0)
				bind(&part->bindings[count++], rule);
		}
	}
}

const struct vm_part monitor_part = {
	.name = "calls to other VMs",
	.create = create,
	.reset = reset,
	.pause = pause,
	.destroy = destroy,
};
