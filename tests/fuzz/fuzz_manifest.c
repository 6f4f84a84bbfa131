/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a manifest, and as a devicetree that a user gives: deeper than fuzz_bundle gets,
 * because there is no archive around it.
 *
 * links: hyp/bundle/cpio.c hyp/bundle/manifest.c hyp/bundle/manifest_nodes.c
 * hyp/bundle/manifest_names.c hyp/bundle/manifest_value.c hyp/bundle/manifest_shared.c
 *        hyp/bundle/manifest_rom.c hyp/bundle/manifest_bell.c hyp/bundle/manifest_smccc.c
 * hyp/bundle/manifest_sdei.c
 *        hyp/bundle/guest_dt.c hyp/bundle/guest_dt_fixtures.c hyp/bundle/guest_dt_shared.c
 * hyp/bundle/guest_dt_copy.c hyp/bundle/guest_dt_calls.c hyp/bundle/dt_writer.c drivers/dt/walk.c
 * hyp/base/log.c hyp/base/format.c hyp/base/status.c
 *
 * covers: hyp/bundle/manifest_smccc.c hyp/bundle/manifest_sdei.c
 */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "hyp/bundle/guest_dt.h"
#include "hyp/bundle/manifest.h"
#include "hyp/crypto/entropy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static const struct cpio_archive archive = {
	.count = 2,
	.files = { { "Image", (const uint8_t *)"image", 5 },
		{ "initrd", (const uint8_t *)"disk", 4 } },
};

bool entropy_seeded(void)
{
	return true;
}

void entropy_get(void *out, size_t size)
{
	memset(out, 0x5a, size);
}

static void found(void *context, const struct vm_config *config)
{
	unsigned *count = context;

	MUST(++*count <= MAX_VMS);
	MUST(config->vcpus >= 1 && config->vcpus <= MAX_VCPUS);
	MUST(config->memory && IS_ALIGNED(config->memory, BLOCK_SIZE));
	MUST(config->kernel == &archive.files[0] || config->kernel == &archive.files[1]);
	MUST(strlen(config->bootargs) < 2048);
	MUST(config->autostart <= 1);
	MUST(!vm_config_has(config, SCHEMA_VM_entry) ||
		vm_config_has(config, SCHEMA_VM_load_address));
}

static void found_shared(void *context, const struct shmem_config *config)
{
	unsigned *count = context;

	MUST(++*count <= SHMEM_REGIONS_MAX);
	MUST(config->name[0] && strlen(config->name) <= VM_NAME_MAX);
	MUST(config->size && config->size <= SHARED_MEMORY_MAX &&
		IS_ALIGNED(config->size, PAGE_SIZE));
	MUST(config->members >= 2 && config->members <= SHMEM_MEMBERS_MAX);
	MUST(!(config->readers & 1) && config->readers >> config->members == 0);
	for (unsigned i = 0; i < config->members; i++)
		MUST(config->member[i][0] && strlen(config->member[i]) <= VM_NAME_MAX);
}

static void check_name(const char *name)
{
	MUST(name[0] && strlen(name) <= VM_NAME_MAX);
}

static void found_rom(void *context, const struct rom_config *config)
{
	unsigned *count = context;

	MUST(++*count <= ROM_REGIONS_MAX);
	check_name(config->name);
	MUST(config->file == archive.files[0].data || config->file == archive.files[1].data);
	MUST(config->size && config->size <= ROM_SIZE_MAX);
	MUST(IS_ALIGNED(config->size | config->address, PAGE_SIZE));
	MUST(config->file_size <= config->size && config->address + config->size <= ROM_END);
	MUST(config->address + config->size <= ROM_DEVICES_FIRST ||
		config->address >= ROM_DEVICES_END);
	MUST(config->members >= 1 && config->members <= ROM_MEMBERS_MAX);
	for (unsigned i = 0; i < config->members; i++)
		check_name(config->member[i]);
}

static void check_action(const struct bell_action *action)
{
	MUST(action->kind <= BELL_SIGNAL && action->vcpu < MAX_VCPUS);
	MUST((action->kind == BELL_COUNT) == !action->name[0]);
	MUST(!action->vcpu || action->kind == BELL_SIGNAL);
}

