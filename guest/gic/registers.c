/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames: GICD, and both of each GICR (Arm IHI 0069, chapters 12.9 to 12.12).
 */
#include "parts.h"

#define PATTERN              0x5a5aa5a5u
#define PRIORITY_PATTERN     0xf8e0c8b0u
#define ICFGR_EDGES          0xaaaaaaaau
#define SGI_EDGES            0xaaaaaaaau
#define PIDR2_ARCH           GENMASK(7, 4)
#define PIDR2_GICV3          0x30
#define TYPER_LAST           BIT(4)
#define TYPER_CPU            GENMASK(23, 8)
#define TYPER_AFFINITY_SHIFT 32
#define CIDR0                0xfff0
#define FRAME                KIB(64)

static u32 priority_mask;

/* A frame's bank registers for one word of 32 interrupts. */
struct bank {
	u64 base;
	u32 word;
	const char *name;
};

static u64 at(const struct bank *bank, u64 registers)
{
	return bank->base + registers + bank->word * 4;
}

static void check(const struct bank *bank, bool good, const char *what)
{
	tap_ok(good, "%s word %u: %s", bank->name, bank->word, what);
}

/* A pair of registers that set and clear the same bits. */
static bool set_clear(const struct bank *bank, u64 set, u64 clear, u32 writable)
{
	u32 pattern = PATTERN & writable;
	bool good;

	mmio_write32(at(bank, clear), ~0u);
	good = (mmio_read32(at(bank, set)) & writable) == 0;
	mmio_write32(at(bank, set), PATTERN);
	good &= (mmio_read32(at(bank, set)) & writable) == pattern;
	good &= (mmio_read32(at(bank, clear)) & writable) == pattern;
	mmio_write32(at(bank, set), 0);
	mmio_write32(at(bank, clear), 0);
	good &= (mmio_read32(at(bank, set)) & writable) == pattern;
	mmio_write32(at(bank, clear), 0xffff);
	good &= (mmio_read32(at(bank, set)) & writable) == (pattern & ~0xffffu);
	mmio_write32(at(bank, set), ~0u);
	good &= (mmio_read32(at(bank, clear)) & writable) == writable;
	mmio_write32(at(bank, clear), ~0u);
	return good & !(mmio_read32(at(bank, set)) & writable);
}

static bool plain(u64 address)
{
	u32 before = mmio_read32(address);
	bool good;

	mmio_write32(address, PATTERN);
	good = mmio_read32(address) == PATTERN;
	mmio_write32(address, ~PATTERN);
	good &= mmio_read32(address) == ~PATTERN;
	mmio_write32(address, before);
	return good;
}

static bool priorities(const struct bank *bank)
{
	u64 first = bank->base + GIC_IPRIORITYR + bank->word * 32;
	u32 mask = priority_mask * 0x01010101u;
	bool good = true;

	for (u32 i = 0; i < 32; i += 4) {
		mmio_write32(first + i, PRIORITY_PATTERN);
		good &= mmio_read32(first + i) == (PRIORITY_PATTERN & mask);
		for (u32 byte = 0; byte < 4; byte++) {
			mmio_write8(first + i + byte, (u8)(0x11 * (byte + 1) * 3));
			good &= mmio_read8(first + i + byte) ==
				((0x11 * (byte + 1) * 3) & priority_mask);
		}
		good &= mmio_read32(first + i) == (0xcc996633u & mask);
		mmio_write32(first + i, 0xa0a0a0a0);
	}
	return good;
}

static bool configuration(u64 address)
{
	u32 before = mmio_read32(address);
	bool good;

	mmio_write32(address, ~0u);
	good = mmio_read32(address) == ICFGR_EDGES;
	mmio_write32(address, 0x55555555);
	good &= mmio_read32(address) == 0;
	mmio_write32(address, before);
	return good;
}

/* Reads as zero whatever is written. */
static bool raz_wi(u64 address)
{
	bool good = mmio_read32(address) == 0;

	mmio_write32(address, ~0u);
	return good & (mmio_read32(address) == 0);
}

