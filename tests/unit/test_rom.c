/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Read-only regions: where they may be, what is in them, and who maps them, with shared memory and
 * stage 2 made of records.
 *
 * links: hyp/vdev/rom.c hyp/base/log.c hyp/base/format.c hyp/base/status.c
 */
#include "hyp/vdev/device.h"
#include "hyp/vdev/rom.h"
#include "hyp/vdev/shmem.h"
#include "tests/unit/test_bundle.h"

#define FIRST_OWNER (OWNER_FIRST_SHARED + SHMEM_REGIONS_MAX)

/* --- the rooms around it --- */

static struct vm vms_made[3] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
static enum status memory_status, map_status;
static unsigned allocations, made, filled, mappings;
static const void *filled_with;
static uint64_t filled_size;
static owner_t last_owner;
static struct shmem_config shared = { .name = "box", .size = 0x2000 };
static const char *shared_by; /* NULL: nobody */

static struct {
	const struct vm *vm;
	owner_t owner;
	uint64_t ipa, prot;
	bool ignore_stores;
} mapped[64];

void *mm_zalloc(size_t size)
{
	allocations++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations--;
	free(memory);
}

enum status shared_memory_create(struct shared_memory *memory, owner_t owner, uint64_t size)
{
	*memory = (struct shared_memory){ .owner = owner, .size = size };
	last_owner = owner;
	made += memory_status == OK;
	return memory_status;
}

void shared_memory_fill(const struct shared_memory *memory, const void *source, uint64_t size)
{
	assert_int_equal(memory->owner, last_owner);
	assert_true(size <= memory->size);
	filled++;
	filled_with = source;
	filled_size = size;
}

enum status shared_memory_map(const struct shared_memory *memory, struct stage2 *s2, ipa_t ipa,
	uint64_t prot, bool ignore_stores)
{
	mapped[mappings].vm = container_of(s2, struct vm, stage2);
	mapped[mappings].owner = memory->owner;
	mapped[mappings].ipa = ipa.ipa;
	mapped[mappings].prot = prot;
	mapped[mappings].ignore_stores = ignore_stores;
	mappings++;
	return map_status;
}

bool shmem_view(const char *vm, unsigned nth, struct shmem_view *view)
{
	if (nth || !shared_by || strcmp(vm, shared_by) != 0)
		return false;
	*view = (struct shmem_view){ .config = &shared, .memory = SHMEM_MEMORY_BASE };
	return true;
}

/* --- regions; they stay from one test to the next --- */

static unsigned nr_added;

/* Of 8 KiB, with that many bytes of a file, for members named by letters. */
static enum status add(const char *name, uint64_t address, uint64_t size, const char *members)
{
	struct rom_config config = { .address = address,
		.size = size,
		.file = "contents",
		.file_size = 8,
		.ignore_stores = name[0] == 'i' };
	enum status status;

	logged[0] = '\0';
	snprintf(config.name, sizeof(config.name), "%s", name);
	for (; *members; members++)
		config.member[config.members++][0] = *members;
	status = rom_add(&config);
	nr_added += status == OK;
	return status;
}

static void has_a_place(void **state)
{
	(void)state;
	assert_int_equal(add("x", 0, 0, "a"), ERR_INVALID);
	assert_int_equal(add("x", 0, 0x1800, "a"), ERR_INVALID);
	assert_int_equal(add("x", 0x800, 0x1000, "a"), ERR_INVALID);
	assert_int_equal(add("x", 0x10000000, ROM_SIZE_MAX + 0x1000, "a"), ERR_INVALID);
	/* RAM, and Lintel's devices. */
	assert_int_equal(add("x", ROM_END, 0x1000, "a"), ERR_INVALID);
	assert_int_equal(add("x", ROM_END - 0x1000, 0x2000, "a"), ERR_INVALID);
	assert_int_equal(add("x", UINT64_MAX - 0xfff, 0x1000, "a"), ERR_INVALID);
	assert_int_equal(add("x", ROM_DEVICES_FIRST - 0x1000, 0x2000, "a"), ERR_INVALID);
	assert_int_equal(add("x", ROM_DEVICES_END - 0x1000, 0x1000, "a"), ERR_INVALID);
	assert_int_equal(add("x", 0x07000000, MIB(128), "a"), ERR_INVALID);
	assert_int_equal(made + filled + allocations, 0);

	struct rom_config config = { .address = 0, .size = 0x1000, .file_size = 0x1001 };

	assert_int_equal(rom_add(&config), ERR_INVALID);
}