static void found_doorbell(void *context, const struct doorbell_config *config)
{
	unsigned *count = context, width = config->width;

	MUST(++*count <= DOORBELLS_MAX);
	check_name(config->name);
	MUST(config->vm[0] && config->address <= UINT32_MAX);
	MUST(width <= 8 && (width & (width - 1)) == 0);
	MUST(!width || IS_ALIGNED(config->address, width));
	MUST(!config->has_match || width);
	MUST(!config->has_match || width == 8 || config->match >> (8 * width) == 0);
	check_action(&config->action);
}

static void found_line(void *context, const struct line_config *config)
{
	unsigned *count = context;

	MUST(++*count <= LINES_MAX);
	check_name(config->name);
	MUST(config->vm[0] && config->spi < 256);
	MUST(config->level || config->on_eoi.kind == BELL_COUNT);
	check_action(&config->on_eoi);
}

static void found_rule(void *context, const struct call_rule *rule)
{
	unsigned *count = context;
	bool firmware = rule->action == CALL_TO_FIRMWARE, monitor = rule->action == CALL_TO_MONITOR;

	MUST(++*count <= CALL_RULES_MAX);
	check_name(rule->name);
	MUST(rule->vm[0] && (rule->smc || rule->hvc) && rule->action <= CALL_TO_MONITOR);
	MUST(rule->function_first <= rule->function_last);
	MUST(rule->immediate_first <= rule->immediate_last);
	MUST(!rule->immediate_first || !rule->function_last);
	MUST(rule->immediate_first || !rule->immediate_last);
	MUST(firmware == (rule->results != 0) && rule->results < BIT(18));
	MUST((rule->arguments & ~(BIT(18) - BIT(1))) == 0);
	MUST((rule->addresses & ~rule->arguments) == 0);
	MUST((rule->addresses != 0) == (rule->address_size != 0) && rule->address_size <= 4096);
	MUST(monitor == (rule->monitor[0] != 0) && monitor == (rule->timeout_ms != 0));
	MUST(rule->timeout_ms <= 60000 && (monitor || !rule->line[0]));
}

static void refused(void *context, const char *vm)
{
	(void)context;
	MUST(!vm || strlen(vm) <= VM_NAME_MAX);
}

static void found_event(void *context, const struct sdei_event_config *config)
{
	unsigned *count = context;

	MUST(++*count <= SDEI_EVENTS_MAX * MAX_VMS);
	check_name(config->name);
	MUST(config->vm[0] && config->number >> 30 == 1);
	MUST(config->intid >= 16 && config->intid < 288);
}

/* What stands beside the VMs. */
static void read_fixtures(const void *tree, size_t size)
{
	unsigned counts[6] = { 0 }, bad;

	(void)!manifest_read_shared(tree, size, found_shared, &counts[0], &bad);
	(void)!manifest_read_roms(tree, size, &archive, found_rom, &counts[1], &bad);
	(void)!manifest_read_lines(tree, size, found_line, &counts[2], &bad);
	(void)!manifest_read_doorbells(tree, size, found_doorbell, &counts[3], &bad);
	(void)!manifest_read_rules(tree, size, found_rule, refused, &counts[4], &bad);
	(void)!manifest_read_events(tree, size, found_event, &counts[5], &bad);
}

static void copy(const void *tree, size_t size)
{
	static const struct guest_dt_config wanted = {
		.nr_vcpus = 1, .ram_base = 0x40000000, .ram_size = MIB(64), .ramdisk = true
	};
	struct guest_dt dt;
	size_t room;

	if (guest_dt_copy_room(&wanted, tree, size, &room))
		return;

	void *buffer = malloc(room);
	enum status status = guest_dt_copy(&wanted, tree, size, buffer, room, &dt);

	MUST(status != ERR_NO_MEMORY);
	if (status == OK) {
		guest_dt_new_seeds(&dt);
		guest_dt_set_ramdisk(&dt, 1, 2);
		MUST(fdt_check_header(dt.tree) == 0);
		MUST(dt.size <= room);
	}
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned count = 0, bad;
	void *tree = malloc(size ? size : 1);

	memcpy(tree, data, size);
	if (manifest_read(tree, size, &archive, found, &count, &bad) == OK)
		MUST(count + bad > 0);
	read_fixtures(tree, size);
	copy(tree, size);
	free(tree);
	return 0;
}
