/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies from and to guest memory.
 *
 * links: mm/guest_mem.c mm/stage2.c mm/stage2_end.c mm/stage2_regs.c mm/vmid.c mm/pgtable.c
 * mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c hyp/base/bitmap.c hyp/base/panic.c
 * hyp/base/log.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/guest_mem.h"
#include "mm/phys.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM  UINT64_C(0x40000000)
#define VM1  OWNER_FIRST_VM
#define VM2  (OWNER_FIRST_VM + 1)
#define BASE GIB(1)
#define ROM  MIB(16)
#define LAST (BASE + MIB(8) + 0x3000) /* the end of RAM, in the middle of a window */

static struct stage2 s2;
static uint8_t data[MIB(5)], back[MIB(5) + 1];

static void start(void)
{
	struct page_range ram = { RAM, MIB(64), 0 };

	fake_memory_reset();
	fake_memory_add(RAM, MIB(64));
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 8);
	assert_int_equal(stage2_create(&s2, VM1, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(BASE), LAST - BASE, MEM_RWX), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(ROM), KIB(64), MEM_RX), OK);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
}

/* As a guest, which comes back until its memory is there. */
static enum status read_on(ipa_t ipa, void *destination, size_t size)
{
	enum status status;

	do
		status = guest_read(&s2, ipa, destination, size);
	while (status == ERR_BUSY);
	return status;
}

static enum status write_on(ipa_t ipa, const void *source, size_t size)
{
	enum status status;

	do
		status = guest_write(&s2, ipa, source, size);
	while (status == ERR_BUSY);
	return status;
}

static void there_and_back(void **state)
{
	static const struct {
		uint64_t at, size;
	} cases[] = {
		{ BASE, 1 },
		{ BASE + 7, 8 },
		{ BASE + 0xfff, 2 },
		{ BASE + MIB(2) - 3, 10 },
		{ BASE + 123, MIB(5) },
		{ LAST - 100, 100 },
		{ BASE, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		start();
		assert_int_equal(write_on(IPA(cases[i].at), data, cases[i].size), OK);
		memset(back, 0, sizeof(back));
		assert_int_equal(read_on(IPA(cases[i].at), back, cases[i].size), OK);
		assert_memory_equal(data, back, cases[i].size);
		assert_int_equal(back[cases[i].size], 0);
		assert_false(spin_is_locked(&s2.lock));
	}
}

/* Memory nobody has touched reads as zero, and is there from then on. */
static void untouched(void **state)
{
	uint64_t value = 1;
	struct stage2_page page;

	(void)state;
	start();
	/* Never more than one step is done at a time, not even where it was the last one. */
	for (unsigned i = 0; i < 2 * MIB(2) / STAGE2_FILL_STEP; i++)
		assert_int_equal(guest_read(&s2, IPA(BASE + MIB(2) - 4), &value, 8), ERR_BUSY);
	assert_int_equal(guest_read(&s2, IPA(BASE + MIB(2) - 4), &value, 8), OK);
	assert_int_equal(value, 0);
	value = 1;
	for (unsigned i = 0; i < MIB(2) / STAGE2_FILL_STEP; i++)
		assert_int_equal(guest_read_u64(&s2, IPA(BASE + MIB(4)), &value), ERR_BUSY);
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + MIB(4)), &value), OK);
	assert_int_equal(value, 0);
	assert_true(stage2_lookup(&s2, IPA(BASE + MIB(4)), &page));
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + 4), &value), ERR_INVALID);
	value = 0x1122334455667788;
	assert_int_equal(guest_write(&s2, IPA(BASE + MIB(4)), &value, 8), OK);
	value = 0;
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + MIB(4)), &value), OK);
	assert_int_equal(value, 0x1122334455667788);
}