static bool read_only(u64 address)
{
	u32 before = mmio_read32(address);

	mmio_write32(address, ~before);
	return mmio_read32(address) == before;
}

static void test_bank(const struct bank *bank, u32 writable)
{
	check(bank, plain(at(bank, GIC_IGROUPR)), "IGROUPR");
	mmio_write32(at(bank, GIC_IGROUPR), ~0u);
	check(bank, set_clear(bank, GIC_ISENABLER, GIC_ICENABLER, writable), "IS/ICENABLER");
	check(bank, set_clear(bank, GIC_ISPENDR, GIC_ICPENDR, writable), "IS/ICPENDR");
	check(bank, set_clear(bank, GIC_ISACTIVER, GIC_ICACTIVER, writable), "IS/ICACTIVER");
	check(bank, priorities(bank), "IPRIORITYR by bytes and words");
	check(bank, raz_wi(at(bank, GIC_IGRPMODR)), "IGRPMODR is RAZ/WI");
}

static void find_priority_mask(void)
{
	u64 address = GICD_BASE + GIC_IPRIORITYR + FREE_SPI;

	mmio_write8(address, 0xff);
	priority_mask = mmio_read8(address);
	mmio_write8(address, GIC_DEFAULT_PRIORITY);
	tap_ok((priority_mask & 0xf0) == 0xf0, "at least 16 priorities (mask %x)", priority_mask);
}

static void test_routers(void)
{
	u64 cpu = machine.mpidr[machine.cpus - 1];
	bool wide = true;
	bool halves = true;

	for (u32 intid = SPI_BASE; intid < gic_intids() && intid < 1020; intid++) {
		u64 address = GICD_BASE + GICD_IROUTER + intid * 8;

		mmio_write64(address, cpu);
		wide &= mmio_read64(address) == cpu;
		mmio_write32(address, 0);
		halves &= mmio_read64(address) == (cpu & ~UINT64_C(0xffffffff));
		mmio_write32(address + 4, 0);
		mmio_write32(address, (u32)cpu);
		halves &= mmio_read32(address) == (u32)cpu && mmio_read32(address + 4) == 0;
		mmio_write64(address, 0);
	}
	tap_ok(wide, "GICD_IROUTER by 64 bits, all SPIs");
	tap_ok(halves, "GICD_IROUTER by halves, all SPIs");
	for (u32 intid = 0; intid < SPI_BASE; intid += 4)
		wide &= raz_wi(GICD_BASE + GICD_IROUTER + intid * 8);
	tap_ok(wide, "no GICD_IROUTER below INTID 32");
}

static void test_control(void)
{
	u64 ctlr = GICD_BASE + GICD_CTLR;

	mmio_write32(ctlr, 0);
	tap_is(mmio_read32(ctlr), GICD_CTLR_ARE | GICD_CTLR_DS, "GICD_CTLR: ARE and DS stay 1");
	mmio_write32(ctlr, GICD_CTLR_GRP1);
	tap_is(mmio_read32(ctlr) & 3, GICD_CTLR_GRP1, "GICD_CTLR: group 1 alone");
	mmio_write32(ctlr, GICD_CTLR_GRP0);
	tap_is(mmio_read32(ctlr) & 3, GICD_CTLR_GRP0, "GICD_CTLR: group 0 alone");
	mmio_write32(ctlr, 0);
	tap_ok(!(mmio_read32(ctlr) & GICD_CTLR_RWP), "GICD_CTLR: no write is pending");
	tap_ok(read_only(GICD_BASE + GICD_TYPER), "GICD_TYPER is read-only");
	tap_ok(read_only(GICD_BASE + GICD_IIDR), "GICD_IIDR is read-only");
	tap_ok(read_only(GICD_BASE + GICD_TYPER2), "GICD_TYPER2 is read-only");
	tap_ok(read_only(GICD_BASE + GIC_PIDR2), "GICD_PIDR2 is read-only");
	tap_is(mmio_read32(GICD_BASE + GIC_PIDR2) & PIDR2_ARCH, PIDR2_GICV3, "GICD is a GICv3");
	tap_is(mmio_read32(GICD_BASE + CIDR0), 0x0d, "GICD_CIDR0");
	tap_is(mmio_read32(GICD_BASE + CIDR0 + 12), 0xb1, "GICD_CIDR3");
}

