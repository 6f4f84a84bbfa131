/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM's stage 2: registers, regions, first touch, what it shares, restart and end; VMIDs.
 *
 * links: mm/stage2.c mm/shared.c mm/stage2_end.c mm/stage2_regs.c mm/vmid.c mm/pgtable.c
 * mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c hyp/base/bitmap.c hyp/base/panic.c
 * hyp/base/log.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/panic.h"
#include "mm/phys.h"
#include "mm/shared.h"
#include "mm/stage2.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM  UINT64_C(0x40000000)
#define VM1  OWNER_FIRST_VM
#define VM2  (OWNER_FIRST_VM + 1)
#define JUNK 0x5a

static struct stage2 s2;
static uint64_t free_at_start;

static struct page_stats stats(void)
{
	struct page_stats s;

	page_get_stats(&s);
	return s;
}

static void start(uint64_t ram_size)
{
	struct page_range ram = { RAM, ram_size, 0 };

	fake_memory_reset();
	fake_memory_add(RAM, ram_size);
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 8);
	free_at_start = stats().free_pages;
	memset(&s2, JUNK, sizeof(s2));
	assert_int_equal(stage2_create(&s2, VM1, 40, 0), OK);
}

static void destroy(struct stage2 *stage2)
{
	unsigned steps = 0;

	while (!stage2_destroy_step(stage2))
		assert_true(steps++ < 1000);
}

/* As a guest does: touches it until it is there. */
static enum status touch(uint64_t ipa)
{
	enum status status;
	unsigned calls = 0;

	do {
		status = stage2_fault_in(&s2, IPA(ipa));
		assert_true(++calls <= 2 * STAGE2_FILLS_MAX * BLOCK_SIZE / STAGE2_FILL_STEP);
	} while (status == ERR_BUSY);
	assert_false(spin_is_locked(&s2.lock));
	return status;
}

/* All of a region; returns how many windows that were. */
static unsigned populate(const struct stage2_region *region)
{
	ipa_t ipa = region->ipa;
	unsigned windows = 0;
	bool done = false;

	while (!done) {
		enum status status = stage2_populate_step(&s2, region, &ipa, &done);

		assert_true(status == OK || status == ERR_BUSY);
		windows += status == OK;
	}
	assert_int_equal(ipa.ipa, region->ipa.ipa + region->size);
	return windows;
}

