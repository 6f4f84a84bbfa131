/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells: which there may be, which of them a store rings, what is a miss, and where they may
 * not be. Lines and device table are the real ones, the vGIC and the scheduler what they are told.
 *
 * links: hyp/base/log.c hyp/base/format.c hyp/base/status.c hyp/vdev/device.c hyp/vdev/doorbell.c
 * hyp/vdev/line.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vdev/device.h"
#include "hyp/vdev/doorbell.h"
#include "hyp/vdev/vgic.h"
#include "mm/page.h"

#define BASE UINT64_C(0x0b000000)

/* ---- the rooms around it ---- */

static struct vm made[2];
static struct vcpu vcpus[2][2];
static unsigned raised, opened, signalled, allocations, allocation_fails;
static enum vgic_rise rise;
static uint64_t share_at, region_at;
static char said[1024];

void *mm_zalloc(size_t size)
{
	if (allocation_fails && !--allocation_fails)
		return NULL;
	allocations++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations -= memory != NULL;
	free(memory);
}

enum vgic_rise vgic_raise_line(struct vm *vm, unsigned intid)
{
	assert_ptr_equal(vm, &made[1]);
	assert_int_equal(intid, 132);
	raised++;
	return rise;
}

void vgic_open_line(struct vm *vm, unsigned intid, bool resample)
{
	assert_ptr_equal(vm, &made[1]);
	assert_int_equal(intid, 132);
	assert_true(resample);
	opened++;
}

bool vcpu_signal(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, &vcpus[1][1]);
	signalled++;
	return true;
}

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	return ipa.ipa == region_at ? s2->regions : NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	return ipa.ipa == share_at ? s2->shares : NULL;
}

static void say(const char *text, size_t length)
{
	size_t used = strlen(said);

	assert_true(used + length < sizeof(said));
	memcpy(said + used, text, length);
	said[used + length] = '\0';
}

/* ---- VMs and doorbells ---- */

static unsigned life; /* names differ from test to test: doorbells stay */
static unsigned names;

static int begin(void **state)
{
	(void)state;
	life++;
	memset(made, 0, sizeof(made));
	raised = opened = signalled = 0;
	share_at = region_at = 0;
	rise = VGIC_RISE_DONE;
	said[0] = '\0';
	log_set_sink(say);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(made[i].name, sizeof(made[i].name), "%c%u", 'a' + i, life);
		made[i].nr_vcpus = 2;
		made[i].stage2.ipa_bits = 40;
		for (unsigned n = 0; n < 2; n++) {
			vcpus[i][n] = (struct vcpu){ .vm = &made[i], .id = n };
			made[i].vcpus[n] = &vcpus[i][n];
		}
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		doorbell_part.destroy(&made[i]);
		device_table_destroy(&made[i]);
	}
	return 0;
}

static struct doorbell_config config(uint64_t address, unsigned width)
{
	struct doorbell_config result = { .address = address, .width = width };

	snprintf(result.name, sizeof(result.name), "bell-%u", names++);
	snprintf(result.vm, sizeof(result.vm), "a%u", life);
	return result;
}

static void add(uint64_t address, unsigned width)
{
	struct doorbell_config bell = config(address, width);

	assert_int_equal(doorbell_add(&bell), OK);
}

static void add_match(uint64_t address, unsigned width, uint64_t match)
{
	struct doorbell_config bell = config(address, width);

	bell.has_match = true;
	bell.match = match;
	assert_int_equal(doorbell_add(&bell), OK);
}

static void add_action(uint64_t address, enum bell_kind kind, const char *name)
{
	struct doorbell_config bell = config(address, 4);

	bell.action.kind = kind;
	bell.action.vcpu = 1;
	snprintf(bell.action.name, sizeof(bell.action.name), "%s%u", name, life);
	assert_int_equal(doorbell_add(&bell), OK);
}

static void create(unsigned n)
{
	assert_int_equal(doorbell_part.create(&made[n]), OK);
}

