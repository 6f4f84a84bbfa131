/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The software walk of stage 1: who may do what (PAN and EPAN too), descriptors like EL2's at EL1,
 * LPA2 and 52-bit addresses, flags that the CPU would set; and that it says the same through
 * windows (mm/guest_window.h), which hold only as long as the stage 2 stays as it is.
 *
 * links: mm/walk_s12.c mm/walk_s1.c mm/walk_s2.c mm/walk_table.c mm/walk_attr.c mm/walk_guest.c
 * mm/guest_mem.c mm/stage2.c mm/stage2_end.c mm/stage2_regs.c mm/vmid.c mm/pgtable.c
 * mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c hyp/base/bitmap.c hyp/base/panic.c
 * hyp/base/log.c hyp/base/format.c tests/unit/walk_model.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/guest_mem.h"
#include "mm/guest_window.h"
#include "mm/phys.h"
#include "mm/walk_s12.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"
#include "tests/unit/walk_model.h"

#define T0    UINT64_C(0x100000)
#define T1    UINT64_C(0x200000)
#define T2    UINT64_C(0x300000)
#define AP(n) ((uint64_t)(n) << 6)
#define DBM   BIT(51)
#define PXN   BIT(53)
#define UXN   BIT(54)

static struct regime regime;
static struct s1_result result;

/* 4 KiB, 39 bits, from level 1; 48 bits of output. */
static void set(enum regime_kind kind)
{
	model_reset();
	regime = (struct regime){
		.kind = kind,
		.pa_bits = 48,
		.granules = REGIME_4K | REGIME_16K | REGIME_64K,
		.features = REGIME_HA | REGIME_HD | REGIME_HPD | REGIME_E0PD | REGIME_PAN3,
		.ttbr0 = T0,
		.ttbr1 = T0,
		.tcr = 25 | 25 << 16 | UINT64_C(0x500) | UINT64_C(0x5000000) | UINT64_C(2) << 30 |
			UINT64_C(5) << 32,
		.sctlr = SCTLR_M | SCTLR_C,
		.mair = 0xff,
	};
	if (kind == REGIME_EL2)
		regime.tcr = 25 | 0x500 | 5 << 16;
}

static enum status walk_for(uint64_t va, unsigned access)
{
	return walk_s1_for(&regime, &model_memory, GVA(va), access, &result);
}

static void check(uint64_t va, unsigned access, bool allowed, unsigned fst)
{
	assert_int_equal(walk_for(va, access), allowed ? OK : ERR_FAULT);
	assert_int_equal(result.fst, allowed ? 0 : fst);
}

/* PAN: EL1's data accesses to what EL0 may read or write, or with EPAN execute. */
static bool pan_forbids(unsigned ap, bool uxn, bool epan)
{
	return (ap & 1) || (epan && !uxn);
}

static void judged(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1 << 9; bits++) {
		unsigned ap = bits & 3;
		bool uxn = bits & 4, pxn = bits & 8, epan = bits & 16, pan3 = bits & 32;
		bool pan = bits & 64, el20 = bits & 128, wxn = bits & 256;
		bool write = !(ap & 2), el0 = ap & 1;
		bool no = pan && pan_forbids(ap, uxn, epan && pan3);
		unsigned flags = WALK_JUDGE | (pan ? WALK_PAN : 0);

		set(el20 ? REGIME_EL20 : REGIME_EL10);
		regime.sctlr |= (epan ? SCTLR_EPAN : 0) | (wxn ? SCTLR_WXN : 0);
		regime.features = pan3 ? REGIME_PAN3 : 0;
		model_put(T0, T1 | TABLE);
		model_put(T1, AF | AP(ap) | (uxn ? UXN : 0) | (pxn ? PXN : 0) | BLOCK);
		check(0, flags, !no, 0x0e);
		check(0, flags | WALK_WRITE, write && !no, 0x0e);
		check(0, flags | WALK_FETCH, !pxn && !(write && el0) && !(wxn && write), 0x0e);
		flags |= WALK_USER;
		check(0, flags, el0, 0x0e);
		check(0, flags | WALK_WRITE, el0 && write, 0x0e);
		check(0, flags | WALK_FETCH, !uxn && !(wxn && el0 && write), 0x0e);
		/* Judged afterwards it is the same. */
		assert_int_equal(walk_for(0, pan ? WALK_PAN : 0), OK);
		assert_int_equal(s1_judge(&regime, &result, WALK_USER | WALK_WRITE),
			el0 && write ? OK : ERR_FAULT);
	}
}

