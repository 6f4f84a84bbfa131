/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a bundle: archive, manifest, places, the guest's devicetree. What comes out must be
 * consistent, and nothing outside the bytes is read (AddressSanitizer).
 *
 * links: hyp/bundle/cpio.c hyp/bundle/manifest.c hyp/bundle/manifest_nodes.c
 * hyp/bundle/manifest_names.c hyp/bundle/manifest_shared.c hyp/bundle/manifest_rom.c
 * hyp/bundle/manifest_bell.c hyp/bundle/manifest_smccc.c
 * hyp/bundle/manifest_sdei.c hyp/bundle/manifest_value.c hyp/bundle/place.c hyp/bundle/guest_dt.c
 * hyp/bundle/guest_dt_shared.c hyp/bundle/guest_dt_fixtures.c hyp/bundle/guest_dt_copy.c
 * hyp/bundle/guest_dt_calls.c hyp/bundle/dt_writer.c drivers/dt/walk.c hyp/base/log.c
 * hyp/base/format.c hyp/base/status.c
 */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "hyp/bundle/guest_dt.h"
#include "hyp/bundle/place.h"
#include "hyp/crypto/entropy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cpio_archive archive;
static const uint8_t *bundle;
static size_t bundle_size;

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

bool entropy_seeded(void)
{
	return true;
}

void entropy_get(void *out, size_t size)
{
	memset(out, 0x5a, size);
}

static void check_file(const struct cpio_file *file)
{
	MUST(file->data >= bundle && file->size <= (size_t)(bundle + bundle_size - file->data));
	MUST(strlen(file->name) < CPIO_NAME_MAX);
	MUST(cpio_find(&archive, file->name) == file);
}

static bool apart(const struct image_place *a, const struct image_place *b)
{
	return !a->size || !b->size || a->address + a->size <= b->address ||
		b->address + b->size <= a->address;
}

static void check_places(const struct vm_config *config, uint64_t dtb_size)
{
	uint64_t end = GUEST_RAM_BASE + config->memory;
	struct vm_layout layout;

	if (place_images(config, dtb_size, &layout))
		return;

	const struct image_place *all[] = { &layout.kernel, &layout.dtb, &layout.ramdisk };

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		MUST(!all[i]->size ||
			(all[i]->address >= GUEST_RAM_BASE &&
				all[i]->address + all[i]->size <= end));
		MUST(apart(all[i], all[(i + 1) % ARRAY_SIZE(all)]));
	}
	MUST(layout.entry >= GUEST_RAM_BASE && layout.entry < end);
}

/* The guest's tree, in a buffer of just the room that was asked for. */
static uint64_t check_tree(const struct vm_config *config)
{
	const struct guest_dt_config wanted = {
		.nr_vcpus = (unsigned)config->vcpus,
		.ram_base = GUEST_RAM_BASE,
		.ram_size = config->memory,
		.bootargs = vm_config_has(config, SCHEMA_VM_bootargs) ? config->bootargs : NULL,
		.ramdisk = config->ramdisk != NULL,
	};
	struct guest_dt dt = { 0 };
	size_t room = guest_dt_room(&wanted);
	void *source = NULL, *buffer = NULL;
	enum status status;

	if (config->dtb) {
		source = malloc(config->dtb->size);
		memcpy(source, config->dtb->data, config->dtb->size);
		status = guest_dt_copy_room(&wanted, source, config->dtb->size, &room);
		buffer = malloc(room);
		if (!status)
			status = guest_dt_copy(
				&wanted, source, config->dtb->size, buffer, room, &dt);
		MUST(status != ERR_NO_MEMORY);
	} else {
		buffer = malloc(room);
		MUST(guest_dt_make(&wanted, buffer, room, &dt) == OK);
		MUST(fdt_check_full(dt.tree, dt.size) == 0);
	}
	if (dt.size) {
		guest_dt_new_seeds(&dt);
		guest_dt_set_ramdisk(&dt, 1, 2);
		MUST(fdt_check_header(dt.tree) == 0);
	}
	free(source);
	free(buffer);
	return dt.size;
}

static void found(void *context, const struct vm_config *config)
{
	(void)context;
	MUST(config->vcpus >= 1 && config->vcpus <= MAX_VCPUS);
	MUST(config->memory && IS_ALIGNED(config->memory, BLOCK_SIZE));
	MUST(strlen(config->name) && strlen(config->name) <= VM_NAME_MAX);
	check_file(config->kernel);

	uint64_t dtb_size = check_tree(config);

	if (dtb_size)
		check_places(config, dtb_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cpio_file *manifest;
	unsigned bad;

	bundle = data;
	bundle_size = size;
	if (cpio_open(&archive, data, size))
		return 0;
	MUST(archive.count <= CPIO_FILES_MAX);
	for (unsigned i = 0; i < archive.count; i++)
		check_file(&archive.files[i]);
	manifest = cpio_find(&archive, MANIFEST_FILE);
	if (!manifest || !manifest->size || manifest->size > MANIFEST_SIZE_MAX)
		return 0;

	void *tree = malloc(manifest->size);

	memcpy(tree, manifest->data, manifest->size);
	(void)!manifest_read(tree, manifest->size, &archive, found, NULL, &bad);
	free(tree);
	return 0;
}