static struct device_region *row_at(uint64_t ipa, unsigned width)
{
	return made[0].devices ? device_find(made[0].devices, ipa, width) : NULL;
}

static enum mmio_result store(uint64_t ipa, unsigned width, uint64_t value)
{
	struct device_region *row = row_at(ipa, width);

	assert_non_null(row);
	assert_int_equal(row->widths, WIDTHS_ALL);
	assert_string_equal(row->ops->name, "doorbell");
	return row->ops->write(&vcpus[0][1], row->device, ipa - row->first, width, value);
}

static enum mmio_result load(uint64_t ipa, unsigned width)
{
	struct device_region *row = row_at(ipa, width);
	uint64_t value = 0;

	assert_non_null(row);
	return row->ops->read(&vcpus[0][0], row->device, ipa - row->first, width, &value);
}

static struct doorbell_view view(unsigned nth)
{
	struct doorbell_view result = { 0 };

	for (unsigned i = 0; i <= doorbell_total(); i++) {
		if (doorbell_view(&made[0], i, &result) && nth-- == 0)
			return result;
	}
	fail();
	return result;
}

/* ---- the tests ---- */

static void rings_for_its_width(void **state)
{
	struct doorbell_view none;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add(BASE + 16 * i, 1U << i);
	create(0);
	create(1);
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned width = 1; width <= 8; width *= 2) {
			bool own = width == 1U << i;
			uint64_t at = BASE + 16 * i;

			assert_int_equal(
				store(at, width, 5), own ? MMIO_DONE : MMIO_EXTERNAL_ABORT);
		}
		assert_int_equal(view(i).rings, 1);
		assert_int_equal(view(i).misses, 3);
		assert_int_equal(view(i).dropped, 0);
		assert_true(view(i).first);
		assert_int_equal(view(i).config->width, 1U << i);
	}
	assert_false(doorbell_view(&made[0], doorbell_total(), &none));
	assert_false(doorbell_view(&made[1], doorbell_total() - 1, &none));
	assert_int_equal(said[0], '\0');
}

static void rings_for_any_width(void **state)
{
	(void)state;
	add(BASE, 0);
	add(BASE + 0x14, 0);
	add(BASE + 0x1e, 0);
	add(BASE + 0x21, 0);
	create(0);
	for (unsigned width = 1; width <= 8; width *= 2)
		assert_int_equal(store(BASE, width, UINT64_MAX), MMIO_DONE);
	assert_int_equal(view(0).rings, 4);
	/* As wide as it is aligned. */
	for (unsigned width = 1; width <= 4; width *= 2)
		assert_int_equal(store(BASE + 0x14, width, 0), MMIO_DONE);
	assert_null(row_at(BASE + 0x14, 8));
	assert_int_equal(store(BASE + 0x1e, 2, 0), MMIO_DONE);
	assert_null(row_at(BASE + 0x1e, 4));
	assert_int_equal(store(BASE + 0x21, 1, 0), MMIO_DONE);
	assert_null(row_at(BASE + 0x21, 2));
	assert_int_equal(view(1).rings, 3);
	assert_int_equal(view(0).misses + view(1).misses + view(2).misses + view(3).misses, 0);
}

/* One of any width reaches up to the next. */
static void gives_way_to_the_next(void **state)
{
	(void)state;
	add(BASE + 6, 2);
	add(BASE + 4, 1);
	add(BASE, 0);
	create(0);
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
	assert_null(row_at(BASE, 8));
	assert_int_equal(store(BASE + 4, 1, 0), MMIO_DONE);
	assert_null(row_at(BASE + 4, 4));
	assert_int_equal(store(BASE + 6, 2, 0), MMIO_DONE);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(view(i).rings, 1);
		assert_int_equal(view(i).misses, 0);
	}
}