static void judged_at_el2(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		bool ro = bits & 1, xn = bits & 2, pan = bits & 4, el0 = bits & 8;
		unsigned flags = WALK_JUDGE | (pan ? WALK_PAN : 0);

		set(REGIME_EL2);
		model_put(T0, AF | AP((ro ? 2 : 0) | el0) | (xn ? UXN : 0) | BLOCK);
		check(0, flags, true, 0);
		check(0, flags | WALK_WRITE, !ro, 0x0d);
		check(0, flags | WALK_FETCH, !xn, 0x0d);
	}
	/* Stage 1 off: nobody is forbidden anything, PAN or not. */
	set(REGIME_EL10);
	regime.sctlr = 0;
	check(5, WALK_JUDGE | WALK_PAN | WALK_WRITE, true, 0);
	check(5, WALK_JUDGE | WALK_USER | WALK_FETCH, true, 0);
}

/* NV, NV1: XN is bit 54, EL0 has no data, PAN nothing to say. */
static void el2_format_at_el1(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1 << 8; bits++) {
		unsigned ap = bits & 3;
		bool b53 = bits & 4, b54 = bits & 8, b59 = bits & 16, b60 = bits & 32;
		bool b61 = bits & 64, b62 = bits & 128, write = !(ap & 2) && !b62;
		unsigned flags = WALK_JUDGE | WALK_PAN;

		set(REGIME_EL10);
		regime.hcr = HCR_NV | HCR_NV1;
		model_put(T0,
			T1 | TABLE | (b59 ? BIT(59) : 0) | (b60 ? BIT(60) : 0) |
				(b61 ? BIT(61) : 0) | (b62 ? BIT(62) : 0));
		model_put(T1, AF | AP(ap) | (b53 ? PXN : 0) | (b54 ? UXN : 0) | BLOCK);
		check(0, flags, true, 0);
		check(0, flags | WALK_WRITE, write, 0x0e);
		check(0, flags | WALK_FETCH, !b54 && !b60, 0x0e);
		flags |= WALK_USER;
		check(0, flags, false, 0x0e);
		check(0, flags | WALK_WRITE, false, 0x0e);
		check(0, flags | WALK_FETCH, true, 0);
		/* One of the two alone is nothing; nor are both in another regime. */
		regime.hcr = bits & 1 ? HCR_NV : HCR_NV1;
		check(0, WALK_JUDGE | WALK_USER, (ap & 1) && !b61, 0x0e);
		regime.kind = REGIME_EL20;
		regime.hcr = HCR_NV | HCR_NV1;
		check(0, WALK_JUDGE | WALK_USER, (ap & 1) && !b61, 0x0e);
	}
}

/* What the CPU lacks does nothing. */
static void lacking(void **state)
{
	(void)state;
	set(REGIME_EL10);
	model_put(T0, T1 | TABLE | BIT(62));
	model_put(T1, BLOCK);
	regime.tcr |= TCR_HA | TCR_HD | TCR_HPD0 | TCR_HPD1 | TCR_E0PD0 | TCR_E0PD1;
	check(0, WALK_JUDGE | WALK_WRITE, true, 0);
	check(0, WALK_USER, false, 0x04);
	check(UINT64_MAX, WALK_USER, false, 0x04);
	regime.features = REGIME_HPD;
	model_put(T1, BLOCK);
	check(0, WALK_JUDGE | WALK_WRITE, false, 0x0a);
	regime.features = REGIME_HA;
	check(0, WALK_JUDGE | WALK_WRITE, false, 0x0e);
	model_put(T1, AP(1) | BLOCK);
	check(0, WALK_JUDGE | WALK_USER, true, 0);
}

