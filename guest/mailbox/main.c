/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMs that talk to each other: `self=0` sends numbers through shared memory, `self=1` sends each
 * one back, and a ring says that there is something to be read. `self=2` may only read. Each counts
 * what it sent and took. Half-way number 1 restarts itself: the memory keeps what is in it, the
 * wires fall. `count=`: how many numbers; `pair`: without a reader and the restart, for a number 1
 * that is another program (tests/qemu/mailbox-linux.c); `wait=`: at most so many milliseconds.
 */
#include "gic.h"
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"

#define COUNT          2000
#define COUNT_SECOND   200
#define WAIT_MS        180000
#define TICK_MS        100
#define READY          UINT64_C(0x7265616479)

#define GPIO_DATA      0x3fc
#define GPIO_DIR       0x400
#define GPIO_IBE       0x408
#define GPIO_IE        0x410
#define GPIO_RIS       0x414
#define GPIO_MIS       0x418
#define GPIO_IC        0x41c
#define GPIO_PERIPHID0 0xfe0

#define READER         2

enum chip { IN, OUT };

/* What is in the shared memory, at its start. */
enum word {
	FROM_0,
	FROM_1,
	READY_OF,
	BOOTS_OF_1 = READY_OF + READER + 1,
	TAKEN_BY_1,
	WRONG_IN_1,
	DONE,
};

static u32 self, members = READER + 1;
static u64 wait_ms;
static u32 rings[SHARED_CHIPS][8]; /* edges seen, by chip and line */

static u64 get(u32 word)
{
	return mmio_read64(machine.shared_base + word * sizeof(u64));
}

static void put(u32 word, u64 value)
{
	mmio_write64(machine.shared_base + word * sizeof(u64), value);
	dsb(sy);
}

static u8 chip_read(enum chip chip, u32 offset)
{
	return mmio_read8(machine.chip_base[chip] + offset);
}

static void chip_write(enum chip chip, u32 offset, u8 value)
{
	mmio_write8(machine.chip_base[chip] + offset, value);
}

static void handle(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID)
		timer_set_ctl(TIMER_VIRT, 0);
	for (u32 chip = IN; chip <= OUT; chip++) {
		u8 lines;

		if (intid != machine.chip_intid[chip])
			continue;
		lines = chip_read(chip, GPIO_MIS);
		chip_write(chip, GPIO_IC, lines);
		for (u32 i = 0; i < 8; i++)
			rings[chip][i] += (lines >> i) & 1;
	}
}

/* Sleeps until an interrupt, which must not come between the look at a condition and the WFI: IRQs
 * are masked here, and taken inside. */
static void sleep(void)
{
	timer_set_cval(TIMER_VIRT, counter() + ms_ticks(TICK_MS));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	wfi();
	irq_enable();
	isb();
	irq_disable();
}

#define wait_until(condition)                               \
	({                                                  \
		u64 until_ = counter() + ms_ticks(wait_ms); \
		irq_disable();                              \
		while (!(condition) && counter() < until_)  \
			sleep();                            \
		irq_enable();                               \
		(condition);                                \
	})

/* The other way round from what it was: an edge. */
static void ring(u32 member)
{
	u8 bit = (u8)BIT(member);

	mmio_write8(machine.chip_base[OUT] + ((u32)bit << 2),
		(u8)~mmio_read8(machine.chip_base[OUT] + ((u32)bit << 2)));
}

static bool runs(u32 member)
{
	/* An output reads as what it drives: the line is turned round for the look. */
	u8 dir = chip_read(OUT, GPIO_DIR), level;

	chip_write(OUT, GPIO_DIR, dir & (u8)~BIT(member));
	level = chip_read(OUT, GPIO_DATA);
	return (level >> member) & 1;
}

static void connect(u32 member)
{
	chip_write(OUT, GPIO_DIR, chip_read(OUT, GPIO_DIR) | (u8)BIT(member));
}

static void start(void)
{
	gic_init();
	gic_init_cpu();
	gic_set_handler(handle);
	gic_enable(TIMER_VIRT_INTID);
	for (u32 chip = IN; chip <= OUT; chip++) {
		chip_write(chip, GPIO_IBE, 0xff);
		chip_write(chip, GPIO_IC, 0xff);
		chip_write(chip, GPIO_IE, 0xff);
		gic_enable(machine.chip_intid[chip]);
	}
}

/* Tells the others, and waits for them. */
static bool meet(void)
{
	if (self != READER)
		put(READY_OF + self, READY);
	for (u32 i = 0; i < members; i++) {
		if (i != self) {
			connect(i);
			ring(i);
		}
	}
	return wait_until(get(READY_OF) == READY && get(READY_OF + 1) == READY);
}

/* --- number 0 --- */

static u32 send(u64 first, u64 count)
{
	u32 wrong = 0;

	for (u64 i = first; i < first + count; i++) {
		put(FROM_0, i);
		ring(1);
		if (!wait_until(get(FROM_1) == i)) {
			tap_note("no answer to %lu: the last was to %lu", i, get(FROM_1));
			return wrong + 1;
		}
		wrong += get(TAKEN_BY_1) != i;
	}
	return wrong;
}

static bool is_sea(const struct probe *p)
{
	return p->count == 1 && p->esr >> 26 == EC_DABORT && (p->esr & ESR_FSC) == FSC_SEA;
}