static void not_there(void **state)
{
	(void)state;
	start();
	assert_int_equal(read_on(IPA(0), back, 1), ERR_FAULT);
	assert_int_equal(read_on(IPA(LAST - 1), back, 2), ERR_FAULT);
	assert_int_equal(write_on(IPA(LAST), data, 1), ERR_FAULT);
	assert_int_equal(read_on(IPA(BASE - 1), back, 2), ERR_FAULT);
	assert_int_equal(read_on(IPA(BIT(40)), back, 1), ERR_RANGE);
	assert_int_equal(read_on(IPA(BIT(40) - 1), back, 2), ERR_RANGE);
	assert_int_equal(read_on(IPA(UINT64_MAX), back, 1), ERR_RANGE);
	assert_int_equal(read_on(IPA(BASE), back, SIZE_MAX), ERR_RANGE);
	/* Unmapped on purpose. */
	assert_int_equal(read_on(IPA(BASE), back, 1), OK);
	assert_int_equal(stage2_unmap(&s2, IPA(BASE), 0x1000), OK);
	assert_int_equal(read_on(IPA(BASE), back, 1), ERR_FAULT);
	assert_false(spin_is_locked(&s2.lock));
}

static void rights(void **state)
{
	(void)state;
	start();
	/* ROM can be loaded and read, not written. */
	assert_int_equal(write_on(IPA(ROM), data, 8), ERR_FAULT);
	assert_int_equal(guest_load(&s2, IPA(ROM + 3), data, KIB(60)), OK);
	assert_int_equal(read_on(IPA(ROM + 3), back, KIB(60)), OK);
	assert_memory_equal(data, back, KIB(60));
	assert_int_equal(guest_load(&s2, IPA(ROM), data, KIB(64) + 1), ERR_FAULT);
	/* Write-only, and nothing. */
	assert_int_equal(write_on(IPA(BASE), data, 8), OK);
	assert_int_equal(stage2_protect(&s2, IPA(BASE), 0x1000, MEM_W), OK);
	assert_int_equal(read_on(IPA(BASE), back, 8), ERR_FAULT);
	assert_int_equal(write_on(IPA(BASE), data, 8), OK);
	/* Registers are not memory. */
	assert_int_equal(
		stage2_map_device(&s2, IPA(0x9000000), PA(UINT64_C(0x9000000)), 0x1000), OK);
	assert_int_equal(read_on(IPA(0x9000000), back, 4), ERR_FAULT);
	assert_int_equal(guest_load(&s2, IPA(0x9000000), data, 4), ERR_FAULT);
}

/* What VMs share is read if it is an image; what others write is not, nor is an image written. */
static void images(void **state)
{
	struct stage2_share share = {
		.ipa = IPA(MIB(64)), .size = 0x1000, .prot = MEM_RX, .owner = OWNER_FIRST_SHARED
	};
	pa_t page;

	(void)state;
	start();
	assert_int_equal(page_alloc(OWNER_FIRST_SHARED, &page), OK);
	memcpy(pa_to_ptr(page), data, 0x1000);
	assert_int_equal(stage2_share(&s2, &share), OK);
	assert_int_equal(stage2_map_share(&s2, share.ipa, page, 0x1000), OK);
	assert_int_equal(guest_read(&s2, share.ipa, back, 0x1000), OK);
	assert_memory_equal(back, data, 0x1000);
	assert_int_equal(guest_read(&s2, share.ipa, back, 0x1001), ERR_FAULT);
	assert_int_equal(guest_write(&s2, share.ipa, data, 8), ERR_FAULT);
	assert_int_equal(guest_load(&s2, share.ipa, data, 8), ERR_FAULT);

	share.ipa = IPA(MIB(66));
	share.prot = MEM_R;
	assert_int_equal(stage2_share(&s2, &share), OK);
	assert_int_equal(stage2_map_share(&s2, share.ipa, page, 0x1000), OK);
	assert_int_equal(guest_read(&s2, share.ipa, back, 8), ERR_FAULT);
	/* The image's page has become another's. */
	assert_int_equal(page_free(page, 1, OWNER_FIRST_SHARED), OK);
	assert_int_equal(guest_read(&s2, IPA(MIB(64)), back, 8), ERR_FAULT);
}