static void flags(void **state)
{
	uint64_t leaf = AP(2) | DBM | BLOCK;

	(void)state;
	set(REGIME_EL10);
	regime.tcr |= TCR_HA | TCR_HD;
	for (unsigned i = 0; i < 8; i++) {
		bool write = i & 1, made = i & 2, hd = i & 4;

		regime.features = REGIME_HA | (hd ? REGIME_HD : 0);
		model_put(T0, T1 | TABLE);
		model_put(T1, leaf);
		check(0, (write ? WALK_WRITE : 0) | (made ? WALK_DIRTY : 0), true, 0);
		assert_int_equal(model_get(T1), (leaf | AF) & ~(write && made && hd ? AP(2) : 0));
		assert_int_equal(result.desc, model_get(T1));
		assert_int_equal(result.clean, hd && !(write && made));
		assert_int_equal(result.desc_ipa.ipa, T1);
		/* To look leaves no trace. */
		model_put(T1, leaf);
		assert_int_equal(
			walk_s1(&regime, &model_memory, GVA(0), false, false, &result), OK);
		assert_int_equal(model_get(T1), leaf);
	}
	/* Nor does what is refused. */
	regime.features = REGIME_HA | REGIME_HD;
	check(0, WALK_JUDGE | WALK_USER, false, 0x0e);
	assert_int_equal(model_get(T1), leaf);
	/* A table that forbids writes does so whatever DBM says. */
	model_put(T0, T1 | TABLE | BIT(62));
	check(0, WALK_JUDGE | WALK_WRITE | WALK_DIRTY, false, 0x0e);
	/* The write itself goes wrong. */
	model_update_status = ERR_IO;
	check(0, 0, false, 0x16);
	assert_int_equal(result.fault_ipa.ipa, T1);
	model_update_status = ERR_EXISTS;
	assert_int_equal(walk_for(0, 0), ERR_BUSY);
	assert_int_equal(model_updates, 8 + 1 + WALK_TRIES);
}

static void lpa2(void **state)
{
	uint64_t va = UINT64_C(0x0006123456789abc);

	(void)state;
	set(REGIME_EL10);
	regime.tcr = (regime.tcr & ~(TCR_T0SZ | TCR_T1SZ | TCR_IPS)) | 12 | 14 << 16 | TCR_DS |
		UINT64_C(6) << 32 | 3 << 12 | UINT64_C(2) << 28;
	regime.pa_bits = 52;
	check(va, 0, false, 0x04); /* the CPU has no LPA2: TxSZ is too small */
	regime.features |= REGIME_LPA2_16K;
	check(va, 0, false, 0x04);
	regime.features |= REGIME_LPA2_4K;
	regime.ttbr0 = T0 | 5 << 2;
	model_put(UINT64_C(5) << 48 | T0 | (va >> 48) * 8, T1 | BIT(49) | 1 << 8 | TABLE);
	model_put(BIT(50) | BIT(49) | T1 | (va >> 39 & 511) * 8, BIT(48) | 2 << 8 | AF | BLOCK);
	check(va, 0, true, 0);
	assert_int_equal(result.ipa.ipa, BIT(51) | BIT(48) | (va & (BIT(39) - 1)));
	assert_int_equal(result.level, 0);
	assert_int_equal(result.sh, 3);
	model_put(BIT(50) | BIT(49) | T1 | (va >> 39 & 511) * 8, 1 << 8 | BLOCK);
	check(va, 0, false, 0x08);
	model_put(BIT(50) | BIT(49) | T1 | (va >> 39 & 511) * 8, AP(2) | AF | BLOCK);
	check(va, WALK_JUDGE | WALK_WRITE, false, 0x0c);
	model_put(UINT64_C(5) << 48 | T0 | (va >> 48) * 8, T1 | BLOCK);
	check(va, 0, false, 0x2b);
	regime.tcr = (regime.tcr & ~TCR_IPS) | UINT64_C(5) << 32;
	check(va, 0, false, 0x00); /* the base */
	regime.ttbr0 = T0;
	model_put(T0 | (va >> 48) * 8, T1 | 1 << 8 | TABLE);
	check(va, 0, false, 0x29);
	/* The upper range: 50 bits, its own shareability; a base aligned to 64 bytes only. */
	regime.ttbr1 = T0 | 0x40;
	model_put(T0 | 0x40 | 3 * 8, T1 | TABLE);
	model_put(T1 | 511 * 8, AF | BLOCK);
	check(UINT64_MAX, 0, true, 0);
	assert_int_equal(result.sh, 2);
	/* EL2 has DS elsewhere. */
	set(REGIME_EL2);
	regime.features |= REGIME_LPA2_4K;
	regime.pa_bits = 52;
	regime.tcr = 12 | 0x500 | 6 << 16 | TCR_EL2_DS;
	model_put(T0, T1 | TABLE);
	model_put(T1, AF | BIT(52) | 3 << 8 | BLOCK);
	check(7, 0, true, 0);
	assert_int_equal(result.ipa.ipa, UINT64_C(3) << 50 | 7);
	assert_int_equal(s1_contiguous(&result), 1);
}

