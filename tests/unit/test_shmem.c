/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared regions: who gets what, rings and what becomes of them when a member stops, restarts or
 * was never made. The vGIC is a line for each interrupt.
 *
 * links: hyp/base/log.c hyp/base/format.c hyp/base/status.c hyp/vdev/shmem.c hyp/vdev/vgpio.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/device.h"
#include "hyp/vdev/shmem.h"
#include "hyp/vdev/vgic.h"
#include "mm/page.h"

#define DATA 0x3fc
#define DIR  0x400
#define IBE  0x408
#define IE   0x410
#define RIS  0x414
#define IC   0x41c

enum { IN, OUT };

/* --- the rooms around it --- */

static struct vm vms_made[4];
static struct vcpu vcpus[4];
static bool lines[4][2][SHMEM_REGIONS_MAX]; /* by VM, chip, region */
static bool readers_ignored;
static unsigned line_changes, logged, allocations;
static enum status memory_status, map_status, add_status;
static unsigned add_fails_at;

struct added {
	uint64_t first;
	void *device;
	const struct device_ops *ops;
};
static struct added added[4][2 * SHMEM_REGIONS_MAX];
static unsigned added_count[4];

struct mapped {
	owner_t owner;
	uint64_t ipa, prot;
	bool ignore_stores;
};
static struct mapped mapped[4][SHMEM_REGIONS_MAX];
static unsigned mapped_count[4];

static unsigned number_of(const struct vm *vm)
{
	return (unsigned)(vm - vms_made);
}

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
	return memory_status;
}

enum status shared_memory_map(const struct shared_memory *memory, struct stage2 *s2, ipa_t ipa,
	uint64_t prot, bool ignore_stores)
{
	unsigned vm = number_of(container_of(s2, struct vm, stage2));

	mapped[vm][mapped_count[vm]++] =
		(struct mapped){ memory->owner, ipa.ipa, prot, ignore_stores };
	return map_status;
}

enum status device_add(struct vm *vm, uint64_t first, uint64_t size, void *device,
	const struct device_ops *ops, uint16_t widths)
{
	unsigned n = number_of(vm);

	assert_int_equal(size, 0x1000);
	assert_int_equal(widths, BIT(1) | BIT(2) | BIT(4));
	if (add_fails_at && !--add_fails_at)
		return add_status;
	added[n][added_count[n]++] = (struct added){ first, device, ops };
	return OK;
}

void vgic_set_spi(struct vm *vm, unsigned intid, bool level)
{
	unsigned spi = intid - VGIC_SPI_FIRST - SHMEM_SPI;
	bool *line = &lines[number_of(vm)][spi % 2][spi / 2];

	assert_true(spi < 2 * SHMEM_REGIONS_MAX);
	/* Told of changes only. */
	assert_int_not_equal(*line, level);
	*line = level;
	line_changes++;
}

void vcpu_log(struct vcpu *vcpu, const char *fmt, ...)
{
	(void)vcpu;
	(void)fmt;
	logged++;
}

/* --- VMs --- */

/* Makes region `n` of the test's life with these members (letters), and the VMs anew. */
static void start(const char *members, uint8_t readers)
{
	static unsigned regions;
	struct shmem_config config = {
		.size = 0x3000, .readers = readers, .ignore_stores = readers_ignored
	};

	snprintf(config.name, sizeof(config.name), "region-%u", regions);
	for (; *members; members++)
		snprintf(config.member[config.members++], VM_NAME_MAX + 1, "%c%u", *members,
			regions);
	memset(vms_made, 0, sizeof(vms_made));
	memset(lines, 0, sizeof(lines));
	memset(added_count, 0, sizeof(added_count));
	memset(mapped_count, 0, sizeof(mapped_count));
	line_changes = logged = add_fails_at = 0;
	map_status = memory_status = OK;
	for (unsigned i = 0; i < 4; i++) {
		snprintf(vms_made[i].name, sizeof(vms_made[i].name), "%c%u", 'a' + i, regions);
		vcpus[i] = (struct vcpu){ .vm = &vms_made[i] };
	}
	assert_int_equal(shmem_add(&config), OK);
	regions++;
}