static bool is_zero(pa_t pa, uint64_t size)
{
	const uint8_t *bytes = pa_to_ptr(pa);

	for (uint64_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static struct stage2_page lookup(uint64_t ipa)
{
	struct stage2_page page;

	assert_true(stage2_lookup(&s2, IPA(ipa), &page));
	return page;
}

static bool mapped(uint64_t ipa)
{
	struct stage2_page page;

	return stage2_lookup(&s2, IPA(ipa), &page);
}

static void registers(void **state)
{
	static const unsigned pa_bits[] = { 32, 36, 40, 42, 44, 48, 48, 48 };

	(void)state;
	for (unsigned range = 0; range < ARRAY_SIZE(pa_bits); range++)
		assert_int_equal(stage2_pa_bits(0xabcde0 | range), pa_bits[range]);
	assert_int_equal(stage2_pa_bits(0xf), 48);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(pa_bits_field(pa_bits[i]), i);

	assert_int_equal(stage2_ipa_bits(1, 40), 32);
	assert_int_equal(stage2_ipa_bits(32, 32), 32);
	assert_int_equal(stage2_ipa_bits(33, 40), 36);
	assert_int_equal(stage2_ipa_bits(39, 40), 40);
	assert_int_equal(stage2_ipa_bits(41, 48), 42);
	assert_int_equal(stage2_ipa_bits(45, 48), 48);
	assert_int_equal(stage2_ipa_bits(41, 40), 0);
	assert_int_equal(stage2_ipa_bits(49, 48), 0);

	/* RES1, TG0=4K, ISH, WB, WB; then PS, SL0, T0SZ. */
	assert_int_equal(stage2_vtcr(40, 40, 8), 0x80003500 | 2 << 16 | 1 << 6 | 24);
	assert_int_equal(stage2_vtcr(32, 48, 8), 0x80003500 | 5 << 16 | 0 << 6 | 32);
	assert_int_equal(stage2_vtcr(48, 48, 16), 0x80003500 | 1 << 19 | 5 << 16 | 2 << 6 | 16);
	assert_int_equal(stage2_vtcr(36, 44, 8), 0x80003500 | 4 << 16 | 1 << 6 | 28);
	assert_int_equal(stage2_vtcr(49, 48, 8), 0);
	assert_int_equal(vmid_bits(0x20), 16);
	assert_int_equal(vmid_bits(0x00), 8);
	assert_int_equal(vmid_bits(0xf0f), 8);
}

static void vmids(void **state)
{
	uint16_t vmid, seen = 0;

	(void)state;
	for (unsigned bits = 8; bits <= 16; bits += 8) {
		unsigned count = bits == 8 ? 255 : VMID_MAX - 1;

		vmid_init(bits);
		for (unsigned i = 1; i <= count; i++) {
			assert_int_equal(vmid_alloc(&vmid), OK);
			assert_int_equal(vmid, i);
		}
		assert_int_equal(vmid_alloc(&seen), ERR_NO_MEMORY);
		vmid_free(77);
		vmid_free(200);
		assert_int_equal(vmid_alloc(&vmid), OK);
		assert_int_equal(vmid, 77);
		assert_int_equal(vmid_alloc(&vmid), OK);
		assert_int_equal(vmid, 200);
		vmid_free(VMID_NONE);
		vmid_free((uint16_t)(count + 1));
		assert_int_equal(vmid_alloc(&vmid), ERR_NO_MEMORY);
	}
	/* One that was given back rests for as long as possible. */
	vmid_init(8);
	assert_int_equal(vmid_alloc(&vmid), OK);
	vmid_free(vmid);
	assert_int_equal(vmid_alloc(&seen), OK);
	assert_int_not_equal(seen, vmid);
}

static void create(void **state)
{
	struct stage2 other;

	(void)state;
	start(MIB(64));
	assert_int_equal(s2.table.start_level, 1);
	assert_int_equal(s2.table_pages, 2);
	assert_int_equal(s2.vttbr, s2.table.root.pa | (uint64_t)s2.vmid << 48);
	assert_int_equal(s2.vtcr, stage2_vtcr(40, 48, 8));
	assert_int_equal(s2.table.root.pa % (2 * PAGE_SIZE), 0);
	/* Its tables are Lintel's, not the VM's. */
	assert_int_equal(page_owner(s2.table.root), OWNER_LINTEL);
	assert_int_not_equal(s2.vmid, VMID_NONE);
	assert_int_equal(stage2_create(&other, VM2, 31, 0), ERR_RANGE);
	assert_int_equal(stage2_create(&other, VM2, 49, 0), ERR_RANGE);
	assert_int_equal(stage2_create(&other, VM2, 40, 1), ERR_NO_MEMORY);
	assert_int_equal(stage2_create(&other, VM2, 48, 0), OK);
	assert_int_equal(other.table.kind, PGTABLE_STAGE2);
	assert_int_not_equal(other.vmid, s2.vmid);
	destroy(&other);
	destroy(&s2);
	assert_int_equal(stats().free_pages, free_at_start);

	stage2_force_write_back();
	assert_int_equal(stage2_create(&other, VM2, 40, 0), OK);
	assert_int_equal(other.table.kind, PGTABLE_STAGE2_FWB);
	destroy(&other);

	stage2_init(36, 8);
	assert_int_equal(stage2_create(&other, VM2, 40, 0), ERR_RANGE);
	/* No VMID left, no page left: nothing is kept. */
	for (uint16_t vmid; vmid_alloc(&vmid) == OK;)
		continue;
	assert_int_equal(stage2_create(&other, VM2, 36, 0), ERR_NO_MEMORY);
	vmid_free(9);
	for (pa_t page; page_alloc(VM2, &page) == OK;)
		continue;
	assert_int_equal(stage2_create(&other, VM2, 36, 0), ERR_NO_MEMORY);
	assert_int_equal(vmid_alloc(&other.vmid), OK);
	assert_int_equal(other.vmid, 9);
}

static void regions(void **state)
{
	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(16), MEM_RWX), OK);
	assert_int_equal(block_promised(VM1), 8);
	assert_int_equal(stage2_add_ram(&s2, IPA(0), 0x1000, MEM_RX), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(2) + 0x1000), MIB(2), MEM_RWX), OK);
	assert_int_equal(block_promised(VM1), 11);
	assert_int_equal(s2.regions[0].ipa.ipa, 0);
	assert_int_equal(s2.regions[1].ipa.ipa, GIB(1));
	assert_int_equal(s2.regions[2].windows, 2);
	assert_ptr_equal(stage2_region_find(&s2, IPA(0xfff)), &s2.regions[0]);
	assert_null(stage2_region_find(&s2, IPA(0x1000)));
	assert_null(stage2_region_find(&s2, IPA(GIB(1) - 1)));
	assert_ptr_equal(stage2_region_find(&s2, IPA(GIB(1))), &s2.regions[1]);
	assert_ptr_equal(stage2_region_find(&s2, IPA(GIB(1) + MIB(16) - 1)), &s2.regions[1]);
	assert_null(stage2_region_find(&s2, IPA(GIB(1) + MIB(16))));
	assert_null(stage2_region_find(&s2, IPA(UINT64_MAX)));

	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(3)), 0, MEM_RW), ERR_INVALID);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(3)), 0x800, MEM_RW), ERR_INVALID);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(3) + 4), 0x1000, MEM_RW), ERR_INVALID);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(3)), 0x1000, MEM_W), ERR_INVALID);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(3)), 0x1000, MEM_R | 8), ERR_INVALID);
	assert_int_equal(stage2_add_ram(&s2, IPA(BIT(40)), 0x1000, MEM_R), ERR_RANGE);
	assert_int_equal(stage2_add_ram(&s2, IPA(0x2000), BIT(40) - 0x1000, MEM_R), ERR_RANGE);
	assert_int_equal(stage2_add_ram(&s2, IPA(0x2000), -0x1000UL, MEM_R), ERR_RANGE);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1) + MIB(15)), MIB(2), MEM_R), ERR_EXISTS);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1) - MIB(1)), MIB(2), MEM_R), ERR_EXISTS);
	assert_int_equal(stage2_add_ram(&s2, IPA(0), GIB(8), MEM_R), ERR_EXISTS);
	/* More than there is: nothing is promised. */
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(4)), MIB(60), MEM_RW), ERR_NO_MEMORY);
	assert_int_equal(block_promised(VM1), 11);
	assert_int_equal(s2.region_count, 3);
	for (unsigned i = 3; i < STAGE2_REGIONS_MAX; i++)
		assert_int_equal(stage2_add_ram(&s2, IPA(GIB(4) + i * MIB(2)), 0x1000, MEM_R), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(5)), 0x1000, MEM_R), ERR_NO_MEMORY);
	destroy(&s2);
	assert_int_equal(stats().free_pages, free_at_start);
	assert_int_equal(stats().promised_blocks, 0);
}