static void large_64k(void **state)
{
	(void)state;
	set(REGIME_EL10);
	regime.tcr =
		(regime.tcr & ~(TCR_T0SZ | TCR_IPS)) | 22 | UINT64_C(6) << 32 | UINT64_C(1) << 14;
	/* Without 52-bit addresses IPS = 6 is as much as there is. */
	model_put(T0, T1 | 0x5000 | TABLE);
	model_put(T1, 0x20000 | 0x3000 | AF | BIT(52) | PAGE);
	check(9, 0, true, 0);
	assert_int_equal(result.ipa.ipa, 0x20000 | 9);
	assert_int_equal(s1_contiguous(&result), 32);
	regime.pa_bits = 52;
	check(9, 0, false, 0x07);
	model_put(UINT64_C(5) << 48 | T1, 0x20000 | 0x3000 | AF | PAGE);
	check(9, 0, true, 0);
	assert_int_equal(result.ipa.ipa, UINT64_C(3) << 48 | 0x20000 | 9);
}

/* --- through windows --- */

#define BASE   UINT64_C(0x40000000) /* of the VM's memory */
#define DEVICE UINT64_C(0x09000000)
#define RAM    GIB(2)

static struct stage2 s2;

static void make_vm(void)
{
	struct page_range ram = { RAM, MIB(64), 0 };

	fake_cpu_reset();
	fake_memory_reset();
	fake_memory_add(RAM, MIB(64));
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 8);
	assert_int_equal(stage2_create(&s2, OWNER_FIRST_VM, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&s2, IPA(BASE), MIB(4), MEM_RWX), OK);
}

static void load(uint64_t ipa, uint64_t value)
{
	assert_int_equal(guest_load(&s2, IPA(ipa), &value, sizeof(value)), OK);
}

static bool window_has(uint64_t ipa, uint64_t expected)
{
	struct guest_windows windows = guest_windows_of(&s2.generation);
	uint64_t value = ~expected;

	return guest_window_read(&windows, ipa, &value) && value == expected;
}

static void windows(void **state)
{
	struct stage2_page page;
	uint64_t value, generation;

	(void)state;
	make_vm();
	load(BASE + 8, 0x1122334455667788);
	load(BASE + MIB(2) + 0x3008, 42);
	assert_false(window_has(BASE + 8, 0x1122334455667788));
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + 0x1000), &value), OK);
	assert_true(window_has(BASE + 8, 0x1122334455667788)); /* 2 MiB of it */
	assert_false(window_has(BASE + MIB(2) + 0x3008, 42));
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + MIB(2)), &value), OK);
	assert_true(window_has(BASE + MIB(2) + 0x3008, 42));
	/* Anything taken away or changed ends all. */
	generation = s2.generation;
	assert_int_equal(stage2_protect(&s2, IPA(BASE), PAGE_SIZE, MEM_R), OK);
	assert_true(s2.generation != generation);
	assert_false(window_has(BASE + 8, 0x1122334455667788));
	assert_false(window_has(BASE + MIB(2) + 0x3008, 42));
	/* Now it is mapped in pages: so are windows. */
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + 8), &value), OK);
	assert_true(window_has(BASE, 0));
	assert_true(window_has(BASE + PAGE_SIZE - 8, 0));
	assert_false(window_has(BASE + PAGE_SIZE, 0));
	assert_int_equal(stage2_unmap(&s2, IPA(BASE), PAGE_SIZE), OK);
	assert_false(window_has(BASE, 0));
	assert_int_equal(guest_read_u64(&s2, IPA(BASE), &value), ERR_FAULT);
	assert_false(window_has(BASE, 0));
	/* Of what isn't the VM's there is none: a page that went elsewhere. */
	assert_true(stage2_lookup(&s2, IPA(BASE + PAGE_SIZE), &page));
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + PAGE_SIZE), &value), OK);
	stage2_changed(&s2);
	assert_int_equal(
		page_transfer(page.pa, 1, OWNER_FIRST_VM, OWNER_FIRST_VM + 1, PAGE_WIPE), OK);
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + PAGE_SIZE), &value), ERR_FAULT);
	assert_false(window_has(BASE + PAGE_SIZE, 0));
	/* Nor of devices. */
	assert_int_equal(stage2_map_device(&s2, IPA(DEVICE), PA(DEVICE), PAGE_SIZE), OK);
	assert_int_equal(guest_read_u64(&s2, IPA(DEVICE), &value), ERR_FAULT);
	assert_false(window_has(DEVICE, 0));
}

