/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that can only be read: a copy of this payload in each of two read-only regions, of which
 * the first aborts stores and the second ignores them. Two VMs have the same regions, `self=0` and
 * `self=1`, and a shared region that only number 0 may write, where number 1's stores are ignored.
 */
#include "exception.h"
#include "machine.h"
#include "mmio.h"
#include "mmu.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define SLOT         8
#define SLOT_SHARED  16
#define MAP_ROM      (MAP_NORMAL | MAP_AF | MAP_UXN)
#define MAP_SHARED   (MAP_NC | MAP_AF | MAP_UXN | MAP_PXN)
#define BLOCK        MIB(2)
#define PATTERN      UINT64_C(0x5a5a5a5aa5a5a5a5)
#define WAIT_MS      180000
#define UART_FR      0x18

#define ESR_SEA_FREE (BIT(9) | ESR_WNR)
#define ISAR0_ATOMIC GENMASK(23, 20)
#define DCZID_DZP    BIT(4)

/* What a VM writes into the shared region, or tries to. */
enum word { READY };

extern const u8 _image_start[], _rodata_end[], _file_end[];
void rom_add(u64 *x);
void rom_load(u64 *x);

/* A way to store to [x1]: x0 and x2 are data, as are q0 and q1. */
struct store {
	const char *what;
	u32 insn;
	u32 moves; /* the base, when it is done */
};

static const struct store stores[] = {
	{ "STRB", 0x39000020, 0 },
	{ "STRH", 0x79000020, 0 },
	{ "STR w", 0xb9000020, 0 },
	{ "STR x", 0xf9000020, 0 },
	{ "STR xzr", 0xf900003f, 0 },
	{ "STUR, not aligned", 0xf8001020, 0 },
	{ "STLR", 0xc89ffc20, 0 },
	{ "STR pre-index", 0xf8008c20, 8 },
	{ "STR post-index", 0xf8008420, 8 },
	{ "STRB post-index", 0x38001420, 1 },
	{ "STP w", 0x29000820, 0 },
	{ "STP x", 0xa9000820, 0 },
	{ "STNP", 0xa8000820, 0 },
	{ "STP pre-index", 0xa9810820, 16 },
	{ "STP post-index", 0xa8810820, 16 },
	{ "STR d", 0xfd000020, 0 },
	{ "STR q", 0x3d800020, 0 },
	{ "STR q post-index", 0x3c810420, 16 },
	{ "STP q", 0xad000420, 0 },
	{ "STP q pre-index", 0xad810420, 32 },
	{ "ST1 of one register", 0x4c007020, 0 },
	{ "ST1 of one register, post-index", 0x4c9f7020, 16 },
};

/* What changes memory, but can't be ignored: it would have to say what it found there. */
static const struct {
	const char *what;
	u32 insn;
	bool atomic;
} others[] = {
	{ "LDADD", 0xf8220020, true },
	{ "SWP", 0xf8228020, true },
	{ "CAS", 0xc8a27c20, true },
	{ "STADD", 0xf822003f, true },
};

static bool is_data_sea(const struct probe *p)
{
	return p->taken && p->count == 1 && (p->esr & ~ESR_SEA_FREE) == ESR_DATA_SEA;
}

static bool explain(bool good, const char *what, const struct probe *p)
{
	if (!good)
		tap_note("%s: %s, esr %lx, far %lx, x1 %lx", what,
			p->taken ? "exception" : "no exception", p->esr, p->far, p->x[1]);
	return good;
}

/* --- reading and executing --- */

static u64 sum(const void *at, u64 size)
{
	u64 total = 0;

	for (u64 i = 0; i < size; i += 8)
		total = total * 31 + mmio_read64((u64)at + i);
	return total;
}

static bool is_zero(u64 at, u64 end)
{
	for (; at < end; at += 8)
		if (mmio_read64(at))
			return false;
	return true;
}

/* All of it is mapped, block by block. */
static u64 map(u32 n)
{
	u64 base = machine.rom_base[n];
	u64 va = mmu_window(SLOT, base, MAP_ROM);

	for (u64 at = BLOCK; at < machine.rom_size[n]; at += BLOCK)
		mmu_window(SLOT + (u32)(at / BLOCK), base + at, MAP_ROM);
	return va;
}

static void test_contents(u32 n, u64 va)
{
	u64 code = (u64)(_rodata_end - _image_start) & ~UINT64_C(7);
	u64 file = ALIGN_UP((u64)(_file_end - _image_start), 16);

	tap_is(sum((const void *)va, code), sum(_image_start, code), "region %u: the file", n);
	tap_ok(is_zero(va + file, va + machine.rom_size[n]), "region %u: zeros behind it", n);
	/* Past the caches, too. */
	tap_is(mmio_read64(machine.rom_base[n] + 0x38), mmio_read64((u64)_image_start + 0x38),
		"region %u: as a device's memory", n);
}

static void call(struct probe *p, u64 va, void (*function)(u64 *x))
{
	probe_call(p, (void (*)(u64 *))(va + ((u64)function - (u64)_image_start)));
}