static void create(unsigned n)
{
	assert_int_equal(shmem_part.create(&vms_made[n]), OK);
}

static void run(unsigned n)
{
	shmem_part.reset(&vms_made[n]);
	shmem_part.vcpu_reset(&vcpus[n]);
}

static uint8_t get(unsigned n, unsigned chip, unsigned offset)
{
	const struct added *row = &added[n][chip];
	uint64_t value = ~UINT64_C(0);

	assert_int_equal(row->ops->read(&vcpus[n], row->device, offset, 1, &value), MMIO_DONE);
	assert_true(value <= 0xff);
	return (uint8_t)value;
}

static void put(unsigned n, unsigned chip, unsigned offset, uint64_t value)
{
	const struct added *row = &added[n][chip];

	assert_int_equal(row->ops->write(&vcpus[n], row->device, offset, 4, value), MMIO_DONE);
}

/* The line of the interrupt of this test's region, which the vGIC knows by its number. */
static bool line(unsigned n, unsigned chip)
{
	bool any = false;

	for (unsigned i = 0; i < SHMEM_REGIONS_MAX; i++)
		any |= lines[n][chip][i];
	return any;
}

/* All edges of all lines are listened to. */
static void listen(unsigned n)
{
	for (unsigned chip = IN; chip <= OUT; chip++) {
		put(n, chip, IC, 0xff);
		put(n, chip, IBE, 0xff);
		put(n, chip, IE, 0xff);
	}
}

/* --- the tests --- */

static void members_are_let_in(void **state)
{
	struct shmem_view view;

	(void)state;
	start("ab", 0);
	create(0);
	create(1);
	create(2);
	assert_int_equal(mapped_count[0], 1);
	assert_int_equal(mapped_count[1], 1);
	assert_int_equal(mapped_count[2], 0);
	assert_int_equal(added_count[2], 0);
	assert_int_equal(mapped[0][0].owner, OWNER_FIRST_SHARED);
	assert_int_equal(mapped[0][0].ipa, SHMEM_MEMORY_BASE);
	assert_int_equal(mapped[0][0].prot, MEM_RW);
	assert_int_equal(mapped[1][0].ipa, SHMEM_MEMORY_BASE);
	assert_int_equal(added[1][IN].first, SHMEM_IN);
	assert_int_equal(added[1][OUT].first, SHMEM_OUT);
	assert_ptr_not_equal(added[0][IN].device, added[1][IN].device);
	assert_true(shmem_view("b0", 0, &view));
	assert_int_equal(view.self, 1);
	assert_string_equal(view.config->name, "region-0");
	assert_int_equal(view.memory, SHMEM_MEMORY_BASE);
	assert_int_equal(view.in, SHMEM_IN);
	assert_int_equal(view.out, SHMEM_OUT);
	assert_int_equal(view.in_spi, SHMEM_SPI);
	assert_int_equal(view.out_spi, SHMEM_SPI + 1);
	assert_false(shmem_view("b0", 1, &view));
	assert_false(shmem_view("c0", 0, &view));
	/* The next region has a place of its own, and a reader may only read. */
	start("abc", 0x4);
	create(2);
	assert_int_equal(mapped[2][0].owner, OWNER_FIRST_SHARED + 1);
	assert_int_equal(mapped[2][0].ipa, SHMEM_MEMORY_BASE + MIB(2));
	assert_int_equal(mapped[2][0].prot, MEM_R);
	assert_int_equal(added[2][IN].first, SHMEM_IN + 0x1000);
	assert_int_equal(added[2][OUT].first, SHMEM_OUT + 0x1000);
	assert_false(mapped[2][0].ignore_stores);
	/* A second VM of that name is none of its members. */
	create(2);
	assert_int_equal(mapped_count[2], 1);
	/* Stores of readers are ignored, where that is wanted; those of others are done. */
	readers_ignored = true;
	start("ab", 0x2);
	create(0);
	create(1);
	assert_false(mapped[0][0].ignore_stores);
	assert_true(mapped[1][0].ignore_stores);
	readers_ignored = false;
}