/* A region that can't have its tables or its bitmaps is not there, and promises nothing. */
static void region_without_tables(void **state)
{
	pa_t page;

	(void)state;
	start(MIB(64));
	s2.table_pages_max = s2.table_pages + 1;
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1) + 0x1000), MIB(2), MEM_R), ERR_NO_MEMORY);
	assert_int_equal(s2.region_count, 0);
	assert_int_equal(block_promised(VM1), 0);
	assert_null(stage2_region_find(&s2, IPA(GIB(1) + 0x1000)));
	while (page_alloc(VM2, &page) == OK)
		continue;
	assert_int_equal(page_free(page, 1, VM2), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(2), MEM_R), ERR_NO_MEMORY);
	destroy(&s2);

	start(MIB(8));
	/* Promised blocks are all there is: no page for the bitmaps. */
	while (stats().free_pages > stats().free_blocks * PAGES_PER_BLOCK)
		assert_int_equal(page_alloc(VM2, &page), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(6), MEM_R), ERR_NO_MEMORY);
	assert_int_equal(stats().promised_blocks, 0);
}

static void first_touch(void **state)
{
	struct stage2_page page;
	uint64_t free;

	(void)state;
	start(MIB(64));
	memset(fake_memory_at(RAM + MIB(2)), JUNK, MIB(62));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(8), MEM_RWX), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(0x7000), 0x3000, MEM_RX), OK);
	free = stats().free_pages;
	assert_false(mapped(GIB(1)));
	assert_int_equal(touch(GIB(1) + MIB(2) + 0x1234), OK);
	page = lookup(GIB(1) + MIB(2) + 0x1234);
	assert_int_equal(page.level, 2);
	assert_int_equal(page.prot, MEM_RWX);
	assert_int_equal(page.type, MEM_NORMAL);
	assert_int_equal(page.left, MIB(2) - 0x1234);
	assert_int_equal(page.pa.pa % MIB(2), 0x1234);
	assert_int_equal(page_owner(page.pa), VM1);
	assert_true(is_zero(PA(page.pa.pa - 0x1234), MIB(2)));
	assert_int_equal(stats().free_pages, free - 512);
	assert_false(mapped(GIB(1)) || mapped(GIB(1) + MIB(4)));
	assert_int_equal(block_promised(VM1), 4);
	/* Twice is once. */
	assert_int_equal(touch(GIB(1) + MIB(2)), OK);
	assert_int_equal(stats().free_pages, free - 512);
	/* A small one: by pages, nothing beyond it. */
	assert_int_equal(touch(0x8000), OK);
	page = lookup(0x7000);
	assert_int_equal(page.level, 3);
	assert_int_equal(page.prot, MEM_RX);
	assert_int_equal(page.pa.pa % MIB(2), 0x7000);
	assert_int_equal(lookup(0x9fff).pa.pa % MIB(2), 0x9fff);
	assert_false(mapped(0x6fff) || mapped(0xa000));
	assert_int_equal(touch(0xa000), ERR_NOT_FOUND);
	assert_int_equal(touch(GIB(2)), ERR_NOT_FOUND);
}

/* It can't fail: neither the machine's memory nor the budget matters any more. */
static void first_touch_cannot_fail(void **state)
{
	const struct stage2_region *region;
	pa_t page;

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1) - 0x1000), MIB(16), MEM_RWX), OK);
	s2.table_pages_max = s2.table_pages;
	while (page_alloc(VM2, &page) == OK)
		continue;
	region = &s2.regions[0];
	assert_int_equal(populate(region), 9);
	for (uint64_t at = 0; at < MIB(16); at += PAGE_SIZE)
		assert_true(mapped(GIB(1) - 0x1000 + at));
	assert_int_equal(block_promised(VM1), 0);
	/* Restart with nothing else free. */
	memset(pa_to_ptr(lookup(GIB(1)).pa), JUNK, MIB(2));
	while (!stage2_empty_step(&s2))
		continue;
	assert_int_equal(block_promised(VM1), 9);
	assert_false(mapped(GIB(1)));
	assert_int_equal(populate(region), 9);
	assert_true(is_zero(lookup(GIB(1)).pa, MIB(2)));
}

/* One call does no more than its part, and nothing is seen before all is wiped. */
static void in_steps(void **state)
{
	const unsigned steps = BLOCK_SIZE / STAGE2_FILL_STEP;

	(void)state;
	start(MIB(64));
	memset(fake_memory_at(RAM + MIB(2)), JUNK, MIB(62));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(4), MEM_RWX), OK);
	for (unsigned i = 1; i < steps; i++) {
		assert_int_equal(stage2_fault_in(&s2, IPA(GIB(1) + i)), ERR_BUSY);
		assert_false(mapped(GIB(1)));
		assert_int_equal(s2.fills[0].wiped, i * STAGE2_FILL_STEP);
		assert_true(is_zero(s2.fills[0].block, i * STAGE2_FILL_STEP));
		assert_int_equal(
			*(uint8_t *)pa_to_ptr(PA(s2.fills[0].block.pa + i * STAGE2_FILL_STEP)),
			JUNK);
	}
	assert_int_equal(stage2_fault_in(&s2, IPA(GIB(1))), OK);
	assert_true(is_zero(lookup(GIB(1)).pa, BLOCK_SIZE));
	assert_null(s2.fills[0].region);
	/* Half done, then the VM starts anew, or ends. */
	assert_int_equal(stage2_fault_in(&s2, IPA(GIB(1) + MIB(2))), ERR_BUSY);
	while (!stage2_empty_step(&s2))
		continue;
	assert_null(s2.fills[0].region);
	assert_int_equal(block_promised(VM1), 2);
	assert_int_equal(stage2_fault_in(&s2, IPA(GIB(1) + MIB(2))), ERR_BUSY);
	assert_int_equal(stage2_fault_in(&s2, IPA(GIB(1))), ERR_BUSY);
	destroy(&s2);
	assert_int_equal(stats().free_pages, free_at_start);
}