/* And to a device that begins in the middle of what might be its row. */
static void gives_way_to_a_device(void **state)
{
	static const struct device_ops thing = { .name = "thing" };

	(void)state;
	add(BASE, 2);
	add(BASE + 0x10, 0);
	assert_int_equal(device_add(&made[0], BASE + 4, 4, NULL, &thing, WIDTHS_ALL), OK);
	assert_int_equal(device_add(&made[0], BASE + 0x12, 2, NULL, &thing, WIDTHS_ALL), OK);
	create(0);
	assert_int_equal(store(BASE, 2, 0), MMIO_DONE);
	assert_int_equal(store(BASE, 4, 0), MMIO_EXTERNAL_ABORT);
	assert_null(row_at(BASE, 8));
	assert_int_equal(store(BASE + 0x10, 2, 0), MMIO_DONE);
	assert_null(row_at(BASE + 0x10, 4));
	assert_int_equal(view(0).misses, 1);
	assert_int_equal(said[0], '\0');
}

static void misses(void **state)
{
	(void)state;
	add(BASE, 4);
	create(0);
	assert_int_equal(store(BASE, 2, 0), MMIO_EXTERNAL_ABORT);
	assert_int_equal(store(BASE + 1, 1, 0), MMIO_EXTERNAL_ABORT);
	assert_int_equal(store(BASE + 2, 2, 0), MMIO_EXTERNAL_ABORT);
	assert_int_equal(load(BASE, 4), MMIO_EXTERNAL_ABORT);
	assert_int_equal(load(BASE + 3, 1), MMIO_EXTERNAL_ABORT);
	assert_int_equal(view(0).misses, 5);
	/* Wider ones, too. */
	assert_int_equal(store(BASE, 8, 0), MMIO_EXTERNAL_ABORT);
	assert_int_equal(load(BASE, 8), MMIO_EXTERNAL_ABORT);
	assert_int_equal(view(0).misses, 7);
	made[0].policy.absent_ignored = true;
	assert_int_equal(store(BASE, 2, 0), MMIO_RAZ_WI);
	assert_int_equal(load(BASE, 4), MMIO_RAZ_WI);
	assert_int_equal(load(BASE, 8), MMIO_RAZ_WI);
	assert_int_equal(view(0).misses, 10);
	assert_int_equal(view(0).rings, 0);
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
	assert_int_equal(view(0).rings, 1);
}

static void several_at_one_address(void **state)
{
	(void)state;
	add_match(BASE, 4, 7);
	add(BASE + 0x20, 4);
	add_match(BASE, 4, 9);
	add_match(BASE, 2, 7);
	add_match(BASE, 4, 7);
	add(BASE, 8);
	add_match(BASE, 1, 0xff);
	create(0);
	assert_int_equal(store(BASE, 4, 7), MMIO_DONE);
	assert_int_equal(store(BASE, 4, 9), MMIO_DONE);
	assert_int_equal(store(BASE, 4, 9), MMIO_DONE);
	assert_int_equal(store(BASE, 2, 7), MMIO_DONE);
	assert_int_equal(store(BASE, 8, 7), MMIO_DONE);
	assert_int_equal(store(BASE, 1, 0xff), MMIO_DONE);
	assert_int_equal(store(BASE, 4, 8), MMIO_EXTERNAL_ABORT);
	assert_int_equal(store(BASE, 2, 9), MMIO_EXTERNAL_ABORT);
	assert_int_equal(store(BASE, 1, 7), MMIO_EXTERNAL_ABORT);
	assert_int_equal(view(0).rings, 1);
	assert_int_equal(view(1).rings, 0);
	assert_int_equal(view(2).rings, 2);
	assert_int_equal(view(3).rings, 1);
	/* The first that matches. */
	assert_int_equal(view(4).rings, 0);
	assert_int_equal(view(5).rings, 1);
	assert_int_equal(view(6).rings, 1);
	assert_int_equal(view(0).misses, 3);
	assert_true(view(0).first && view(1).first);
	for (unsigned i = 2; i < 7; i++) {
		assert_false(view(i).first);
		assert_int_equal(view(i).misses, 0);
	}
}