static void is_filled(void **state)
{
	(void)state;
	assert_int_equal(add("rom", 0, 0x2000, "ab"), OK);
	assert_int_equal(last_owner, FIRST_OWNER);
	assert_int_equal(filled, 1);
	assert_string_equal(filled_with, "contents");
	assert_int_equal(filled_size, 8);
	assert_int_equal(add("ignoring", ROM_DEVICES_FIRST - 0x1000, 0x1000, "b"), OK);
	assert_int_equal(last_owner, FIRST_OWNER + 1);
	assert_int_equal(add("last", ROM_END - 0x1000, 0x1000, "c"), OK);
	assert_int_equal(add("next", ROM_DEVICES_END, 0x1000, "c"), OK);
	assert_string_equal(rom_of("a", 0)->name, "rom");
	assert_null(rom_of("a", 1));
	assert_string_equal(rom_of("b", 1)->name, "ignoring");
	assert_null(rom_of("d", 0));
}

static void keeps_apart(void **state)
{
	unsigned before = made;

	(void)state;
	assert_int_equal(add("x", 0x1000, 0x1000, "ca"), ERR_EXISTS);
	assert_logged("read-only region x: 0x1000 to 0x2000 in VM a overlaps read-only region rom, "
		      "0x0 to 0x2000\n");
	/* Where another VM has something, it may be. */
	assert_int_equal(add("beside", 0x1000, 0x1000, "c"), OK);
	shared_by = "b";
	assert_int_equal(add("x", SHMEM_MEMORY_BASE + 0x1000, 0x1000, "b"), ERR_EXISTS);
	assert_logged("in VM b overlaps shared region box, 0x10000000 to 0x10002000\n");
	assert_int_equal(add("free", SHMEM_MEMORY_BASE + 0x2000, 0x1000, "b"), OK);
	assert_int_equal(made, before + 2);
}

static void is_mapped(void **state)
{
	(void)state;
	assert_int_equal(rom_part.create(&vms_made[0]), OK);
	assert_int_equal(mappings, 1);
	assert_ptr_equal(mapped[0].vm, &vms_made[0]);
	assert_int_equal(mapped[0].owner, FIRST_OWNER);
	assert_int_equal(mapped[0].ipa, 0);
	assert_int_equal(mapped[0].prot, MEM_R | MEM_X);
	assert_false(mapped[0].ignore_stores);
	/* The same memory for another one. */
	assert_int_equal(rom_part.create(&vms_made[1]), OK);
	assert_int_equal(mappings, 4);
	assert_ptr_equal(mapped[1].vm, &vms_made[1]);
	assert_int_equal(mapped[1].owner, FIRST_OWNER);
	assert_int_equal(mapped[2].owner, FIRST_OWNER + 1);
	assert_true(mapped[2].ignore_stores);
	assert_int_equal(mapped[2].ipa, ROM_DEVICES_FIRST - 0x1000);

	map_status = ERR_EXISTS;
	assert_int_equal(rom_part.create(&vms_made[0]), ERR_EXISTS);
	map_status = OK;
}

static void sees_devices(void **state)
{
	static const struct device_ops ops = { .name = "doorbell" };
	struct device_region rows[] = {
		{ .first = 0x2000, .size = 8, .ops = &ops },
		{ .first = 0x1ff8, .size = 8, .ops = &ops },
	};
	struct device_table table = { .rows = rows, .count = 1 };

	(void)state;
	vms_made[0].devices = &table;
	mappings = 0;
	assert_int_equal(rom_part.create(&vms_made[0]), OK);
	assert_int_equal(mappings, 1);
	table.count = 2;
	assert_int_equal(rom_part.create(&vms_made[0]), ERR_EXISTS);
	assert_int_equal(mappings, 1);
	assert_logged("read-only region rom: 0x0 to 0x2000 in VM a overlaps device doorbell, "
		      "0x1ff8 to 0x2000\n");
	/* Shared memory, too. */
	rows[1].first = 0x10001ff8;
	shared_by = "a";
	assert_int_equal(rom_part.create(&vms_made[0]), ERR_EXISTS);
	assert_logged("shared region box: 0x10000000 to 0x10002000 in VM a overlaps device "
		      "doorbell, 0x10001ff8 to 0x10002000\n");
	shared_by = NULL;
	vms_made[0].devices = NULL;
}

static void fails_cleanly(void **state)
{
	unsigned before = allocations;
	uint64_t address = 0x20000000;

	(void)state;
	memory_status = ERR_NO_MEMORY;
	assert_int_equal(add("x", address, 0x1000, "a"), ERR_NO_MEMORY);
	assert_int_equal(allocations, before);
	memory_status = OK;
	while (nr_added < ROM_REGIONS_MAX)
		assert_int_equal(add("x", address += 0x1000, 0x1000, "a"), OK);
	assert_int_equal(last_owner, FIRST_OWNER + ROM_REGIONS_MAX - 1);
	assert_int_equal(add("x", address + 0x1000, 0x1000, "a"), ERR_RANGE);
	assert_int_equal(allocations, ROM_REGIONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(has_a_place, start_logging),
		cmocka_unit_test_setup(is_filled, start_logging),
		cmocka_unit_test_setup(keeps_apart, start_logging),
		cmocka_unit_test_setup(is_mapped, start_logging),
		cmocka_unit_test_setup(sees_devices, start_logging),
		cmocka_unit_test_setup(fails_cleanly, start_logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