/* With affinity routing, SGIs and PPIs live in the redistributors only. */
static void test_banked_in_distributor(void)
{
	static const u32 banks[] = { GIC_IGROUPR, GIC_ISENABLER, GIC_ICENABLER, GIC_ISPENDR,
		GIC_ICPENDR, GIC_ISACTIVER, GIC_ICACTIVER, GIC_IPRIORITYR, GIC_IPRIORITYR + 28,
		GICD_ITARGETSR, GICD_ITARGETSR + 64, GIC_ICFGR, GIC_ICFGR + 4, GIC_IGRPMODR,
		GICD_NSACR };

	for (u32 i = 0; i < ARRAY_SIZE(banks); i++)
		tap_ok(raz_wi(GICD_BASE + banks[i]), "GICD+%x is RAZ/WI with ARE", banks[i]);
	mmio_write32(GICD_BASE + GICD_SGIR, 0x02000001);
	mmio_write32(GICD_BASE + GICD_SETSPI_NSR, FREE_SPI);
	mmio_write32(GICD_BASE + GICD_CLRSPI_NSR, FREE_SPI);
	tap_ok(quiet(), "GICD_SGIR and SETSPI do nothing");
}

/* Where something may read as other than zero, by 32 bits. */
struct range {
	u32 first;
	u32 last;
};

static bool sweep(u64 base, const struct range *known, u32 count)
{
	u32 bad = 0;

	for (u32 offset = 0; offset < FRAME; offset += 4) {
		u32 value = mmio_read32(base + offset);
		bool reserved = true;

		for (u32 i = 0; i < count; i++)
			reserved &= offset < known[i].first || offset > known[i].last;
		if (reserved && value && !bad++)
			tap_note("%lx+%x reads %x", base, offset, value);
	}
	return bad == 0;
}

static void test_odd_accesses(u64 base)
{
	struct probe p = { 0 };
	bool good = true;

	/* By 8 and 16 bits where only 32 are legal (both frames' PIDR2), by 64 at CTLR and IIDR. */
	for (u32 bytes = 1; bytes <= 8; bytes *= 2) {
		u64 address = base + (bytes == 8 ? GICD_CTLR : GIC_PIDR2);

		probe_store(&p, address, ~UINT64_C(0) << 8, bytes);
		good &= !p.taken || p.esr == (ESR_DATA_SEA | ESR_WNR);
		probe_load(&p, address, bytes);
		good &= !p.taken || p.esr == ESR_DATA_SEA;
	}
	tap_ok(good, "%lx: accesses of illegal width are harmless", base);
}

void test_distributor_registers(void)
{
	static const struct range known[] = { { 0x0, 0x10 }, { 0x80, 0xf7c }, { 0xf80, 0xffc },
		{ 0x6000, 0x7fff }, { 0xffd0, 0xffff } };
	u32 words = gic_intids() / 32;

	test_control();
	find_priority_mask();
	for (u32 word = 1; word < words; word++) {
		struct bank bank = { GICD_BASE, word, "GICD" };
		u32 spare = word == 31 ? 0x0fffffff : ~0u;

		if (word < 4 || word == words - 1)
			test_bank(&bank, spare);
		if (word < 4)
			check(&bank,
				configuration(GICD_BASE + GIC_ICFGR + word * 8) &&
					configuration(GICD_BASE + GIC_ICFGR + word * 8 + 4),
				"ICFGR");
	}
	test_routers();
	test_banked_in_distributor();
	if (words < 31)
		tap_ok(raz_wi(GICD_BASE + GIC_ISENABLER + words * 4) &&
				raz_wi(GICD_BASE + GIC_IPRIORITYR + words * 32) &&
				raz_wi(GICD_BASE + GIC_IGROUPR + words * 4),
			"beyond the last SPI: RAZ/WI");
	tap_ok(sweep(GICD_BASE, known, ARRAY_SIZE(known)), "GICD: the rest reads as zero");
	test_odd_accesses(GICD_BASE);
	gic_fresh();
}