/* A mapping that has outlived its owner's right to the page is not followed. */
static void not_the_owner(void **state)
{
	struct stage2_page page;

	(void)state;
	start();
	assert_int_equal(read_on(IPA(BASE), back, 1), OK);
	assert_true(stage2_lookup(&s2, IPA(BASE + 0x1000), &page));
	assert_int_equal(page_transfer(page.pa, 1, VM1, VM2, PAGE_WIPE), OK);
	assert_int_equal(read_on(IPA(BASE), back, 0x1000), OK);
	assert_int_equal(read_on(IPA(BASE), back, 0x1001), ERR_FAULT);
	assert_int_equal(write_on(IPA(BASE + 0x1000), data, 1), ERR_FAULT);
	guest_sync(&s2, IPA(BASE), MIB(2));
}

static void out_of_memory(void **state)
{
	pa_t page;

	(void)state;
	start();
	block_unreserve(VM1, 100);
	while (block_alloc(VM2, &page) == OK)
		continue;
	assert_int_equal(guest_read(&s2, IPA(BASE), back, 1), ERR_NO_MEMORY);
}

/* The memory itself fails: contained, and told apart from a guest's mistake. */
static void external_abort(void **state)
{
	struct stage2_page page;

	(void)state;
	start();
	assert_int_equal(read_on(IPA(BASE), back, 1), OK);
	assert_true(stage2_lookup(&s2, IPA(BASE + 0x1000), &page));
	fake_bad_memory = pa_to_ptr(page.pa);
	fake_bad_size = 64;
	assert_int_equal(read_on(IPA(BASE), back, 0x1000), OK);
	assert_int_equal(read_on(IPA(BASE), back, 0x1001), ERR_IO);
	assert_int_equal(write_on(IPA(BASE + 0x1020), data, 1), ERR_IO);
	assert_false(spin_is_locked(&s2.lock));
	fake_cpu_reset();
	assert_int_equal(read_on(IPA(BASE), back, 0x1001), OK);
}

static void sync(void **state)
{
	struct stage2_page page;
	uint64_t size = 0;

	(void)state;
	start();
	fake_cpu_reset();
	guest_sync(&s2, IPA(0), BIT(40));
	assert_int_equal(fake_op_count, 0);
	assert_int_equal(guest_load(&s2, IPA(BASE + MIB(2)), data, 100), OK);
	assert_true(stage2_lookup(&s2, IPA(BASE + MIB(2)), &page));
	fake_cpu_reset();
	guest_sync(&s2, IPA(BASE + MIB(2) + 5), 100);
	assert_int_equal(fake_op_count, 2);
	assert_int_equal(fake_ops[0].kind, FAKE_CACHE_CLEAN_INVALIDATE);
	assert_int_equal(fake_ops[0].address, (uintptr_t)pa_to_ptr(page.pa) + 5);
	assert_int_equal(fake_ops[0].extra, 100);
	assert_int_equal(fake_ops[1].kind, FAKE_CACHE_SYNC_CODE);
	assert_int_equal(fake_ops[1].extra, 100);
	/* What is mapped and memory, and no more. */
	assert_int_equal(
		stage2_map_device(&s2, IPA(0x9000000), PA(UINT64_C(0x9000000)), 0x1000), OK);
	fake_cpu_reset();
	guest_sync(&s2, IPA(0), BIT(40));
	for (unsigned i = 0; i < fake_op_count; i += 2)
		size += fake_ops[i].extra;
	assert_int_equal(size, MIB(2));
	fake_cpu_reset();
	guest_sync(&s2, IPA(BIT(40)), 1);
	guest_sync(&s2, IPA(0), UINT64_MAX);
	assert_int_equal(fake_op_count, 0);
	assert_false(spin_is_locked(&s2.lock));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(untouched),
		cmocka_unit_test(not_there),
		cmocka_unit_test(rights),
		cmocka_unit_test(images),
		cmocka_unit_test(not_the_owner),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(external_abort),
		cmocka_unit_test(sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