/* Another CPU is at it; the same seen from the one that comes second. */
static void two_at_once(void **state)
{
	ipa_t ipa = IPA(GIB(1) + MIB(2));
	bool done = false;

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(4), MEM_RWX), OK);
	assert_int_equal(stage2_fault_in(&s2, ipa), ERR_BUSY);
	s2.fills[0].busy = true;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(stage2_fault_in(&s2, ipa), ERR_BUSY);
	assert_int_equal(stage2_populate_step(&s2, &s2.regions[0], &ipa, &done), ERR_BUSY);
	assert_int_equal(s2.fills[0].wiped, STAGE2_FILL_STEP);
	assert_int_equal(touch(GIB(1)), OK);
	s2.fills[0].busy = false;
	assert_int_equal(touch(ipa.ipa), OK);
}

/* More windows at once than can be kept in mind: those nobody comes back to are finished by the
 * others. */
static void more_than_fills(void **state)
{
	const unsigned steps = BLOCK_SIZE / STAGE2_FILL_STEP;
	uint64_t last = GIB(1) + STAGE2_FILLS_MAX * MIB(2);

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(32), MEM_RWX), OK);
	for (unsigned i = 0; i < STAGE2_FILLS_MAX; i++)
		assert_int_equal(stage2_fault_in(&s2, IPA(GIB(1) + i * MIB(2))), ERR_BUSY);
	s2.fills[0].busy = true;
	for (unsigned i = 1; i < steps; i++)
		assert_int_equal(stage2_fault_in(&s2, IPA(last)), ERR_BUSY);
	assert_true(mapped(GIB(1) + MIB(2)));
	for (unsigned i = 0; i < STAGE2_FILLS_MAX; i++)
		s2.fills[i].busy = s2.fills[i].region != NULL;
	assert_int_equal(touch(last), OK);
	assert_int_equal(stage2_fault_in(&s2, IPA(last + MIB(2))), ERR_BUSY);
	for (unsigned i = 0; i < STAGE2_FILLS_MAX; i++)
		s2.fills[i].busy = true;
	assert_int_equal(stage2_fault_in(&s2, IPA(last + MIB(4))), ERR_BUSY);
	assert_int_equal(block_promised(VM1), 16 - STAGE2_FILLS_MAX - 2);
}

/* What was taken away on purpose is not given anew. */
static void unmapped_on_purpose(void **state)
{
	pa_t pa;

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(4), MEM_RWX), OK);
	assert_int_equal(touch(GIB(1)), OK);
	pa = lookup(GIB(1) + 0x5000).pa;
	assert_int_equal(stage2_unmap(&s2, IPA(GIB(1) + 0x5000), 0x1000), OK);
	assert_int_equal(touch(GIB(1) + 0x5000), ERR_NOT_FOUND);
	assert_int_equal(touch(GIB(1) + 0x6000), OK);
	assert_int_equal(page_owner(pa), VM1);
	/* It goes to somebody else: can't be mapped here any more; comes back: can. */
	assert_int_equal(page_transfer(pa, 1, VM1, VM2, PAGE_WIPE), OK);
	assert_int_equal(
		stage2_map_pages(&s2, IPA(GIB(1) + 0x5000), pa, 0x1000, MEM_RWX), ERR_NOT_OWNER);
	assert_int_equal(page_transfer(pa, 1, VM2, VM1, PAGE_WIPE), OK);
	assert_int_equal(stage2_map_pages(&s2, IPA(GIB(1) + 0x5000), pa, 0x1000, MEM_RWX), OK);
	assert_int_equal(lookup(GIB(1) + 0x5000).pa.pa, pa.pa);
	assert_int_equal(stage2_unmap(&s2, IPA(GIB(1) + 1), 0x1000), ERR_INVALID);
}

