/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/rom.h"
#include "hyp/base/log.h"
#include "hyp/base/string.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/shmem.h"

#define OWNER_FIRST_ROM (OWNER_FIRST_SHARED + SHMEM_REGIONS_MAX)

_Static_assert(OWNER_FIRST_ROM + ROM_REGIONS_MAX <= OWNER_COUNT, "an owner each");
_Static_assert(SHMEM_REGIONS_MAX + ROM_REGIONS_MAX <= STAGE2_SHARES_MAX, "one VM may be in all");

struct rom {
	struct rom_config config;
	struct shared_memory memory;
};

static struct rom *roms[ROM_REGIONS_MAX];
static unsigned nr_roms;

static bool has_member(const struct rom_config *config, const char *name)
{
	for (unsigned i = 0; i < config->members; i++)
		if (strcmp(config->member[i], name) == 0)
			return true;
	return false;
}

const struct rom_config *rom_of(const char *vm, unsigned nth)
{
	for (unsigned i = 0; i < nr_roms; i++)
		if (has_member(&roms[i]->config, vm) && nth-- == 0)
			return &roms[i]->config;
	return NULL;
}

/* --- its place --- */

/* Something of a VM's in its memory map. */
struct placed {
	const char *what, *name;
	uint64_t first, size;
};

static struct placed place_of(const struct rom_config *config)
{
	return (struct placed){ "read-only region", config->name, config->address, config->size };
}

static struct placed shared_place(const struct shmem_view *view)
{
	return (struct placed){ "shared region", view->config->name, view->memory,
		view->config->size };
}

/* False, logged: the two have addresses in common. */
static bool apart(const char *vm, struct placed a, struct placed b)
{
	if (a.first + a.size <= b.first || b.first + b.size <= a.first)
		return true;
	log_error("%s %s: 0x%llx to 0x%llx in VM %s overlaps %s %s, 0x%llx to 0x%llx", a.what,
		a.name, (unsigned long long)a.first, (unsigned long long)(a.first + a.size), vm,
		b.what, b.name, (unsigned long long)b.first,
		(unsigned long long)(b.first + b.size));
	return false;
}

/* What else that VM has there. */
static bool place_taken(const struct rom_config *config, const char *vm)
{
	const struct rom_config *other;
	struct shmem_view view;

	for (unsigned i = 0; (other = rom_of(vm, i)); i++)
		if (!apart(vm, place_of(config), place_of(other)))
			return true;
	for (unsigned i = 0; shmem_view(vm, i, &view); i++)
		if (!apart(vm, place_of(config), shared_place(&view)))
			return true;
	return false;
}

static bool place_ok(const struct rom_config *config)
{
	return config->size && config->size <= ROM_SIZE_MAX &&
		IS_ALIGNED(config->address | config->size, PAGE_SIZE) &&
		config->file_size <= config->size && config->address <= ROM_END - config->size &&
		(config->address + config->size <= ROM_DEVICES_FIRST ||
			config->address >= ROM_DEVICES_END);
}

/* --- a region --- */

enum status rom_add(const struct rom_config *config)
{
	struct rom *rom;
	enum status status;

	if (!place_ok(config))
		return ERR_INVALID;
	if (nr_roms == ROM_REGIONS_MAX)
		return ERR_RANGE;
	for (unsigned i = 0; i < config->members; i++)
		if (place_taken(config, config->member[i]))
			return ERR_EXISTS;
	rom = mm_zalloc(sizeof(*rom));
	if (!rom)
		return ERR_NO_MEMORY;
	status = shared_memory_create(
		&rom->memory, (owner_t)(OWNER_FIRST_ROM + nr_roms), config->size);
	if (status != OK) {
		mm_free(rom, sizeof(*rom));
		return status;
	}
	shared_memory_fill(&rom->memory, config->file, config->file_size);
	rom->config = *config;
	roms[nr_roms++] = rom;
	return OK;
}

/* --- a member --- */

/* A device whose place the bundle chooses is there, too. */
static bool device_in(const struct vm *vm, struct placed place)
{
	const struct device_table *devices = vm->devices;

	for (unsigned i = 0; devices && i < devices->count; i++) {
		const struct device_region *row = &devices->rows[i];
		const struct placed device = { "device", row->ops->name, row->first, row->size };

		if (!apart(vm->name, place, device))
			return true;
	}
	return false;
}

static enum status create(struct vm *vm)
{
	struct shmem_view view;

	for (unsigned i = 0; i < nr_roms; i++) {
		const struct rom *rom = roms[i];
		enum status status;

		if (!has_member(&rom->config, vm->name))
			continue;
		if (device_in(vm, place_of(&rom->config)))
			return ERR_EXISTS;
		status = shared_memory_map(&rom->memory, &vm->stage2, IPA(rom->config.address),
			MEM_RX, rom->config.ignore_stores);
		if (status != OK)
			return status;
	}
	/* Memory that is shared was there before the devices. */
	for (unsigned i = 0; shmem_view(vm->name, i, &view); i++)
		if (device_in(vm, shared_place(&view)))
			return ERR_EXISTS;
	return OK;
}

const struct vm_part rom_part = {
	.name = "read-only regions",
	.create = create,
};