/* All 64 bits of a value count, and a match with 0 is one. */
static void matches_all_of_a_value(void **state)
{
	uint64_t value = UINT64_C(0x8000000000000001);

	(void)state;
	add_match(BASE, 8, value);
	add_match(BASE, 8, 0);
	create(0);
	assert_int_equal(store(BASE, 8, value), MMIO_DONE);
	for (unsigned bit = 0; bit < 64; bit++)
		assert_int_equal(store(BASE, 8, value ^ BIT(bit)), MMIO_EXTERNAL_ABORT);
	assert_int_equal(store(BASE, 8, 0), MMIO_DONE);
	assert_int_equal(view(0).rings, 1);
	assert_int_equal(view(1).rings, 1);
}

static void does_its_action(void **state)
{
	struct line_config line = { .spi = 100, .level = true };

	(void)state;
	snprintf(line.name, sizeof(line.name), "line%u", life);
	snprintf(line.vm, sizeof(line.vm), "b%u", life);
	add_action(BASE, BELL_LINE, "line");
	add_action(BASE + 0x10, BELL_SIGNAL, "b");
	add_action(BASE + 0x20, BELL_LINE, "nobody");
	add_action(BASE + 0x30, BELL_SIGNAL, "nobody");
	assert_int_equal(line_add(&line), OK);
	create(0);
	/* The other VM is not there yet. */
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
	assert_int_equal(store(BASE + 0x10, 4, 0), MMIO_DONE);
	assert_int_equal(view(0).dropped, 1);
	assert_int_equal(view(1).dropped, 1);
	create(1);
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
	assert_int_equal(raised, 1);
	assert_int_equal(signalled, 0);
	assert_int_equal(store(BASE + 0x10, 4, 0), MMIO_DONE);
	assert_int_equal(raised, 1);
	assert_int_equal(signalled, 1);
	rise = VGIC_RISE_DOWN;
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
	for (unsigned i = 0x20; i <= 0x30; i += 0x10)
		assert_int_equal(store(BASE + i, 4, 0), MMIO_DONE);
	assert_int_equal(view(0).rings, 3);
	assert_int_equal(view(0).dropped, 2);
	assert_int_equal(view(1).rings, 2);
	assert_int_equal(view(1).dropped, 1);
	assert_int_equal(view(2).dropped, 1);
	assert_int_equal(view(3).dropped, 1);
	/* A VM that is unmade is forgotten. */
	doorbell_part.destroy(&made[1]);
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
	assert_int_equal(store(BASE + 0x10, 4, 0), MMIO_DONE);
	assert_int_equal(raised, 2);
	assert_int_equal(signalled, 1);
	/* Lines are open when vCPU 0 is switched on. */
	create(1);
	doorbell_part.vcpu_reset(&vcpus[1][1]);
	doorbell_part.vcpu_reset(&vcpus[0][0]);
	assert_int_equal(opened, 0);
	doorbell_part.vcpu_reset(&vcpus[1][0]);
	assert_int_equal(opened, 1);
}

static void addresses_that_cannot_be(void **state)
{
	struct doorbell_config bell;

	(void)state;
	bell = config(BASE, 3);
	assert_int_equal(doorbell_add(&bell), ERR_INVALID);
	bell = config(BASE, 16);
	assert_int_equal(doorbell_add(&bell), ERR_INVALID);
	for (unsigned width = 2; width <= 8; width *= 2) {
		bell = config(BASE + width / 2, width);
		assert_int_equal(doorbell_add(&bell), ERR_INVALID);
	}
	bell = config(BASE, 0);
	bell.has_match = true;
	assert_int_equal(doorbell_add(&bell), ERR_INVALID);
	for (unsigned width = 1; width <= 4; width *= 2) {
		bell = config(BASE, width);
		bell.has_match = true;
		bell.match = BIT(8 * width);
		assert_int_equal(doorbell_add(&bell), ERR_INVALID);
		bell.match--;
		assert_int_equal(doorbell_add(&bell), OK);
	}
}