static void explicit_maps(void **state)
{
	pa_t block;

	(void)state;
	start(MIB(64));
	assert_int_equal(block_alloc(VM1, &block), OK);
	assert_int_equal(stage2_map_pages(&s2, IPA(MIB(32)), block, MIB(2), MEM_RX), OK);
	assert_int_equal(lookup(MIB(32)).level, 2);
	assert_int_equal(stage2_map_pages(&s2, IPA(MIB(32)), block, MIB(2), MEM_RX), ERR_EXISTS);
	assert_int_equal(
		stage2_map_pages(&s2, IPA(MIB(64)), block, MIB(2) + 0x1000, MEM_RX), ERR_NOT_OWNER);
	assert_int_equal(
		stage2_map_pages(&s2, IPA(MIB(64)), PA(block.pa + 1), 0x1000, MEM_RX), ERR_INVALID);
	assert_int_equal(stage2_map_pages(&s2, IPA(MIB(64)), block, 0, MEM_RX), ERR_INVALID);
	assert_int_equal(stage2_map_pages(&s2, IPA(MIB(64)), PA(0), 0x1000, MEM_RX), ERR_NOT_OWNER);
	assert_int_equal(
		stage2_map_pages(&s2, IPA(MIB(64)), PA(BIT(48)), 0x1000, MEM_RX), ERR_RANGE);
	assert_int_equal(
		stage2_map_pages(&s2, IPA(MIB(64)), s2.table.root, 0x1000, MEM_RX), ERR_NOT_OWNER);
	assert_int_equal(stage2_protect(&s2, IPA(MIB(32)), 0x1000, MEM_RWX), OK);
	assert_int_equal(lookup(MIB(32)).prot, MEM_RWX);
	assert_int_equal(lookup(MIB(32) + 0x1000).prot, MEM_RX);

	assert_int_equal(
		stage2_map_device(&s2, IPA(0x9000000), PA(UINT64_C(0x9000000)), 0x2000), OK);
	assert_int_equal(lookup(0x9001000).type, MEM_DEVICE_nGnRE);
	assert_int_equal(lookup(0x9001000).prot, MEM_RW);
	assert_int_equal(stage2_map_device(&s2, IPA(0xa000000), block, 0x1000), ERR_NOT_OWNER);
	assert_int_equal(
		stage2_map_device(&s2, IPA(0xa000000), PA(RAM - 0x1000), 0x2000), ERR_NOT_OWNER);
	/* The budget. */
	s2.table_pages_max = s2.table_pages;
	assert_int_equal(stage2_map_device(&s2, IPA(GIB(9)), PA(UINT64_C(0x9000000)), 0x2000),
		ERR_NO_MEMORY);
	assert_false(mapped(GIB(9)));
}

/* What TLBs are told, and under which VMID. */
static void tlb_maintenance(void **state)
{
	uint16_t vmid;

	(void)state;
	start(MIB(64));
	fake_cpu_reset();
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(16), MEM_RWX), OK);
	assert_int_equal(populate(&s2.regions[0]), 8);
	assert_int_equal(fake_ops_of(FAKE_TLB_IPA) + fake_ops_of(FAKE_TLB_VMID), 0);
	/* One page: the block is split, then the page goes. */
	fake_cpu_reset();
	assert_int_equal(stage2_unmap(&s2, IPA(GIB(1) + 0x5000), 0x1000), OK);
	assert_int_equal(fake_op_count, 2);
	assert_int_equal(fake_ops[0].kind, FAKE_TLB_IPA);
	assert_int_equal(fake_ops[0].address, GIB(1));
	assert_int_equal(fake_ops[0].extra, s2.vttbr);
	assert_int_equal(fake_ops[1].kind, FAKE_TLB_IPA);
	assert_int_equal(fake_ops[1].address, GIB(1) + 0x5000);
	/* A few: each. Many: all of the VMID. */
	fake_cpu_reset();
	assert_int_equal(stage2_protect(&s2, IPA(GIB(1) + 0x10000), 0x8000, MEM_R), OK);
	assert_int_equal(fake_op_count, 8);
	assert_int_equal(fake_ops[7].kind, FAKE_TLB_IPA);
	assert_int_equal(fake_ops[7].address, GIB(1) + 0x17000);
	fake_cpu_reset();
	assert_int_equal(stage2_unmap(&s2, IPA(GIB(1) + MIB(2)), MIB(4)), OK);
	assert_int_equal(fake_op_count, 1);
	assert_int_equal(fake_ops[0].kind, FAKE_TLB_VMID);
	assert_int_equal(fake_ops[0].extra, s2.vttbr);
	/* Before its tables go, and before its VMID is given to another. */
	fake_cpu_reset();
	vmid = s2.vmid;
	assert_false(stage2_destroy_step(&s2));
	assert_int_equal(fake_ops_of(FAKE_TLB_VMID), 1);
	assert_int_equal(fake_ops[0].extra, s2.vttbr);
	destroy(&s2);
	assert_int_equal(fake_ops_of(FAKE_TLB_VMID), 2);
	assert_int_equal(fake_ops[1].extra >> 48, vmid);
}

static jmp_buf panicked;

static void on_panic(void)
{
	longjmp(panicked, 1);
}

/* A root that is not Lintel's any more is Lintel's own mistake. */
static void lost_root(void **state)
{
	(void)state;
	start(MIB(64));
	assert_int_equal(page_free(s2.table.root, 1, OWNER_LINTEL), OK);
	panic_hook = on_panic;
	if (setjmp(panicked) == 0) {
		destroy(&s2);
		fail();
	}
	panic_hook = NULL;
}

static void restart(void **state)
{
	unsigned steps = 0;
	pa_t extra;

	(void)state;
	start(MIB(512));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(256), MEM_RWX), OK);
	assert_int_equal(
		stage2_map_device(&s2, IPA(0x9000000), PA(UINT64_C(0x9000000)), 0x2000), OK);
	for (uint64_t at = 0; at < MIB(256); at += MIB(2))
		if (at % MIB(6) == 0)
			assert_int_equal(touch(GIB(1) + at), OK);
	/* One that is no region's, and one window in pieces. */
	assert_int_equal(page_alloc(VM1, &extra), OK);
	assert_int_equal(stage2_map_pages(&s2, IPA(GIB(700)), extra, 0x1000, MEM_RW), OK);
	assert_int_equal(stage2_protect(&s2, IPA(GIB(1) + 0x1000), 0x1000, MEM_R), OK);
	memset(pa_to_ptr(lookup(GIB(1)).pa), JUNK, MIB(2));
	while (!stage2_empty_step(&s2))
		assert_true(steps++ < 100);
	assert_true(steps > 5);
	assert_int_equal(page_count_of(VM1), 0);
	assert_int_equal(block_promised(VM1), 128);
	assert_false(mapped(GIB(1)) || mapped(GIB(700)));
	assert_int_equal(lookup(0x9000000).type, MEM_DEVICE_nGnRE);
	assert_int_equal(touch(GIB(1)), OK);
	assert_true(is_zero(lookup(GIB(1)).pa, MIB(2)));
	assert_int_equal(lookup(GIB(1)).prot, MEM_RWX);
	destroy(&s2);
	assert_int_equal(stats().free_pages, free_at_start);
	assert_int_equal(stats().promised_blocks, 0);
}