static void rings(void **state)
{
	(void)state;
	start("abc", 0);
	for (unsigned i = 0; i < 3; i++) {
		create(i);
		run(i);
	}
	for (unsigned i = 0; i < 3; i++)
		listen(i);
	line_changes = 0;
	put(0, OUT, DIR, 0xff);
	assert_int_equal(line_changes, 0);
	put(0, OUT, DATA, 0x2);
	assert_true(line(1, IN));
	assert_false(line(0, IN) || line(2, IN) || line(0, OUT) || line(1, OUT) || line(2, OUT));
	assert_int_equal(get(1, IN, DATA), 0x1);
	assert_int_equal(get(1, IN, RIS), 0x1);
	/* Who was rung and has not answered is not told again. */
	for (unsigned i = 0; i < 10; i++)
		put(0, OUT, DATA, i & 1 ? 0x2 : 0);
	assert_int_equal(line_changes, 1);
	put(1, IN, IC, 0x1);
	assert_false(line(1, IN));
	/* Two at once, and from another. */
	put(0, OUT, DATA, 0x4);
	assert_true(line(1, IN) && line(2, IN));
	assert_int_equal(get(2, IN, DATA), 0x1);
	put(1, OUT, DIR, 0x4);
	put(1, OUT, DATA, 0x4);
	assert_int_equal(get(2, IN, RIS), 0x3);
	/* What is driven as an input is not driven. */
	put(1, OUT, DIR, 0);
	assert_int_equal(get(2, IN, DATA), 0x1);
	assert_int_equal(logged, 0);
	/* Lines that lead nowhere: its own, and where no member is. */
	put(0, OUT, DATA, 0x4 | 0x1);
	assert_int_equal(logged, 1);
	put(0, OUT, DATA, 0x4 | 0x1 | 0x80);
	assert_int_equal(logged, 2);
	assert_int_equal(get(0, IN, DATA), 0);
	/* The "in" PL061's outputs lead nowhere. */
	put(0, IN, DIR, 0xff);
	put(0, IN, DATA, 0xff);
	assert_int_equal(get(1, IN, DATA), 0);
	assert_int_equal(logged, 2);
}

static void shows_who_runs(void **state)
{
	(void)state;
	start("abc", 0);
	for (unsigned i = 0; i < 2; i++) {
		create(i);
		run(i);
	}
	for (unsigned i = 0; i < 2; i++)
		listen(i);
	/* c was not made. */
	assert_int_equal(get(0, OUT, DATA), 0x3);
	assert_false(line(0, OUT));
	shmem_part.reset(&vms_made[1]);
	assert_int_equal(get(0, OUT, DATA), 0x1);
	assert_int_equal(get(0, OUT, RIS), 0x2);
	assert_true(line(0, OUT));
	put(0, OUT, IC, 0x2);
	run(1);
	assert_int_equal(get(0, OUT, DATA), 0x3);
	assert_true(line(0, OUT));
	/* vCPU 0 that is switched on again, or another vCPU: nothing new. */
	put(0, OUT, IC, 0x2);
	vcpus[2] = (struct vcpu){ .vm = &vms_made[1], .id = 1 };
	shmem_part.vcpu_reset(&vcpus[2]);
	shmem_part.vcpu_reset(&vcpus[1]);
	assert_int_equal(get(0, OUT, RIS), 0);
	/* Another VM's end is not this region's matter. */
	shmem_part.reset(&vms_made[3]);
	assert_int_equal(get(0, OUT, RIS), 0);
}

static char said[1024];

static void say(const char *text, size_t length)
{
	size_t used = strlen(said);

	assert_true(used + length < sizeof(said));
	memcpy(said + used, text, length);
	said[used + length] = '\0';
}

