/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time of day (PL031) and the watchdog.
 *
 * The first boot lets the watchdog expire, which restarts the VM. Nothing in RAM may live through
 * that, but the clock does: it is set to a time long ago, by which the second boot knows that it is
 * one, and how long it took. The second boot does all the tests.
 */
#include "gic.h"
#include "machine.h"
#include "regs.h"
#include "smp.h"
#include "spinlock.h"
#include "tap.h"
#include "timer.h"

#define RTC_BASE        UINT64_C(0x09010000)
#define RTC_DR          (RTC_BASE + 0x00)
#define RTC_MR          (RTC_BASE + 0x04)
#define RTC_LR          (RTC_BASE + 0x08)
#define RTC_CR          (RTC_BASE + 0x0c)
#define RTC_IMSC        (RTC_BASE + 0x10)
#define RTC_RIS         (RTC_BASE + 0x14)
#define RTC_MIS         (RTC_BASE + 0x18)
#define RTC_ICR         (RTC_BASE + 0x1c)
#define RTC_ID          (RTC_BASE + 0xfe0)
#define RTC_INTID       34

#define DOG_WCS         UINT64_C(0x09100000)
#define DOG_WOR         UINT64_C(0x09100008)
#define DOG_WOR_HIGH    UINT64_C(0x0910000c)
#define DOG_WCV         UINT64_C(0x09100010)
#define DOG_WCV_HIGH    UINT64_C(0x09100014)
#define DOG_IIDR        UINT64_C(0x09100fcc)
#define DOG_WRR         UINT64_C(0x09110000)
#define DOG_WRR_IIDR    UINT64_C(0x09110fcc)
#define DOG_INTID       42
#define NEVER_TAKEN     15 /* an SGI that nobody sends */
#define DOG_EN          1
#define DOG_WS0         2
#define DOG_WS1         4
#define IIDR_VERSION    GENMASK(19, 16)

/* 1974: no machine's time of day. */
#define LONG_AGO        UINT32_C(0x08000000)
#define LONG_AGO_END    (LONG_AGO + 600)
#define FIRST_PERIOD_MS 700
#define RESTART_MS      20000
#define BOUND_MS        5000
#define NEVER_BEFORE    1600000000 /* what a clock that is right has passed (2020) */

static u32 status_at_interrupt;

static void on_interrupt(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID) {
		timer_set_ctl(TIMER_VIRT, 0);
	} else if (intid == RTC_INTID) {
		status_at_interrupt = mmio_read32(RTC_MIS);
		mmio_write32(RTC_ICR, 1);
	} else if (intid == DOG_INTID) {
		status_at_interrupt = mmio_read32(DOG_WCS);
		mmio_write32(DOG_WRR, 0);
	}
}

/* Sleeps until `intid` was taken, at most `ms` milliseconds; whether it was. */
static bool took(u32 intid, u64 ms)
{
	u64 end = counter() + ms_ticks(ms);

	timer_set_cval(TIMER_VIRT, end);
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	irq_disable();
	while (gic_taken(0, intid) == 0 && counter() < end) {
		wfi();
		irq_enable();
		isb();
		irq_disable();
	}
	timer_set_ctl(TIMER_VIRT, 0);
	irq_enable();
	return gic_taken(0, intid) != 0;
}

static void sleep(u64 ms)
{
	(void)took(NEVER_TAKEN, ms);
}

static void watchdog_on(u64 period)
{
	mmio_write32(DOG_WOR, (u32)period);
	mmio_write32(DOG_WOR_HIGH, (u32)(period >> 32));
	mmio_write32(DOG_WCS, DOG_EN);
}

static void watchdog_off(void)
{
	mmio_write32(DOG_WCS, 0);
}

static void first_boot(void)
{
	u32 now = mmio_read32(RTC_DR);

	/* What is good is the second boot's to say: the plan counts one boot. */
	if (now < NEVER_BEFORE)
		tap_ok(false, "the clock is right, not in 1970: it says %u", now);
	mmio_write32(RTC_MR, 5);
	mmio_write32(RTC_LR, LONG_AGO);
	watchdog_on(ms_ticks(FIRST_PERIOD_MS));
	sleep(RESTART_MS);
	tap_ok(false, "the watchdog restarts the VM");
}

/* --- the clock --- */

static void test_identification(void)
{
	static const u8 id[] = { 0x31, 0x10, 0, 0, 0x0d, 0xf0, 0x05, 0xb1 };
	bool good = true;

	for (u32 i = 0; i < ARRAY_SIZE(id); i++) {
		/* The revision is in bits 7:4 of the third. */
		u32 mask = i == 2 ? 0x0f : 0xff;

		good = good && (mmio_read32(RTC_ID + 4 * i) & mask) == (i == 2 ? 4 : id[i]);
	}
	tap_ok(good, "the clock is a PL031");
	tap_is(mmio_read32(RTC_CR), 1, "the clock runs");
}

/* Neither faster nor slower than the counter, whenever this is preempted. */
static void test_seconds(void)
{
	u64 hz = ms_ticks(1000);
	u64 begin = counter();
	u32 first = mmio_read32(RTC_DR);
	u64 least = counter();
	u32 last;
	u64 end;

	sleep(2100);
	end = counter();
	last = mmio_read32(RTC_DR);
	tap_ok(last - first >= (end - least) / hz, "the clock is not slow: %u s in %lu ms",
		last - first, (end - begin) * 1000 / hz);
	tap_ok(last - first <= (counter() - begin) / hz + 1, "the clock is not fast");
}