/* A page that has gone to another owner for good takes its block along: promised again if there is
 * another one. */
static void restart_without_a_page(void **state)
{
	pa_t page, rest;

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(8), MEM_RWX), OK);
	assert_int_equal(touch(GIB(1)), OK);
	page = lookup(GIB(1)).pa;
	assert_int_equal(stage2_unmap(&s2, IPA(GIB(1)), 0x1000), OK);
	assert_int_equal(page_transfer(page, 1, VM1, VM2, PAGE_WIPE), OK);
	while (!stage2_empty_step(&s2))
		continue;
	assert_int_equal(block_promised(VM1), 4);
	assert_int_equal(touch(GIB(1)), OK);
	page = lookup(GIB(1)).pa;
	assert_int_equal(stage2_unmap(&s2, IPA(GIB(1)), 0x1000), OK);
	assert_int_equal(page_transfer(page, 1, VM1, VM2, PAGE_WIPE), OK);
	while (block_alloc(VM2, &rest) == OK)
		continue;
	while (!stage2_empty_step(&s2))
		continue;
	assert_int_equal(block_promised(VM1), 3);
	assert_int_equal(touch(GIB(1)), OK);
	assert_int_equal(touch(GIB(1) + MIB(2)), OK);
	assert_int_equal(touch(GIB(1) + MIB(4)), OK);
	assert_int_equal(touch(GIB(1) + MIB(6)), ERR_NO_MEMORY);
	assert_null(s2.fills[0].region);
}

/* A page that is mapped already stays, the rest of the window is filled around it. */
static void window_not_empty(void **state)
{
	pa_t page;

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(4), MEM_RWX), OK);
	assert_int_equal(page_alloc(VM1, &page), OK);
	assert_int_equal(stage2_map_pages(&s2, IPA(GIB(1) + 0x3000), page, 0x1000, MEM_RW), OK);
	assert_int_equal(touch(GIB(1) + 0x3000), OK);
	assert_int_equal(block_promised(VM1), 2);
	assert_int_equal(touch(GIB(1)), OK);
	assert_int_equal(lookup(GIB(1) + 0x3000).pa.pa, page.pa);
	assert_int_equal(lookup(GIB(1) + 0x4000).pa.pa, lookup(GIB(1)).pa.pa + 0x4000);
	assert_int_equal(block_promised(VM1), 1);
	/* A window whose table is gone and can't be had again: nothing is lost. */
	s2.table_pages_max = s2.table_pages;
	assert_int_equal(
		stage2_map_pages(&s2, IPA(GIB(1) + MIB(2)), page, 0x1000, MEM_RW), ERR_NO_MEMORY);
	assert_int_equal(touch(GIB(1) + MIB(2)), OK);
	assert_int_equal(lookup(GIB(1) + MIB(2)).level, 2);
}

/* --- memory that VMs share --- */

#define SHARED OWNER_FIRST_SHARED
#define AT     MIB(256)

static enum status share(uint64_t ipa, uint64_t size, owner_t owner, uint64_t prot)
{
	const struct stage2_share wanted = {
		.ipa = IPA(ipa), .size = size, .prot = prot, .owner = owner
	};

	return stage2_share(&s2, &wanted);
}

static void share_is_checked(void **state)
{
	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_add_ram(&s2, IPA(GIB(1)), MIB(4), MEM_RWX), OK);
	assert_int_equal(share(AT, 0, SHARED, MEM_RW), ERR_INVALID);
	assert_int_equal(share(AT, 0x1800, SHARED, MEM_RW), ERR_INVALID);
	assert_int_equal(share(AT + 1, 0x1000, SHARED, MEM_RW), ERR_INVALID);
	assert_int_equal(share(AT, 0x1000, SHARED, MEM_W), ERR_INVALID);
	assert_int_equal(share(AT, 0x1000, SHARED, MEM_RWX), ERR_INVALID);
	assert_int_equal(share(AT, 0x1000, SHARED, MEM_X), ERR_INVALID);
	/* Nobody can be let into a VM's own memory, Lintel's, or what is free. */
	assert_int_equal(share(AT, 0x1000, VM2, MEM_R), ERR_INVALID);
	assert_int_equal(share(AT, 0x1000, OWNER_LINTEL, MEM_R), ERR_INVALID);
	assert_int_equal(share(AT, 0x1000, OWNER_NONE, MEM_R), ERR_INVALID);
	assert_int_equal(share(AT, 0x1000, OWNER_COUNT, MEM_R), ERR_INVALID);
	assert_int_equal(share(BIT(40), 0x1000, SHARED, MEM_R), ERR_RANGE);
	assert_int_equal(share(GIB(1) + MIB(4) - 0x1000, 0x2000, SHARED, MEM_R), ERR_EXISTS);
	assert_int_equal(share(GIB(1) - 0x1000, 0x2000, SHARED, MEM_R), ERR_EXISTS);
	assert_int_equal(share(AT, 0x2000, SHARED, MEM_R), OK);
	assert_int_equal(share(AT + 0x1000, 0x1000, SHARED, MEM_R), ERR_EXISTS);
	assert_int_equal(share(AT - 0x1000, 0x2000, SHARED, MEM_R), ERR_EXISTS);
	assert_int_equal(stage2_add_ram(&s2, IPA(AT + 0x1000), MIB(2), MEM_RWX), ERR_EXISTS);
	assert_true(stage2_is_taken(&s2, IPA(AT + 0x1fff), 1));
	assert_false(stage2_is_taken(&s2, IPA(AT + 0x2000), 8));
	assert_true(stage2_is_taken(&s2, IPA(GIB(1) - 8), 9));
	assert_false(stage2_is_taken(&s2, IPA(GIB(1) - 8), 8));
	for (unsigned i = 1; i < STAGE2_SHARES_MAX; i++)
		assert_int_equal(share(AT + i * MIB(2), 0x1000, SHARED, MEM_R), OK);
	assert_int_equal(share(AT - MIB(2), 0x1000, SHARED, MEM_R), ERR_NO_MEMORY);
	assert_false(mapped(AT));
	destroy(&s2);
}