static void test_chips(void)
{
	u64 end = machine.shared_base + machine.shared_size;
	struct probe p;

	tap_is(chip_read(IN, GPIO_PERIPHID0), 0x61, "a PL061");
	tap_is(chip_read(OUT, GPIO_PERIPHID0), 0x61, "and another");
	tap_ok(runs(self), "who asks runs");
	tap_is(chip_read(IN, GPIO_DATA) & BIT(self), 0, "no wire from itself");
	connect(self);
	ring(self);
	tap_is(chip_read(IN, GPIO_DATA) & BIT(self), 0, "nor to itself");
	chip_write(OUT, GPIO_DIR, 0);
	probe_load(&p, end, 4);
	tap_ok(is_sea(&p), "right behind the shared memory there is nothing");
	probe_store(&p, end, 1, 4);
	tap_ok(is_sea(&p), "and nothing can be written");
	probe_load(&p, machine.shared_base - 4, 4);
	tap_ok(is_sea(&p), "nor before it");
	probe_load(&p, machine.chip_base[OUT] + KIB(4), 4);
	tap_ok(is_sea(&p), "nor behind the PL061s");
	probe_fetch(&p, mmu_window(0, machine.shared_base, MAP_NORMAL | MAP_AF));
	tap_ok(p.count == 1 && p.esr == ESR_FETCH_SEA, "shared memory can't be executed");
	(void)mmu_unmap(0);
}

/* What number 1 does half-way. */
static void see_restart(u64 count)
{
	u32 before = rings[OUT][1];

	chip_write(OUT, GPIO_DIR, 0);
	put(DONE, 1);
	connect(1);
	ring(1);
	chip_write(OUT, GPIO_DIR, 0);
	tap_ok(wait_until(rings[OUT][1] >= before + 1), "number 1 stops and starts: an edge");
	tap_ok(wait_until(get(BOOTS_OF_1) == 2), "it is there again");
	tap_is(get(FROM_0), count, "the memory is as it was");
	connect(1);
	tap_is(send(count + 1, COUNT_SECOND), 0, "%u more", COUNT_SECOND);
}

static void number_0(u64 count)
{
	test_chips();
	tap_is(get(FROM_0), 0, "shared memory is wiped at the start");
	start();
	tap_ok(meet(), "the others are there");
	tap_is(send(1, count), 0, "%lu numbers sent and taken", count);
	tap_ok(rings[IN][1] > 0, "%u rings taken", rings[IN][1]);
	if (members > READER)
		see_restart(count);
	put(DONE, 2);
	ring(1);
	if (members <= READER)
		return;
	ring(READER);
	tap_ok(wait_until(!runs(1)), "number 1 is off");
	connect(1);
	ring(1);
	tap_ok(!runs(1), "a ring to who is off does nothing");
}

/* --- number 1 --- */

static u64 answer(u64 done)
{
	u64 taken = get(TAKEN_BY_1);

	while (wait_until(get(FROM_0) != taken || get(DONE) == done) && get(FROM_0) != taken) {
		u64 number = get(FROM_0);

		if (number != taken + 1)
			put(WRONG_IN_1, get(WRONG_IN_1) + 1);
		taken = number;
		put(TAKEN_BY_1, taken);
		put(FROM_1, number);
		ring(0);
	}
	return taken;
}

static void number_1(u64 count)
{
	u64 boots = get(BOOTS_OF_1) + 1, taken;

	start();
	connect(0);
	put(BOOTS_OF_1, boots);
	if (boots == 1) {
		(void)meet();
		taken = answer(1);
		tap_note("%lu numbers taken, %u rings; now a restart", taken, rings[IN][0]);
		if (taken != count)
			put(WRONG_IN_1, get(WRONG_IN_1) + 1);
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
	}
	tap_is(boots, 2, "the memory has kept how often this VM was started");
	tap_is(get(TAKEN_BY_1), count, "and what it took");
	ring(0);
	taken = answer(2);
	tap_is(taken, count + COUNT_SECOND, "every number taken");
	tap_is(get(WRONG_IN_1), 0, "in their order");
	tap_ok(rings[IN][0] > 0, "%u rings taken", rings[IN][0]);
}

/* --- number 2 --- */

static void reader(void)
{
	struct probe p;

	start();
	tap_ok(meet(), "a reader sees what the others write");
	tap_ok(wait_until(rings[IN][0] > 0), "and is rung");
	probe_store(&p, machine.shared_base + KIB(32), 1, 8);
	tap_ok(is_sea(&p), "it can't write");
	tap_is(mmio_read64(machine.shared_base + KIB(32)), 0, "so nothing has changed");
	__asm__ volatile("dc ivac, %0" ::"r"(machine.shared_base + KIB(32)) : "memory");
	tap_ok(true, "it can drop a cache line");
	tap_ok(wait_until(get(DONE) == 2), "and sees the end");
}

void payload_main(void)
{
	u64 count = arg_number("count", COUNT);

	self = (u32)arg_number("self", 0);
	wait_ms = arg_number("wait", WAIT_MS);
	if (arg_flag("pair"))
		members = READER;
	if (!machine.shared_size || machine.chips != SHARED_CHIPS)
		return tap_skip("shared memory", "this machine has none");
	if (self == READER)
		reader();
	else if (self == 1)
		number_1(count);
	else
		number_0(count);
}