static void test_frame(u32 cpu)
{
	u64 frame = gicr(cpu);
	u64 typer = mmio_read64(frame + GICR_TYPER);
	u64 mpidr = machine.mpidr[cpu];
	u64 affinity = (mpidr & 0xffffff) | (mpidr >> 32 & 0xff) << 24;

	tap_is(mmio_read32(frame + GICR_TYPER) | (u64)mmio_read32(frame + GICR_TYPER + 4) << 32,
		typer, "GICR %u: TYPER by halves", cpu);
	tap_is(typer >> TYPER_AFFINITY_SHIFT, affinity, "GICR %u: affinity", cpu);
	tap_is(FIELD_GET(TYPER_CPU, typer), cpu, "GICR %u: processor number", cpu);
	tap_is(!!(typer & TYPER_LAST), cpu == machine.cpus - 1, "GICR %u: Last", cpu);
	tap_ok(read_only(frame + GICR_TYPER) && read_only(frame + GICR_IIDR) &&
			read_only(frame + GIC_PIDR2),
		"GICR %u: TYPER, IIDR and PIDR2 are read-only", cpu);
	tap_is(mmio_read32(frame + GIC_PIDR2) & PIDR2_ARCH, PIDR2_GICV3, "GICR %u: a GICv3", cpu);
	mmio_write32(frame + GICR_WAKER, 0);
	tap_ok(wait_for(BOUND_MS, !(mmio_read32(frame + GICR_WAKER) & 6)), "GICR %u: awake", cpu);
	mmio_write32(frame + GICR_CTLR, 0);
	tap_ok(!(mmio_read32(frame + GICR_CTLR) & (BIT(3) | BIT(31))), "GICR %u: no write pending",
		cpu);
}

/* Bits of one CPU's frame are not another's. */
static void test_frames_apart(void)
{
	bool apart = true;

	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		gic_write_bit(cpu, cpu, GIC_ISENABLER);
		mmio_write8(gic_bank(cpu, 5, GIC_IPRIORITYR) + 5, (u8)(0x10 * cpu + 0x10));
	}
	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		apart &= (mmio_read32(gic_bank(cpu, 0, GIC_ISENABLER)) & 0xff) == 1u << cpu;
		apart &= mmio_read8(gic_bank(cpu, 5, GIC_IPRIORITYR) + 5) == 0x10 * cpu + 0x10;
		mmio_write32(gic_bank(cpu, 0, GIC_ICENABLER), ~0u);
		mmio_write8(gic_bank(cpu, 5, GIC_IPRIORITYR) + 5, GIC_DEFAULT_PRIORITY);
	}
	tap_ok(apart, "each CPU's SGIs and PPIs are its own, seen from CPU 0");
}

void test_redistributor_registers(void)
{
	static const struct range rd_known[] = { { 0x0, 0x17 }, { 0x24, 0x24 }, { 0x70, 0x7f },
		{ 0xc000, 0xffff } };
	static const struct range sgi_known[] = { { 0x80, 0x80 }, { 0x100, 0x100 },
		{ 0x180, 0x180 }, { 0x200, 0x200 }, { 0x280, 0x280 }, { 0x300, 0x300 },
		{ 0x380, 0x380 }, { 0x400, 0x41f }, { 0xc00, 0xc07 }, { 0xf80, 0xf80 },
		{ 0xc000, 0xffff } };

	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		u64 frame = gicr(cpu);
		struct bank bank = { frame + GICR_SGI_BASE, 0, "GICR" };

		tap_note("GICR of CPU %u", cpu);
		test_frame(cpu);
		/* The timers' lines are theirs; all else can be written. */
		test_bank(&bank, ~(1u << TIMER_VIRT_INTID | 1u << TIMER_PHYS_INTID));
		mmio_write32(frame + GICR_SGI_BASE + GIC_ICFGR, 0);
		tap_is(mmio_read32(frame + GICR_SGI_BASE + GIC_ICFGR), SGI_EDGES,
			"SGIs are edges, for good");
		tap_ok(!(mmio_read32(frame + GICR_SGI_BASE + GIC_ICFGR + 4) & 0x55555555),
			"ICFGR1's reserved bits are 0");
		tap_ok(sweep(frame, rd_known, ARRAY_SIZE(rd_known)), "the RD frame's rest is zero");
		tap_ok(sweep(frame + GICR_SGI_BASE, sgi_known, ARRAY_SIZE(sgi_known)),
			"the SGI frame's rest is zero");
		test_odd_accesses(frame);
	}
	test_frames_apart();
	gic_fresh();
}