static void only_members_map(void **state)
{
	pa_t own, shared, other;

	(void)state;
	start(MIB(64));
	assert_int_equal(page_alloc(VM1, &own), OK);
	assert_int_equal(page_alloc(SHARED, &shared), OK);
	assert_int_equal(page_alloc(SHARED + 1, &other), OK);
	/* Not let in: by no way. */
	assert_int_equal(stage2_map_share(&s2, IPA(AT), shared, 0x1000), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_pages(&s2, IPA(AT), shared, 0x1000, MEM_R), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_device(&s2, IPA(AT), shared, 0x1000), ERR_NOT_OWNER);
	/* Let in: to that memory, at that place. */
	assert_int_equal(share(AT, 0x2000, SHARED, MEM_R), OK);
	assert_int_equal(stage2_map_share(&s2, IPA(AT), other, 0x1000), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_share(&s2, IPA(AT), own, 0x1000), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_share(&s2, IPA(AT - 0x1000), shared, 0x1000), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_share(&s2, IPA(AT + 0x2000), shared, 0x1000), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_share(&s2, IPA(AT + 0x1000), shared, 0x2000), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_pages(&s2, IPA(AT), shared, 0x1000, MEM_R), ERR_NOT_OWNER);
	assert_int_equal(stage2_map_share(&s2, IPA(AT), shared, 0), ERR_INVALID);
	assert_int_equal(stage2_map_share(&s2, IPA(AT), PA(BIT(48)), 0x1000), ERR_RANGE);
	assert_false(mapped(AT));
	assert_int_equal(stage2_map_share(&s2, IPA(AT + 0x1000), shared, 0x1000), OK);
	assert_int_equal(lookup(AT + 0x1000).pa.pa, shared.pa);
	assert_int_equal(lookup(AT + 0x1000).prot, MEM_R);
	assert_int_equal(lookup(AT + 0x1000).type, MEM_NORMAL_NC);
	assert_int_equal(stage2_map_share(&s2, IPA(AT + 0x1000), shared, 0x1000), ERR_EXISTS);
	destroy(&s2);
}

/* Memory that Lintel writes, too: there is one VM, and what it sees is what is in the caches. */
static void cached(void **state)
{
	const struct stage2_share wanted = {
		.ipa = IPA(AT), .size = 0x1000, .prot = MEM_RW, .owner = SHARED, .cached = true
	};
	pa_t page;

	(void)state;
	start(MIB(64));
	assert_int_equal(page_alloc(SHARED, &page), OK);
	assert_int_equal(stage2_share(&s2, &wanted), OK);
	assert_int_equal(stage2_map_share(&s2, IPA(AT), page, 0x1000), OK);
	assert_int_equal(lookup(AT).prot, MEM_RW);
	assert_int_equal(lookup(AT).type, MEM_NORMAL);
	destroy(&s2);
}