static void test_execution(u32 n, u64 va)
{
	struct probe p = { .x = { 39 } };

	call(&p, va, rom_add);
	tap_ok(explain(!p.taken && p.x[0] == 42, "rom_add", &p), "region %u: is executed", n);
	p = (struct probe){ .x = { UART_BASE + UART_FR } };
	call(&p, va, rom_load);
	tap_ok(explain(!p.taken && p.x[0] == UART_BASE + UART_FR + 4, "rom_load", &p),
		"region %u: a load with write-back there is done at a device", n);
}

/* --- stores --- */

static bool try_store(const struct store *store, u64 at, bool ignored)
{
	struct probe p = { .x = { PATTERN, at, ~PATTERN } };
	u64 before[5];
	bool good;

	for (u32 i = 0; i < ARRAY_SIZE(before); i++)
		before[i] = mmio_read64(at + i * 8);
	probe_insn(&p, store->insn);
	if (ignored)
		good = !p.taken && p.x[1] == at + store->moves;
	else
		good = is_data_sea(&p) && p.x[1] == at && p.elr == p.pc;
	for (u32 i = 0; i < ARRAY_SIZE(before); i++)
		good &= mmio_read64(at + i * 8) == before[i];
	return explain(good, store->what, &p);
}

static void test_stores(const char *where, u64 at, bool ignored)
{
	for (u32 i = 0; i < ARRAY_SIZE(stores); i++)
		tap_ok(try_store(&stores[i], at, ignored), "%s: %s is %s", where, stores[i].what,
			ignored ? "ignored" : "aborted");
}

/* DC ZVA is a store; the store of an exclusive pair is none that can be ignored. */
static void test_others(const char *where, u64 at, bool ignored)
{
	struct probe p = { .x = { 0, at, PATTERN } };
	u64 before = mmio_read64(at);
	bool good;

	if (mrs(dczid_el0) & DCZID_DZP) {
		tap_skip("DC ZVA", "not on this CPU");
	} else {
		probe_insn(&p, 0xd50b7421); /* dc zva, x1 */
		good = (ignored ? !p.taken : is_data_sea(&p)) && mmio_read64(at) == before;
		tap_ok(explain(good, "DC ZVA", &p), "%s: DC ZVA is %s", where,
			ignored ? "ignored" : "aborted");
	}
	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i].atomic && !(mrs(id_aa64isar0_el1) & ISAR0_ATOMIC)) {
			tap_skip(others[i].what, "not on this CPU");
			continue;
		}
		p = (struct probe){ .x = { PATTERN, at, ~before } };
		probe_insn(&p, others[i].insn);
		good = is_data_sea(&p) && mmio_read64(at) == before;
		tap_ok(explain(good, others[i].what, &p), "%s: %s is aborted", where,
			others[i].what);
	}
}

/* What only looks at it is no store. */
static void test_maintenance(const char *where, u64 at)
{
	static const struct {
		const char *what;
		u32 insn;
	} rows[] = {
		{ "DC CIVAC", 0xd50b7e21 },
		{ "DC CVAC", 0xd50b7a21 },
		{ "IC IVAU", 0xd50b7521 },
		{ "PRFM pstl1keep", 0xf9800030 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { .x = { 0, at } };

		probe_insn(&p, rows[i].insn);
		tap_ok(explain(!p.taken, rows[i].what, &p), "%s: %s is done", where, rows[i].what);
	}
}

static void test_region(u32 n)
{
	static const char *const names[] = { "stores abort", "stores are ignored" };
	u64 va = map(n), size = machine.rom_size[n], before = sum((const void *)va, size);

	test_contents(n, va);
	test_execution(n, va);
	test_stores(names[n], va + 0x40, n);
	test_others(names[n], va + 0x40, n);
	test_maintenance(names[n], va + 0x40);
	/* In the last page, and by the map's own Device attributes. */
	tap_ok(try_store(&stores[3], va + size - 64, n), "%s: at the end, too", names[n]);
	tap_ok(try_store(&stores[3], machine.rom_base[n] + 64, n), "%s: as Device memory, too",
		names[n]);
	tap_is(sum((const void *)va, size), before, "%s: nothing has changed", names[n]);
}

/* --- the shared region --- */

static u64 word_of(enum word word)
{
	return machine.shared_base + word * 8;
}

/* Number 0 writes, and later still finds what it wrote; number 1's stores do nothing. */
static void test_shared(u64 self)
{
	u64 at = machine.shared_base + 0x800;
	u64 va = mmu_window(SLOT_SHARED, machine.shared_base, MAP_SHARED);

	if (self == 0) {
		for (u32 i = 0; i < 8; i++)
			mmio_write64(at + i * 8, PATTERN + i);
		dsb(sy);
		mmio_write64(word_of(READY), 1);
		tap_is(mmio_read64(at + 8), PATTERN + 1, "a member's stores are done");
		return;
	}
	tap_ok(wait_for(WAIT_MS, mmio_read64(word_of(READY))), "number 0 is there");
	tap_is(mmio_read64(at + 8), PATTERN + 1, "a reader sees what a member has stored");
	test_stores("a reader", va + 0x800, true);
	tap_is(mmio_read64(at), PATTERN, "a reader has changed nothing");
}

void payload_main(void)
{
	u64 self = arg_number("self", 0);

	if (!under_lintel() || machine.roms < ROMS) {
		tap_skip("read-only regions", "none on this machine");
		tap_done();
	}
	for (u32 n = 0; n < ROMS; n++)
		test_region(n);
	test_shared(self);
	tap_done();
}