void test_cpu_interface_registers(void)
{
	u64 ctlr = mrs(ICC_CTLR_EL1);
	u64 bits = FIELD_GET(ICC_CTLR_PRIBITS, ctlr) + 1;
	u64 mask = 0xff00 >> bits & 0xff;

	tap_is(mrs(ICC_SRE_EL1) & 1, 1, "ICC_SRE_EL1.SRE");
	msr(ICC_SRE_EL1, 0);
	isb();
	tap_is(mrs(ICC_SRE_EL1) & 1, 1, "ICC_SRE_EL1.SRE stays");
	for (u64 value = 0; value < 0x100; value += 0x33) {
		msr(ICC_PMR_EL1, value);
		isb();
		tap_is(mrs(ICC_PMR_EL1), value & mask, "ICC_PMR_EL1 keeps %lx", value);
	}
	msr(ICC_PMR_EL1, 0xff);
	msr(ICC_CTLR_EL1, ICC_CTLR_CBPR | ICC_CTLR_EOIMODE);
	isb();
	tap_is(mrs(ICC_CTLR_EL1) & 3, 3, "ICC_CTLR_EL1: CBPR and EOImode");
	tap_is(mrs(ICC_CTLR_EL1) & ~UINT64_C(3), ctlr & ~UINT64_C(3), "and nothing else moved");
	msr(ICC_CTLR_EL1, 0);
	msr(ICC_BPR0_EL1, 7);
	msr(ICC_BPR1_EL1, 7);
	isb();
	tap_ok(mrs(ICC_BPR0_EL1) == 7 && mrs(ICC_BPR1_EL1) == 7, "ICC_BPRn_EL1 take 7");
	msr(ICC_BPR0_EL1, 0);
	msr(ICC_BPR1_EL1, 0);
	isb();
	tap_ok(mrs(ICC_BPR0_EL1) <= 4 && mrs(ICC_BPR1_EL1) <= 5, "and have a minimum (%lu, %lu)",
		mrs(ICC_BPR0_EL1), mrs(ICC_BPR1_EL1));
	msr(ICC_IGRPEN0_EL1, 1);
	isb();
	tap_ok(mrs(ICC_IGRPEN0_EL1) == 1 && mrs(ICC_IGRPEN1_EL1) == 1, "ICC_IGRPENn_EL1 take 1");
	msr(ICC_IGRPEN0_EL1, 0);
	isb();
	tap_is(mrs(ICC_IGRPEN0_EL1), 0, "and 0");
	tap_is(mrs(ICC_RPR_EL1), 0xff, "ICC_RPR_EL1 when idle");
	tap_is(mrs(ICC_IAR1_EL1), INTID_NONE, "ICC_IAR1_EL1 when idle");
	tap_is(mrs(ICC_IAR0_EL1), INTID_NONE, "ICC_IAR0_EL1 when idle");
	tap_is(mrs(ICC_HPPIR1_EL1), INTID_NONE, "ICC_HPPIR1_EL1 when idle");
	tap_is(mrs(ICC_HPPIR0_EL1), INTID_NONE, "ICC_HPPIR0_EL1 when idle");
	tap_is(mrs(ICC_AP1R0_EL1), 0, "ICC_AP1R0_EL1 when idle");
}