static void test_setting(void)
{
	u32 before = mmio_read32(RTC_DR);
	u32 now;

	mmio_write32(RTC_LR, 1000000);
	now = mmio_read32(RTC_DR);
	tap_ok(now - 1000000 <= 5, "the clock can be set");
	tap_is(mmio_read32(RTC_LR), 1000000, "RTCLR reads as written");
	mmio_write32(RTC_LR, before);
}

static void test_alarm(void)
{
	u32 at = mmio_read32(RTC_DR) + 2;

	gic_clear_counts();
	mmio_write32(RTC_MR, at);
	tap_is(mmio_read32(RTC_RIS), 0, "nothing is raised before the match");
	mmio_write32(RTC_IMSC, 1);
	tap_ok(took(RTC_INTID, BOUND_MS), "the match wakes");
	tap_ok(mmio_read32(RTC_DR) - at < 5, "at its time");
	tap_is(status_at_interrupt, 1, "RTCMIS said so");
	tap_is(mmio_read32(RTC_RIS), 0, "RTCICR clears it");
	sleep(10);
	tap_is(gic_taken(0, RTC_INTID), 1, "it came once");
	mmio_write32(RTC_MR, mmio_read32(RTC_DR));
	tap_ok(wait_for(BOUND_MS, gic_taken(0, RTC_INTID) == 2), "a match right now comes too");
	mmio_write32(RTC_IMSC, 0);
	mmio_write32(RTC_MR, mmio_read32(RTC_DR));
	sleep(10);
	tap_ok(mmio_read32(RTC_RIS) == 1 && mmio_read32(RTC_MIS) == 0 &&
			gic_taken(0, RTC_INTID) == 2,
		"a masked one is raised, and does not come");
	mmio_write32(RTC_ICR, 1);
}

/* --- the watchdog --- */

static u64 watchdog_compare(void)
{
	return mmio_read32(DOG_WCV) | (u64)mmio_read32(DOG_WCV_HIGH) << 32;
}

static void test_watchdog_registers(void)
{
	u64 period = ms_ticks(3600 * 1000);
	u64 before;
	u64 compare;

	tap_is(FIELD_GET(IIDR_VERSION, mmio_read32(DOG_IIDR)), 1, "the watchdog's version is 1");
	tap_is(mmio_read32(DOG_WRR_IIDR), mmio_read32(DOG_IIDR), "and its frames agree");
	mmio_write32(DOG_WOR, 0xffffffff);
	mmio_write32(DOG_WOR_HIGH, 0xffffffff);
	tap_is(mmio_read32(DOG_WOR_HIGH), 0xffff, "the period has 48 bits");
	before = counter();
	watchdog_on(period);
	compare = watchdog_compare();
	tap_is(mmio_read32(DOG_WCS), DOG_EN, "it is on");
	tap_ok(compare - before - period <= counter() - before, "it counts as the counter does");
	watchdog_off();
	tap_is(mmio_read32(DOG_WCS), 0, "it is off");
}

static void test_first_stage(void)
{
	u64 period = ms_ticks(BOUND_MS);

	gic_clear_counts();
	watchdog_on(period);
	/* The first stage at once, the second in a while. */
	mmio_write32(DOG_WCV_HIGH, 0);
	mmio_write32(DOG_WCV, 0);
	tap_ok(took(DOG_INTID, BOUND_MS), "the first stage is an interrupt");
	tap_is(status_at_interrupt, DOG_EN | DOG_WS0, "WS0, not WS1");
	tap_is(mmio_read32(DOG_WCS), DOG_EN, "a refresh takes it back");
	tap_is(gic_taken(0, DOG_INTID), 1, "it came once");
	watchdog_off();
}

static void test_refresh(void)
{
	u64 period = ms_ticks(400);
	u64 begin = counter();
	u64 last = begin;
	u64 longest = 0;

	gic_clear_counts();
	watchdog_on(period);
	while (counter() - begin < 3 * period) {
		sleep(20);
		mmio_write32(DOG_WRR, 0);
		if (counter() - last > longest)
			longest = counter() - last;
		last = counter();
	}
	watchdog_off();
	/* Unless others had the CPU for so long. */
	tap_ok(gic_taken(0, DOG_INTID) == 0 || longest >= period,
		"refreshed in time, it stays silent");
	sleep(500);
	tap_ok(gic_taken(0, DOG_INTID) == 0 || longest >= period, "so it does when it is off");
}

static void second_boot(void)
{
	u32 since = mmio_read32(RTC_DR) - LONG_AGO;

	tap_ok(since >= 2 * FIRST_PERIOD_MS / 1000, "restarted after both periods: %u s later",
		since);
	tap_ok(since <= RESTART_MS / 1000 + 10, "and soon");
	tap_is(mmio_read32(DOG_WCS), 0, "the watchdog is off after it");
	tap_is(mmio_read32(DOG_WOR), 0, "and its period gone");
	tap_is(mmio_read32(RTC_MR), 0, "so is the alarm");
	test_watchdog_registers();
	test_first_stage();
	test_refresh();
}

void payload_main(void)
{
	u32 now = mmio_read32(RTC_DR);
	bool second = now >= LONG_AGO && now < LONG_AGO_END;

	tap_note("boot %u", second ? 2 : 1);
	gic_init();
	gic_init_cpu();
	gic_set_handler(on_interrupt);
	gic_enable(RTC_INTID);
	if (second)
		gic_enable(DOG_INTID);
	gic_enable(TIMER_VIRT_INTID);
	irq_enable();
	if (under_lintel() && !second)
		return first_boot();
	if (under_lintel())
		second_boot();
	else
		tap_skip("the watchdog", "not under Lintel");
	test_identification();
	test_seconds();
	test_setting();
	test_alarm();
}