static void refused(uint64_t address, unsigned width, enum status status, const char *text)
{
	unsigned before;

	begin(NULL);
	add(address, width);
	assert_int_equal(device_add(&made[0], BASE, 0x1000, NULL,
				 &(const struct device_ops){ .name = "thing" }, WIDTHS_ALL),
		OK);
	region_at = UINT64_C(0x40000000);
	share_at = UINT64_C(0x10000000);
	before = allocations;
	assert_int_equal(doorbell_part.create(&made[0]), status);
	assert_int_equal(allocations, before);
	if (!strstr(said, text))
		print_error("%s", said);
	assert_non_null(strstr(said, text));
	assert_non_null(strstr(said, made[0].name));
	end(NULL);
}

static void is_in_the_way(void **state)
{
	(void)state;
	refused(BASE + 0xff8, 8, ERR_EXISTS, "at 0xb000ff8 of VM a");
	refused(BASE + 0xff8, 0, ERR_EXISTS, "there is thing:");
	refused(UINT64_C(0x40000000), 0, ERR_EXISTS, "there is its memory:");
	refused(UINT64_C(0x10000000), 1, ERR_EXISTS, "there is shared memory:");
	refused(BIT(40), 4, ERR_RANGE, "which has 40 bits of them");
	refused(UINT64_C(0x8000000000000000), 4, ERR_RANGE, "is beyond the addresses of VM");
}

static void in_the_way_of_each_other(void **state)
{
	(void)state;
	add(BASE + 4, 4);
	add(BASE, 0);
	add(BASE, 8);
	assert_int_equal(doorbell_part.create(&made[0]), ERR_EXISTS);
	assert_non_null(strstr(said, ": 8 bytes at 0xb000000 of VM a"));
	assert_non_null(strstr(said, "reach into doorbell bell-"));
	assert_non_null(strstr(said, "at 0xb000004: give one another address"));
	/* Its doorbells are nobody's then. */
	for (unsigned i = 0; i < doorbell_total(); i++)
		assert_false(doorbell_view(&made[0], i, &(struct doorbell_view){ 0 }));
}

static void without_memory(void **state)
{
	unsigned before = allocations;

	(void)state;
	add(BASE, 4);
	allocation_fails = 1;
	assert_int_equal(doorbell_part.create(&made[0]), ERR_NO_MEMORY);
	assert_int_equal(allocations, before);
	create(0);
	assert_int_equal(store(BASE, 4, 0), MMIO_DONE);
}

/* The first: there is nothing yet. */
static void no_memory_for_any(void **state)
{
	struct doorbell_config bell = config(BASE, 4);

	(void)state;
	allocation_fails = 1;
	assert_int_equal(doorbell_add(&bell), ERR_NO_MEMORY);
}

/* The last: then there is no more room. */
static void as_many_as_there_may_be(void **state)
{
	struct doorbell_config bell;
	unsigned n = 0;

	(void)state;
	do {
		bell = config(BASE + 4 * n, 4);
		assert_true(n++ <= DOORBELLS_MAX);
	} while (doorbell_add(&bell) == OK);
	assert_int_equal(doorbell_add(&bell), ERR_NO_MEMORY);
	n--;
	assert_true(n > DOORBELLS_MAX / 2);
	create(0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(store(BASE + 4 * i, 4, i), MMIO_DONE);
	assert_int_equal(view(n - 1).rings, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_memory_for_any),
		CASE(rings_for_its_width),
		CASE(rings_for_any_width),
		CASE(gives_way_to_the_next),
		CASE(gives_way_to_a_device),
		CASE(misses),
		CASE(several_at_one_address),
		CASE(matches_all_of_a_value),
		CASE(does_its_action),
		CASE(addresses_that_cannot_be),
		CASE(is_in_the_way),
		CASE(in_the_way_of_each_other),
		CASE(without_memory),
		CASE(as_many_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
