/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses to addresses where nothing is: a synchronous external abort each time.
 */
#include "parts.h"

#define ISAR0_ATOMIC     GENMASK(23, 20)
#define SWEEP_BLOCKS     512
#define COARSE_STEP      GIB(1)
#define COARSE_END       GIB(16)
#define PARANGE_BITS_MAX 48

/* One way to access [x1] (x2 a spare register). */
struct access {
	const char *what;
	u32 insn;
	bool lse;
};

static const struct access accesses[] = {
	{ "LDRB", 0x39400020, false },
	{ "LDRH", 0x79400020, false },
	{ "LDR w", 0xb9400020, false },
	{ "LDR x", 0xf9400020, false },
	{ "LDRSB x", 0x39800020, false },
	{ "LDRSH w", 0x79c00020, false },
	{ "LDRSW", 0xb9800020, false },
	{ "LDR xzr", 0xf940003f, false },
	{ "STRB", 0x39000020, false },
	{ "STRH", 0x79000020, false },
	{ "STR w", 0xb9000020, false },
	{ "STR x", 0xf9000020, false },
	{ "STR xzr", 0xf900003f, false },
	{ "LDUR", 0xf8400020, false },
	{ "LDAR", 0xc8dffc20, false },
	{ "STLR", 0xc89ffc20, false },
	{ "LDR pre-index", 0xf8408c20, false },
	{ "LDR post-index", 0xf8408420, false },
	{ "STR post-index", 0xf8008420, false },
	{ "LDP w", 0x29400820, false },
	{ "LDP x", 0xa9400820, false },
	{ "LDPSW", 0x69400820, false },
	{ "STP x", 0xa9000820, false },
	{ "LDNP", 0xa8400820, false },
	{ "LDP post-index", 0xa8c10820, false },
	{ "STP pre-index", 0xa9810820, false },
	{ "LDXR", 0xc85f7c20, false },
	{ "LDAXR", 0x885ffc20, false },
	{ "LDXP", 0xc87f0820, false },
	{ "LDR b", 0x3d400020, false },
	{ "LDR d", 0xfd400020, false },
	{ "LDR q", 0x3dc00020, false },
	{ "STR q", 0x3d800020, false },
	{ "LDP q", 0xad400420, false },
	{ "STP q", 0xad000420, false },
	{ "LD1 four registers", 0x4c402020, false },
	{ "ST1 four registers", 0x4c002020, false },
	{ "LD4", 0x4c400020, false },
	{ "LD1 lane", 0x4d408420, false },
	{ "LD1R", 0x4d40cc20, false },
	{ "LDADD", 0xf8220020, true },
	{ "LDADDAL", 0xf8e20020, true },
	{ "STADD", 0xf822003f, true },
	{ "SWP", 0xf8228020, true },
	{ "CAS", 0xc8a27c20, true },
	{ "CASP", 0x48207c22, true },
	{ "LDSMAXB", 0x38224020, true },
};

static bool have_atomics(void)
{
	return mrs(id_aa64isar0_el1) & ISAR0_ATOMIC;
}

static bool try_access(const struct access *access, u64 va)
{
	struct probe p = { .x = { 0x1111, va, 0x2222, 0x3333 } };
	bool good;

	/* CASP x0, x1, x2, x3, [x1]: an even pair. */
	probe_insn(&p, access->insn);
	good = is_data_sea(&p) && p.elr == p.pc && p.far >= va - 8 && p.far < va + 64;
	/* A faulting write-back form leaves its base alone. */
	good &= p.x[1] == va;
	return explain(good, access->what, &p);
}

static void test_kinds(u64 va, const char *attributes)
{
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		if (accesses[i].lse && !have_atomics())
			continue;
		tap_ok(try_access(&accesses[i], va), "%s at a hole, %s", accesses[i].what,
			attributes);
	}
}

static bool hole_answers(u64 pa)
{
	u64 va = mmu_window(SLOT, pa, MAP_HOLE_DEVICE);
	struct probe p;
	bool good;

	probe_load(&p, va, 4);
	good = explain(is_data_sea(&p) && p.far == va, "load", &p);
	probe_store(&p, va, 0x12345678, 4);
	good &= explain(is_data_sea(&p) && p.far == va, "store", &p);
	if (!good)
		tap_note("at address %lx", pa);
	return good;
}