static void other_vms_windows(void **state)
{
	static struct stage2 other;
	struct guest_windows others;
	uint64_t value, first = 7;

	(void)state;
	make_vm();
	assert_int_equal(stage2_create(&other, OWNER_FIRST_VM + 1, 40, 0), OK);
	assert_true(other.generation != s2.generation);
	load(BASE, first);
	assert_int_equal(guest_read_u64(&s2, IPA(BASE), &value), OK);
	assert_true(window_has(BASE, 7));
	others = guest_windows_of(&other.generation);
	assert_false(guest_window_read(&others, BASE, &value));
	/* An abort, as of memory that is broken. */
	fake_bad_memory = (const void *)(uintptr_t)(BASE +
		this_cpu()->windows[guest_window_index(BASE)].offset);
	fake_bad_size = 8;
	assert_false(window_has(BASE, 7));
	fake_bad_memory = NULL;
	assert_true(window_has(BASE, 7));
}

/* The page goes away between the look at the generation and the end of the load. */
static bool take_away(const void *destination, const void *source, size_t n)
{
	(void)destination;
	(void)source;
	(void)n;
	stage2_changed(&s2);
	return false;
}

static void taken_meanwhile(void **state)
{
	uint64_t value;

	(void)state;
	make_vm();
	load(BASE, 7);
	assert_int_equal(guest_read_u64(&s2, IPA(BASE), &value), OK);
	fake_copy_faults = take_away;
	assert_false(window_has(BASE, 7));
	fake_copy_faults = NULL;
}

static void updates(void **state)
{
	uint64_t value;

	(void)state;
	make_vm();
	load(BASE + 8, 5);
	assert_int_equal(guest_update_u64(&s2, IPA(BASE + 4), 5, 6), ERR_INVALID);
	assert_int_equal(guest_update_u64(&s2, IPA(BIT(40)), 5, 6), ERR_RANGE);
	assert_int_equal(guest_update_u64(&s2, IPA(0), 5, 6), ERR_FAULT);
	assert_int_equal(guest_update_u64(&s2, IPA(BASE + MIB(2)), 0, 6), ERR_BUSY);
	assert_int_equal(guest_update_u64(&s2, IPA(BASE + 8), 4, 6), ERR_EXISTS);
	assert_int_equal(guest_update_u64(&s2, IPA(BASE + 8), 5, 6), OK);
	assert_int_equal(guest_read_u64(&s2, IPA(BASE + 8), &value), OK);
	assert_int_equal(value, 6);
	fake_bad_memory = (const void *)(uintptr_t)(BASE + 8 +
		this_cpu()->windows[guest_window_index(BASE)].offset);
	fake_bad_size = 8;
	assert_int_equal(guest_update_u64(&s2, IPA(BASE + 8), 6, 7), ERR_IO);
	fake_bad_memory = NULL;
	assert_int_equal(stage2_protect(&s2, IPA(BASE), MIB(2), MEM_R), OK);
	assert_int_equal(guest_update_u64(&s2, IPA(BASE + 8), 6, 7), ERR_FAULT);
}

#define S1_TABLES (BASE + 0x10000)
#define S2_TABLES (BASE + MIB(2))