/* The end of one that holds wires, and has rings pending. */
static void lets_go(void **state)
{
	(void)state;
	start("ab", 0);
	create(0);
	create(1);
	run(0);
	run(1);
	listen(0);
	listen(1);
	put(0, OUT, IC, 0xff);
	put(0, OUT, DIR, 0x2);
	put(1, OUT, DIR, 0x1);
	put(1, OUT, DATA, 0x1);
	put(0, IN, IC, 0xff);
	put(0, OUT, DATA, 0x2);
	assert_true(line(1, IN));
	said[0] = '\0';
	log_set_sink(say);
	shmem_part.reset(&vms_made[1]);
	assert_non_null(strstr(said,
		"it held the wires to members 0x1; rings of members 0x1 that it had "
		"not taken are dropped"));
	assert_false(line(1, IN) || line(1, OUT));
	/* Its wire falls, which rings. */
	assert_int_equal(get(0, IN, DATA), 0);
	assert_true(line(0, IN));
	put(0, IN, IC, 0xff);
	/* Rings for it are lost; levels are there when it comes back. */
	line_changes = 0;
	put(0, OUT, DATA, 0);
	put(0, OUT, DATA, 0x2);
	assert_int_equal(line_changes, 0);
	shmem_part.reset(&vms_made[1]);
	put(0, OUT, DATA, 0);
	put(0, OUT, DATA, 0x2);
	shmem_part.vcpu_reset(&vcpus[1]);
	assert_int_equal(get(1, IN, RIS), 0);
	assert_int_equal(get(1, IN, DATA), 0x1);
	assert_int_equal(get(1, OUT, DIR), 0);
	assert_int_equal(get(1, IN, IE), 0);
	listen(1);
	put(0, OUT, DATA, 0);
	assert_true(line(1, IN));
	/* A restart without a stop before it. */
	shmem_part.reset(&vms_made[1]);
	assert_false(line(1, IN));
}

static void rings_for_who_was_not_made(void **state)
{
	(void)state;
	start("ab", 0);
	create(0);
	run(0);
	listen(0);
	put(0, OUT, DIR, 0xff);
	put(0, OUT, DATA, 0x2);
	put(0, OUT, DATA, 0);
	assert_int_equal(logged, 0);
	assert_int_equal(line_changes, 0);
}

static void a_vm_that_fails(void **state)
{
	(void)state;
	start("ab", 0);
	map_status = ERR_EXISTS;
	assert_int_equal(shmem_part.create(&vms_made[0]), ERR_EXISTS);
	map_status = OK;
	for (unsigned i = 1; i <= 2; i++) {
		add_fails_at = i;
		add_status = ERR_NO_MEMORY;
		assert_int_equal(shmem_part.create(&vms_made[0]), ERR_NO_MEMORY);
	}
	/* It can be made later. */
	added_count[0] = mapped_count[0] = 0;
	create(0);
	run(0);
	shmem_part.reset(&vms_made[0]);
	shmem_part.destroy(&vms_made[0]);
	shmem_part.reset(&vms_made[0]);
	create(0);
	assert_int_equal(mapped_count[0], 2);
}

static void regions_that_cannot_be(void **state)
{
	struct shmem_config config = { .name = "large", .members = 2 };
	unsigned before;

	(void)state;
	start("ab", 0);
	before = allocations;
	config.size = MIB(1);
	memory_status = ERR_NO_MEMORY;
	assert_int_equal(shmem_add(&config), ERR_NO_MEMORY);
	assert_int_equal(allocations, before);
	memory_status = OK;
	config.size = SHMEM_MEMORY_SIZE;
	assert_int_equal(shmem_add(&config), ERR_RANGE);
	config.size = MIB(256);
	assert_int_equal(shmem_add(&config), OK);
	assert_int_equal(shmem_add(&config), ERR_RANGE);
	config.size = 0x1000;
	for (unsigned left = 0; shmem_add(&config) == OK; left++)
		assert_true(left < SHMEM_REGIONS_MAX);
	assert_int_equal(shmem_add(&config), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_let_in),
		cmocka_unit_test(rings),
		cmocka_unit_test(shows_who_runs),
		cmocka_unit_test(lets_go),
		cmocka_unit_test(rings_for_who_was_not_made),
		cmocka_unit_test(a_vm_that_fails),
		cmocka_unit_test(regions_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