/* Every 2 MiB block behind RAM for a while, then steps: where Lintel may live. */
static void test_sweep(void)
{
	u64 end = machine.memory_base + machine.memory_size;
	bool good = true;
	u64 pa;

	for (u32 i = 0; i < SWEEP_BLOCKS; i++)
		good &= hole_answers(end + i * MIB(2));
	tap_ok(good, "1 GiB behind RAM is not there");
	for (pa = ALIGN_UP(end + SWEEP_BLOCKS * MIB(2), COARSE_STEP); pa < COARSE_END;
		pa += COARSE_STEP)
		good &= hole_answers(pa) && hole_answers(pa + COARSE_STEP - 8);
	tap_ok(good, "nor is anything up to 16 GiB");
	tap_ok(hole_answers(end), "the first word behind RAM");
	tap_ok(hole_answers(HOLE + MIB(2) - 8), "the end of a hole");
	if (under_lintel()) {
		/* Where QEMU has a device, Lintel none; and the watchdog's frames. */
		static const u64 holes[] = { 0x0, 0x04000000, 0x08020000, 0x09020000, 0x09030000,
			0x09100000, 0x09110000, 0x0a000000, 0x0c000000, 0x10000000, 0x3eff0000,
			0x3ffffff8 };

		for (u32 i = 0; i < ARRAY_SIZE(holes); i++)
			tap_ok(hole_answers(holes[i]), "%lx: no device in this VM", holes[i]);
		/* As hyp/vdev/shmem.h has them. */
		tap_ok(hole_answers(0x0a100000) && hole_answers(0x0a180000) &&
				hole_answers(0x10000000),
			"what other VMs share is not there");
	}
}

static void test_fetch(void)
{
	u64 va = mmu_window(SLOT, HOLE, MAP_HOLE_NORMAL);
	struct probe p = { 0 };

	probe_fetch(&p, va);
	p.esr &= ~ESR_EA;
	tap_ok(explain(p.count == 1 && p.esr == ESR_FETCH_SEA && p.elr == va && p.far == va,
		       "fetch", &p),
		"fetch from a hole");
	va = mmu_window(SLOT, machine.memory_base + machine.memory_size, MAP_HOLE_NORMAL);
	probe_fetch(&p, va + 0x100);
	p.esr &= ~ESR_EA;
	tap_ok(explain(p.count == 1 && p.esr == ESR_FETCH_SEA && p.elr == va + 0x100, "fetch", &p),
		"fetch from behind RAM");
}

/* A stage-1 table that lies where nothing is, or in a device. */
static void test_walk(u64 table, const char *what)
{
	u64 va = mmu_window_table(SLOT, table);
	struct probe p;

	probe_load(&p, va, 8);
	p.esr &= ~ESR_SEA_FREE;
	tap_ok(explain(p.count == 1 && p.esr == (ESR_DATA_SEA | 0x7) && p.far == va, what, &p),
		"load through a level 3 table %s", what);
	probe_store(&p, va, 1, 8);
	p.esr &= ~ESR_SEA_FREE;
	tap_ok(explain(p.count == 1 && p.esr == (ESR_DATA_SEA | 0x7) && p.far == va, what, &p),
		"store through a level 3 table %s", what);
	(void)mmu_unmap(SLOT);
}

/* Addresses that the VM's physical address size has, but the VM does not. */
static void test_far(void)
{
	static const u8 bits_of[] = { 32, 36, 40, 42, 44, 48, 52 };
	u64 range = mrs(id_aa64mmfr0_el1) & 0xf;
	u32 bits = range < ARRAY_SIZE(bits_of) ? bits_of[range] : 32;
	struct probe p;

	if (bits > PARANGE_BITS_MAX)
		bits = PARANGE_BITS_MAX;
	/* QEMU has PCIe up there. */
	if (under_lintel()) {
		probe_load(&p, mmu_window(SLOT, BIT(bits - 1) + MIB(4), MAP_HOLE_DEVICE), 8);
		/* Beyond the VM's stage 2 it may also be an address size fault. */
		tap_ok(explain(is_data_sea(&p) ||
				       (p.count == 1 && (p.esr & ~UINT64_C(3)) == 0x96000000),
			       "far", &p),
			"bit %u of an address", bits - 1);
	}
	if (bits < PARANGE_BITS_MAX) {
		probe_load(&p, mmu_window(SLOT, BIT(bits), MAP_HOLE_DEVICE), 8);
		tap_ok(explain(p.count == 1 && p.esr == 0x96000002, "too far", &p),
			"beyond the physical address size");
	}
}

void test_holes(void)
{
	test_kinds(mmu_window(SLOT, HOLE, MAP_HOLE_DEVICE), "Device");
	test_kinds(mmu_window(SLOT, HOLE, MAP_HOLE_NORMAL), "Normal");
	test_sweep();
	test_fetch();
	test_walk(HOLE, "in a hole");
	if (under_lintel())
		test_walk(GICD_BASE, "in a device");
	test_far();
}