/* Both stages in a VM's memory: once by calls, then through windows; to a page and to blocks. */
static void fast_walks(void **state)
{
	struct walk_memory memory, slow;
	struct s2_regime s2_regime;
	struct s2_setup setup;
	struct s12_result by_calls, by_windows;
	static struct walk_memo memo;

	(void)state;
	set(REGIME_EL10);
	make_vm();
	memory = walk_memory_updating(&s2);
	slow = memory;
	slow.windows = NULL;
	regime.ttbr0 = S1_TABLES;
	regime.tcr |= TCR_HA;
	s2_regime = (struct s2_regime){ .vttbr = S2_TABLES,
		.vtcr = 25 | 1 << 6 | 0x500 | 5 << 16,
		.pa_bits = 48,
		.granules = REGIME_4K };
	walk_s2_prepare(&s2_regime, &setup);
	load(S2_TABLES + 8, (S2_TABLES + 0x1000) | TABLE);
	load(S2_TABLES + 0x1000, BASE | AF | 3 << 6 | 15 << 2 | BLOCK);
	for (unsigned level = 1; level < 4; level++) {
		load(S1_TABLES, (S1_TABLES + 0x1000) | TABLE);
		load(S1_TABLES + 0x1000, (S1_TABLES + 0x2000) | TABLE);
		load(S1_TABLES + 0x2000, BASE | PAGE);
		if (level < 3)
			load(S1_TABLES + (level - 1) * 0x1000, BASE | BLOCK);
		for (unsigned through = 0; through < 2; through++)
			for (unsigned again = 0; again < 2; again++) {
				const struct s2_setup *stage2 = through ? &setup : NULL;
				unsigned access = WALK_JUDGE | (through ? WALK_FINAL : 0);

				assert_int_equal(walk_s12(&regime, stage2, &slow, GVA(0x123),
							 access, &by_calls),
					OK);
				assert_int_equal(walk_s12(&regime, stage2, &memory, GVA(0x123),
							 access, &by_windows),
					OK);
				memory.memo = again ? &memo : NULL;
				assert_int_equal(by_windows.output.ipa, BASE | 0x123);
				assert_int_equal(by_calls.output.ipa, BASE | 0x123);
				assert_int_equal(by_windows.s1.level, level);
				assert_int_equal(by_windows.s1.desc, by_calls.s1.desc);
				assert_true(by_windows.s1.desc & AF);
			}
	}
	/* A fault at the end of a way through windows. */
	load(S1_TABLES + 0x1000, 0);
	load(S1_TABLES, (S1_TABLES + 0x1000) | TABLE);
	assert_int_equal(
		walk_s12(&regime, &setup, &memory, GVA(0), WALK_JUDGE, &by_windows), ERR_FAULT);
	assert_int_equal(by_windows.fst, 0x06);
	load(S2_TABLES + 0x1000, 0);
	assert_int_equal(
		walk_s12(&regime, &setup, &memory, GVA(0), WALK_JUDGE, &by_windows), ERR_FAULT);
	assert_int_equal(by_windows.fst, 0x06);
	assert_true(by_windows.stage2 && by_windows.on_walk);
}

/* A set-up that is kept, of tables that windows don't read as they are: big-endian, or not
 * cacheable. The CPU's cache may have what they held before. */
static void not_through_windows(void **state)
{
	static struct walk_memo memo;
	struct walk_memory memory;
	struct s1_result result;

	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		set(REGIME_EL10);
		make_vm();
		memo = (struct walk_memo){ 0 };
		memory = walk_memory_updating(&s2);
		memory.memo = &memo;
		regime.ttbr0 = S1_TABLES;
		if (way == 0)
			regime.sctlr |= SCTLR_EE;
		else
			regime.tcr &= ~(uint64_t)(TCR_IRGN0 | TCR_ORGN0);
		load(S1_TABLES,
			way == 0 ? __builtin_bswap64(BASE | AF | BLOCK) : BASE | AF | BLOCK);
		for (unsigned again = 0; again < 3; again++) {
			assert_int_equal(
				walk_s1_for(&regime, &memory, GVA(0x123), WALK_JUDGE, &result), OK);
			assert_int_equal(result.ipa.ipa, BASE | 0x123);
		}
		assert_false(memo.range[0].walk.plain);
	}
}

static struct s2_setup looking;

static void prepare_again(const struct s2_regime *of)
{
	if (!walk_s2_is_prepared(of, &looking))
		walk_s2_prepare(of, &looking);
}

/* fst 0: it is for the walk to say. */
static void check_look(uint64_t ipa, uint8_t fst)
{
	struct walk_memory memory = walk_memory_updating(&s2);
	struct s2_result walked;

	assert_int_equal(walk_s2_look(&looking, &s2, IPA(ipa)), fst);
	if (fst == 0)
		return;
	for (unsigned access = 0; access <= WALK_DIRTY; access++) {
		assert_int_equal(walk_s2(&looking, &memory, IPA(ipa), access, &walked), ERR_FAULT);
		assert_int_equal(walked.fst, fst);
	}
}