/* An image: filled once, zeros behind it, cleaned before anybody maps it; one copy for all. */
static void images(void **state)
{
	static uint8_t file[BLOCK_SIZE + 0x1234];
	struct shared_memory memory;
	struct stage2 second;
	struct stage2_page page;

	(void)state;
	start(MIB(64));
	memset(file, JUNK, sizeof(file));
	assert_int_equal(stage2_create(&second, VM2, 40, 0), OK);
	assert_int_equal(shared_memory_create(&memory, SHARED, BLOCK_SIZE + 0x3000), OK);
	fake_op_count = 0;
	shared_memory_fill(&memory, file, sizeof(file));
	assert_int_equal(fake_ops_of(FAKE_CACHE_CLEAN_INVALIDATE), 2);
	assert_int_equal(fake_ops_of(FAKE_CACHE_SYNC_CODE), 2);
	assert_int_equal(fake_ops[2].kind, FAKE_CACHE_CLEAN_INVALIDATE);
	assert_int_equal(fake_ops[2].extra, 0x1234);
	assert_int_equal(shared_memory_map(&memory, &s2, IPA(AT), MEM_RX, true), OK);
	assert_int_equal(shared_memory_map(&memory, &second, IPA(AT), MEM_RX, false), OK);
	assert_int_equal(lookup(AT).prot, MEM_RX);
	assert_int_equal(lookup(AT).type, MEM_NORMAL);
	assert_int_equal(lookup(AT).level, 2);
	assert_true(stage2_share_find(&s2, IPA(AT + BLOCK_SIZE))->ignore_stores);
	assert_false(stage2_share_find(&second, IPA(AT))->ignore_stores);
	assert_true(stage2_lookup(&second, IPA(AT + BLOCK_SIZE + 0x1233), &page));
	assert_int_equal(page.pa.pa, lookup(AT + BLOCK_SIZE + 0x1233).pa.pa);
	assert_int_equal(*(uint8_t *)pa_to_ptr(page.pa), JUNK);
	assert_int_equal(*((uint8_t *)pa_to_ptr(page.pa) + 1), 0);
	assert_memory_equal(pa_to_ptr(lookup(AT).pa), file, BLOCK_SIZE);
	assert_int_equal(page_count_of(SHARED), (BLOCK_SIZE + 0x3000) / PAGE_SIZE);

	/* It stays over a restart. */
	while (!stage2_empty_step(&s2))
		continue;
	assert_memory_equal(pa_to_ptr(lookup(AT).pa), file, BLOCK_SIZE);
	destroy(&s2);
	destroy(&second);
	shared_memory_destroy(&memory);
}

/* A member that restarts, and one that ends, take nothing from the others. */
static void sharing(void **state)
{
	struct shared_memory memory;
	struct stage2 second;
	struct stage2_page page;
	uint64_t size = 2 * BLOCK_SIZE + 0x3000;

	(void)state;
	start(MIB(64));
	assert_int_equal(stage2_create(&second, VM2, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(AT - MIB(2)), MIB(2), MEM_RWX), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(AT + MIB(6)), MIB(4), MEM_RWX), OK);
	assert_int_equal(shared_memory_create(&memory, SHARED, size), OK);
	assert_int_equal(page_count_of(SHARED), size / PAGE_SIZE);
	assert_int_equal(shared_memory_map(&memory, &s2, IPA(AT), MEM_RW, false), OK);
	assert_int_equal(shared_memory_map(&memory, &second, IPA(AT), MEM_R, true), OK);
	assert_int_equal(touch(AT - MIB(2)), OK);
	assert_int_equal(touch(AT + MIB(6)), OK);
	for (uint64_t at = 0; at < size; at += 0x1000) {
		assert_true(is_zero(lookup(AT + at).pa, 0x1000));
		assert_true(stage2_lookup(&second, IPA(AT + at), &page));
		assert_int_equal(page.pa.pa, lookup(AT + at).pa.pa);
		assert_int_equal(page.prot, MEM_R);
	}
	assert_false(mapped(AT + size));
	memset(pa_to_ptr(lookup(AT + BLOCK_SIZE).pa), JUNK, 0x1000);

	while (!stage2_empty_step(&s2))
		continue;
	assert_false(mapped(AT - MIB(2)));
	assert_false(mapped(AT + MIB(6)));
	for (uint64_t at = 0; at < size; at += 0x1000)
		assert_int_equal(lookup(AT + at).prot, MEM_RW);
	assert_int_equal(*(uint8_t *)pa_to_ptr(lookup(AT + BLOCK_SIZE).pa), JUNK);
	assert_int_equal(page_count_of(VM1), 0);

	destroy(&s2);
	assert_int_equal(page_count_of(SHARED), size / PAGE_SIZE);
	assert_true(stage2_lookup(&second, IPA(AT + size - 1), &page));
	destroy(&second);
	shared_memory_destroy(&memory);
	assert_int_equal(page_count_of(SHARED), 0);
	assert_int_equal(stats().free_pages, free_at_start);
}

static void no_shared_memory(void **state)
{
	struct shared_memory memory;

	(void)state;
	start(MIB(16));
	assert_int_equal(shared_memory_create(&memory, SHARED, 0), ERR_INVALID);
	assert_int_equal(shared_memory_create(&memory, SHARED, 0x1001), ERR_INVALID);
	assert_int_equal(
		shared_memory_create(&memory, SHARED, SHARED_MEMORY_MAX + 0x1000), ERR_INVALID);
	assert_int_equal(shared_memory_create(&memory, VM1, 0x1000), ERR_INVALID);
	destroy(&s2);
	free_at_start = stats().free_pages;
	assert_int_equal(shared_memory_create(&memory, SHARED, MIB(32)), ERR_NO_MEMORY);
	assert_int_equal(page_count_of(SHARED), 0);
	assert_int_equal(stats().free_pages, free_at_start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),
		cmocka_unit_test(vmids),
		cmocka_unit_test(create),
		cmocka_unit_test(regions),
		cmocka_unit_test(region_without_tables),
		cmocka_unit_test(first_touch),
		cmocka_unit_test(first_touch_cannot_fail),
		cmocka_unit_test(in_steps),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(more_than_fills),
		cmocka_unit_test(unmapped_on_purpose),
		cmocka_unit_test(explicit_maps),
		cmocka_unit_test(tlb_maintenance),
		cmocka_unit_test(lost_root),
		cmocka_unit_test(restart),
		cmocka_unit_test(restart_without_a_page),
		cmocka_unit_test(window_not_empty),
		cmocka_unit_test(share_is_checked),
		cmocka_unit_test(only_members_map),
		cmocka_unit_test(cached),
		cmocka_unit_test(images),
		cmocka_unit_test(sharing),
		cmocka_unit_test(no_shared_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