/* The look at whether stage 2 maps anything: its yes is the walk's, of all else it says no. */
static void looks(void **state)
{
	struct s2_regime s2_regime = { .vttbr = S2_TABLES,
		.vtcr = 25 | 1 << 6 | 0x500 | 5 << 16,
		.pa_bits = 48,
		.granules = REGIME_4K };
	const struct s2_regime good = s2_regime;
	uint64_t value;

	(void)state;
	make_vm();
	memset(&looking, 0, sizeof(looking));
	prepare_again(&s2_regime);
	load(S2_TABLES + 8, (S2_TABLES + 0x1000) | TABLE);
	load(S2_TABLES + 0x1008, (S2_TABLES + 0x2000) | TABLE);
	load(S2_TABLES + 0x2008, BASE | AF | 3 << 6 | 15 << 2 | PAGE);
	load(S2_TABLES + 0x2010, BASE | AF | 3 << 6 | 15 << 2 | BLOCK); /* of no kind there is */
	load(S2_TABLES + 0x2018, BASE | 2);                             /* not valid for all that */
	load(S2_TABLES + 0x1010, BASE | AF | 3 << 6 | 15 << 2 | BLOCK);
	load(S2_TABLES + 16, UINT64_C(0x0000900000000000) | TABLE); /* no memory */
	check_look(0, 0);                                           /* no window yet */
	assert_int_equal(guest_read_u64(&s2, IPA(S2_TABLES), &value), OK);
	check_look(0, 0x05);
	check_look(GIB(1), 0x06);
	check_look(GIB(1) + MIB(2) + 8, 0x07);
	check_look(GIB(1) + MIB(2) + 0x1000, 0);
	check_look(GIB(1) + MIB(2) + 0x2000, 0);
	check_look(GIB(1) + MIB(2) + 0x3000, 0x07);
	check_look(GIB(1) + MIB(4), 0);
	check_look(GIB(2), 0);
	check_look(BIT(39), 0); /* too large */
	/* L1 may map it any time. */
	load(S2_TABLES, BASE | AF | BLOCK);
	check_look(0, 0);
	load(S2_TABLES, 0);
	check_look(0, 0x05);
	/* A change of the VM's own stage 2 ends all windows. */
	stage2_changed(&s2);
	check_look(0, 0);
	assert_int_equal(guest_read_u64(&s2, IPA(S2_TABLES), &value), OK);
	check_look(0, 0x05);
	/* What the registers say, anew with each change that counts. */
	s2_regime.vttbr = S2_TABLES + 0x1000;
	prepare_again(&s2_regime);
	check_look(GIB(2), 0); /* a block */
	check_look(GIB(3), 0x05);
	s2_regime.vttbr = BIT(48 - 1) | S2_TABLES;
	s2_regime.vtcr &= ~(UINT64_C(7) << 16);
	prepare_again(&s2_regime); /* beyond the output */
	check_look(0, 0);
	s2_regime = good;
	s2_regime.vtcr |= 60;
	prepare_again(&s2_regime); /* no sense */
	check_look(0, 0);
	s2_regime = good;
	s2_regime.sctlr = SCTLR_EE;
	prepare_again(&s2_regime);
	check_look(0, 0);
	s2_regime = good;
	s2_regime.hcr = HCR_CD;
	prepare_again(&s2_regime);
	check_look(0, 0);
	s2_regime.hcr = HCR_TGE; /* counts for nothing */
	s2_regime.sctlr = SCTLR_M;
	prepare_again(&s2_regime);
	check_look(0, 0x05);
	s2_regime.granules = REGIME_64K; /* from level 2 */
	prepare_again(&s2_regime);
	check_look(0, 0x06);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged),
		cmocka_unit_test(judged_at_el2),
		cmocka_unit_test(el2_format_at_el1),
		cmocka_unit_test(lacking),
		cmocka_unit_test(flags),
		cmocka_unit_test(lpa2),
		cmocka_unit_test(large_64k),
		cmocka_unit_test(windows),
		cmocka_unit_test(other_vms_windows),
		cmocka_unit_test(taken_meanwhile),
		cmocka_unit_test(updates),
		cmocka_unit_test(fast_walks),
		cmocka_unit_test(not_through_windows),
		cmocka_unit_test(looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
